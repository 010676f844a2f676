//! Whether the program that records is still there.

use super::Segment;
use serde::Serialize;
use wire::segment::CONTROL_RING;

/// How far a run got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// The VM that records is alive.
    Recording,
    /// The writer closed the recording.
    Finished,
    /// The VM is gone and did not close the recording.
    Killed,
    /// Neither the files nor the system can tell.
    Unknown,
}

impl RunState {
    /// Lower-case name, as commands print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Finished => "finished",
            Self::Killed => "killed",
            Self::Unknown => "unknown",
        }
    }

    /// Judges by the seals first, then by the VM's process.
    pub fn of(segments: &[Segment], vm: Option<(u64, u64)>) -> Self {
        // The control ring is closed last. The others belong to threads that may
        // never write again, so a thread's last segment can stay open.
        if segments.iter().any(|segment| segment.header.ring == CONTROL_RING && segment.counters.sealed) {
            return Self::Finished;
        }
        match vm {
            Some((os_pid, started_ns)) if is_alive(os_pid, started_ns) => Self::Recording,
            Some(_) => Self::Killed,
            None => Self::Unknown,
        }
    }
}

fn is_alive(os_pid: u64, recorded_ns: u64) -> bool {
    if std::path::Path::new("/proc/self/stat").exists() {
        // A process younger than the recording has only inherited the number.
        let slack = 2_000_000_000;
        return process_start(os_pid)
            .is_some_and(|start| start.is_none_or(|ns| ns <= recorded_ns.saturating_add(slack)));
    }
    let mut probe = std::process::Command::new("kill");
    probe.arg("-0").arg(os_pid.to_string()).stderr(std::process::Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

// None: no such process. Some(None): alive, start unknown. In ns since 1970.
fn process_start(os_pid: u64) -> Option<Option<u64>> {
    let stat = std::fs::read_to_string(format!("/proc/{os_pid}/stat")).ok()?;
    // The name in parentheses may hold anything; fields after it are plain.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    if matches!(fields.chars().next(), Some('Z' | 'X')) {
        return None;
    }
    let start = || {
        let ticks: u64 = fields.split(' ').nth(19)?.parse().ok()?;
        let boot = std::fs::read_to_string("/proc/stat").ok()?;
        let boot: u64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
        // Clock ticks are 10 ms on every Linux a BEAM runs on.
        Some(boot.saturating_mul(1_000_000_000).saturating_add(ticks.saturating_mul(10_000_000)))
    };
    Some(start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_was_not_the_one_of_1970() {
        let me = u64::from(std::process::id());
        assert!(is_alive(me, u64::MAX));
        assert_eq!(is_alive(me, 0), !std::path::Path::new("/proc/self/stat").exists());
        assert!(!is_alive(u64::from(u32::MAX) - 1, u64::MAX));
    }
}
