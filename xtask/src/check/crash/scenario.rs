//! What programs come to, and what must be true then.

use super::place::{self, Full, MemoryGroup, ReadOnly};
use super::program::{Run, Start};
use super::reading::{Absent, Reading, Tally, judge};
use super::{Keep, Outcome, kill, library, require, shop};
use crate::{Failure, shell};
use std::path::{Path, PathBuf};

/// Bytes of a recording that has room.
const ROOM: u64 = 1 << 30;
/// Bytes of a flight recorder that turns over many times in a repetition.
const LITTLE: u64 = 4_000_000;

/// A way to come to harm.
pub struct Scenario {
    /// As in the table and after `--only`.
    pub name: &'static str,
    run: fn(Keep, usize) -> Result<Outcome, Failure>,
}

impl Scenario {
    pub fn run(&self, keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
        (self.run)(keep, repetition)
    }
}

/// Every one, in the order of the table.
pub const SCENARIOS: &[Scenario] = &[
    Scenario { name: "kill -9, the shop", run: shop::run },
    Scenario { name: "kill -9 while rings turn", run: turning },
    Scenario { name: ":erlang.halt(:abort)", run: abort },
    Scenario { name: "SIGSEGV in another NIF", run: fault },
    Scenario { name: "out of memory", run: memory },
    Scenario { name: "clock step", run: clock_step },
    Scenario { name: "10 000 processes", run: many },
    Scenario { name: "killed inside a probe", run: victims },
    Scenario { name: "full disk", run: full_disk },
    Scenario { name: "read-only from the start", run: refused },
    Scenario { name: "read-only folder", run: read_only },
    Scenario { name: "segments deleted", run: deleted },
    Scenario { name: "folder deleted", run: folder_deleted },
];

/// A folder for the recordings of a repetition, empty.
pub fn runs() -> Result<PathBuf, Failure> {
    let runs = shell::target().join("crash-runs");
    // Of a check that was killed.
    place::release(&runs);
    super::super::empty(&runs)?;
    Ok(runs)
}

const fn room(keep: Keep) -> u64 {
    match keep {
        Keep::All => ROOM,
        Keep::Newest => LITTLE,
    }
}

/// Far enough for a flight recorder to have turned over, and elsewhere each time.
const fn enough(keep: Keep, repetition: usize) -> usize {
    let least = match keep {
        Keep::All => 700,
        Keep::Newest => 4_000,
    };
    least + repetition % 20 * 37
}

/// Runs `what`, kills it after `enough` acknowledged events, reads.
fn killed(keep: Keep, what: &[&str], enough: usize) -> Result<Outcome, Failure> {
    let runs = runs()?;
    let run = Start::new(&runs, keep, room(keep), what).until(enough, |run| kill(&run.vm))?;
    read(&run, keep)
}

fn read(run: &Run, keep: Keep) -> Result<Outcome, Failure> {
    Ok(Outcome::Ran(judge(&run.folder()?, &run.acknowledged, keep, Absent::Nothing)?))
}

fn turning(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    killed(keep, &["write"], enough(keep, repetition))
}

fn many(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    killed(keep, &["many"], 10_000 + repetition % 20 * 1700)
}

fn victims(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    killed(keep, &["victims"], enough(keep, repetition))
}

/// The clock is set by hours, many times: nothing that happened did so hours later.
fn clock_step(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    if !cfg!(target_os = "linux") {
        return Ok(Outcome::NotHere("the clock is set by way of Linux's loader".into()));
    }
    let runs = runs()?;
    let mut start = Start::new(&runs, keep, room(keep), &["write"]);
    start.inside(Some(&format!("export LD_PRELOAD={}.so", library("clock_steps"))));
    let run = start.until(enough(keep, repetition), |run| {
        let state = Reading::of(&run.folder()?, &[])?.state();
        require(state == "recording", || format!("while it was recorded, it was said to be {state}"))?;
        kill(&run.vm)
    })?;
    let seconds = Reading::of(&run.folder()?, &["--detail", "values"])?.seconds();
    require((0.0..600.0).contains(&seconds), || format!("the recording is said to last {seconds} s"))?;
    read(&run, keep)
}

/// Runs what ends itself by a signal, and reads.
fn ends_itself(keep: Keep, what: &[&str], shell: Option<&str>) -> Result<Outcome, Failure> {
    let runs = runs()?;
    let mut start = Start::new(&runs, keep, room(keep), what);
    start.inside(shell);
    let run = start.to_its_end()?;
    require(!run.ended_well, || "the VM did not die of it".into())?;
    read(&run, keep)
}

fn abort(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    ends_itself(keep, &["abort", &enough(keep, repetition).to_string()], None)
}

fn fault(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    ends_itself(keep, &["fault", &enough(keep, repetition).to_string(), &library("fault")], None)
}

/// By the kernel where a group of its own can be made; else the VM gets no more and
/// aborts.
fn memory(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    let what = ["memory", &enough(keep, repetition).to_string()];
    let group = MemoryGroup::of(600 << 20);
    let (enter, how) = match &group {
        Some(group) => (group.enter(), " (killed by the kernel, in a group of 600 MiB)"),
        None => ("ulimit -v 6000000".into(), " (aborted by the VM, under ulimit -v)"),
    };
    Ok(match ends_itself(keep, &what, Some(&enter))? {
        Outcome::Ran(tally) => Outcome::Ran(Tally { how, ..tally }),
        not_here => not_here,
    })
}

/// Why the recording ended early, as a program was told that went on without it.
fn lives_on(run: &Run) -> Result<&str, Failure> {
    require(run.ended_well && run.status.is_some(), || "the program did not live on".into())?;
    Ok(run.status.as_ref().map_or("", |status| &status.failure))
}

/// What the program was told of its recording, and what is read of it, agree.
fn agrees(run: &Run, tally: &Tally) -> Result<(), Failure> {
    let Some(status) = &run.status else { return Ok(()) };
    let counts = (status.lost_events, tally.lost_events);
    require(counts.0 == counts.1, || format!("{} lost events by status(), {} as read", counts.0, counts.1))
}

/// A recording that keeps all ends, and says why; a flight recorder goes on with the
/// room it has.
fn full_disk(keep: Keep, _repetition: usize) -> Result<Outcome, Failure> {
    let runs = runs()?;
    let Some(disk) = Full::mount(&runs.join("disk"), 8) else {
        return Ok(Outcome::NotHere("no disk can be mounted".into()));
    };
    let what = ["outcome", "20000"];
    let run = Start::new(disk.path(), keep, ROOM, &what).to_its_end()?;
    let failure = lives_on(&run)?;
    let tally = judge(&run.folder()?, &run.acknowledged, keep, Absent::Nothing)?;
    match keep {
        Keep::All => require(failure.contains("No space left on device"), || format!("status() says {failure}"))?,
        Keep::Newest => require(failure == "none", || format!("the flight recorder ended: {failure}"))?,
    }
    agrees(&run, &tally)?;
    Ok(Outcome::Ran(tally))
}

fn refused(keep: Keep, _repetition: usize) -> Result<Outcome, Failure> {
    let runs = runs()?;
    let Some(_shut) = ReadOnly::make(&runs) else {
        return Ok(Outcome::NotHere("no folder can be made read-only".into()));
    };
    let run = Start::new(&runs, keep, ROOM, &["outcome", "0"]).to_its_end()?;
    require(run.refused.is_some() && run.ended_well, || "a read-only folder was not refused".into())?;
    Ok(Outcome::Ran(Tally::default()))
}

fn read_only(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    let runs = runs()?;
    let mut shut = None;
    let start = Start::new(&runs, keep, room(keep), &["outcome", "1000000"]);
    let run = start.until(enough(keep, repetition), |run| {
        shut = ReadOnly::make(&run.folder()?);
        if shut.is_none() { kill(&run.vm) } else { Ok(()) }
    })?;
    if shut.is_none() {
        return Ok(Outcome::NotHere("no folder can be made read-only".into()));
    }
    let failure = lives_on(&run)?;
    require(failure.contains("Read-only") || failure.contains("denied"), || format!("status() says {failure}"))?;
    let tally = judge(&run.folder()?, &run.acknowledged, keep, Absent::Sums)?;
    agrees(&run, &tally)?;
    Ok(Outcome::Ran(tally))
}

/// One from the middle, and the newest: what follows shows that they are gone.
fn deleted(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    let runs = runs()?;
    let start = Start::new(&runs, keep, room(keep), &["outcome", "6000"]);
    let run = start.until(enough(keep, repetition), |run| delete_segments(&run.folder()?))?;
    lives_on(&run)?;
    Ok(Outcome::Ran(judge(&run.folder()?, &run.acknowledged, keep, Absent::Segments)?))
}

fn delete_segments(folder: &Path) -> Result<(), Failure> {
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("{}: {error}", folder.display()));
    let files = std::fs::read_dir(folder).map_err(could_not)?.flatten().map(|entry| entry.path());
    let mut rings: Vec<_> = files.filter(|path| is_used_ring(path)).collect();
    rings.sort();
    for path in [rings.get(rings.len() / 2), rings.last()].into_iter().flatten() {
        // A flight recorder may have renamed it meanwhile.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// The first eight bytes of a segment are zero until it is used.
fn is_used_ring(path: &Path) -> bool {
    let is_ring = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ring-"));
    is_ring && std::fs::read(path).is_ok_and(|bytes| bytes.get(..8).is_some_and(|magic| magic != [0; 8]))
}

fn folder_deleted(keep: Keep, repetition: usize) -> Result<Outcome, Failure> {
    let runs = runs()?;
    let start = Start::new(&runs, keep, room(keep), &["outcome", "1000000"]);
    let run = start.until(enough(keep, repetition), |run| {
        let folder = run.folder()?;
        // A segment may be made while the others are removed.
        let is_gone = (0..100).any(|_| std::fs::remove_dir_all(&folder).is_ok());
        require(is_gone, || format!("{} cannot be removed", folder.display()))
    })?;
    let failure = lives_on(&run)?;
    require(failure.contains("No such file"), || format!("status() says {failure}"))?;
    Ok(Outcome::Ran(Tally { acknowledged: run.count(), absent: 1, ..Tally::default() }))
}
