//! Running commands.

use crate::Failure;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The repository's root.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// The shop's directory.
pub fn shop() -> PathBuf {
    root().join("tests/apps/shop")
}

/// The package's directory.
pub fn package() -> PathBuf {
    root().join("runtime-lib/elixir_scope")
}

/// Where cargo builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The release build of the `elixirscope` command.
pub fn elixirscope() -> PathBuf {
    target().join("release/elixirscope")
}

/// A command in a directory, with a clean idea of the project's variables.
pub fn command(program: impl AsRef<std::ffi::OsStr>, directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).env_remove("MIX_ENV").env_remove("SHOP_SCOPE");
    for variable in ["ELIXIRSCOPE_RECORD", "ELIXIRSCOPE_DIR", "ELIXIRSCOPE_ENABLED", "ELIXIRSCOPE_STRATEGY"] {
        command.env_remove(variable);
    }
    command
}

/// `mix ARGUMENTS` in the shop, built in the given mode: absent, off or on.
pub fn shop_mix(mode: &str, arguments: &[&str]) -> Command {
    let mut command = command("mix", &shop(), arguments);
    command.env("SHOP_SCOPE", mode);
    command
}

/// Runs a command with its output on the terminal.
pub fn show(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| could_not_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::Failed(format!("{} ended with {status}", describe(command)))) }
}

/// Runs a command and returns its output, whatever its exit code.
pub fn output(command: &mut Command) -> Result<Output, Failure> {
    command.stdin(Stdio::null()).output().map_err(|error| could_not_start(command, &error))
}

/// Runs a command that must succeed and returns its standard output.
pub fn text(command: &mut Command) -> Result<String, Failure> {
    let output = output(command)?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        return Ok(out.into_owned());
    }
    Err(Failure::Failed(format!("{} ended with {}\n{out}{err}", describe(command), output.status)))
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn could_not_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::CouldNotRun(format!("cannot start {}: {error}", describe(command)))
}
