//! `elixirscope preview`.

use crate::plan_args::PlanArgs;
use crate::print::{could_not_run, print, warn};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

const EXIT_CODES: &str = "Exit codes: 0 fine, 1 the file stays without probes, 2 could not run.";

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct PreviewArgs {
    /// An Elixir source file
    file: PathBuf,
    /// Print a unified diff instead of the whole text
    #[arg(long)]
    diff: bool,
    #[command(flatten)]
    plan: PlanArgs,
}

/// Runs `elixirscope preview`: 1 when the file is refused.
pub fn run(arguments: &PreviewArgs) -> ExitCode {
    let path = arguments.file.display().to_string();
    match preview(arguments) {
        Ok((source, preview)) => {
            preview.diagnostics.iter().for_each(warn);
            print(&if arguments.diff { driver::diff(&path, &source, &preview.text) } else { preview.text });
            ExitCode::SUCCESS
        }
        Err(driver::Error::Refused(diagnostic)) => {
            warn(&driver::Diagnostic { file: path, ..diagnostic });
            ExitCode::from(1)
        }
        Err(error) => could_not_run(&error),
    }
}

fn preview(arguments: &PreviewArgs) -> Result<(String, driver::Preview), driver::Error> {
    let settings = arguments.plan.settings()?;
    let source = std::fs::read(&arguments.file).map_err(|cause| {
        let path = arguments.file.clone();
        driver::Error::Io { action: "read", path, cause }
    })?;
    let preview = driver::preview_with(&driver::path_in_project(&arguments.file), &source, settings)?;
    Ok((String::from_utf8_lossy(&source).into_owned(), preview))
}
