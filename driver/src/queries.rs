//! The queries from a plan to instrumented text, wired to salsa.
//!
//! A file's draft needs little of other files: what they say of their functions,
//! without positions, makes the project's tail-call graph, and of that the file is
//! told what concerns it. While this stays the same, an edit elsewhere does not
//! touch the draft. The few files that define what a file before them defines too
//! are instrumented once more, with ids of their own.

// The macro writes undocumented accessors beside ours.
#![allow(missing_docs)]

use crate::Settings;
use crate::file_result::{Analysed, FileResult};
use crate::proposal::Proposal;
use codegen::{Facts, Surroundings, TailGraph};
use db::{ClauseInfo, Db, Layout, NodeIds, SourceFile};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use wire::NodeId;

/// Which clauses somebody wants to have probes, of those that the planner offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    #[default]
    All,
    /// Those with these ids.
    Only(BTreeSet<NodeId>),
}

impl Wanted {
    pub(crate) fn includes(&self, id: NodeId) -> bool {
        match self {
            Self::All => true,
            Self::Only(ids) => ids.contains(&id),
        }
    }
}

/// What to instrument. A database has one.
#[salsa::input(singleton)]
pub struct Choice {
    /// The clauses somebody wants.
    #[returns(ref)]
    pub wanted: Wanted,
    /// How much of which, and with whose help.
    #[returns(ref)]
    pub settings: Settings,
}

/// What an earlier process has left. A database has one, and it never changes: it
/// holds for the texts that the files had at first.
#[salsa::input(singleton)]
pub struct Remembered {
    /// The facts of the files of which they are known.
    #[returns(ref)]
    pub facts: HashMap<SourceFile, Facts>,
}

/// What a file says of its functions: all that others need to know. An edit inside
/// a body that leaves its tail calls as they were leaves it equal.
#[salsa::tracked(returns(ref))]
pub fn facts(db: &dyn Db, file: SourceFile) -> Facts {
    let remembered = || Remembered::get(db).facts(db).get(&file).cloned();
    let known = if *file.edited(db) { None } else { remembered() };
    known.unwrap_or_else(|| codegen::facts(db::parse(db, file)))
}

/// What the project's files say together.
#[salsa::tracked(returns(ref))]
pub fn tail_graph(db: &dyn Db, layout: Layout) -> TailGraph {
    TailGraph::of(layout.files(db).iter().map(|file| facts(db, *file)))
}

/// What a file is told of the rest of the project.
#[salsa::tracked(returns(ref))]
pub fn surroundings(db: &dyn Db, file: SourceFile) -> Surroundings {
    tail_graph(db, Layout::get(db)).around(facts(db, file))
}

/// The clauses of a file that should get probes. Knows no position, so that an
/// edit inside a body plans nothing again.
#[salsa::tracked(returns(ref))]
pub(crate) fn proposed(db: &dyn Db, file: SourceFile) -> Proposal {
    chosen(db, file, db::clauses(db, file))
}

/// The file, instrumented as if no other defined what it does.
#[salsa::tracked(returns(clone))]
pub fn draft(db: &dyn Db, file: SourceFile) -> Arc<FileResult> {
    Arc::new(instrumented(db, file, db::node_ids(db, file), proposed(db, file)))
}

/// The file, instrumented with other ids for what files before it define too.
#[salsa::tracked(returns(clone))]
pub fn renumbered(db: &dyn Db, file: SourceFile) -> Arc<FileResult> {
    let ids = db::node_ids(db, file).behind(db::lost(db, file));
    let planned = chosen(db, file, ids.clauses());
    Arc::new(instrumented(db, file, &ids, &planned))
}

fn chosen(db: &dyn Db, file: SourceFile, clauses: &[ClauseInfo]) -> Proposal {
    let choice = Choice::get(db);
    Proposal::of(file.path(db), clauses, choice.wanted(db), choice.settings(db))
}

fn instrumented(db: &dyn Db, file: SourceFile, ids: &NodeIds, proposal: &Proposal) -> FileResult {
    let around = surroundings(db, file);
    let file = Analysed { path: file.path(db), text: file.text(db), parse: db::parse(db, file), ids };
    FileResult::of(&file, proposal, around)
}
