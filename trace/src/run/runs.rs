//! Finds runs by path, by id, by the start of an id, or the last one.

use super::OpenError;
use std::path::{Path, PathBuf};
use wire::RunInfo;

/// A folder of runs, usually `.elixir_scope/runs`.
#[derive(Clone, Debug)]
pub struct Runs {
    root: PathBuf,
}

impl Runs {
    /// The runs under this folder.
    pub const fn under(root: PathBuf) -> Self {
        Self { root }
    }

    /// The runs that `path` means: the folder itself, or the
    /// `.elixir_scope/runs` (or `runs`) inside a project that is given instead.
    pub fn near(path: &Path) -> Self {
        let inner = [".elixir_scope/runs", "runs"].map(|inner| path.join(inner)).into_iter().find(|path| path.is_dir());
        Self::under(inner.unwrap_or_else(|| path.to_owned()))
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folders of all runs, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn list(&self) -> Result<Vec<PathBuf>, OpenError> {
        let failed = |error| OpenError::Folder(self.root.clone(), error);
        let mut runs = Vec::new();
        for entry in std::fs::read_dir(&self.root).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if looks_like_run(&path) {
                runs.push((started(&path), path));
            }
        }
        runs.sort();
        Ok(runs.into_iter().map(|(_, path)| path).collect())
    }

    /// The folder of the run that `wanted` names: a path, an id, the start of
    /// one id only, or `last`.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn resolve(&self, wanted: &str) -> Result<PathBuf, OpenError> {
        let path = Path::new(wanted);
        if wanted.contains(std::path::MAIN_SEPARATOR) || looks_like_run(path) {
            return Ok(path.to_owned());
        }
        let unknown = || OpenError::Unknown(wanted.to_owned(), self.root.clone());
        let mut runs = self.list()?;
        if wanted == "last" {
            return runs.pop().ok_or_else(|| OpenError::Empty(self.root.clone()));
        }
        let name =
            |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(exact) = runs.iter().find(|path| name(path) == wanted) {
            return Ok(exact.clone());
        }
        runs.retain(|path| !wanted.is_empty() && (name(path).starts_with(wanted) || id(path).starts_with(wanted)));
        match runs.len() {
            0 => Err(unknown()),
            1 => Ok(runs.remove(0)),
            several => Err(OpenError::Ambiguous(wanted.to_owned(), several, self.root.clone())),
        }
    }
}

fn looks_like_run(path: &Path) -> bool {
    let segments = || {
        let mut entries = std::fs::read_dir(path).into_iter().flatten();
        entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".seg")))
    };
    path.is_dir() && (path.join("run.json").is_file() || segments())
}

fn info(path: &Path) -> Option<RunInfo> {
    super::info::read_info(path, &mut Vec::new()).ok().flatten()
}

fn id(path: &Path) -> String {
    info(path).map(|info| info.id).unwrap_or_default()
}

// By run.json, else by the folder's own time.
fn started(path: &Path) -> u128 {
    let modified = || {
        let time = std::fs::metadata(path).and_then(|meta| meta.modified()).ok()?;
        Some(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos())
    };
    info(path).map(|info| u128::from(info.started_ns)).or_else(modified).unwrap_or(0)
}
