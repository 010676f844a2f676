//! `trace stats`: numbers about a run.

use super::{Failure, Format, RunArgs, Soundness, for_machines, paint::Paint, report, text};
use clap::Args;
use std::io::{self, Write};
use trace::stats::{Count, ErrorCount};
use trace::value::inspect;
use trace::{Frames, Recording, RunState, Stats};

const NOTES: &str = "\
JSON: {run, app, state, failure, span_ns, events, event_bytes, bytes_per_event, name_bytes, atoms,
  kinds|modules|functions|closings: [{name, count, bytes}],
  times: [{function, calls, own_ns, longest_ns, longest_at_ns, longest_pid}],
  errors: [{kind, name, place, count}],
  processes: [{pid, name, events, calls, orphans, start_ns, end_ns, ended, exit_reason}], orphans,
  messages: {sent, received, paired},
  rings: [{ring, segments, recycled_segments, missing_segments, bytes, lost_events, lost_bytes,
    truncated, panics, sealed}],
  missing_segments, recycled_segments, lost_events, lost_bytes, truncated, omitted, panics,
  unresolved_nodes, findings: [{file, offset, problem, advice}]}
Times count from the recording's start. Lists are complete and sorted, most first; processes with
as many events stand in the order of their first. A function's own time is without the calls it
made, as far as they were recorded; calls whose end is not known count for nothing. An error is
what a handler caught (error, exit, throw), or a process that ended otherwise than in order (crash).";

/// Arguments of `trace stats`.
#[derive(Args, Debug)]
#[command(after_help = format!("{NOTES}\n\n{}", super::EXIT_CODES))]
pub struct StatsArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Lines of each list of functions, modules and processes
    #[arg(long, value_name = "N", default_value_t = 15)]
    top: usize,
}

pub(super) fn run(args: &StatsArgs, out: &mut dyn Write) -> Result<Soundness, Failure> {
    let recording = args.run.open()?;
    let stats = Stats::of(&recording, &Frames::build(&recording));
    if args.run.format != Format::Text {
        for_machines(args.run.format, &stats, out)?;
        return Ok(stats.findings.is_empty());
    }
    print(&recording, &stats, args.top, out)?;
    out.flush()?;
    Ok(report(recording.dir(), &stats.findings))
}

fn print(recording: &Recording, stats: &Stats, top: usize, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint::for_stdout();
    writeln!(out, "{}  {}", paint.bold(stats.run.as_deref().unwrap_or("unknown run")), recording.dir().display())?;
    summary(recording, stats, out)?;
    losses(stats, paint, out)?;
    counts(out, paint, "Events by kind", &stats.kinds, usize::MAX, true)?;
    counts(out, paint, "Calls by how they ended", &stats.closings, usize::MAX, false)?;
    counts(out, paint, "Events by module", &stats.modules, top, true)?;
    counts(out, paint, "Calls by function", &stats.functions, top, false)?;
    times(out, paint, stats, top)?;
    errors(out, paint, stats, top)?;
    processes(out, paint, stats, top)?;
    rings(out, paint, stats)
}

fn summary(recording: &Recording, stats: &Stats, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = Vec::new();
    if let Some(info) = recording.info() {
        let versions = format!("{}  (Elixir {}, OTP {})", info.app, info.elixir, info.otp);
        rows.push(vec!["app".to_owned(), versions]);
        rows.push(vec!["started".to_owned(), text::date(info.started_ns)]);
    }
    rows.push(vec!["state".to_owned(), stats.state.name().to_owned()]);
    if let Some(failure) = stats.failure.clone() {
        rows.push(vec!["ended by".to_owned(), failure]);
    }
    rows.push(vec!["span".to_owned(), text::duration(stats.span_ns)]);
    let each = format!("{:.1} bytes each", stats.bytes_per_event);
    let events = format!("{}  ({}, {each})", text::count(stats.events), text::bytes(stats.event_bytes));
    rows.push(vec!["events".to_owned(), events]);
    rows.push(vec![
        "names".to_owned(),
        format!("{}  ({})", text::counted(stats.atoms, "atom"), text::bytes(stats.name_bytes)),
    ]);
    let messages = &stats.messages;
    if messages.sent + messages.received > 0 {
        let [sent, received, paired] = [messages.sent, messages.received, messages.paired].map(text::count);
        let counts = format!("{sent} sent, {received} received, {paired} of those with their send");
        rows.push(vec!["messages".to_owned(), counts]);
    }
    text::table(out, "  ", &rows, &[])
}

// An absence is data: what is not zero is named.
fn losses(stats: &Stats, paint: Paint, out: &mut dyn Write) -> io::Result<()> {
    let lost = format!("events lost by full rings (at least {})", text::bytes(stats.lost_bytes));
    let absent = [
        (stats.lost_events, lost.as_str()),
        (stats.recycled_segments, "older segments recycled by the flight recorder"),
        (stats.missing_segments, "segments absent between others"),
        (stats.truncated, "events with a payload that was cut"),
        (stats.omitted, "events with a payload that was left out"),
        (stats.orphans, "ends of calls that began before the recording, or whose beginning is lost"),
        (stats.panics, "panics caught in probes: recording was switched off"),
        (stats.unresolved_nodes.len() as u64, "node ids that no node map knows"),
    ];
    let rows: Vec<_> =
        absent.iter().filter(|(n, _)| *n > 0).map(|(n, what)| vec![text::count(*n), (*what).to_owned()]).collect();
    if rows.is_empty() {
        return writeln!(out, "  gaps     none");
    }
    title(out, paint, "Absent")?;
    text::table(out, "  ", &rows, &[true])
}

fn title(out: &mut dyn Write, paint: Paint, text: &str) -> io::Result<()> {
    writeln!(out, "\n{}", paint.bold(text))
}

fn counts(out: &mut dyn Write, paint: Paint, name: &str, counts: &[Count], top: usize, sized: bool) -> io::Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    title(out, paint, name)?;
    let row = |count: &Count| {
        let mut row = vec![text::count(count.count), count.name.clone()];
        if sized {
            row.insert(1, text::bytes(count.bytes));
        }
        row
    };
    let rows: Vec<_> = counts.iter().take(top).map(row).collect();
    text::table(out, "  ", &rows, &[true, sized])?;
    more(out, paint, counts.len(), top)
}

fn more(out: &mut dyn Write, paint: Paint, len: usize, top: usize) -> io::Result<()> {
    if len > top {
        let more = format!("  … {} more (--top {len})", text::count((len - top) as u64));
        writeln!(out, "{}", paint.dim(&more))?;
    }
    Ok(())
}

fn times(out: &mut dyn Write, paint: Paint, stats: &Stats, top: usize) -> io::Result<()> {
    if stats.times.is_empty() {
        return Ok(());
    }
    title(out, paint, "Own time by function")?;
    let mut rows = vec![["OWN", "CALLS", "LONGEST", "FUNCTION"].map(str::to_owned).to_vec()];
    rows.extend(stats.times.iter().take(top).map(|time| {
        let [own, longest] = [time.own_ns, time.longest_ns].map(text::duration);
        vec![own, text::count(time.calls), longest, time.function.clone()]
    }));
    text::table(out, "  ", &rows, &[true, true, true])?;
    more(out, paint, stats.times.len(), top)
}

fn errors(out: &mut dyn Write, paint: Paint, stats: &Stats, top: usize) -> io::Result<()> {
    if stats.errors.is_empty() {
        return Ok(());
    }
    title(out, paint, "Errors")?;
    let row = |error: &ErrorCount| {
        let place = error.place.trim_start_matches("Elixir.").to_owned();
        vec![text::count(error.count), error.kind.clone(), error.name.clone(), place]
    };
    let rows: Vec<_> = stats.errors.iter().take(top).map(row).collect();
    text::table(out, "  ", &rows, &[true])?;
    more(out, paint, stats.errors.len(), top)
}

fn processes(out: &mut dyn Write, paint: Paint, stats: &Stats, top: usize) -> io::Result<()> {
    if stats.processes.is_empty() {
        return Ok(());
    }
    title(out, paint, "Processes")?;
    let mut rows = vec![["EVENTS", "CALLS", "PROCESS", "NAME", "END"].map(str::to_owned).to_vec()];
    for process in stats.processes.iter().take(top) {
        let end = match (&process.reason, process.ended) {
            (Some(reason), _) => format!("exited: {}", inspect(reason, 60)),
            (None, true) => text::ENDED.to_owned(),
            (None, false) => "no end recorded".to_owned(),
        };
        let name = process.name.as_deref().unwrap_or("").trim_start_matches("Elixir.").to_owned();
        rows.push(vec![text::count(process.events), text::count(process.calls), process.pid.clone(), name, end]);
    }
    text::table(out, "  ", &rows, &[true, true])?;
    more(out, paint, stats.processes.len(), top)
}

fn rings(out: &mut dyn Write, paint: Paint, stats: &Stats) -> io::Result<()> {
    if stats.rings.is_empty() {
        return Ok(());
    }
    title(out, paint, "Rings")?;
    let mut rows = vec![["RING", "SEGMENTS", "SIZE", "LOST", "CUT", "PANICS", ""].map(str::to_owned).to_vec()];
    let used = stats.rings.iter().filter(|ring| ring.bytes > 0 || ring.lost_events > 0 || ring.panics > 0);
    for ring in used.clone() {
        // A thread that never writes again leaves its last segment as it is.
        let is_normal = stats.state == RunState::Finished;
        let sealed = if ring.sealed || is_normal { "" } else { "not sealed" };
        let counts = [ring.lost_events, ring.truncated, ring.panics].map(text::count);
        let mut row = vec![ring.ring.to_string(), text::count(ring.segments), text::bytes(ring.bytes)];
        row.extend(counts);
        row.push(sealed.to_owned());
        rows.push(row);
    }
    text::table(out, "  ", &rows, &[true; 6])?;
    let empty = stats.rings.len() - used.count();
    if empty > 0 {
        writeln!(out, "{}", paint.dim(&format!("  and {} never written", text::counted(empty as u64, "ring"))))
    } else {
        Ok(())
    }
}
