//! Segment files: a header, then records up to a published cursor.
//!
//! # The folder
//!
//! A run's folder holds `ring-NNNNNN.seg` (events) and `names-NNNNNN.seg` (names,
//! which outlive recycled events), numbered as they were created. Only the beginning
//! and the end of a file's name count; which ring a segment belongs to, and its place
//! there, only the header says, and whether it holds names or events, its records. Beside them stand `run.json` ([`crate::run`]), the node
//! maps that it names ([`crate::map`]) and `lock`, an empty file that whoever writes or
//! reads the recording holds, shared. Anything else is to be passed over.
//!
//! # The header
//!
//! All numbers of all formats are unsigned and little endian, unless it says otherwise.
//! Bytes that the table does not name are zero, and are not to be looked at.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 8 | magic: `45 53 43 4f 50 45 1a 53` |
//! | 8 | 2 | major version of header and records: 1 |
//! | 10 | 2 | minor version: 1 |
//! | 12 | 4 | length of the header: the data begins here; a multiple of 4096, up to 1 MiB |
//! | 16 | 16 | run id |
//! | 32 | 4 | ring |
//! | 36 | 4 | clock: 0 monotonic ns, 1 time-stamp counter |
//! | 40 | 8 | ordinal in the ring, from 0; events and names are counted apart |
//! | 48 | 8 | capacity of the data area in bytes, up to 2³⁰ |
//! | 56 | 8 | ticks when opened |
//! | 64 | 8 | monotonic ns when opened |
//! | 72 | 8 | system time in ns since 1970 when opened |
//! | 80 | 8 | ticks per second, estimated |
//! | 88 | 8 | how a process stands in its term: [`PidLayout`] |
//! | 96 | 8 | checksum (64-bit FNV-1a) of the 96 bytes before |
//! | 128 | 8 | cursor: bytes of data published (release store) |
//! | 192 | 8 | events lost since the ring began |
//! | 200 | 8 | bytes those would at least have taken |
//! | 208 | 8 | events with a truncated or omitted payload |
//! | 216 | 8 | panics caught in probes |
//! | 224 | 8 | 1 when the writer sealed the segment |
//! | 232 | 16 | what sums there are: [`crate::sums`]; since minor version 1 |
//! | 256 | 3840 | the sums |
//!
//! FNV-1a: begin with `cbf29ce484222325`; for each byte, exclusive-or it in and multiply
//! by `100000001b3`, modulo 2⁶⁴.
//!
//! A segment whose magic and cursor are zero stands ready and was not used, whatever
//! else is in it. The data is a sequence of records ([`crate::record`]) from the end of
//! the header, as many bytes as the cursor says; behind it may stand anything. The file
//! may be longer than header and capacity, or, when it is a copy, end behind the cursor.
//!
//! Ring 0 is the control ring: clock calibrations, and the losses of rings without a
//! segment. It is sealed last: then the recording is finished. Other rings belong to
//! threads that may never write again, so that their last segments stay open.
//!
//! # Reading while it is written
//!
//! A segment has one writer. A record is whole before the cursor says so, and the magic
//! is written after the rest of the header. A flight recorder recycles the oldest segment,
//! in place, under a new name: its cursor and then its magic become zero before any byte
//! of its data changes. So: read the header, read the data, read the header again; the
//! data belongs to that header if its first 104 bytes are the same, and else is gone.
//!
//! # Order and time
//!
//! Within a ring, segments go by ordinal and records by place; a ring whose first ordinal
//! is not 0 lacks its beginning. No event of a segment is older than the header's ticks,
//! nor than the event before (since minor version 1; names are put together anew, and may
//! be), but for a version of a state: all its parts have the time at which it began to be
//! written, however many segments they take. Between rings, events go by ticks, then by ring, then by place.
//!
//! The points of (ticks, monotonic ns, system ns) are the header with the least ticks and
//! every clock record. Sorted, and without those that are not later than the last one on
//! both clocks, monotonic time is linear between two neighbours, and beyond the last and
//! before the first goes by ticks per second (10⁹ for clock 0). A recording's time begins
//! at the monotonic ns of that header.
//!
//! # Versions
//!
//! A reader refuses a major version that it does not know: nothing of such a segment can
//! be trusted. A higher minor version is read. It may use bytes that were zero, lengthen
//! the header, and have new kinds of records, flags, tags of terms and layouts of
//! processes; it never changes what is in these tables. Records of an unknown kind are
//! passed over by their length, and counted.

use crate::words::{u16_at, u32_at, u64_at};

/// Bytes of the header; the data area follows, page aligned.
pub const SEGMENT_HEADER: usize = 4096;
/// First bytes of every segment.
pub const MAGIC: [u8; 8] = *b"ESCOPE\x1aS";
/// Major version of header and records: others cannot be read.
pub const MAJOR: u16 = 1;
/// Minor version: what is new is passed over by those who do not know it.
pub const MINOR: u16 = 1;
/// The most bytes of data that a segment holds.
pub const MAX_CAPACITY: u64 = 1 << 30;
/// The longest header there may ever be.
pub const MAX_HEADER: u32 = 1 << 20;
/// Offset of the published cursor, alone on its cache line.
pub const CURSOR_AT: usize = 128;
/// Offset of the count of lost events.
pub const LOST_EVENTS_AT: usize = 192;
/// Offset of the count of lost bytes.
pub const LOST_BYTES_AT: usize = 200;
/// Offset of the count of truncated events.
pub const TRUNCATED_AT: usize = 208;
/// Offset of the count of caught panics.
pub const PANICS_AT: usize = 216;
/// Offset of the seal.
pub const SEALED_AT: usize = 224;
/// Offset of how many bytes of data are summed; see [`crate::sums`].
pub const SUMMED_AT: usize = 232;
/// Ring number of the control ring.
pub const CONTROL_RING: u32 = 0;

/// Ticks are nanoseconds of the monotonic clock.
pub const CLOCK_MONOTONIC: u32 = 0;
/// Ticks are the processor's invariant time-stamp counter.
pub const CLOCK_TSC: u32 = 1;

/// The fixed part of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Minor version of the format.
    pub minor: u16,
    /// Where the data begins, in bytes from the file's start.
    pub length: u32,
    /// Which recording this belongs to.
    pub run: [u8; 16],
    /// Which ring, 0 for control.
    pub ring: u32,
    /// [`CLOCK_MONOTONIC`] or [`CLOCK_TSC`].
    pub clock: u32,
    /// Position in the ring's sequence of segments.
    pub ordinal: u64,
    /// Bytes of the data area.
    pub capacity: u64,
    /// Ticks when the segment was opened.
    pub ticks: u64,
    /// Monotonic time in ns at the same moment.
    pub monotonic_ns: u64,
    /// System time in ns since 1970 at the same moment.
    pub system_ns: u64,
    /// Estimated ticks per second.
    pub ticks_per_second: u64,
    /// How a process's number and serial are read from its term.
    pub pid_layout: PidLayout,
}

impl Default for SegmentHeader {
    fn default() -> Self {
        Self {
            minor: MINOR,
            length: SEGMENT_HEADER as u32,
            run: [0; 16],
            ring: CONTROL_RING,
            clock: CLOCK_MONOTONIC,
            ordinal: 0,
            capacity: 0,
            ticks: 0,
            monotonic_ns: 0,
            system_ns: 0,
            ticks_per_second: 0,
            pid_layout: PidLayout::Unknown,
        }
    }
}

/// The counters of a header, as last published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SegmentCounters {
    /// Bytes of valid data.
    pub cursor: u64,
    /// Events this ring lost so far.
    pub lost_events: u64,
    /// Bytes this ring lost so far, payloads not counted.
    pub lost_bytes: u64,
    /// Events of this ring whose payload was cut.
    pub truncated: u64,
    /// Panics this ring's thread caught.
    pub panics: u64,
    /// Whether the writer finished this segment.
    pub sealed: bool,
}

/// Why bytes are not a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Shorter than a header.
    #[error("shorter than a segment header ({0} of {SEGMENT_HEADER} bytes)")]
    Short(usize),
    /// Other magic.
    #[error("not a segment of an ElixirScope recording")]
    Magic,
    /// A major version this reader does not know.
    #[error("segment format {0}, this reader knows {MAJOR}")]
    Version(u16),
    /// The checksum of the header is wrong.
    #[error("the segment header is damaged (checksum)")]
    Checksum,
    /// The header says that it is shorter than any header, or longer than any.
    #[error("the segment header cannot have {0} bytes")]
    Length(u32),
    /// The header says that there is room for more than any segment holds.
    #[error("a segment cannot hold {0} bytes")]
    Capacity(u64),
}

impl SegmentHeader {
    /// The first 104 bytes of a segment file.
    pub fn encode(&self) -> [u8; 104] {
        let mut out = [0; 104];
        out[..8].copy_from_slice(&MAGIC);
        out[8..10].copy_from_slice(&MAJOR.to_le_bytes());
        out[10..12].copy_from_slice(&self.minor.to_le_bytes());
        out[12..16].copy_from_slice(&self.length.to_le_bytes());
        out[16..32].copy_from_slice(&self.run);
        out[32..36].copy_from_slice(&self.ring.to_le_bytes());
        out[36..40].copy_from_slice(&self.clock.to_le_bytes());
        let words = [
            self.ordinal,
            self.capacity,
            self.ticks,
            self.monotonic_ns,
            self.system_ns,
            self.ticks_per_second,
            self.pid_layout.code(),
        ];
        for (n, word) in words.iter().enumerate() {
            out[40 + n * 8..48 + n * 8].copy_from_slice(&word.to_le_bytes());
        }
        let sum = fnv1a(&out[..96]);
        out[96..].copy_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads the header of a segment file.
    ///
    /// # Errors
    /// When the bytes are too short, foreign, of another version or damaged.
    pub fn decode(bytes: &[u8]) -> Result<(Self, SegmentCounters), SegmentError> {
        if bytes.len() < SEGMENT_HEADER {
            return Err(SegmentError::Short(bytes.len()));
        }
        if bytes[..8] != MAGIC {
            return Err(SegmentError::Magic);
        }
        let (major, minor) = (u16_at(bytes, 8), u16_at(bytes, 10));
        if major != MAJOR {
            return Err(SegmentError::Version(major));
        }
        if u64_at(bytes, 96) != fnv1a(&bytes[..96]) {
            return Err(SegmentError::Checksum);
        }
        let length = u32_at(bytes, 12);
        if length == 0 || !length.is_multiple_of(SEGMENT_HEADER as u32) || length > MAX_HEADER {
            return Err(SegmentError::Length(length));
        }
        let capacity = u64_at(bytes, 48);
        if capacity > MAX_CAPACITY {
            return Err(SegmentError::Capacity(capacity));
        }
        let mut run = [0; 16];
        run.copy_from_slice(&bytes[16..32]);
        let header = Self {
            minor,
            length,
            run,
            ring: u32_at(bytes, 32),
            clock: u32_at(bytes, 36),
            ordinal: u64_at(bytes, 40),
            capacity,
            ticks: u64_at(bytes, 56),
            monotonic_ns: u64_at(bytes, 64),
            system_ns: u64_at(bytes, 72),
            ticks_per_second: u64_at(bytes, 80),
            pid_layout: PidLayout::from_code(u64_at(bytes, 88)),
        };
        let counters = SegmentCounters {
            cursor: u64_at(bytes, CURSOR_AT),
            lost_events: u64_at(bytes, LOST_EVENTS_AT),
            lost_bytes: u64_at(bytes, LOST_BYTES_AT),
            truncated: u64_at(bytes, TRUNCATED_AT),
            panics: u64_at(bytes, PANICS_AT),
            sealed: u64_at(bytes, SEALED_AT) == 1,
        };
        Ok((header, counters))
    }
}

/// Where a local process's number and serial (`<0.NUMBER.SERIAL>`) stand in its
/// term, above the four tag bits. The writer compares each layout with the VM's
/// external format and names the one that agrees.
///
/// | byte of the word | content |
/// |---|---|
/// | 0 | code of the layout; 0, and any that is unknown: a process is its term |
/// | 1 | for code 2, the number of turned bits: 4 to 27 |
/// | 2 to 7 | zero |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PidLayout {
    /// No layout agreed: a process is shown by its term. Code 0.
    #[default]
    Unknown,
    /// 15 bits of number, 13 of serial (seen on OTP 25). Code 1.
    Narrow,
    /// 28 bits of number, then the serial. The lowest bits, as many as the process
    /// table's size has, are turned left by three, so that neighbours in number do
    /// not share a cache line (`erl_ptab.h`; seen on OTP 27). Code 2, and the number
    /// of turned bits in the second byte.
    Turned(u8),
}

impl PidLayout {
    /// The layouts a writer tries, for a process table of this many entries: a
    /// process that several describe has no bits where only the first look.
    pub fn candidates(processes: u64) -> [Self; 2] {
        let bits = processes.next_power_of_two().trailing_zeros().clamp(4, 27);
        [Self::Turned(bits as u8), Self::Narrow]
    }

    /// As it stands in a header.
    pub fn code(self) -> u64 {
        match self {
            Self::Unknown => 0,
            Self::Narrow => 1,
            Self::Turned(bits) => 2 | u64::from(bits) << 8,
        }
    }

    /// The layout with this code, unknown for codes of later versions.
    pub fn from_code(code: u64) -> Self {
        match (code & 0xff, code >> 8) {
            (1, 0) => Self::Narrow,
            (2, bits @ 4..=27) => Self::Turned(bits as u8),
            _ => Self::Unknown,
        }
    }

    /// Number and serial.
    pub fn parts(self, term: u64) -> Option<(u64, u64)> {
        let data = term >> 4;
        match self {
            Self::Unknown => None,
            Self::Narrow => Some((data & ((1 << 15) - 1), data >> 15 & ((1 << 13) - 1))),
            Self::Turned(bits) => {
                let low = data & ((1 << bits) - 1);
                let data = data >> bits << bits | low >> 3 | (low & 7) << (bits - 3);
                Some((data & ((1 << 28) - 1), data >> 28))
            }
        }
    }
}

fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip_and_notice_damage() {
        let header = SegmentHeader { run: [7; 16], ring: 3, clock: 1, ordinal: 9, capacity: 64, ..Default::default() };
        let mut page = vec![0; SEGMENT_HEADER];
        page[..104].copy_from_slice(&header.encode());
        assert_eq!(SegmentHeader::decode(&page).unwrap().0, header);
        assert_eq!(SegmentHeader::decode(&page[..100]), Err(SegmentError::Short(100)));
        page[33] ^= 1;
        assert_eq!(SegmentHeader::decode(&page), Err(SegmentError::Checksum));
        page[8] = 200;
        assert_eq!(SegmentHeader::decode(&page), Err(SegmentError::Version(200)), "before its checksum is looked at");
        page[0] = 0;
        assert_eq!(SegmentHeader::decode(&page), Err(SegmentError::Magic));
    }
    #[test]
    fn processes_of_otp_25_are_read_from_their_terms() {
        for (term, number, serial) in
            [(0x3, 0, 0), (0x300_0000_0603, 96, 0), (0xa549_0049_4a93, 5289, 9), (0xa569_0049_4ad3, 5293, 9)]
        {
            assert_eq!(PidLayout::Narrow.parts(term), Some((number, serial)));
        }
    }

    #[test]
    fn processes_of_otp_27_are_read_from_their_terms() {
        let layout = PidLayout::candidates(1 << 20)[0];
        assert_eq!(PidLayout::from_code(layout.code()), layout);
        for (term, number) in [(0x3, 0), (0x83, 1), (0x2f83, 95), (0x4a_77a3, 300_271), (0x4a_7a23, 300_276)] {
            assert_eq!(layout.parts(term), Some((number, 0)));
        }
    }
}
