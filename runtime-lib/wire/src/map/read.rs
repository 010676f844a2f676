//! Node maps are read in place.

use super::{
    COLUMN_BITS, DIGEST, ENTRY, FUNCTION, HEADER, MAGIC, MAX_COLUMN, MODULE, MapError, NO_PARENT, NodeEntry, NodeKind,
    VERSION,
};
use crate::words::{u32_at, u64_at};
use crate::{NodeId, varint};

/// A node map over bytes, usually a mapped file.
#[derive(Clone, Debug)]
pub struct NodeMap<B> {
    bytes: B,
    entries: usize,
    /// Where the tables behind the entries begin.
    functions: usize,
    modules: usize,
    strings: usize,
}

/// How many bytes the map with this beginning has.
///
/// # Errors
/// When it is no beginning of a map, or of one of another version.
pub fn length(header: &[u8]) -> Result<u64, MapError> {
    let [.., length] = ends(header)?;
    Ok(length)
}

/// Where the tables behind the entries begin, and where the file ends.
fn ends(raw: &[u8]) -> Result<[u64; 4], MapError> {
    if raw.len() < HEADER || raw[..8] != MAGIC {
        return Err(MapError::Foreign);
    }
    let version = u32_at(raw, 8);
    if version != VERSION {
        return Err(MapError::Version(version));
    }
    let [entries, functions, modules, strings] = [12, 16, 20, 24].map(|at| u64::from(u32_at(raw, at)));
    let [header, entry, function, module] = [HEADER, ENTRY, FUNCTION, MODULE].map(|size| size as u64);
    let tables = header + entries * entry;
    let modules_at = tables + functions * function;
    let strings_at = modules_at + modules * module;
    Ok([tables, modules_at, strings_at, strings_at + strings])
}

impl<B: AsRef<[u8]>> NodeMap<B> {
    /// Checks the bytes whole, digest included; lookups need no check after.
    ///
    /// # Errors
    /// When the bytes are foreign, of another version or damaged.
    pub fn open(bytes: B) -> Result<Self, MapError> {
        let raw = bytes.as_ref();
        let [functions, modules, strings, end] = ends(raw)?;
        if raw[28..32].iter().chain(&raw[48..HEADER]).any(|byte| *byte != 0) {
            return Err(MapError::Damaged("header"));
        }
        if raw.len() as u64 != end {
            return Err(MapError::Damaged("length"));
        }
        if blake3::hash(&raw[HEADER..]).as_bytes()[..DIGEST.len()] != raw[DIGEST] {
            return Err(MapError::Damaged("digest"));
        }
        let entries = u32_at(raw, 12) as usize;
        // All three are at most the length of the bytes.
        let [functions, modules, strings] = [functions, modules, strings].map(|end| end as usize);
        let map = Self { bytes, entries, functions, modules, strings };
        map.check_entries()?;
        Ok(map)
    }

    fn check_entries(&self) -> Result<(), MapError> {
        let mut last = None;
        for n in 0..self.entries {
            let id = self.entry(n).ok_or(MapError::Damaged("entry"))?.id;
            if last.replace(id).is_some_and(|last| last >= id) {
                return Err(MapError::Damaged("order"));
            }
        }
        Ok(())
    }

    /// The map's digest in hexadecimal, which names this exact build.
    pub fn digest(&self) -> String {
        self.bytes.as_ref()[DIGEST].iter().map(|byte| format!("{byte:02x}")).collect()
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
                std::cmp::Ordering::Equal => return self.entry(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Every node, by id.
    pub fn iter(&self) -> impl Iterator<Item = NodeEntry<'_>> {
        (0..self.entries).filter_map(|n| self.entry(n))
    }

    fn entry(&self, n: usize) -> Option<NodeEntry<'_>> {
        let raw = self.row(HEADER, self.functions, ENTRY, n)?;
        let parent = match u32_at(raw, 8) {
            NO_PARENT => None,
            place => Some(NodeId::from_raw(u64_at(self.row(HEADER, self.functions, ENTRY, place as usize)?, 0))?),
        };
        let function = u32_at(raw, 12);
        let (start, extent) = (u32_at(raw, 20), u32_at(raw, 24));
        let row = self.row(self.functions, self.modules, FUNCTION, (function & 0xff_ffff) as usize)?;
        let module = self.row(self.modules, self.strings, MODULE, u32_at(row, 0) as usize)?;
        let line = start >> COLUMN_BITS;
        Some(NodeEntry {
            id: NodeId::from_raw(u64_at(raw, 0))?,
            parent,
            module: self.string(u32_at(module, 0))?,
            name: self.string(u32_at(row, 4))?,
            arity: u8::try_from(u32_at(row, 8)).ok()?,
            kind: NodeKind::from_code((function >> 24) as u8)?,
            file: self.string(u32_at(module, 4))?,
            label: self.string(u32_at(raw, 16))?,
            line,
            column: (start & MAX_COLUMN) as u16,
            end_line: line + (extent >> COLUMN_BITS),
            end_column: (extent & MAX_COLUMN) as u16,
        })
    }

    /// Row `n` of the table between two places.
    fn row(&self, from: usize, to: usize, size: usize, n: usize) -> Option<&[u8]> {
        let table = self.bytes.as_ref().get(from..to)?;
        let start = n.checked_mul(size)?;
        table.get(start..start.checked_add(size)?)
    }

    fn string(&self, offset: u32) -> Option<&str> {
        let mut rest = self.bytes.as_ref().get(self.strings..)?.get(offset as usize..)?;
        let length = usize::try_from(varint::read(&mut rest)?).ok()?;
        std::str::from_utf8(rest.get(..length)?).ok()
    }
}
