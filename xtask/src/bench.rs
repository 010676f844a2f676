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
    let example = ["build", "--release", "-p", "elixirscope-nif", "--example", "no_tracer"];
    shell::show(&mut shell::command("cargo", &shell::root(), &example))?;
    let examples = shell::target().join("release/examples");
    // Elsewhere the library has another suffix than the VM looks for.
    let (built, library) = (examples.join(NO_TRACER), examples.join("no_tracer.so"));
    std::fs::copy(&built, &library).map_err(|error| Failure::CouldNotRun(format!("{}: {error}", built.display())))?;
    script("bench/capture.exs", &[&library.to_string_lossy()])
}

const NO_TRACER: &str = if cfg!(target_os = "macos") { "libno_tracer.dylib" } else { "libno_tracer.so" };

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
