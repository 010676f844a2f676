//! One segment: a mapped file with a single writer.

use memmap2::{Advice, MmapMut};
use std::fs::OpenOptions;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use wire::segment::{
    CURSOR_AT, LOST_BYTES_AT, LOST_EVENTS_AT, PANICS_AT, SEALED_AT, SEGMENT_HEADER, SUMMED_AT, TRUNCATED_AT,
};
use wire::sums::TABLE_AT;
use wire::{Kind, RECORD_HEADER, SegmentHeader, Sums};

const MAGIC_AT: usize = 0;

/// A mapped segment. Whoever owns the value is its only writer.
pub struct Segment {
    map: MmapMut,
    cursor: usize,
    opened: u64,
    path: PathBuf,
}

impl Segment {
    /// Creates the file with its space reserved, maps it, touches every page.
    /// The header stays zero until [`Segment::open`]: a reader skips it. Until it is
    /// whole the file has another name, which no reader looks at: while its space is
    /// reserved it is empty, and stays so if the VM is killed then.
    ///
    /// # Errors
    /// When the file cannot be made or the disk is full.
    pub fn create(path: &Path, capacity: usize) -> io::Result<Self> {
        let unfinished = path.with_extension("seg.tmp");
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&unfinished)?;
        let finish = || {
            reserve(&file, SEGMENT_HEADER + capacity)?;
            // SAFETY: the file was just made under a name of ours and nobody
            // truncates it; a reader only reads.
            let mut map = unsafe { MmapMut::map_mut(&file) }?;
            prefault(&mut map)?;
            std::fs::rename(&unfinished, path)?;
            Ok(Self { map, cursor: 0, opened: 0, path: path.to_owned() })
        };
        finish().inspect_err(|_| {
            // Best effort: the error that matters is the first one.
            let _ = std::fs::remove_file(&unfinished);
        })
    }

    /// Makes a sealed segment one that stands ready, under another name. Its pages
    /// stay mapped, so that nothing of it need be allocated again.
    ///
    /// A reader that copies data and then finds the header as it was has the data of
    /// that header: the magic is gone before any byte of the data changes. Killed in
    /// between, the file is as it was, an empty segment, or an unused one. While it
    /// cannot be renamed, nothing of it is lost.
    ///
    /// # Errors
    /// When the file is gone, or its space, or nothing may be renamed.
    pub fn recycle(&mut self, path: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, path)?;
        path.clone_into(&mut self.path);
        self.cursor = 0;
        self.store(CURSOR_AT, 0);
        self.store(MAGIC_AT, 0);
        std::sync::atomic::fence(Ordering::Release);
        self.store(SEALED_AT, 0);
        [SUMMED_AT, SUMMED_AT + 8].into_iter().for_each(|at| self.store(at, 0));
        // What was written back to the disk meanwhile would fault in a probe.
        prefault(&mut self.map)
    }

    /// Writes the header: from here on a reader sees the segment.
    pub fn open(&mut self, header: &SegmentHeader, counters: [u64; 4]) {
        for (at, value) in [LOST_EVENTS_AT, LOST_BYTES_AT, TRUNCATED_AT, PANICS_AT].into_iter().zip(counters) {
            self.store(at, value);
        }
        self.opened = header.ticks;
        let bytes = header.encode();
        self.map[8..bytes.len()].copy_from_slice(&bytes[8..]);
        // The magic goes last: half a header is no header.
        self.store(MAGIC_AT, u64::from_le_bytes(wire::segment::MAGIC));
    }

    /// Bytes of the data area.
    pub fn capacity(&self) -> usize {
        self.map.len() - SEGMENT_HEADER
    }

    /// The data that is published.
    pub fn data(&self) -> &[u8] {
        &self.map[SEGMENT_HEADER..SEGMENT_HEADER + self.cursor]
    }

    /// When it was opened, in ticks.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a record with a payload of `payload` bytes fits.
    #[inline(always)]
    pub fn has_room(&self, payload: usize) -> bool {
        self.cursor + RECORD_HEADER + payload + 8 <= self.capacity()
    }

    /// Where the next record goes, with a payload of at most `payload` bytes; none without
    /// room.
    #[inline(always)]
    pub fn place(&mut self, payload: usize) -> Option<Place<'_>> {
        self.has_room(payload).then_some(Place { segment: self, room: payload })
    }

    /// Writes one record; false without room.
    pub fn record(&mut self, kind: Kind, flags: u8, words: [u64; 3], payload: &[u8]) -> bool {
        let Some(mut place) = self.place(payload.len()) else { return false };
        place.payload().copy_from_slice(payload);
        let first = wire::record::first_word(kind, flags, 0, payload.len());
        place.publish([first, words[0], words[1], words[2]], payload.len());
        true
    }

    /// Publishes whole records at once; they fit.
    pub fn append(&mut self, records: &[u8]) {
        let start = SEGMENT_HEADER + self.cursor;
        self.map[start..start + records.len()].copy_from_slice(records);
        self.cursor += records.len();
        self.store(CURSOR_AT, self.cursor as u64);
    }

    /// Publishes one of the header's counters.
    #[inline(always)]
    pub fn store(&mut self, at: usize, value: u64) {
        self.word(at).store(value.to_le(), Ordering::Release);
    }

    /// Says that nothing follows.
    pub fn seal(&mut self) {
        self.store(SEALED_AT, 1);
    }

    /// Writes the sums of what is published. This reads all of it: nothing for a probe.
    pub fn sum(&mut self) {
        let Some(sums) = Sums::of(self.data(), self.capacity()) else { return };
        let (head, table) = sums.encode();
        self.map[TABLE_AT..TABLE_AT + table.len()].copy_from_slice(&table);
        // A reader that sees how much is summed sees the sums.
        let (words, _) = head.as_chunks::<8>();
        for (at, word) in [(SUMMED_AT + 8, words[1]), (SUMMED_AT, words[0])] {
            self.store(at, u64::from_le_bytes(word));
        }
    }

    /// Writes the sums of a segment that another thread may still hold, unless it has
    /// some or was never used. Only for a recording that nobody begins to write into.
    ///
    /// # Errors
    /// When the file cannot be read or mapped.
    pub fn sum_file(path: &Path) -> io::Result<()> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let length = file.metadata()?.len();
        if length < SEGMENT_HEADER as u64 {
            return Ok(());
        }
        // SAFETY: nobody truncates the file. Its owner may finish one event, in another
        // mapping, behind the cursor that is read here; what is written here, it never
        // looks at, and the data before the cursor nobody changes any more.
        let map = unsafe { MmapMut::map_mut(&file) }?;
        let mut segment = Self { map, cursor: 0, opened: 0, path: path.to_owned() };
        let is_used = segment.load(MAGIC_AT) != 0 && segment.load(SUMMED_AT) == 0;
        let cursor = usize::try_from(segment.load(CURSOR_AT)).unwrap_or(usize::MAX);
        if is_used && cursor <= segment.capacity() {
            segment.cursor = cursor;
            segment.sum();
        }
        Ok(())
    }

    fn load(&mut self, at: usize) -> u64 {
        u64::from_le(self.word(at).load(Ordering::Acquire))
    }

    #[inline(always)]
    fn word(&mut self, at: usize) -> &AtomicU64 {
        debug_assert!(at.is_multiple_of(8) && at < SEGMENT_HEADER);
        // SAFETY: the map is page aligned and at least a header long, so the
        // place is a valid, aligned u64; it is only ever accessed atomically
        // by this process, and readers are other mappings or file reads.
        unsafe { AtomicU64::from_ptr(self.map.as_mut_ptr().add(at).cast()) }
    }
}

/// The free space of a segment that the next record takes, for which there is room.
pub struct Place<'a> {
    segment: &'a mut Segment,
    room: usize,
}

impl Place<'_> {
    /// Space for the payload: as many bytes as were asked for.
    #[inline(always)]
    pub fn payload(&mut self) -> &mut [u8] {
        // SAFETY: behind the cursor the data area has room for a header and so many bytes
        // (`has_room`), nobody else writes there, and readers read before the cursor only.
        unsafe { std::slice::from_raw_parts_mut(self.start().add(RECORD_HEADER), self.room) }
    }

    /// Publishes one of the header's counters.
    #[inline(always)]
    pub fn store(&mut self, at: usize, value: u64) {
        self.segment.store(at, value);
    }

    /// Completes the record with its header, and publishes it: `payload` bytes of what
    /// stands in [`Place::payload`]; not more than there are.
    #[inline(always)]
    pub fn publish(self, words: [u64; 4], payload: usize) {
        if payload > self.room {
            return;
        }
        // SAFETY: as in `payload`: there is room for a header. Records are as long as
        // multiples of 8 bytes, and the data area is page aligned.
        unsafe { self.start().cast::<[u64; 4]>().write(words.map(u64::to_le)) };
        // The padding holds whatever the encoder left there, which no reader looks at.
        self.segment.cursor += wire::record::record_len(payload);
        // Readers that see the cursor see the bytes before it.
        self.segment.store(CURSOR_AT, self.segment.cursor as u64);
    }

    #[inline(always)]
    fn start(&self) -> *mut u8 {
        // SAFETY: the cursor is within the data area.
        unsafe { self.segment.map.as_ptr().cast_mut().add(SEGMENT_HEADER + self.segment.cursor) }
    }
}

/// Has the system map every page for writing, so that no probe waits for one. The
/// bytes stay, or become zero.
#[cfg(target_os = "linux")]
fn prefault(map: &mut MmapMut) -> io::Result<()> {
    match map.advise(Advice::PopulateWrite) {
        // Linux before 5.14 does not know how.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            map.fill(0);
            Ok(())
        }
        other => other,
    }
}

/// Elsewhere: touching every page does it.
#[cfg(not(target_os = "linux"))]
fn prefault(map: &mut MmapMut) -> io::Result<()> {
    map.fill(0);
    Ok(())
}

/// Reserves the space, so that a full disk is an error here and not a signal
/// when a page is touched.
#[cfg(target_os = "linux")]
fn reserve(file: &std::fs::File, len: usize) -> io::Result<()> {
    let len = libc::off_t::try_from(len).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open for writing as long as `file` lives.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, len) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// Elsewhere: writing the zeroes reserves the space.
#[cfg(not(target_os = "linux"))]
fn reserve(file: &std::fs::File, len: usize) -> io::Result<()> {
    use std::io::Write as _;
    let (zeroes, mut file) = ([0; 65536], file);
    let mut left = len;
    while left > 0 {
        let part = left.min(zeroes.len());
        file.write_all(&zeroes[..part])?;
        left -= part;
    }
    let _ = file.as_raw_fd();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::Record;

    #[test]
    fn what_is_published_is_read_back_from_the_file() {
        let path = std::env::temp_dir().join(format!("escope-segment-{}.seg", std::process::id()));
        let mut segment = Segment::create(&path, 4096).unwrap();
        assert_eq!(std::fs::read(&path).unwrap()[..8], [0; 8], "invisible before it is opened");
        segment.open(&SegmentHeader { ring: 3, capacity: 4096, ..Default::default() }, [5, 6, 7, 8]);
        assert!(segment.record(Kind::Bind, 0, [9, 10, 11], b"abc"));
        let bytes = std::fs::read(&path).unwrap();
        let (header, counters) = SegmentHeader::decode(&bytes).unwrap();
        assert_eq!((header.ring, counters.cursor, counters.lost_events, counters.panics), (3, 40, 5, 8));
        let (record, _) = Record::read_from(&bytes[SEGMENT_HEADER..]).unwrap();
        assert_eq!((record.kind, record.payload, record.pid), (Kind::Bind, &b"abc"[..], 11));
        assert!(segment.has_room(4096 - 40 - 40) && !segment.has_room(4096 - 40 - 39));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_written_is_the_golden_file() {
        use wire::segment::{MAJOR, MINOR};
        let golden = format!("../wire/tests/golden/{MAJOR}.{MINOR}/flight/ring-kinds.seg");
        let golden = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(golden)).unwrap();
        let (header, _) = SegmentHeader::decode(&golden).unwrap();
        let path = std::env::temp_dir().join(format!("escope-golden-{}.seg", std::process::id()));
        let mut segment = Segment::create(&path, header.capacity as usize).unwrap();
        segment.open(&header, [0; 4]);
        let mut rest = &golden[SEGMENT_HEADER..];
        while let Some(length) = wire::record::extent(rest) {
            let words = [0, 8, 16, 24].map(|at| u64::from_le_bytes(rest[at..at + 8].try_into().unwrap()));
            let payload = &rest[RECORD_HEADER..][..(words[0] >> 40) as usize];
            let mut place = segment.place(payload.len()).unwrap();
            place.payload().copy_from_slice(payload);
            place.publish(words, payload.len());
            rest = &rest[length..];
        }
        segment.seal();
        segment.sum();
        assert!(rest.is_empty() && std::fs::read(&path).unwrap()[..golden.len()] == golden);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn sums_are_of_what_is_published() {
        let path = std::env::temp_dir().join(format!("escope-sums-{}.seg", std::process::id()));
        let mut segment = Segment::create(&path, 65_536).unwrap();
        let read = || {
            let bytes = std::fs::read(&path).unwrap();
            let stretches =
                Sums::read(&bytes).unwrap().map(|sums| sums.stretches(&bytes[SEGMENT_HEADER..SEGMENT_HEADER + 64]));
            (stretches, bytes[0])
        };
        Segment::sum_file(&path).unwrap();
        assert_eq!(read(), (None, 0), "never used");
        segment.open(&SegmentHeader { capacity: 65_536, ..Default::default() }, [0; 4]);
        segment.record(Kind::Tail, 0, [9, 10, 11], &[]);
        Segment::sum_file(&path).unwrap();
        segment.record(Kind::Tail, 0, [9, 10, 11], &[]);
        use wire::sums::Stretch::{Sound, Unsummed};
        assert_eq!(read().0, Some(vec![Sound(0..32), Unsummed(32..64)]));
        segment.sum();
        assert_eq!(read().0, Some(vec![Sound(0..64)]));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_recycled_segment_is_unused_and_nothing_of_it_is_read_again() {
        let folder = std::env::temp_dir();
        let [old, new] = ["old", "new"].map(|name| folder.join(format!("escope-{name}-{}.seg", std::process::id())));
        let mut segment = Segment::create(&old, 4096).unwrap();
        segment.open(&SegmentHeader { ordinal: 1, capacity: 4096, ..Default::default() }, [0; 4]);
        segment.record(Kind::Tail, 0, [9, 10, 11], &[]);
        segment.seal();
        segment.recycle(&new).unwrap();
        assert!(!old.exists());
        let unused = std::fs::read(&new).unwrap();
        assert_eq!((&unused[..8], &unused[CURSOR_AT..CURSOR_AT + 8]), (&[0; 8][..], &[0; 8][..]));
        segment.open(&SegmentHeader { ordinal: 7, capacity: 4096, ..Default::default() }, [0; 4]);
        let (header, counters) = SegmentHeader::decode(&std::fs::read(&new).unwrap()).unwrap();
        assert_eq!((header.ordinal, counters.cursor, counters.sealed), (7, 0, false));
        segment.record(Kind::Tail, 0, [9, 10, 11], &[]);
        segment.seal();
        assert!(segment.recycle(&folder.join("no such folder/x.seg")).is_err());
        let (header, counters) = SegmentHeader::decode(&std::fs::read(&new).unwrap()).unwrap();
        assert_eq!((header.ordinal, counters.cursor), (7, 32), "what cannot be renamed keeps its events");
        std::fs::remove_file(&new).unwrap();
        assert!(segment.recycle(&old).is_err(), "somebody removed the file");
    }
}
