//! The queries of one file, and those that join the files of a project.
//!
//! What may be asked again after an edit, from above to below: a tree is new
//! with every text; ids move with every line; clauses, without positions, change
//! when a head does; which ids are disputed, hardly ever.

use crate::{ClauseInfo, Db, Layout, NodeIds, SourceFile};
use std::collections::{BTreeMap, BTreeSet};
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
/// and the file that keeps each: the first in the order of the paths.
#[salsa::tracked(returns(ref))]
pub fn keepers(db: &dyn Db, layout: Layout) -> BTreeMap<NodeId, SourceFile> {
    let files = layout.files(db);
    keepers_of(files.iter().map(|file| (*file, defined(db, *file).as_slice())))
}

/// The ids a file defines that another file keeps.
#[salsa::tracked(returns(ref))]
pub fn lost(db: &dyn Db, file: SourceFile) -> BTreeSet<NodeId> {
    let keepers = keepers(db, Layout::get(db));
    if keepers.is_empty() {
        return BTreeSet::new();
    }
    let elsewhere = |id: &&NodeId| keepers.get(id).is_some_and(|keeper| *keeper != file);
    defined(db, file).iter().filter(elsewhere).copied().collect()
}

fn keepers_of<'a, F: Copy + Eq>(files: impl Iterator<Item = (F, &'a [NodeId])>) -> BTreeMap<NodeId, F> {
    let mut first = BTreeMap::new();
    let mut disputed = BTreeMap::new();
    for (file, ids) in files {
        for id in ids {
            let keeper = *first.entry(*id).or_insert(file);
            if keeper != file {
                disputed.insert(*id, keeper);
            }
        }
    }
    disputed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_keeps_what_several_define() {
        let [a, b, c] = [1, 2, 3].map(|raw| NodeId::from_raw(raw).unwrap());
        let files = [('x', vec![a, a, b]), ('y', vec![b, c]), ('z', vec![b])];
        let keepers = keepers_of(files.iter().map(|(file, ids)| (*file, ids.as_slice())));
        assert_eq!(keepers, BTreeMap::from([(b, 'x')]));
    }
}
