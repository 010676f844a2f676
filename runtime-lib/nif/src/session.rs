//! A recording: its folder, its limits, and what probes and the helper thread share
//! of it. Segments are prepared ahead, so that a probe never waits for the system.

use crate::clock::{self, Clock};
use crate::runs;
use crate::segment::Segment;
use crate::shelf::{Pile, Slot};
use crate::supply::{MOST_SPARES, NAMES_SPARES, Supply};
use rustler::sys::ErlNifPid;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use wire::segment::{CONTROL_RING, PidLayout};
use wire::{SecretNames, SegmentHeader};

/// What happens when the recording has all the bytes it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The recording ends: everything up to then is kept.
    All,
    /// The oldest segments are recycled, and those whose newest event is older than this.
    Newest(Duration),
}

/// The user's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Data bytes of a segment.
    pub segment_bytes: usize,
    /// Bytes of all segments, those that stand ready too.
    pub max_bytes: u64,
    /// Which events stay.
    pub keep: Keep,
    /// Nesting of terms.
    pub depth: u32,
    /// Elements of a container.
    pub items: u32,
    /// Bytes of a binary.
    pub bytes: u32,
    /// Bytes of a record's payload.
    pub payload: usize,
}

/// One recording. Sessions are never freed: a thread that is inside a probe
/// while the recording stops may still hold the pointer. There is one for each
/// recording of a VM's life, and it is small.
pub struct Session {
    dir: PathBuf,
    run: [u8; 16],
    /// The limits.
    pub limits: Limits,
    /// The clock.
    pub clock: Clock,
    /// How processes are read from their terms.
    pub pid_layout: PidLayout,
    /// What secrets are called.
    pub secrets: SecretNames,
    /// Who is told about processes seen for the first time.
    pub recorder: ErlNifPid,
    /// Panics caught on threads that had no segment to say so.
    pub unfiled_panics: AtomicU64,
    /// Segments that stand ready for events.
    pub data: [Slot<Segment>; MOST_SPARES],
    /// Segments that stand ready for names.
    pub names: [Slot<Segment>; NAMES_SPARES],
    /// Segments that rings are done with.
    pub retired: Pile<Retired>,
    /// Processes that ended, by their terms, and when, in ticks: for a flight recorder.
    pub ended: Pile<(u64, u64)>,
    /// Bytes of all segments.
    pub bytes: AtomicU64,
    /// Bytes of events that were recycled.
    pub recycled: AtomicU64,
    /// Whether the helper shall end.
    pub stopping: AtomicBool,
    next_ring: AtomicU32,
    next_file: AtomicU64,
    failure: Mutex<Option<String>>,
    counters: Mutex<Vec<&'static Counters>>,
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
    /// Events lost while the ring had no segment to say so.
    pub unfiled_events: AtomicU64,
    /// Bytes lost while the ring had no segment to say so.
    pub unfiled_bytes: AtomicU64,
}

impl Counters {
    /// In the order of a segment's header: lost events, lost bytes, truncated, panics.
    pub fn header(&self) -> [u64; 4] {
        [&self.lost_events, &self.lost_bytes, &self.truncated, &self.panics].map(|count| count.load(Ordering::Relaxed))
    }
}

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
            dir,
            run,
            limits,
            clock: clock::clock(),
            pid_layout,
            secrets,
            recorder,
            unfiled_panics: AtomicU64::new(0),
            data: Default::default(),
            names: Default::default(),
            retired: Pile::default(),
            ended: Pile::default(),
            bytes: AtomicU64::new(0),
            recycled: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            next_ring: AtomicU32::new(CONTROL_RING + 1),
            next_file: AtomicU64::new(0),
            failure: Mutex::default(),
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
        let helper = std::thread::Builder::new().name("escope-helper".into()).spawn(move || supply.run())?;
        *lock(&self.helper) = Some(helper);
        Ok(())
    }

    /// Ends the helper and removes the segments nobody used.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        if let Some(helper) = lock(&self.helper).take() {
            // A helper that panicked has nothing left to do.
            let _ = helper.join();
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
    pub fn claim(&self, store: Store) -> Option<Segment> {
        let slots = if store == Store::Data { &self.data[..] } else { &self.names[..] };
        slots.iter().find_map(Slot::take).map(|segment| *segment)
    }

    /// Leaves a sealed segment to the helper: lock-free.
    pub fn retire(&self, segment: Segment, store: Store) {
        self.retired.add(Retired { segment, store });
    }

    /// Tells the helper that the process with this term ended.
    pub fn note_end(&self, process: u64) {
        if self.limits.keep != Keep::All {
            self.ended.add((process, clock::ticks(self.clock.kind)));
        }
    }

    /// The path of the next file.
    pub fn next_path(&self, prefix: &str) -> PathBuf {
        let number = self.next_file.fetch_add(1, Ordering::Relaxed);
        self.dir.join(format!("{prefix}-{number:06}.seg"))
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A number for a new ring, and a place for its counters.
    pub fn attach(&self) -> (u32, &'static Counters) {
        let counters: &'static Counters = Box::leak(Box::default());
        lock(&self.counters).push(counters);
        (self.next_ring.fetch_add(1, Ordering::Relaxed), counters)
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
        for counters in lock(&self.counters).iter() {
            let own = [&counters.events, &counters.bytes].map(|count| count.load(Ordering::Relaxed));
            for (total, count) in totals.iter_mut().zip(own.into_iter().chain(counters.header())) {
                *total += count;
            }
        }
        let [events, bytes] = self.unfiled();
        totals[2] += events;
        totals[3] += bytes;
        totals[5] += self.unfiled_panics.load(Ordering::Relaxed);
        totals[6] = self.recycled.load(Ordering::Relaxed);
        totals[7] = self.bytes.load(Ordering::Relaxed);
        totals
    }

    /// Events and bytes lost by rings that had no segment.
    pub fn unfiled(&self) -> [u64; 2] {
        let counters = lock(&self.counters);
        let sum = |of: fn(&Counters) -> &AtomicU64| counters.iter().map(|one| of(one).load(Ordering::Relaxed)).sum();
        [sum(|one| &one.unfiled_events), sum(|one| &one.unfiled_bytes)]
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
