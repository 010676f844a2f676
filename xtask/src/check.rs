//! Checks of the whole: each runs the shop for real and compares.

mod build;
mod corpus;
mod crash;
mod erasure;
mod fuzz;
mod identical;
mod instructions;
mod memory;
mod release;
mod review;
mod state;
mod suites;

use crate::{Failure, setup};
use std::path::{Path, PathBuf};

pub use fuzz::run_with as fuzz;
pub use instructions::accept;

type Check = fn() -> Result<(), Failure>;

/// The checks that `cargo xtask test` runs too.
pub const CHECKS: &[(&str, Check)] = &[
    ("memory", memory::run),
    ("crash", crash::run),
    ("identical", identical::run),
    ("off", build::off),
    ("release", release::run),
    ("bad-input", build::bad_input),
    ("review", review::run),
    ("state", state::run),
    ("fuzz", fuzz::run),
    ("instructions", instructions::run),
];

/// Those that need a quiet machine, or a network and minutes: only by name.
const LONG: &[(&str, Check)] = &[
    ("noop", build::noop),
    ("corpus", corpus::run),
    ("mutants", corpus::mutants),
    ("erasure", erasure::run),
    ("suites", suites::run),
];

/// The crash matrix, with its options.
pub fn crash(options: &[&str]) -> Result<(), Failure> {
    ready()?;
    crash::with(options)
}

fn ready() -> Result<(), Failure> {
    setup::ensure()?;
    setup::build_release()
}

/// Runs one check by name, or all.
pub fn run(name: &str) -> Result<(), Failure> {
    ready()?;
    if let Some((_, check)) = LONG.iter().find(|(known, _)| *known == name) {
        return check();
    }
    let chosen: Vec<_> = CHECKS.iter().filter(|(known, _)| name == "all" || *known == name).collect();
    if chosen.is_empty() {
        let names: Vec<_> = CHECKS.iter().chain(LONG).map(|(known, _)| *known).collect();
        return Err(Failure::CouldNotRun(format!("no check `{name}`; there are all, {}", names.join(", "))));
    }
    for (name, check) in chosen {
        println!("── check {name}");
        check()?;
    }
    Ok(())
}

/// A failure unless `holds`.
fn require(holds: bool, why: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure::Failed(why())) }
}

/// Makes a folder, without whatever was there.
fn empty(folder: &Path) -> Result<(), Failure> {
    let removed = if folder.exists() { std::fs::remove_dir_all(folder) } else { Ok(()) };
    let made = removed.and_then(|()| std::fs::create_dir_all(folder));
    made.map_err(|error| Failure::CouldNotRun(format!("{}: {error}", folder.display())))
}

/// The files below `directory` that have `needle` somewhere, sorted.
fn containing(directory: &Path, needle: &[u8]) -> Result<Vec<PathBuf>, Failure> {
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("{}: {error}", directory.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(could_not)? {
        let path = entry.map_err(could_not)?.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(containing(&path, needle)?);
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|part| part == needle)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
