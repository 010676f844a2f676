//! How long events take: some of them, in a histogram.
//!
//! Owns: which events are timed, and buckets that grow with what they hold, so that a
//! percentile is at most a sixteenth too high. It must never know what an event is.
//! A histogram has one writer and any number of readers.

use std::sync::atomic::{AtomicU64, Ordering};

/// Of this many events, one is timed.
pub const ONE_IN: u32 = 64;

/// What takes longer was interrupted by the system (it is about 0.1 ms of a time-stamp
/// counter), and counts as this much in the sum, which stands for what events cost.
const INTERRUPTED: u64 = 1 << 18;

/// Each power of two has 16 buckets.
const FINE: u32 = 4;
/// Longer than 2^40 ticks (minutes) is that long.
const BUCKETS: usize = bucket((1 << 40) - 1) + 1;

const fn bucket(ticks: u64) -> usize {
    if ticks < 1 << FINE {
        return ticks as usize;
    }
    let scale = ticks.ilog2() - FINE;
    ((scale as usize) << FINE) + (ticks >> scale) as usize
}

/// The greatest value of a bucket.
const fn greatest(bucket: usize) -> u64 {
    if bucket < 2 << FINE {
        return bucket as u64;
    }
    let scale = (bucket >> FINE) - 1;
    let leading = (bucket - (scale << FINE)) as u64;
    ((leading + 1) << scale) - 1
}

/// When the next event is timed. The distance varies: a loop whose turns have as many
/// events would otherwise have the same one of them timed each time.
pub struct Sampler {
    left: u32,
    random: u32,
}

impl Sampler {
    /// A sampler; each `seed` has a sequence of its own.
    pub fn new(seed: u32) -> Self {
        let mut sampler = Self { left: 0, random: seed.wrapping_mul(0x9E37_79B9) | 1 };
        sampler.again();
        sampler
    }

    /// Counts an event; true when it is to be timed, and then [`Sampler::again`] is due.
    #[inline(always)]
    pub fn is_due(&mut self) -> bool {
        self.left -= 1;
        self.left == 0
    }

    /// Chooses the next event: half to one and a half of [`ONE_IN`] events from here.
    pub fn again(&mut self) {
        // Marsaglia's xorshift: never zero.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.left = ONE_IN / 2 + 1 + self.random % ONE_IN;
    }
}

/// What was timed, in ticks.
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
    max: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BUCKETS], sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Adds one; by the writer only.
    pub fn add(&self, ticks: u64) {
        let add = |count: &AtomicU64, by| count.store(count.load(Ordering::Relaxed) + by, Ordering::Relaxed);
        add(&self.buckets[bucket(ticks).min(BUCKETS - 1)], 1);
        add(&self.sum, ticks.min(INTERRUPTED));
        self.max.store(self.max.load(Ordering::Relaxed).max(ticks), Ordering::Relaxed);
    }

    /// Forgets everything; by the writer only.
    pub fn clear(&self) {
        self.buckets.iter().chain([&self.sum, &self.max]).for_each(|count| count.store(0, Ordering::Relaxed));
    }
}

/// What several histograms say together, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events that were timed.
    pub timed: u64,
    /// What they took together, interruptions cut short.
    pub sum: u64,
    /// What 50, 90, 99 and 99.9 percent of them took at most.
    pub percentiles: [u64; 4],
    /// What the slowest one took.
    pub max: u64,
}

impl Summary {
    /// Adds them up. They may be written meanwhile.
    pub fn of<'a>(histograms: impl Iterator<Item = &'a Histogram>) -> Self {
        let (mut counts, mut sum, mut max) = ([0u64; BUCKETS], 0, 0);
        for one in histograms {
            counts.iter_mut().zip(&one.buckets).for_each(|(all, own)| *all += own.load(Ordering::Relaxed));
            sum += one.sum.load(Ordering::Relaxed);
            max = one.max.load(Ordering::Relaxed).max(max);
        }
        let timed = counts.iter().sum();
        let percentiles = [500, 900, 990, 999].map(|permille| percentile(&counts, timed, permille).min(max));
        Self { timed, sum, percentiles, max }
    }
}

fn percentile(counts: &[u64], timed: u64, permille: u64) -> u64 {
    // The least value that so many do not exceed.
    let (rank, mut seen) = ((timed * permille).div_ceil(1000).max(1), 0);
    let found = counts.iter().position(|count| {
        seen += count;
        seen >= rank
    });
    found.map_or(0, greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_and_are_narrow() {
        let mut next = 0;
        for number in 0..BUCKETS {
            let last = greatest(number);
            assert_eq!((bucket(next), bucket(last)), (number, number), "from {next} to {last}");
            assert!(last - next <= next / 16, "from {next} to {last}");
            next = last + 1;
        }
        assert_eq!(next, 1 << 40);
    }

    #[test]
    fn percentiles_are_those_of_the_values_within_a_sixteenth() {
        let histograms = [Histogram::default(), Histogram::default()];
        let values = || (1..=10_000u64).map(|n| n * n);
        values().for_each(|value| histograms[(value % 2) as usize].add(value));
        let summary = Summary::of(histograms.iter());
        let sum = values().map(|value| value.min(INTERRUPTED)).sum();
        assert_eq!((summary.timed, summary.sum, summary.max), (10_000, sum, 100_000_000));
        for (is, rank) in summary.percentiles.into_iter().zip([5_000u64, 9_000, 9_900, 9_990]) {
            assert!((rank * rank..=rank * rank * 17 / 16).contains(&is), "{is} for {}", rank * rank);
        }
        histograms.iter().for_each(Histogram::clear);
        assert_eq!(Summary::of(histograms.iter()), Summary::default());
    }

    #[test]
    fn what_takes_longest_is_no_percentile_above_itself() {
        let histogram = Histogram::default();
        histogram.add(1_000_001);
        histogram.add(u64::MAX / 2);
        let summary = Summary::of([&histogram].into_iter());
        assert_eq!((summary.max, summary.sum), (u64::MAX / 2, 2 * INTERRUPTED));
        histogram.clear();
        histogram.add(1_000_001);
        assert_eq!(Summary::of([&histogram].into_iter()).percentiles, [1_000_001; 4]);
    }

    #[test]
    fn every_event_of_a_loop_is_timed_as_often() {
        let (mut sampler, mut seen) = (Sampler::new(3), [0u32; 64]);
        let events = 64 * 64 * 400;
        for event in 0..events {
            if sampler.is_due() {
                seen[event % 64] += 1;
                sampler.again();
            }
        }
        let timed: u32 = seen.iter().sum();
        assert!((timed * ONE_IN).abs_diff(events as u32) < events as u32 / 50, "{timed} of {events}");
        assert!(seen.iter().all(|count| (200..600).contains(count)), "{seen:?}");
    }
}
