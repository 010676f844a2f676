//! `elixirscope nodes`: what it prints, and how it ends.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn project(name: &str, source: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(dir.join("lib")).unwrap();
    std::fs::write(dir.join("mix.exs"), "").unwrap();
    std::fs::write(dir.join("lib/a.ex"), source).unwrap();
    dir
}

fn nodes(project: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_elixirscope")).arg("nodes").arg(project).args(arguments).output().unwrap()
}

/// Exit code and standard output, with ids as `#`: their values are pinned in `wire`.
fn check(output: &Output) -> (i32, String) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut parts = text.split('#');
    let mut shown = parts.next().unwrap().to_owned();
    parts.for_each(|part| shown.push_str(&format!("#{}", &part[15..])));
    (output.status.code().unwrap(), shown)
}

const SOURCE: &str = "defmodule A do\n  def f(x), do: g(x) + 1\nend\n";

#[test]
fn one_function_is_listed_in_the_order_of_the_text() {
    let dir = project("nodes-text", SOURCE);
    let expected = "\
A.f/1  lib/a.ex
  #  2:3        statement: call def f/1
  #  2:7         argument: call f
  #  2:9          argument: identifier x
  #  2:17        argument: binary_operator +
  #  2:17         left: call g
  #  2:19          argument: identifier x
  #  2:24         right: integer
";
    assert_eq!(check(&nodes(&dir, &["--function", "A.f/1"])), (0, expected.to_owned()));
    assert_eq!(nodes(&dir, &[]).stdout, nodes(&dir, &[]).stdout);
}

#[test]
fn json_has_one_node_a_line_and_is_one_array() {
    let dir = project("nodes-json", SOURCE);
    let output = nodes(&dir, &["--format", "json"]);
    let nodes: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), nodes.len() + 2);
    let clause = nodes.iter().find(|node| node["clause"] == true).unwrap();
    assert_eq!(clause["function"], "A.f/1");
    assert_eq!(clause["start"], serde_json::json!({"line": 2, "column": 3}));
    let inner = nodes.iter().find(|node| node["label"] == "call g").unwrap();
    assert!(nodes.iter().any(|node| node["id"] == inner["parent"] && node["label"] == "binary_operator +"));
}

#[test]
fn exit_codes_tell_findings_from_failures() {
    let broken = project("nodes-broken", "defmodule A do\n  def f(x, do: 1\nend\n");
    let output = nodes(&broken, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("warning: lib/a.ex:"));
    let whole = project("nodes-whole", SOURCE);
    assert_eq!(nodes(&whole, &["--function", "A.g/1"]).status.code(), Some(2));
    assert_eq!(nodes(&whole.join("lib"), &[]).status.code(), Some(2));
    assert_eq!(nodes(&whole, &["--unknown"]).status.code(), Some(2));
    assert_eq!(nodes(&whole, &["--help"]).status.code(), Some(0));
}
