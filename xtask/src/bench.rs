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
    script("bench/capture.exs")
}

/// What the VM's telling costs for each message, against trace messages.
pub fn messages() -> Result<(), Failure> {
    setup::ensure()?;
    setup::build_release()?;
    script("bench/messages.exs")
}

fn script(path: &str) -> Result<(), Failure> {
    shell::show(&mut shell::command("mix", &shell::package(), &["run", "--no-start", path]))
}
