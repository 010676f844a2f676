//! The stamp of the last run: what went in, what came out. While both are the
//! same, there is nothing to do.

use crate::{Error, Project, Summary};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Stands in `cache/stamp.json`.
#[derive(Serialize, Deserialize)]
struct Stamp {
    /// Over the tool, the settings, the paths and the texts.
    inputs: String,
    /// Every file that was put out, relative to the output folder.
    outputs: Vec<(PathBuf, Mark)>,
    summary: Summary,
}

/// What tells a file that somebody has touched since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    bytes: u64,
    modified_ns: u128,
}

impl Mark {
    fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(Self { bytes: metadata.len(), modified_ns: modified.as_nanos() })
    }
}

fn place(out: &Path) -> PathBuf {
    out.join("cache/stamp.json")
}

/// The summary of the last run below `out`, when a new one would change nothing.
/// A stamp that cannot be read is none.
pub fn unchanged(project: &Project, out: &Path) -> Option<Summary> {
    let stamp: Stamp = serde_json::from_slice(&std::fs::read(place(out)).ok()?).ok()?;
    let same = stamp.inputs == inputs(project)?
        && stamp.outputs.iter().all(|(path, mark)| Mark::of(&out.join(path)) == Some(*mark));
    same.then_some(Summary { written: 0, ..stamp.summary })
}

/// Remembers this run; `outputs` are below `out`.
///
/// # Errors
/// When the stamp cannot be written.
pub fn remember(project: &Project, out: &Path, outputs: &[PathBuf], summary: &Summary) -> Result<(), Error> {
    let mark = |path: &PathBuf| Some((path.strip_prefix(out).ok()?.to_owned(), Mark::of(path)?));
    let (Some(inputs), Some(outputs)) = (inputs(project), outputs.iter().map(mark).collect()) else {
        return Ok(()); // a file that vanished meanwhile: the next run does all again
    };
    let stamp = Stamp { inputs, outputs, summary: summary.clone() };
    let bytes = serde_json::to_vec(&stamp).map_err(|error| Error::io("write", out)(error.into()))?;
    crate::emit::write_if_changed(&place(out), &bytes).map(drop)
}

/// What tells the running program from others, whose results may differ.
pub(crate) fn tool() -> Option<String> {
    let mark = Mark::of(&std::env::current_exe().ok()?)?;
    Some(format!("{} {mark:?}", env!("CARGO_PKG_VERSION")))
}

/// A digest of everything that decides the outputs; none when the running
/// program cannot be told from others.
fn inputs(project: &Project) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(tool()?.as_bytes()).update(&project.settings.digest_of_all());
    for source in &project.sources {
        hasher.update(&(source.path.len() as u64).to_le_bytes()).update(source.path.as_bytes());
        hasher.update(&(source.text.len() as u64).to_le_bytes()).update(&source.text);
    }
    Some(hasher.finalize().to_hex().to_string())
}
