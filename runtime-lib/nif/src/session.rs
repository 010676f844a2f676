//! A recording: its folder, its limits, and what probes and the helper thread share
//! of it. Segments are prepared ahead, so that a probe never waits for the system.

use crate::clock::{self, Clock};
use crate::filter::Control;
use crate::latency::Histogram;
pub use crate::limits::{Keep, Limits};
use crate::segment::Segment;
use crate::shelf::{Pile, Slot};
use crate::supply::{MOST_SPARES, NAMES_SPARES, Supply};
use crate::{ring, runs};
use rustler::sys::ErlNifPid;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use wire::segment::{CONTROL_RING, LOST_BYTES_AT, LOST_EVENTS_AT, PANICS_AT, PidLayout};
use wire::{SecretNames, SegmentHeader};

/// One recording. Sessions are never freed: a thread that is inside a probe
/// while the recording stops may still hold the pointer. There is one for each
/// recording of a VM's life, and it is small.
// What every event reads stands together, apart from what other threads write.
#[repr(C, align(128))]
pub struct Session {
    /// What is written.
    pub control: Control,
    /// The clock.
    pub clock: Clock,
    /// The limits.
    pub limits: Limits,
    dir: PathBuf,
    run: [u8; 16],
    /// How processes are read from their terms.
    pub pid_layout: PidLayout,
    /// What secrets are called.
    pub secrets: SecretNames,
    /// Who is told about processes seen for the first time.
    pub recorder: ErlNifPid,
    /// Segments that stand ready for events.
    pub data: [Slot<Segment>; MOST_SPARES],
    /// Segments that stand ready for names.
    pub names: [Slot<Segment>; NAMES_SPARES],
    /// Segments that rings are done with.
    pub retired: Pile<Retired>,
    /// Named processes that ended, by their terms, and when, in ticks: for a flight recorder.
    pub ended: Pile<(u64, u64)>,
    /// Bytes of all segments.
    pub bytes: AtomicU64,
    /// What these may come to: `max_bytes`, or what a full disk had room for.
    pub most: AtomicU64,
    /// Bytes of events that were recycled.
    pub recycled: AtomicU64,
    /// Bytes of the segments that are mapped.
    pub mapped: AtomicU64,
    /// How many segments for events shall stand ready.
    pub spares: AtomicU64,
    /// Full segments for events that the helper has taken.
    pub collected: AtomicU64,
    /// Named processes that ended, whose names are still there.
    pub remembered: AtomicU64,
    /// What the helper has used of processors, in ns.
    pub helper_ns: AtomicU64,
    /// Whether the helper shall end.
    pub stopping: AtomicBool,
    next_ring: AtomicU32,
    next_file: AtomicU64,
    failure: Mutex<Option<String>>,
    /// The control ring, whose header has what rings without a segment lost.
    control_ring: Mutex<Option<Segment>>,
    unfiled: Unfiled,
    counters: Mutex<Vec<(&'static Counters, &'static Histogram)>>,
    helper: Mutex<Option<std::thread::JoinHandle<()>>>,
    held: Mutex<Option<std::fs::File>>,
}

/// A sealed segment that its ring is done with.
pub struct Retired {
    /// The segment.
    pub segment: Segment,
    /// What it holds.
    pub store: Store,
}

/// What a ring counts. One writer, any reader; on cache lines of its own, since other
/// threads write the next one's at every event.
#[derive(Default)]
#[repr(align(128))]
pub struct Counters {
    /// Events written.
    pub events: AtomicU64,
    /// Bytes written.
    pub bytes: AtomicU64,
    /// Events lost.
    pub lost_events: AtomicU64,
    /// Bytes lost.
    pub lost_bytes: AtomicU64,
    /// Events cut.
    pub truncated: AtomicU64,
    /// Panics caught.
    pub panics: AtomicU64,
    /// Segments opened.
    pub turns: AtomicU64,
    /// Bytes written when the last one was opened.
    pub turned_at: AtomicU64,
}

impl Counters {
    /// In the order of a segment's header: lost events, lost bytes, truncated, panics.
    pub fn header(&self) -> [u64; 4] {
        [&self.lost_events, &self.lost_bytes, &self.truncated, &self.panics].map(|count| count.load(Ordering::Relaxed))
    }

    /// Counts a segment that is opened; by the ring only.
    pub fn turned(&self) {
        self.turns.store(self.turns.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.turned_at.store(self.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// What rings without a segment cannot note themselves: events lost, their bytes, panics.
type Unfiled = [AtomicU64; 3];

/// Sums over all rings: events, bytes, then as in [`Counters::header`]; bytes of
/// events that were recycled; bytes of all segments.
pub type Totals = [u64; 8];

/// Which kind of segment a ring asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// Events.
    Data,
    /// Names.
    Names,
}

impl Session {
    /// Starts a recording: makes the folder's first segments before it returns.
    ///
    /// # Errors
    /// When the folder is not writable or the disk is full.
    pub fn start(
        dir: PathBuf,
        run: [u8; 16],
        limits: Limits,
        recorder: ErlNifPid,
        pid_layout: PidLayout,
        secrets: SecretNames,
    ) -> io::Result<&'static Self> {
        let session: &'static Self = Box::leak(Box::new(Self {
            control: Control::default(),
            clock: clock::clock(),
            limits,
            dir,
            run,
            pid_layout,
            secrets,
            recorder,
            data: Default::default(),
            names: Default::default(),
            retired: Pile::default(),
            ended: Pile::default(),
            bytes: AtomicU64::new(0),
            most: AtomicU64::new(limits.max_bytes),
            recycled: AtomicU64::new(0),
            mapped: AtomicU64::new(0),
            spares: AtomicU64::new(0),
            collected: AtomicU64::new(0),
            remembered: AtomicU64::new(0),
            helper_ns: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            next_ring: AtomicU32::new(CONTROL_RING + 1),
            next_file: AtomicU64::new(0),
            failure: Mutex::default(),
            control_ring: Mutex::default(),
            unfiled: Unfiled::default(),
            counters: Mutex::default(),
            helper: Mutex::default(),
            held: Mutex::default(),
        }));
        // Segments that stay mapped hold their space even when they are removed.
        session.begin().inspect_err(|_| session.stop())?;
        Ok(session)
    }

    fn begin(&'static self) -> io::Result<()> {
        *lock(&self.held) = Some(runs::hold(&self.dir)?);
        let supply = Supply::start(self)?;
        let helper = std::thread::Builder::new().name("escope-helper".into()).spawn(move || self.help(supply))?;
        *lock(&self.helper) = Some(helper);
        Ok(())
    }

    // Without its helper a recording would lose everything, and say nothing else.
    fn help(&'static self, supply: Supply) {
        if catch_unwind(AssertUnwindSafe(|| supply.run())).is_err() {
            self.note_unfiled([0, 0, 1]);
            self.fail(&io::Error::other("the recording's helper thread panicked"));
            ring::silence(self);
        }
    }

    /// Ends the helper and removes the segments nobody used.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        if let Some(helper) = lock(&self.helper).take() {
            let _ = helper.join();
        }
        if let Some(mut control) = lock(&self.control_ring).take() {
            self.file(&mut control);
            control.seal();
        }
        for slot in self.data.iter().chain(&self.names) {
            if let Some(spare) = slot.take() {
                let _ = std::fs::remove_file(spare.path());
            }
        }
        drop(self.retired.take());
        *lock(&self.held) = None;
    }

    /// A prepared segment, if there is one: lock-free.
    pub fn claim(&self, store: Store) -> Option<Box<Segment>> {
        self.slots(store).iter().find_map(Slot::take)
    }

    /// Leaves a sealed segment to the helper: lock-free.
    pub fn retire(&self, segment: Segment, store: Store) {
        self.retired.add(Retired { segment, store });
    }

    /// Tells the helper that the process with this term, which has a name, ended.
    pub fn note_end(&self, process: u64) {
        if self.limits.keep != Keep::All {
            self.ended.add((process, clock::ticks(self.clock.kind)));
        }
    }

    /// How many segments stand ready.
    pub fn ready(&self, store: Store) -> u64 {
        self.slots(store).iter().filter(|slot| !slot.is_empty()).count() as u64
    }

    fn slots(&self, store: Store) -> &[Slot<Segment>] {
        if store == Store::Data { &self.data } else { &self.names }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of the next file.
    pub fn next_path(&self, prefix: &str) -> PathBuf {
        let number = self.next_file.fetch_add(1, Ordering::Relaxed);
        self.dir.join(format!("{prefix}-{number:06}.seg"))
    }

    /// How many files have been made so far, and are made again of old ones.
    pub fn files(&self) -> u64 {
        self.next_file.load(Ordering::Relaxed)
    }

    /// A number for a new ring of this histogram's, and a place for its counters.
    pub fn attach(&self, latency: &'static Histogram) -> (u32, &'static Counters) {
        let counters: &'static Counters = Box::leak(Box::default());
        lock(&self.counters).push((counters, latency));
        (self.next_ring.fetch_add(1, Ordering::Relaxed), counters)
    }

    /// What each ring counts, and how long its events take.
    pub fn rings(&self) -> Vec<(&'static Counters, &'static Histogram)> {
        lock(&self.counters).clone()
    }

    /// The header of a segment that is opened now.
    pub fn header(&self, ring: u32, ordinal: u64, capacity: usize) -> SegmentHeader {
        let moment = clock::moment();
        SegmentHeader {
            run: self.run,
            ring,
            clock: self.clock.kind,
            ordinal,
            capacity: capacity as u64,
            ticks: moment.ticks,
            monotonic_ns: moment.monotonic_ns,
            system_ns: moment.system_ns,
            ticks_per_second: self.clock.ticks_per_second,
            pid_layout: self.pid_layout,
            ..SegmentHeader::default()
        }
    }

    /// Sums over all rings.
    pub fn totals(&self) -> Totals {
        let mut totals = [0; 8];
        for (counters, _) in lock(&self.counters).iter() {
            let own = [&counters.events, &counters.bytes].map(|count| count.load(Ordering::Relaxed));
            for (total, count) in totals.iter_mut().zip(own.into_iter().chain(counters.header())) {
                *total += count;
            }
        }
        for (place, count) in [2, 3, 5].into_iter().zip(&self.unfiled) {
            totals[place] += count.load(Ordering::Relaxed);
        }
        totals[6] = self.recycled.load(Ordering::Relaxed);
        totals[7] = self.bytes.load(Ordering::Relaxed);
        totals
    }

    /// Counts lost events, their bytes, and panics of a ring that has no segment to say
    /// so. At once, unless the helper has the control ring just now: then it does it.
    pub fn note_unfiled(&self, counts: [u64; 3]) {
        for (sum, count) in self.unfiled.iter().zip(counts) {
            sum.fetch_add(count, Ordering::Relaxed);
        }
        if let Ok(mut control) = self.control_ring.try_lock() {
            control.iter_mut().for_each(|control| self.file(control));
        }
    }

    /// Gives the recording its control ring.
    pub fn set_control(&self, control: Segment) {
        *lock(&self.control_ring) = Some(control);
    }

    /// Works on the control ring: the helper's.
    pub fn with_control(&self, work: impl FnOnce(&mut Segment)) {
        if let Some(control) = &mut *lock(&self.control_ring) {
            self.file(control);
            work(control);
        }
    }

    fn file(&self, control: &mut Segment) {
        for (place, sum) in [LOST_EVENTS_AT, LOST_BYTES_AT, PANICS_AT].into_iter().zip(&self.unfiled) {
            control.store(place, sum.load(Ordering::Relaxed));
        }
    }

    /// Why no more segments can be made.
    pub fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Notes why no more segments can be made.
    pub fn fail(&self, error: &io::Error) {
        *lock(&self.failure) = Some(error.to_string());
    }
}

/// A lock that outlives a panic: what it guards is valid at every moment.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
