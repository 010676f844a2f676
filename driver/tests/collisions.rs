//! Modules of one name in several files: each has probes, with ids of its own.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use driver::{Outcome, Project, Session, Source, Wanted};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Modules that several files define, in the shapes a build meets.
fn claims() -> Vec<Source> {
    let alike = "defmodule A do\n  def f(x), do: g(x) || h(x)\nend\n";
    let text = |text: &str| text.replace("A", "Same");
    let source = |path: &str, text: String| Source { path: path.into(), text: text.into_bytes() };
    vec![
        source("lib/alike.ex", text(alike)),
        source("lib/alone.ex", alike.replace("A", "Alone")),
        source("lib/same.ex", text(alike)),
        source("lib/test.ex", text(&format!("if Mix.env() == :test do\n{alike}end\n"))),
        source("lib/unlike.ex", text("defmodule A do\n  def f(x), do: h(x)\n  def own, do: 1\nend\n")),
    ]
}

#[test]
fn every_file_has_ids_of_its_own_and_map_and_plan_agree() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("claims");
    let project = Project::of_sources(claims());
    let built = driver::build(&project, &|| {});
    driver::emit(&project, &built, &out).unwrap();
    let map = wire::NodeMap::open(std::fs::read(out.join("nodes.esmap")).unwrap()).unwrap();
    let plan: wire::Plan = serde_json::from_slice(&std::fs::read(out.join("plan.json")).unwrap()).unwrap();
    assert_eq!((plan.clauses.len(), plan.refusals.len()), (6, 0));
    for clause in &plan.clauses {
        let node = map.get(wire::NodeId::from_raw(clause.node).unwrap()).unwrap();
        assert_eq!((node.file, node.line), (clause.file.as_str(), clause.line));
    }
    let mut seen = BTreeSet::new();
    for file in &built.files {
        let Outcome::Instrumented(done) = &file.outcome else { panic!("{} has no probes", file.path) };
        for site in &done.sites {
            assert!(seen.insert(site.id), "{}: {} is taken", file.path, site.id);
            assert!(done.text.contains(&format!("({}", site.id)));
            assert_eq!(map.get(site.id).unwrap().file, file.path);
        }
    }
    // What `elixirscope nodes` lists are the same ids.
    let listed: BTreeSet<_> = driver::nodes(&project).files.iter().flat_map(|file| &file.nodes).map(|n| n.id).collect();
    assert!(seen.is_subset(&listed));
}

#[test]
fn the_order_of_the_input_and_of_edits_is_no_matter() {
    let whole = driver::build(&Project::of_sources(claims()), &|| {}).files;
    let reversed = Project::of_sources(claims().into_iter().rev().collect());
    assert_eq!(driver::build(&reversed, &|| {}).files, whole);
    for turn in 0..claims().len() {
        let mut order = claims();
        order.rotate_left(turn);
        let mut session = Session::open(&Project::default());
        for source in order {
            session.edit(source);
            session.snapshot().results().unwrap();
        }
        assert_eq!(session.snapshot().results().unwrap(), whole);
    }
}

#[test]
fn only_a_file_that_loses_an_id_changes() {
    let results = |without: &str| {
        let sources = claims().into_iter().filter(|source| source.path != without).collect();
        let files = driver::build(&Project::of_sources(sources), &|| {}).files;
        files.into_iter().map(|file| (file.path.clone(), file)).collect::<BTreeMap<_, _>>()
    };
    let check = |path: &str, expected: &[&str]| {
        let (before, after) = (results(path), results(""));
        let changed = before.iter().filter(|(path, file)| after[*path] != **file).map(|(path, _)| path.as_str());
        assert_eq!(changed.collect::<Vec<_>>(), expected, "after {path} was added");
    };
    check("lib/alone.ex", &[]);
    check("lib/unlike.ex", &[]);
    check("lib/test.ex", &["lib/unlike.ex"]);
    check("lib/alike.ex", &["lib/same.ex", "lib/test.ex", "lib/unlike.ex"]);
}

#[test]
fn a_clause_can_be_chosen_in_the_file_that_lost_its_id() {
    let mut session = Session::open(&Project::of_sources(claims()));
    let second = session.snapshot().result("lib/same.ex").unwrap().unwrap();
    session.choose(Wanted::Only(second.defined.iter().copied().collect()));
    let results = session.snapshot().results().unwrap();
    let probed: Vec<_> =
        results.iter().filter(|file| !file.clauses.is_empty()).map(|file| file.path.as_str()).collect();
    assert_eq!(probed, ["lib/same.ex"]);
}
