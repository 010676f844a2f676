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
    let mut bench = shell::command("mix", &shell::package(), &["run", "--no-start", "bench/capture.exs"]);
    shell::show(bench.arg(library))
}

const NO_TRACER: &str = if cfg!(target_os = "macos") { "libno_tracer.dylib" } else { "libno_tracer.so" };

/// What the VM's telling costs for each message, against trace messages.
pub fn messages() -> Result<(), Failure> {
    setup::ensure()?;
    setup::build_release()?;
    script("bench/messages.exs")
}

fn script(path: &str) -> Result<(), Failure> {
    shell::show(&mut shell::command("mix", &shell::package(), &["run", "--no-start", path]))
}
