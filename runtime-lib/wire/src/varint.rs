//! LEB128 variable-length integers and zigzag signs.

/// Appends `value` in 1 to 10 bytes.
pub fn write(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads one integer from the front of `bytes` and moves it past; `None` when
/// the bytes end early or the value needs more than 64 bits.
pub fn read(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if shift == 63 && part > 1 {
            return None;
        }
        value |= part << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Maps signed to unsigned, small magnitudes to small values.
pub const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Undoes [`zigzag`].
pub const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    #[test]
    fn round_trip_at_the_edges() {
        for value in [0, 1, 127, 128, 16_383, 16_384, u64::MAX >> 1, u64::MAX] {
            let mut out = Vec::new();
            super::write(&mut out, value);
            let mut rest = out.as_slice();
            assert_eq!(super::read(&mut rest), Some(value));
            assert!(rest.is_empty());
            assert_eq!(super::read(&mut &out[..out.len() - 1]), None, "truncated {value}");
        }
        for value in [0, -1, 1, i64::MIN, i64::MAX] {
            assert_eq!(super::unzigzag(super::zigzag(value)), value);
        }
    }
}
