//! Whether the program that records is still there.

use super::Segment;
use serde::Serialize;
use std::path::Path;
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

    /// Judges by the seals first, then by the VM's process: whether it holds the folder's
    /// lock, else whether it may be the one that began the recording.
    pub fn of(dir: &Path, segments: &[Segment], vm: Option<(u64, u64)>) -> Self {
        // The control ring is closed last. The others belong to threads that may
        // never write again, so a thread's last segment can stay open.
        if segments.iter().any(|segment| segment.header.ring == CONTROL_RING && segment.counters.sealed) {
            return Self::Finished;
        }
        match vm {
            Some((os_pid, _)) if holds(os_pid, &dir.join("lock")) => Self::Recording,
            Some((os_pid, started_ns)) if is_alive(os_pid, started_ns) => Self::Recording,
            Some(_) => Self::Killed,
            None => Self::Unknown,
        }
    }
}

/// Whether a process is known to hold a lock. Not being listed says nothing: some file
/// systems number their files otherwise there.
#[cfg(target_os = "linux")]
fn holds(os_pid: u64, lock: &Path) -> bool {
    use std::os::linux::fs::MetadataExt as _;
    let Ok(file) = std::fs::metadata(lock) else { return false };
    let (pid, inode) = (os_pid.to_string(), format!(":{}", file.st_ino()));
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    // `5: FLOCK ADVISORY READ 1234 fe:00:5678 0 EOF`
    locks.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>()).any(|words| {
        let holder = words.get(1).filter(|kind| **kind == "FLOCK").and(words.get(4));
        holder == Some(&pid.as_str()) && words.get(5).is_some_and(|file| file.ends_with(&inode))
    })
}

#[cfg(not(target_os = "linux"))]
fn holds(_os_pid: u64, _lock: &Path) -> bool {
    false
}

// The system's clock may have been set since: then this is wrong.
fn is_alive(os_pid: u64, recorded_ns: u64) -> bool {
    if Path::new("/proc/self/stat").exists() {
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

    /// A clock that was set makes a process look younger than what it records.
    #[cfg(target_os = "linux")]
    #[test]
    fn who_holds_the_lock_records_whatever_the_clock_says() {
        let dir = std::env::temp_dir().join(format!("escope-state-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let vm = Some((u64::from(std::process::id()), 0));
        assert_eq!(RunState::of(&dir, &[], vm), RunState::Killed);
        let lock = std::fs::File::create(dir.join("lock")).unwrap();
        lock.lock_shared().unwrap();
        assert_eq!(RunState::of(&dir, &[], vm), RunState::Recording);
        drop(lock);
        assert_eq!(RunState::of(&dir, &[], vm), RunState::Killed);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn this_process_is_alive_and_was_not_the_one_of_1970() {
        let me = u64::from(std::process::id());
        assert!(is_alive(me, u64::MAX));
        assert_eq!(is_alive(me, 0), !Path::new("/proc/self/stat").exists());
        assert!(!is_alive(u64::from(u32::MAX) - 1, u64::MAX));
    }
}
