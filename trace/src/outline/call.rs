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
    let mut arguments = arguments(recording, frame);
    // What was taken apart is shown by its parts.
    let is_part = arguments.iter().skip(1).map(|next| next.part).chain([false]).collect::<Vec<_>>();
    let mut followed = is_part.into_iter();
    arguments.retain(|argument| !(followed.next().unwrap_or(false) && !argument.part && argument.term.is_none()));
    let mut text = String::from(name);
    text.push('(');
    let by_name = arguments.iter().any(|argument| argument.part);
    let show = |n: usize, room| one(&arguments[n], by_name, n == 0 || !arguments[n - 1].part, room);
    let room = limit.saturating_sub(name.chars().count() + 2 * arguments.len());
    let whole: Vec<_> = (0..arguments.len()).map(|n| show(n, limit)).collect();
    for (n, room) in shares(&whole, room).into_iter().enumerate() {
        text.push_str(if n > 0 { ", " } else { "" });
        text.push_str(&if whole[n].chars().count() <= room { whole[n].clone() } else { show(n, room) });
    }
    text.push(')');
    text
}

// Each gets an equal share of what the shorter ones leave.
fn shares(texts: &[String], room: usize) -> Vec<usize> {
    let widths: Vec<_> = texts.iter().map(|text| text.chars().count()).collect();
    let mut order: Vec<_> = (0..texts.len()).collect();
    order.sort_by_key(|&n| widths[n]);
    let (mut shares, mut left) = (vec![0; texts.len()], room);
    for (before, n) in order.into_iter().enumerate() {
        shares[n] = widths[n].min(left / (texts.len() - before)).max(SHORTEST);
        left = left.saturating_sub(shares[n]);
    }
    shares
}

// Where some argument shows only in parts, the others are named too.
fn one(argument: &Argument, by_name: bool, first_part: bool, room: usize) -> String {
    let Some(value) = &argument.term else { return cut(&argument.name, room) };
    if !by_name || argument.name.is_empty() || matches!(value, Value::Absent(text) if text.is_empty()) {
        return inspect(value, room);
    }
    let whole = if argument.part && first_part { "<<…>> " } else { "" };
    format!("{whole}{}={}", argument.name, inspect(value, room.saturating_sub(argument.name.len() + 1)))
}

// A pattern that was not captured.
fn cut(pattern: &str, room: usize) -> String {
    match pattern.char_indices().nth(room.max(2 * SHORTEST)) {
        Some((at, _)) => format!("{}…", &pattern[..at]),
        None => pattern.to_owned(),
    }
}
