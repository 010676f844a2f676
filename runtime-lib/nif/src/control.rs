//! Starting, stopping, asking: the cold functions, and the library's load.

use crate::caller;
use crate::contexts;
use crate::encode;
use crate::health;
use crate::hot;
use crate::load::CONTRACT;
use crate::ring::{self, ACTIVE};
use crate::runs;
use crate::session::{Keep, Limits, Session};
use crate::tracer;
use rustler::sys::{ErlNifPid, enif_get_local_pid};
use rustler::{Binary, Encoder as _, Env, LocalPid, Term};
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;
use wire::{Kind, SecretNames};

pub mod atoms {
    //! Atoms of answers.
    rustler::atoms! { ok, error, nil, false_ = "false", args }
}

static LAST: Mutex<Option<&'static Session>> = Mutex::new(None);

/// Remembers the atoms that probes return; false where the module is of another version.
pub fn load(env: Env<'_>, contract: Term<'_>) -> bool {
    if !contract.decode::<u64>().is_ok_and(|theirs| theirs == CONTRACT) {
        return false;
    }
    let returned = [atoms::ok(), atoms::nil(), atoms::false_(), atoms::args()].map(|atom| atom.to_term(env).as_c_arg());
    for (place, atom) in hot::ATOMS.iter().zip(returned) {
        place.store(encode::bits(atom), Ordering::Relaxed);
    }
    tracer::load(env).is_ok()
}

/// Starts recording below `dir`. `limits` are, in order: bytes of a segment,
/// bytes in all, depth, items, bytes of a binary, bytes of a payload, room of the
/// process table, schedulers, 1 to keep the newest events only, and of those the
/// greatest age in ms. `samples` are binaries of each form the VM has. `secrets` is
/// whether the usual names are those of secrets, and further patterns.
#[rustler::nif(schedule = "DirtyIo")]
fn start<'a>(
    env: Env<'a>,
    dir: Binary<'a>,
    run: Binary<'a>,
    limits: Vec<u64>,
    recorder: Term<'a>,
    samples: Vec<Term<'a>>,
    secrets: (bool, Vec<String>),
) -> Term<'a> {
    match secret_names(&secrets).and_then(|names| try_start(env, &dir, &run, &limits, recorder, &samples, names)) {
        Ok(()) => atoms::ok().to_term(env),
        Err(why) => (atoms::error(), why).encode(env),
    }
}

fn secret_names((usual, more): &(bool, Vec<String>)) -> Result<SecretNames, String> {
    let names = if *usual { SecretNames::default() } else { SecretNames::none() };
    names.with(more.iter().map(String::as_str)).map_err(|error| error.to_string())
}

fn try_start(
    env: Env<'_>,
    dir: &[u8],
    run: &[u8],
    limits: &[u64],
    recorder: Term<'_>,
    samples: &[Term<'_>],
    secrets: SecretNames,
) -> Result<(), String> {
    let mut last = LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !ACTIVE.load(Ordering::Acquire).is_null() {
        return Err("a recording is already running; stop it first".into());
    }
    let &[segment, most, depth, items, bytes, payload, processes, schedulers, newest, age] = limits else {
        return Err("ten limits are needed".into());
    };
    let mut pid = MaybeUninit::<ErlNifPid>::uninit();
    let empty = Vec::<u64>::new().encode(env);
    let samples: Vec<_> = samples.iter().map(Term::as_c_arg).collect();
    // SAFETY: the environment is this call's; the terms are of the kinds asked
    // for, and the place is initialised when the call says so.
    let recorder = unsafe {
        encode::check_tags(
            env.as_c_arg(),
            atoms::ok().to_term(env).as_c_arg(),
            recorder.as_c_arg(),
            empty.as_c_arg(),
            &samples,
            processes,
        );
        caller::check(env.as_c_arg());
        if enif_get_local_pid(env.as_c_arg(), recorder.as_c_arg(), pid.as_mut_ptr()) == 0 {
            return Err("the recorder is no local process".into());
        }
        pid.assume_init()
    };
    let run: [u8; 16] = run.try_into().map_err(|_| "the run id has 16 bytes".to_owned())?;
    let size = |value: u64, least: u64, most: u64| usize::try_from(value.clamp(least, most)).unwrap_or(usize::MAX);
    // Of a whole recording, the segments that stand ready take half at first; of a flight
    // recorder an eighth, and those that threads write into as much, so that most of it
    // is full segments.
    let parts = if newest == 1 { (8 * schedulers).max(32) } else { (4 * schedulers).max(8) };
    let limits = Limits {
        segment_bytes: size(segment.min(most / parts), 64 * 1024, 1 << 30),
        max_bytes: most,
        keep: if newest == 1 { Keep::Newest(Duration::from_millis(age)) } else { Keep::All },
        depth: 1,
        items: 1,
        bytes: 1,
        payload: 64,
    }
    .with_terms([depth, items, bytes, payload]);
    let session = Session::start(
        PathBuf::from(String::from_utf8_lossy(dir).into_owned()),
        run,
        limits,
        recorder,
        encode::tags().pids,
        secrets,
    )
    .map_err(|error| error.to_string())?;
    *last = Some(session);
    ACTIVE.store(std::ptr::from_ref(session).cast_mut(), Ordering::SeqCst);
    if contexts::are_wanted() {
        session.control.note_contexts();
    }
    Ok(())
}

/// From here on events have contexts, if the token's place is found.
#[rustler::nif]
fn use_contexts() -> bool {
    // A recording that starts meanwhile looks behind being seen, or is seen here.
    let is_found = contexts::want();
    ring::active().into_iter().for_each(|session| session.control.note_contexts());
    is_found
}

/// From here on no probe begins to write; those that are at it finish.
#[rustler::nif]
fn silence() -> bool {
    !ACTIVE.swap(null_mut(), Ordering::AcqRel).is_null()
}

/// Stops recording; true when one was running.
#[rustler::nif(schedule = "DirtyIo")]
fn stop() -> bool {
    end()
}

/// Ends the recording, if there is one; whether events were written until now.
pub fn end() -> bool {
    let last = LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let active = ACTIVE.swap(null_mut(), Ordering::AcqRel);
    if let Some(session) = *last {
        session.stop();
    }
    !active.is_null()
}

/// Whether capture runs; events, bytes, lost events, lost bytes, truncated,
/// panics, bytes of events recycled, bytes of all segments; why no more can be
/// written, or an empty text.
#[rustler::nif]
fn status() -> (bool, Vec<u64>, String) {
    let last = *LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (totals, failure) = last.map_or(([0; 8], None), |session| (session.totals(), session.failure()));
    (!ACTIVE.load(Ordering::Acquire).is_null(), totals.to_vec(), failure.unwrap_or_default())
}

/// How the capture path is: see [`health::numbers`] and [`health::latencies`]. Empty
/// lists before the first recording. The disk is asked, which may take a while.
#[rustler::nif(name = "health", schedule = "DirtyIo")]
fn ask_health() -> (Vec<u64>, Vec<f64>) {
    let last = *LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    last.map_or_else(Default::default, |session| (health::numbers(session), health::latencies(session)))
}

/// Removes the recording in `dir`, unless somebody writes or reads it; whether it did.
#[rustler::nif(schedule = "DirtyIo")]
fn remove_run(dir: Binary<'_>) -> bool {
    // What cannot be removed now is tried again before the next recording.
    runs::remove(Path::new(&*String::from_utf8_lossy(&dir))).unwrap_or(false)
}

/// Names a process in the recording; false without room now.
#[rustler::nif]
fn note_name(env: Env<'_>, pid: LocalPid, text: Binary<'_>) -> bool {
    let Some(session) = ring::active() else { return false };
    let (pid, mut is_written) = (pid.encode(env), false);
    ring::guarded(session, || {
        // SAFETY: a call on a scheduler thread, with a process's term.
        is_written = unsafe { ring::name_process(session, pid.as_c_arg(), &text) };
    });
    is_written
}

/// Lets a flight recorder forget the name of a process that ended, with its events. To be
/// said of named ones alone: each is remembered until its name goes.
#[rustler::nif]
fn forget_name(env: Env<'_>, pid: LocalPid) -> bool {
    let Some(session) = ring::active() else { return false };
    session.note_end(encode::bits(pid.encode(env).as_c_arg()));
    true
}

/// Records that a process ended, with its reason if that is known.
#[rustler::nif]
fn note_exit(env: Env<'_>, pid: LocalPid, reason: Vec<Term<'_>>) -> bool {
    let Some(session) = ring::active() else { return false };
    let pid = pid.encode(env);
    let reason: Vec<_> = reason.iter().map(Term::as_c_arg).collect();
    session.control.forget(encode::bits(pid.as_c_arg()));
    ring::guarded(session, || {
        // SAFETY: the environment and the terms are this call's.
        unsafe { ring::emit_about(env.as_c_arg(), session, Kind::Exit, 0, pid.as_c_arg(), &reason) };
    });
    true
}
