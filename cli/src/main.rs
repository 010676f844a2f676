//! The `elixirscope` command.
//!
//! Owns: arguments, exit codes, how things look on a terminal. It must never
//! know: how anything is computed. Exit codes: 0 fine, 1 findings or
//! differences, 2 could not run.

mod instrument_command;
mod nodes_command;
mod plan_args;
mod preview_command;
mod print;
mod quoted_command;
mod trace_command;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Trees are many small allocations, the grammar's own in C among them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "elixirscope", version, about = "See everything a BEAM program did.", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the instrumented sources of a Mix project, and its node map
    Instrument(instrument_command::InstrumentArgs),
    /// Show what one file looks like with probes
    Preview(preview_command::PreviewArgs),
    /// List the nodes of a Mix project with their ids
    Nodes(nodes_command::NodesArgs),
    /// Print Elixir's quoted form of a file, as our parser understands it
    Quoted(quoted_command::QuotedArgs),
    /// Read recordings
    Trace(trace_command::TraceArgs),
}

fn main() -> ExitCode {
    // clap exits with 2 on wrong arguments, as promised.
    match Arguments::parse().command {
        Command::Instrument(arguments) => instrument_command::run(&arguments),
        Command::Preview(arguments) => preview_command::run(&arguments),
        Command::Nodes(arguments) => nodes_command::run(&arguments),
        Command::Quoted(arguments) => quoted_command::run(&arguments),
        Command::Trace(arguments) => trace_command::run(arguments),
    }
}
