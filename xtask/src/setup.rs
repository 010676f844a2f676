//! What a fresh machine needs: Elixir and Erlang/OTP.

use crate::Failure;
use crate::shell;
use std::path::Path;
use std::process::{Command, Stdio};

/// Debian's packages: `tools` has cover, `runtime-tools` has dbg.
const PACKAGES: &[&str] = &[
    "elixir",
    "erlang-base",
    "erlang-crypto",
    "erlang-dev",
    "erlang-eunit",
    "erlang-parsetools",
    "erlang-public-key",
    "erlang-runtime-tools",
    "erlang-ssl",
    "erlang-syntax-tools",
    "erlang-tools",
];

/// Installs Elixir on Debian as root; elsewhere says what to install.
pub fn ensure() -> Result<(), Failure> {
    if works("elixir", "for m <- [:cover, :dbg, :crypto], do: {:module, _} = Code.ensure_loaded(m)") {
        return Ok(());
    }
    if !can_install() {
        return Err(Failure::CouldNotRun(
            "Elixir 1.14 or newer and Erlang/OTP 25 or newer are needed (with the applications tools and \
             runtime_tools). Install them so that `mix` is on the PATH, for example from \
             https://elixir-lang.org/install.html, then run this again."
                .into(),
        ));
    }
    eprintln!("setup: installing Elixir and Erlang/OTP with apt-get");
    install(PACKAGES)
}

/// Installs Debian's `packages` unless `program` is there; as anyone but root, says so.
pub fn ensure_debian(program: &str, packages: &[&str]) -> Result<(), Failure> {
    if works_plain(program) {
        return Ok(());
    }
    let names = packages.join(" ");
    if !can_install() {
        return Err(Failure::CouldNotRun(format!(
            "{program} is needed. On Debian: apt-get install {names}, then run this again."
        )));
    }
    eprintln!("setup: installing {names} with apt-get");
    install(packages)
}

fn can_install() -> bool {
    Path::new("/etc/debian_version").exists() && works_plain("apt-get") && is_root()
}

fn install(packages: &[&str]) -> Result<(), Failure> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        shell::show(&mut command)
    };
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

/// Builds the command and the NIF, optimised: what a user's Mix project uses.
pub fn build_release() -> Result<(), Failure> {
    let arguments = ["build", "--release", "-p", "elixirscope", "-p", "elixirscope-nif"];
    shell::show(&mut shell::command("cargo", &shell::root(), &arguments))
}

fn works(program: &str, script: &str) -> bool {
    let mut command = Command::new(program);
    command.args(["-e", script]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn works_plain(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
