//! The queries from a plan to instrumented text, wired to salsa.
//!
//! A file's draft needs nothing of other files, so that it can be kept on disk
//! under a digest of the file alone; the few files that lose an id to another
//! file are instrumented once more without it.

// The macro writes undocumented accessors beside ours.
#![allow(missing_docs)]

use crate::file_result::{Analysed, FileResult};
use db::{ClauseInfo, Db, SourceFile};
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
    fn includes(&self, id: NodeId) -> bool {
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
}

/// The clauses of a file that should get probes. Knows no position, so that an
/// edit inside a body plans nothing again.
#[salsa::tracked(returns(ref))]
pub fn proposed(db: &dyn Db, file: SourceFile) -> BTreeSet<NodeId> {
    let wanted = Choice::get(db).wanted(db);
    let chosen = planner::choose(db::clauses(db, file)).map(|(clause, _)| clause.id);
    chosen.filter(|id| wanted.includes(*id)).collect()
}

/// The file, instrumented as if it were the only one.
#[salsa::tracked(returns(clone))]
pub fn draft(db: &dyn Db, file: SourceFile) -> Arc<FileResult> {
    let planned = proposed(db, file);
    Arc::new(FileResult::of(&analysed(db, file), planned))
}

/// The file, instrumented but for the clauses whose ids another file keeps.
#[salsa::tracked(returns(clone))]
pub fn reduced(db: &dyn Db, file: SourceFile) -> Arc<FileResult> {
    let (proposed, lost) = (proposed(db, file), db::lost(db, file));
    let mut result = FileResult::of(&analysed(db, file), &proposed.difference(lost).copied().collect());
    let is_left_out = |clause: &&ClauseInfo| proposed.contains(&clause.id) && lost.contains(&clause.id);
    for clause in db::clauses(db, file).iter().filter(is_left_out) {
        result.refuse_shared(clause);
    }
    Arc::new(result)
}

fn analysed(db: &dyn Db, file: SourceFile) -> Analysed<'_> {
    Analysed { path: file.path(db), text: file.text(db), parse: db::parse(db, file), ids: db::node_ids(db, file) }
}
