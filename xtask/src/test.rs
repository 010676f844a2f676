//! Everything CI tests, as one run that counts.

use crate::{Failure, check, setup, shell};
use std::process::Command;

/// How the shop is built: without the package, with it switched off, with probes
/// that are gated off.
const MODES: &[&str] = &["absent", "off", "on"];

/// What ran so far.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    broken: Vec<String>,
}

/// Runs everything, whatever fails, and ends with the tally.
pub fn run() -> Result<(), Failure> {
    setup::ensure()?;
    setup::build_release()?;
    let mut tally = Tally::default();
    tally.quiet(
        "mix format, the package",
        &mut shell::command("mix", &shell::package(), &["format", "--check-formatted"]),
    );
    tally.quiet("mix format, the shop", &mut shell::shop_mix("absent", &["format", "--check-formatted"]));
    tally.step("cargo test", &mut shell::command("cargo", &shell::root(), &["test", "--workspace"]));
    tally.step("the package", &mut shell::command("mix", &shell::package(), &["test"]));
    let mut counts: Vec<_> = MODES
        .iter()
        .map(|mode| tally.step(&format!("the shop, {mode}"), &mut shell::shop_mix(mode, &["test"])))
        .collect();
    let runs = shell::target().join("test-runs");
    // A leftover of an earlier run would be read instead.
    let _ = std::fs::remove_dir_all(&runs);
    for (arguments, strategy) in [(&["test"][..], "minimal"), (&["test", "--cover"], "minimal"), (&["test"], "full")] {
        let mut recorded = shell::shop_mix("on", arguments);
        recorded.env("ELIXIRSCOPE_STRATEGY", strategy);
        recorded.env("ELIXIRSCOPE_RECORD", "1").env("ELIXIRSCOPE_DIR", &runs);
        let name = format!("the shop, recorded ({strategy}), mix {}", arguments.join(" "));
        counts.push(tally.step(&name, &mut recorded));
    }
    tally.record("the shop's count is the same in every mode", counts.windows(2).all(|pair| pair[0] == pair[1]));
    tally.record("the suite's recording has its events", recorded(&runs));
    for (name, check) in check::CHECKS {
        println!("\n── check {name}\n");
        let result = check();
        if let Err(Failure::Failed(why) | Failure::CouldNotRun(why)) = &result {
            println!("{why}");
        }
        tally.record(name, result.is_ok());
    }
    println!();
    for broken in &tally.broken {
        println!("failed: {broken}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed == 0 { Ok(()) } else { Err(Failure::Failed("not everything passed".into())) }
}

/// Whether the oldest recording has events of the suite. (The next one, of
/// code under `--cover`, has few probes.) The suite's loops of a million turns
/// reach the limit of bytes: it loses events, and says so.
fn recorded(runs: &std::path::Path) -> bool {
    let folders = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let Some(run) = folders.map(|entry| entry.path()).min() else { return false };
    let run = run.display().to_string();
    let arguments = ["trace", "stats", &run, "--format", "json"];
    let Ok(text) = shell::text(&mut shell::command(shell::elixirscope(), &shell::root(), &arguments)) else {
        return false;
    };
    let stats: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    println!("the suite's recording: {} events, {} lost", stats["events"], stats["lost_events"]);
    // Read: its gigabyte is not needed any more.
    let _ = std::fs::remove_dir_all(runs);
    stats["events"].as_u64().is_some_and(|events| events > 10_000)
}

impl Tally {
    fn record(&mut self, name: &str, passed: bool) {
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
            self.broken.push(name.to_owned());
        }
    }

    /// Runs a command that says nothing unless it fails.
    fn quiet(&mut self, name: &str, command: &mut Command) {
        let result = shell::text(command);
        if let Err(Failure::Failed(why) | Failure::CouldNotRun(why)) = &result {
            println!("{why}");
        }
        self.record(name, result.is_ok());
    }

    /// Runs a test command, shows what it prints, counts what it says.
    fn step(&mut self, name: &str, command: &mut Command) -> (usize, usize) {
        println!("\n── {name}\n");
        let Ok(output) = shell::output(command) else {
            self.record(name, false);
            return (0, 0);
        };
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{text}");
        let (passed, failed) = count(&text);
        self.passed += passed;
        self.failed += failed;
        // A runner that fails without naming a test has still failed; one that
        // counts nothing has tested nothing.
        if failed > 0 {
            self.broken.push(name.to_owned());
        } else if !output.status.success() || passed == 0 {
            self.record(name, false);
        }
        (passed, failed)
    }
}

/// Passed and failed, from cargo's and ExUnit's closing lines.
fn count(text: &str) -> (usize, usize) {
    let (mut passed, mut failed) = (0, 0);
    let number = |part: &str, word: &str| -> usize {
        let found = part.trim().strip_suffix(word).or_else(|| part.trim().strip_suffix(&format!("{word}s")));
        found.and_then(|number| number.trim().rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    };
    for line in text.lines() {
        if line.starts_with("test result:") {
            for part in line.split([';', '.']) {
                passed += number(part, "passed");
                failed += number(part, "failed");
            }
        } else if line.contains(" failure") && line.contains(" test") {
            let parts: Vec<_> = line.split(',').collect();
            let failures: usize = parts.iter().map(|part| number(part, "failure")).sum();
            let all: usize = parts.iter().map(|part| number(part, "test")).sum::<usize>()
                + parts.iter().map(|part| number(part, "doctest")).sum::<usize>();
            passed += all - failures.min(all);
            failed += failures;
        }
    }
    (passed, failed)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn closing_lines_are_counted() {
        assert_eq!(count("test result: ok. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out"), (10, 2));
        assert_eq!(count("3 doctests, 70 tests, 1 failure"), (72, 1));
        assert_eq!(count("1 test, 0 failures"), (1, 0));
        assert_eq!(count("nothing"), (0, 0));
    }
}
