//! The inputs: texts, and which of them make the project.

// The macros write undocumented accessors beside ours.
#![allow(missing_docs)]

use crate::Db;
use salsa::{Durability, Setter as _};
use wire::NodeId;

/// Whose file it is, and so how often it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody is editing it.
    Project,
    /// Below `deps/`: while only the project's files change, what was computed
    /// from it is not even looked at again.
    Dependency,
}

impl Origin {
    fn durability(self) -> Durability {
        match self {
            Self::Project => Durability::LOW,
            Self::Dependency => Durability::HIGH,
        }
    }
}

/// A source file.
#[salsa::input]
pub struct SourceFile {
    /// Path relative to the project's root, with `/`.
    #[returns(ref)]
    pub path: String,
    /// The content.
    #[returns(ref)]
    pub text: Vec<u8>,
    /// The ids of the clauses that this very text defines, when an earlier
    /// process has left them. Whoever sets a text sets this too.
    #[default]
    #[returns(ref)]
    pub remembered: Option<Vec<NodeId>>,
    /// Whether the text was ever exchanged, so that it may be again soon. It says
    /// how the file is read, never what comes of it.
    #[default]
    pub edited: bool,
}

impl SourceFile {
    /// A file that has yet to be added to the [`Layout`]. `remembered` are the
    /// ids that [`crate::defined`] would give for this text, if they are known.
    pub fn of(db: &dyn Db, origin: Origin, path: &str, text: Vec<u8>, remembered: Option<Vec<NodeId>>) -> Self {
        let builder = Self::builder(path.to_owned(), text).remembered(remembered);
        builder.durability(origin.durability()).new(db)
    }

    /// Gives the file another text; an equal one changes nothing.
    pub fn edit(self, db: &mut dyn Db, text: Vec<u8>) {
        if *self.text(db) == text {
            return;
        }
        self.set_text(db).to(text);
        if !self.edited(db) {
            self.set_edited(db).to(true);
        }
        if self.remembered(db).is_some() {
            self.set_remembered(db).to(None);
        }
    }
}

/// The files of the project and of its dependencies. A database has one.
#[salsa::input(singleton)]
pub struct Layout {
    /// The project's own, in the order of their paths.
    #[returns(ref)]
    pub files: Vec<SourceFile>,
    /// Those of its dependencies, in the order of their paths.
    #[returns(ref)]
    pub dependencies: Vec<SourceFile>,
}

impl Layout {
    /// The layout of a database that has no file yet.
    pub(crate) fn empty(db: &dyn Db) -> Self {
        Self::builder(Vec::new(), Vec::new()).dependencies_durability(Durability::HIGH).new(db)
    }

    /// Adds files.
    pub fn add(db: &mut dyn Db, origin: Origin, more: impl IntoIterator<Item = SourceFile>) {
        let layout = Self::get(db);
        let mut files = match origin {
            Origin::Project => layout.files(db).clone(),
            Origin::Dependency => layout.dependencies(db).clone(),
        };
        files.extend(more);
        files.sort_by(|a, b| a.path(db).cmp(b.path(db)));
        match origin {
            Origin::Project => layout.set_files(db).to(files),
            Origin::Dependency => layout.set_dependencies(db).to(files),
        };
    }

    /// Takes a file of the project away, and frees its text.
    pub fn remove(db: &mut dyn Db, file: SourceFile) {
        let layout = Self::get(db);
        let mut files = layout.files(db).clone();
        files.retain(|other| *other != file);
        layout.set_files(db).to(files);
        file.edit(db, Vec::new());
    }

    /// The project's file at `path`.
    pub fn file(db: &dyn Db, path: &str) -> Option<SourceFile> {
        let files = Self::get(db).files(db);
        let at = files.binary_search_by(|file| file.path(db).as_str().cmp(path)).ok()?;
        files.get(at).copied()
    }
}
