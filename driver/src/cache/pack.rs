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

/// What an entry is found by.
pub type Name = [u8; 32];

/// Where an entry stands, and the digest it should have.
struct Place {
    digest: [u8; 32],
    range: Range<usize>,
}

/// The entries of one file.
pub struct Pack {
    bytes: Vec<u8>,
    entries: BTreeMap<Name, Place>,
}

impl Pack {
    /// Finds the entries; what follows the last whole one is passed over.
    pub fn new(bytes: Vec<u8>) -> Self {
        let mut entries = BTreeMap::new();
        let mut rest = bytes.as_slice();
        while let Some((name, digest, behind)) = header(rest) {
            let Some((entry, next)) = split_entry(behind) else { break };
            let end = bytes.len() - next.len();
            entries.insert(name, Place { digest, range: end - entry.len()..end });
            rest = next;
        }
        Self { bytes, entries }
    }

    /// The entry with this name, if it is there and whole.
    pub fn get(&self, name: &Name) -> Option<&[u8]> {
        let place = self.entries.get(name)?;
        let entry = &self.bytes[place.range.clone()];
        (*blake3::hash(entry).as_bytes() == place.digest).then_some(entry)
    }
}

fn header(bytes: &[u8]) -> Option<(Name, [u8; 32], &[u8])> {
    let (name, rest) = bytes.split_first_chunk()?;
    let (digest, rest) = rest.split_first_chunk()?;
    Some((*name, *digest, rest))
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
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
            assert!(!found(&damaged)[usize::from(at >= first)]);
        }
    }
}
