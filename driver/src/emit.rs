//! Outputs on disk: each written to a temporary file and renamed, and only
//! when its content changed.

use crate::build::Built;
use crate::file_result::{FileResult, Outcome, ProbedClause};
use crate::report::{self, Diagnostic};
use crate::{Error, Project, stamp, unmet};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use wire::{MapBuilder, NodeEntry, NodeId};

/// What an instrumentation did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Files with probes.
    pub instrumented: usize,
    /// Files without.
    pub clean: usize,
    /// Instrumented clauses.
    pub clauses: usize,
    /// Files refused as a whole, and why; what the plan asks for in vain.
    pub diagnostics: Vec<Diagnostic>,
    /// How many of these are of files.
    pub refused_files: usize,
    /// Clauses left clean.
    pub refused_clauses: usize,
    /// Nodes in the map.
    pub nodes: usize,
    /// Files that were written because their content changed.
    pub written: usize,
}

/// Writes `src/`, `nodes.esmap`, `plan.json` and `report.term` below `out`, and
/// removes instrumented texts whose source is gone.
///
/// # Errors
/// When something cannot be written. What was there before is whole.
pub fn emit(project: &Project, built: &Built, out: &Path) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let map = node_map(built)?;
    summary.nodes = map.1;
    let src = out.join("src");
    let mut kept = BTreeSet::new();
    for file in &built.files {
        match &file.outcome {
            Outcome::Instrumented(instrumented) => {
                summary.instrumented += 1;
                summary.clauses += file.clauses.len();
                let path = src.join(&file.path);
                summary.written += usize::from(write_if_changed(&path, instrumented.text.as_bytes())?);
                kept.insert(path);
            }
            Outcome::Clean => summary.clean += 1,
            Outcome::Refused(diagnostic) => {
                summary.refused_files += 1;
                summary.diagnostics.push(diagnostic.clone());
            }
        }
        summary.refused_clauses += file.refusals.iter().filter(|refusal| !refusal.whole_file).count();
    }
    let unmet = unmet::unmet(project, built);
    summary.diagnostics.extend(unmet.iter().cloned());
    remove_others(&src, &kept)?;
    let plan = serde_json::to_vec_pretty(&built.plan()).map_err(|error| Error::io("write", out)(error.into()))?;
    let terms = report::erlang_terms(project, built, &map.0, &unmet);
    let mut outputs: Vec<_> = kept.into_iter().collect();
    for (name, bytes) in [("nodes.esmap", &map.0), ("plan.json", &plan), ("report.term", &terms.into_bytes())] {
        let path = out.join(name);
        summary.written += usize::from(write_if_changed(&path, bytes)?);
        outputs.push(path);
    }
    stamp::remember(project, out, &outputs, &summary)?;
    Ok(summary)
}

fn node_map(built: &Built) -> Result<(Vec<u8>, usize), Error> {
    let mut builder = MapBuilder::default();
    let mut count = 0;
    for file in &built.files {
        let Outcome::Instrumented(instrumented) = &file.outcome else { continue };
        let clauses: BTreeMap<NodeId, &ProbedClause> = file.clauses.iter().map(|clause| (clause.id, clause)).collect();
        for site in &instrumented.sites {
            let Some(clause) = clauses.get(&site.parent.unwrap_or(site.id)) else { continue };
            builder.add(&entry(file, site, clause))?;
            count += 1;
        }
    }
    Ok((builder.finish()?, count))
}

fn entry<'a>(file: &'a FileResult, site: &'a codegen::Site, clause: &'a ProbedClause) -> NodeEntry<'a> {
    let narrow = |column: u32| u16::try_from(column).unwrap_or(u16::MAX);
    let (start, end) = (file.lines.position(site.range.start()), file.lines.position(site.range.end()));
    NodeEntry {
        id: site.id,
        parent: site.parent,
        module: &clause.module,
        name: &clause.name,
        arity: u8::try_from(clause.arity).unwrap_or(u8::MAX),
        kind: site.kind,
        file: &file.path,
        label: &site.label,
        line: start.line,
        column: narrow(start.utf8),
        end_line: end.line,
        end_column: narrow(end.utf8),
    }
}

/// Writes through a temporary file beside `path`; true when the content is new.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(Error::io("write", directory))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = directory.join(name);
    let written = std::fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_data()))
        .and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|cause| {
        // Best effort: the error that matters is the first one.
        let _ = std::fs::remove_file(&temporary);
        Error::io("write", path)(cause)
    })?;
    Ok(true)
}

fn remove_others(directory: &Path, kept: &BTreeSet<PathBuf>) -> Result<(), Error> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Ok(()) };
    for entry in entries {
        let path = entry.map_err(Error::io("list", directory))?.path();
        if path.is_dir() {
            remove_others(&path, kept)?;
        } else if !kept.contains(&path) {
            std::fs::remove_file(&path).map_err(Error::io("write", &path))?;
        }
    }
    Ok(())
}
