//! `kill -9` of the shop, a real program with the probes that the compiler gave it: its
//! steps are calls, each acknowledged when it returned.

use super::reading::{Absent, Reading, Tally};
use super::{Keep, Outcome, kill, require};
use crate::{Failure, shell};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

/// Kills it at a different step each time; a flight recorder far enough for the first
/// steps to be recycled.
pub fn run(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    let runs = super::scenario::runs()?;
    let enough = match keep {
        Keep::All => 20 + repetition % 20 * 7,
        Keep::Newest => 3_000 + repetition % 20 * 97,
    };
    let acknowledged = steps_until_killed(&runs, keep, enough)?;
    judge(&runs, keep, acknowledged).map(Outcome::Ran)
}

fn steps_until_killed(runs: &Path, keep: Keep, enough: usize) -> Result<usize, Failure> {
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("cannot run the shop: {error}"));
    let begin = match keep {
        Keep::All => "",
        Keep::Newest => {
            "dir = System.fetch_env!(\"ELIXIRSCOPE_DIR\");\
             {:ok, _} = ElixirScope.start_recording(dir: dir, keep: :newest, max_bytes: 16_000_000, budget: false);"
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
                kill(&pid)?;
            }
        }
    }
    child.wait().map_err(could_not)?;
    require(acknowledged >= enough, || format!("the shop stopped by itself after {acknowledged} steps"))?;
    Ok(acknowledged)
}

/// Steps are calls of one function, by its argument. The shop does not look whether
/// events were lost, so steps may be missing where some are counted.
fn judge(runs: &Path, keep: Keep, acknowledged: usize) -> Result<Tally, Failure> {
    let reading = Reading::of(&super::reading::only_run(runs)?, &["--detail", "boundaries"])?;
    reading.faults(Absent::Nothing)?;
    let calls = reading.whole("frames", "start_ns").filter(|frame| frame["function"] == "Shop.Scenario.step/1");
    let steps: BTreeSet<_> = calls.filter_map(|frame| step(&frame["args"][0]["value"])).collect();
    let (first, last) = (steps.first().copied().unwrap_or(0), steps.last().copied().unwrap_or(0));
    let lost_events = reading.lost_events();
    let tally = Tally { acknowledged, read: steps.len(), lost_events, ..Tally::default() };
    require(!steps.is_empty() && (first == 1) == (keep == Keep::All), || "the wrong steps were recycled".into())?;
    let missing = (last.max(acknowledged) + 1 - first).saturating_sub(steps.len());
    require(missing as u64 <= tally.lost_events, || {
        format!("{missing} steps are missing between {first} and {acknowledged} (last: {last})")
    })?;
    Ok(tally)
}

fn step(argument: &Value) -> Option<usize> {
    argument.as_str()?.replace('_', "").parse().ok()
}
