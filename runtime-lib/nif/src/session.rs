//! A recording: its folder, its limits, and the helper thread that prepares
//! segments ahead, so that a probe never waits for the system.

use crate::clock::{self, Clock};
use crate::segment::Segment;
use rustler::sys::ErlNifPid;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wire::segment::{CONTROL_RING, LOST_BYTES_AT, LOST_EVENTS_AT, PANICS_AT, PidLayout};
use wire::{Kind, SegmentHeader};

/// How many segments stand ready.
const SPARES: usize = 4;
/// The helper's pause between two looks. A segment of 4 MiB lasts longer.
const PAUSE: Duration = Duration::from_millis(1);
const NAMES_BYTES: usize = 256 * 1024;
const CONTROL_BYTES: usize = 64 * 1024;

/// The user's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Data bytes of a segment.
    pub segment_bytes: usize,
    /// Bytes of all segments; beyond, events are lost and counted.
    pub max_bytes: u64,
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
    /// Who is told about processes seen for the first time.
    pub recorder: ErlNifPid,
    /// Panics caught on threads that had no segment to say so.
    pub unfiled_panics: AtomicU64,
    data: [AtomicPtr<Segment>; SPARES],
    names: [AtomicPtr<Segment>; SPARES],
    next_ring: AtomicU32,
    next_file: AtomicU64,
    bytes: AtomicU64,
    stopping: AtomicBool,
    retired: Mutex<Vec<Segment>>,
    failure: Mutex<Option<String>>,
    counters: Mutex<Vec<&'static Counters>>,
    helper: Mutex<Option<std::thread::JoinHandle<()>>>,
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

/// Sums over all rings: events, bytes, then as in [`Counters::header`].
pub type Totals = [u64; 6];

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
    ) -> io::Result<&'static Self> {
        let session: &'static Self = Box::leak(Box::new(Self {
            dir,
            run,
            limits,
            clock: clock::clock(),
            pid_layout,
            recorder,
            unfiled_panics: AtomicU64::new(0),
            data: Default::default(),
            names: Default::default(),
            next_ring: AtomicU32::new(CONTROL_RING + 1),
            next_file: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            retired: Mutex::default(),
            failure: Mutex::default(),
            counters: Mutex::default(),
            helper: Mutex::default(),
        }));
        // Segments that stay mapped hold their space even when they are removed.
        session.begin().inspect_err(|_| session.stop())?;
        Ok(session)
    }

    fn begin(&'static self) -> io::Result<()> {
        let mut control = self.create("ring", CONTROL_BYTES)?;
        control.open(&self.header(CONTROL_RING, 0, control.capacity()), [0; 4]);
        write_moment(&mut control);
        self.fill_spares()?;
        let helper = std::thread::Builder::new().name("escope-helper".into()).spawn(move || self.help(control))?;
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
            if let Some(spare) = take(slot) {
                let _ = std::fs::remove_file(spare.path());
            }
        }
        self.unmap_retired();
    }

    /// A prepared segment, if there is one: lock-free.
    pub fn claim(&self, store: Store) -> Option<Segment> {
        let slots = if store == Store::Data { &self.data } else { &self.names };
        slots.iter().find_map(take).map(|segment| *segment)
    }

    /// A number for a new ring, and a place for its counters.
    pub fn attach(&self) -> (u32, &'static Counters) {
        let counters: &'static Counters = Box::leak(Box::default());
        lock(&self.counters).push(counters);
        (self.next_ring.fetch_add(1, Ordering::Relaxed), counters)
    }

    /// Unmaps a sealed segment later, on the helper's time.
    pub fn retire(&self, segment: Segment) {
        match self.retired.try_lock() {
            Ok(mut retired) => retired.push(segment),
            // The helper holds the lock: a probe does not wait, the mapping stays.
            Err(_) => std::mem::forget(segment),
        }
    }

    fn unmap_retired(&self) {
        // The lock is released before the segments are: `retire` never waits for it.
        let retired = std::mem::take(&mut *lock(&self.retired));
        drop(retired);
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
        }
    }

    /// Sums over all rings.
    pub fn totals(&self) -> Totals {
        let mut totals = [0; 6];
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
        totals
    }

    /// Events and bytes lost by rings that had no segment.
    fn unfiled(&self) -> [u64; 2] {
        let counters = lock(&self.counters);
        let sum = |of: fn(&Counters) -> &AtomicU64| counters.iter().map(|one| of(one).load(Ordering::Relaxed)).sum();
        [sum(|one| &one.unfiled_events), sum(|one| &one.unfiled_bytes)]
    }

    /// Why no more segments can be made.
    pub fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    fn help(&self, mut control: Segment) {
        // The second calibration comes soon, for recordings that end soon.
        let (mut calibrated, mut every, mut failed) = (Instant::now(), Duration::from_millis(10), false);
        while !self.stopping.load(Ordering::Acquire) {
            std::thread::sleep(PAUSE);
            self.unmap_retired();
            // The recorder ends the recording at the first failure: a disk that is
            // full is not tried again every millisecond.
            if !failed && let Err(error) = self.fill_spares() {
                *lock(&self.failure) = Some(error.to_string());
                failed = true;
            }
            if calibrated.elapsed() >= every {
                write_moment(&mut control);
                self.write_unfiled(&mut control);
                (calibrated, every) = (Instant::now(), Duration::from_secs(1));
            }
        }
        write_moment(&mut control);
        self.write_unfiled(&mut control);
        control.seal();
    }

    /// The control ring's own losses and panics are those that no other ring could note.
    fn write_unfiled(&self, control: &mut Segment) {
        let [events, bytes] = self.unfiled();
        control.store(LOST_EVENTS_AT, events);
        control.store(LOST_BYTES_AT, bytes);
        control.store(PANICS_AT, self.unfiled_panics.load(Ordering::Relaxed));
    }

    fn fill_spares(&self) -> io::Result<()> {
        for (slots, prefix, bytes) in
            [(&self.data, "ring", self.limits.segment_bytes), (&self.names, "names", NAMES_BYTES)]
        {
            for slot in slots {
                if slot.load(Ordering::Acquire).is_null() {
                    let segment = Box::into_raw(Box::new(self.create(prefix, bytes)?));
                    slot.store(segment, Ordering::Release);
                }
            }
        }
        Ok(())
    }

    fn create(&self, prefix: &str, capacity: usize) -> io::Result<Segment> {
        let capacity = capacity.next_multiple_of(4096);
        if self.bytes.load(Ordering::Relaxed) + capacity as u64 > self.limits.max_bytes {
            let most = self.limits.max_bytes;
            return Err(io::Error::other(format!("the recording reached its limit of {most} bytes (max_bytes)")));
        }
        let number = self.next_file.fetch_add(1, Ordering::Relaxed);
        let segment = Segment::create(&self.dir.join(format!("{prefix}-{number:06}.seg")), capacity)?;
        self.bytes.fetch_add(capacity as u64, Ordering::Relaxed);
        Ok(segment)
    }
}

fn take(slot: &AtomicPtr<Segment>) -> Option<Box<Segment>> {
    let taken = slot.swap(std::ptr::null_mut(), Ordering::AcqRel);
    // SAFETY: only `fill_spares` puts pointers here, from `Box::into_raw`, into
    // empty slots; the swap gives each to exactly one taker.
    (!taken.is_null()).then(|| unsafe { Box::from_raw(taken) })
}

fn write_moment(control: &mut Segment) {
    if !control.has_room(16) {
        return;
    }
    let moment = clock::moment();
    let space = control.payload_space(16);
    space[..8].copy_from_slice(&moment.monotonic_ns.to_le_bytes());
    space[8..].copy_from_slice(&moment.system_ns.to_le_bytes());
    control.publish([wire::record::first_word(Kind::Clock, 0, 0, 16), 0, moment.ticks, 0], 16);
}

/// A lock that outlives a panic: what it guards is valid at every moment.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
