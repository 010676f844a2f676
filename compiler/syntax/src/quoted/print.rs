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
            Self::List(items) if !items.is_empty() && items.iter().all(is_keyword) => {
                f.write_str("[")?;
                for (n, item) in items.iter().enumerate() {
                    let Self::Tuple(pair) = item else { continue };
                    let (Some(Self::Atom(key)), Some(value)) = (pair.first(), pair.get(1)) else { continue };
                    write!(f, "{}{key}: {value}", if n == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::List(items) => sequence(f, "[", items, "]"),
            Self::Tuple(items) => sequence(f, "{", items, "}"),
        }
    }
}

/// `{:key, value}` whose key needs no quotes.
fn is_keyword(term: &Term) -> bool {
    match term {
        Term::Tuple(pair) => matches!(pair.as_slice(), [Term::Atom(key), _] if is_plain(key)),
        _ => false,
    }
}

fn is_plain(text: &str) -> bool {
    let mut chars = text.strip_suffix(['?', '!']).unwrap_or(text).chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn sequence(f: &mut fmt::Formatter<'_>, open: &str, items: &[Term], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (n, item) in items.iter().enumerate() {
        write!(f, "{}{item}", if n == 0 { "" } else { ", " })?;
    }
    f.write_str(close)
}

/// Operators that are atoms without quotes.
const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "**", "++", "--", "<>", "==", "!=", "===", "!==", "=~", "<", ">", "<=", ">=", "&&", "||", "!",
    "&", "@", "=", "|", "|>", "..", "..//", "<-", "\\\\", "^", ".", "%", "%{}", "{}", "<<>>",
];

fn atom(text: &str) -> String {
    match text {
        "nil" | "true" | "false" => text.to_owned(),
        _ if is_plain(text) || OPERATORS.contains(&text) => format!(":{text}"),
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
