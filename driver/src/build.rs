//! Plan and instrument every file, in parallel over clones of the database.

use crate::report::Diagnostic;
use crate::{Project, Source};
use codegen::Instrumented;
use db::{Database, SourceFile};
use rayon::prelude::*;
use std::collections::BTreeSet;
use syntax::{LineIndex, TextSize};
use wire::{NodeId, Plan, PlannedClause, Refusal};

/// What became of one file.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It has probes.
    Instrumented(Instrumented),
    /// It has nothing to instrument.
    Clean,
    /// It stays clean for a reason.
    Refused(Diagnostic),
}

/// The result for one file.
#[derive(Clone, Debug)]
pub struct FileResult {
    /// Its path.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Names of the instrumented clauses, for the node map.
    pub clauses: Vec<db::ClauseInfo>,
    /// Clauses that were left clean.
    pub refusals: Vec<Refusal>,
    /// What was planned.
    pub planned: Vec<PlannedClause>,
    /// Lines of the original text.
    pub lines: LineIndex,
}

/// The result for a project, files in order of their paths.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// One for each source.
    pub files: Vec<FileResult>,
}

impl Built {
    /// The plan as it was carried out.
    pub fn plan(&self) -> Plan {
        let clauses = self.files.iter().flat_map(|file| file.planned.clone()).collect();
        let refusals = self.files.iter().flat_map(|file| file.refusals.clone()).collect();
        Plan { clauses, refusals }
    }
}

/// Builds the project; `on_file` is called once for each file done.
pub fn build(project: &Project, on_file: &(dyn Fn() + Sync)) -> Built {
    let db = Database::default();
    let inputs: Vec<_> = project.sources.iter().map(|source| input(&db, source)).collect();
    // The order of the paths decides which of two clauses keeps an id they share.
    let all = for_each(&db, &inputs, &|db, file| db::clauses(db, file).clone());
    let mut taken = BTreeSet::new();
    let planned: Vec<(Vec<_>, Vec<_>)> =
        all.iter().map(|clauses| planner::choose(clauses).partition(|(clause, _)| taken.insert(clause.id))).collect();
    let ids: Vec<BTreeSet<NodeId>> =
        planned.iter().map(|(kept, _)| kept.iter().map(|(clause, _)| clause.id).collect()).collect();
    let jobs: Vec<_> = inputs.iter().copied().zip(&ids).collect();
    let results = for_each(&db, &jobs, &|db, (file, ids)| {
        let result = file_result(db, file, ids);
        on_file();
        result
    });
    let mut built = Built { files: results };
    for (file, (_, shared)) in built.files.iter_mut().zip(&planned) {
        file.refusals.extend(shared.iter().map(|(clause, _)| Refusal {
            file: file.path.clone(),
            line: 1,
            why: format!("{} shares its id with a clause of another file", clause.function()),
            whole_file: false,
        }));
    }
    built
}

fn input(db: &Database, source: &Source) -> SourceFile {
    SourceFile::new(db, source.path.clone(), source.text.clone())
}

/// Runs `work` for each item, on a clone of the database per worker; results
/// come in the order of the items.
fn for_each<T: Copy + Send + Sync, R: Send>(
    db: &Database,
    items: &[T],
    work: &(dyn Fn(&Database, T) -> R + Sync),
) -> Vec<R> {
    let chunk = items.len().div_ceil(rayon::current_num_threads() * 4).max(1);
    let clones: Vec<_> = items.chunks(chunk).map(|chunk| (db.clone(), chunk)).collect();
    let parts: Vec<Vec<R>> =
        clones.into_par_iter().map(|(db, chunk)| chunk.iter().map(|item| work(&db, *item)).collect()).collect();
    parts.into_iter().flatten().collect()
}

fn file_result(db: &Database, file: SourceFile, planned: &BTreeSet<NodeId>) -> FileResult {
    let path = file.path(db).clone();
    let parse = db::parse(db, file);
    let ids = db::node_ids(db, file);
    let lines = LineIndex::new(file.text(db));
    let mut result = FileResult {
        path,
        outcome: Outcome::Clean,
        clauses: Vec::new(),
        refusals: Vec::new(),
        planned: Vec::new(),
        lines,
    };
    match codegen::instrument(parse, &|node| ids.get(node), planned) {
        Err(refusal) => result.refuse_file(refusal.range.start(), refusal.why),
        Ok(instrumented) => result.accept(instrumented, ids.clauses()),
    }
    result
}

impl FileResult {
    fn line(&self, at: TextSize) -> u32 {
        self.lines.line(at)
    }

    fn refuse_file(&mut self, at: TextSize, why: String) {
        let (file, line) = (self.path.clone(), self.line(at));
        self.refusals.push(Refusal { file: file.clone(), line, why: why.clone(), whole_file: true });
        self.outcome = Outcome::Refused(Diagnostic { file, line, message: format!("left without probes: {why}") });
    }

    fn accept(&mut self, instrumented: Instrumented, clauses: &[db::ClauseInfo]) {
        for refused in &instrumented.refused {
            let (file, line) = (self.path.clone(), self.line(refused.range.start()));
            self.refusals.push(Refusal { file, line, why: refused.why.clone(), whole_file: false });
        }
        for site in instrumented.sites.iter().filter(|site| site.parent.is_none()) {
            let Some(clause) = clauses.iter().find(|clause| clause.id == site.id) else { continue };
            self.clauses.push(clause.clone());
            self.planned.push(PlannedClause {
                node: clause.id.raw(),
                function: clause.function(),
                file: self.path.clone(),
                line: self.line(site.range.start()),
                reason: wire::Reason::NamedFunction,
            });
        }
        if !instrumented.sites.is_empty() {
            self.outcome = Outcome::Instrumented(instrumented);
        }
    }
}
