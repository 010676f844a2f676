//! Node maps are written.

use super::{
    COLUMN_BITS, DIGEST, ENTRY, HEADER, MAGIC, MAX_COLUMN, MAX_LINE, MapError, NO_PARENT, NodeEntry, NodeKind, VERSION,
};
use crate::{NodeId, varint};
use std::collections::{BTreeMap, BTreeSet};

/// Collects entries and writes them.
#[derive(Default)]
pub struct MapBuilder {
    entries: BTreeMap<NodeId, Entry>,
    functions: BTreeMap<Function, u32>,
    strings: BTreeMap<String, u32>,
}

/// An entry whose function and label are numbered as they came.
struct Entry {
    parent: Option<NodeId>,
    function: u32,
    label: u32,
    kind: NodeKind,
    start: u32,
    extent: u32,
}

/// A function whose strings are numbered as they came, or by their offsets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Function {
    module: u32,
    file: u32,
    name: u32,
    arity: u8,
}

impl MapBuilder {
    /// Adds an entry.
    ///
    /// # Errors
    /// When the id is taken: ids are made unique before they are written.
    pub fn add(&mut self, entry: &NodeEntry<'_>) -> Result<(), MapError> {
        let [module, file, name, label] =
            [entry.module, entry.file, entry.name, entry.label].map(|text| self.string(text));
        let next = self.functions.len() as u32;
        let function = *self.functions.entry(Function { module, file, name, arity: entry.arity }).or_insert(next);
        let added = Entry {
            parent: entry.parent,
            function,
            label,
            kind: entry.kind,
            start: packed(entry.line, entry.column),
            extent: packed(entry.end_line.saturating_sub(entry.line), entry.end_column),
        };
        match self.entries.insert(entry.id, added) {
            Some(_) => Err(MapError::Collision(entry.id)),
            None => Ok(()),
        }
    }

    fn string(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.strings.get(text) {
            return number;
        }
        let number = self.strings.len() as u32;
        self.strings.insert(text.to_owned(), number);
        number
    }

    /// The file's bytes: the same entries in any order give the same bytes.
    ///
    /// # Errors
    /// When there is more than the format can count.
    pub fn finish(self) -> Result<Vec<u8>, MapError> {
        let (strings, offsets) = self.write_strings()?;
        let (functions, ranks, modules) = self.write_functions(&offsets);
        let (entries, count) = (self.write_entries(&offsets, &ranks)?, self.entries.len());
        let mut out = vec![0; HEADER];
        for part in [&entries, &functions, &modules.1, &strings] {
            out.extend_from_slice(part);
        }
        out[..8].copy_from_slice(&MAGIC);
        let counts = [VERSION, count as u32, ranks.len() as u32, modules.0, strings.len() as u32];
        for (n, count) in counts.iter().enumerate() {
            out[8 + n * 4..12 + n * 4].copy_from_slice(&count.to_le_bytes());
        }
        let digest = blake3::hash(&out[HEADER..]);
        out[DIGEST].copy_from_slice(&digest.as_bytes()[..DIGEST.len()]);
        Ok(out)
    }

    /// The strings in sorted order, so that the order of adding leaves no trace,
    /// and the offset of each by its number.
    fn write_strings(&self) -> Result<(Vec<u8>, Vec<u32>), MapError> {
        let (mut bytes, mut offsets) = (Vec::new(), vec![0; self.strings.len()]);
        for (text, number) in &self.strings {
            offsets[*number as usize] = u32::try_from(bytes.len()).map_err(|_| MapError::TooLarge)?;
            varint::write(&mut bytes, text.len() as u64);
            bytes.extend_from_slice(text.as_bytes());
        }
        u32::try_from(bytes.len()).map_err(|_| MapError::TooLarge)?;
        Ok((bytes, offsets))
    }

    /// The functions, the place of each by its number, and the modules.
    fn write_functions(&self, offsets: &[u32]) -> (Vec<u8>, Vec<u32>, (u32, Vec<u8>)) {
        let at = |number: u32| offsets[number as usize];
        let sorted: BTreeMap<Function, u32> = self
            .functions
            .iter()
            .map(|(f, number)| (Function { module: at(f.module), file: at(f.file), name: at(f.name), ..*f }, *number))
            .collect();
        let modules: BTreeSet<(u32, u32)> = sorted.keys().map(|f| (f.module, f.file)).collect();
        let modules: Vec<_> = modules.into_iter().collect();
        let (mut bytes, mut ranks) = (Vec::new(), vec![0; sorted.len()]);
        for (rank, (function, number)) in sorted.iter().enumerate() {
            ranks[*number as usize] = rank as u32;
            let module = modules.partition_point(|module| *module < (function.module, function.file));
            put(&mut bytes, &[module as u32, function.name, u32::from(function.arity)]);
        }
        let mut module_bytes = Vec::new();
        modules.iter().for_each(|(name, file)| put(&mut module_bytes, &[*name, *file]));
        (bytes, ranks, (modules.len() as u32, module_bytes))
    }

    fn write_entries(&self, offsets: &[u32], ranks: &[u32]) -> Result<Vec<u8>, MapError> {
        if u32::try_from(self.entries.len()).is_err() || ranks.len() >= 1 << 24 {
            return Err(MapError::TooLarge);
        }
        let ids: Vec<NodeId> = self.entries.keys().copied().collect();
        let place = |parent: NodeId| ids.binary_search(&parent).ok();
        let mut out = Vec::with_capacity(ids.len() * ENTRY);
        for (id, entry) in &self.entries {
            let parent = entry.parent.and_then(place).map_or(NO_PARENT, |place| place as u32);
            let function = ranks[entry.function as usize] | (entry.kind as u32) << 24;
            out.extend_from_slice(&id.raw().to_le_bytes());
            put(&mut out, &[parent, function, offsets[entry.label as usize], entry.start, entry.extent]);
        }
        Ok(out)
    }
}

fn put(out: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
}

fn packed(line: u32, column: u16) -> u32 {
    line.min(MAX_LINE) << COLUMN_BITS | u32::from(column).min(MAX_COLUMN)
}
