//! The runs that are mutated, and what is true of them.

use super::judge::{self, Written};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use trace::Recording;
use wire::sums::Stretch;

/// A run's files, in memory.
pub struct Run {
    /// The folder's name.
    pub name: String,
    /// By name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// What it says.
    pub truth: Truth,
}

/// What a run says when nothing is wrong with it.
pub struct Truth {
    /// Everything that was written.
    pub events: BTreeSet<Written>,
    /// The texts of atoms.
    pub atoms: BTreeSet<(u64, String)>,
    /// What processes are called.
    pub processes: BTreeSet<(u64, String)>,
    /// What nodes are.
    pub sites: BTreeSet<String>,
    /// Whether sums vouch for all of it.
    pub is_summed: bool,
}

/// What stands behind the events is no more than this.
const BEHIND: usize = 256;

impl Run {
    /// Reads a folder; files that a segment merely reserved are cut.
    pub fn load(path: &Path) -> Self {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
            let path = entry.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if let Ok((header, counters)) = wire::SegmentHeader::decode(&bytes) {
                bytes.truncate(header.length as usize + counters.cursor as usize + BEHIND);
            }
            files.insert(name, bytes);
        }
        let recording = Recording::open(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        Self { name, files, truth: Truth::of(&recording) }
    }

    /// The size of all files.
    pub fn bytes(&self) -> usize {
        self.files.values().map(Vec::len).sum()
    }
}

impl Truth {
    fn of(recording: &Recording) -> Self {
        let summed =
            |stretches: &[Stretch]| !stretches.iter().any(|one| matches!(one, Stretch::Unsummed(r) if !r.is_empty()));
        Self {
            events: judge::shown(recording).collect(),
            atoms: judge::atoms(recording),
            processes: named(recording),
            sites: judge::sites(recording),
            is_summed: recording.segments().iter().all(|segment| summed(&segment.stretches)),
        }
    }
}

/// Every name that a process ever had.
fn named(recording: &Recording) -> BTreeSet<(u64, String)> {
    let names = recording.segments().iter().filter(|segment| segment.names);
    let records = names.flat_map(|segment| {
        let data = &segment.data[..];
        wire::record::places(data).filter_map(move |at| wire::Record::read_from(&data[at..]).ok())
    });
    let processes = records.map(|(record, _)| record).filter(|record| record.kind == wire::Kind::NameProcess);
    processes.map(|record| (record.pid, String::from_utf8_lossy(record.payload).into_owned())).collect()
}
