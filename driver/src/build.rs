//! The result for a whole project.

use crate::cache::Cache;
use crate::file_result::FileResult;
use crate::{Error, Project, Session};
use std::path::Path;
use std::sync::Arc;
use wire::Plan;

/// The result for a project, files in order of their paths.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// One for each source.
    pub files: Vec<Arc<FileResult>>,
}

impl Built {
    /// The plan as it was carried out.
    pub fn plan(&self) -> Plan {
        let clauses = self.files.iter().flat_map(|file| file.planned.clone()).collect();
        let refusals = self.files.iter().flat_map(|file| file.refusals.clone()).collect();
        Plan { format: wire::plan::FORMAT, clauses, refusals }
    }
}

/// Builds the project from nothing; `on_file` is called once for each file done.
pub fn build(project: &Project, on_file: &(dyn Fn() + Sync)) -> Built {
    Session::open(project).build(on_file)
}

/// Builds the project with what an earlier process left below `out`, and leaves
/// there what the next one needs.
///
/// # Errors
/// When an entry of the cache cannot be written.
pub fn build_cached(project: &Project, out: &Path, on_file: &(dyn Fn() + Sync)) -> Result<Built, Error> {
    let Some(cache) = Cache::open(project, out) else { return Ok(build(project, on_file)) };
    let known = cache.recall(project);
    let mut session = Session::recalling(project, &known);
    let built = session.build(on_file);
    cache.keep(&session.drafts(), &known)?;
    Ok(built)
}
