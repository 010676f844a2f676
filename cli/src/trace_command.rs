//! `elixirscope trace`: lists, counts and shows recordings.

mod detail;
mod ls;
pub mod paint;
mod pretty;
mod show;
mod state;
mod stats;
mod term;
mod text;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trace::{Finding, OpenError, Recording, Runs};

/// Arguments of `elixirscope trace`.
#[derive(Args, Debug)]
pub struct TraceArgs {
    #[command(subcommand)]
    command: TraceCommand,
}

#[derive(Subcommand, Debug)]
enum TraceCommand {
    /// List the runs, oldest first
    Ls(ls::LsArgs),
    /// Show the calls of a run, by process
    Show(show::ShowArgs),
    /// Show the versions of a process's state, or its state at a moment
    State(state::StateArgs),
    /// Show numbers about a run
    Stats(stats::StatsArgs),
}

/// Which run to read.
#[derive(Args, Debug)]
struct RunArgs {
    /// A run's folder, its id, the start of its id, or `last`
    #[arg(default_value = "last")]
    run: String,
    /// The folder of runs, or the project that holds it [default: $ELIXIRSCOPE_DIR, else .elixir_scope/runs]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One object, for machines
    Json,
    /// The same as an Erlang term, for `file:consult/1`
    Term,
}

/// Writes `value` as the format for machines asks.
fn for_machines(format: Format, value: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    if format == Format::Term {
        return Ok(term::write(&serde_json::to_value(value)?, out)?);
    }
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 the run's files have faults (all that is readable is shown), 2 could not run.";

/// What a command found: whether the files are sound.
type Soundness = bool;

#[derive(Debug)]
enum Failure {
    Open(OpenError),
    /// What was asked for is not in the recording.
    Unknown(String),
    Output(io::Error),
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}

/// Runs the command: 0 fine, 1 faults in the files, 2 could not run.
pub fn run(args: TraceArgs) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = match args.command {
        TraceCommand::Ls(args) => ls::run(&args, &mut out),
        TraceCommand::Show(args) => show::run(&args, &mut out),
        TraceCommand::State(args) => state::run(&args, &mut out),
        TraceCommand::Stats(args) => stats::run(&args, &mut out),
    };
    match done.and_then(|sound| Ok(out.flush().map(|()| sound)?)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // Whoever reads has seen enough: `| head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(error)) => fail(&error),
        Err(Failure::Open(error)) => fail(&error),
        Err(Failure::Unknown(what)) => fail(&what),
    }
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {error}");
    ExitCode::from(2)
}

fn runs(dir: Option<&Path>) -> Runs {
    match dir.map(Path::to_owned).or_else(|| std::env::var_os("ELIXIRSCOPE_DIR").map(PathBuf::from)) {
        Some(dir) => Runs::near(&dir),
        None => Runs::under(PathBuf::from(".elixir_scope/runs")),
    }
}

impl RunArgs {
    fn open(&self) -> Result<Recording, OpenError> {
        Recording::open(&runs(self.dir.as_deref()).resolve(&self.run)?)
    }
}

// Beside the output, so that what is piped on stays clean.
fn report(dir: &Path, findings: &[Finding]) -> Soundness {
    let mut errors = io::stderr().lock();
    for finding in findings {
        let _ = writeln!(errors, "warning: {}", dir.join(finding.to_string()).display());
    }
    findings.is_empty()
}
