//! `elixirscope instrument --check`: what somebody has read, against what is.

use super::{Format, InstrumentArgs, progress};
use crate::print::{print, warn};
use crate::trace_command::paint::Paint;
use clap::Args;
use driver::{Difference, DifferenceKind, Project, Review};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct CheckArgs {
    /// Compare the instrumented texts with snapshots, and write nothing
    #[arg(long, requires = "snapshots", conflicts_with = "out")]
    check: bool,
    /// The folder of snapshots, one for each source with probes
    #[arg(long, value_name = "DIR", requires = "check")]
    pub snapshots: Option<PathBuf>,
    /// With --check: make the snapshots what they would be now, and remove stale ones
    #[arg(long, requires = "check")]
    accept: bool,
    /// With --check: only sources that this file, folder or glob describes; may be repeated
    #[arg(long, value_name = "GLOB", requires = "check")]
    only: Vec<String>,
}

/// Compares: 1 when a snapshot differs. With `--accept`, there is no difference after it.
pub fn run(arguments: &InstrumentArgs, project: &Project, folder: &Path) -> Result<ExitCode, driver::Error> {
    let progress = progress(project.sources.len(), arguments.format);
    let built = driver::build(project, &|| progress.inc(1));
    progress.finish_and_clear();
    let snapshots = driver::Snapshots::read(project, &built, folder, &arguments.check.only)?;
    let review = snapshots.review();
    if arguments.check.accept {
        snapshots.accept()?;
    }
    driver::unmet(project, &built).iter().for_each(warn);
    match arguments.format {
        Format::Term => {}
        Format::Json => print(&format!("{:#}\n", json(&review))),
        Format::Text => print(&text(&review, arguments.check.accept, folder)),
    }
    let differs = !review.differences.is_empty() && !arguments.check.accept;
    Ok(ExitCode::from(u8::from(differs)))
}

fn word(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Changed => "changed",
        DifferenceKind::Missing => "missing",
        DifferenceKind::Stale => "stale",
    }
}

fn json(review: &Review) -> serde_json::Value {
    let difference = |one: &Difference| {
        serde_json::json!({
            "kind": word(one.kind),
            "source": one.source,
            "snapshot": one.snapshot.display().to_string(),
            "diff": one.diff,
        })
    };
    let differences: Vec<_> = review.differences.iter().map(difference).collect();
    serde_json::json!({ "equal": review.equal, "differences": differences })
}

fn text(review: &Review, accepted: bool, folder: &Path) -> String {
    let paint = Paint::for_stdout();
    let mut text: String = review.differences.iter().map(|one| entry(one, accepted, paint)).collect();
    let (equal, differ) = (review.equal, review.differences.len());
    let snapshots = |count: usize| format!("{count} snapshot{}", if count == 1 { "" } else { "s" });
    text.push_str(&match (differ, accepted) {
        (0, _) => format!("{} below {}: no difference\n", snapshots(equal), folder.display()),
        (_, true) => format!("{} accepted, {equal} as before: read the diff and commit it\n", snapshots(differ)),
        (_, false) => {
            format!(
                "{} with a difference, {equal} without; once they are right, run again with --accept\n",
                snapshots(differ)
            )
        }
    });
    text
}

/// A diff where there are two texts; a line where there is one, or where the
/// version control will show the diff.
fn entry(difference: &Difference, accepted: bool, paint: Paint) -> String {
    let place = difference.snapshot.display();
    match difference.kind {
        DifferenceKind::Changed if !accepted => {
            difference.diff.lines().map(|line| format!("{}\n", colored(line, paint))).collect()
        }
        DifferenceKind::Changed => format!("changed: {place}\n"),
        DifferenceKind::Missing if accepted => format!("new: {place}\n"),
        DifferenceKind::Missing => format!("missing: {place}\n"),
        DifferenceKind::Stale if accepted => format!("removed: {place}\n"),
        DifferenceKind::Stale => format!("stale: {place} (there are no probes in {})\n", difference.source),
    }
}

fn colored(line: &str, paint: Paint) -> String {
    match line.as_bytes().first() {
        _ if line.starts_with("---") || line.starts_with("+++") => paint.bold(line),
        Some(b'+') => paint.good(line),
        Some(b'-') => paint.bad(line),
        Some(b'@') => paint.dim(line),
        _ => line.to_owned(),
    }
}
