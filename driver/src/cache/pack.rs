//! Entries by name, one behind the other in one file.
//!
//! | Bytes | What |
//! |---|---|
//! | 32 | name |
//! | 32 | blake3 of the entry |
//! | 4 | length of the entry, little endian |
//! | | the entry |
//!
//! Where a length is damaged, the entries behind it are lost with it.

use std::collections::BTreeMap;
use std::ops::Range;

const HEADER: usize = 32 + 32 + 4;

/// What an entry is found by.
pub type Name = [u8; 32];

/// The entries of one file.
pub struct Pack {
    bytes: Vec<u8>,
    entries: BTreeMap<Name, Range<usize>>,
}

impl Pack {
    /// Finds the entries; what follows the last whole one is passed over.
    pub fn new(bytes: Vec<u8>) -> Self {
        let mut entries = BTreeMap::new();
        let mut at = 0;
        while let Some((name, length)) = header(&bytes[at..]) {
            let start = at + HEADER;
            if bytes.len() - start < length {
                break;
            }
            at = start + length;
            entries.insert(name, start..at);
        }
        Self { bytes, entries }
    }

    /// The entry with this name, if it is there and whole.
    pub fn get(&self, name: &Name) -> Option<&[u8]> {
        let range = self.entries.get(name)?.clone();
        let digest = &self.bytes[range.start - 36..range.start - 4];
        let entry = &self.bytes[range];
        (blake3::hash(entry).as_bytes() == digest).then_some(entry)
    }
}

fn header(bytes: &[u8]) -> Option<(Name, usize)> {
    let name = *bytes.first_chunk()?;
    let length = u32::from_le_bytes(*bytes.get(64..)?.first_chunk()?);
    Some((name, usize::try_from(length).ok()?))
}

/// Appends an entry. One of more than 4 GiB is left out: no source file of such
/// a size is parsed either.
pub fn append(bytes: &mut Vec<u8>, name: &Name, entry: &[u8]) {
    let Ok(length) = u32::try_from(entry.len()) else { return };
    bytes.extend(name);
    bytes.extend(blake3::hash(entry).as_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of two entries are found in `bytes`.
    fn found(bytes: &[u8]) -> [bool; 2] {
        let pack = Pack::new(bytes.to_vec());
        [([1; 32], "one"), ([2; 32], "")].map(|(name, entry)| pack.get(&name) == Some(entry.as_bytes()))
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_noticed() {
        let mut bytes = Vec::new();
        append(&mut bytes, &[1; 32], b"one");
        let first = bytes.len();
        append(&mut bytes, &[2; 32], b"");
        assert_eq!(found(&bytes), [true, true]);
        for end in 0..bytes.len() {
            assert_eq!(found(&bytes[..end]), [end >= first, false]);
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            assert_eq!(found(&damaged)[usize::from(at >= first)], false);
        }
    }
}
