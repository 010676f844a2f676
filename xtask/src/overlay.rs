//! Instrumented beams of a Mix project, made without Mix: by the command, and by the
//! compiler of the Mix step.

use crate::{Failure, shell};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the package's beams are, with its capture library beside them.
pub fn package_beams() -> PathBuf {
    shell::package().join("_build/dev/lib/elixir_scope/ebin")
}

/// Compiles the package.
pub fn compile_package() -> Result<(), Failure> {
    shell::text(&mut shell::command("mix", &shell::package(), &["compile"])).map(|_| ())
}

/// `elixirscope instrument PROJECT --out OUT --strategy STRATEGY`.
pub fn instrument(project: &Path, out: &Path, strategy: &str) -> Command {
    let mut command = shell::command(shell::elixirscope(), project, &["instrument", ".", "--format", "term"]);
    command.args(["--strategy", strategy, "--out"]).arg(out);
    command
}

/// Compiles what `instrument` wrote to OUT, in a VM that has `paths` on its code path. The
/// beams are below OUT/overlay. Gives the microseconds that the compiler took.
pub fn compile(project: &Path, out: &Path, paths: &[PathBuf]) -> Result<f64, Failure> {
    let mut elixir = shell::command("elixir", project, &[]);
    for path in paths.iter().chain([&package_beams()]) {
        elixir.arg("-pa").arg(path);
    }
    microseconds(&shell::text(elixir.arg(shell::root().join("tests/overlay/compile.exs")).arg(project).arg(out))?)
}

/// The number on the line `microseconds NUMBER`.
pub fn microseconds(said: &str) -> Result<f64, Failure> {
    let number = said.lines().find_map(|line| line.strip_prefix("microseconds ")?.parse().ok());
    number.ok_or_else(|| Failure::Failed(format!("no time in:\n{said}")))
}

/// An `elixir` command whose VM finds `beams` before its own, and the package's.
pub fn elixir_on(beams: &Path, directory: &Path) -> Command {
    let paths = format!("-pa {} -pa {}", beams.display(), package_beams().display());
    shell::command("elixir", directory, &["--erl", &paths])
}

/// An expression that starts a recording below OUT/runs.
pub fn recording(out: &Path) -> String {
    let (runs, map) = (out.join("runs"), out.join("nodes.esmap"));
    format!("{{:ok, _}} = ElixirScope.start_recording(dir: {runs:?}, maps: [{map:?}])")
}

/// How many events the one recording below OUT/runs has. It is removed.
pub fn events(out: &Path) -> Result<u64, Failure> {
    let runs = out.join("runs");
    let folder = std::fs::read_dir(&runs).ok().and_then(|mut entries| Some(entries.next()?.ok()?.path()));
    let Some(run) = folder else { return Ok(0) };
    let mut stats = shell::command(shell::elixirscope(), &shell::root(), &["trace", "stats", "--format", "json"]);
    let stats: serde_json::Value = serde_json::from_str(&shell::text(stats.arg(&run))?).unwrap_or_default();
    // Best effort: it is only large.
    let _ = std::fs::remove_dir_all(runs);
    Ok(stats["events"].as_u64().unwrap_or_default())
}
