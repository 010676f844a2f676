//! Suites that others wrote, run clean and recorded: Elixir's own applications.
//!
//! An application of Elixir cannot be a Mix project with the step, since Mix itself runs
//! on it. So its suite runs as Elixir's own Makefile runs it, by `elixir -r`, in a VM
//! without Mix, and beams of our making stand before the system's on the code path from
//! the start of the VM: in one run those of the originals, in the others those that the
//! step's own compiler makes of the instrumented texts. The ExUnit that runs its own suite
//! is then an instrumented one, too.

use super::{empty, require};
use crate::{Failure, corpus, shell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const APPS: &[&str] = &["eex", "logger", "ex_unit", "iex"];
const STRATEGIES: &[&str] = &["minimal", "balanced", "full"];

/// A suite's closing line, and the names of the tests that failed. Some do in any
/// environment but a checkout of Elixir: those that open Elixir's sources, for example.
#[derive(PartialEq, Eq)]
struct Outcome {
    counts: String,
    failed: BTreeSet<String>,
}

/// Compares each application's suite at every strategy with its suite clean.
pub fn run() -> Result<(), Failure> {
    shell::text(&mut shell::command("mix", &shell::package(), &["compile"]))?;
    let name = super::erasure::running_elixir()?;
    let folders = corpus::ensure()?;
    let Some(elixir) = folders.iter().find(|folder| corpus::name(folder) == name) else {
        return Err(Failure::CouldNotRun(format!("the corpus has no {name}, which is the Elixir that runs here")));
    };
    let mut differences = Vec::new();
    for app in APPS {
        let suite = Suite::new(&elixir.join("lib").join(app), app)?;
        let clean = suite.clean()?;
        println!("{app}, clean: {}", clean.counts);
        for strategy in STRATEGIES {
            let (recorded, events) = suite.recorded(strategy)?;
            println!("{app}, {strategy}: {}; {events} events", recorded.counts);
            if recorded != clean || events == 0 {
                let new: Vec<_> = recorded.failed.difference(&clean.failed).cloned().collect();
                differences.push(format!("{app}, {strategy}: {}", new.join(", ")));
            }
        }
    }
    require(differences.is_empty(), || format!("not as the clean suite, or not recorded:\n{}", differences.join("\n")))
}

/// A copy of an application: suites write beside their sources.
struct Suite(PathBuf);

impl Suite {
    fn new(source: &Path, app: &str) -> Result<Self, Failure> {
        let home = shell::target().join("check-suites").join(app);
        empty(&home)?;
        let copy = home.join("app");
        let mut cp = shell::command("cp", &home, &["-r"]);
        shell::text(cp.arg(source).arg(&copy))?;
        Ok(Self(home))
    }

    fn at(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    fn clean(&self) -> Result<Outcome, Failure> {
        let beams = self.at("clean");
        empty(&beams)?;
        let mut elixirc = shell::command("elixirc", &self.at("app"), &["--ignore-module-conflict", "-o", "../clean"]);
        shell::text(elixirc.arg("lib/**/*.ex"))?;
        self.test(&beams, "")
    }

    /// What became of the suite, and how many events were recorded.
    fn recorded(&self, strategy: &str) -> Result<(Outcome, u64), Failure> {
        let out = self.at(strategy);
        empty(&out)?;
        let mut instrument = shell::command(shell::elixirscope(), &self.0, &["instrument", "app", "--format", "term"]);
        shell::text(instrument.args(["--strategy", strategy, "--out"]).arg(&out))?;
        let overlay = shell::root().join("tests/suites/overlay.exs");
        let mut compile = shell::command("elixir", &self.0, &["-pa"]);
        shell::text(compile.arg(beams_of_package()).arg(overlay).arg(self.at("app")).arg(&out))?;
        let record = format!(
            "{{:ok, _}} = ElixirScope.start_recording(dir: {:?}, maps: [{:?}])",
            out.join("runs"),
            out.join("nodes.esmap")
        );
        let outcome = self.test(&out.join("overlay"), &record)?;
        Ok((outcome, events(&out.join("runs"))?))
    }

    /// Runs the suite on `beams`, after `first`.
    fn test(&self, beams: &Path, first: &str) -> Result<Outcome, Failure> {
        let paths = format!("-pa {} -pa {}", beams.display(), beams_of_package().display());
        // The same order of tests each time.
        let seed = "Application.load(:ex_unit); Application.put_env(:ex_unit, :seed, 0)";
        let mut elixir = shell::command("elixir", &self.at("app"), &["--erl", &paths, "-e", seed, "-e", first]);
        let output = shell::output(elixir.args(["-r", "test/test_helper.exs", "-pr", "test/**/*_test.exs"]))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let counts = said.lines().find(|line| line.contains(" tests, ") && line.contains(" failure"));
        let Some(counts) = counts.map(str::to_owned) else {
            return Err(Failure::Failed(format!("no result:\n{said}{}", String::from_utf8_lossy(&output.stderr))));
        };
        Ok(Outcome { counts, failed: said.lines().filter_map(failed_test).collect() })
    }
}

/// The name in `  12) test NAME (Module)`.
fn failed_test(line: &str) -> Option<String> {
    let (number, name) = line.trim_start().split_once(") ")?;
    let kind = name.split(' ').next()?;
    (number.parse::<u32>().is_ok() && ["test", "doctest"].contains(&kind)).then(|| name.to_owned())
}

/// The events of the one recording in a folder, which is removed.
fn events(runs: &Path) -> Result<u64, Failure> {
    let folder = std::fs::read_dir(runs).ok().and_then(|mut entries| Some(entries.next()?.ok()?.path()));
    let Some(run) = folder else { return Ok(0) };
    let mut stats = shell::command(shell::elixirscope(), &shell::root(), &["trace", "stats", "--format", "json"]);
    let stats: serde_json::Value = serde_json::from_str(&shell::text(stats.arg(&run))?).unwrap_or_default();
    // Best effort: it is only large.
    let _ = std::fs::remove_dir_all(runs);
    Ok(stats["events"].as_u64().unwrap_or_default())
}

/// Where the package's beams are, with its capture library beside them.
fn beams_of_package() -> PathBuf {
    shell::package().join("_build/dev/lib/elixir_scope/ebin")
}

#[cfg(test)]
mod tests {
    use super::failed_test;

    #[test]
    fn failed_tests_are_read_by_name() {
        assert_eq!(failed_test("  1) test open (IEx.HelpersTest)").as_deref(), Some("test open (IEx.HelpersTest)"));
        assert_eq!(failed_test(" 12) doctest f/1 (1) (ATest)").as_deref(), Some("doctest f/1 (1) (ATest)"));
        assert_eq!(failed_test("     (1) no test"), None);
        assert_eq!(failed_test("Finished in 0.4 seconds (0.3s on load)"), None);
    }
}
