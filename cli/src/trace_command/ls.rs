//! `trace ls`: one line a run.

use super::{Failure, Format, Soundness, for_machines, paint::Paint, runs, text};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;
use trace::{RunState, RunSummary, run};

const NOTES: &str = "\
JSON: {runs: [{id, path, app, started_ns, duration_ns, events, bytes, state, lost_events,
    findings}],
  unreadable: [{path, error}]}
state is recording, finished, killed or unknown.";

/// Arguments of `trace ls`.
#[derive(Args, Debug)]
#[command(after_help = format!("{NOTES}\n\n{}", super::EXIT_CODES))]
pub struct LsArgs {
    /// The folder of runs, or the project that holds it [default: $ELIXIRSCOPE_DIR, else .elixir_scope/runs]
    #[arg(value_name = "DIR", conflicts_with = "dir")]
    place: Option<PathBuf>,
    /// The same, as `show` and `stats` call it
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(args: &LsArgs, out: &mut dyn Write) -> Result<Soundness, Failure> {
    let runs = runs(args.place.as_deref().or(args.dir.as_deref()));
    let (mut summaries, mut unreadable) = (Vec::new(), Vec::new());
    for dir in runs.list()? {
        match run::summarize(&dir) {
            Ok(summary) => summaries.push(summary),
            Err(error) => unreadable.push((dir.display().to_string(), error.to_string())),
        }
    }
    let sound = unreadable.is_empty() && summaries.iter().all(|run| run.findings == 0);
    match args.format {
        Format::Json | Format::Term => {
            let failed: Vec<_> =
                unreadable.iter().map(|(path, error)| serde_json::json!({"path": path, "error": error})).collect();
            let all = serde_json::json!({"runs": summaries, "unreadable": failed});
            for_machines(args.format, &all, out)?;
        }
        Format::Text if summaries.is_empty() && unreadable.is_empty() => {
            writeln!(out, "no runs under {}", runs.root().display())?;
        }
        Format::Text => print(&summaries, out)?,
    }
    if args.format == Format::Text {
        for (_, error) in &unreadable {
            let _ = writeln!(std::io::stderr(), "warning: {error}");
        }
    }
    Ok(sound)
}

fn print(runs: &[RunSummary], out: &mut dyn Write) -> std::io::Result<()> {
    let titles = ["ID", "STARTED", "APP", "DURATION", "EVENTS", "SIZE", "LOST", "STATE"];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    for run in runs {
        rows.push(vec![
            short(run, runs),
            run.started_ns.map_or_else(|| "?".to_owned(), text::date),
            run.app.clone().unwrap_or_else(|| "?".to_owned()),
            text::duration(run.duration_ns),
            text::count(run.events),
            text::bytes(run.bytes),
            text::count(run.lost_events),
            state(run),
        ]);
    }
    text::table(out, "", &rows, &[false, false, false, true, true, true, true])
}

fn state(run: &RunSummary) -> String {
    let paint = Paint::for_stdout();
    let state = match run.state {
        RunState::Recording => paint.good(run.state.name()),
        RunState::Killed => paint.bad(run.state.name()),
        RunState::Finished | RunState::Unknown => run.state.name().to_owned(),
    };
    if run.findings == 0 {
        return state;
    }
    format!("{state}, {}: see `trace stats`", paint.note(&text::counted(run.findings as u64, "fault")))
}

// At least 8 digits, and as many as tell it from the others.
fn short(run: &RunSummary, runs: &[RunSummary]) -> String {
    let others = || runs.iter().filter(|other| other.id != run.id);
    let lengths = (8..run.id.len()).filter(|len| run.id.is_char_boundary(*len));
    let unique = lengths.map(|len| &run.id[..len]).find(|start| others().all(|other| !other.id.starts_with(start)));
    unique.unwrap_or(&run.id).to_owned()
}
