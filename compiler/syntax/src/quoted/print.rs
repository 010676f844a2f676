//! A term as Elixir source.

use super::Term;
use std::fmt;

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(text) => write!(f, "{}", atom(text)),
            Self::Int(value) => write!(f, "{value}"),
            Self::Big(bytes) => {
                f.write_str("0x")?;
                bytes.iter().rev().try_for_each(|byte| write!(f, "{byte:02X}"))
            }
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => write!(f, "\"{}\"", escaped(text)),
                Err(_) => {
                    let bytes: Vec<_> = bytes.iter().map(u8::to_string).collect();
                    write!(f, "<<{}>>", bytes.join(", "))
                }
            },
            Self::List(items) => sequence(f, "[", items, "]"),
            Self::Tuple(items) => sequence(f, "{", items, "}"),
        }
    }
}

fn sequence(f: &mut fmt::Formatter<'_>, open: &str, items: &[Term], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (n, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if n == 0 { "" } else { ", " })?;
    }
    f.write_str(close)
}

fn atom(text: &str) -> String {
    let mut chars = text.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '@');
    match text {
        "nil" | "true" | "false" => text.to_owned(),
        _ if plain => format!(":{text}"),
        _ => format!(":\"{}\"", escaped(text)),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '#' => out.push_str("\\#"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:X}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
