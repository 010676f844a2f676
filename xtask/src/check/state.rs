//! A state of a megabyte and small changes: what is written, and what is read back.

use super::{empty, require};
use crate::{Failure, shell};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const UPDATES: usize = 10_000;
/// Bytes written for an update, of those of the state.
const MOST_PERCENT: f64 = 2.0;
/// Times at which the VM is killed.
const KILLS: [usize; 3] = [700, 1900, 3100];

/// What the server says.
#[derive(Default)]
struct Said {
    run: Option<PathBuf>,
    size: f64,
    written: f64,
    acknowledged: usize,
}

/// Bytes for each update; the state at random moments (100 of them, or `STATE_TIMES`),
/// also of a flight recorder, and after kills.
pub fn run() -> Result<(), Failure> {
    let times = std::env::var("STATE_TIMES").unwrap_or_else(|_| "100".into());
    let said = judged("all", UPDATES, None, &times)?;
    let each = said.written / UPDATES as f64;
    let percent = 100.0 * each / said.size;
    println!("{UPDATES} updates of {:.0} bytes: {each:.0} bytes each, {percent:.3} % of the state", said.size);
    require(percent <= MOST_PERCENT, || format!("more than {MOST_PERCENT} % of the state for each update"))?;
    judged("newest", UPDATES * 8, None, &times)?;
    KILLS.into_iter().try_for_each(|enough| judged("all", UPDATES, Some(enough), "20").map(drop))
}

fn judged(keep: &str, updates: usize, kill_after: Option<usize>, times: &str) -> Result<Said, Failure> {
    let runs = shell::target().join("state-runs");
    empty(&runs)?;
    let said = serve(&runs, keep, updates, kill_after)?;
    let run = said.run.clone().ok_or_else(|| Failure::Failed("the server started no recording".into()))?;
    let acknowledged = said.acknowledged.to_string();
    let log = runs.join("log");
    let mut judge = script("judge.exs", &[&run, &log], &[times, &acknowledged]);
    let found = shell::text(&mut judge)?;
    let killed = kill_after.map_or(String::new(), |_| format!(", killed after {acknowledged}"));
    println!("keep {keep}, {updates} updates{killed}: {}", found.trim().replace('\n', ", "));
    Ok(said)
}

fn script(name: &str, paths: &[&Path], arguments: &[&str]) -> Command {
    let script = shell::root().join("tests/state").join(name);
    let mut command = shell::command("mix", &shell::package(), &["run"]);
    command.arg(script).args(paths).args(arguments);
    command
}

fn serve(runs: &Path, keep: &str, updates: usize, kill_after: Option<usize>) -> Result<Said, Failure> {
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("cannot run the server: {error}"));
    let mut command = script("server.exs", &[runs, &runs.join("log")], &[&updates.to_string(), keep]);
    let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().map_err(could_not)?;
    let Some(out) = child.stdout.take() else { return Err(Failure::CouldNotRun("no standard output".into())) };
    let (mut said, mut vm) = (Said::default(), None);
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        match line.split_once(' ') {
            Some(("run", run)) => said.run = Some(run.into()),
            Some(("vm", pid)) => vm = Some(pid.to_owned()),
            Some(("size", bytes)) => said.size = bytes.parse().unwrap_or(0.0),
            Some(("written", bytes)) => said.written = bytes.parse().unwrap_or(f64::INFINITY),
            Some(("ack", change)) => said.acknowledged = change.parse().unwrap_or(0),
            _ => {}
        }
        let is_due = kill_after.is_some_and(|enough| said.acknowledged >= enough);
        if let Some(pid) = vm.take_if(|_| is_due) {
            shell::show(Command::new("kill").args(["-9", &pid]))?;
        }
    }
    child.wait().map_err(could_not)?;
    let is_done = said.acknowledged == updates || kill_after.is_some_and(|enough| said.acknowledged >= enough);
    require(is_done, || format!("the server stopped by itself after {} updates", said.acknowledged))?;
    Ok(said)
}
