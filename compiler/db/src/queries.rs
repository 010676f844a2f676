//! The queries of one file, and those that join the files of a project.
//!
//! What may be asked again after an edit, from above to below: a tree is new
//! with every text; ids move with every line; clauses, without positions, change
//! when a head does; which ids are disputed, hardly ever.

use crate::ids::{disputed_among, lost_by};
use crate::{ClauseInfo, Db, Layout, NodeIds, SourceFile};
use std::collections::BTreeMap;
use wire::NodeId;

/// The file's tree. Never compared: every text has its own tree, and the
/// queries below are the firewalls. The least recently used beyond 128 are
/// dropped when the next revision starts, or at [`crate::Database::evict`];
/// they are parsed again when somebody asks.
#[salsa::tracked(returns(ref), no_eq, lru = 128)]
pub fn parse(db: &dyn Db, file: SourceFile) -> syntax::Parse {
    syntax::parse(file.text(db))
}

/// The ids of the file's nodes, with positions; bounded like the trees.
#[salsa::tracked(returns(ref), no_eq, lru = 128)]
pub fn node_ids(db: &dyn Db, file: SourceFile) -> NodeIds {
    NodeIds::of(&parse(db, file).root())
}

/// The position-free half of [`node_ids`]: the clauses a file defines. An edit
/// inside a body leaves it equal, so nothing that depends on it runs again.
#[salsa::tracked(returns(ref))]
pub fn clauses(db: &dyn Db, file: SourceFile) -> Vec<ClauseInfo> {
    node_ids(db, file).clauses().to_vec()
}

/// The ids of the clauses a file defines: all that other files need to know.
#[salsa::tracked(returns(ref))]
pub fn defined(db: &dyn Db, file: SourceFile) -> Vec<NodeId> {
    match file.remembered(db) {
        Some(ids) => ids.clone(),
        None => clauses(db, file).iter().map(|clause| clause.id).collect(),
    }
}

/// The ids that several files of the project define (two modules of one name),
/// and those files, in the order of their paths.
#[salsa::tracked(returns(ref))]
pub fn disputed(db: &dyn Db, layout: Layout) -> BTreeMap<NodeId, Vec<SourceFile>> {
    let files = layout.files(db);
    disputed_among(files.iter().map(|file| (*file, defined(db, *file).iter().copied())))
}

/// The ids a file defines that files before it define too, and how many do: all
/// that [`NodeIds::behind`] needs to know of them.
#[salsa::tracked(returns(ref))]
pub fn lost(db: &dyn Db, file: SourceFile) -> BTreeMap<NodeId, u32> {
    let disputed = disputed(db, Layout::get(db));
    if disputed.is_empty() {
        return BTreeMap::new();
    }
    lost_by(file, defined(db, file).iter().copied(), disputed)
}
