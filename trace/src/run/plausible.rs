//! Whether a record makes sense, where no sum vouches for it: in what a killed program
//! was writing, and in recordings before there were sums.
//!
//! Not every change is seen: of two plausible values nobody knows which was written.

use super::Segment;
use wire::segment::{CONTROL_RING, MINOR};
use wire::state::Part;
use wire::{FLAG_OMITTED, FLAG_TRUNCATED, FLAG_WITHHELD, Kind, RECORD_HEADER, Record, RecordError, Term};

/// How many records in a row must make sense behind damage.
const CHAIN: usize = 3;
/// The minor version since which no event is older than the one before.
const ORDERED: u16 = 1;

/// Why a record is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It cannot be read.
    #[error("{0}")]
    Record(#[from] RecordError),
    /// It is of a kind that a later version wrote.
    #[error("unknown record kind {0}")]
    Later(u8),
    /// It is older than the one before or newer than the one behind.
    #[error("the record's time is not between those of its neighbours")]
    Time,
    /// The payload is not what the kind and the number of terms say.
    #[error("the record's payload is damaged")]
    Payload,
}

/// The record at the front, if it makes sense after one of `ticks`.
pub fn read<'a>(segment: &Segment, rest: &'a [u8], ticks: u64) -> Result<Record<'a>, Problem> {
    let (record, after) = match Record::read_from(rest) {
        Ok(read) => read,
        Err(RecordError::Kind(code)) if is_later(segment) && wire::record::extent(rest).is_some() => {
            return Err(Problem::Later(code));
        }
        Err(error) => return Err(error.into()),
    };
    if !is_in_order(segment, &record, ticks, after) {
        return Err(Problem::Time);
    }
    if !is_later(segment) && !holds_together(segment, &record) {
        return Err(Problem::Payload);
    }
    Ok(record)
}

/// How many bytes to skip from a record that makes no sense: to where its length says that
/// the next one begins, or else to the first place at which three records in a row (or the
/// rest of the data) are readable and not earlier than `ticks`.
pub fn resume(segment: &Segment, rest: &[u8], ticks: u64) -> usize {
    let makes_sense = |skip: usize| chains(segment, &rest[skip..], ticks);
    if let Some(length) = wire::record::extent(rest).filter(|length| makes_sense(*length)) {
        return length;
    }
    let mut places = (8..rest.len().saturating_sub(RECORD_HEADER - 1)).step_by(8);
    places.find(|skip| makes_sense(*skip)).unwrap_or(rest.len())
}

fn is_later(segment: &Segment) -> bool {
    segment.header.minor > MINOR
}

/// Names are put together anew, and may be older than their segment.
fn is_in_order(segment: &Segment, record: &Record<'_>, ticks: u64, after: &[u8]) -> bool {
    if segment.header.minor < ORDERED || segment.names {
        return true;
    }
    // A version of a state has one time, however many segments it takes to be written.
    let is_state = matches!(record.kind, Kind::State | Kind::StateDelta);
    let earliest = if is_state { ticks } else { ticks.max(segment.header.ticks) };
    let next = wire::record::extent(after).and_then(|_| Some(u64::from_le_bytes(after.get(16..24)?.try_into().ok()?)));
    // When the next is the one that is out of order, it is before both.
    record.ticks >= earliest && next.is_none_or(|next| record.ticks <= next || next < earliest)
}

fn chains(segment: &Segment, mut rest: &[u8], mut ticks: u64) -> bool {
    for _ in 0..CHAIN {
        if rest.is_empty() {
            return true;
        }
        match Record::read_from(rest) {
            Ok((record, after)) if (record.ticks >= ticks || segment.names) && has_known_flags(&record) => {
                ticks = record.ticks;
                rest = after;
            }
            Err(RecordError::Kind(_)) if is_later(segment) => {
                let Some(length) = wire::record::extent(rest) else { return false };
                rest = &rest[length..];
            }
            _ => return false,
        }
    }
    true
}

const FLAGS: u8 = FLAG_OMITTED | FLAG_TRUNCATED | FLAG_WITHHELD;

fn has_known_flags(record: &Record<'_>) -> bool {
    let is_whole = record.flags & FLAG_OMITTED == 0;
    record.flags & !FLAGS == 0 && (!is_whole || usize::from(record.argc) <= record.payload.len())
}

fn holds_together(segment: &Segment, record: &Record<'_>) -> bool {
    let is_name = matches!(record.kind, Kind::NameAtom | Kind::NameProcess);
    if record.flags & !FLAGS != 0 || is_name != segment.names {
        return false;
    }
    let is_omitted = record.flags & FLAG_OMITTED != 0;
    match record.kind {
        Kind::NameAtom | Kind::NameProcess => std::str::from_utf8(record.payload).is_ok(),
        Kind::Clock => segment.header.ring == CONTROL_RING && record.payload.len() == 16,
        Kind::State | Kind::StateDelta if is_omitted => record.payload.is_empty(),
        Kind::State | Kind::StateDelta => Part::read(record.payload).is_some(),
        _ => {
            let (mut rest, mut terms) = (record.payload, 0);
            while !rest.is_empty() && terms < u8::MAX && Term::skip(&mut rest).is_ok() {
                terms += 1;
            }
            rest.is_empty() && (terms == record.argc || is_omitted && terms <= record.argc)
        }
    }
}
