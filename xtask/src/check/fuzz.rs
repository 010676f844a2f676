//! Recordings are damaged and forged, and read: no panic, no wrong event.

use crate::{Failure, setup, shell};
use std::path::{Path, PathBuf};

/// For CI, which repeats it for every change.
const SECONDS: u64 = 10;

/// What is recorded: a whole run, a flight recorder's, and one that is killed. Segments
/// are small, so that each has several.
const RECORDINGS: &[(&str, &str, &str)] = &[
    ("whole", "segment_bytes: 65_536", "Shop.Scenario.steps(60)"),
    ("flight", "keep: :newest, max_bytes: 4_000_000", "Shop.Scenario.steps(2_000)"),
    ("killed", "segment_bytes: 65_536", "Shop.Scenario.steps(60); System.cmd(\"kill\", [\"-9\", System.pid()])"),
];

/// What `check fuzz` was told.
struct Options {
    seconds: u64,
    seed: u64,
    /// Passed on: the first execution, and how many.
    rest: Vec<String>,
}

/// A few seconds of it.
pub fn run() -> Result<(), Failure> {
    fuzz(&Options { seconds: SECONDS, seed: 1, rest: Vec::new() })
}

/// As long as `--minutes` says.
pub fn run_with(words: &[&str]) -> Result<(), Failure> {
    let options = options(words).ok_or_else(|| {
        Failure::CouldNotRun("usage: cargo xtask check fuzz [--minutes N] [--seed S] [--from I] [--count N]".into())
    })?;
    setup::ensure()?;
    setup::build_release()?;
    fuzz(&options)
}

fn options(words: &[&str]) -> Option<Options> {
    let mut options = Options { seconds: SECONDS, seed: 1, rest: Vec::new() };
    for pair in words.chunks(2) {
        let [name, value] = *pair else { return None };
        let number: u64 = value.parse().ok()?;
        match name {
            "--minutes" => options.seconds = number.checked_mul(60)?,
            "--seed" => options.seed = number,
            "--from" | "--count" => options.rest.extend([name.to_owned(), value.to_owned()]),
            _ => return None,
        }
    }
    Some(options)
}

fn fuzz(options: &Options) -> Result<(), Failure> {
    let folder = shell::target().join("check-fuzz");
    let runs = recordings(&folder)?;
    let build = ["build", "--profile", "fuzz", "-p", "elixirscope-trace", "--example", "fuzz"];
    shell::show(&mut shell::command("cargo", &shell::root(), &build))?;
    let mut fuzz = shell::command(shell::target().join("fuzz/examples/fuzz"), &shell::root(), &[]);
    let numbers = [("--seconds", options.seconds), ("--seed", options.seed)];
    fuzz.args(numbers.iter().flat_map(|(name, number)| [(*name).to_owned(), number.to_string()]));
    fuzz.args(&options.rest).arg("--out").arg(&folder).args(golden()?).args(runs);
    shell::show(&mut fuzz).map_err(|failure| match std::fs::read_to_string(folder.join("current")) {
        Ok(last) => {
            let why = format!("the last execution is repeated by: cargo xtask check fuzz {}", last.trim());
            Failure::Failed(format!("{failure:?}\nwhat failed is below {}; {why}", folder.display()))
        }
        Err(_) => failure,
    })
}

/// The golden runs of every version.
fn golden() -> Result<Vec<PathBuf>, Failure> {
    let versions = folders(&shell::root().join("runtime-lib/wire/tests/golden"))?;
    let runs: Result<Vec<_>, _> = versions.iter().map(|version| folders(version)).collect();
    Ok(runs?.concat())
}

/// Real ones. Those of the last time are taken again, so that what failed can be repeated.
fn recordings(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut runs = Vec::new();
    for (name, options, work) in RECORDINGS {
        let dir = folder.join("runs").join(name);
        if !dir.exists() {
            record(&dir, options, work, *name == "killed")?;
        }
        runs.extend(folders(&dir)?);
    }
    println!("{} recordings below {}", runs.len(), folder.join("runs").display());
    Ok(runs)
}

fn record(dir: &Path, options: &str, work: &str, is_killed: bool) -> Result<(), Failure> {
    let script = format!(
        "{{:ok, _}} = ElixirScope.start_recording(dir: {:?}, trace: [:messages, :processes], {options}); {work}; \
         ElixirScope.stop_recording()",
        dir.display().to_string()
    );
    let mut mix = shell::shop_mix("on", &["run", "-e", &script]);
    let output = shell::output(mix.env("ELIXIRSCOPE_RECORD", "0"))?;
    if output.status.success() != is_killed {
        return Ok(());
    }
    Err(Failure::CouldNotRun(format!("the shop was not recorded:\n{}", String::from_utf8_lossy(&output.stderr))))
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let cannot = |error| Failure::CouldNotRun(format!("{}: {error}", path.display()));
    let entries = std::fs::read_dir(path).map_err(cannot)?;
    let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}
