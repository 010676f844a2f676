//! What Elixir calls to change what is written: the cold side.

use super::Level;
use super::rules::{MOST_TRACES, Rules, Trace};
use crate::control::atoms;
use crate::encode::bits;
use crate::ring;
use crate::session::Session;
use memmap2::Mmap;
use rustler::{Atom, Binary, Encoder as _, Env, LocalPid, NifResult, Term};
use std::fs::File;
use wire::record::{BEGINS, OF_PROCESS, WIDER};
use wire::{Kind, NodeMap};

/// Changes the level of detail of the whole recording, and records that with its cause.
/// Gives the level before; `nil` when nothing is recorded; `false` for what is no level.
#[rustler::nif]
fn set_detail<'a>(env: Env<'a>, level: Atom, cause: Term<'a>) -> NifResult<Term<'a>> {
    let Some(wanted) = level.to_term(env).atom_to_string().ok().and_then(|name| Level::named(&name)) else {
        return Ok(atoms::false_().to_term(env));
    };
    let Some(session) = ring::active() else { return Ok(atoms::nil().to_term(env)) };
    let terms = [level.to_term(env), cause];
    note(env, session, Kind::Level, BEGINS, &terms);
    let before = session.control.set_level(wanted);
    note(env, session, Kind::Level, 0, &terms);
    Ok(Atom::from_str(env, before.name())?.to_term(env))
}

/// Writes that the calling process changes what is recorded.
fn note(env: Env<'_>, session: &'static Session, kind: Kind, variant: u64, terms: &[Term<'_>]) {
    let own = env.pid().encode(env);
    let terms: Vec<_> = terms.iter().map(Term::as_c_arg).collect();
    // SAFETY: the environment and the terms are this call's.
    unsafe { ring::emit_about(env.as_c_arg(), session, kind, variant, own.as_c_arg(), &terms) };
}

/// A trace, as Elixir describes it: its slot; the level's number; node ids and processes
/// (`nil`: all) and processes to leave out; depth, items, bytes of a binary, bytes of a
/// payload, 0 for the recording's, and the share of 2^64; whether it is inherited.
type Described = (u8, u8, Option<Vec<u64>>, Option<Vec<LocalPid>>, Vec<LocalPid>, Vec<u64>, bool);

/// Records the events of `traces`, and of all others as much as `others` says: if that is
/// everything, and there are no traces, probes ask no more. Records the change as `what`,
/// and whether nothing is left out now that was not (`wider`). Whether it is done.
#[rustler::nif(schedule = "DirtyCpu")]
fn set_traces<'a>(env: Env<'a>, others: u8, traces: Vec<Described>, wider: bool, what: Vec<Term<'a>>) -> bool {
    let (Some(session), Some(&others)) = (ring::active(), Level::ALL.get(usize::from(others))) else { return false };
    let traces: Option<Vec<_>> = traces.into_iter().map(|described| trace(env, session, described)).collect();
    let Some(traces) = traces else { return false };
    let is_all = traces.is_empty() && others == Level::Values;
    let rules = (!is_all).then(|| Rules::of(others, traces));
    if !wider {
        note(env, session, Kind::Switch, BEGINS, &[]);
    }
    session.control.set_rules(rules);
    note(env, session, Kind::Switch, if wider { WIDER } else { 0 }, &what);
    true
}

fn trace(env: Env<'_>, session: &Session, described: Described) -> Option<Trace> {
    let (slot, level, sites, processes, except, limits, inherited) = described;
    let &[depth, items, bytes, payload, share] = limits.as_slice() else { return None };
    let asked = [depth, items, bytes, payload];
    let term = |pid: LocalPid| bits(pid.encode(env).as_c_arg());
    Some(Trace {
        slot: (usize::from(slot) < MOST_TRACES).then_some(slot)?,
        level: *Level::ALL.get(usize::from(level))?,
        sites,
        processes: processes.map(|pids| pids.into_iter().map(term).collect()),
        except: except.into_iter().map(term).collect(),
        limits: session.limits.with_terms(asked),
        asked,
        share,
        inherited,
    })
}

/// Samples the calling process by this key from here on; 0: by itself. False when nothing
/// is recorded, or there is no room for its key.
#[rustler::nif]
fn set_key(env: Env<'_>, key: u64) -> bool {
    let Some(session) = ring::active() else { return false };
    let own = env.pid().encode(env);
    let (is_set, is_moved) = session.control.set_key(bits(own.as_c_arg()), key);
    if is_moved {
        note(env, session, Kind::Switch, OF_PROCESS, &[]);
    }
    is_set
}

/// The node ids of a map's sites; of those in `file`, `module`, `name` and `arity`, as
/// far as that is said (an empty text, -1). An error says what is wrong with the map.
#[rustler::nif(schedule = "DirtyIo")]
fn sites<'a>(env: Env<'a>, path: Binary<'a>, file: &str, module: &str, name: &str, arity: i64) -> Term<'a> {
    let path = String::from_utf8_lossy(&path).into_owned();
    let ids = read_map(&path).map(|map| {
        let is_it = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        let entries = map.iter().filter(|entry| {
            let is_named = is_it(module, entry.module) && is_it(name, entry.name) && is_it(file, entry.file);
            is_named && (arity < 0 || arity == i64::from(entry.arity))
        });
        entries.map(|entry| entry.id.raw()).collect::<Vec<_>>()
    });
    match ids {
        Ok(ids) => (atoms::ok(), ids).encode(env),
        Err(why) => (atoms::error(), format!("cannot read the node map {path}: {why}")).encode(env),
    }
}

fn read_map(path: &str) -> Result<NodeMap<Mmap>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    // SAFETY: maps are never changed in place; a new one takes an old one's name.
    let bytes = unsafe { Mmap::map(&file) }.map_err(|error| error.to_string())?;
    NodeMap::open(bytes).map_err(|error| error.to_string())
}
