//! How the capture path is: what is full, what waits, how long an event takes.
//!
//! Owns: the numbers that are measured while a recording runs and written nowhere. It
//! must never know what is too much: the package decides that.

use crate::latency::Summary;
use crate::session::{Session, Store};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

fn read(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// In this order: rings; bytes of the segments they write into that are written, and
/// of those segments; segments that stand ready, and that shall; full ones that the
/// helper has not taken; bytes of segments that are mapped; ns of processors that the
/// helper used; free bytes of the disk; events that were timed; named processes that ended
/// and whose names are still there.
pub fn numbers(session: &Session) -> Vec<u64> {
    let rings = session.rings();
    let open = || rings.iter().map(|(counters, _)| counters).filter(|counters| read(&counters.turns) > 0);
    let written = open().map(|counters| read(&counters.bytes).saturating_sub(read(&counters.turned_at))).sum();
    let full: u64 = open().map(|counters| read(&counters.turns) - 1).sum();
    let count = open().count() as u64;
    vec![
        rings.len() as u64,
        written,
        count * session.limits.segment_bytes as u64,
        session.ready(Store::Data),
        read(&session.spares),
        full.saturating_sub(read(&session.collected)),
        read(&session.mapped),
        read(&session.helper_ns),
        free_bytes(session.dir()).unwrap_or(u64::MAX),
        summary(session).timed,
        read(&session.remembered),
    ]
}

/// Of the events that were timed, in ns: the sum, what 50, 90, 99 and 99.9 percent took
/// at most, the greatest.
pub fn latencies(session: &Session) -> Vec<f64> {
    let Summary { sum, percentiles: [p50, p90, p99, p999], max, .. } = summary(session);
    let ns = 1e9 / session.clock.ticks_per_second.max(1) as f64;
    [sum, p50, p90, p99, p999, max].map(|ticks| ticks as f64 * ns).to_vec()
}

fn summary(session: &Session) -> Summary {
    Summary::of(session.rings().iter().map(|(_, latency)| *latency))
}

/// What the file system has left for this user.
fn free_bytes(dir: &Path) -> Option<u64> {
    let path = CString::new(dir.as_os_str().as_bytes()).ok()?;
    let mut said = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with a zero, and the place is valid; it is initialised when
    // the call says so.
    let said = unsafe { (libc::statvfs(path.as_ptr(), said.as_mut_ptr()) == 0).then(|| said.assume_init()) }?;
    #[allow(clippy::unnecessary_cast, reason = "the fields have other widths elsewhere")]
    Some((said.f_bavail as u64).saturating_mul(said.f_frsize as u64))
}
