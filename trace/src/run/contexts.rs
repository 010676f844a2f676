//! Contexts by their numbers: what they are called, and what else is known of them.

use super::Names;
use crate::value::{Value, inspect};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use wire::Record;

/// More characters than an id has that somebody types.
const WIDEST: usize = 200;

/// What the contexts of a recording are called.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    known: FxHashMap<u64, (String, Value)>,
}

impl Contexts {
    /// Takes in what a number is called; the terms are there once the atoms have names.
    pub(super) fn name(&mut self, record: &Record<'_>, names: &Names) {
        let mut terms = Value::read_all(record.payload, names).into_iter();
        let (Some(id), metadata) = (terms.next(), terms.next()) else { return };
        let metadata = metadata.unwrap_or(Value::Absent("too large".into()));
        self.known.insert(record.context, (text(&id), metadata));
    }

    /// The id of a context, as `--correlation` takes it: a text as it is, other terms as
    /// Elixir prints them. One whose name was recycled is shown by its number; 0 is none.
    pub fn id(&self, number: u64) -> Option<Cow<'_, str>> {
        match (number, self.known.get(&number)) {
            (0, _) => None,
            (_, Some((id, _))) => Some(id.into()),
            (_, None) => Some(format!("#{number:015x}").into()),
        }
    }

    /// What else is known of a context.
    pub fn metadata(&self, number: u64) -> Option<&Value> {
        self.known.get(&number).map(|(_, metadata)| metadata)
    }

    /// The number of the context that is called so; none is.
    pub fn find(&self, id: &str) -> Option<u64> {
        let number = id.strip_prefix('#').and_then(|digits| u64::from_str_radix(digits, 16).ok());
        self.known.iter().filter(|(_, (known, _))| known == id).map(|(number, _)| *number).min().or(number)
    }

    /// The numbers that have a name, in their order.
    pub fn numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<_> = self.known.keys().copied().collect();
        numbers.sort_unstable();
        numbers
    }
}

fn text(id: &Value) -> String {
    match id {
        Value::Bits { bytes, bits: 8, size } if *size == bytes.len() as u64 => match std::str::from_utf8(bytes) {
            Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
            _ => inspect(id, WIDEST),
        },
        _ => inspect(id, WIDEST),
    }
}
