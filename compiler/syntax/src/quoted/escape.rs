//! Escapes in strings (`elixir_interpolation:unescape_string`).

/// The character that `\c` stands for, where it has a short name.
pub fn single(c: char) -> Option<u8> {
    Some(match c {
        '0' => 0,
        'a' => 7,
        'b' => 8,
        'd' => 127,
        'e' => 27,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        's' => b' ',
        't' => b'\t',
        'v' => 11,
        _ => return None,
    })
}

/// The text that `raw` stands for; an error names what is wrong.
pub fn unescape(raw: &str) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.extend(&rest.as_bytes()[..at]);
        rest = one(&rest[at + 1..], &mut out)?;
    }
    out.extend(rest.as_bytes());
    Ok(out)
}

/// What follows a backslash; gives what follows the escape.
fn one<'a>(rest: &'a str, out: &mut Vec<u8>) -> Result<&'a str, &'static str> {
    let Some(c) = rest.chars().next() else {
        out.push(b'\\');
        return Ok(rest);
    };
    let after = &rest[c.len_utf8()..];
    match c {
        'x' => hex(after, out),
        'u' => unicode(after, out),
        '\n' => Ok(after),
        '\r' if after.starts_with('\n') => Ok(&after[1..]),
        _ => {
            match single(c) {
                Some(byte) => out.push(byte),
                None => out.extend(&rest.as_bytes()[..c.len_utf8()]),
            }
            Ok(after)
        }
    }
}

/// `\xH`, `\xHH` (a byte), `\x{H…}` (a code point)
fn hex<'a>(rest: &'a str, out: &mut Vec<u8>) -> Result<&'a str, &'static str> {
    if rest.starts_with('{') {
        return braced(rest, out);
    }
    let len = rest.bytes().take(2).take_while(u8::is_ascii_hexdigit).count();
    let value = u8::from_str_radix(&rest[..len], 16).map_err(|_| "invalid hex escape character")?;
    if len == 2 {
        out.push(value);
    } else {
        push(value.into(), out)?;
    }
    Ok(&rest[len..])
}

/// `\uHHHH`, `\u{H…}`
fn unicode<'a>(rest: &'a str, out: &mut Vec<u8>) -> Result<&'a str, &'static str> {
    if rest.starts_with('{') {
        return braced(rest, out);
    }
    let digits = rest.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    push(value.ok_or("invalid Unicode escape character")?, out)?;
    Ok(&rest[4..])
}

fn braced<'a>(rest: &'a str, out: &mut Vec<u8>) -> Result<&'a str, &'static str> {
    let end = rest.find('}').filter(|end| (2..=7).contains(end)).ok_or("invalid Unicode escape character")?;
    push(u32::from_str_radix(&rest[1..end], 16).map_err(|_| "invalid Unicode escape character")?, out)?;
    Ok(&rest[end + 1..])
}

fn push(code: u32, out: &mut Vec<u8>) -> Result<(), &'static str> {
    let c = char::from_u32(code).ok_or("invalid Unicode code point")?;
    out.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(())
}
