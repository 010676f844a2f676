//! The incremental database: source texts in, trees and node ids out.
//!
//! Owns: salsa inputs and queries, the derivation of node ids. It must never
//! know: which nodes get probes, what a probe looks like, where outputs go.
//! Algorithms are plain functions over plain types (`ids`); only this file
//! wires them to salsa. Syntax trees hold no state across revisions: what is
//! stored is the green tree.
//!
//! ```
//! let db = db::Database::default();
//! let file = db::SourceFile::new(&db, "lib/a.ex".into(), b"defmodule A do\n  def f(x), do: x\nend".to_vec());
//! let ids = db::node_ids(&db, file);
//! assert_eq!(ids.clauses()[0].function(), "A.f/1");
//! ```

mod ids;

pub use ids::{ClauseInfo, NodeIds, NodePtr};

/// What queries may ask of the database: nothing beyond salsa.
#[salsa::db]
pub trait Db: salsa::Database {}

/// The database of one process. Cloning it gives another handle on the same
/// storage, for parallel work outside queries.
#[salsa::db]
#[derive(Default, Clone)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {}

// The macro writes undocumented accessors beside ours.
#[allow(missing_docs)]
mod input {
    /// A source file: its path relative to the project, and its bytes.
    #[salsa::input]
    pub struct SourceFile {
        /// Path relative to the project's root, with `/`.
        #[returns(ref)]
        pub path: String,
        /// The content.
        #[returns(ref)]
        pub text: Vec<u8>,
    }
}

pub use input::SourceFile;

/// The file's tree. Never compared: every text has its own tree, and the
/// queries below are the firewalls.
#[salsa::tracked(returns(ref), no_eq)]
pub fn parse(db: &dyn Db, file: SourceFile) -> syntax::Parse {
    syntax::parse(file.text(db))
}

/// The ids of the file's nodes, with positions.
#[salsa::tracked(returns(ref))]
pub fn node_ids(db: &dyn Db, file: SourceFile) -> NodeIds {
    NodeIds::of(&parse(db, file).root())
}

/// The position-free half of [`node_ids`]: the clauses a file defines. An edit
/// inside a body leaves it equal, so nothing that depends on it runs again.
#[salsa::tracked(returns(ref))]
pub fn clauses(db: &dyn Db, file: SourceFile) -> Vec<ClauseInfo> {
    node_ids(db, file).clauses().to_vec()
}
