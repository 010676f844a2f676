//! A project held in memory between edits.

use crate::build::Built;
use crate::draft::{Digest, Draft};
use crate::file_result::FileResult;
use crate::queries::{self, Choice, Remembered, Wanted};
use crate::{Project, Source};
use db::{Cancelled, Database, Layout, Origin, SourceFile};
use rayon::prelude::*;
use salsa::Setter as _;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// Files worked on between two evictions: what bounds the trees in memory
/// beside the database's own bound.
const BATCH: usize = 128;

/// Bytes of text whose trees are in memory at once, where that is more than
/// [`BATCH`] files: a cold build looks at each tree twice, and reads the file again
/// if its tree is gone.
const HELD: usize = 16 << 20;

/// A project held in memory: every edit asks for as little as it changed.
pub struct Session {
    db: Database,
    drafts: Drafts,
}

/// Drafts of an earlier process, for files that were not edited since.
type Drafts = Arc<HashMap<SourceFile, Arc<Draft>>>;

impl Session {
    /// Opens a project of which nothing is known yet.
    pub fn open(project: &Project) -> Self {
        Self::with(Database::default(), project, &[])
    }

    /// Opens a project whose database tells `observer` what it does.
    pub fn observed(project: &Project, observer: impl Fn(db::Event) + Send + Sync + 'static) -> Self {
        Self::with(Database::observed(observer), project, &[])
    }

    /// Opens a project; `drafts` are those an earlier process left, one for each
    /// source or none.
    pub(crate) fn recalling(project: &Project, drafts: &[Option<Arc<Draft>>]) -> Self {
        Self::with(Database::default(), project, drafts)
    }

    fn with(mut db: Database, project: &Project, known: &[Option<Arc<Draft>>]) -> Self {
        Choice::new(&db, Wanted::All, project.settings.clone());
        let mut drafts = HashMap::new();
        let mut files = Vec::new();
        for (at, source) in project.sources.iter().enumerate() {
            let draft = known.get(at).cloned().flatten();
            let ids = draft.as_ref().map(|draft| draft.result.defined.clone());
            let file = SourceFile::of(&db, Origin::Project, &source.path, source.text.clone(), ids);
            drafts.extend(draft.map(|draft| (file, draft)));
            files.push(file);
        }
        Layout::add(&mut db, Origin::Project, files);
        let bytes: usize = project.sources.iter().map(|source| source.text.len()).sum();
        db.hold((HELD * project.sources.len()).checked_div(bytes).unwrap_or_default().max(BATCH));
        Remembered::new(&db, drafts.iter().map(|(file, draft)| (*file, draft.facts.clone())).collect());
        Self { db, drafts: Arc::new(drafts) }
    }

    /// The database, to ask it for more than results.
    pub fn db(&self) -> &Database {
        &self.db
    }

    /// Gives a file another text, or adds it. Cancels what snapshots compute.
    pub fn edit(&mut self, source: Source) {
        match Layout::file(&self.db, &source.path) {
            Some(file) => {
                file.edit(&mut self.db, source.text);
                Arc::make_mut(&mut self.drafts).remove(&file);
            }
            None => {
                let file = SourceFile::of(&self.db, Origin::Project, &source.path, source.text, None);
                Layout::add(&mut self.db, Origin::Project, [file]);
            }
        }
    }

    /// Takes a file away. Cancels what snapshots compute.
    pub fn remove(&mut self, path: &str) {
        if let Some(file) = Layout::file(&self.db, path) {
            Layout::remove(&mut self.db, file);
            Arc::make_mut(&mut self.drafts).remove(&file);
        }
    }

    /// Changes what is instrumented. Cancels what snapshots compute.
    pub fn choose(&mut self, wanted: Wanted) {
        let choice = Choice::get(&self.db);
        choice.set_wanted(&mut self.db).to(wanted);
        self.drafts = Drafts::default();
    }

    /// A handle for one thread, to read while others read. Edits wait until it
    /// is dropped.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { db: self.db.clone(), drafts: self.drafts.clone() }
    }

    /// What the next process may want to know of every file, in the order of
    /// their paths.
    pub(crate) fn drafts(&self) -> Vec<Arc<Draft>> {
        let snapshot = self.snapshot();
        Layout::get(&self.db).files(&self.db).iter().map(|file| snapshot.kept(*file)).collect()
    }

    /// Every file, once the facts of all are known, which every draft needs.
    fn gather(&mut self) -> Vec<SourceFile> {
        let files = Layout::get(&self.db).files(&self.db).clone();
        for batch in files.chunks(BATCH) {
            for_each(&self.snapshot(), batch, &|snapshot, file| {
                queries::facts(&snapshot.db, file);
            });
            self.db.evict();
        }
        files
    }

    /// Builds one file as all would be; none when there is no such file.
    pub fn build_one(&mut self, path: &str) -> Option<Arc<FileResult>> {
        self.gather();
        Layout::file(&self.db, path).map(|file| self.snapshot().settled(file))
    }

    /// Builds every file, in parallel, with a bounded number of trees in memory;
    /// `on_file` is called once for each file done.
    pub fn build(&mut self, on_file: &(dyn Fn() + Sync)) -> Built {
        let files = self.gather();
        // Backwards: the trees of the last files are still there.
        for batch in files.chunks(BATCH).rev() {
            for_each(&self.snapshot(), batch, &|snapshot, file| {
                snapshot.draft(file);
                on_file();
            });
            self.db.evict();
        }
        let results = for_each(&self.snapshot(), &files, &|snapshot, file| snapshot.settled(file));
        Built { files: results }
    }
}

/// A session as it was at one moment.
#[derive(Clone)]
pub struct Snapshot {
    db: Database,
    drafts: Drafts,
}

impl Snapshot {
    /// The result for one file; none when there is no such file.
    ///
    /// # Errors
    /// When an edit came before the result.
    pub fn result(&self, path: &str) -> Result<Option<Arc<FileResult>>, Cancelled> {
        self.cancellable(|| Layout::file(&self.db, path).map(|file| self.settled(file)))
    }

    /// The results for all files, in order of their paths, on this thread.
    ///
    /// # Errors
    /// When an edit came before the last of them.
    pub fn results(&self) -> Result<Vec<Arc<FileResult>>, Cancelled> {
        let files = Layout::get(&self.db).files(&self.db);
        self.cancellable(|| files.iter().map(|file| self.settled(*file)).collect())
    }

    fn cancellable<R>(&self, work: impl FnOnce() -> R) -> Result<R, Cancelled> {
        // Sound: salsa unwinds between queries, and nothing here is changed by reading.
        Cancelled::catch(AssertUnwindSafe(work))
    }

    /// What an earlier process left for the file, if the file is told the same of
    /// the rest of the project.
    fn recalled(&self, file: SourceFile) -> Option<&Arc<Draft>> {
        let draft = self.drafts.get(&file)?;
        (draft.around == self.around(file)).then_some(draft)
    }

    fn around(&self, file: SourceFile) -> Digest {
        Digest::of(queries::surroundings(&self.db, file))
    }

    /// What an earlier process left for the file, else the query's result.
    pub(crate) fn draft(&self, file: SourceFile) -> Arc<FileResult> {
        let recalled = self.recalled(file).map(|draft| draft.result.clone());
        recalled.unwrap_or_else(|| queries::draft(&self.db, file))
    }

    fn kept(&self, file: SourceFile) -> Arc<Draft> {
        self.recalled(file).cloned().unwrap_or_else(|| {
            let facts = queries::facts(&self.db, file).clone();
            Arc::new(Draft { facts, around: self.around(file), result: queries::draft(&self.db, file) })
        })
    }

    fn settled(&self, file: SourceFile) -> Arc<FileResult> {
        if db::lost(&self.db, file).is_empty() { self.draft(file) } else { queries::renumbered(&self.db, file) }
    }
}

/// Runs `work` for each item, on a clone per job; results come in the order of
/// the items.
fn for_each<R: Send>(
    snapshot: &Snapshot,
    files: &[SourceFile],
    work: &(dyn Fn(&Snapshot, SourceFile) -> R + Sync),
) -> Vec<R> {
    files.par_iter().map_with(snapshot.clone(), |snapshot, file| work(snapshot, *file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recalled_is_used_until_something_changes_it() {
        let source = |text: &str| Source { path: "lib/a.ex".into(), text: text.into() };
        let project = Project::of_sources(vec![source("defmodule A do\n  def f, do: 1\nend\n")]);
        let mut lie = Draft::clone(&Session::open(&project).drafts()[0]);
        Arc::make_mut(&mut lie.result).path = "a lie".into();
        let open = || Session::recalling(&project, &[Some(Arc::new(lie.clone()))]);
        let path =
            |session: &Session| session.snapshot().result("lib/a.ex").map(|found| found.map(|one| one.path.clone()));
        let check = |change: &dyn Fn(&mut Session), expected: Option<&str>| {
            let mut session = open();
            change(&mut session);
            assert_eq!(path(&session).unwrap().as_deref(), expected);
        };
        check(&|_| (), Some("a lie"));
        check(&|session| session.edit(source("defmodule A do\nend\n")), Some("lib/a.ex"));
        check(&|session| session.choose(Wanted::Only(Default::default())), Some("lib/a.ex"));
        check(&|session| session.remove("lib/a.ex"), None);
    }
}
