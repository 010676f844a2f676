//! What of a recording is written at the moment, decided before anything is encoded.
//!
//! A session has one [`Control`] word, which is zero while everything is written at full
//! detail and no process is in a context: all that probes ask then. Else they come here. It must never know who changes
//! the word, or why.

mod keys;
mod level;
mod masks;
mod native;
mod rules;

use crate::caller;
use crate::clock;
use crate::encode::{Env, RawTerm, bits};
use crate::limits::AskedLimits;
use crate::ring::{self, Detail};
use crate::session::Session;
use keys::Keys;
pub use level::Level;
use rules::{Rules, Wanted, Who};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use wire::node_id::SECRET;
use wire::{FLAG_WITHHELD, Kind};

/// Bits of the control word that are the level.
const LEVEL: u64 = 3;
/// Bit of the control word that says whether there are rules.
const RULES: u64 = 4;
/// Bit of the control word that says whether processes may be in contexts.
const CONTEXTS: u64 = 8;
/// All of these. What stands above them is another number after each change.
const FLAGS: u64 = 15;

/// What of a recording is written.
#[derive(Default)]
pub struct Control {
    word: AtomicU64,
    // Null or interned.
    rules: AtomicPtr<Rules>,
    // What processes want to be known by.
    keys: OnceLock<Keys>,
    // By process, traces that it belongs to since its parent did.
    heirs: OnceLock<Keys>,
}

impl Control {
    /// What is in force. Whoever finds it unchanged behind an event's time stamp knows that
    /// it was in force then: the reader takes times for what they say.
    #[inline(always)]
    pub fn in_force(&self) -> InForce {
        InForce(self.word.load(Ordering::Acquire))
    }

    /// Whether everything is written at full detail, and in no context, since `then`.
    #[inline(always)]
    pub fn is_open_since(&self, then: InForce) -> bool {
        then.0 & FLAGS == 0 && self.in_force() == then
    }

    /// The level of the whole recording.
    pub fn level(&self) -> Level {
        Level::from_bits(self.word.load(Ordering::Relaxed))
    }

    /// Changes the level; gives the one before.
    pub fn set_level(&self, level: Level) -> Level {
        Level::from_bits(self.change(|flags| flags & !LEVEL | level as u64))
    }

    /// Changes the flags; gives those before.
    fn change(&self, flags: impl Fn(u64) -> u64) -> u64 {
        let set = |word: u64| Some(flags(word & FLAGS) | (word & !FLAGS).wrapping_add(FLAGS + 1));
        self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, set).unwrap_or_else(|word| word) & FLAGS
    }

    /// Exchanges the rules; none: everything is wanted.
    pub fn set_rules(&self, rules: Option<&'static Rules>) {
        let place = rules.map_or(null_mut(), |rules| std::ptr::from_ref(rules).cast_mut());
        if let Some(heirs) = self.heirs.get() {
            // Another trace may take an ended one's slot.
            heirs.keep(rules.map_or(0, |rules| u64::from(rules.inherited())));
        }
        // Who reads the new rules sees this change, or the one behind.
        self.change(|flags| flags);
        self.rules.store(place, Ordering::Release);
        self.change(|flags| if rules.is_some() { flags | RULES } else { flags & !RULES });
    }

    /// From here on processes may be in contexts.
    pub fn note_contexts(&self) {
        self.change(|flags| flags | CONTEXTS);
    }

    /// Forgets a process that ended: its term may be another one's soon.
    pub fn forget(&self, process: u64) {
        for numbers in [&self.keys, &self.heirs].into_iter().filter_map(OnceLock::get) {
            numbers.put(process, 0);
        }
    }

    /// Samples a process by this key, by itself if it is 0. Whether there is room for the
    /// key, and whether the process is in another sample now.
    pub fn set_key(&self, process: u64, key: u64) -> (bool, bool) {
        let keys = self.keys.get_or_init(Keys::default);
        let before = Who { process, key: keys.get(process), inherited: 0 };
        if before.key == key {
            return (true, false);
        }
        let is_set = keys.put(process, key);
        let is_moved = self.rules().is_some_and(|rules| rules.parts(before, Who { key, ..before }));
        (is_set, is_set && is_moved)
    }

    fn rules(&self) -> Option<&'static Rules> {
        // SAFETY: null, or from an interned reference, which is never freed.
        unsafe { self.rules.load(Ordering::Acquire).as_ref() }
    }

    fn who(&self, process: u64, rules: &Rules) -> Who {
        let of = |numbers: &OnceLock<Keys>| numbers.get().map_or(0, |numbers| numbers.get(process));
        let key = if rules.asks_key() { of(&self.keys) } else { 0 };
        let inherited = if rules.inherited() != 0 { of(&self.heirs) as u32 } else { 0 };
        Who { process, key, inherited }
    }
}

/// What was in force at a moment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InForce(u64);

/// Writes what is wanted of an event of the calling process.
///
/// # Safety
/// As [`ring::emit`].
#[inline(never)]
pub unsafe fn emit(env: Env, session: &'static Session, kind: Kind, node: u64, terms: &[RawTerm]) {
    // SAFETY: by the caller's promise, here and below.
    let Some((detail, _)) = (unsafe { own_detail(env, session, kind, node, terms) }) else { return };
    unsafe { ring::emit(env, session, kind, node, terms, detail) };
}

/// The same, where the site has limits of its own. What a trace asks for comes first, then
/// the site's, then the recording's.
///
/// # Safety
/// As [`ring::emit`].
pub unsafe fn emit_within(
    site: AskedLimits,
    env: Env,
    session: &'static Session,
    kind: Kind,
    node: u64,
    terms: &[RawTerm],
) {
    // SAFETY: by the caller's promise, here and below.
    let Some((detail, wanted)) = (unsafe { own_detail(env, session, kind, node, terms) }) else { return };
    let limits = session.limits.with_terms(site);
    let limits = wanted.map_or(limits, |wanted| limits.with_terms(wanted.asked));
    unsafe { ring::emit(env, session, kind, node, terms, Detail { limits: &limits, ..detail }) };
}

/// How an event of the calling process is written.
///
/// # Safety
/// As [`ring::emit`].
#[inline(always)]
unsafe fn own_detail(
    env: Env,
    session: &'static Session,
    kind: Kind,
    node: u64,
    terms: &[RawTerm],
) -> Option<(Detail<'static>, Option<&'static Wanted>)> {
    let site = (node != 0).then_some(node & !SECRET);
    // SAFETY: by the caller's promise.
    let own = || unsafe { caller::own(env) }.map_or(0, bits);
    detail(session, kind, site, own, terms.len())
}

/// Writes what the VM tells of `process`, or what is wanted of it; `node` is the variant.
/// Of what follows the first term, `outlined` wants only the outline.
///
/// # Safety
/// As [`ring::emit_told`].
#[inline(never)]
pub unsafe fn emit_told(
    env: Env,
    session: &'static Session,
    kind: Kind,
    node: u64,
    process: RawTerm,
    terms: &[RawTerm],
    outlined: bool,
) {
    let Some(detail) = told(session, kind, process, terms) else { return };
    // SAFETY: by the caller's promise.
    unsafe { ring::emit_told(env, session, kind, node, process, terms, Detail { outlined, ..detail }) };
}

/// How an event of `process` that stands at no site is written: what the VM tells, and
/// versions of its state. `None`: not at all.
pub fn told(session: &'static Session, kind: Kind, process: RawTerm, terms: &[RawTerm]) -> Option<Detail<'static>> {
    if let (Kind::Spawn, [child, ..]) = (kind, terms) {
        bequeath(&session.control, bits(process), bits(*child));
    }
    detail(session, kind, None, || bits(process), terms.len()).map(|(detail, _)| detail)
}

// The VM tells of it before the new process runs.
fn bequeath(control: &Control, process: u64, child: u64) {
    let Some(rules) = control.rules().filter(|rules| rules.inherited() != 0) else { return };
    let traces = rules.bequeathed(control.who(process, rules));
    if traces != 0 {
        // Without room the child is not traced, as those that it spawns.
        control.heirs.get_or_init(Keys::default).put(child, u64::from(traces));
    }
}

/// How an event is written, and by the wish of which trace; `None`: not at all. It is timed
/// here, and decided on by what was in force then.
fn detail(
    session: &'static Session,
    kind: Kind,
    site: Option<u64>,
    process: impl Fn() -> u64,
    terms: usize,
) -> Option<(Detail<'static>, Option<&'static Wanted>)> {
    loop {
        let then = session.control.in_force();
        let at = clock::ticks(session.clock.kind);
        let decided = decide(session, kind, site, &process, terms, at);
        // Changes are made by people and by a breaker: the next turn is the last one.
        if session.control.in_force() == then {
            return decided;
        }
    }
}

#[inline(always)]
fn decide(
    session: &'static Session,
    kind: Kind,
    site: Option<u64>,
    process: impl Fn() -> u64,
    terms: usize,
    at: u64,
) -> Option<(Detail<'static>, Option<&'static Wanted>)> {
    let control = &session.control;
    let (level, wanted) = match control.rules() {
        None => (Level::Values, None),
        Some(rules) => {
            let who = if rules.asks_who() { control.who(process(), rules) } else { Who::default() };
            rules.wanted(site, who)
        }
    };
    let level = level.max(control.level());
    let flags = if level == Level::Values { 0 } else { FLAG_WITHHELD };
    let kept = level.kept(kind, terms)?;
    let limits = wanted.map_or(&session.limits, |wanted| &wanted.limits);
    Some((Detail { limits, kept, flags, outlined: false, at }, wanted))
}
