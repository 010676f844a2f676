//! After `kill -9`, every acknowledged event is in the recording.

use super::require;
use crate::{Failure, shell};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::{Command, Stdio};

const REPETITIONS: usize = 10;

/// Whether everything is recorded, or the newest four megabytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    All,
    Newest,
}

/// Kills the VM at a different step each time.
pub fn run() -> Result<(), Failure> {
    for repetition in 0..REPETITIONS {
        check(Keep::All, 20 + repetition * 7)?;
    }
    // Far enough for the first steps to be recycled.
    (0..REPETITIONS).try_for_each(|repetition| check(Keep::Newest, 3_000 + repetition * 97))
}

fn check(keep: Keep, enough: usize) -> Result<(), Failure> {
    let runs = shell::target().join("kill-runs");
    // A leftover of an earlier run would be read instead.
    let _ = std::fs::remove_dir_all(&runs);
    let acknowledged = steps_until_killed(&runs, keep, enough)?;
    let shown = steps_shown(&runs)?;
    println!("killed after ack {acknowledged}: steps {} to {} in trace show", shown.start(), shown.end());
    require((*shown.start() == 1) == (keep == Keep::All), || "the wrong steps were recycled".into())?;
    let last = *shown.end();
    require(last >= acknowledged, || format!("{acknowledged} steps were acknowledged, the last recorded is {last}"))
}

fn steps_until_killed(runs: &Path, keep: Keep, enough: usize) -> Result<usize, Failure> {
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("cannot run the shop: {error}"));
    let begin = match keep {
        Keep::All => "",
        Keep::Newest => {
            "dir = System.fetch_env!(\"ELIXIRSCOPE_DIR\");\
             {:ok, _} = ElixirScope.start_recording(dir: dir, keep: :newest, max_bytes: 4_000_000);"
        }
    };
    let script = format!("{begin} IO.puts(\"vm #{{System.pid()}}\"); Shop.Scenario.steps(1_000_000)");
    let mut command = shell::shop_mix("on", &["run", "-e", &script]);
    let record = if keep == Keep::All { "1" } else { "0" };
    command.env("ELIXIRSCOPE_RECORD", record).env("ELIXIRSCOPE_DIR", runs);
    command.stdout(Stdio::piped()).stdin(Stdio::null());
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

/// The steps the reader shows, by the argument of each call: without a hole from when on
/// the recording is whole. (What a thread wrote into a segment that it never filled may
/// be older.)
fn steps_shown(runs: &Path) -> Result<RangeInclusive<usize>, Failure> {
    let arguments = ["trace", "show", "last", "--fun", "Shop.Scenario.step/1", "--depth", "1", "--limit", "100000"];
    let mut command = shell::command(shell::elixirscope(), &shell::root(), &arguments);
    let output = shell::output(command.args(["--format", "json"]).env("ELIXIRSCOPE_DIR", runs))?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::CouldNotRun(format!("trace show gives no JSON: {error}")))?;
    let whole_from = report["whole_from_ns"].as_i64().unwrap_or(i64::MIN);
    let frames = report["frames"].as_array().into_iter().flatten();
    let whole = frames.filter(|frame| frame["start_ns"].as_i64().is_some_and(|start| start >= whole_from));
    let steps: BTreeSet<_> = whole.filter_map(|frame| step(&frame["args"][0]["value"])).collect();
    let (first, last) = (steps.first().copied().unwrap_or(0), steps.last().copied().unwrap_or(0));
    require(!steps.is_empty() && steps.len() == last + 1 - first, || {
        format!("steps between {first} and {last} are missing")
    })?;
    Ok(first..=last)
}

fn step(argument: &Value) -> Option<usize> {
    argument.as_str()?.replace('_', "").parse().ok()
}
