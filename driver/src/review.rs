//! Instrumented texts against those that somebody has read and committed.
//!
//! A snapshot stands at its source's path below the folder of snapshots, with
//! `.snap` behind it. It begins with a few comments; then comes the text.

use crate::emit::write_if_changed;
use crate::file_result::{FileResult, Outcome};
use crate::{Built, Error, Project, Settings, project, strategy};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// How every snapshot begins; a file that does not is somebody else's.
const FIRST: &str = "# elixirscope instrument --check: ";

/// What is wrong with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceKind {
    /// The instrumented text is another.
    Changed,
    /// There is none.
    Missing,
    /// It has no source any more.
    Stale,
}

/// A snapshot that is not what it would be now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What is wrong.
    pub kind: DifferenceKind,
    /// The source's path, relative to the project's root.
    pub source: String,
    /// The snapshot's path.
    pub snapshot: PathBuf,
    /// From the snapshot to what it would be now.
    pub diff: String,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// Snapshots that are what they would be now.
    pub equal: usize,
    /// The others, in order of their sources.
    pub differences: Vec<Difference>,
}

/// The snapshots below a folder, beside those that there should be.
#[derive(Debug)]
pub struct Snapshots {
    folder: PathBuf,
    /// By the source's path: what is there, and what should be.
    texts: BTreeMap<String, (Option<String>, Option<String>)>,
}

impl Snapshots {
    /// Reads the snapshots of the project below `folder`; `only` are globs of
    /// sources, or folders of them. Without any, all are compared.
    ///
    /// # Errors
    /// When `only` describes nothing, or something cannot be read.
    pub fn read(project: &Project, built: &Built, folder: &Path, only: &[String]) -> Result<Self, Error> {
        let mut texts: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
        for file in &built.files {
            texts.entry(file.path.clone()).or_default().1 = snapshot(file, &project.settings);
        }
        for (source, text) in committed(folder)? {
            texts.entry(source).or_default().0 = Some(text);
        }
        for pattern in only {
            if !texts.keys().any(|source| planner::glob::covers(pattern, source)) {
                return Err(Error::NoSuchSource(pattern.clone()));
            }
        }
        texts.retain(|source, _| only.is_empty() || only.iter().any(|pattern| planner::glob::covers(pattern, source)));
        Ok(Self { folder: folder.to_owned(), texts })
    }

    /// Compares them.
    pub fn review(&self) -> Review {
        let mut review = Review::default();
        for (source, texts) in &self.texts {
            let (kind, old, new) = match texts {
                (None, None) => continue,
                (Some(old), Some(new)) if old == new => {
                    review.equal += 1;
                    continue;
                }
                (Some(old), Some(new)) => (DifferenceKind::Changed, old.as_str(), new.as_str()),
                (None, Some(new)) => (DifferenceKind::Missing, "", new.as_str()),
                (Some(old), None) => (DifferenceKind::Stale, old.as_str(), ""),
            };
            let snapshot = self.place(source);
            let diff = unified(&snapshot.display().to_string(), old, source, new);
            review.differences.push(Difference { kind, source: source.clone(), snapshot, diff });
        }
        review
    }

    /// Makes the snapshots what they would be now.
    ///
    /// # Errors
    /// When one cannot be written or removed; each is either the old or the new one.
    pub fn accept(&self) -> Result<(), Error> {
        for (source, texts) in &self.texts {
            let place = self.place(source);
            match texts {
                (_, Some(new)) => drop(write_if_changed(&place, new.as_bytes())?),
                (Some(_), None) => self.remove(&place)?,
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn place(&self, source: &str) -> PathBuf {
        self.folder.join(format!("{source}.snap"))
    }

    fn remove(&self, place: &Path) -> Result<(), Error> {
        std::fs::remove_file(place).map_err(Error::io("remove", place))?;
        // Folders that became empty; one that did not refuses, and ends the climb.
        let folders = place.ancestors().skip(1).take_while(|folder| *folder != self.folder);
        let _ = folders.map(std::fs::remove_dir).find(Result::is_err);
        Ok(())
    }
}

/// The snapshots below `folder`, by their sources' paths. A folder that does not
/// exist has none.
fn committed(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    if folder.is_file() {
        return Err(Error::io("list", folder)(std::io::ErrorKind::NotADirectory.into()));
    }
    let mut files = Vec::new();
    project::collect(folder, &["snap"], &mut files)?;
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read(&file).map_err(Error::io("read", &file))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        if text.starts_with(FIRST) {
            found.push((project::relative(&file.with_extension(""), folder), text));
        }
    }
    Ok(found)
}

/// The snapshot of a file; none of one in which there is nothing to instrument.
fn snapshot(file: &FileResult, settings: &Settings) -> Option<String> {
    if file.outcome == Outcome::Clean && file.refusals.is_empty() {
        return None;
    }
    let mut out = format!("{FIRST}{}\n# strategy: {}", file.path, strategy(settings.request.strength));
    if let Some(name) = settings.origin.as_ref().and_then(|origin| Path::new(&origin.file).file_name()) {
        // The name alone: folders differ between machines. Writing to a String cannot fail.
        let _ = write!(out, ", plan: {}", name.display());
    }
    out.push('\n');
    for refusal in &file.refusals {
        let what = if refusal.whole_file { "the file" } else { "the clause" };
        let _ = writeln!(out, "# line {}: {what} stays without probes: {}", refusal.line, refusal.why);
    }
    if let Outcome::Instrumented(done) = &file.outcome {
        out.push_str("# ---\n");
        out.push_str(&done.text);
    }
    Some(out)
}

fn unified(old_name: &str, old: &str, new_name: &str, new: &str) -> String {
    let diff = similar::TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(2).header(old_name, &format!("{new_name}, instrumented now")).to_string()
}
