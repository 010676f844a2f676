//! What callbacks returned, of processes that told no versions of their own.
//!
//! Only the outermost call of a process is one: what a callback calls may return a tuple
//! of the same shape.

use super::history::{Unknown, Version};
use crate::frames::Outcome;
use crate::{AtomNames, Frame, Frames, Recording};
use wire::Term;
use wire::term::{OPAQUE_SECRET, Tail};

/// Callbacks whose value has the state: `GenServer`'s, `:gen_statem`'s, LiveView's.
const CALLBACKS: [&str; 11] = [
    "init/1",
    "handle_call/3",
    "handle_cast/2",
    "handle_info/2",
    "handle_continue/2",
    "handle_event/3",
    "handle_event/4",
    "handle_params/3",
    "mount/3",
    "code_change/3",
    "code_change/4",
];

/// The versions that the callbacks of a process returned.
pub(super) fn versions(recording: &Recording, frames: &Frames, pid: u64) -> Vec<Version> {
    let Some(process) = frames.processes().iter().find(|process| process.pid == pid) else { return Vec::new() };
    let mut versions = Vec::new();
    // The name of a gen_statem's state, which keep_state does not say.
    let mut name: Option<Term> = None;
    for &number in &process.frames {
        let frame = frames.get(number);
        if frame.depth > 0 || frame.tail_of().is_some() {
            continue;
        }
        let function = function(recording, frame);
        let ticks = frames.ticks(recording, frames.get(frame.last())).1;
        match frames.outcome(recording, frame) {
            Outcome::Value(mut bytes) => {
                let Ok(value) = Term::read(&mut bytes) else { continue };
                if let Some(state) = state(&value, function, &mut name, recording.names()) {
                    let fault = (!is_whole(&state)).then_some(Unknown::Cut);
                    versions.push(Version::returned(ticks, state, fault));
                }
            }
            outcome @ (Outcome::Omitted | Outcome::Withheld) if CALLBACKS.contains(&function) => {
                let fault = if matches!(outcome, Outcome::Omitted) { Unknown::Cut } else { Unknown::Withheld };
                versions.push(Version::returned(ticks, Term::Int(0), Some(fault)));
            }
            _ => {}
        }
    }
    versions
}

/// `name/arity`
fn function<'r>(recording: &'r Recording, frame: &Frame) -> &'r str {
    let sites = recording.sites();
    let function = sites.iter().nth(frame.clause as usize).map_or("", |site| sites.function(site));
    function.rsplit_once('.').map_or(function, |(_, name)| name)
}

/// The state in what a callback returned.
fn state(value: &Term, function: &str, name: &mut Option<Term>, names: &impl AtomNames) -> Option<Term> {
    let Term::Tuple { items, size } = value else { return None };
    let Some(Term::Atom(tag)) = items.first() else { return None };
    let is_known = CALLBACKS.contains(&function);
    let at = |place: usize| items.get(place).filter(|_| *size == items.len() as u64).cloned();
    match (names.atom(*tag)?, items.len()) {
        ("ok", 3) if function == "init/1" && !is_option(&items[2], names) => machine(name, Some(at(1)?), at(2)?),
        ("ok" | "noreply", 2 | 3) if is_known => at(1),
        ("reply", 3 | 4) if is_known => at(2),
        ("stop", 3 | 4) if is_known && function != "init/1" => at(items.len() - 1),
        // A gen_statem's states may be functions of any name.
        ("next_state", 3 | 4) if is_known || function.ends_with("/3") => machine(name, Some(at(1)?), at(2)?),
        ("keep_state", 2 | 3) if is_known || function.ends_with("/3") => machine(name, None, at(1)?),
        _ => None,
    }
}

/// `{state, data}`, as `:sys.get_state/1` gives it.
fn machine(name: &mut Option<Term>, new: Option<Term>, data: Term) -> Option<Term> {
    *name = new.or(name.take());
    Some(Term::Tuple { items: vec![name.clone()?, data], size: 2 })
}

/// Whether what follows `{:ok, state` is a timeout or the like, and so no data.
fn is_option(term: &Term, names: &impl AtomNames) -> bool {
    let is = |term: &Term, text: &str| matches!(term, Term::Atom(atom) if names.atom(*atom) == Some(text));
    match term {
        Term::Int(_) => true,
        Term::Tuple { items, size: 2 } => items.first().is_some_and(|first| is(first, "continue")),
        other => is(other, "hibernate") || is(other, "infinity"),
    }
}

fn is_whole(term: &Term) -> bool {
    match term {
        Term::Tuple { items, size } => *size == items.len() as u64 && items.iter().all(is_whole),
        Term::List { items, tail } => {
            let ends = match tail {
                Tail::Proper => true,
                Tail::Improper(end) => is_whole(end),
                Tail::Cut => false,
            };
            ends && items.iter().all(is_whole)
        }
        Term::Map { pairs, size } => {
            *size == pairs.len() as u64 && pairs.iter().all(|(key, value)| is_whole(key) && is_whole(value))
        }
        Term::Binary { bytes, size } => *size == bytes.len() as u64,
        Term::Opaque { kind, .. } => *kind == OPAQUE_SECRET,
        _ => true,
    }
}
