//! The queries from a plan to instrumented text, wired to salsa.
//!
//! A file's draft needs nothing of other files, so that it can be kept on disk
//! under a digest of the file alone; the few files that define what a file before
//! them defines too are instrumented once more, with ids of their own.

// The macro writes undocumented accessors beside ours.
#![allow(missing_docs)]

use crate::Settings;
use crate::file_result::{Analysed, FileResult};
use crate::proposal::Proposal;
use db::{ClauseInfo, Db, NodeIds, SourceFile};
use std::collections::BTreeSet;
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

/// The clauses of a file that should get probes. Knows no position, so that an
/// edit inside a body plans nothing again.
#[salsa::tracked(returns(ref))]
pub(crate) fn proposed(db: &dyn Db, file: SourceFile) -> Proposal {
    chosen(db, file, db::clauses(db, file))
}

/// The file, instrumented as if it were the only one.
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
    let file = Analysed { path: file.path(db), text: file.text(db), parse: db::parse(db, file), ids };
    FileResult::of(&file, proposal)
}
