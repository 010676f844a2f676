//! After `kill -9`, every acknowledged event is in the recording.

use super::require;
use crate::{Failure, shell};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const REPETITIONS: usize = 10;

/// Kills the VM at a different step each time.
pub fn run() -> Result<(), Failure> {
    for repetition in 0..REPETITIONS {
        let runs = shell::target().join("kill-runs");
        // A leftover of an earlier run would be read instead.
        let _ = std::fs::remove_dir_all(&runs);
        let acknowledged = steps_until_killed(&runs, 20 + repetition * 7)?;
        let shown = steps_shown(&runs)?;
        println!("killed after ack {acknowledged}: {shown} steps in trace show");
        require(shown >= acknowledged, || format!("{acknowledged} steps were acknowledged, {shown} recorded"))?;
    }
    Ok(())
}

fn steps_until_killed(runs: &Path, enough: usize) -> Result<usize, Failure> {
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("cannot run the shop: {error}"));
    let script = "IO.puts(\"vm #{System.pid()}\"); Shop.Scenario.steps(1_000_000)";
    let mut command = shell::shop_mix("on", &["run", "-e", script]);
    command.env("ELIXIRSCOPE_RECORD", "1").env("ELIXIRSCOPE_DIR", runs).stdout(Stdio::piped()).stdin(Stdio::null());
    let mut child = command.spawn().map_err(could_not)?;
    let Some(out) = child.stdout.take() else { return Err(Failure::CouldNotRun("no standard output".into())) };
    let (mut vm, mut acknowledged) = (None, 0);
    // Lines that arrive after the kill were acknowledged before it.
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        if let Some(pid) = line.strip_prefix("vm ") {
            vm = Some(pid.to_owned());
        }
        if let Some(step) = line.strip_prefix("ack ").and_then(|step| step.parse().ok()) {
            acknowledged = step;
            if let Some(pid) = vm.take_if(|_| acknowledged >= enough) {
                shell::show(Command::new("kill").args(["-9", &pid]))?;
            }
        }
    }
    child.wait().map_err(could_not)?;
    require(acknowledged >= enough, || format!("the shop stopped by itself after {acknowledged} steps"))?;
    Ok(acknowledged)
}

/// How many distinct steps the reader shows, by the argument of each call.
fn steps_shown(runs: &Path) -> Result<usize, Failure> {
    let arguments = ["trace", "show", "last", "--fun", "Shop.Scenario.step/1", "--depth", "1", "--limit", "100000"];
    let mut command = shell::command(shell::elixirscope(), &shell::root(), &arguments);
    let output = shell::output(command.env("ELIXIRSCOPE_DIR", runs))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut steps = std::collections::BTreeSet::new();
    for call in text.split("Shop.Scenario.step(").skip(1) {
        steps.extend(call.split(')').next().and_then(|number| number.replace('_', "").parse::<u32>().ok()));
    }
    // The steps must be 1, 2, 3 … without a hole.
    Ok(steps.iter().zip(1..).take_while(|(step, expected)| **step == *expected).count())
}
