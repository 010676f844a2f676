//! `cargo xtask instrument`: the command, in a CI that has not installed it.

use crate::{Failure, shell};
use std::process::{Command, ExitCode};

/// Builds the command and runs `elixirscope instrument ARGUMENTS` in the folder
/// cargo was called from; ends as that ends.
pub fn run(arguments: &[&str]) -> Result<ExitCode, Failure> {
    let build = ["build", "--release", "--quiet", "-p", "elixirscope"];
    shell::show(&mut shell::command("cargo", &shell::root(), &build)).map_err(|failure| match failure {
        Failure::Failed(why) | Failure::CouldNotRun(why) => Failure::CouldNotRun(why),
    })?;
    let program = shell::elixirscope();
    let status = Command::new(&program).arg("instrument").args(arguments).status();
    let status =
        status.map_err(|error| Failure::CouldNotRun(format!("cannot start {}: {error}", program.display())))?;
    // Without a code, a signal ended it.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2);
    Ok(ExitCode::from(code))
}
