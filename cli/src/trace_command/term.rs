//! What is serialized as JSON, as one Erlang term that `file:consult/1` reads.
//!
//! Objects are maps whose keys are atoms, texts are UTF-8 binaries, `null` is `nil`.

use serde_json::Value;
use std::io::{self, Write};

/// Writes a value as a term, with a full stop.
pub fn write(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "%% coding: utf-8")?;
    term(value, out)?;
    writeln!(out, ".")
}

fn term(value: &Value, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Null => write!(out, "nil"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Number(number) => write!(out, "{number}"),
        Value::String(text) => binary(text, out),
        Value::Array(items) => {
            write!(out, "[")?;
            for (n, item) in items.iter().enumerate() {
                // One a line: a term on one long line is hard on whoever looks at it.
                write!(out, "{}", if n == 0 { "" } else { ",\n" })?;
                term(item, out)?;
            }
            write!(out, "]")
        }
        Value::Object(fields) => {
            write!(out, "#{{")?;
            for (n, (name, value)) in fields.iter().enumerate() {
                write!(out, "{}'{}' => ", if n == 0 { "" } else { ", " }, escaped(name, '\''))?;
                term(value, out)?;
            }
            write!(out, "}}")
        }
    }
}

fn binary(text: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<<\"{}\"/utf8>>", escaped(text, '"'))
}

fn escaped(text: &str, quote: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            escaped.push_str(&format!("\\x{{{:x}}}", u32::from(char)));
        } else {
            if char == quote || char == '\\' {
                escaped.push('\\');
            }
            escaped.push(char);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_becomes_a_term() {
        let value = json!({"a": [1, -2.5, null, true], "b": "say \"ä\"\n\\", "it's": {}});
        let mut out = Vec::new();
        write(&value, &mut out).expect("a vector takes everything");
        let expected = "%% coding: utf-8\n\
            #{'a' => [1,\n-2.5,\nnil,\ntrue], 'b' => <<\"say \\\"ä\\\"\\x{a}\\\\\"/utf8>>, 'it\\'s' => #{}}.\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
