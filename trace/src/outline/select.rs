//! Which calls are shown.

use super::{Row, fold, weave};
use crate::{Frame, Frames, Process, Recording};
use wire::Strength;

/// What to show; the default shows everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// A process: `#PID<0.1.2>`, `<0.1.2>`, `0.1.2` or its name.
    pub pid: Option<String>,
    /// `Module.name/arity` or how it starts; shows such calls and all they made.
    pub function: Option<String>,
    /// Calls that ended before this moment, in ns from the start, are left out.
    pub from_ns: Option<i64>,
    /// Calls that began after this moment, in ns from the start, are left out.
    pub to_ns: Option<i64>,
    /// Levels of calls.
    pub depth: Option<u32>,
    /// Number of calls, over all processes.
    pub limit: u64,
    /// Whether the middle of long loops is left out.
    pub fold: bool,
    /// How much of what happened within calls. What points captured is always shown.
    pub detail: Strength,
    /// Whether messages and what else the VM told are shown.
    pub told: bool,
}

impl Default for Selection {
    fn default() -> Self {
        let (pid, function, from_ns, to_ns, depth) = (None, None, None, None, None);
        let (limit, fold, detail, told) = (u64::MAX, false, Strength::Values, true);
        Self { pid, function, from_ns, to_ns, depth, limit, fold, detail, told }
    }
}

/// The lines to print, and what they leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The lines.
    pub rows: Vec<Row>,
    /// Calls that are shown.
    pub shown: u64,
    /// Calls that were selected and exceed the limit.
    pub more: u64,
    /// Processes that were selected and made no call that was selected.
    pub silent: u64,
}

/// A call that was selected, and how deep it stands among those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) frame: u32,
    pub(super) indent: u32,
}

/// Chooses the calls to show.
pub fn outline(recording: &Recording, frames: &Frames, selection: &Selection) -> Outline {
    let wanted = wanted_clauses(recording, selection);
    let mut outline = Outline::default();
    for (number, process) in frames.processes().iter().enumerate() {
        if !is_wanted(recording, process, selection) {
            continue;
        }
        let chosen = choose(recording, frames, process, wanted.as_deref(), selection);
        let header = outline.rows.len();
        outline.rows.push(Row::Process(number as u32));
        emit(&mut outline, frames, &chosen, selection);
        if outline.more == 0 || outline.rows.len() > header + 1 {
            let calls = outline.rows.split_off(header + 1);
            outline.rows.extend(weave::weave(&calls, number as u32, recording, frames, selection));
        }
        if outline.rows.len() == header + 1 {
            outline.silent += u64::from(chosen.is_empty());
            outline.rows.truncate(header);
        }
    }
    outline
}

fn is_wanted(recording: &Recording, process: &Process, selection: &Selection) -> bool {
    selection.pid.as_ref().is_none_or(|wanted| is_process(recording, process.pid, wanted))
}

/// Whether a process, given by the VM's term, is called so: `#PID<0.1.2>`, `<0.1.2>`,
/// `0.1.2` or its name.
pub fn is_process(recording: &Recording, pid: u64, wanted: &str) -> bool {
    let bare = |text: &str| text.trim_start_matches("#PID").trim_matches(['<', '>']).to_owned();
    let printed = recording.names().pid(pid);
    let name = recording.names().process(pid);
    bare(&printed) == bare(wanted)
        || name.is_some_and(|name| {
            let plain = |name: &str| name.trim_start_matches(':').trim_start_matches("Elixir.").to_owned();
            plain(name) == plain(wanted)
        })
}

// By site: whether the function matches. None: all do.
fn wanted_clauses(recording: &Recording, selection: &Selection) -> Option<Vec<bool>> {
    let wanted = selection.function.as_ref()?;
    let sites = recording.sites();
    Some(sites.iter().map(|site| is_function(sites.function(site), wanted)).collect())
}

/// Whether `wanted` is a function's name, or how it starts.
pub fn is_function(function: &str, wanted: &str) -> bool {
    function.starts_with(wanted.strip_prefix("Elixir.").unwrap_or(wanted))
}

fn choose(
    recording: &Recording,
    frames: &Frames,
    process: &Process,
    wanted: Option<&[bool]>,
    selection: &Selection,
) -> Vec<Chosen> {
    let mut chosen = Vec::new();
    let mut root: Option<Chosen> = None; // the match whose calls are being shown, with its depth
    for &number in &process.frames {
        let frame = frames.get(number);
        if !in_time(recording, frames, frame, selection) {
            continue;
        }
        let Some(wanted) = wanted else {
            chosen.push(Chosen { frame: number, indent: frame.depth });
            continue;
        };
        let continues = |root: &Chosen| frame.depth > root.indent || frame.tail_of() == Some(root.frame);
        if root.as_ref().is_none_or(|root| !continues(root)) {
            root = None;
        }
        match root {
            Some(Chosen { indent, .. }) => {
                if frame.depth == indent {
                    root = Some(Chosen { frame: number, indent });
                }
                chosen.push(Chosen { frame: number, indent: frame.depth - indent });
            }
            None if wanted[frame.clause as usize] => {
                root = Some(Chosen { frame: number, indent: frame.depth });
                chosen.push(Chosen { frame: number, indent: 0 });
            }
            None => {}
        }
    }
    chosen
}

fn in_time(recording: &Recording, frames: &Frames, frame: &Frame, selection: &Selection) -> bool {
    if selection.from_ns.is_none() && selection.to_ns.is_none() {
        return true;
    }
    let (began, ended) = frames.ticks(recording, frame);
    let clock = recording.clock();
    selection.from_ns.is_none_or(|from| clock.since_start(ended) >= from)
        && selection.to_ns.is_none_or(|to| clock.since_start(began) <= to)
}

fn emit(outline: &mut Outline, frames: &Frames, chosen: &[Chosen], selection: &Selection) {
    let depth = selection.depth.unwrap_or(u32::MAX);
    let (shallow, deeper): (Vec<Chosen>, Vec<u64>) = cut_depth(chosen, depth);
    let folds = if selection.fold { fold::folds(frames, &shallow) } else { Vec::new() };
    let mut folds = folds.into_iter().peekable();
    let mut at = 0;
    while at < shallow.len() {
        while folds.next_if(|fold| fold.from < at).is_some() {}
        if outline.shown >= selection.limit {
            outline.more += shallow[at..].len() as u64 + deeper[at..].iter().sum::<u64>();
            return;
        }
        if let Some(fold) = folds.next_if(|fold| fold.from == at) {
            let hidden: u64 = deeper[fold.from..fold.to].iter().sum();
            let inside = (fold.to - fold.from) as u64 - fold.turns + hidden;
            outline.rows.push(Row::Folded { indent: shallow[at].indent, turns: fold.turns, inside });
            at = fold.to;
            continue;
        }
        let Chosen { frame, indent } = shallow[at];
        outline.rows.push(Row::Call { frame, indent });
        outline.shown += 1;
        if deeper[at] > 0 {
            outline.rows.push(Row::Deeper { indent: indent + 1, calls: deeper[at] });
        }
        at += 1;
    }
}

// The calls above the depth, and for each how many follow it too deep to show.
fn cut_depth(chosen: &[Chosen], depth: u32) -> (Vec<Chosen>, Vec<u64>) {
    let mut shallow = Vec::with_capacity(if depth == u32::MAX { chosen.len() } else { 0 });
    let mut deeper: Vec<u64> = Vec::with_capacity(shallow.capacity());
    for call in chosen {
        if call.indent < depth {
            shallow.push(*call);
            deeper.push(0);
        } else if let Some(count) = deeper.last_mut() {
            *count += 1;
        }
    }
    (shallow, deeper)
}
