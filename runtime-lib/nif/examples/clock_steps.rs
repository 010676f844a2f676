//! Loaded before the system's own (`LD_PRELOAD`), it has the system's clock set an hour
//! forward and two hours back, by turns: for `cargo xtask check crash`.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "it takes the place of a function of the C library")]

use libc::{CLOCK_MONOTONIC, CLOCK_REALTIME, SYS_clock_gettime, c_int, clockid_t, timespec};

/// Seconds by which the clock is wrong, 50 ms each.
const STEPS: [i64; 3] = [0, 3600, -7200];

/// # Safety
/// As of the function whose place it takes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int {
    // SAFETY: by the caller's promise, the place is valid.
    let result = unsafe { libc::syscall(SYS_clock_gettime, clock, time) } as c_int;
    if result == 0 && clock == CLOCK_REALTIME {
        let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: both places are valid, and the first is initialised.
        unsafe {
            libc::syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &raw mut now);
            (*time).tv_sec += STEPS[(now.tv_nsec / 50_000_000) as usize % STEPS.len()];
        }
    }
    result
}
