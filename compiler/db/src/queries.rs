//! The queries of one file, and those that join the files of a project.
//!
//! What may be asked again after an edit, from above to below: a tree is new
//! with every text; ids move with every line; clauses, without positions, change
//! when a head does; which ids are disputed, hardly ever.

use crate::ids::{InnerIds, disputed_among, lost_by};
use crate::{ClauseInfo, Db, Layout, NodeIds, SourceFile};
use std::collections::BTreeMap;
use wire::{NodeId, NodePath};

/// A text that is read on its own: a part of a file that was edited. Which file
/// is no part of it, so equal parts are one.
///
/// A text that [`REVISIONS`] revisions did not ask for gives its place to another,
/// and its tree is dropped with it.
#[salsa::interned(revisions = REVISIONS)]
pub struct Part<'db> {
    /// The text.
    #[returns(ref)]
    pub text: String,
}

/// How many revisions a part is kept that nobody asks for: enough to type
/// something and to take it back.
const REVISIONS: usize = 64;

/// The tree of a part.
#[salsa::tracked(returns(ref), no_eq)]
pub fn piece<'db>(db: &'db dyn Db, part: Part<'db>) -> syntax::Piece {
    syntax::Piece::parse(part.text(db))
}

/// The file's tree. Once the file was edited, it is put together from those of
/// its parts, and only a part that is new is read. Never compared: every text has its own tree, and the
/// queries below are the firewalls. The least recently used beyond 128 are
/// dropped when the next revision starts, or at [`crate::Database::evict`];
/// they are parsed again when somebody asks.
#[salsa::tracked(returns(ref), no_eq, lru = 128)]
pub fn parse(db: &dyn Db, file: SourceFile) -> syntax::Parse {
    let text = file.text(db);
    let again = std::str::from_utf8(text).ok().filter(|_| *file.edited(db));
    match again.and_then(syntax::Outline::of) {
        Some(outline) if outline.chunks().len() > 0 => in_parts(db, outline),
        _ => syntax::parse(text),
    }
}

fn in_parts(db: &dyn Db, outline: syntax::Outline<'_>) -> syntax::Parse {
    let read = |text| piece(db, Part::new(db, text));
    let skeleton = read(outline.skeleton());
    let chunks: Vec<_> = outline.chunks().map(read).collect();
    outline.assemble(skeleton, chunks)
}

/// The ids of the file's nodes, with positions; bounded like the trees.
#[salsa::tracked(returns(ref), no_eq, lru = 128)]
pub fn node_ids(db: &dyn Db, file: SourceFile) -> NodeIds {
    let parse = parse(db, file);
    let text = std::str::from_utf8(file.text(db)).unwrap_or_default();
    NodeIds::with(&parse.root(), |range, path| {
        let found = parse.chunks().binary_search_by_key(&range.start(), |chunk| chunk.start()).ok()?;
        // A file that was never edited keeps no parts.
        if parse.chunks()[found] != range || !file.edited(db) {
            return None;
        }
        let part = Part::new(db, text.get(usize::from(range.start())..usize::from(range.end()))?);
        inner_ids(db, Placed::new(db, part, path)).as_ref()
    })
}

/// Sets how many trees, and how many files' positions, are kept.
pub(crate) fn hold(db: &mut dyn Db, trees: usize) {
    parse::set_lru_capacity(db, trees);
    node_ids::set_lru_capacity(db, trees);
}

/// A part that is a clause, and the path of the clause; kept like [`Part`].
#[salsa::interned(revisions = REVISIONS)]
pub struct Placed<'db> {
    /// The clause.
    pub part: Part<'db>,
    /// Its path.
    pub path: NodePath,
}

/// The ids inside of a clause.
#[salsa::tracked(returns(ref), no_eq)]
pub fn inner_ids<'db>(db: &'db dyn Db, placed: Placed<'db>) -> Option<InnerIds> {
    InnerIds::of(&piece(db, *placed.part(db)).root(), *placed.path(db))
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
