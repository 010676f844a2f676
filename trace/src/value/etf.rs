//! Erlang's external term format, as far as recordings hold it.

use super::{End, Value};

const MAX_DEPTH: usize = 64;

/// Decodes one term with its version byte; `None` when it is damaged, nested
/// too deep or of a kind that no recording holds.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    let rest = &mut bytes.strip_prefix(&[131])?;
    term(rest, 0)
}

fn term(bytes: &mut &[u8], depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let tag = int(bytes, 1)?;
    Some(match tag {
        97 => Value::Int(int(bytes, 1)? as i64),
        98 => Value::Int(i64::from(int(bytes, 4)? as u32 as i32)),
        70 => Value::Float(f64::from_bits(int(bytes, 8)?)),
        100 => Value::Atom(latin1(sized(bytes, 2)?)),
        115 => Value::Atom(latin1(sized(bytes, 1)?)),
        118 => Value::Atom(String::from_utf8_lossy(sized(bytes, 2)?).into_owned()),
        119 => Value::Atom(String::from_utf8_lossy(sized(bytes, 1)?).into_owned()),
        104 => tuple(bytes, 1, depth)?,
        105 => tuple(bytes, 4, depth)?,
        106 => Value::List(Vec::new(), End::Proper),
        107 => Value::List(sized(bytes, 2)?.iter().map(|byte| Value::Int(i64::from(*byte))).collect(), End::Proper),
        108 => list(bytes, depth)?,
        109 => {
            let bytes = sized(bytes, 4)?.to_vec();
            Value::Bits { size: bytes.len() as u64, bytes, bits: 8 }
        }
        77 => bits(bytes)?,
        110 => big(bytes, 1)?,
        111 => big(bytes, 4)?,
        116 => map(bytes, depth)?,
        other => Value::Verbatim(identity(other, bytes, depth)?),
    })
}

fn tuple(bytes: &mut &[u8], width: usize, depth: usize) -> Option<Value> {
    let size = int(bytes, width)?;
    Some(Value::Tuple(items(bytes, size, depth)?, size))
}

fn list(bytes: &mut &[u8], depth: usize) -> Option<Value> {
    let size = int(bytes, 4)?;
    let items = items(bytes, size, depth)?;
    Some(match term(bytes, depth + 1)? {
        Value::List(last, End::Proper) if last.is_empty() => Value::List(items, End::Proper),
        last => Value::List(items, End::Improper(Box::new(last))),
    })
}

fn map(bytes: &mut &[u8], depth: usize) -> Option<Value> {
    let size = int(bytes, 4)?;
    let pairs = (0..size).map(|_| Some((term(bytes, depth + 1)?, term(bytes, depth + 1)?))).collect::<Option<_>>()?;
    Some(Value::Map(pairs, size))
}

// Collected one by one: a forged count fails before it allocates.
fn items(bytes: &mut &[u8], count: u64, depth: usize) -> Option<Vec<Value>> {
    (0..count).map(|_| term(bytes, depth + 1)).collect()
}

fn bits(bytes: &mut &[u8]) -> Option<Value> {
    let len = int(bytes, 4)?;
    let bits = int(bytes, 1)? as u8;
    let bytes = take(bytes, len)?.to_vec();
    (1..=8).contains(&bits).then_some(Value::Bits { size: bytes.len() as u64, bytes, bits })
}

fn big(bytes: &mut &[u8], width: usize) -> Option<Value> {
    let len = int(bytes, width)?;
    let sign = if int(bytes, 1)? == 0 { "" } else { "-" };
    let magnitude = take(bytes, len)?;
    // Beyond a few hundred digits nobody reads them, and the conversion is quadratic.
    if len > 512 {
        return Some(Value::Absent(format!("integer of {len} bytes").into()));
    }
    Some(Value::Verbatim(format!("{sign}{}", decimal(magnitude))))
}

fn decimal(little_endian: &[u8]) -> String {
    const BASE: u64 = 1_000_000_000_000_000_000;
    let mut digits = vec![0u64];
    for byte in little_endian.iter().rev() {
        let mut carry = u128::from(*byte);
        for digit in &mut digits {
            let value = u128::from(*digit) * 256 + carry;
            *digit = (value % u128::from(BASE)) as u64;
            carry = value / u128::from(BASE);
        }
        if carry > 0 {
            digits.push(carry as u64);
        }
    }
    let mut text = digits.pop().unwrap_or(0).to_string();
    for digit in digits.iter().rev() {
        text.push_str(&format!("{digit:018}"));
    }
    text
}

// What has an identity but no content to show.
fn identity(tag: u64, bytes: &mut &[u8], depth: usize) -> Option<String> {
    match tag {
        88 | 103 => {
            let (node, id, serial) = (atom(bytes, depth)?, int(bytes, 4)?, int(bytes, 4)?);
            take(bytes, if tag == 88 { 4 } else { 1 })?;
            Some(format!("#PID<{node}.{id}.{serial}>"))
        }
        89 | 102 | 120 => {
            atom(bytes, depth)?;
            let id = int(bytes, if tag == 120 { 8 } else { 4 })?;
            take(bytes, if tag == 102 { 1 } else { 4 })?;
            Some(format!("#Port<0.{id}>"))
        }
        90 | 114 => {
            let count = int(bytes, 2)?;
            atom(bytes, depth)?;
            take(bytes, if tag == 90 { 4 } else { 1 })?;
            let words = (0..count).map(|_| Some(int(bytes, 4)?.to_string())).collect::<Option<Vec<_>>>()?;
            Some(format!("#Reference<0.{}>", words.into_iter().rev().collect::<Vec<_>>().join(".")))
        }
        112 => function(bytes, depth),
        113 => {
            let (module, name, arity) = (atom(bytes, depth)?, atom(bytes, depth)?, term(bytes, depth + 1)?);
            let Value::Int(arity) = arity else { return None };
            let name = super::atom::keyword_text(&name);
            Some(format!("&{}.{}/{arity}", super::atom_text(&module), name.trim_end_matches(':')))
        }
        _ => None,
    }
}

fn function(bytes: &mut &[u8], depth: usize) -> Option<String> {
    let whole = bytes.len() as u64;
    let size = int(bytes, 4)?;
    let arity = int(bytes, 1)?;
    take(bytes, 16)?;
    take(bytes, 8)?;
    let module = atom(bytes, depth)?;
    let (Value::Int(index), Value::Int(unique)) = (term(bytes, depth + 1)?, term(bytes, depth + 1)?) else {
        return None;
    };
    // What it captured follows; only its length is needed.
    let read = whole - bytes.len() as u64;
    take(bytes, size.checked_sub(read)?)?;
    Some(format!("#Function<{index}.{unique}/{arity} in {}>", super::atom_text(&module)))
}

fn atom(bytes: &mut &[u8], depth: usize) -> Option<String> {
    match term(bytes, depth + 1)? {
        Value::Atom(text) => Some(text),
        _ => None,
    }
}

fn latin1(text: &[u8]) -> String {
    text.iter().map(|byte| char::from(*byte)).collect()
}

fn sized<'a>(bytes: &mut &'a [u8], width: usize) -> Option<&'a [u8]> {
    let len = int(bytes, width)?;
    take(bytes, len)
}

fn int(bytes: &mut &[u8], width: usize) -> Option<u64> {
    Some(take(bytes, width as u64)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn take<'a>(bytes: &mut &'a [u8], len: u64) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(usize::try_from(len).ok()?)?;
    *bytes = rest;
    Some(front)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::inspect;

    const NODE: &[u8] = b"\x64\x00\x0dnonode@nohost";

    fn check(parts: &[&[u8]], printed: &str) {
        let bytes = parts.concat();
        assert_eq!(inspect(&decode(&bytes).unwrap(), 200), printed);
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]), None, "{printed} cut at {end}");
        }
    }

    // Bytes written by OTP 25's term_to_binary; texts by Elixir 1.14's inspect.
    #[test]
    fn external_terms_read_as_elixir_prints_them() {
        check(
            &[&[131, 110, 13, 0, 210, 10, 63, 78, 238, 224, 115, 195, 246, 15, 233, 142, 1]],
            "123456789012345678901234567890",
        );
        check(&[&[131, 110, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]], "-18446744073709551616");
        let words = [0, 0, 0, 0, 0, 3, 172, 221, 122, 68, 0, 1, 46, 13, 146, 221];
        let ids: [u8; 12] = [0, 3, 172, 221, 122, 68, 0, 1, 46, 13, 146, 221];
        assert_eq!(words[4..], ids);
        check(&[&[131, 90, 0, 3], NODE, &[0, 0, 0, 0], &ids], "#Reference<0.772641501.2051276801.240861>");
        check(&[&[131, 113], b"\x64\x00\x0bElixir.Enum", b"\x64\x00\x03map", &[97, 2]], "&Enum.map/2");
        check(&[&[131, 89], NODE, &[0, 0, 0, 7, 0, 0, 0, 0]], "#Port<0.7>");
        check(&[&[131, 88], b"\x77\x03a@b", &[0, 0, 0, 96, 0, 0, 0, 1, 0, 0, 0, 0]], "#PID<a@b.96.1>");
        check(&[&[131, 108, 0, 0, 0, 1, 97, 1, 106]], "[1]");
        check(&[&[131, 116, 0, 0, 0, 1], b"\x77\x01a", &[104, 2, 97, 1, 98, 255, 255, 255, 255]], "%{a: {1, -1}}");
        check(&[&[131, 100, 0, 1, 0xe9]], ":é");
        check(&[&[131, 77, 0, 0, 0, 1, 3, 0b0010_0000]], "<<1::size(3)>>");
    }

    #[test]
    fn a_function_shows_its_module_and_hides_what_it_captured() {
        let tail =
            [&b"\x64\x00\x08erl_eval"[..], &[97, 42, 98, 0, 50, 155, 13], &[88], NODE, &[0; 12], &[97, 1]].concat();
        let head = [&[1u8][..], &[9; 16], &[0, 0, 0, 42], &[0, 0, 0, 1]].concat();
        let size = ((4 + head.len() + tail.len()) as u32).to_be_bytes();
        check(&[&[131, 112], &size, &head, &tail], "#Function<42.3316493/1 in :erl_eval>");
    }

    #[test]
    fn forged_depth_and_counts_are_refused() {
        assert_eq!(decode(&[&[131][..], &[104, 1].repeat(100_000)].concat()), None);
        assert_eq!(decode(&[131, 105, 255, 255, 255, 255, 97]), None);
    }
}
