//! While only the project is edited, dependencies are not looked at; and trees
//! that were dropped come back.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use db::{Database, Event, Layout, Origin, SourceFile};
use std::sync::mpsc::{Receiver, channel};

const TEXT: &[u8] = b"defmodule A do\n  def f(x), do: x\nend\n";

fn watched() -> (Database, Receiver<Event>) {
    let (sender, events) = channel();
    let observer = move |event| {
        // The receiver may be gone by the time the database is dropped.
        let _ = sender.send(event);
    };
    (Database::observed(observer), events)
}

/// `+` before queries that ran, `=` before those that were looked at and kept.
fn since(db: &Database, events: &Receiver<Event>) -> Vec<String> {
    let line = |event| match event {
        Event::Ran(query) => Some(format!("+ {}", query.describe(db))),
        Event::Kept(query) => Some(format!("= {}", query.describe(db))),
        Event::Cancelling => None,
    };
    events.try_iter().filter_map(line).collect()
}

fn add(db: &mut Database, origin: Origin, path: &str) -> SourceFile {
    let file = SourceFile::of(db, origin, path, TEXT.to_vec(), None);
    Layout::add(db, origin, [file]);
    file
}

#[test]
fn an_edit_of_the_project_does_not_look_below_dependencies() {
    let (mut db, events) = watched();
    let own = add(&mut db, Origin::Project, "lib/own.ex");
    let other = add(&mut db, Origin::Project, "lib/other.ex");
    let dependency = add(&mut db, Origin::Dependency, "deps/a/lib/a.ex");
    for file in [own, other, dependency] {
        db::clauses(&db, file);
    }
    since(&db, &events);
    own.edit(&mut db, b"defmodule B do\nend\n".to_vec());
    db::clauses(&db, other);
    assert_eq!(since(&db, &events), ["= parse lib/other.ex", "= node_ids lib/other.ex", "= clauses lib/other.ex"]);
    db::clauses(&db, dependency);
    assert_eq!(since(&db, &events), ["= clauses deps/a/lib/a.ex"]);
}

#[test]
fn an_edit_of_a_dependency_is_noticed() {
    let (mut db, events) = watched();
    let dependency = add(&mut db, Origin::Dependency, "deps/a/lib/a.ex");
    db::clauses(&db, dependency);
    since(&db, &events);
    dependency.edit(&mut db, b"defmodule B do\nend\n".to_vec());
    assert!(db::clauses(&db, dependency).is_empty());
    let again = ["parse", "node_ids", "clauses"].map(|query| format!("+ {query} deps/a/lib/a.ex"));
    assert_eq!(since(&db, &events), again);
}

#[test]
fn what_was_remembered_is_not_derived_and_an_edit_forgets_it() {
    let (mut db, events) = watched();
    let first = add(&mut db, Origin::Project, "lib/a.ex");
    let ids = db::defined(&db, first).clone();
    since(&db, &events);
    let second = SourceFile::of(&db, Origin::Project, "lib/b.ex", TEXT.to_vec(), Some(ids.clone()));
    Layout::add(&mut db, Origin::Project, [second]);
    assert_eq!((db::defined(&db, second), since(&db, &events)), (&ids, vec!["+ defined lib/b.ex".to_owned()]));
    second.edit(&mut db, b"defmodule B do\nend\n".to_vec());
    assert!(db::defined(&db, second).is_empty());
}

#[test]
fn trees_beyond_the_bound_are_dropped_and_parsed_again_when_asked_for() {
    let (mut db, events) = watched();
    let files: Vec<_> = (0..200).map(|n| add(&mut db, Origin::Project, &format!("lib/{n:03}.ex"))).collect();
    let parses = |db: &Database| since(db, &events).iter().filter(|line| line.starts_with("+ parse")).count();
    let ask = |db: &Database| files.iter().for_each(|file| drop(db::parse(db, *file).root()));
    ask(&db);
    assert_eq!(parses(&db), 200);
    ask(&db);
    assert_eq!(parses(&db), 0, "within a revision nothing is dropped");
    db.evict();
    files[72..].iter().for_each(|file| drop(db::parse(&db, *file).root()));
    assert_eq!(parses(&db), 0, "the 128 used last are kept");
    ask(&db);
    assert_eq!(parses(&db), 72);
}
