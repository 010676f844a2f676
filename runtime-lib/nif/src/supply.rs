//! The helper thread of a recording: prepares segments ahead, recycles the oldest,
//! calibrates the clock.
//!
//! Owns: how many segments stand ready, and which of the full ones goes next. It must
//! never know what events say. Names are not recycled with the events: full segments of
//! names are rewritten, without those that nothing needs any more.

use crate::clock;
use crate::full::{self, Full};
use crate::names;
use crate::segment::Segment;
use crate::session::{Keep, Retired, Session, Store};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use wire::Kind;
use wire::segment::{CONTROL_RING, SEGMENT_HEADER};

/// How many segments for events stand ready at most.
pub const MOST_SPARES: usize = 32;
/// How many segments for names stand ready.
pub const NAMES_SPARES: usize = 8;
/// How many segments for events stand ready at first.
const SPARES: usize = 4;
/// The helper's pause between two looks. A segment of 4 MiB lasts longer.
const PAUSE: Duration = Duration::from_millis(1);
const NAMES_BYTES: u64 = 256 * 1024;
const CONTROL_BYTES: usize = 64 * 1024;

/// What the helper has.
pub struct Supply {
    session: &'static Session,
    spares: usize,
    full: Full,
    /// A new one, made while none was missing.
    reserve: Option<Segment>,
    names: Names,
}

/// A flight recorder's names.
#[derive(Default)]
struct Names {
    /// Full segments.
    full: Vec<Segment>,
    /// When processes ended that have names, in ticks, by their terms.
    ended: HashMap<u64, u64>,
    /// Events before this moment, in ticks, were recycled.
    recycled_until: u64,
    /// Segments that were written again.
    rewritten: u64,
    /// When, in ticks, for the last time.
    rewritten_at: u64,
    /// Bytes of what was needed then.
    needed: usize,
}

impl Supply {
    /// Makes a recording's first segments.
    ///
    /// # Errors
    /// When the folder is not writable or the disk is full.
    pub fn start(session: &'static Session) -> io::Result<Self> {
        let mut control = create(session, "ring", CONTROL_BYTES)?;
        control.open(&session.header(CONTROL_RING, 0, control.capacity()), [0; 4]);
        session.set_control(control);
        // Busy threads take the first ones before there is anything to recycle.
        let spares = if session.limits.keep == Keep::All { SPARES } else { most_spares(session).min(2 * SPARES) };
        session.spares.store(spares as u64, Ordering::Relaxed);
        let (full, names) = (Full::default(), Names::default());
        let mut supply = Self { session, spares, full, reserve: None, names };
        supply.calibrate();
        supply.fill()?;
        Ok(supply)
    }

    /// Works until the recording stops.
    pub fn run(mut self) {
        // The second calibration comes soon, for recordings that end soon; the later
        // ones ever less often, so that their segment lasts for years.
        let (begun, mut calibrated, mut every) = (Instant::now(), Instant::now(), Duration::from_millis(10));
        let mut failed = false;
        while !self.session.stopping.load(Ordering::Acquire) {
            std::thread::sleep(PAUSE);
            #[cfg(feature = "panic-test")]
            crate::panic_test::helper();
            self.session.helper_ns.store(clock::used_ns(), Ordering::Relaxed);
            self.session.with_control(|_| {});
            self.collect();
            // The recorder ends the recording at the first failure: a disk that is
            // full is not tried again every millisecond.
            if !failed && let Err(error) = self.fill() {
                self.session.fail(&error);
                failed = true;
            }
            if calibrated.elapsed() >= every {
                self.calibrate();
                calibrated = Instant::now();
                every = (begun.elapsed() / 64).max(Duration::from_secs(1));
            }
            // Nothing is more urgent than segments that stand ready.
            if self.missing() == 0 {
                self.full.sum_one();
            }
        }
        self.remove_reserve();
        self.calibrate();
        self.session.with_control(Segment::sum);
        full::sum_rest(self.session.dir());
    }

    /// Takes what rings are done with. What nothing is recycled of is unmapped, after its
    /// sums were made, and counts so at once.
    fn collect(&mut self) {
        let (session, retired) = (self.session, self.session.retired.take());
        let full = retired.iter().filter(|retired| retired.store == Store::Data).count();
        session.collected.fetch_add(full as u64, Ordering::Relaxed);
        if session.limits.keep == Keep::All {
            let unmapped = retired.iter().map(|retired| file_bytes(retired.segment.capacity())).sum();
            session.mapped.fetch_sub(unmapped, Ordering::Relaxed);
            retired.into_iter().for_each(|retired| self.full.finish(retired.segment));
            return;
        }
        for Retired { mut segment, store } in retired {
            match store {
                Store::Data => self.full.keep(segment),
                Store::Names => {
                    segment.sum();
                    self.names.full.push(segment);
                }
            }
        }
        self.names.ended.extend(session.ended.take());
        session.remembered.store(self.names.ended.len() as u64, Ordering::Relaxed);
    }

    fn fill(&mut self) -> io::Result<()> {
        let session = self.session;
        self.adapt();
        for slot in &session.data[..self.spares] {
            if slot.is_empty() {
                let Some(segment) = self.data_segment()? else { break };
                slot.put(Box::new(segment));
                // Making one takes a while, in which others were filled.
                self.collect();
            }
        }
        for slot in &session.names {
            if slot.is_empty() {
                let Some(segment) = self.names_segment(self.names_bytes())? else { break };
                slot.put(Box::new(segment));
            }
        }
        while self.is_expired() {
            self.remove_oldest();
        }
        self.relieve_names()?;
        self.grow()
    }

    /// Makes one more when none is missing: busy threads fill several meanwhile.
    fn grow(&mut self) -> io::Result<()> {
        let (session, bytes) = (self.session, self.session.limits.segment_bytes);
        let is_flight = session.limits.keep != Keep::All;
        if is_flight && self.reserve.is_none() && self.missing() == 0 {
            self.reserve = self.new_segment("ring", bytes)?;
        }
        Ok(())
    }

    /// Rewrites the names when there are many: twice of what was needed, so that each is
    /// copied but a few times, or more than a quarter of what is allowed. Then events of
    /// the elder half go first, since they need most of them.
    fn relieve_names(&mut self) -> io::Result<()> {
        let names: usize = self.names.full.iter().map(|segment| segment.data().len()).sum();
        let most = usize::try_from(self.session.limits.max_bytes / 4).unwrap_or(usize::MAX);
        let grown = self.names.needed + 2 * self.names_bytes();
        if names < grown + self.names.needed && names < most.max(grown) {
            return Ok(());
        }
        if names >= most {
            (0..self.full.len().div_ceil(2)).for_each(|_| _ = self.remove_oldest());
        }
        self.rewrite_names()
    }

    /// Has more stand ready when most of it went since the last look.
    fn adapt(&mut self) {
        // At the start all of it is missing.
        let has_begun = self.session.bytes.load(Ordering::Relaxed) > self.session.limits.segment_bytes as u64;
        if has_begun && self.missing() > self.spares / 2 {
            self.spares = (self.spares * 2).min(most_spares(self.session));
            self.session.spares.store(self.spares as u64, Ordering::Relaxed);
        }
    }

    /// How many of those that shall stand ready do not.
    fn missing(&self) -> usize {
        self.session.data[..self.spares].iter().filter(|slot| slot.is_empty()).count()
    }

    /// A segment for events: of the oldest ones, or a new one. None when every segment
    /// there may be is being written.
    fn data_segment(&mut self) -> io::Result<Option<Segment>> {
        let session = self.session;
        let bytes = session.limits.segment_bytes;
        if session.limits.keep == Keep::All {
            return create(session, "ring", bytes).map(Some);
        }
        if self.reserve.is_some() {
            return Ok(self.reserve.take());
        }
        // Rather lose what is old than what comes next.
        while let Some(mut segment) = self.oldest() {
            match segment.recycle(&session.next_path("ring")) {
                Ok(()) => return Ok(Some(segment)),
                // Somebody removed the file, or its space: its place is free.
                Err(error) if error.kind() == io::ErrorKind::NotFound || segment.data().is_empty() => {
                    discard(session, &segment);
                }
                // The file keeps its events.
                Err(error) => return Err(error),
            }
        }
        self.new_segment("ring", bytes)
    }

    /// A new segment; none where a flight recorder has no room for more. A disk that is
    /// full is its limit from then on, if it has other segments to go on with.
    fn new_segment(&self, prefix: &str, bytes: usize) -> io::Result<Option<Segment>> {
        let session = self.session;
        let is_flight = session.limits.keep != Keep::All;
        if is_flight && !has_room(session, bytes) {
            return Ok(None);
        }
        match create(session, prefix, bytes) {
            Err(error) if is_flight && is_full_disk(&error) && self.has_others() => {
                session.most.store(session.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
                Ok(None)
            }
            made => made.map(Some),
        }
    }

    fn has_others(&self) -> bool {
        !self.full.is_empty() || self.session.data.iter().any(|slot| !slot.is_empty())
    }

    // Those that stand ready take an eighth of what is allowed at most; of a whole
    // recording, whose names are written once, a sixteenth.
    fn names_bytes(&self) -> usize {
        let parts = if self.session.limits.keep == Keep::All { 16 } else { 8 } * NAMES_SPARES as u64;
        (self.session.limits.max_bytes / parts).clamp(16 * 1024, NAMES_BYTES) as usize
    }

    /// A segment for names, for which a flight recorder's events give way. None when
    /// there is no room even so, which ends no flight recorder.
    fn names_segment(&mut self, bytes: usize) -> io::Result<Option<Segment>> {
        loop {
            while !has_room(self.session, bytes) && (self.remove_reserve() || self.remove_oldest()) {}
            let made = self.new_segment("names", bytes)?;
            if made.is_some() || self.full.is_empty() {
                return Ok(made);
            }
        }
    }

    /// Puts the names that are needed into new segments, in place of all full ones. Killed
    /// in between, some names stand in two.
    fn rewrite_names(&mut self) -> io::Result<()> {
        let Names { full, ended, recycled_until, .. } = &self.names;
        let is_gone = |process, named| ended.get(&process).is_some_and(|end| named <= *end && end < recycled_until);
        let parts = names::packed(names::needed(full, is_gone), self.names_bytes());
        let mut old: VecDeque<_> = std::mem::take(&mut self.names.full).into();
        for part in &parts {
            // They take no more room than they did. Where there is none for both, an old
            // segment goes first, and a kill just then loses names.
            let new = loop {
                match self.names_segment(part.len())? {
                    None if !old.is_empty() => {
                        old.pop_front().iter().for_each(|segment| discard(self.session, segment))
                    }
                    new => break new,
                }
            };
            let written = new.map(|segment| self.written_again(segment, part));
            self.names.full.extend(written);
        }
        old.iter().for_each(|segment| discard(self.session, segment));
        // A name may still stand in a segment that is being written: its process's end
        // is known until the next time.
        let before = std::mem::replace(&mut self.names.rewritten_at, clock::ticks(self.session.clock.kind));
        self.names.ended.retain(|_, end| *end >= before.min(self.names.recycled_until));
        self.names.needed = parts.iter().map(Vec::len).sum();
        Ok(())
    }

    fn written_again(&mut self, mut segment: Segment, records: &[u8]) -> Segment {
        segment.open(&self.session.header(CONTROL_RING, self.names.rewritten, segment.capacity()), [0; 4]);
        self.names.rewritten += 1;
        segment.append(records);
        segment.seal();
        segment.sum();
        segment
    }

    fn is_expired(&self) -> bool {
        let Keep::Newest(age) = self.session.limits.keep else { return false };
        self.full.is_older(age)
    }

    /// The segment whose events go next.
    fn oldest(&mut self) -> Option<Segment> {
        let segment = self.full.take_oldest()?;
        self.session.recycled.fetch_add(segment.data().len() as u64, Ordering::Relaxed);
        self.names.recycled_until = self.names.recycled_until.max(segment.opened());
        Some(segment)
    }

    fn remove_reserve(&mut self) -> bool {
        let reserve = self.reserve.take();
        reserve.iter().for_each(|segment| discard(self.session, segment));
        reserve.is_some()
    }

    fn remove_oldest(&mut self) -> bool {
        let oldest = self.oldest();
        oldest.iter().for_each(|segment| discard(self.session, segment));
        oldest.is_some()
    }

    /// Writes the time of each clock.
    fn calibrate(&self) {
        self.session.with_control(|control| {
            let moment = clock::moment();
            let times = [moment.monotonic_ns, moment.system_ns].map(u64::to_le_bytes);
            // Without room the times before it do.
            control.record(Kind::Clock, 0, [0, moment.ticks, 0], times.as_flattened());
        });
    }
}

/// How many segments for events may stand ready: a part of what is allowed.
fn most_spares(session: &Session) -> usize {
    let limits = &session.limits;
    let share = if limits.keep == Keep::All { 4 } else { 8 };
    let most = usize::try_from(limits.max_bytes / share).unwrap_or(usize::MAX) / limits.segment_bytes;
    most.clamp(SPARES, MOST_SPARES)
}

fn has_room(session: &Session, capacity: usize) -> bool {
    session.bytes.load(Ordering::Relaxed) + file_bytes(capacity) <= session.most.load(Ordering::Relaxed)
}

fn is_full_disk(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn file_bytes(capacity: usize) -> u64 {
    (SEGMENT_HEADER + capacity.next_multiple_of(SEGMENT_HEADER)) as u64
}

fn create(session: &Session, prefix: &str, capacity: usize) -> io::Result<Segment> {
    if !has_room(session, capacity) {
        let most = session.limits.max_bytes;
        return Err(io::Error::other(format!("the recording reached its limit of {most} bytes (max_bytes)")));
    }
    // Whole pages, as the header is one.
    let segment = Segment::create(&session.next_path(prefix), capacity.next_multiple_of(SEGMENT_HEADER))?;
    session.bytes.fetch_add(file_bytes(capacity), Ordering::Relaxed);
    session.mapped.fetch_add(file_bytes(capacity), Ordering::Relaxed);
    Ok(segment)
}

fn discard(session: &Session, segment: &Segment) {
    // A file that is gone already is what was wanted.
    let _ = std::fs::remove_file(segment.path());
    session.bytes.fetch_sub(file_bytes(segment.capacity()), Ordering::Relaxed);
    session.mapped.fetch_sub(file_bytes(segment.capacity()), Ordering::Relaxed);
}
