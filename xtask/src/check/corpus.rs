//! The whole corpus: every byte comes back, and every term is that of Elixir's parser.

use super::empty;
use crate::{Failure, corpus, shell};
use std::path::{Path, PathBuf};

/// Fetches the corpus, and fails at the end if anything differed.
pub fn run() -> Result<(), Failure> {
    let folders = corpus::ensure()?;
    mutate(&folders, "100000", None)?;
    let mut different = Vec::new();
    for folder in &folders {
        for columns in [false, true] {
            if !parity(folder, columns)? {
                different.push(format!("{}{}", corpus::name(folder), if columns { " with columns" } else { "" }));
            }
        }
    }
    super::require(different.is_empty(), || format!("not as Elixir has it: {}", different.join(", ")))
}

/// Damaged sources against Elixir's parser: most are rejected, and then the line counts.
pub fn mutants() -> Result<(), Failure> {
    let folder = shell::target().join("mutants");
    empty(&folder)?;
    mutate(&corpus::ensure()?, "4000", Some(&folder))?;
    let same = parity(&folder, false)?;
    super::require(same, || "not as Elixir has it: see above; the sources are in target/mutants".into())
}

fn mutate(folders: &[PathBuf], count: &str, out: Option<&Path>) -> Result<(), Failure> {
    let test = ["test", "--release", "-p", "elixirscope-syntax", "--test", "mutations", "--", "--nocapture"];
    let paths = std::env::join_paths(folders).map_err(|error| Failure::CouldNotRun(error.to_string()))?;
    let mut command = shell::command("cargo", &shell::root(), &test);
    if let Some(out) = out {
        command.env("ELIXIRSCOPE_MUTANTS", out);
    }
    shell::show(command.env("ELIXIRSCOPE_CORPUS", paths).env("ELIXIRSCOPE_MUTATIONS", count))
}

/// Whether all that Elixir accepts below `folder` is the same or refused, and what it
/// rejects is rejected at the same line. Prints what is not the same.
fn parity(folder: &Path, columns: bool) -> Result<bool, Failure> {
    let out = shell::target().join("parity").join(corpus::name(folder));
    empty(&out)?;
    let terms = out.join("terms");
    let columns = columns.then_some("--columns");
    let mut ours = shell::command(shell::elixirscope(), &shell::root(), &["quoted", "--format", "etf"]);
    // It ends with 1 where a file is refused: what counts is below.
    let said = shell::output(ours.args(columns).arg("--out").arg(&terms).arg(folder))?;
    let errors = out.join("errors.txt");
    std::fs::write(&errors, said.stderr)
        .map_err(|error| Failure::CouldNotRun(format!("{}: {error}", errors.display())))?;
    let mut theirs = shell::command("elixir", &shell::root(), &["tests/quoted/parity.exs"]);
    let compared = shell::output(theirs.arg(folder).arg(&terms).arg(&errors).args(columns))?;
    println!("── {} {}", corpus::name(folder), columns.unwrap_or_default());
    println!("{}", String::from_utf8_lossy(&compared.stdout));
    match compared.status.code() {
        Some(0) => Ok(true),
        Some(1) if compared.stdout.ends_with(b"another line\n") => Ok(false),
        _ => Err(Failure::CouldNotRun(String::from_utf8_lossy(&compared.stderr).into_owned())),
    }
}
