//! `cargo xtask`: everything a developer or CI runs.
//!
//! Owns: set-up, the demo, the test run, checks and benchmarks of the whole. It
//! must never know: how any crate works inside. Exit codes: 0 fine, 1 something
//! failed, 2 could not run.
//!
//! ```text
//! cargo xtask demo           record the shop and read the recording
//! cargo xtask test           everything CI tests
//! cargo xtask instrument …   `elixirscope instrument …`, built here
//! cargo xtask codegen        write the source that follows from the grammar
//! cargo xtask corpus         fetch the code of others that checks and benchmarks read
//! cargo xtask check NAME     one of the longer checks
//! cargo xtask bench capture  what an event costs, against its peers
//! cargo xtask bench messages  what a traced message costs, against trace messages
//! cargo xtask bench parse    what a tree costs, against Elixir's parser
//! cargo xtask bench receive  what probes do to receives that skip messages
//! cargo xtask bench sustained  a flight recorder under load, for minutes
//! cargo xtask bench overlay  what the Mix step costs, against compiling
//! ```

mod bench;
mod check;
mod codegen;
mod corpus;
mod demo;
mod instrument;
mod overlay;
mod setup;
mod shell;
mod test;

use std::process::ExitCode;

/// Why a task ended early. The message says what to do next.
#[derive(Debug)]
pub enum Failure {
    /// Something ran and was wrong.
    Failed(String),
    /// Something could not run.
    CouldNotRun(String),
}

const USAGE: &str = "\
usage: cargo xtask TASK

  demo             set up, record tests/apps/shop, show the recording
  test             set up, then every test CI runs
  instrument …     build the command here and run `elixirscope instrument …`
  codegen          write the source that follows from the grammar; --check compares
  corpus           fetch the Elixir code that `check corpus` and `bench parse` read
  check NAME       one check: memory, crash, identical, off, bad-input, review, fuzz,
                   instructions, noop, corpus, mutants, erasure, suites; or all
  check fuzz       [--minutes N] [--seed S]: damaged and forged recordings are read
  check crash      [--repetitions N] [--only SCENARIO]: what ends a program, and its recording
  bench capture    ns per event, against the VM's own tracing
  bench messages   ns per message that the VM tells of, against trace messages
  bench incremental  a second run over 1000 files, and a keystroke
  bench parse      MB/s and memory of parsing, against Code.string_to_quoted
  bench receive    calls by a process with many messages, recorded against clean
  bench sustained  [--minutes N]: memory, disk and latency of a flight recorder (1 minute)
  bench overlay    PROJECT...: time and size of what the Mix step makes, against mix compile
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["instrument", arguments @ ..] => return instrument::run(arguments).unwrap_or_else(|failure| end(&failure)),
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["check", "instructions", "--accept"] => check::accept(),
        ["check", "crash", options @ ..] => check::crash(options),
        ["check", "fuzz", options @ ..] if !options.is_empty() => check::fuzz(options),
        ["check", name] => check::run(name),
        ["codegen"] => codegen::run(),
        ["codegen", "--check"] => codegen::check(),
        ["corpus"] => corpus::run(),
        ["bench", "capture"] => bench::capture(),
        ["bench", "incremental"] => bench::incremental::run(),
        ["bench", "messages"] => bench::messages(),
        ["bench", "parse"] => bench::parse::run(),
        ["bench", "receive"] => bench::receive::run(),
        ["bench", "sustained"] => bench::sustained("1"),
        ["bench", "sustained", "--minutes", minutes] => bench::sustained(minutes),
        ["bench", "overlay", projects @ ..] => bench::overlay::run(projects),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(Failure::CouldNotRun(format!("unknown task `{}`\n\n{USAGE}", arguments.join(" ")))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(&failure),
    }
}

fn end(failure: &Failure) -> ExitCode {
    let (why, code) = match failure {
        Failure::Failed(why) => (why, 1),
        Failure::CouldNotRun(why) => (why, 2),
    };
    eprintln!("\nxtask: {why}");
    ExitCode::from(code)
}
