//! `elixirscope instrument` and `preview`: what they print, and how they end.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SOURCE: &str = "defmodule A do\n  def f(x), do: x\n\n  def g(y) do\n    y\n  end\nend\n";

/// A Mix project of its own with one source.
fn project(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It may not be there.
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(dir.join("lib")).unwrap();
    std::fs::write(dir.join("mix.exs"), "").unwrap();
    std::fs::write(dir.join("lib/a.ex"), SOURCE).unwrap();
    dir
}

/// Runs the command in the project's folder.
fn run(project: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_elixirscope"));
    command.args(arguments).current_dir(project).env_remove("NO_COLOR").output().unwrap()
}

/// Exit code, standard output, standard error.
fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn plan(project: &Path) -> serde_json::Value {
    let plan = std::fs::read(project.join("_build/dev/elixir_scope/plan.json")).unwrap();
    serde_json::from_slice(&plan).unwrap()
}

#[test]
fn the_plan_that_was_carried_out_is_written() {
    let dir = project("plan-json");
    std::fs::write(dir.join("p.toml"), "strategy = \"full\"\n[[rules]]\nfunctions = \"A.g\"\nstrategy = \"none\"\n")
        .unwrap();
    let strengths = |arguments: &[&str]| {
        let (code, out, err) = told(&run(&dir, &[&["instrument", "."], arguments].concat()));
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        let plan = plan(&dir);
        let clauses = plan["clauses"].as_array().unwrap().iter();
        clauses.map(|one| format!("{} {} {}", one["function"], one["strength"], one["reason"])).collect::<Vec<_>>()
    };
    let f = |strength: &str| format!("\"A.f/1\" \"{strength}\" \"named_function\"");
    let g = |strength: &str| format!("\"A.g/1\" \"{strength}\" \"named_function\"");
    assert_eq!(strengths(&[]), [f("boundaries"), g("boundaries")]);
    assert_eq!(strengths(&["--strategy", "balanced"]), [f("branches"), g("branches")]);
    assert_eq!(strengths(&["--plan", "p.toml"]), [f("values")]);
    assert_eq!(plan(&dir)["refusals"][0]["why"], "rule 1 of the plan");
    assert_eq!(strengths(&["--plan", "p.toml", "--strategy", "minimal"]), [f("boundaries")], "the flag is stronger");
    assert_eq!(strengths(&["--exclude", "lib/*.ex"]), [""; 0]);
    let written = std::fs::read_dir(dir.join("_build/dev/elixir_scope/src")).unwrap().count();
    assert_eq!(written, 1, "the folder lib");
    assert!(!dir.join("_build/dev/elixir_scope/src/lib/a.ex").exists());
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_would_be_right() {
    let dir = project("wrong");
    std::fs::write(dir.join("wrong.toml"), "\nstrategie = \"full\"\n").unwrap();
    std::fs::write(dir.join("vain.toml"), "[[rules]]\nfunctions = \"B\"\nstrategy = \"full\"\n").unwrap();
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let (found, out, err) = told(&run(&dir, arguments));
        assert!(found == code && (err.contains(expected) || out.contains(expected)), "{found} {out} {err}");
    };
    check(&["instrument", ".", "--plan", "wrong.toml"], 2, "wrong.toml:2: unknown key `strategie`, did you mean");
    check(&["instrument", ".", "--plan", "none.toml"], 2, "cannot read none.toml: No such file");
    check(&["instrument", ".", "--strategy", "ful"], 2, "similar value exists: 'full'");
    check(&["instrument", ".", "--probe-module", "a b"], 2, "`a b` is no module's name; write it as in");
    check(&["instrument", "lib"], 2, "lib is no Mix project");
    check(&["instrument", ".", "--plan", "vain.toml"], 0, "warning: vain.toml:1: no function of the project is named");
    check(&["preview", "lib/b.ex"], 2, "cannot read lib/b.ex");
    check(&["preview", "lib/a.ex", "--plan", "wrong.toml"], 2, "wrong.toml:2: unknown key");
}

#[test]
fn a_preview_is_the_text_or_a_diff() {
    let dir = project("preview");
    let (code, text, _) = told(&run(&dir, &["preview", "lib/a.ex"]));
    assert_eq!((code, text.lines().count()), (0, SOURCE.lines().count()));
    assert!(text.contains(":scope_probe.enter("));
    let (code, diff, _) = told(&run(&dir, &["preview", "lib/a.ex", "--diff", "--strategy", "full"]));
    assert_eq!(code, 0);
    assert!(diff.starts_with("--- lib/a.ex\n+++ lib/a.ex\n@@"), "{diff}");
    std::fs::write(dir.join("p.toml"), "[[points]]\nfile = \"lib/a.ex\"\nline = 99\ncapture = [\"y\"]\n").unwrap();
    let (code, _, err) = told(&run(&dir.join("lib"), &["preview", "a.ex", "--plan", "../p.toml"]));
    assert_eq!(code, 0);
    assert!(err.starts_with("warning: ../p.toml:1: nothing is captured at lib/a.ex:99: "), "{err}");
    std::fs::write(dir.join("lib/b.ex"), "defmodule B do\n  def f(\n").unwrap();
    let (code, out, err) = told(&run(&dir, &["preview", "lib/b.ex"]));
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("warning: lib/b.ex:"), "{err}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let dir = project("unwritable");
    std::fs::write(dir.join("file"), "").unwrap();
    let (code, _, err) = told(&run(&dir, &["instrument", ".", "--out", "file/out"]));
    assert_eq!(code, 2);
    assert!(err.starts_with("error: cannot write file/out"), "{err}");
}

#[test]
fn a_project_without_sources_is_an_empty_one() {
    let dir = project("empty");
    std::fs::remove_dir_all(dir.join("lib")).unwrap();
    let (code, out, err) = told(&run(&dir, &["instrument", "."]));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("0 clauses in 0 files instrumented"), "{out}");
}
