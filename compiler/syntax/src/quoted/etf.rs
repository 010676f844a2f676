//! Erlang's external term format
//! (<https://www.erlang.org/doc/apps/erts/erl_ext_dist>), so that the VM itself
//! can compare our terms with its own.

use super::Term;

/// The term, with the version byte.
pub fn encode(term: &Term) -> Vec<u8> {
    let mut out = vec![131];
    write(term, &mut out);
    out
}

fn write(term: &Term, out: &mut Vec<u8>) {
    match term {
        Term::Atom(text) => atom(text, out),
        Term::Int(value @ 0..=255) => out.extend([97, *value as u8]),
        Term::Int(value) => match i32::try_from(*value) {
            Ok(small) => {
                out.push(98);
                out.extend(small.to_be_bytes());
            }
            Err(_) => big(&value.to_le_bytes(), out),
        },
        Term::Big(bytes) => big(bytes, out),
        Term::Float(value) => {
            out.push(70);
            out.extend(value.to_bits().to_be_bytes());
        }
        Term::Binary(bytes) => {
            out.push(109);
            length(bytes.len(), out);
            out.extend(bytes);
        }
        Term::List(items) if items.is_empty() => out.push(106),
        Term::List(items) => {
            out.push(108);
            length(items.len(), out);
            items.iter().for_each(|item| write(item, out));
            out.push(106);
        }
        Term::Tuple(items) => {
            match u8::try_from(items.len()) {
                Ok(size) => out.extend([104, size]),
                Err(_) => {
                    out.push(105);
                    length(items.len(), out);
                }
            }
            items.iter().for_each(|item| write(item, out));
        }
    }
}

fn atom(text: &str, out: &mut Vec<u8>) {
    match u8::try_from(text.len()) {
        Ok(size) => out.extend([119, size]),
        Err(_) => {
            out.push(118);
            out.extend((text.len() as u16).to_be_bytes());
        }
    }
    out.extend(text.as_bytes());
}

fn big(bytes: &[u8], out: &mut Vec<u8>) {
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    match u8::try_from(used) {
        Ok(size) => out.extend([110, size, 0]),
        Err(_) => {
            out.push(111);
            length(used, out);
            out.push(0);
        }
    }
    out.extend(&bytes[..used]);
}

// A source file has at most 4 GiB, so no part of it has more elements.
fn length(len: usize, out: &mut Vec<u8>) {
    out.extend((len as u32).to_be_bytes());
}
