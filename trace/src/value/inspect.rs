//! Values on one line of limited width.

use super::{End, Value, atom, float, structs};
use std::fmt::Write;

/// Text as Elixir prints it, cut with `…` to about `limit` characters; brackets
/// are always closed, so that a cut text still shows its shape.
pub fn inspect(value: &Value, limit: usize) -> String {
    let mut out = Out { text: String::new(), used: 0, limit: limit.max(1) };
    out.value(value);
    out.text
}

pub(super) struct Out {
    text: String,
    used: usize,
    limit: usize,
}

impl Out {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.used += text.chars().count();
    }

    fn room(&self) -> usize {
        self.limit.saturating_sub(self.used)
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Int(n) => self.push(&n.to_string()),
            Value::Float(float) => self.push(&float::float_text(*float)),
            Value::Atom(text) => self.atom(&atom::atom_text(text)),
            Value::Verbatim(text) => self.cut(text),
            Value::Bits { bytes, bits, size } => self.bits(bytes, *bits, *size),
            Value::Tuple(items, size) => self.within("{", "}", items, missing(items.len(), *size), Self::value),
            Value::List(items, end) => self.list(items, end),
            Value::Map(pairs, size) => self.map(pairs, *size),
            Value::Absent(what) => self.push(&format!("…({what})")),
        }
    }

    // Names are cut late: their ends tell them apart.
    fn atom(&mut self, text: &str) {
        let close = if text.ends_with('"') { "…\"" } else { "…" };
        let room = self.room().max(SHORTEST_ATOM);
        match text.char_indices().nth(room) {
            Some(_) => {
                let kept: String = text.chars().take(room - close.chars().count()).collect();
                self.push(&kept);
                self.push(close);
            }
            None => self.push(text),
        }
    }

    fn cut(&mut self, text: &str) {
        match (text.char_indices().nth(self.room().max(8)), text.split_once('<')) {
            (None, _) => self.push(text),
            // Half of an identity would look like another one.
            (Some(_), Some((kind, _))) if kind.starts_with('#') => {
                self.push(kind);
                self.push("<…>");
            }
            (Some((at, _)), _) => {
                self.push(&text[..at]);
                self.push("…");
            }
        }
    }

    /// Elements between brackets; `…` stands for those that do not fit.
    pub(super) fn within<T>(
        &mut self,
        open: &str,
        close: &str,
        items: &[T],
        is_cut: bool,
        mut each: impl FnMut(&mut Self, &T),
    ) {
        self.push(open);
        let limit = self.limit;
        let mut shown = 0;
        for item in items {
            if shown > 0 {
                self.push(", ");
            }
            // Room for the bracket, and for the mark unless this is the last.
            let is_last = shown + 1 == items.len() && !is_cut;
            self.limit = limit.saturating_sub(close.len() + if is_last { 0 } else { 3 });
            let before = (self.text.len(), self.used);
            if self.room() > 0 {
                each(self, item);
            }
            if self.used > self.limit || before.1 == self.used {
                self.text.truncate(before.0);
                self.used = before.1;
                break;
            }
            shown += 1;
        }
        self.limit = limit;
        if shown < items.len() {
            self.push("…");
        } else if is_cut {
            self.push(if items.is_empty() { "…" } else { ", …" });
        }
        self.push(close);
    }

    fn list(&mut self, items: &[Value], end: &End) {
        let is_cut = *end == End::Cut;
        if let Some(text) = charlist(items, end) {
            return self.quoted(&text, is_cut, '\'');
        }
        let keywords: Option<Vec<_>> =
            if matches!(end, End::Improper(_)) { None } else { items.iter().map(keyword).collect() };
        match (keywords, end) {
            (Some(pairs), _) if !pairs.is_empty() => self.within("[", "]", &pairs, is_cut, |out, (key, value)| {
                out.keyword(key, value);
            }),
            (_, End::Improper(last)) => {
                let start = self.text.len();
                self.within("[", "", items, false, Self::value);
                if !self.text[start..].ends_with('…') {
                    self.push(" | ");
                    self.value(last);
                }
                self.push("]");
            }
            _ => self.within("[", "]", items, is_cut, Self::value),
        }
    }

    fn keyword(&mut self, key: &str, value: &Value) {
        self.push(&atom::keyword_text(key));
        self.push(" ");
        self.value(value);
    }

    fn map(&mut self, pairs: &[(Value, Value)], size: u64) {
        if !structs::known(self, pairs, size) {
            let module = structs::module(pairs);
            let fields: Vec<_> = pairs.iter().filter(|pair| module.is_none() || !structs::is_hidden(pair)).collect();
            let open = format!("%{}{{", module.unwrap_or_default());
            if module.is_none() || open.len() + 2 <= self.room() {
                return self.pairs(&open, &fields, missing(pairs.len(), size));
            }
            let last = open.rsplit_once('.').map(|(_, last)| format!("%{last}…}}"));
            let short = last.filter(|short| short.chars().count() <= self.room());
            self.push(short.as_deref().unwrap_or("%{…}"));
        }
    }

    fn pairs(&mut self, open: &str, pairs: &[&(Value, Value)], is_cut: bool) {
        let is_keyword = |pair: &&(Value, Value)| matches!(&pair.0, Value::Atom(key) if atom::is_keyword(key));
        let all_keywords = pairs.iter().all(is_keyword);
        self.within(open, "}", pairs, is_cut, |out, (key, value)| match key {
            Value::Atom(key) if all_keywords => out.keyword(key, value),
            _ => {
                out.value(key);
                out.push(" => ");
                out.value(value);
            }
        });
    }

    fn bits(&mut self, bytes: &[u8], bits: u8, size: u64) {
        let is_cut = size > bytes.len() as u64;
        match printable(bytes, is_cut) {
            Some(text) if bits == 8 => self.quoted(text, is_cut, '"'),
            _ => self.bytes(bytes, bits, is_cut),
        }
        if is_cut {
            self.push(&format!("({size} bytes)"));
        }
    }

    fn quoted(&mut self, text: &str, is_cut: bool, quote: char) {
        // Between the opening quote and `…"`; the last character needs no mark.
        let room = self.room().max(8) - 2;
        let (mut quoted, mut used, mut is_cut) = (String::from(quote), 1, is_cut);
        for (n, c) in text.char_indices() {
            let rest = &text[n + c.len_utf8()..];
            let start = quoted.len();
            escape(&mut quoted, c, rest.starts_with('{'), quote);
            used += quoted[start..].chars().count();
            if used > room + usize::from(rest.is_empty() && !is_cut) {
                quoted.truncate(start);
                is_cut = true;
                break;
            }
        }
        quoted.push_str(if is_cut { "…" } else { "" });
        quoted.push(quote);
        self.push(&quoted);
    }

    fn bytes(&mut self, bytes: &[u8], bits: u8, is_cut: bool) {
        let last = bytes.len().wrapping_sub(1);
        let numbered: Vec<_> = bytes.iter().enumerate().collect();
        self.within("<<", ">>", &numbered, is_cut, |out, (n, byte)| match bits {
            8 => out.push(&byte.to_string()),
            _ if *n != last => out.push(&byte.to_string()),
            _ => out.push(&format!("{}::size({bits})", *byte >> (8 - bits.min(8)))),
        });
    }
}

fn missing(kept: usize, size: u64) -> bool {
    size > kept as u64
}

fn keyword(item: &Value) -> Option<(&str, &Value)> {
    match item {
        Value::Tuple(pair, 2) => match pair.as_slice() {
            [Value::Atom(key), value] if atom::is_keyword(key) => Some((key, value)),
            _ => None,
        },
        _ => None,
    }
}

/// An atom of so many characters is not cut, however little the room.
const SHORTEST_ATOM: usize = 24;
/// Fewer characters than this are more likely numbers.
const SHORTEST_CHARLIST: usize = 3;

/// The text of a list that Elixir prints as one: of characters that ASCII can
/// print, without the bells and escapes, which are numbers more often. A cut one
/// shows its beginning.
fn charlist(items: &[Value], end: &End) -> Option<String> {
    let character = |item: &Value| match item {
        Value::Int(n @ (9 | 10 | 13 | 32..=126)) => u8::try_from(*n).ok().map(char::from),
        _ => None,
    };
    let is_text = items.len() >= SHORTEST_CHARLIST && !matches!(end, End::Improper(_));
    if is_text { items.iter().map(character).collect() } else { None }
}

/// The text of a binary that Elixir would print as a string; the end of a cut
/// one may lie inside a character.
pub(super) fn printable(bytes: &[u8], is_cut: bool) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let is_printable = |c: char| {
        matches!(c, '\n' | '\r' | '\t' | '\x0b' | '\x08' | '\x0c' | '\x1b' | '\x7f' | '\x07')
            || matches!(c as u32, 0x20..=0x7e | 0xa0..=0xd7ff | 0xe000..=0xfffd | 0x1_0000..=0x10_ffff)
    };
    text.chars().all(is_printable).then_some(text)
}

/// Text in double quotes, whole.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for (n, c) in text.char_indices() {
        escape(&mut quoted, c, text[n + c.len_utf8()..].starts_with('{'), '"');
    }
    quoted.push('"');
    quoted
}

fn escape(out: &mut String, c: char, before_brace: bool, quote: char) {
    match c {
        _ if c == quote => out.extend(['\\', c]),
        '\\' => out.push_str("\\\\"),
        '#' if before_brace => out.push_str("\\#"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\x1b' => out.push_str("\\e"),
        '\x7f' => out.push_str("\\d"),
        '\x07' => out.push_str("\\a"),
        '\0' => out.push_str("\\0"),
        c if c.is_control() => {
            let _ = write!(out, "\\x{{{:X}}}", c as u32);
        }
        c => out.push(c),
    }
}
