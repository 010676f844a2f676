//! What each stage costs in instructions, which no other load on the machine changes.

use super::require;
use crate::{Failure, setup, shell};
use std::fmt::Write as _;

/// What was accepted: `stage instructions` a line, below a comment that says where.
const ACCEPTED: &str = "tests/instructions.txt";

const STAGES: &[&str] = &["parse", "quoted", "ids", "instrument"];

/// In percent, either way: a gain that nobody writes down hides the next loss.
const TOLERANCE: f64 = 5.0;

/// Counts again, and fails where a stage is not within 5 % of what was accepted.
pub fn run() -> Result<(), Failure> {
    let path = shell::root().join(ACCEPTED);
    let accepted =
        std::fs::read_to_string(&path).map_err(|error| Failure::CouldNotRun(format!("{ACCEPTED}: {error}")))?;
    let mut moved = Vec::new();
    for (stage, now) in count()? {
        let line = accepted.lines().find_map(|line| line.strip_prefix(stage)?.trim().parse::<u64>().ok());
        let then = line.ok_or_else(|| Failure::Failed(format!("{ACCEPTED} has no line for {stage}: {ACCEPT}")))?;
        let percent = (now as f64 / then as f64 - 1.0) * 100.0;
        println!("{stage:12} {now:>14} instructions, {percent:+.1} %");
        if percent.abs() > TOLERANCE {
            moved.push(format!("{stage} {percent:+.1} %"));
        }
    }
    let origin = accepted.lines().next().unwrap_or_default().trim_start_matches("# ");
    require(moved.is_empty(), || format!("{} against {origin}. If that is meant: {ACCEPT}", moved.join(", ")))
}

const ACCEPT: &str = "cargo xtask check instructions --accept";

/// Counts, and writes the counts down.
pub fn accept() -> Result<(), Failure> {
    setup::ensure()?;
    let rustc = shell::text(&mut shell::command("rustc", &shell::root(), &["--version"]))?;
    let mut text = format!("# {} on {}\n", rustc.trim(), std::env::consts::ARCH);
    for (stage, now) in count()? {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{stage} {now}");
    }
    print!("{text}");
    std::fs::write(shell::root().join(ACCEPTED), text)
        .map_err(|error| Failure::CouldNotRun(format!("{ACCEPTED}: {error}")))
}

/// The instructions of each stage over the shop's library, on one thread.
fn count() -> Result<Vec<(&'static str, u64)>, Failure> {
    setup::ensure_debian("valgrind", &["valgrind"])?;
    let build = ["build", "--release", "-p", "elixirscope-driver", "--example", "stage"];
    shell::show(&mut shell::command("cargo", &shell::root(), &build))?;
    STAGES.iter().map(|stage| Ok((*stage, instructions(stage)?))).collect()
}

fn instructions(stage: &str) -> Result<u64, Failure> {
    let counting = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let mut command = shell::command("valgrind", &shell::root(), &counting);
    command.arg(shell::target().join("release/examples/stage")).args([stage, "tests/apps/shop/lib"]);
    let output = shell::output(command.env("RAYON_NUM_THREADS", "1"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected : "));
    let number = line.and_then(|(_, number)| number.trim().parse().ok());
    number
        .filter(|_| output.status.success())
        .ok_or_else(|| Failure::Failed(format!("{stage} was not counted:\n{said}")))
}
