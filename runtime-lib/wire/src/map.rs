//! Node maps: for each node id, where it stands in the source.
//!
//! A file of 64 bytes of header, fixed entries sorted by id, a table of string
//! offsets, and the strings. It is read in place: looking up an id allocates
//! nothing.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 8 | magic |
//! | 8 | 4 | format version |
//! | 12 | 4 | number of entries |
//! | 16 | 4 | number of strings |
//! | 20 | 4 | bytes of strings |
//! | 24 | 8 | zero |
//! | 32 | 16 | digest: first half of blake3 over all that follows the header |
//! | 48 | 16 | zero |
//!
//! An entry (48 bytes): id 8; parent entry 4 (all ones: none); module, name,
//! file, label 4 each; line, end line 4 each; column, end column 2 each; kind
//! 1; arity 1; zero 6.

use crate::NodeId;
use crate::words::{u32_at, u64_at};
use std::collections::BTreeMap;

const MAGIC: [u8; 8] = *b"ESCOPE\x1aM";
const VERSION: u32 = 1;
const HEADER: usize = 64;
const ENTRY: usize = 48;
const NO_PARENT: u32 = u32::MAX;

/// What a node of the map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum NodeKind {
    /// A clause of a named function; where `enter` stands.
    Clause = 1,
    /// A value in tail position; where `leave` stands.
    Value = 2,
    /// A call in tail position; where `tail` stands.
    TailCall = 3,
    /// The value of a body whose frame ends later, in `after`.
    BodyValue = 4,
}

impl NodeKind {
    fn from_code(code: u8) -> Option<Self> {
        [Self::Clause, Self::Value, Self::TailCall, Self::BodyValue].into_iter().find(|kind| *kind as u8 == code)
    }

    /// Lower-case name, as commands print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clause => "clause",
            Self::Value => "value",
            Self::TailCall => "tail_call",
            Self::BodyValue => "body_value",
        }
    }
}

/// How an argument of a clause reaches its `enter` probe; the first byte of
/// each of the label's parts (which `\x1f` separates).
pub mod capture {
    /// The whole argument is the next payload term.
    pub const WHOLE: char = 'w';
    /// A part of an argument (of a binary taken apart) is the next payload term.
    pub const PART: char = 'p';
    /// Not captured: no payload term.
    pub const SKIPPED: char = 's';
    /// Between the parts of a label.
    pub const SEPARATOR: char = '\x1f';
}

/// One node. Lines and columns (UTF-8 bytes) count from 1; ends are exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeEntry<'a> {
    /// The node's id.
    pub id: NodeId,
    /// The clause that holds the node; `None` for clauses.
    pub parent: Option<NodeId>,
    /// The module's full name.
    pub module: &'a str,
    /// The function's name.
    pub name: &'a str,
    /// The function's arity.
    pub arity: u8,
    /// What the node is.
    pub kind: NodeKind,
    /// Path relative to the project's root.
    pub file: &'a str,
    /// For clauses, the captured arguments: see [`capture`].
    pub label: &'a str,
    /// Start line.
    pub line: u32,
    /// Start column; 65535 stands for anything beyond.
    pub column: u16,
    /// End line.
    pub end_line: u32,
    /// End column.
    pub end_column: u16,
}

/// Why bytes are not a node map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// Too short, or other magic.
    #[error("not an ElixirScope node map")]
    Foreign,
    /// A version this reader does not know.
    #[error("node map format version {0}, this reader knows {VERSION}")]
    Version(u32),
    /// Sizes or digest contradict the content.
    #[error("the node map is damaged ({0})")]
    Damaged(&'static str),
    /// Two nodes hash to one id and rehashing did not part them.
    #[error("two nodes share the id {0}")]
    Collision(NodeId),
    /// More entries or strings than 32 bits count.
    #[error("the node map is too large")]
    TooLarge,
}

/// Collects entries and writes them.
#[derive(Default)]
pub struct MapBuilder {
    entries: BTreeMap<NodeId, [u8; ENTRY]>,
    parents: BTreeMap<NodeId, NodeId>,
    strings: BTreeMap<String, u32>,
    order: Vec<String>,
}

impl MapBuilder {
    /// Adds an entry.
    ///
    /// # Errors
    /// When the id is taken: ids are made unique before they are written.
    pub fn add(&mut self, entry: &NodeEntry<'_>) -> Result<(), MapError> {
        let mut raw = [0; ENTRY];
        raw[..8].copy_from_slice(&entry.id.raw().to_le_bytes());
        let strings = [entry.module, entry.name, entry.file, entry.label].map(|text| self.intern(text));
        let words = [NO_PARENT, strings[0], strings[1], strings[2], strings[3], entry.line, entry.end_line];
        for (n, word) in words.iter().enumerate() {
            raw[8 + n * 4..12 + n * 4].copy_from_slice(&word.to_le_bytes());
        }
        raw[36..38].copy_from_slice(&entry.column.to_le_bytes());
        raw[38..40].copy_from_slice(&entry.end_column.to_le_bytes());
        raw[40] = entry.kind as u8;
        raw[41] = entry.arity;
        if self.entries.insert(entry.id, raw).is_some() {
            return Err(MapError::Collision(entry.id));
        }
        if let Some(parent) = entry.parent {
            self.parents.insert(entry.id, parent);
        }
        Ok(())
    }

    fn intern(&mut self, text: &str) -> u32 {
        if let Some(&index) = self.strings.get(text) {
            return index;
        }
        let index = self.order.len() as u32;
        self.order.push(text.to_owned());
        self.strings.insert(text.to_owned(), index);
        index
    }

    /// The file's bytes: the same entries in any order give the same bytes.
    ///
    /// # Errors
    /// When a count exceeds 32 bits.
    pub fn finish(self) -> Result<Vec<u8>, MapError> {
        // Strings in sorted order, so that insertion order leaves no trace.
        let mut rank = vec![0u32; self.order.len()];
        for (sorted, &inserted) in self.strings.values().enumerate() {
            rank[inserted as usize] = sorted as u32;
        }
        let mut body = Vec::with_capacity(self.entries.len() * ENTRY);
        let index_of: BTreeMap<NodeId, u32> = self.entries.keys().enumerate().map(|(n, id)| (*id, n as u32)).collect();
        for (id, mut raw) in self.entries {
            let parent = self.parents.get(&id).and_then(|parent| index_of.get(parent)).copied();
            raw[8..12].copy_from_slice(&parent.unwrap_or(NO_PARENT).to_le_bytes());
            for at in (12..28).step_by(4) {
                let inserted = u32_at(&raw, at) as usize;
                raw[at..at + 4].copy_from_slice(&rank[inserted].to_le_bytes());
            }
            body.extend_from_slice(&raw);
        }
        let mut end = 0u32;
        for text in self.strings.keys() {
            let len = u32::try_from(text.len()).map_err(|_| MapError::TooLarge)?;
            end = end.checked_add(len).ok_or(MapError::TooLarge)?;
            body.extend_from_slice(&end.to_le_bytes());
        }
        for text in self.strings.keys() {
            body.extend_from_slice(text.as_bytes());
        }
        let mut out = vec![0; HEADER];
        out[..8].copy_from_slice(&MAGIC);
        let counts = [VERSION, index_of.len() as u32, self.strings.len() as u32, end];
        for (n, count) in counts.iter().enumerate() {
            out[8 + n * 4..12 + n * 4].copy_from_slice(&count.to_le_bytes());
        }
        out[32..48].copy_from_slice(&blake3::hash(&body).as_bytes()[..16]);
        out.extend_from_slice(&body);
        Ok(out)
    }
}

/// A node map over bytes, usually a mapped file.
#[derive(Clone, Debug)]
pub struct NodeMap<B> {
    bytes: B,
    entries: usize,
    strings: usize,
}

impl<B: AsRef<[u8]>> NodeMap<B> {
    /// Checks the bytes whole, digest included; lookups need no check after.
    ///
    /// # Errors
    /// When the bytes are foreign, of another version or damaged.
    pub fn open(bytes: B) -> Result<Self, MapError> {
        let raw = bytes.as_ref();
        if raw.len() < HEADER || raw[..8] != MAGIC {
            return Err(MapError::Foreign);
        }
        let version = u32_at(raw, 8);
        if version != VERSION {
            return Err(MapError::Version(version));
        }
        let (entries, strings, blob) = (u32_at(raw, 12) as usize, u32_at(raw, 16) as usize, u32_at(raw, 20) as usize);
        if raw.len() as u64 != HEADER as u64 + entries as u64 * ENTRY as u64 + strings as u64 * 4 + blob as u64 {
            return Err(MapError::Damaged("length"));
        }
        if blake3::hash(&raw[HEADER..]).as_bytes()[..16] != raw[32..48] {
            return Err(MapError::Damaged("digest"));
        }
        let map = Self { bytes, entries, strings };
        if (0..entries).any(|n| map.checked(n).is_none()) {
            return Err(MapError::Damaged("entry"));
        }
        Ok(map)
    }

    /// The map's digest in hexadecimal, which names this exact build.
    pub fn digest(&self) -> String {
        self.bytes.as_ref()[32..48].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.entries
    }

    /// Whether the map has no node.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// The node with this id.
    pub fn get(&self, id: NodeId) -> Option<NodeEntry<'_>> {
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = usize::midpoint(low, high);
            match u64_at(self.bytes.as_ref(), HEADER + middle * ENTRY).cmp(&id.raw()) {
                std::cmp::Ordering::Equal => return self.checked(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Every node, by id.
    pub fn iter(&self) -> impl Iterator<Item = NodeEntry<'_>> {
        (0..self.entries).filter_map(|n| self.checked(n))
    }

    fn checked(&self, n: usize) -> Option<NodeEntry<'_>> {
        let raw = self.bytes.as_ref().get(HEADER + n * ENTRY..HEADER + (n + 1) * ENTRY)?;
        let parent = match u32_at(raw, 8) {
            NO_PARENT => None,
            index if (index as usize) < self.entries => {
                Some(NodeId::from_raw(u64_at(self.bytes.as_ref(), HEADER + index as usize * ENTRY))?)
            }
            _ => return None,
        };
        Some(NodeEntry {
            id: NodeId::from_raw(u64_at(raw, 0))?,
            parent,
            module: self.string(u32_at(raw, 12))?,
            name: self.string(u32_at(raw, 16))?,
            file: self.string(u32_at(raw, 20))?,
            label: self.string(u32_at(raw, 24))?,
            line: u32_at(raw, 28),
            end_line: u32_at(raw, 32),
            column: u16::from_le_bytes([raw[36], raw[37]]),
            end_column: u16::from_le_bytes([raw[38], raw[39]]),
            kind: NodeKind::from_code(raw[40])?,
            arity: raw[41],
        })
    }

    fn string(&self, index: u32) -> Option<&str> {
        let raw = self.bytes.as_ref();
        let table = HEADER + self.entries * ENTRY;
        let blob = table + self.strings * 4;
        let end_of = |n: usize| u32_at(raw, table + n * 4) as usize;
        let index = index as usize;
        if index >= self.strings {
            return None;
        }
        let start = if index == 0 { 0 } else { end_of(index - 1) };
        std::str::from_utf8(raw.get(blob + start..blob + end_of(index))?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64, parent: Option<u64>, name: &str) -> NodeEntry<'_> {
        NodeEntry {
            id: NodeId::from_raw(id).unwrap(),
            parent: parent.and_then(NodeId::from_raw),
            module: "Shop.Cart",
            name,
            arity: 2,
            kind: if parent.is_some() { NodeKind::Value } else { NodeKind::Clause },
            file: "lib/shop/cart.ex",
            label: "",
            line: 3,
            column: 5,
            end_line: 4,
            end_column: 1,
        }
    }

    fn build(order: &[usize]) -> Vec<u8> {
        let entries = [entry(50, None, "add"), entry(7, Some(50), "add"), entry(9, None, "zap")];
        let mut builder = MapBuilder::default();
        for &n in order {
            builder.add(&entries[n]).unwrap();
        }
        builder.finish().unwrap()
    }

    #[test]
    fn finds_what_was_added_in_any_order_with_the_same_bytes() {
        let bytes = build(&[0, 1, 2]);
        assert_eq!(bytes, build(&[2, 1, 0]));
        let map = NodeMap::open(bytes).unwrap();
        assert_eq!(map.get(NodeId::from_raw(7).unwrap()), Some(entry(7, Some(50), "add")));
        assert_eq!(map.get(NodeId::from_raw(8).unwrap()), None);
        assert_eq!(map.iter().map(|node| node.id.raw()).collect::<Vec<_>>(), [7, 9, 50]);
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        let bytes = build(&[0, 1, 2]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            let reserved = (24..32).contains(&at) || (48..64).contains(&at);
            assert_eq!(NodeMap::open(damaged).is_ok(), reserved, "byte {at}");
        }
        assert!(NodeMap::open(&bytes[..bytes.len() - 1]).is_err());
        assert!(NodeMap::open(Vec::new()).is_err());
    }

    #[test]
    fn a_taken_id_is_refused() {
        let mut builder = MapBuilder::default();
        builder.add(&entry(1, None, "a")).unwrap();
        assert!(matches!(builder.add(&entry(1, None, "b")), Err(MapError::Collision(_))));
    }
}
