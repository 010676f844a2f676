//! Sessions: edits cancel snapshots, memory is bounded, threads change nothing.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use db::{Cancelled, Event, Layout};
use driver::{Project, Session, Source};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};

/// A project of `count` files, of which every tenth defines the same module.
fn project(count: usize) -> Project {
    let source = |n: usize| {
        let module = if n.is_multiple_of(10) { "Same".to_owned() } else { format!("M{n}") };
        let text = format!("defmodule {module} do\n  def f(x), do: g(x, {n})\n  def g(x, y), do: x + y\nend\n");
        Source { path: format!("lib/m{n:04}.ex"), text: text.into_bytes() }
    };
    Project::of_sources((0..count).map(source).collect())
}

/// Lets one thread run until its `stop_at`th query, and go on when a write is waiting.
struct Gate {
    stop_at: usize,
    /// Queries that ran, and whether a write is waiting.
    state: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Gate {
    fn observe(&self, event: Event) {
        let mut state = self.state.lock().unwrap();
        match event {
            Event::Ran(_) => state.0 += 1,
            Event::Cancelling => state.1 = true,
            Event::Kept(_) => {}
        }
        self.changed.notify_all();
        if state.0 == self.stop_at && matches!(event, Event::Ran(_)) {
            drop(self.changed.wait_while(state, |state| !state.1).unwrap());
        }
    }

    fn wait_until_reached(&self) {
        drop(self.changed.wait_while(self.state.lock().unwrap(), |state| state.0 < self.stop_at).unwrap());
    }
}

#[test]
fn an_edit_cancels_a_cold_build_on_a_snapshot() {
    let project = project(100);
    let gate = Arc::new(Gate { stop_at: 50, state: Mutex::default(), changed: Condvar::new() });
    let observer = Arc::clone(&gate);
    let mut session = Session::observed(&project, move |event| observer.observe(event));
    gate.state.lock().unwrap().1 = false; // opening was a write too
    let snapshot = session.snapshot();
    let worker = std::thread::spawn(move || snapshot.results());
    gate.wait_until_reached();
    let edited = Source { path: "lib/m0001.ex".into(), text: b"defmodule M1 do\nend\n".to_vec() };
    session.edit(edited.clone());
    assert!(matches!(worker.join().unwrap(), Err(Cancelled::PendingWrite)));
    assert_eq!(gate.state.lock().unwrap().0, 50, "no query began after the edit");
    let mut sources = project.sources;
    sources[1] = edited;
    let fresh = driver::build(&Project::of_sources(sources), &|| {}).files;
    assert_eq!(session.snapshot().results().unwrap(), fresh);
}

/// How often a cold build of 600 files of so many bytes reads one, at most how many
/// it reads between two writes, and how many trees are in memory in the end.
fn cold_build(bytes: usize) -> (usize, usize, usize) {
    let (sender, events) = channel();
    let mut project = project(600);
    for source in &mut project.sources {
        let comment = "#".repeat(bytes.saturating_sub(source.text.len()));
        source.text.extend(comment.as_bytes());
    }
    let mut session = Session::observed(&project, move |event| {
        // The receiver may be gone by the time the session is dropped.
        let _ = sender.send(event);
    });
    session.build(&|| {});
    // Each write drops what is beyond the bound, so what matters is the batch between two.
    let mut batches = vec![0];
    for event in events.try_iter() {
        match event {
            Event::Cancelling => batches.push(0),
            Event::Ran(query) if query.describe(session.db()).starts_with("parse ") => {
                *batches.last_mut().unwrap() += 1
            }
            Event::Ran(_) | Event::Kept(_) => {}
        }
    }
    for file in Layout::get(session.db()).files(session.db()) {
        db::parse(session.db(), *file);
    }
    let again = events.try_iter().filter(|event| matches!(event, Event::Ran(_))).count();
    (batches.iter().sum(), batches.into_iter().max().unwrap(), 600 - again)
}

#[test]
fn a_cold_build_holds_a_bounded_number_of_trees() {
    // 16 MiB of text are 256 such files.
    let (parsed, at_once, held) = cold_build(64 << 10);
    assert!((1200 - 256 - 128..1200 - 256 + 60).contains(&parsed), "what was dropped is read again: {parsed}");
    assert!(at_once <= 128 && held <= 256 + 128, "{at_once}, {held} trees");
}

#[test]
fn a_cold_build_of_small_files_reads_each_once() {
    let (parsed, at_once, held) = cold_build(0);
    assert_eq!(parsed, 600);
    assert!(at_once <= 128 && held == 600, "{at_once}, {held} trees");
}

/// Every file below `folder`.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(contents(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else {
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let project = project(300);
    let outputs = [1, 4].map(|threads| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("threads-{threads}"));
        // It may not be there.
        let _ = std::fs::remove_dir_all(&out);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let built = pool.install(|| driver::build(&project, &|| {}));
        driver::emit(&project, &built, &out).unwrap();
        std::fs::remove_dir_all(out.join("cache")).unwrap(); // holds times
        contents(&out)
    });
    assert_eq!(outputs[0].len(), 300 + 3);
    assert!(outputs[0] == outputs[1]);
}
