//! One execution: files on the disk, a reader that may panic, and what it took.

use super::corpus::Run;
use super::edit::{Files, Mutation};
use super::judge::{self, Verdict};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What an execution may take.
pub struct Limits {
    /// Milliseconds, and more by the file's size.
    time: Duration,
    /// Bytes that memory grows by.
    memory: u64,
    /// Bytes of memory for each byte of the files.
    per_byte: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(4), memory: 64 << 20, per_byte: 200 }
    }
}

/// Longer than this, and it does not end.
const HANGS: u64 = 60;

/// Where executions happen.
pub struct Workshop {
    out: PathBuf,
    folder: PathBuf,
    limits: Limits,
    /// What lies in the folder, by name.
    lies: Files,
    /// The longest execution.
    pub slowest: Duration,
    /// The most that memory grew by.
    pub largest: u64,
}

static PANIC: Mutex<String> = Mutex::new(String::new());
/// Counts executions, for whoever watches.
static STEPS: AtomicU64 = AtomicU64::new(0);

impl Workshop {
    /// Puts out below `out`, and works in memory where there is such a folder.
    pub fn new(out: &Path, limits: Limits) -> Self {
        let memory = Path::new("/dev/shm");
        let above = if memory.is_dir() { memory } else { out };
        let folder = above.join(format!("elixirscope-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(out).unwrap();
        std::panic::set_hook(Box::new(|panic| *PANIC.lock().unwrap() = panic.to_string()));
        watch(out.join("current"));
        let lies = Files::new();
        Self { out: out.to_owned(), folder, limits, lies, slowest: Duration::ZERO, largest: 0 }
    }

    /// Says what is executed next, should it end the process.
    pub fn announce(&self, seed: u64, number: u64) {
        std::fs::write(self.out.join("current"), format!("--seed {seed} --from {number} --count 1\n")).unwrap();
    }

    /// Applies a mutation and reads what comes of it.
    pub fn execute(&mut self, run: &Run, mutation: &Mutation) -> Verdict {
        self.lay_out(mutation.apply(&run.files));
        STEPS.fetch_add(1, Ordering::Relaxed);
        let truth = (!mutation.is_forged).then_some(&run.truth);
        forget_memory();
        let (start, before) = (Instant::now(), memory());
        let read = catch_unwind(AssertUnwindSafe(|| judge::read(&self.folder, truth)));
        let (took, grown) = (start.elapsed(), memory().saturating_sub(before));
        (self.slowest, self.largest) = (self.slowest.max(took), self.largest.max(grown));
        let bytes: u64 = self.lies.values().map(|bytes| bytes.len() as u64).sum();
        match read {
            Err(_) => Verdict::Failed(format!("panicked at {}", PANIC.lock().unwrap())),
            Ok(Verdict::Failed(why)) => Verdict::Failed(why),
            Ok(_) if took > self.limits.time => Verdict::Failed(format!("too slow\n{took:?} for {bytes} bytes")),
            Ok(_) if grown > self.limits.memory + bytes * self.limits.per_byte => {
                Verdict::Failed(format!("too much memory\n{} MiB for {bytes} bytes", grown >> 20))
            }
            Ok(verdict) => verdict,
        }
    }

    /// Makes the folder hold these files, by writing those that differ.
    fn lay_out(&mut self, files: Files) {
        for name in self.lies.keys().filter(|name| !files.contains_key(*name)) {
            std::fs::remove_file(self.folder.join(name)).unwrap();
        }
        for (name, bytes) in &files {
            if self.lies.get(name) != Some(bytes) {
                std::fs::write(self.folder.join(name), bytes).unwrap();
            }
        }
        self.lies = files;
    }

    /// Keeps what failed, with what repeats it; gives its folder.
    pub fn keep(&self, run: &Run, mutation: &Mutation, why: &str, seed: u64, number: u64) -> PathBuf {
        let folder = self.out.join(format!("failure-{seed}-{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in mutation.apply(&run.files) {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
        let text = format!(
            "{why}\n\n{mutation}\nof {}\n\ncargo xtask check fuzz --seed {seed} --from {number} --count 1\n\
             elixirscope trace stats {}\n",
            run.name,
            folder.display()
        );
        std::fs::write(folder.join("failure.txt"), text).unwrap();
        folder
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // What is left in memory is lost with the machine at last.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Ends the process when an execution does not end.
fn watch(current: PathBuf) {
    std::thread::spawn(move || {
        let (mut last, mut since) = (0, Instant::now());
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let step = STEPS.load(Ordering::Relaxed);
            if step != last {
                (last, since) = (step, Instant::now());
            } else if step > 0 && since.elapsed() > Duration::from_secs(HANGS) {
                println!("failure: it does not end: {}", std::fs::read_to_string(&current).unwrap_or_default());
                std::process::exit(1);
            }
        }
    });
}

/// Whether the system says how much memory is used: tried with some.
pub fn measures_memory() -> bool {
    forget_memory();
    let before = memory();
    let some = std::hint::black_box(vec![1u8; 32 << 20]);
    memory() >= before + some.len() as u64 / 2
}

/// Has the system count the most memory anew (Linux).
fn forget_memory() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that was used since, in bytes; elsewhere 0.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}
