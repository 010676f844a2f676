//! `elixirscope instrument`.

mod check;

use crate::plan_args::PlanArgs;
use crate::print::{could_not_run, print};
use clap::{Args, ValueEnum};
use driver::{Project, Summary};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 snapshots differ (--check), 2 could not run.
docs/REVIEW.md shows a review with snapshots.";

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct InstrumentArgs {
    /// The directory that holds mix.exs
    project: PathBuf,
    /// Where to write [default: PROJECT/_build/dev/elixir_scope]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The application's name, for messages
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// A directory of sources, relative to PROJECT; may be repeated [default: lib]
    #[arg(long = "path", value_name = "DIR")]
    paths: Vec<String>,
    /// How to report: for people, for programs, or nothing but OUT/report.term
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    plan: PlanArgs,
    /// The plan is for other applications too: say nothing of what this one has not
    #[arg(long)]
    shared_plan: bool,
    /// What the plan, the exclusions and all output call PROJECT, such as deps/plug
    #[arg(long = "as", value_name = "PATH")]
    called: Option<String>,
    #[command(flatten)]
    check: check::CheckArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Term,
}

/// Runs `elixirscope instrument`.
pub fn run(arguments: &InstrumentArgs) -> ExitCode {
    let done = project(arguments).and_then(|project| match &arguments.check.snapshots {
        Some(snapshots) => check::run(arguments, &project, snapshots),
        None => instrument(arguments, &project).map(|()| ExitCode::SUCCESS),
    });
    done.unwrap_or_else(|error| could_not_run(&error))
}

fn project(arguments: &InstrumentArgs) -> Result<Project, driver::Error> {
    let default = ["lib".to_owned()];
    let paths = if arguments.paths.is_empty() { &default[..] } else { &arguments.paths };
    let settings = driver::Settings { shared_plan: arguments.shared_plan, ..arguments.plan.settings()? };
    let project = Project::read(&arguments.project, paths)?.with(settings);
    Ok(match &arguments.called {
        Some(folder) => project.below(folder),
        None => project,
    })
}

fn instrument(arguments: &InstrumentArgs, project: &Project) -> Result<(), driver::Error> {
    let out = arguments.out.clone().unwrap_or_else(|| arguments.project.join("_build/dev/elixir_scope"));
    let summary = match driver::unchanged(project, &out) {
        Some(summary) => summary,
        None => {
            let progress = progress(project.sources.len(), arguments.format);
            let built = driver::build_cached(project, &out, &|| progress.inc(1))?;
            progress.finish_and_clear();
            driver::emit(project, &built, &out)?
        }
    };
    match arguments.format {
        Format::Term => {}
        Format::Json => print(&format!("{}\n", json(&summary))),
        Format::Text => print(&text(arguments, &summary, &out)),
    }
    Ok(())
}

fn progress(files: usize, format: Format) -> ProgressBar {
    if format != Format::Text || !std::io::stderr().is_terminal() || files < 100 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} files, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn json(summary: &Summary) -> serde_json::Value {
    serde_json::json!({
        "instrumented_files": summary.instrumented,
        "clean_files": summary.clean,
        "instrumented_clauses": summary.clauses,
        "refused_clauses": summary.refused_clauses,
        "nodes": summary.nodes,
        "written_files": summary.written,
        "diagnostics": summary.diagnostics,
    })
}

fn text(arguments: &InstrumentArgs, summary: &Summary, out: &Path) -> String {
    let mut text: String = summary.diagnostics.iter().map(|diagnostic| format!("warning: {diagnostic}\n")).collect();
    let app = arguments.app.as_deref().map(|app| format!("{app}: ")).unwrap_or_default();
    text.push_str(&format!(
        "{app}{} clauses in {} files instrumented, {} clauses left clean (see plan.json), {} files without probes\n",
        summary.clauses,
        summary.instrumented,
        summary.refused_clauses,
        summary.clean + summary.refused_files,
    ));
    text.push_str(&format!("{} files written below {}\n", summary.written, out.display()));
    text
}
