//! The result for a whole project.

use crate::file_result::FileResult;
use crate::{Project, Session};
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
        Plan { clauses, refusals }
    }
}

/// Builds the project from nothing; `on_file` is called once for each file done.
pub fn build(project: &Project, on_file: &(dyn Fn() + Sync)) -> Built {
    Session::open(project).build(on_file)
}
