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
    let (project, path) = driver::Project::around(&arguments.file)?;
    let source = project.sources.iter().find(|source| source.path == path);
    let text = source.map(|source| String::from_utf8_lossy(&source.text).into_owned());
    let preview = driver::preview_in(project.with(settings), &path)?;
    Ok((text.unwrap_or_default(), preview))
}
