//! What the database did: which queries ran, and which results were kept.

use crate::queries::{Part, Placed};
use crate::{Database, Layout};
use salsa::Database as _;
use salsa::plumbing::{AsId as _, FromId as _};

/// One query of one file, or of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Query(salsa::DatabaseKeyIndex);

impl Query {
    /// The query's name, and the path of its file: `parse lib/a.ex`; of a part of
    /// one, its first line: `piece def f(x) do`.
    pub fn describe(self, db: &Database) -> String {
        let name = db.ingredient_debug_name(self.0.ingredient_index());
        let part = match &*name {
            "piece" => Some(Part::from_id(self.0.key_index())),
            "inner_ids" => Some(*Placed::from_id(self.0.key_index()).part(db)),
            _ => None,
        };
        if let Some(part) = part {
            return format!("{name} {}", part.text(db).lines().next().unwrap_or_default());
        }
        let layout = Layout::get(db);
        let mut files = layout.files(db).iter().chain(layout.dependencies(db));
        match files.find(|file| file.as_id() == self.0.key_index()) {
            Some(file) => format!("{name} {}", file.path(db)),
            None => name.into_owned(),
        }
    }
}

/// Something the database did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The query is about to run.
    Ran(Query),
    /// The query was looked at in a new revision, and its last result holds.
    Kept(Query),
    /// A write waits for all clones; what they compute is being cancelled.
    Cancelling,
}

impl Event {
    pub(crate) fn of(event: &salsa::Event) -> Option<Self> {
        match event.kind {
            salsa::EventKind::WillExecute { database_key } => Some(Self::Ran(Query(database_key))),
            salsa::EventKind::DidValidateMemoizedValue { database_key } => Some(Self::Kept(Query(database_key))),
            salsa::EventKind::DidSetCancellationFlag => Some(Self::Cancelling),
            _ => None,
        }
    }
}
