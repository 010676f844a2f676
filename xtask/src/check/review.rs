//! The CI job of `docs/REVIEW.md`, as it stands there.

use super::{empty, require};
use crate::{Failure, shell};
use std::path::Path;
use std::process::Command;

const PLAN: &str = "[[rules]]\nfunctions = \"Shop.Ledger\"\nstrategy = \"balanced\"\n";
const LEDGER: &str = "defmodule Shop.Ledger do\n  def post(x), do: x\nend\n";

/// Each `cargo xtask instrument` of the page ends with 0 when nothing differs, 1 when
/// a snapshot does, 2 when it could not run.
pub fn run() -> Result<(), Failure> {
    let app = shell::target().join("check-projects/review");
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("{}: {error}", app.display()));
    empty(&app.join("lib"))?;
    let write = |path: &str, text: &str| std::fs::write(app.join(path), text).map_err(could_not);
    write("mix.exs", "")?;
    write("scope.toml", PLAN)?;
    write("lib/ledger.ex", LEDGER)?;
    let page = std::fs::read_to_string(shell::root().join("docs/REVIEW.md")).map_err(could_not)?;
    let command = |line: &str| line.find("cargo xtask instrument").map(|at| line[at..].to_owned());
    let commands: Vec<_> = page.lines().filter_map(command).filter(|line| line.contains("$APP")).collect();
    require(commands.len() == 2, || format!("docs/REVIEW.md has the jobs {commands:?}"))?;
    for command in &commands {
        empty(&app.join("scope"))?;
        ends(&app, command, 1)?;
        ends(&app, &format!("{command} --accept"), 0)?;
        ends(&app, command, 0)?;
        write("lib/ledger.ex", &LEDGER.replace("do: x", "do: {x}"))?;
        ends(&app, command, 1)?;
        write("lib/ledger.ex", LEDGER)?;
        ends(&app, &format!("{command} --strategy ful"), 2)?;
        println!("{command}: 0, 1 and 2 as it should");
    }
    Ok(())
}

fn ends(app: &Path, command: &str, expected: i32) -> Result<(), Failure> {
    let mut shell = Command::new("sh");
    let output = shell::output(shell.args(["-c", command]).current_dir(shell::root()).env("APP", app))?;
    let told = [output.stdout, output.stderr].concat();
    require(output.status.code() == Some(expected), || {
        format!("{command}: {} instead of {expected}\n{}", output.status, String::from_utf8_lossy(&told))
    })
}
