//! A release of the shop: its probes are off until somebody switches them on.

use super::require;
use crate::{Failure, shell};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// What no file of a clean build names.
const PROBE: &[u8] = b"scope_probe";
const ATTEMPTS: usize = 60;

/// Assembles the shop with the release step and without it.
pub fn run() -> Result<(), Failure> {
    let clean = assemble("off")?;
    let found = super::containing(&clean, PROBE)?;
    require(found.is_empty(), || format!("a release without the step names probes: {found:?}"))?;

    let release = assemble("on")?;
    let probed = super::containing(&release.join("releases/0.1.0/elixir_scope"), PROBE)?;
    let clean = super::containing(&release.join("lib"), PROBE)?;
    let others: Vec<_> = clean.iter().filter(|path| !path.to_string_lossy().contains("lib/elixir_scope-")).collect();
    println!("the release has {} modules with probes, and {} of them in lib", probed.len(), others.len());
    require(probed.len() > 20, || "the release step added no probes".into())?;
    require(others.is_empty(), || format!("probes are where the release boots from: {others:?}"))?;

    let runs = shell::target().join("check-release/runs");
    switched_on_later(&release, &runs.join("later"))?;
    switched_on_at_the_start(&release, &runs.join("start"))
}

fn assemble(mode: &str) -> Result<PathBuf, Failure> {
    let path = shell::target().join("check-release").join(mode);
    super::empty(&path)?;
    let place = path.display().to_string();
    let mut mix = shell::shop_mix(mode, &["release", "--overwrite", "--quiet", "--path", &place]);
    shell::text(mix.env("MIX_ENV", "prod"))?;
    Ok(path)
}

fn switched_on_later(release: &Path, runs: &Path) -> Result<(), Failure> {
    super::empty(runs)?;
    let node = Node::start(release, runs, "0")?;
    let which = node.rpc("IO.puts(:code.which(Shop.Scenario))")?;
    require(!which.contains("/overlay/"), || format!("probes run before they are asked for: {which}"))?;
    node.rpc("defmodule Shop.About, do: def(patched, do: \"patched\")")?;
    node.rpc("Shop.Scenario.steps(1); {:ok, _} = ElixirScope.start_recording(); Shop.Scenario.steps(3)")?;
    let patch = node.rpc("IO.puts(Shop.About.patched())").unwrap_or_default();
    require(patch == "patched\n", || "switching on undid a patch of the running node".into())?;
    node.rpc(":ok = ElixirScope.stop_recording(); Shop.Scenario.steps(1)")?;
    node.stop()?;
    let steps = shown(runs, "Shop.Scenario.step/1")?.matches("Shop.Scenario.step(").count();
    println!("switched on by rpc: {steps} steps recorded of 3, and none of those before and after");
    require(steps == 3, || "what ran while the recording was on is not what it has".into())
}

fn switched_on_at_the_start(release: &Path, runs: &Path) -> Result<(), Failure> {
    super::empty(runs)?;
    Node::start(release, runs, "1")?.stop()?;
    let start = shown(runs, "Shop.Application.start/2")?.contains("Shop.Application.start(:normal, [])");
    println!("switched on by environment: the application's start is recorded: {start}");
    require(start, || "the application's start is not in the recording".into())
}

fn shown(runs: &Path, function: &str) -> Result<String, Failure> {
    let runs = runs.display().to_string();
    let arguments = ["trace", "show", "last", "--dir", &runs, "--fun", function, "--depth", "1"];
    shell::text(&mut shell::command(shell::elixirscope(), &shell::root(), &arguments))
}

/// A node of the release, which ends with this value.
struct Node {
    release: PathBuf,
    child: Child,
}

impl Node {
    fn start(release: &Path, runs: &Path, record: &str) -> Result<Self, Failure> {
        let mut command = script(release, &["start"]);
        command.env("ELIXIRSCOPE_RECORD", record).env("ELIXIRSCOPE_DIR", runs).stdin(Stdio::null());
        let could_not = |error| Failure::CouldNotRun(format!("cannot start the release: {error}"));
        let node = Self { release: release.to_owned(), child: command.spawn().map_err(could_not)? };
        for _ in 0..ATTEMPTS {
            let answered = node.rpc("{:ok, _} = Application.ensure_all_started(:shop); IO.puts(:up)");
            if answered.is_ok_and(|answer| answer.contains("up")) {
                return Ok(node);
            }
            sleep(Duration::from_millis(200));
        }
        Err(Failure::Failed("the release does not answer".into()))
    }

    fn rpc(&self, code: &str) -> Result<String, Failure> {
        shell::text(&mut script(&self.release, &["rpc", code]))
    }

    fn stop(mut self) -> Result<(), Failure> {
        shell::text(&mut script(&self.release, &["stop"]))?;
        let ended = self.child.wait().map_err(|error| Failure::CouldNotRun(format!("the release: {error}")))?;
        require(ended.success(), || format!("the release ended with {ended}"))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `bin/shop`, under a name that no other node on this machine has.
fn script(release: &Path, arguments: &[&str]) -> Command {
    let mut command = shell::command(release.join("bin/shop"), release, arguments);
    command.env("RELEASE_NODE", format!("shop_check_{}", std::process::id())).env("RELEASE_COOKIE", "check");
    command
}
