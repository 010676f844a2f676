//! `elixirscope instrument --check`: snapshots that are equal, changed, missing, stale.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const CLEAN: &str = "defmodule Clean do\nend\n";
const FIRST: &str = "defmodule First do\n  def f(x), do: x\nend\n";
const SECOND: &str = "defmodule Second do\n  def f(x), do: x\n  def g, do: binding()\nend\n";

/// A Mix project of its own, with a folder of snapshots beside its sources.
struct Project(PathBuf);

impl Project {
    fn new(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check").join(name);
        // It may not be there.
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(dir.join("lib/deep")).unwrap();
        let project = Self(dir);
        for (path, text) in
            [("mix.exs", ""), ("lib/clean.ex", CLEAN), ("lib/first.ex", FIRST), ("lib/deep/second.ex", SECOND)]
        {
            project.write(path, text);
        }
        project
    }

    /// One whose snapshots were accepted.
    fn accepted(name: &str) -> Self {
        let project = Self::new(name);
        let expected = "\
new: snaps/lib/deep/second.ex.snap
new: snaps/lib/first.ex.snap
2 snapshots accepted, 0 as before: read the diff and commit it
";
        assert_eq!(project.check(&["--accept"]), (0, expected.to_owned()));
        project
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.0.join(path), text).unwrap();
    }

    /// Exit code and standard output.
    fn check(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_elixirscope"));
        command.args(["instrument", ".", "--check", "--snapshots", "snaps"]).args(arguments);
        let output = command.current_dir(&self.0).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }

    /// Every file of the project, with its text.
    fn files(&self) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => drop(files.insert(path.clone(), std::fs::read_to_string(&path).unwrap())),
                }
            }
        }
        files
    }
}

#[test]
fn what_was_accepted_is_up_to_date() {
    let project = Project::accepted("equal");
    let before = project.files();
    assert_eq!(project.check(&[]), (0, "2 snapshots below snaps: no difference\n".to_owned()));
    assert_eq!(project.check(&["--accept"]), (0, "2 snapshots below snaps: no difference\n".to_owned()));
    assert_eq!(project.files(), before, "nothing is written");
    let snapshot = &before[&project.0.join("snaps/lib/deep/second.ex.snap")];
    let header = "\
# elixirscope instrument --check: lib/deep/second.ex
# strategy: minimal
# line 3: the clause stays without probes: the body calls `binding()`
# ---
defmodule Second do
";
    assert!(snapshot.starts_with(header), "{snapshot}");
}

#[test]
fn a_change_is_a_diff_a_new_file_and_a_gone_one_are_lines() {
    let project = Project::accepted("changed");
    project.write("lib/first.ex", &FIRST.replace("(x), do: x", "(x), do: {x}"));
    project.write("lib/new.ex", &FIRST.replace("First", "New"));
    std::fs::remove_file(project.0.join("lib/deep/second.ex")).unwrap();
    let before = project.files();
    let (code, out) = project.check(&[]);
    assert_eq!((code, project.files()), (1, before), "nothing is written");
    let lines: Vec<_> = out.lines().collect();
    let expected = [
        "stale: snaps/lib/deep/second.ex.snap (there are no probes in lib/deep/second.ex)",
        "--- snaps/lib/first.ex.snap",
        "+++ lib/first.ex, instrumented now",
    ];
    assert_eq!(lines[..3], expected);
    assert!(lines.iter().any(|line| line.starts_with("-  def f(x), do: (:scope_probe.enter(")), "{out}");
    assert!(lines.iter().any(|line| line.starts_with("+  def f(x), do: (:scope_probe.enter(") && line.contains("{x}")));
    let tail = [
        "missing: snaps/lib/new.ex.snap",
        "3 snapshots with a difference, 0 without; once they are right, run again with --accept",
    ];
    assert_eq!(lines[lines.len() - 2..], tail);
    let accepted = "\
removed: snaps/lib/deep/second.ex.snap
changed: snaps/lib/first.ex.snap
new: snaps/lib/new.ex.snap
3 snapshots accepted, 0 as before: read the diff and commit it
";
    assert_eq!(project.check(&["--accept"]), (0, accepted.to_owned()));
    assert_eq!(project.check(&[]).0, 0);
    assert!(!project.0.join("snaps/lib/deep").exists(), "a folder that became empty goes");
}

#[test]
fn another_strategy_is_another_snapshot() {
    let project = Project::accepted("strategy");
    let (code, out) = project.check(&["--strategy", "full"]);
    assert_eq!(code, 1);
    assert!(out.contains("-# strategy: minimal\n+# strategy: full\n"), "{out}");
}

#[test]
fn a_snapshot_of_somebody_else_is_left_alone() {
    let project = Project::accepted("foreign");
    project.write("snaps/lib/other.snap", "---\nsource: tests/a.rs\n---\n");
    assert_eq!(project.check(&[]).0, 0);
    assert_eq!(project.check(&["--accept"]).0, 0);
    assert!(project.0.join("snaps/lib/other.snap").exists());
}

#[test]
fn only_what_was_asked_for_is_compared() {
    let project = Project::accepted("only");
    project.write("lib/first.ex", &FIRST.replace("def f", "def h"));
    std::fs::remove_file(project.0.join("lib/deep/second.ex")).unwrap();
    assert_eq!(project.check(&["--only", "lib/clean.ex"]).0, 0);
    let (code, out) = project.check(&["--only", "lib/deep"]);
    assert_eq!((code, out.lines().count()), (1, 2), "{out}");
    assert_eq!(project.check(&["--only", "lib/*.ex", "--accept"]).0, 0);
    assert!(project.0.join("snaps/lib/deep/second.ex.snap").exists(), "it was not asked for");
    assert_eq!(project.check(&["--only", "nowhere"]).0, 2);
}

#[test]
fn programs_read_json() {
    let project = Project::accepted("json");
    project.write("lib/first.ex", CLEAN);
    let (code, out) = project.check(&["--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &found["equal"]), (1, &serde_json::json!(1)));
    let only = &found["differences"][0];
    assert_eq!((only["kind"].as_str(), only["source"].as_str()), (Some("stale"), Some("lib/first.ex")));
    assert!(only["diff"].as_str().unwrap().starts_with("--- snaps/lib/first.ex.snap\n"));
}

#[test]
fn flags_that_need_each_other_say_so() {
    let project = Project::new("flags");
    let code = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_elixirscope"));
        command.args(["instrument", "."]).args(arguments).current_dir(&project.0).output().unwrap().status.code()
    };
    for wrong in [&["--check"][..], &["--accept"], &["--snapshots", "snaps"], &["--only", "lib"]] {
        assert_eq!(code(wrong), Some(2), "{wrong:?}");
    }
    assert_eq!(code(&["--check", "--snapshots", "mix.exs"]), Some(2), "a file is no folder");
    assert_eq!(project.check(&[]).0, 1, "a folder that is not there has no snapshots");
}
