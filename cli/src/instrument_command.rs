//! `elixirscope instrument` and `elixirscope preview`.

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
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
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Term,
}

#[derive(Args)]
pub struct PreviewArgs {
    /// An Elixir source file
    file: PathBuf,
    /// Print a unified diff instead of the whole text
    #[arg(long)]
    diff: bool,
}

/// Runs `elixirscope instrument`.
pub fn instrument(arguments: &InstrumentArgs) -> ExitCode {
    match try_instrument(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => could_not_run(&error),
    }
}

fn try_instrument(arguments: &InstrumentArgs) -> Result<(), driver::Error> {
    let default = ["lib".to_owned()];
    let paths = if arguments.paths.is_empty() { &default[..] } else { &arguments.paths };
    let project = driver::Project::read(&arguments.project, paths)?;
    let out = arguments.out.clone().unwrap_or_else(|| arguments.project.join("_build/dev/elixir_scope"));
    let summary = match driver::unchanged(&project, &out) {
        Some(summary) => summary,
        None => {
            let progress = progress(project.sources.len(), arguments.format);
            let built = driver::build_cached(&project, &out, &|| progress.inc(1))?;
            progress.finish_and_clear();
            driver::emit(&project, &built, &out)?
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

fn json(summary: &driver::Summary) -> serde_json::Value {
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

fn text(arguments: &InstrumentArgs, summary: &driver::Summary, out: &std::path::Path) -> String {
    let mut text: String = summary.diagnostics.iter().map(|diagnostic| format!("warning: {diagnostic}\n")).collect();
    let app = arguments.app.as_deref().map(|app| format!("{app}: ")).unwrap_or_default();
    text.push_str(&format!(
        "{app}{} clauses in {} files instrumented, {} clauses left clean (see plan.json), {} files without probes\n",
        summary.clauses,
        summary.instrumented,
        summary.refused_clauses,
        summary.clean + summary.diagnostics.len(),
    ));
    text.push_str(&format!("{} files written below {}\n", summary.written, out.display()));
    text
}

/// Runs `elixirscope preview`: 1 when the file is refused.
pub fn preview(arguments: &PreviewArgs) -> ExitCode {
    let path = arguments.file.display().to_string();
    let source = match std::fs::read(&arguments.file) {
        Ok(source) => source,
        Err(cause) => {
            let path = arguments.file.clone();
            return could_not_run(&driver::Error::Io { action: "read", path, cause });
        }
    };
    match driver::preview(&path, &source) {
        Ok(text) if arguments.diff => {
            print(&driver::diff(&path, &String::from_utf8_lossy(&source), &text));
            ExitCode::SUCCESS
        }
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(driver::Error::Refused(diagnostic)) => {
            eprintln!("warning: {diagnostic}");
            ExitCode::from(1)
        }
        Err(error) => could_not_run(&error),
    }
}

/// Prints to standard output; a reader that went away is no error.
fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn could_not_run(error: &driver::Error) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}
