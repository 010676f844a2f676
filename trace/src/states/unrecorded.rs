//! When a process's state may have changed without a word in the recording.
//!
//! Below the level of values each change still has a record of its own, without content.
//! That ends while the level is off, and whenever the rules change: they may leave out the
//! process from then on, until it tells a version again.

use crate::Recording;
use crate::value::Value;
use wire::record::{BEGINS, OF_PROCESS, WIDER};
use wire::{Kind, Record};

/// Stretches of ticks, both ends included. One that has no end yet ends with the ticks.
pub(super) struct Unrecorded {
    pid: u64,
    level: Stretches,
    rules: Stretches,
}

#[derive(Default)]
struct Stretches {
    ended: Vec<(u64, u64)>,
    begun: Option<u64>,
}

impl Stretches {
    fn change(&mut self, ticks: u64, begins: bool, leaves_out: bool) {
        // Whatever is said next, the change before it is over.
        let begun = self.begun.take();
        if leaves_out && begins {
            self.begun = Some(ticks);
        }
        if let Some(from) = begun.or((leaves_out && !begins).then_some(ticks)) {
            self.ended.push((from, ticks));
        }
    }

    fn all(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.ended.iter().copied().chain(self.begun.map(|from| (from, u64::MAX)))
    }
}

impl Unrecorded {
    /// Those of this process.
    pub(super) fn of(pid: u64) -> Self {
        Self { pid, level: Stretches::default(), rules: Stretches::default() }
    }

    /// Notes what the recording says of itself, in order.
    pub(super) fn note(&mut self, record: &Record<'_>, recording: &Recording) {
        let (variant, ticks) = (record.node.raw(), record.ticks);
        match (record.kind, variant) {
            (Kind::Level, _) => {
                let level = Value::read_all(record.payload, recording.names()).into_iter().next();
                let is_off = level == Some(Value::Atom("off".to_owned()));
                self.level.change(ticks, variant == BEGINS, is_off);
            }
            (Kind::Switch, OF_PROCESS) if record.pid == self.pid => self.rules.ended.push((ticks, ticks)),
            (Kind::Switch, OF_PROCESS) => {}
            (Kind::Switch, _) => self.rules.change(ticks, variant == BEGINS, variant != WIDER),
            _ => {}
        }
    }

    /// Whether there is such a moment behind `after`, and not behind `ns`, in which `since`
    /// gives ticks.
    pub(super) fn is_between(&self, after: u64, ns: i64, since: impl Fn(u64) -> i64) -> bool {
        let is_behind = |end: u64| end > after && ns > since(after);
        self.level.all().chain(self.rules.all()).any(|(from, end)| is_behind(end) && since(from) <= ns)
    }
}
