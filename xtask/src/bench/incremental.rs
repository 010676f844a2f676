//! What a second run costs, and a keystroke.

use crate::{Failure, shell};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const FILES: usize = 1000;
const RUNS: usize = 20;
const KEYSTROKES: &str = "400";
/// Of the file that is edited.
const LINES: usize = 2000;

/// Runs over generated files: nothing built, nothing changed, one file changed.
pub fn run() -> Result<(), Failure> {
    shell::show(&mut shell::command("cargo", &shell::root(), &["build", "--release", "-p", "elixirscope"]))?;
    let directory = shell::target().join("bench-projects/incremental");
    let sources = shop_sources()?;
    let bytes = generate(&directory, &sources)?;
    println!("{FILES} files, {bytes} bytes, made of the shop's");
    let mut instrument = shell::command(shell::elixirscope(), &directory, &["instrument", "."]);
    let mut timed = || {
        let start = Instant::now();
        shell::text(&mut instrument).map(|_| start.elapsed())
    };
    let cold = timed()?;
    println!("nothing built:    {cold:?}");
    let same: Vec<_> = (0..RUNS).map(|_| timed()).collect::<Result<_, _>>()?;
    report("nothing changed: ", same, cold);
    let edited = directory.join("lib/d0/f1.ex");
    let original = read(&edited)?;
    let changed = |run| write(&edited, &format!("# Edited {run}\n{original}")).and_then(|()| timed());
    report("one file changed:", (0..RUNS).map(changed).collect::<Result<_, _>>()?, cold);
    keystrokes(&directory, &sources)
}

fn report(what: &str, mut times: Vec<Duration>, cold: Duration) {
    times.sort();
    let (median, p95) = (times[times.len() / 2], times[times.len() * 95 / 100]);
    let share = 100.0 * median.as_secs_f64() / cold.as_secs_f64();
    println!("{what} median {median:?}, p95 {p95:?} of {}; {share:.1} % of the first", times.len());
}

fn keystrokes(directory: &Path, sources: &[String]) -> Result<(), Failure> {
    let file = directory.join("long.ex");
    let lines: Vec<&str> = sources.iter().flat_map(|source| source.lines()).collect();
    // Whole modules, so that the file has no syntax error.
    let ends = |at: &usize| lines[*at] == "end";
    let last = (LINES..lines.len()).find(ends).unwrap_or(lines.len() - 1);
    write(&file, &(lines[..=last].join("\n") + "\n"))?;
    let path = file.display().to_string();
    let run =
        ["run", "--release", "--quiet", "-p", "elixirscope-db", "--example", "keystroke", "--", &path, KEYSTROKES];
    shell::show(&mut shell::command("cargo", &shell::root(), &run))
}

/// The shop's sources, in the order of their paths.
fn shop_sources() -> Result<Vec<String>, Failure> {
    let mut paths = Vec::new();
    let mut folders = vec![shell::shop().join("lib")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(could_not(&folder))? {
            let path = entry.map_err(could_not(&folder))?.path();
            if path.is_dir() { folders.push(path) } else { paths.push(path) }
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

/// A project of the shop's files under names of their own; returns their size.
fn generate(directory: &Path, sources: &[String]) -> Result<usize, Failure> {
    // It may not be there.
    let _ = std::fs::remove_dir_all(directory);
    let mut bytes = 0;
    for (number, source) in sources.iter().cycle().take(FILES).enumerate() {
        let text = source.replace("Shop", &format!("Shop{number}"));
        bytes += text.len();
        write(&directory.join(format!("lib/d{}/f{number}.ex", number / 25)), &text)?;
    }
    write(&directory.join("mix.exs"), "defmodule Generated.MixProject do\nend\n")?;
    Ok(bytes)
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(could_not(path))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, text)).map_err(could_not(path))
}

fn could_not(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path: PathBuf = path.to_owned();
    move |error| Failure::CouldNotRun(format!("{}: {error}", path.display()))
}
