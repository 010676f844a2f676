//! Results of earlier processes, on disk: one entry for each file, found by a
//! digest of everything that decides it.
//!
//! An entry that is damaged is none. What a run did not use is removed.

mod entry;

use crate::file_result::FileResult;
use crate::{Error, Project, Source, stamp};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The entries below an output folder, for one project.
pub struct Cache {
    folder: PathBuf,
    /// One for each source, in the same order.
    names: Vec<String>,
}

impl Cache {
    /// The cache below `out`; none when the running program cannot be told from
    /// others, whose results may differ.
    pub fn open(project: &Project, out: &Path) -> Option<Self> {
        let tool = stamp::tool()?;
        let names = project.sources.par_iter().map(|source| name(&tool, source)).collect();
        Some(Self { folder: out.join("cache/files"), names })
    }

    /// What is known of each source.
    pub fn recall(&self, project: &Project) -> Vec<Option<Arc<FileResult>>> {
        let recall = |(name, source): (&String, &Source)| {
            let bytes = std::fs::read(self.folder.join(name)).ok()?;
            entry::decode(&bytes, source).map(Arc::new)
        };
        self.names.par_iter().zip(&project.sources).map(recall).collect()
    }

    /// Keeps `drafts`, one for each source, of which `known` were recalled, and
    /// removes every other entry.
    ///
    /// # Errors
    /// When an entry cannot be written or removed.
    pub fn keep(&self, drafts: &[Arc<FileResult>], known: &[Option<Arc<FileResult>>]) -> Result<(), Error> {
        std::fs::create_dir_all(&self.folder).map_err(Error::io("write", &self.folder))?;
        let fresh: Vec<_> =
            self.names.iter().zip(drafts).zip(known).filter(|(_, known)| known.is_none()).map(|(new, _)| new).collect();
        fresh.into_par_iter().try_for_each(|(name, draft)| self.write(name, &entry::encode(draft)))?;
        self.remove_others()
    }

    /// A reader sees all of an entry or nothing. Not synced: what a power cut
    /// leaves of it does not match its digest.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.folder.join(name);
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        let written = std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, &path));
        written.map_err(|cause| {
            // Best effort: the error that matters is the first one.
            let _ = std::fs::remove_file(&temporary);
            Error::io("write", &path)(cause)
        })
    }

    fn remove_others(&self) -> Result<(), Error> {
        let used: BTreeSet<&str> = self.names.iter().map(String::as_str).collect();
        for entry in std::fs::read_dir(&self.folder).map_err(Error::io("list", &self.folder))? {
            let path = entry.map_err(Error::io("list", &self.folder))?.path();
            let is_used = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| used.contains(name));
            if !is_used {
                std::fs::remove_file(&path).map_err(Error::io("write", &path))?;
            }
        }
        Ok(())
    }
}

fn name(tool: &str, source: &Source) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [tool.as_bytes(), source.path.as_bytes(), &source.text] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    hasher.finalize().to_hex().to_string()
}
