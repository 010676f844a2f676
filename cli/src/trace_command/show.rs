//! `trace show`: a run's calls as a tree for each process.

use super::{Failure, Format, RunArgs, Soundness, detail, for_machines, paint::Paint, report, text};
use clap::{Args, ValueEnum};
use std::io::{self, Write};
use trace::outline::{self, DetailView, Outline, ProcessView, Report, Row, Selection};
use trace::value::inspect;
use trace::{Closing, Frame, Frames, Messages, Recording, Value};
use wire::Strength;

const NOTES: &str = "\
Columns: moment from the recording's start, duration (≤ where the end is inferred, ≥ where it is
open), call, result, position. Processes stand in the order of their first event, the calls of
each in the order of entry. A tail call (↪) is followed to the next line where that is what it
calls; else its result is not known. What happened within a call (·) stands below it, in order:
what points captured always, the rest as --detail and --messages say. [id] stands before calls of
another context than those above. A message that was received is
in its receiver's queue; ? behind it says that its other end is not in the recording.

JSON: {run, app, state, lost_events, whole_from_ns,
  processes: [{pid, name, events, calls, orphans, start_ns, end_ns, ended, exit_reason}],
  contexts: [{id, metadata}],
  frames: [{id, pid, correlation, parent, tail_of, depth, function, args: [{name, part, value}], file, line,
    start_ns, duration_ns, closing, tail_to, inferred, result, exit_reason,
    exception: {kind, reason}}],
  details: [{event, frame, pid, correlation, at_ns, kind, function, file, line, label, values: [{name, value}],
    exception: {kind, reason}, peer, other_end, remark}],
  shown, more, findings: [{file, offset, problem, advice}]}
closing is open, returned, tail, raised or exited; loops are not folded; an ended process without
exit_reason was gone before it could be watched. exception is what ended a call, where a handler
told, or what a handler caught; kind of a detail is branch, bind, caught, locals or mark, or what the VM
told: send, receive, spawn, spawned, link, unlink, register, unregister, gc_start, gc_end, in,
out, or said (what a match specification said of a call). peer is the other process, or the name; other_end the event of a message's other end. Before
whole_from_ns (or null) events were recycled; an open call from then, or one whose end was not asked for,
is inferred: it may have ended.
Term: the same, with atoms as keys of maps, binaries as texts, and nil for null.";

/// Arguments of `trace show`.
#[derive(Args, Debug)]
#[command(after_help = format!("{NOTES}\n\n{}", super::EXIT_CODES))]
pub struct ShowArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Only this process: #PID<0.142.0>, 0.142.0 or its name
    #[arg(long, value_name = "PID")]
    pid: Option<String>,
    /// Only calls of this function and all they made: Mod.name/2, or how it starts
    #[arg(long, value_name = "FUN")]
    fun: Option<String>,
    /// Only what happened in the context of this id (ElixirScope.with_context)
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Leave out calls that ended before this moment: from the start, such as 1.5s or 200ms, or @
    /// and seconds since 1970
    #[arg(long, value_name = "T", value_parser = text::parse_moment)]
    from: Option<text::Moment>,
    /// Leave out calls that began after this moment
    #[arg(long, value_name = "T", value_parser = text::parse_moment)]
    to: Option<text::Moment>,
    /// Levels of calls
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    depth: Option<u32>,
    /// Number of calls
    #[arg(long, value_name = "N", default_value_t = 2000)]
    limit: u64,
    /// How much of what happened within calls
    #[arg(long, value_enum, default_value = "boundaries")]
    detail: DetailArg,
    /// Also messages, spawns, links and what else the VM told (start_recording's :trace)
    #[arg(long)]
    messages: bool,
    /// Show every turn of a loop
    #[arg(long)]
    no_fold: bool,
    /// Columns to use, at least 40 [default: $COLUMNS, else 100]
    #[arg(long, value_name = "N")]
    width: Option<usize>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DetailArg {
    /// Calls and how they ended
    Boundaries,
    /// Also the branches they took, and what their handlers caught
    Branches,
    /// Also the values of variables and of calls
    Values,
}

impl From<DetailArg> for Strength {
    fn from(detail: DetailArg) -> Self {
        match detail {
            DetailArg::Boundaries => Self::Boundaries,
            DetailArg::Branches => Self::Branches,
            DetailArg::Values => Self::Values,
        }
    }
}

pub(super) fn run(args: &ShowArgs, out: &mut dyn Write) -> Result<Soundness, Failure> {
    let recording = args.run.open()?;
    let frames = Frames::build(&recording);
    let is_text = args.run.format == Format::Text;
    let selection = Selection {
        pid: args.pid.clone(),
        function: args.fun.clone(),
        // No event is of a context that nothing names.
        context: args.correlation.as_ref().map(|id| recording.contexts().find(id).unwrap_or(u64::MAX)),
        from_ns: args.from.map(|from| from.since_start(recording.clock())),
        to_ns: args.to.map(|to| to.since_start(recording.clock())),
        depth: args.depth,
        limit: args.limit,
        fold: is_text && !args.no_fold,
        detail: args.detail.into(),
        told: args.messages,
    };
    let messages = if args.messages { Messages::of(&recording) } else { Messages::default() };
    let outline = outline::outline(&recording, &frames, &selection);
    if !is_text {
        let report = Report { recording: &recording, frames: &frames, messages: &messages, outline: &outline };
        for_machines(args.run.format, &report, out)?;
        return Ok(recording.findings().is_empty());
    }
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let width = args.width.or_else(columns).unwrap_or(100).max(40);
    let page = Page { recording: &recording, frames: &frames, messages: &messages, paint: Paint::for_stdout(), width };
    page.print(&outline, &selection, out)?;
    out.flush()?;
    Ok(report(recording.dir(), recording.findings()))
}

struct Page<'a> {
    recording: &'a Recording,
    frames: &'a Frames,
    messages: &'a Messages,
    paint: Paint,
    width: usize,
}

const MARGIN: usize = 20;
/// Columns in which a call and its result say something though they are cut.
const ROOMY: usize = 75;
/// More characters than a value that was recorded has.
const UNCUT: usize = 1 << 20;
const DEEPEST_INDENT: u32 = 20;

impl Page<'_> {
    fn print(&self, outline: &Outline, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
        let mut context = 0;
        for (n, row) in outline.rows.iter().enumerate() {
            match *row {
                Row::Process(number) => {
                    context = 0;
                    if n > 0 {
                        writeln!(out)?;
                    }
                    self.process(number, out)?;
                }
                Row::Call { frame, indent } => {
                    let next = self.recording.record_at(self.frames.get(frame).enter).context;
                    if std::mem::replace(&mut context, next) != next {
                        self.remark(indent, &self.context(next), out)?;
                    }
                    self.call(frame, indent, out)?;
                }
                Row::Detail { process, detail, indent } => self.detail(process, detail, indent, out)?,
                Row::Folded { indent, turns, inside } => {
                    let calls = if inside == 0 {
                        String::new()
                    } else {
                        format!(", with {} inside", text::counted(inside, "call"))
                    };
                    self.remark(indent, &format!("(×{} more{calls})", text::count(turns)), out)?;
                }
                Row::Deeper { indent, calls } => {
                    self.remark(indent, &format!("… {} deeper", text::counted(calls, "call")), out)?;
                }
            }
        }
        self.footer(outline, selection, out)
    }

    fn process(&self, number: u32, out: &mut dyn Write) -> io::Result<()> {
        let process = &self.frames.processes()[number as usize];
        let view = ProcessView::new(self.recording, self.frames, process);
        let mut title = view.pid.clone();
        if let Some(name) = &view.name {
            title = format!("{title} {}", name.strip_prefix("Elixir.").unwrap_or(name));
        }
        let mut facts = vec![text::counted(view.events, "event"), text::counted(view.calls, "call")];
        if view.orphans > 0 {
            facts.push(format!("{} of calls whose beginning is not there", text::counted(view.orphans, "end")));
        }
        let facts = facts.join(", ");
        let at = text::moment(view.end_ns);
        let end = match &view.reason {
            Some(reason) => format!("exited: {} at {at}", inspect(reason, UNCUT)),
            None if view.ended => text::ENDED.to_owned(),
            None => "no end recorded".to_owned(),
        };
        let title_width = text::width(&title);
        let title = self.paint.bold(&title);
        if title_width + text::width(&facts) + text::width(&end) + 5 <= self.width {
            return writeln!(out, "{title}  {}", self.paint.dim(&format!("{facts} · {end}")));
        }
        let room = self.width.saturating_sub("  exited:  at ".len() + text::width(&at));
        let end = view.reason.map_or(end, |reason| format!("exited: {} at {at}", inspect(&reason, room)));
        writeln!(out, "{title}  {}\n  {}", self.paint.dim(&facts), self.paint.dim(&end))
    }

    fn context(&self, number: u64) -> String {
        let contexts = self.recording.contexts();
        let Some(id) = contexts.id(number) else { return "[no context]".to_owned() };
        match contexts.metadata(number) {
            Some(Value::Map(pairs, _)) if pairs.is_empty() => format!("[{id}]"),
            Some(metadata) => format!("[{id}] {}", inspect(metadata, self.width / 2)),
            None => format!("[{id}]"),
        }
    }

    fn remark(&self, indent: u32, text: &str, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}{}{}", " ".repeat(MARGIN), indentation(indent), self.paint.dim(text))
    }

    fn call(&self, number: u32, indent: u32, out: &mut dyn Write) -> io::Result<()> {
        let frame = self.frames.get(number);
        let (began, ended) = self.frames.ticks(self.recording, frame);
        let clock = self.recording.clock();
        let bound = match frame.closing {
            Closing::Raised if frame.inferred => "≤",
            Closing::Open => "≥",
            _ => "",
        };
        let took = format!("{bound}{}", text::duration(clock.between(began, ended)));
        let start = format!("{:>9}", text::moment(clock.since_start(began)));
        let site = self.recording.sites().get(frame.clause);
        let file = self.recording.sites().file(site);
        let position = if file.is_empty() { String::new() } else { format!("{file}:{}", site.line) };
        let indent = indentation(indent);
        let left = self.width.saturating_sub(MARGIN + text::width(&indent));
        let line = self.laid_out(number, left, &position, &position[file.len()..]);
        writeln!(out, "{} {took:>8}  {indent}{line}", self.paint.dim(&start))
    }

    // The values matter more than the folder and the file, which the module often
    // names too, and the line more than the whole of a value.
    fn laid_out(&self, number: u32, left: usize, position: &str, line: &str) -> String {
        let name = position.rsplit_once('/').map_or(position, |(_, name)| name);
        let roomy = |position: &&str| left.saturating_sub(behind(position)) >= ROOMY;
        let cut = [position, name].into_iter().filter(roomy).map(|position| (position, 2));
        let tries = cut.chain([(line, 2), (line, 3), (line, 4), ("", 4)]);
        self.whole(number, left, &[position, name, line])
            .or_else(|| tries.into_iter().find_map(|(position, share)| self.fit(number, left, position, share).ok()))
            .unwrap_or_else(|| self.fit(number, left, "", 8).unwrap_or_else(|wide| wide))
    }

    // Call and result uncut, with the longest position that lets them be so.
    fn whole(&self, number: u32, left: usize, positions: &[&str]) -> Option<String> {
        let frame = self.frames.get(number);
        let call = outline::call_text(self.recording, frame, UNCUT);
        let (mark, painted) = self.ending(frame, frame.last() != number, UNCUT);
        let used = text::width(&call) + 1 + text::width(&mark);
        let position = positions.iter().find(|position| used + behind(position) <= left)?;
        Some(self.join(&call, &painted, left - used, position))
    }

    // Call, result (in a share of the room, or more where the call leaves it) and
    // position in `left` columns; the line in any case, as an error where it is
    // too wide.
    fn fit(&self, number: u32, left: usize, position: &str, share: usize) -> Result<String, String> {
        let frame = self.frames.get(number);
        let ending = |room| self.ending(frame, frame.last() != number, room);
        let beside = |text: &str| left.saturating_sub(behind(position) + text::width(text) + 1);
        let least = if share > 4 { 5 } else { 14 };
        let first = ending((beside("") / share).max(least));
        let call = self.call_in(frame, beside(&first.0));
        let free = beside(&call);
        let wider = [free, free.saturating_sub(4)].map(ending).into_iter().find(|(mark, _)| text::width(mark) <= free);
        let (mark, painted) = wider.unwrap_or(first);
        let call = self.call_in(frame, beside(&mark));
        let used = text::width(&call) + 1 + text::width(&mark);
        let line = self.join(&call, &painted, left.saturating_sub(used), position);
        if used + behind(position) <= left { Ok(line) } else { Err(line) }
    }

    // A call in about `space` columns: values cut to a limit may exceed it a
    // little, then they get less.
    fn call_in(&self, frame: &Frame, space: usize) -> String {
        let (mut call, mut limit) = (String::new(), space);
        for _ in 0..4 {
            call = outline::call_text(self.recording, frame, limit);
            match text::width(&call).checked_sub(space) {
                Some(over @ 1..) => limit = limit.saturating_sub(over + 4),
                _ => break,
            }
        }
        call
    }

    // The position ends where the columns do, two behind what stands before it.
    fn join(&self, call: &str, mark: &str, left: usize, position: &str) -> String {
        let gap = left.saturating_sub(text::width(position)).max(2);
        let line = format!("{call} {mark}{}{}", " ".repeat(gap), self.paint.dim(position));
        line.trim_end().to_owned()
    }

    // What stands behind a call, plain and painted.
    fn ending(&self, frame: &Frame, is_succeeded: bool, room: usize) -> (String, String) {
        let process = &self.frames.processes()[frame.process as usize];
        let value = |limit| {
            let value = outline::result(self.recording, self.frames, frame)?;
            Some(inspect(&value, limit))
        };
        let mark = match frame.closing {
            Closing::Returned => {
                format!("→ {}", value(room.saturating_sub(2)).unwrap_or_else(|| "?".to_owned()))
            }
            Closing::Tail => {
                let callee = outline::callee(self.recording, frame).filter(|_| !is_succeeded);
                let named = callee.map(|callee| format!("↪ tail to {callee}"));
                named.filter(|mark| text::width(mark) <= room).unwrap_or_else(|| "↪ tail".to_owned())
            }
            Closing::Raised => self.exception(frame, room),
            Closing::Exited => match outline::exit_reason(self.recording, self.frames, process) {
                Some(reason) => format!("✗ exited: {}", inspect(&reason, room.saturating_sub(10).max(5))),
                None => format!("✗ {}", text::ENDED),
            },
            Closing::Open if frame.inferred => "… open, or its end is not recorded".to_owned(),
            Closing::Open => "… open".to_owned(),
        };
        let painted = match frame.closing {
            Closing::Returned => self.paint.good(&mark),
            Closing::Tail => self.paint.dim(&mark),
            Closing::Raised | Closing::Exited => self.paint.bad(&mark),
            Closing::Open => self.paint.note(&mark),
        };
        (mark, painted)
    }

    fn exception(&self, frame: &Frame, room: usize) -> String {
        let Some(exception) = outline::exception(self.recording, self.frames, frame) else {
            return "✗ raised (inferred)".to_owned();
        };
        let verb = match exception.kind.as_str() {
            "throw" => "threw",
            "exit" => "exit",
            _ => "raised",
        };
        format!("✗ {verb}: {}", inspect(&exception.term, room.saturating_sub(verb.len() + 4).max(5)))
    }

    // What happened, with the longest position beside which it stands uncut, or cut
    // beside the line.
    fn detail(&self, process: u32, number: u32, indent: u32, out: &mut dyn Write) -> io::Result<()> {
        let process = &self.frames.processes()[process as usize];
        let view = DetailView::new(self.recording, self.messages, process, &process.details[number as usize]);
        let position = if view.file.is_empty() { String::new() } else { format!("{}:{}", view.file, view.line) };
        let name = position.rsplit_once('/').map_or(position.as_str(), |(_, name)| name);
        let line = &position[view.file.len()..];
        let indent = indentation(indent);
        let left = self.width.saturating_sub(MARGIN + text::width(&indent));
        let whole = detail::text(&view, UNCUT);
        let beside = |position: &&&str| text::width(&whole) + behind(position) <= left;
        let (said, position) = match [position.as_str(), name, line].iter().find(beside) {
            Some(position) => (whole, *position),
            None => (detail::fitting(&view, left.saturating_sub(behind(line))), line),
        };
        let gap = left.saturating_sub(text::width(&said) + text::width(position)).max(2);
        let row = format!("{indent}{said}{}{}", " ".repeat(gap), self.paint.dim(position));
        let start = format!("{:>9}", text::moment(view.at_ns));
        writeln!(out, "{}{}{}", self.paint.dim(&start), " ".repeat(MARGIN - 9), row.trim_end())
    }

    fn footer(&self, outline: &Outline, selection: &Selection, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = Vec::new();
        if outline.rows.is_empty() {
            lines.push(self.nothing(outline, selection));
        } else if outline.silent > 0 {
            lines.push(format!("… {} without a call to show", text::counted(outline.silent, "process")));
        }
        if outline.more > 0 {
            let all = outline.more + outline.shown;
            lines.insert(0, format!("… {} (--limit {all})", text::counted(outline.more, "more call")));
        }
        let rings = trace::run::ring_totals(self.recording.segments());
        if rings.iter().any(|ring| ring.lost_events > 0) {
            lines.push("events are missing (full rings): see `trace stats`".to_owned());
        }
        if let Some(moment) = self.recording.whole_from_ns() {
            let moment = text::moment(moment);
            lines.push(format!("the beginning was recycled: before {moment} events are missing, and ends of calls"));
        }
        if !lines.is_empty() && !outline.rows.is_empty() {
            writeln!(out)?;
        }
        lines.iter().try_for_each(|line| writeln!(out, "{}", self.paint.note(line)))
    }

    // Why there is nothing to show.
    fn nothing(&self, outline: &Outline, selection: &Selection) -> String {
        let end = i64::try_from(self.recording.span_ns()).unwrap_or(i64::MAX);
        let sites = self.recording.sites();
        let is_named = |fun: &String| sites.iter().any(|site| outline::is_function(sites.function(site), fun));
        match (&selection.pid, &selection.function, selection.from_ns) {
            _ if self.frames.all().is_empty() => "no call was recorded".to_owned(),
            _ if selection.context == Some(u64::MAX) => "no context has this id".to_owned(),
            (Some(pid), ..) if outline.silent == 0 => {
                format!("no process is called {pid}; `trace stats --top 1000` lists them")
            }
            (_, Some(fun), _) if !is_named(fun) => format!("no function with probes is called {fun} or begins so"),
            (.., Some(from)) if from > end => format!("the recording ends at {}", text::moment(end)),
            _ => "no call matches".to_owned(),
        }
    }
}

/// Columns that a position takes behind a call.
fn behind(position: &str) -> usize {
    text::width(position) + if position.is_empty() { 0 } else { 2 }
}

fn indentation(levels: u32) -> String {
    let shown = levels.min(DEEPEST_INDENT) as usize;
    let beyond = levels.saturating_sub(DEEPEST_INDENT);
    if beyond == 0 { "  ".repeat(shown) } else { format!("{}+{} ", "  ".repeat(shown), text::count(u64::from(beyond))) }
}
