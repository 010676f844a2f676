//! Results of earlier processes, on disk: one entry for each file, found by a
//! digest of the file and of everything else that decides it but other files. An
//! entry says what the file was told of these.
//!
//! An entry that is damaged is none. What a run did not use goes with the next
//! write. All entries stand in one file: making a thousand files costs more
//! than building a thousand results.

mod entry;
mod pack;

use crate::draft::Draft;
use crate::{Error, Project, Settings, Source, emit, stamp};
use pack::{Name, Pack};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The entries below an output folder, for one project.
pub struct Cache {
    path: PathBuf,
    pack: Pack,
    /// One for each source, in the same order.
    names: Vec<Name>,
}

impl Cache {
    /// The cache below `out`; none when the running program cannot be told from
    /// others, whose results may differ.
    pub fn open(project: &Project, out: &Path) -> Option<Self> {
        let tool = stamp::tool()?;
        let path = out.join("cache/results");
        // One that cannot be read is empty: it is written anew.
        let pack = Pack::new(std::fs::read(&path).unwrap_or_default());
        let names = project.sources.par_iter().map(|source| name(&tool, source, &project.settings)).collect();
        Some(Self { path, pack, names })
    }

    /// What is known of each source.
    pub fn recall(&self, project: &Project) -> Vec<Option<Arc<Draft>>> {
        let recall = |(name, source): (&Name, &Source)| entry::decode(self.pack.get(name)?, source).map(Arc::new);
        self.names.par_iter().zip(&project.sources).map(recall).collect()
    }

    /// Keeps `drafts`, one for each source, of which `known` were recalled, and
    /// nothing else.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn keep(&self, drafts: &[Arc<Draft>], known: &[Option<Arc<Draft>>]) -> Result<(), Error> {
        let mut next = Vec::new();
        for ((name, draft), known) in self.names.iter().zip(drafts).zip(known) {
            let is_known = known.as_ref().is_some_and(|known| Arc::ptr_eq(known, draft));
            match self.pack.get(name).filter(|_| is_known) {
                Some(entry) => pack::append(&mut next, name, entry),
                None => pack::append(&mut next, name, &entry::encode(draft)),
            }
        }
        emit::write_if_changed(&self.path, &next).map(drop)
    }
}

/// Whatever changes a draft must come in here.
fn name(tool: &str, source: &Source, settings: &Settings) -> Name {
    let mut hasher = blake3::Hasher::new();
    for part in [tool.as_bytes(), source.path.as_bytes(), &source.text, &settings.digest(&source.path)] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    *hasher.finalize().as_bytes()
}
