//! Which events are wanted: those of the traces that run, at the fullest level that one
//! of them asks for, and of the rest as much as none of them says.

use super::Level;
use super::masks::{Masks, mix};
use crate::limits::{AskedLimits, Limits};
use std::sync::{Mutex, PoisonError};

static SITES: Mutex<Vec<&'static Masks>> = Mutex::new(Vec::new());
static RULES: Mutex<Vec<&'static Rules>> = Mutex::new(Vec::new());

/// Keeps a value for ever, equal ones once: a probe may look at it whenever it wants.
fn intern<T: PartialEq>(known: &Mutex<Vec<&'static T>>, value: T) -> &'static T {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.iter().copied().find(|one| **one == value).unwrap_or_else(|| {
        let value: &'static T = Box::leak(Box::new(value));
        known.push(value);
        value
    })
}

/// One more cannot be told apart.
pub const MOST_TRACES: usize = 32;

/// What the user asked for: the events of `sites` in `processes`.
#[derive(Debug)]
pub struct Trace {
    /// Its number, below [`MOST_TRACES`], and no other one's while it runs.
    pub slot: u8,
    /// How much of them; [`Level::Off`] leaves them out, whatever other traces want.
    pub level: Level,
    /// Node ids; none given: all.
    pub sites: Option<Vec<u64>>,
    /// Processes, as their terms; none given: all.
    pub processes: Option<Vec<u64>>,
    /// Not these processes.
    pub except: Vec<u64>,
    /// The limits of their terms.
    pub limits: Limits,
    /// Those of them that the user asked for: they hold where a site has its own, too.
    pub asked: AskedLimits,
    /// Of 2^64 processes, or keys that they gave themselves, how many; `u64::MAX`: all.
    pub share: u64,
    /// Whether processes that these ones spawn belong to them.
    pub inherited: bool,
}

/// What is looked up for an event. It never changes.
#[derive(Debug, PartialEq)]
pub struct Rules {
    others: Level,
    // Interned, as the largest part and the one that changes least.
    sites: &'static Masks,
    processes: Masks,
    except: Masks,
    all: u32,
    any_site: u32,
    any_process: u32,
    off: u32,
    inherited: u32,
    sampled: u32,
    asks_who: bool,
    traces: [Option<Wanted>; MOST_TRACES],
}

/// What a trace says of its events; see [`Trace`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    level: Level,
    share: u64,
    pub limits: Limits,
    pub asked: AskedLimits,
}

/// The process of an event, as far as rules ask about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Who {
    /// Its term.
    pub process: u64,
    /// The key that it gave itself, or 0.
    pub key: u64,
    /// Traces that it belongs to since a process that it comes from did.
    pub inherited: u32,
}

impl Rules {
    /// Of what no trace names, `others` is written.
    pub fn of(others: Level, traces: Vec<Trace>) -> &'static Self {
        let bits = |wanted: fn(&Trace) -> bool| {
            traces.iter().filter(|trace| wanted(trace)).fold(0, |bits, trace| bits | trace.bit())
        };
        let mut wanted = [None; MOST_TRACES];
        for trace in &traces {
            let &Trace { level, share, limits, asked, .. } = trace;
            wanted[trace.slot()] = Some(Wanted { level, share, limits, asked });
        }
        let any_process = bits(|trace| trace.processes.is_none());
        let sampled = bits(|trace| trace.share < u64::MAX);
        let excepts = bits(|trace| !trace.except.is_empty());
        let rules = Self {
            others,
            sites: intern(&SITES, masks(&traces, |trace| trace.sites.as_deref())),
            processes: masks(&traces, |trace| trace.processes.as_deref()),
            except: masks(&traces, |trace| Some(&trace.except)),
            all: bits(|_| true),
            any_site: bits(|trace| trace.sites.is_none()),
            any_process,
            off: bits(|trace| trace.level == Level::Off),
            inherited: bits(|trace| trace.inherited),
            sampled,
            asks_who: sampled | excepts != 0 || any_process != bits(|_| true),
            traces: wanted,
        };
        intern(&RULES, rules)
    }

    /// Whether an answer depends on the process.
    pub fn asks_who(&self) -> bool {
        self.asks_who
    }

    /// Whether an answer depends on what processes said of themselves.
    pub fn asks_key(&self) -> bool {
        self.sampled != 0
    }

    /// Whether one of the traces has one of the two, and not the other.
    pub fn parts(&self, one: Who, other: Who) -> bool {
        let is_in = |who, trace: &Wanted| sample(who) <= trace.share;
        self.traces.iter().flatten().any(|trace| is_in(one, trace) != is_in(other, trace))
    }

    /// The traces that what this process spawns belongs to.
    pub fn bequeathed(&self, who: Who) -> u32 {
        self.inherited & (self.processes.get(who.process) | who.inherited)
    }

    /// The traces that go on with the processes that their own ones spawn.
    pub fn inherited(&self) -> u32 {
        self.inherited
    }

    /// How much of an event is wanted, and by which trace (`None`: by none).
    /// What stands at no `node`, the process alone decides on.
    pub fn wanted(&self, node: Option<u64>, who: Who) -> (Level, Option<&Wanted>) {
        let sites = self.any_site | node.map_or(self.all & !self.off, |node| self.sites.get(node));
        if sites == 0 {
            return (self.others, None);
        }
        let processes = self.any_process | self.processes.get(who.process) | who.inherited;
        let mut those = sites & processes & !self.except.get(who.process);
        let mut best: Option<&Wanted> = None;
        while let Some(Some(trace)) = self.traces.get(those.trailing_zeros() as usize) {
            those &= those - 1;
            let is_in = trace.share == u64::MAX || sample(who) <= trace.share;
            match (is_in, trace.level) {
                (true, Level::Off) => return (Level::Off, None),
                (true, level) if best.is_none_or(|best| level < best.level) => best = Some(trace),
                _ => {}
            }
        }
        best.map_or((self.others, None), |trace| (trace.level, Some(trace)))
    }
}

impl Trace {
    fn slot(&self) -> usize {
        usize::from(self.slot) % MOST_TRACES
    }

    fn bit(&self) -> u32 {
        1 << self.slot()
    }
}

// The same for every trace, so that of 1 in 10 each is one of 1 in 5.
fn sample(who: Who) -> u64 {
    mix(if who.key == 0 { who.process } else { who.key })
}

fn masks(traces: &[Trace], named: fn(&Trace) -> Option<&[u64]>) -> Masks {
    let keys = |trace| named(trace).unwrap_or_default().iter().copied();
    let each = traces.iter().flat_map(|trace| keys(trace).map(|key| (key, trace.bit())));
    Masks::of(&each.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Keep;

    const LIMITS: Limits =
        Limits { segment_bytes: 0, max_bytes: 0, keep: Keep::All, depth: 1, items: 2, bytes: 3, payload: 64 };

    fn trace(slot: u8, level: Level, sites: Option<&[u64]>, processes: Option<&[u64]>) -> Trace {
        let limits = Limits { depth: u32::from(slot), ..LIMITS };
        let [sites, processes] = [sites, processes].map(|keys| keys.map(<[u64]>::to_vec));
        let (except, asked) = (Vec::new(), AskedLimits::default());
        Trace { slot, level, sites, processes, except, limits, asked, share: u64::MAX, inherited: false }
    }

    fn of(process: u64) -> Who {
        Who { process, ..Who::default() }
    }

    fn level(rules: &Rules, node: u64, process: u64) -> Level {
        rules.wanted(Some(node), of(process)).0
    }

    #[test]
    fn traces_add_up_and_the_fullest_says_how_much() {
        let traces = vec![
            trace(0, Level::Boundaries, None, Some(&[7])),
            trace(5, Level::Values, Some(&[1, 2]), None),
            trace(31, Level::Branches, Some(&[2, 3]), Some(&[7])),
        ];
        let rules = Rules::of(Level::Off, traces);
        assert_eq!([1, 2, 3, 4].map(|node| level(rules, node, 7)), {
            use Level::{Boundaries, Branches, Values};
            [Values, Values, Branches, Boundaries]
        });
        assert_eq!([1, 3, 4].map(|node| level(rules, node, 8)), [Level::Values, Level::Off, Level::Off]);
        assert_eq!(rules.wanted(Some(1), of(7)).1.map(|trace| trace.limits.depth), Some(5));
        assert_eq!(rules.wanted(Some(4), of(8)).1, None);
        assert_eq!([7, 8].map(|process| rules.wanted(None, of(process)).0), [Level::Values; 2], "at no node");
    }

    #[test]
    fn off_wins_and_exceptions_are_no_part() {
        let mut except = trace(1, Level::Values, None, None);
        except.except = vec![9];
        let rules = Rules::of(Level::Branches, vec![trace(0, Level::Off, Some(&[1]), None), except]);
        assert_eq!(level(rules, 1, 7), Level::Off);
        assert_eq!([7, 9].map(|process| level(rules, 2, process)), [Level::Values, Level::Branches]);
        assert_eq!(rules.wanted(None, of(7)).0, Level::Values);
    }

    #[test]
    fn a_share_is_of_processes_or_of_keys() {
        let sampled = |share: u64| {
            let mut one = trace(0, Level::Values, None, None);
            one.share = share;
            Rules::of(Level::Off, vec![one])
        };
        let (tenth, fifth) = (sampled(u64::MAX / 10), sampled(u64::MAX / 5));
        let is_in = |rules: &Rules, who: Who| rules.wanted(Some(1), who).0 == Level::Values;
        let count = |rules: &Rules| (0..10_000).filter(|n| is_in(rules, of(n << 4 | 3))).count();
        assert!((800..1200).contains(&count(tenth)) && (1800..2200).contains(&count(fifth)));
        assert!((0..10_000).all(|n| !is_in(tenth, of(n)) || is_in(fifth, of(n))));
        let keyed = |key| Who { process: 3, key, inherited: 0 };
        let parted = (1..1000).filter(|key| tenth.parts(of(3), keyed(*key)));
        assert!(parted.clone().all(|key| is_in(tenth, of(3)) != is_in(tenth, keyed(key))));
        assert!((1..900).contains(&parted.count()));
        let of_key = |key: u64| [3, 19, 35].map(|process| is_in(tenth, Who { process, key, inherited: 0 }));
        assert!((1..1000).all(|key| of_key(key).windows(2).all(|pair| pair[0] == pair[1])));
    }

    #[test]
    fn who_inherits_belongs_to_the_trace() {
        let mut one = trace(3, Level::Values, None, Some(&[7]));
        one.inherited = true;
        let rules = Rules::of(Level::Off, vec![one, trace(4, Level::Values, None, Some(&[8]))]);
        assert_eq!([7, 8, 9].map(|process| rules.bequeathed(of(process))), [1 << 3, 0, 0]);
        let child = Who { process: 9, key: 0, inherited: 1 << 3 };
        assert_eq!((rules.bequeathed(child), rules.wanted(Some(1), child).0), (1 << 3, Level::Values));
    }

    #[test]
    fn equal_rules_are_kept_once() {
        let rules = || Rules::of(Level::Off, vec![trace(0, Level::Values, Some(&[77]), Some(&[78]))]);
        assert!(std::ptr::eq(rules(), rules()));
    }
}
