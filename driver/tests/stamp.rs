//! The stamp of the last run: nothing is done twice, and nothing is missed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use driver::{Project, Source};
use std::path::{Path, PathBuf};

fn project(text: &str) -> Project {
    Project::of_sources(vec![Source { path: "lib/a.ex".into(), text: text.into() }])
}

fn emitted(name: &str) -> (Project, PathBuf) {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It may not be there.
    let _ = std::fs::remove_dir_all(&out);
    let project = project("defmodule A do\n  def f, do: 1\nend\n");
    assert_eq!(driver::unchanged(&project, &out), None);
    driver::emit(&project, &driver::build(&project, &|| {}), &out).unwrap();
    (project, out)
}

#[test]
fn a_second_run_changes_nothing() {
    let (same, out) = emitted("same");
    let summary = driver::unchanged(&same, &out).unwrap();
    assert_eq!((summary.written, summary.clauses, summary.instrumented), (0, 1, 1));
}

#[test]
fn a_changed_source_is_noticed() {
    let (_, out) = emitted("source");
    assert_eq!(driver::unchanged(&project("defmodule A do\n  def f, do: 2\nend\n"), &out), None);
}

#[test]
fn a_touched_or_missing_output_is_noticed() {
    for name in ["src/lib/a.ex", "nodes.esmap", "plan.json", "report.term"] {
        let (same, out) = emitted("output");
        std::fs::write(out.join(name), "x").unwrap();
        assert_eq!(driver::unchanged(&same, &out), None, "{name} was overwritten");
        std::fs::remove_file(out.join(name)).unwrap();
        assert_eq!(driver::unchanged(&same, &out), None, "{name} was removed");
    }
}

#[test]
fn a_damaged_stamp_is_no_stamp() {
    let (same, out) = emitted("damaged");
    std::fs::write(out.join("cache/stamp.json"), "{").unwrap();
    assert_eq!(driver::unchanged(&same, &out), None);
}
