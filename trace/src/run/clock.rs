//! From clock ticks to nanoseconds.

use super::Segment;
use wire::{Kind, Record};

/// Calibrated time of a run. Nanoseconds count from the recording's start.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    points: Vec<Point>,
    ticks_per_second: u64,
    start_ns: i128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    ticks: u64,
    monotonic_ns: u64,
    system_ns: u64,
}

impl Clock {
    /// A clock from the segments' headers; [`Clock::calibrate`] refines it.
    pub(super) fn new(segments: &[Segment]) -> Self {
        let Some(first) = segments.iter().min_by_key(|segment| segment.header.ticks) else { return Self::default() };
        let header = &first.header;
        let rate = if header.clock == wire::segment::CLOCK_MONOTONIC { 1_000_000_000 } else { header.ticks_per_second };
        let point = Point { ticks: header.ticks, monotonic_ns: header.monotonic_ns, system_ns: header.system_ns };
        let start_ns = i128::from(header.monotonic_ns);
        Self { points: vec![point], ticks_per_second: rate.max(1), start_ns }
    }

    /// Takes a calibration record in; [`Clock::finish`] must follow the last.
    pub(super) fn calibrate(&mut self, record: &Record<'_>) {
        let word = |at: usize| {
            let slice = record.payload.get(at..at + 8)?;
            Some(u64::from_le_bytes(slice.try_into().ok()?))
        };
        if let (Kind::Clock, Some(monotonic_ns), Some(system_ns)) = (record.kind, word(0), word(8)) {
            self.points.push(Point { ticks: record.ticks, monotonic_ns, system_ns });
        }
    }

    /// Sorts the calibrations and drops those that would turn time back.
    pub(super) fn finish(&mut self) {
        self.points.sort_unstable();
        let mut last: Option<Point> = None;
        self.points.retain(|point| {
            let forward = last.is_none_or(|last| point.ticks > last.ticks && point.monotonic_ns > last.monotonic_ns);
            if forward {
                last = Some(*point);
            }
            forward
        });
    }

    /// Nanoseconds since the recording's start.
    pub fn since_start(&self, ticks: u64) -> i64 {
        saturate(self.monotonic(ticks) - self.start_ns)
    }

    /// Nanoseconds between two moments; never negative.
    pub fn between(&self, from: u64, to: u64) -> u64 {
        u64::try_from(self.monotonic(to) - self.monotonic(from)).unwrap_or(0)
    }

    /// Nanoseconds since the recording's start at a moment of the system's clock, in ns since
    /// 1970. Where that clock was set back, some moments came twice: it is the later one.
    pub fn at_system(&self, system_ns: u64) -> i64 {
        let is_within = |pair: &[Point]| (pair[0].system_ns..pair[1].system_ns).contains(&system_ns);
        // From the start to the end the clock shows every moment in between, or skips it.
        let within = self.points.windows(2).rposition(is_within);
        let after = self.points.last().filter(|last| last.system_ns <= system_ns);
        let known = within.map(|n| &self.points[n]).or(after).or(self.points.first());
        let Some(known) = known else { return 0 };
        let ns = i128::from(known.monotonic_ns) + i128::from(system_ns) - i128::from(known.system_ns);
        let next = within.map(|n| i128::from(self.points[n + 1].monotonic_ns));
        saturate(next.map_or(ns, |next| ns.min(next)) - self.start_ns)
    }

    /// The recording's start by the system's clock, in ns since 1970.
    pub fn started_system_ns(&self) -> Option<u64> {
        self.points.first().map(|point| point.system_ns)
    }

    fn monotonic(&self, ticks: u64) -> i128 {
        let after = self.points.partition_point(|point| point.ticks <= ticks);
        let (Some(low), high) = (self.points.get(after.saturating_sub(1)), self.points.get(after)) else {
            return i128::from(ticks);
        };
        let passed = i128::from(ticks) - i128::from(low.ticks);
        let (rise, run) = match high {
            Some(high) if after > 0 => (high.monotonic_ns - low.monotonic_ns, high.ticks - low.ticks),
            _ => (1_000_000_000, self.ticks_per_second.max(1)),
        };
        i128::from(low.monotonic_ns) + passed.saturating_mul(i128::from(rise)) / i128::from(run)
    }
}

fn saturate(ns: i128) -> i64 {
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(points: &[(u64, u64)], rate: u64) -> Clock {
        let points = points.iter().map(|&(ticks, ns)| Point { ticks, monotonic_ns: ns, system_ns: 0 }).collect();
        let mut clock = Clock { points, ticks_per_second: rate, start_ns: 0 };
        clock.finish();
        clock
    }

    #[test]
    fn interpolates_between_neighbours_and_extends_by_the_rate() {
        // 2 ticks/ns at first, then 1 tick/ns; the header says 4 ticks/ns.
        let clock = clock(&[(3000, 2000), (1000, 0), (2000, 1000), (2000, 500)], 4_000_000_000);
        let check = |ticks, ns| assert_eq!(clock.since_start(ticks), ns, "at {ticks}");
        check(1000, 0);
        check(1500, 250);
        check(2500, 1250);
        check(3400, 2100);
        check(600, -100);
        assert_eq!(clock.between(2500, 1500), 0);
    }

    #[test]
    fn a_moment_of_the_system_s_clock_is_found_however_it_was_set() {
        let point = |monotonic_ns, system_ns| Point { ticks: monotonic_ns, monotonic_ns, system_ns };
        // Set forward by 500 after 100, and back by 550 after 200.
        let points = vec![point(10, 1000), point(110, 1600), point(210, 1150), point(310, 1250)];
        let clock = Clock { points, ticks_per_second: 1_000_000_000, start_ns: 10 };
        let check = |system, ns| assert_eq!(clock.at_system(system), ns, "at {system}");
        check(990, -10);
        check(1000, 0);
        check(1050, 50);
        check(1200, 250);
        check(1300, 100);
        check(1599, 100);
        check(1700, 750);
        assert_eq!(Clock::default().at_system(7), 0);
    }

    #[test]
    fn forged_ticks_saturate() {
        let clock = clock(&[(0, 0)], 1);
        assert_eq!(clock.since_start(u64::MAX), i64::MAX);
        assert_eq!(Clock::default().since_start(7), 7);
    }
}
