//! What runs again after an edit, what is looked at and kept, and what is not
//! even looked at. The lists stand in `incremental/`; to accept a change:
//! `INSTA_UPDATE=always cargo test -p elixirscope-driver`, then read the diff.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use db::Event;
use driver::{Project, Session, Source, Wanted};
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, channel};

const CART: &str = "defmodule Cart do\n  def total(items), do: sum(items)\n  defp sum(items), do: length(items)\nend\n";
const USER: &str =
    "defmodule User do\n  def new do\n    %{name: nil}\n  end\n\n  def name(user) do\n    user.name\n  end\nend\n";

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.into() }
}

/// A session, asked once, and what its database did since.
struct Watched {
    session: Session,
    events: Receiver<Event>,
}

impl Watched {
    fn open(sources: Vec<Source>) -> Self {
        let (sender, events) = channel();
        let project = Project::of_sources(sources);
        let session = Session::observed(&project, move |event| {
            // The receiver may be gone by the time the session is dropped.
            let _ = sender.send(event);
        });
        session.snapshot().results().unwrap();
        Self { session, events }
    }

    /// The queries that ran, and those that were kept, since the last call.
    fn since(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut ran, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for event in self.events.try_iter() {
            match event {
                Event::Ran(query) => ran.insert(query.describe(self.session.db())),
                Event::Kept(query) => kept.insert(query.describe(self.session.db())),
                Event::Cancelling => false,
            };
        }
        (ran, kept)
    }
}

/// Asks for everything after `edit` of a project of two files, and compares what
/// that took with the snapshot `name`.
#[track_caller]
fn check(name: &str, edit: impl FnOnce(&mut Session)) {
    check_in(two_files(), name, |_| (), edit);
}

/// The same, when there was a first edit: a file that was edited once is read in parts.
#[track_caller]
fn check_after(name: &str, first: impl FnOnce(&mut Session), edit: impl FnOnce(&mut Session)) {
    check_in(two_files(), name, first, edit);
}

fn two_files() -> Vec<Source> {
    vec![source("lib/cart.ex", CART), source("lib/user.ex", USER)]
}

/// The same for the project of `sources`.
#[track_caller]
fn check_in(sources: Vec<Source>, name: &str, first: impl FnOnce(&mut Session), edit: impl FnOnce(&mut Session)) {
    let mut watched = Watched::open(sources);
    first(&mut watched.session);
    watched.session.snapshot().results().unwrap();
    let (known, _) = watched.since();
    edit(&mut watched.session);
    watched.session.snapshot().results().unwrap();
    let (ran, kept) = watched.since();
    let idle = known.into_iter().filter(|query| !ran.contains(query) && !kept.contains(query)).collect();
    let lists = [("ran", ran), ("kept", kept), ("not looked at", idle)];
    let lines = |(title, queries): (&str, BTreeSet<String>)| {
        let lines: String = queries.iter().map(|query| format!("  {query}\n")).collect();
        format!("{title}:\n{lines}")
    };
    let shown: String = lists.into_iter().map(lines).collect();
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("incremental");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn a_comment_above_a_module() {
    check("comment", |session| session.edit(source("lib/cart.ex", &format!("# The cart.\n\n{CART}"))));
}

#[test]
fn a_keystroke_inside_a_body() {
    check("keystroke", |session| {
        session.edit(source("lib/cart.ex", &CART.replace("length(items)", "length(items) + 1")))
    });
}

#[test]
fn another_keystroke_inside_a_body() {
    let typed = |what: &str| source("lib/user.ex", &USER.replace("user.name", what));
    check_after(
        "another-keystroke",
        |session| session.edit(typed("user.names")),
        |session| session.edit(typed("user.")),
    );
}

#[test]
fn a_renamed_function() {
    check("renamed", |session| session.edit(source("lib/cart.ex", &CART.replace("total", "sum_of"))));
}

#[test]
fn a_new_file() {
    check("new-file", |session| session.edit(source("lib/shop.ex", "defmodule Shop do\n  def open, do: true\nend\n")));
}

#[test]
fn a_removed_file() {
    check("removed-file", |session| session.remove("lib/user.ex"));
}

#[test]
fn a_changed_plan() {
    check("changed-plan", |session| {
        let result = session.snapshot().result("lib/cart.ex").unwrap().unwrap();
        let user = session.snapshot().result("lib/user.ex").unwrap().unwrap();
        let wanted = result.defined.iter().take(1).chain(&user.defined).copied();
        session.choose(Wanted::Only(wanted.collect()));
    });
}

#[test]
fn a_second_module_of_the_same_name() {
    check("disputed", |session| session.edit(source("lib/again.ex", USER)));
}

#[test]
fn a_keystroke_in_the_first_of_two_modules_of_the_same_name() {
    let sources = vec![source("lib/again.ex", USER), source("lib/user.ex", USER)];
    check_in(
        sources,
        "keystroke-disputed",
        |_| (),
        |session| session.edit(source("lib/again.ex", &USER.replace("user.name", "user.full_name"))),
    );
}

const LOGIN: &str = "defmodule Login do\n  def name(user), do: User.name(user)\nend\n";

/// The project, with a file whose tail call goes to another one.
fn with_a_tail_call() -> Vec<Source> {
    vec![source("lib/cart.ex", CART), source("lib/login.ex", LOGIN), source("lib/user.ex", USER)]
}

#[test]
fn a_keystroke_in_a_function_that_is_tail_called_from_another_file() {
    check_in(
        with_a_tail_call(),
        "keystroke-called",
        |_| (),
        |session| session.edit(source("lib/user.ex", &USER.replace("user.name", "user.full_name"))),
    );
}

#[test]
fn a_tail_call_that_closes_a_cycle() {
    check_in(
        with_a_tail_call(),
        "cycle",
        |_| (),
        |session| session.edit(source("lib/user.ex", &USER.replace("user.name", "Login.name(user)"))),
    );
}

#[test]
fn the_same_text_again() {
    check("same-text", |session| session.edit(source("lib/cart.ex", CART)));
}
