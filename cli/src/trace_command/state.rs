//! `trace state`: versions of a process's state, and the state at a moment.

use super::pretty::pretty;
use super::text::Moment;
use super::{Failure, Format, RunArgs, Soundness, for_machines, paint::Paint, report, text};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};
use trace::states::{Change, Known, Source, Step, Unknown, Version, external, list_head, processes};
use trace::value::inspect;
use trace::{Frames, History, Recording, Value};
use wire::Term;

const NOTES: &str = "\
Without --at: the versions, each with its moment, where it comes from and the bytes that tell it.
whole begins a row, and difference goes on with it; snapshot was asked for; returned is what a
callback gave. With --diff, below each what it changed: ~ another value, + new, - gone.

JSON: {pid, name, ended_ns, versions: [{at_ns, source, number, bytes, truncated, fault,
  changes: [{path, before, after}]}], findings}; with --at: {pid, name, ended_ns, at_ns, version:
  {at_ns, source, number, truncated}, uncertain, state, unknown, findings}
state is a text as Elixir prints it; unknown says why there is none; uncertain, that versions after
the one shown may be missing. etf is {AtNs, Source, Number, Truncated, Uncertain, State}, or why there is no state, with flags
as 0 or 1, and the state as a term: what was left out is {elixir_scope, redacted} or
{elixir_scope, {omitted, What, Size}}. Without --at it is a list of these.";

/// Arguments of `trace state`.
#[derive(Args, Debug)]
#[command(after_help = format!("{NOTES}\n\n{}", super::EXIT_CODES))]
pub struct StateArgs {
    #[command(flatten)]
    run: RunArgs,
    /// The process: #PID<0.142.0>, 0.142.0 or its name
    #[arg(long, value_name = "PID")]
    pid: String,
    /// The state at this moment: from the start, such as 1.5s, 200ms or 1200ns, or @ and seconds
    /// since 1970
    #[arg(long, value_name = "T", value_parser = text::parse_moment, allow_hyphen_values = true)]
    at: Option<Moment>,
    /// With --at: once the process had done what it was doing then
    #[arg(long, requires = "at")]
    settled: bool,
    /// Print Erlang's external term format: the state at a moment, or those of all versions
    #[arg(long, conflicts_with = "diff")]
    etf: bool,
    /// What each version changed
    #[arg(long, conflicts_with = "at")]
    diff: bool,
    /// Columns to use, at least 40 [default: $COLUMNS, else 80]
    #[arg(long, value_name = "N")]
    width: Option<usize>,
}

#[derive(Serialize)]
struct Listing {
    pid: String,
    name: Option<String>,
    ended_ns: Option<i64>,
    versions: Vec<VersionView>,
    findings: Vec<trace::Finding>,
}

#[derive(Serialize)]
struct AtMoment {
    pid: String,
    name: Option<String>,
    ended_ns: Option<i64>,
    at_ns: i64,
    version: Option<VersionView>,
    uncertain: bool,
    state: Option<String>,
    unknown: Option<String>,
    findings: Vec<trace::Finding>,
}

#[derive(Serialize)]
struct VersionView {
    at_ns: i64,
    source: &'static str,
    number: u64,
    bytes: u64,
    truncated: bool,
    fault: Option<String>,
    changes: Option<Vec<ChangeView>>,
}

#[derive(Serialize)]
struct ChangeView {
    path: String,
    before: Option<String>,
    after: Option<String>,
}

pub(super) fn run(args: &StateArgs, out: &mut dyn Write) -> Result<Soundness, Failure> {
    let recording = args.run.open()?;
    let found = processes(&recording, &args.pid);
    // Of several that had the name one after the other, the one of that moment.
    let at = args.at.map(|at| at.since_start(recording.clock()));
    let until = |ticks: u64| at.is_none_or(|at| recording.clock().since_start(ticks) <= at);
    let Some((pid, _)) = found.iter().rev().find(|(_, first)| until(*first)).or(found.first()) else {
        return Err(Failure::Unknown(format!("no process {} is in {}", args.pid, recording.dir().display())));
    };
    let told = History::of(&recording, *pid, None);
    let frames = told.versions().iter().all(|version| version.number == 0).then(|| Frames::build(&recording));
    let history = match &frames {
        Some(frames) => History::of(&recording, *pid, Some(frames)),
        None => told,
    };
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    let width = args.width.or_else(columns).unwrap_or(80).max(40);
    let view = View { recording: &recording, history: &history, pid: *pid, width, paint: Paint::for_stdout() };
    match at {
        Some(at) => view.moment(args, at, out)?,
        None if args.etf => view.all(out)?,
        None if args.run.format == Format::Text => view.list(args.diff, out)?,
        None => for_machines(args.run.format, &view.listing(), out)?,
    }
    out.flush()?;
    let is_text = args.run.format == Format::Text && !args.etf;
    Ok(if is_text { report(recording.dir(), recording.findings()) } else { recording.findings().is_empty() })
}

struct View<'a> {
    recording: &'a Recording,
    history: &'a History<'a>,
    pid: u64,
    width: usize,
    paint: Paint,
}

impl View<'_> {
    fn ns(&self, ticks: u64) -> i64 {
        self.recording.clock().since_start(ticks)
    }

    fn value(&self, term: &Term) -> Value {
        Value::from_term(term.clone(), self.recording.names())
    }

    fn title(&self) -> String {
        let pid = self.recording.names().pid(self.pid);
        match self.recording.names().process(self.pid) {
            Some(name) => format!("{} {pid}", self.paint.bold(&cut(name, self.width / 2))),
            None => self.paint.bold(&pid),
        }
    }

    fn name(&self) -> Option<String> {
        self.recording.names().process(self.pid).map(str::to_owned)
    }

    fn ended_ns(&self) -> Option<i64> {
        self.history.ended().map(|ticks| self.ns(ticks))
    }

    fn version(&self, version: &Version, changes: Option<Vec<ChangeView>>) -> VersionView {
        VersionView {
            at_ns: self.ns(version.ticks),
            source: version.source.name(),
            number: version.number,
            bytes: version.bytes,
            truncated: version.truncated,
            fault: version.fault.map(|fault| fault.to_string()),
            changes,
        }
    }

    fn moment(&self, args: &StateArgs, at: i64, out: &mut dyn Write) -> Result<(), Failure> {
        let moment = if args.settled { self.history.settled(self.pid, at) } else { at };
        let known = self.history.at(moment);
        if args.etf {
            return Ok(out.write_all(&self.etf(&known))?);
        }
        if args.run.format == Format::Text {
            return Ok(self.print_moment(at, &known, out)?);
        }
        let version = known.as_ref().ok().map(|known| self.version(&self.history.versions()[known.version], None));
        let state = known.as_ref().ok().map(|known| inspect(&self.value(&known.term), usize::MAX));
        let moment = AtMoment {
            pid: self.recording.names().pid(self.pid),
            name: self.name(),
            ended_ns: self.ended_ns(),
            at_ns: at,
            version,
            uncertain: known.as_ref().is_ok_and(|known| known.uncertain),
            state,
            unknown: known.err().map(|unknown| unknown.to_string()),
            findings: self.recording.findings().to_vec(),
        };
        for_machines(args.run.format, &moment, out)
    }

    fn print_moment(&self, at: i64, known: &Result<Known, Unknown>, out: &mut dyn Write) -> io::Result<()> {
        let known = match known {
            Ok(known) => known,
            Err(unknown) => return writeln!(out, "{} at {}: {unknown}", self.title(), text::moment(at)),
        };
        let version = &self.history.versions()[known.version];
        let since = text::moment(self.ns(version.ticks));
        writeln!(out, "{} at {}, since {since} ({})", self.title(), text::moment(at), version.source.name())?;
        if known.uncertain {
            writeln!(out, "{}", self.paint.note("versions after this one may be missing"))?;
        }
        if let Some(ended) = self.ended_ns().filter(|ended| *ended <= at) {
            writeln!(out, "{}", self.paint.note(&format!("the process ended at {}", text::moment(ended))))?;
        }
        writeln!(out, "{}", pretty(&self.value(&known.term), self.width, 0))
    }

    /// Every version, one by one: together they may be many times what they are told by.
    fn all(&self, out: &mut dyn Write) -> io::Result<()> {
        let versions = self.history.versions().len();
        out.write_all(&list_head(versions))?;
        for version in 0..versions {
            let term = self.history.state(version);
            let known = term.map(|term| Known { version, term, uncertain: false });
            out.write_all(&self.etf(&known)[1..])?;
        }
        out.write_all(&[106])
    }

    /// `{at_ns, source, number, truncated, uncertain, state}`, flags as 0 or 1; or why
    /// there is none.
    fn etf(&self, known: &Result<Known, Unknown>) -> Vec<u8> {
        let text = |text: &str| Term::Binary { bytes: text.as_bytes().to_vec(), size: text.len() as u64 };
        let term = match known {
            Ok(known) => {
                let version = &self.history.versions()[known.version];
                let numbers = [i64::from(version.truncated), i64::from(known.uncertain)].map(Term::Int);
                let [truncated, uncertain] = numbers;
                let (at, number) = (self.ns(version.ticks), i64::try_from(version.number).unwrap_or(0));
                let source = text(version.source.name());
                let items = vec![Term::Int(at), source, Term::Int(number), truncated, uncertain, known.term.clone()];
                Term::Tuple { size: items.len() as u64, items }
            }
            Err(unknown) => text(&unknown.to_string()),
        };
        external(&term, self.recording.names(), |pid| self.recording.names().number(pid))
    }

    fn listing(&self) -> Listing {
        let mut versions = Vec::new();
        self.history.changes(|version, changes| {
            let changes = changes.ok().map(|changes| changes.iter().map(|change| self.change(change)).collect());
            versions.push(self.version(version, changes));
        });
        Listing {
            pid: self.recording.names().pid(self.pid),
            name: self.name(),
            ended_ns: self.ended_ns(),
            versions,
            findings: self.recording.findings().to_vec(),
        }
    }

    fn change(&self, change: &Change) -> ChangeView {
        let show = |term: &Option<Term>| term.as_ref().map(|term| inspect(&self.value(term), usize::MAX));
        ChangeView { path: self.path(&change.path), before: show(&change.before), after: show(&change.after) }
    }

    fn path(&self, path: &[Step]) -> String {
        let steps = path.iter().map(|step| match step {
            Step::Element(n) => format!("{{{n}}}"),
            Step::Item(n) => format!("[{n}]"),
            Step::Key(key) => {
                let text = inspect(&self.value(key), usize::MAX);
                match text.strip_prefix(':').filter(|name| !name.starts_with('"')) {
                    Some(name) => format!(".{name}"),
                    None => format!("[{text}]"),
                }
            }
        });
        let path: String = steps.collect();
        if path.is_empty() { "the state".to_owned() } else { path }
    }

    fn list(&self, with_changes: bool, out: &mut dyn Write) -> io::Result<()> {
        let versions = self.history.versions().len() as u64;
        let ended = self.ended_ns().map_or(String::new(), |ended| format!(", ended at {}", text::moment(ended)));
        writeln!(out, "{}, {}{ended}", self.title(), text::counted(versions, "version"))?;
        let mut written = Ok(());
        let mut print = |version: &Version, changes: &[Change], fault: Option<Unknown>| -> io::Result<()> {
            writeln!(out, "{}", self.line(version, fault))?;
            for change in changes.iter().filter(|_| with_changes) {
                writeln!(out, "{}", self.change_line(change))?;
            }
            Ok(())
        };
        if with_changes {
            self.history.changes(|version, changes| {
                let (changes, fault) =
                    changes.map_or_else(|fault| (Vec::new(), Some(fault)), |changes| (changes, None));
                if written.is_ok() {
                    written = print(version, &changes, fault);
                }
            });
            return written;
        }
        self.history.versions().iter().try_for_each(|version| print(version, &[], version.fault))
    }

    fn line(&self, version: &Version, fault: Option<Unknown>) -> String {
        let size = match version.source {
            Source::Returned => String::new(),
            _ => text::bytes(version.bytes),
        };
        let number = if version.number > 0 { format!("#{}", version.number) } else { String::new() };
        let left_out = if version.truncated { "  not all of it was told" } else { "" };
        let fault = fault.map_or(String::new(), |fault| format!("  {fault}"));
        let at = text::moment(self.ns(version.ticks));
        let line = format!("{at:>12}  {number:>7}  {:<10}  {size:>9}{left_out}{}", version.source.name(), fault);
        cut(line.trim_end(), self.width)
    }

    // `~ path  before → after`: the path is cut last.
    fn change_line(&self, change: &Change) -> String {
        let sign = match (&change.before, &change.after) {
            (None, _) => self.paint.good("+"),
            (_, None) => self.paint.bad("-"),
            _ => self.paint.note("~"),
        };
        let path = cut(&self.path(&change.path), self.width / 2);
        let terms: Vec<_> = [&change.before, &change.after].into_iter().flatten().collect();
        let room = self.width.saturating_sub(18 + text::width(&path) + 3 * (terms.len() - 1)) / terms.len().max(1);
        let shown: Vec<_> = terms.iter().map(|term| cut(&inspect(&self.value(term), room), room)).collect();
        format!("{:14}{sign} {path}  {}", "", shown.join(" → "))
    }
}

fn cut(text: &str, room: usize) -> String {
    match text.char_indices().nth(room) {
        None => text.to_owned(),
        Some(_) => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
    }
}
