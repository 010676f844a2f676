//! The crash matrix: whatever ends a program, or takes the ground from under its
//! recording, every acknowledged event is read back, whole, and what is missing is said
//! to be missing.
//!
//! What a recording promises, in both modes: an event whose probe has returned is read
//! back, unless it is counted as lost, or lies before the moment from which on a flight
//! recorder is whole. An event is lost only when no segment stands ready, since a
//! scheduler never waits for one. So a program acknowledges what was written while that
//! count stood still; a loss is legal and shown, and one that no count knows of is not.

mod place;
mod program;
mod reading;
mod scenario;
mod shop;

use super::require;
use crate::{Failure, shell};
use reading::Tally;
use scenario::{SCENARIOS, Scenario};
use std::process::Command;

const REPETITIONS: usize = 2;

/// Which events a recording keeps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    All,
    Newest,
}

impl Keep {
    const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Newest => "newest",
        }
    }
}

/// What a repetition found, or why it cannot run here.
enum Outcome {
    Ran(Tally),
    NotHere(String),
}

/// A few repetitions of everything.
pub fn run() -> Result<(), Failure> {
    matrix(REPETITIONS, None)
}

/// With `--repetitions N` and `--only NAME`.
pub fn with(options: &[&str]) -> Result<(), Failure> {
    let usage = || Failure::CouldNotRun("usage: cargo xtask check crash [--repetitions N] [--only NAME]".into());
    let (mut repetitions, mut only) = (REPETITIONS, None);
    for option in options.chunks(2) {
        match *option {
            ["--repetitions", number] => repetitions = number.parse().map_err(|_| usage())?,
            ["--only", name] => only = Some(name),
            _ => return Err(usage()),
        }
    }
    matrix(repetitions, only)
}

fn matrix(repetitions: usize, only: Option<&str>) -> Result<(), Failure> {
    let chosen: Vec<_> = SCENARIOS.iter().filter(|one| only.is_none_or(|name| one.name == name)).collect();
    let names = || SCENARIOS.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
    if chosen.is_empty() {
        return Err(Failure::CouldNotRun(format!("no such scenario; there are {}", names())));
    }
    shell::text(&mut shell::shop_mix("on", &["compile"]))?;
    build_libraries()?;
    println!("{:28} {:>6} {:>4} {:>12} {:>9}  gaps", "scenario", "keep", "reps", "acknowledged", "read back");
    for scenario in chosen {
        for keep in [Keep::All, Keep::Newest] {
            let row = row(scenario, keep, repetitions).map_err(|failure| in_row(scenario, keep, failure))?;
            println!("{:28} {:>6} {row}", scenario.name, keep.name());
        }
    }
    Ok(())
}

fn row(scenario: &Scenario, keep: Keep, repetitions: usize) -> Result<String, Failure> {
    let mut sum = Tally::default();
    for repetition in 0..repetitions {
        match scenario.run(keep, repetition)? {
            Outcome::Ran(tally) => sum.add(&tally),
            Outcome::NotHere(why) => return Ok(format!("not run here: {why}")),
        }
    }
    Ok(format!("{repetitions:>4} {:>12} {:>9}  {}", sum.acknowledged, sum.read, sum.gaps()))
}

fn in_row(scenario: &Scenario, keep: Keep, failure: Failure) -> Failure {
    let place = |why: String| format!("{}, keep {}: {why}", scenario.name, keep.name());
    match failure {
        Failure::Failed(why) => Failure::Failed(place(why)),
        Failure::CouldNotRun(why) => Failure::CouldNotRun(place(why)),
    }
}

/// Those that end a VM, or set its clock.
fn build_libraries() -> Result<(), Failure> {
    // With the packages that are built together elsewhere, so that features are the same.
    let packages = ["-p", "elixirscope", "-p", "elixirscope-nif"];
    let examples = ["--example", "fault", "--example", "clock_steps"];
    let arguments = [&["build", "--release", "--quiet"], &packages[..], &examples].concat();
    shell::show(&mut shell::command("cargo", &shell::root(), &arguments))
}

/// A library of those, without the end of its name.
fn library(name: &str) -> String {
    shell::target().join("release/examples").join(format!("lib{name}")).display().to_string()
}

fn kill(vm: &str) -> Result<(), Failure> {
    shell::show(Command::new("kill").args(["-9", vm]))
}
