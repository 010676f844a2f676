//! Ticks: the invariant time-stamp counter, else the monotonic clock.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a tick is on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// [`wire::segment::CLOCK_TSC`] or [`wire::segment::CLOCK_MONOTONIC`].
    pub kind: u32,
    /// Estimated over the time of the calibration.
    pub ticks_per_second: u64,
}

/// The three clocks at (nearly) the same moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Ticks.
    pub ticks: u64,
    /// Monotonic time in ns.
    pub monotonic_ns: u64,
    /// System time in ns since 1970.
    pub system_ns: u64,
}

const CALIBRATION: Duration = Duration::from_millis(8);

/// The clock, calibrated at the first call (which takes 8 ms).
pub fn clock() -> Clock {
    static CLOCK: OnceLock<Clock> = OnceLock::new();
    *CLOCK.get_or_init(|| {
        if !has_invariant_tsc() {
            return Clock { kind: wire::segment::CLOCK_MONOTONIC, ticks_per_second: 1_000_000_000 };
        }
        let (start, from) = (Instant::now(), tsc());
        std::thread::sleep(CALIBRATION);
        let (elapsed, to) = (start.elapsed(), tsc());
        let per_second = u128::from(to - from) * 1_000_000_000 / elapsed.as_nanos().max(1);
        Clock { kind: wire::segment::CLOCK_TSC, ticks_per_second: u64::try_from(per_second).unwrap_or(u64::MAX) }
    })
}

/// Now, in ticks of a clock of this kind.
#[inline(always)]
pub fn ticks(kind: u32) -> u64 {
    let ticks = if kind == wire::segment::CLOCK_TSC { tsc() } else { monotonic_ns() };
    #[cfg(feature = "panic-test")]
    crate::panic_test::stamped();
    ticks
}

/// Now, on all three clocks.
pub fn moment() -> Moment {
    let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let system_ns = u64::try_from(system.as_nanos()).unwrap_or(u64::MAX);
    Moment { ticks: ticks(clock().kind), monotonic_ns: monotonic_ns(), system_ns }
}

fn monotonic_ns() -> u64 {
    ns(libc::CLOCK_MONOTONIC)
}

/// What the calling thread has used of processors, in ns.
pub fn used_ns() -> u64 {
    ns(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the result.
    unsafe { libc::clock_gettime(clock, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn tsc() -> u64 {
    // SAFETY: every x86_64 processor has the instruction, and user mode may
    // execute it wherever Linux and macOS run.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(target_arch = "x86_64"))]
fn tsc() -> u64 {
    monotonic_ns()
}

/// Leaf 8000_0007h, EDX bit 8 (AMD64 manual, volume 3, appendix E.4.6).
#[cfg(target_arch = "x86_64")]
fn has_invariant_tsc() -> bool {
    let leaf = 0x8000_0007;
    let highest = core::arch::x86_64::__cpuid(0x8000_0000).eax;
    highest >= leaf && core::arch::x86_64::__cpuid(leaf).edx & (1 << 8) != 0
}

#[cfg(not(target_arch = "x86_64"))]
fn has_invariant_tsc() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_advance_at_the_estimated_rate() {
        let clock = clock();
        let (start, from) = (Instant::now(), ticks(clock.kind));
        std::thread::sleep(Duration::from_millis(20));
        let ticked = (ticks(clock.kind) - from) as f64 / clock.ticks_per_second as f64;
        let real = start.elapsed().as_secs_f64();
        // Wide: the machine may be busy. It catches a wrong unit.
        assert!((0.5..2.0).contains(&(ticked / real)), "{ticked} s of ticks in {real} s");
    }
}
