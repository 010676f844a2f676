//! Numbers and characters.

use super::Term;
use super::escape;

/// `1_000`, `0x1F`, `0b10`, `0o17`
pub fn integer(text: &str) -> Option<Term> {
    let (digits, base) = match text.get(..2) {
        Some("0x") => (&text[2..], 16),
        Some("0b") => (&text[2..], 2),
        Some("0o") => (&text[2..], 8),
        _ => (text, 10),
    };
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits.chars().filter(|c| *c != '_') {
        let mut carry = digit.to_digit(base)?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * base;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    let mut word = [0; 8];
    Some(match word.get_mut(..bytes.len()) {
        Some(low) => {
            low.copy_from_slice(&bytes);
            Term::Int(u64::from_le_bytes(word))
        }
        None => Term::Big(bytes),
    })
}

/// `1_000.0e-3`
pub fn float(text: &str) -> Option<Term> {
    text.replace('_', "").parse().ok().filter(|value: &f64| value.is_finite()).map(Term::Float)
}

/// `?a`, `?\n`
pub fn character(text: &str) -> Option<Term> {
    let text = text.strip_prefix('?')?;
    let code = match text.strip_prefix('\\') {
        Some(escaped) => {
            let first = escaped.chars().next()?;
            escape::single(first).map_or(first, char::from)
        }
        None => text.chars().next()?,
    };
    Some(Term::Int(u64::from(u32::from(code))))
}
