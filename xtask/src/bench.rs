//! Benchmarks: ratios against a peer in the same run.

pub mod incremental;
pub mod overlay;
pub mod parse;
pub mod receive;

use crate::{Failure, setup, shell};

/// What an event costs, against the VM's own tracing.
pub fn capture() -> Result<(), Failure> {
    setup::ensure()?;
    setup::build_release()?;
    script("bench/capture.exs", &[])
}

/// What the VM's telling costs for each message, against trace messages.
pub fn messages() -> Result<(), Failure> {
    setup::ensure()?;
    setup::build_release()?;
    script("bench/messages.exs", &[])
}

/// A flight recorder under mixed load for so many minutes: fails if memory or disk grow,
/// or if an event was lost.
pub fn sustained(minutes: &str) -> Result<(), Failure> {
    if !minutes.parse().is_ok_and(|minutes: f64| minutes > 0.0) {
        return Err(Failure::CouldNotRun(format!("--minutes takes a positive number, not `{minutes}`")));
    }
    setup::ensure()?;
    setup::build_release()?;
    script("bench/sustained.exs", &[minutes])
}

fn script(path: &str, arguments: &[&str]) -> Result<(), Failure> {
    let run = [&["run", "--no-start", path], arguments].concat();
    shell::show(&mut shell::command("mix", &shell::package(), &run))
}
