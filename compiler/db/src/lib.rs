//! The incremental database: source texts in, trees and node ids out.
//!
//! Owns: salsa inputs and queries, the derivation of node ids. It must never
//! know: which nodes get probes, what a probe looks like, where outputs go.
//! Algorithms are plain functions over plain types (`ids`); `queries` wires
//! them to salsa. Syntax trees hold no state across revisions: what is stored
//! is the green tree.
//!
//! ```
//! use db::{Layout, Origin, SourceFile};
//!
//! let mut db = db::Database::default();
//! let file = SourceFile::of(&db, Origin::Project, "lib/a.ex", b"defmodule A do\n  def f(x), do: x\nend".to_vec(), None);
//! Layout::add(&mut db, Origin::Project, [file]);
//! assert_eq!(db::clauses(&db, file)[0].function(), "A.f/1");
//! file.edit(&mut db, b"defmodule A do\n  def g(x), do: x\nend".to_vec());
//! assert_eq!(db::clauses(&db, file)[0].function(), "A.g/1");
//! ```

mod events;
mod ids;
mod input;
mod queries;

pub use events::{Event, Query};
pub use ids::{ClauseInfo, NodeIds, NodeInfo, NodePtr, Owner, node_label, resolve};
pub use input::{Layout, Origin, SourceFile};
pub use queries::{clauses, defined, disputed, lost, node_ids, parse};
pub use salsa::Cancelled;

/// What queries may ask of the database: nothing beyond salsa.
#[salsa::db]
pub trait Db: salsa::Database {}

/// The database of one process, holding one project. Cloning it gives another
/// handle on the same storage, for parallel work outside queries; a write
/// cancels the queries that clones are running ([`Cancelled`]), and waits until
/// every clone is dropped.
#[salsa::db]
#[derive(Clone)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

impl Database {
    /// A database that tells `observer` what it does, from whichever thread does it.
    pub fn observed(observer: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self::of(salsa::Storage::new(Some(Box::new(move |event| {
            if let Some(event) = Event::of(&event) {
                observer(event);
            }
        }))))
    }

    fn of(storage: salsa::Storage<Self>) -> Self {
        let db = Self { storage };
        Layout::empty(&db);
        db
    }

    /// Sets how many trees are kept, in the place of 128. Like a write, it cancels
    /// and awaits clones.
    pub fn hold(&mut self, trees: usize) {
        queries::hold(self, trees);
    }

    /// Drops the trees and positions beyond the bound. salsa only does so when a
    /// revision starts, and a cold build is one revision: it calls this between
    /// batches. Like a write, it cancels and awaits clones.
    pub fn evict(&mut self) {
        salsa::Database::trigger_lru_eviction(self);
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::of(salsa::Storage::default())
    }
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {}
