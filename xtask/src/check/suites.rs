//! Suites that others wrote, run clean and recorded: Elixir's own applications.
//!
//! An application of Elixir cannot be a Mix project with the step, since Mix itself runs
//! on it. So its suite runs as Elixir's own Makefile runs it, by `elixir -r`, in a VM
//! without Mix, and beams of our making stand before the system's on the code path from
//! the start of the VM: in one run those of the originals, in the others those that the
//! step's own compiler makes of the instrumented texts. The ExUnit that runs its own suite
//! is then an instrumented one, too.

use super::{empty, require};
use crate::{Failure, corpus, overlay, shell};
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
    overlay::compile_package()?;
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
        let (app, out) = (self.at("app"), self.at(strategy));
        empty(&out)?;
        shell::text(&mut overlay::instrument(&app, &out, strategy))?;
        overlay::compile(&app, &out, &[])?;
        let outcome = self.test(&out.join("overlay"), &overlay::recording(&out))?;
        Ok((outcome, overlay::events(&out)?))
    }

    /// Runs the suite on `beams`, after `first`.
    fn test(&self, beams: &Path, first: &str) -> Result<Outcome, Failure> {
        let mut elixir = overlay::elixir_on(beams, &self.at("app"));
        // The same order of tests each time.
        elixir.args(["-e", "Application.load(:ex_unit); Application.put_env(:ex_unit, :seed, 0)", "-e", first]);
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
