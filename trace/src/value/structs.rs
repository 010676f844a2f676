//! Structs, and those that Elixir prints in a way of their own.

use super::inspect::Out;
use super::{Value, atom};

/// Whether a struct's field is one that Elixir does not print.
pub(super) fn is_hidden((key, value): &(Value, Value)) -> bool {
    let is_true = || matches!(value, Value::Atom(text) if text == "true");
    is_marker(key) || matches!(key, Value::Atom(text) if text == "__exception__" && is_true())
}

fn is_marker(key: &Value) -> bool {
    matches!(key, Value::Atom(text) if text == "__struct__")
}

/// The module of a struct, as Elixir prints it.
pub(super) fn module(pairs: &[(Value, Value)]) -> Option<&str> {
    let (_, module) = pairs.iter().find(|(key, _)| is_marker(key))?;
    match module {
        Value::Atom(text) => atom::alias(text),
        _ => None,
    }
}

/// Prints a struct that has a notation of its own; `false` if this one has not,
/// or lacks a field.
pub(super) fn known(out: &mut Out, pairs: &[(Value, Value)], size: u64) -> bool {
    if size > pairs.len() as u64 {
        return false;
    }
    let Some(module) = module(pairs) else { return false };
    let field = |name: &str| {
        let named = |(key, _): &&(Value, Value)| matches!(key, Value::Atom(text) if text == name);
        pairs.iter().find(named).map(|(_, value)| value)
    };
    if module == "MapSet" {
        let Some(Value::Map(members, kept)) = field("map") else { return false };
        let is_cut = *kept > members.len() as u64;
        out.within("MapSet.new([", "])", members, is_cut, |out, (key, _)| out.value(key));
        return true;
    }
    let int = |name| match field(name) {
        Some(Value::Int(n)) => Some(*n),
        _ => None,
    };
    let text = match module {
        "Range" => range(&int),
        "Date" => date(&int).map(|date| format!("~D[{date}]")),
        "Time" => time(&int, field("microsecond")).map(|time| format!("~T[{time}]")),
        "NaiveDateTime" => both(&int, field("microsecond")).map(|both| format!("~N[{both}]")),
        "DateTime" if matches!(field("time_zone"), Some(zone) if *zone == Value::text("Etc/UTC")) => {
            both(&int, field("microsecond")).map(|both| format!("~U[{both}Z]"))
        }
        _ => None,
    };
    text.inspect(|text| out.push(text)).is_some()
}

fn range(int: &impl Fn(&'static str) -> Option<i64>) -> Option<String> {
    let (first, last, step) = (int("first")?, int("last")?, int("step")?);
    Some(if step == 1 { format!("{first}..{last}") } else { format!("{first}..{last}//{step}") })
}

fn date(int: &impl Fn(&'static str) -> Option<i64>) -> Option<String> {
    Some(format!("{:04}-{:02}-{:02}", int("year")?, int("month")?, int("day")?))
}

fn time(int: &impl Fn(&'static str) -> Option<i64>, microsecond: Option<&Value>) -> Option<String> {
    let text = format!("{:02}:{:02}:{:02}", int("hour")?, int("minute")?, int("second")?);
    match microsecond {
        Some(Value::Tuple(pair, 2)) => match pair.as_slice() {
            [Value::Int(_), Value::Int(0)] => Some(text),
            [Value::Int(micros @ 0..=999_999), Value::Int(digits @ 1..=6)] => {
                Some(format!("{text}.{}", &format!("{micros:06}")[..*digits as usize]))
            }
            _ => None,
        },
        _ => None,
    }
}

fn both(int: &impl Fn(&'static str) -> Option<i64>, microsecond: Option<&Value>) -> Option<String> {
    Some(format!("{} {}", date(int)?, time(int, microsecond)?))
}
