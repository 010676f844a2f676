//! What each stage of a build costs in instructions, and each event of a recording: no
//! other load on the machine changes that.

use super::require;
use crate::{Failure, setup, shell};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

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
        let line = accepted.lines().find_map(|line| line.strip_prefix(stage.as_str())?.trim().parse::<u64>().ok());
        let then = line.ok_or_else(|| Failure::Failed(format!("{ACCEPTED} has no line for {stage}: {ACCEPT}")))?;
        let percent = (now as f64 / then as f64 - 1.0) * 100.0;
        println!("{stage:40} {now:>12} instructions, {percent:+.1} %");
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

/// Of each stage over the shop's library, on one thread, and of an event of each shape.
fn count() -> Result<Vec<(String, u64)>, Failure> {
    setup::ensure_debian("valgrind", &["valgrind"])?;
    let build = ["build", "--release", "-p", "elixirscope-driver", "--example", "stage"];
    shell::show(&mut shell::command("cargo", &shell::root(), &build))?;
    let mut counts = Vec::new();
    for &stage in STAGES {
        counts.push((stage.to_owned(), instructions(stage)?));
    }
    counts.extend(events()?);
    Ok(counts)
}

fn instructions(stage: &str) -> Result<u64, Failure> {
    let mut command = callgrind(Path::new("/dev/null"));
    command.arg(shell::target().join("release/examples/stage")).args([stage, "tests/apps/shop/lib"]);
    let output = shell::output(command.env("RAYON_NUM_THREADS", "1"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected : "));
    let number = line.and_then(|(_, number)| number.trim().parse().ok());
    number
        .filter(|_| output.status.success())
        .ok_or_else(|| Failure::Failed(format!("{stage} was not counted:\n{said}")))
}

fn callgrind(out: &Path) -> Command {
    let mut command = shell::command("valgrind", &shell::root(), &["--tool=callgrind"]);
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command
}

/// The instructions within the native functions, the VM's own included, of an event of
/// each shape of `bench/capture/shapes.exs`.
fn events() -> Result<Vec<(String, u64)>, Failure> {
    setup::build_release()?;
    let package = shell::package();
    shell::text(&mut shell::command("mix", &package, &["compile"]))?;
    let folder = shell::target().join("check-instructions");
    let _ = std::fs::remove_dir_all(&folder);
    let failed = |error: std::io::Error| Failure::CouldNotRun(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let beams = package.join("_build/dev/lib/elixir_scope/ebin");
    // Compiled before: counting while the VM compiles is not needed, and took it down.
    let mut compile = shell::command("elixirc", &package.join("bench/capture"), &["shapes.exs", "count.exs"]);
    shell::text(compile.arg("-pa").arg(&beams).arg("-o").arg(&folder))?;
    let mut vm = callgrind(&folder.join("%p"));
    // The VM writes code while it runs.
    vm.args(["--trace-children=yes", "--smc-check=all", "--dump-after=elixirscope_nif::hot::tail"]);
    vm.args(["enter", "leave"].map(|name| format!("--toggle-collect=elixirscope_nif::hot::{name}")));
    vm.args(["elixir", "--erl", "+S 1:1 +sbwt none", "-pa"]).arg(beams).arg("-pa").arg(&folder);
    vm.arg("-e").arg(format!("Bench.Count.run({:?})", folder.join("runs")));
    let said = shell::text(&mut vm)?;
    let mut parts = parts(&folder).map_err(failed)?.into_iter().skip(1).step_by(2);
    let mut counts = Vec::new();
    for (turns, name) in said.lines().filter_map(|line| line.split_once(' ')) {
        match (turns.parse::<u64>(), parts.next()) {
            (Ok(turns), Some(all)) if all > turns => counts.push((name.to_owned(), all / turns)),
            _ => return Err(Failure::Failed(format!("{name} was not counted:\n{said}"))),
        }
    }
    Ok(counts)
}

/// What was counted in each part, in their order; the parts of a process are `PID.1` and on.
fn parts(folder: &Path) -> std::io::Result<Vec<u64>> {
    let mut parts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(number) = path.extension().and_then(|part| part.to_str()?.parse::<u32>().ok()) else { continue };
        let text = std::fs::read_to_string(&path)?;
        let total = text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse::<u64>().ok());
        parts.extend(total.map(|total| (number, total)));
    }
    parts.sort_unstable();
    Ok(parts.into_iter().map(|(_, total)| total).collect())
}
