//! A call on one line: `Shop.Inventory.reserve("a", 3)`.

use super::view::{Argument, arguments};
use crate::value::{Value, inspect};
use crate::{Frame, Recording};

const SHORTEST: usize = 4;

/// A frame's call with its arguments, in about `limit` characters.
pub fn call_text(recording: &Recording, frame: &Frame, limit: usize) -> String {
    let sites = recording.sites();
    let function = sites.function(sites.get(frame.clause));
    let name = function.rsplit_once('/').map_or(function, |(name, _)| name);
    let arguments = arguments(recording, frame);
    let mut text = String::from(name);
    text.push('(');
    // Each argument gets an equal share of what the shorter ones before it left.
    let mut room = limit.saturating_sub(name.chars().count() + 2);
    let by_name = arguments.iter().any(|argument| argument.part);
    for (n, argument) in arguments.iter().enumerate() {
        let share = (room / (arguments.len() - n)).max(SHORTEST);
        let shown = one(argument, by_name, n == 0 || !arguments[n - 1].part, share);
        if n > 0 {
            text.push_str(", ");
        }
        room = room.saturating_sub(shown.chars().count() + 2);
        text.push_str(&shown);
    }
    text.push(')');
    text
}

// Where some argument shows only in parts, the others are named too.
fn one(argument: &Argument, by_name: bool, first_part: bool, room: usize) -> String {
    let Some(value) = &argument.term else { return argument.name.clone() };
    if !by_name || argument.name.is_empty() || matches!(value, Value::Absent(text) if text.is_empty()) {
        return inspect(value, room);
    }
    let whole = if argument.part && first_part { "<<…>> " } else { "" };
    format!("{whole}{}={}", argument.name, inspect(value, room.saturating_sub(argument.name.len() + 1)))
}
