//! Event records: 32 bytes of header, then a payload, padded to 8 bytes.
//!
//! | word | bits | content |
//! |---|---|---|
//! | 0 | 0–15 | length of the whole record in 8-byte words |
//! | | 16–23 | kind |
//! | | 24–31 | flags: 1 a term was cut to a limit, 2 terms are missing, 4 because the level of detail left them out, 8 the payload begins with a context |
//! | | 32–39 | number of payload terms |
//! | | 40–63 | length of the payload in bytes |
//! | 1 | | node id, below 2⁵⁹ |
//! | 2 | | clock ticks |
//! | 3 | | process identifier, as the VM's 64-bit term |
//!
//! The record's length is that of header and payload, rounded up to 8; other lengths are
//! damage. The padding may hold anything. The payload is as many encoded terms
//! ([`crate::term`]) as bits 32–39 say, one behind the other, and nothing else, unless the
//! table says what it is. With flag 2 it is empty, or only the first terms are there; the
//! number of terms is that of the original. Without flag 4 they did not fit. With flag 8 the
//! payload's first 8 bytes are the number of the context that the process was in, and the
//! terms follow; both count as payload.
//!
//! A reader passes over a kind that it does not know by its length. Flags that it does
//! not know change nothing of the above.
//!
//! # What probes and the recorder tell
//!
//! Word 1 is the node id of the site ([`crate::map`]), or 0 where the table says nothing
//! of a site. Word 3 is the process.
//!
//! | code | kind | payload | words |
//! |---|---|---|---|
//! | 1 | enter | the captured arguments: see [`crate::map::capture`] | 1: the clause |
//! | 2 | leave | the value; nothing where the code has `nil` by construction | 1: the value |
//! | 3 | tail | | 1: the tail call |
//! | 4 | branch | | 1: the clause, body or step |
//! | 5 | bind | the value | 1: the expression |
//! | 6 | caught | kind (an atom), reason, stack trace | 1: the handler |
//! | 7 | locals | values of variables: the site's label names them | 1: the point |
//! | 16 | name_atom | the atom's text, in UTF-8 | 1: the atom's index; 3: zero |
//! | 17 | name_process | the registered name or label, in UTF-8; empty: it has none any more | 1: zero; 3: the process that has the name |
//! | 18 | exit | the exit reason, if known | 3: the process that ended |
//! | 19 | clock | monotonic time in ns (8), system time in ns since 1970 (8): no terms | 1, 3: zero; 2: the same moment |
//! | 20 | mark | its name, its value | |
//! | 21 | state | a part of a whole version, no terms: [`crate::state`] | 1: the version's number |
//! | 22 | state_delta | a part of a version as a difference, no terms: [`crate::state`] | 1: the version's number |
//!
//! Kinds 16 and 17 stand in segments of names, and nowhere else; all others in those of
//! events, and clock only in the control ring's. An atom is named before an event that
//! refers to it is published; several threads may name the same one. Of several names of a
//! process, the one with the most ticks counts.
//!
//! # What the recording says of itself
//!
//! [`Kind::Level`] and [`Kind::Switch`] stand where what is recorded changes, at no node;
//! word 3 is the process that asked for it, word 1 the variant. A change that leaves
//! something out has two: one before it, and one once it holds. What is between them may
//! follow either.
//!
//! | code | kind | payload |
//! |---|---|---|
//! | 23 | level | the level as an atom: `values`, `branches`, `boundaries`, `off`; the cause |
//! | 24 | switch | what happened, and to which trace; none of variants 1 and 3 |
//!
//! | variant | meaning |
//! |---|---|
//! | 0 | the change holds |
//! | 1 | a change begins |
//! | 2 | the change holds, and nothing is left out now that was not before |
//! | 3 | the process is sampled by another key; of others, nothing changes |
//!
//! # What the VM tells
//!
//! Kinds from 32 on, and [`Kind::Exit`], come from the VM's own tracing and stand at no
//! node: word 1 is the variant, 0 where the table names none. Their payload is encoded
//! terms ([`crate::term`]) in this order; word 3 is the process that did it.
//!
//! | code | kind | payload | variant 1 |
//! |---|---|---|---|
//! | 18 | exit | reason | |
//! | 32 | send | to whom (process, name, `{name, node}`, alias or port), message | there was no such process |
//! | 33 | receive | from whom (process; an atom for the VM itself), message | |
//! | 34 | spawn | the new process, `{module, function, arguments}` | |
//! | 35 | spawned | the process that spawned it, `{module, function, arguments}` | |
//! | 36 | link | to whom | another process linked itself to this one |
//! | 37 | unlink | from whom | another process did it |
//! | 38 | register | name | it had the name when the tracing began |
//! | 39 | unregister | name | |
//! | 40 | gc_start | sizes, as a list of pairs | a major collection |
//! | 41 | gc_end | sizes | a major collection |
//! | 42 | in | what it goes on with: `{module, function, arity}` or 0 | it is exiting |
//! | 43 | out | what it stopped in | it is exiting |
//! | 44 | call | `{module, function, arity}`, the arguments | bits, see below |
//! | 45 | returned | `{module, function, arity}`, the value | |
//! | 46 | raised | `{module, function, arity}`, class, reason | |
//! | 47 | context | the context's id, what else is known of it | |
//!
//! A context is no event of the process: it says what a number is called that other
//! events have, and its own is among them ([`FLAG_CONTEXT`]). A segment has it before the
//! first event of that context, and may have it again.
//!
//! Kinds 44 to 46 are of functions that need have no probes. Variant bits of a call:
//! [`NO_END`], nothing will tell how it ends; [`WITH_MESSAGE`], behind the arguments stands
//! what its match specification said.
//!
//! `receive` is the moment at which the message is put into the receiver's queue, not the
//! one at which the program takes it out. A message that does not fit is left out
//! ([`FLAG_OMITTED`]), and the first term, which says who, stays.

use crate::NodeId;

/// Bytes of a record before its payload.
pub const RECORD_HEADER: usize = 32;
/// Some term of the payload was cut to a limit.
pub const FLAG_TRUNCATED: u8 = 1;
/// The payload did not fit: it was left out whole, or, of what the VM tells, behind its
/// first term.
pub const FLAG_OMITTED: u8 = 2;
/// The payload begins with the number of the context.
pub const FLAG_CONTEXT: u8 = 8;
/// Bytes that a context's number takes in the payload.
pub const CONTEXT_BYTES: usize = 8;

/// The level of detail left values out: beside [`FLAG_OMITTED`], those of the payload, or
/// of what the VM tells, those behind its first term.
pub const FLAG_WITHHELD: u8 = 4;

/// Variant of [`Kind::Level`] and [`Kind::Switch`]: the change begins.
pub const BEGINS: u64 = 1;
/// Variant of [`Kind::Switch`]: nothing is left out now that was not before.
pub const WIDER: u64 = 2;
/// Variant of [`Kind::Switch`]: of this process only.
pub const OF_PROCESS: u64 = 3;
/// Variant of [`Kind::Send`]: there was no such process.
pub const NO_SUCH_PROCESS: u64 = 1;
/// Bit of a [`Kind::Call`]'s variant: nothing will tell how it ends.
pub const NO_END: u64 = 1;
/// Bit of a [`Kind::Call`]'s variant: its last term is what its match specification said.
pub const WITH_MESSAGE: u64 = 2;
/// Variant of [`Kind::Register`]: the process had the name when the tracing began.
pub const REGISTERED_BEFORE: u64 = 1;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// A clause body was entered; payload: the captured arguments.
    Enter = 1,
    /// A frame returned; payload: the value (none when the value is `nil`
    /// by construction).
    Leave = 2,
    /// A frame ended by a tail call.
    Tail = 3,
    /// A clause of a branching form was taken.
    Branch = 4,
    /// An expression had this value; payload: one term.
    Bind = 5,
    /// A handler caught; payload: kind, reason, stack.
    Caught = 6,
    /// Variables at a place; payload: their values.
    Locals = 7,
    /// An atom's text; key: the atom's index; payload: UTF-8, not a term.
    NameAtom = 16,
    /// A process's registered name or label; payload: UTF-8, not a term.
    NameProcess = 17,
    /// A process ended; payload: its exit reason, if known.
    Exit = 18,
    /// Clock calibration; payload: monotonic and system time in ns, two u64.
    Clock = 19,
    /// The user's own mark, at no node; payload: its name and its value.
    Mark = 20,
    /// A version of a process's state, whole; see [`crate::state`].
    State = 21,
    /// A version of a process's state, as a difference; see [`crate::state`].
    StateDelta = 22,
    /// The level of detail changed; payload: the level, and the cause.
    Level = 23,
    /// Which events are recorded changed; payload: what happened, and to which trace.
    Switch = 24,
    /// A message was sent.
    Send = 32,
    /// A message was put into the process's queue.
    Receive = 33,
    /// The process spawned another.
    Spawn = 34,
    /// The process was spawned.
    Spawned = 35,
    /// The process is linked.
    Link = 36,
    /// A link ended.
    Unlink = 37,
    /// The process got a name.
    Register = 38,
    /// The process lost a name.
    Unregister = 39,
    /// A garbage collection began.
    GcStart = 40,
    /// A garbage collection ended.
    GcEnd = 41,
    /// A scheduler runs the process.
    In = 42,
    /// The scheduler runs something else.
    Out = 43,
    /// A function was called.
    Call = 44,
    /// A function returned.
    Returned = 45,
    /// An exception went through a function.
    Raised = 46,
    /// What a context is called.
    Context = 47,
}

impl Kind {
    /// Every kind, in the order of its code.
    pub const ALL: [Self; 32] = [
        Self::Enter,
        Self::Leave,
        Self::Tail,
        Self::Branch,
        Self::Bind,
        Self::Caught,
        Self::Locals,
        Self::NameAtom,
        Self::NameProcess,
        Self::Exit,
        Self::Clock,
        Self::Mark,
        Self::State,
        Self::StateDelta,
        Self::Level,
        Self::Switch,
        Self::Send,
        Self::Receive,
        Self::Spawn,
        Self::Spawned,
        Self::Link,
        Self::Unlink,
        Self::Register,
        Self::Unregister,
        Self::GcStart,
        Self::GcEnd,
        Self::In,
        Self::Out,
        Self::Call,
        Self::Returned,
        Self::Raised,
        Self::Context,
    ];

    const BY_CODE: [Option<Self>; 256] = {
        let (mut table, mut n) = ([None; 256], 0);
        while n < Self::ALL.len() {
            table[Self::ALL[n] as usize] = Some(Self::ALL[n]);
            n += 1;
        }
        table
    };

    /// The kind with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        Self::BY_CODE[code as usize]
    }

    /// Whether the VM's tracing tells of it, and nothing in the program's code.
    pub const fn is_told(self) -> bool {
        self as u8 >= Self::Send as u8
    }

    /// Lower-case name, as commands print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Leave => "leave",
            Self::Tail => "tail",
            Self::Branch => "branch",
            Self::Bind => "bind",
            Self::Caught => "caught",
            Self::Locals => "locals",
            Self::NameAtom => "name_atom",
            Self::NameProcess => "name_process",
            Self::Exit => "exit",
            Self::Clock => "clock",
            Self::Mark => "mark",
            Self::State => "state",
            Self::StateDelta => "state_delta",
            Self::Level => "level",
            Self::Switch => "switch",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Spawn => "spawn",
            Self::Spawned => "spawned",
            Self::Link => "link",
            Self::Unlink => "unlink",
            Self::Register => "register",
            Self::Unregister => "unregister",
            Self::GcStart => "gc_start",
            Self::GcEnd => "gc_end",
            Self::In => "in",
            Self::Out => "out",
            Self::Call => "call",
            Self::Returned => "returned",
            Self::Raised => "raised",
            Self::Context => "context",
        }
    }
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The bytes end before the record does.
    #[error("the record ends early")]
    Short,
    /// The length field contradicts itself.
    #[error("the record's length field is damaged")]
    Length,
    /// A kind this version does not know.
    #[error("unknown record kind {0}")]
    Kind(u8),
    /// An id with more than 59 bits.
    #[error("the node id has more than 59 bits")]
    NodeId,
}

/// One record, borrowing its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// What happened.
    pub kind: Kind,
    /// [`FLAG_TRUNCATED`], [`FLAG_OMITTED`], [`FLAG_WITHHELD`].
    pub flags: u8,
    /// The number of the context that the process was in; 0: none.
    pub context: u64,
    /// Number of terms in the payload.
    pub argc: u8,
    /// Where it happened; for names, the low 59 bits of the key; for what the VM tells,
    /// the variant.
    pub node: NodeId,
    /// Clock ticks, in the unit the segment's header names.
    pub ticks: u64,
    /// The process, as the VM's own 64-bit term.
    pub pid: u64,
    /// Encoded terms or text, without padding.
    pub payload: &'a [u8],
}

/// Bytes that a record with this payload takes.
pub const fn record_len(payload: usize) -> usize {
    (RECORD_HEADER + 7 + payload) & !7
}

/// The longest payload the length field can express.
pub const MAX_PAYLOAD: usize = u16::MAX as usize * 8 - RECORD_HEADER;

/// Word 0 of a record; `payload` must not exceed [`MAX_PAYLOAD`].
pub const fn first_word(kind: Kind, flags: u8, argc: u8, payload: usize) -> u64 {
    let words = (record_len(payload) / 8) as u64;
    words | (kind as u64) << 16 | (flags as u64) << 24 | (argc as u64) << 32 | (payload as u64) << 40
}

/// Bytes of the record at the front, whatever its kind, if its length agrees with itself
/// and it is there whole.
pub fn extent(bytes: &[u8]) -> Option<usize> {
    let first = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
    let (len, payload) = ((first & 0xffff) as usize * 8, (first >> 40) as usize);
    (len == record_len(payload) && len <= bytes.len()).then_some(len)
}

/// Where the records of `data` begin, as far as their lengths tell; then where they end.
pub fn places(data: &[u8]) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(0), |at| Some(at + extent(data.get(*at..)?)?))
}

impl<'a> Record<'a> {
    /// Bytes that the record takes.
    pub const fn extent(&self) -> usize {
        record_len(self.payload.len() + if self.context == 0 { 0 } else { CONTEXT_BYTES })
    }

    /// Appends the record; a payload over [`MAX_PAYLOAD`] is left out and flagged.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let context = self.context.to_le_bytes();
        let (number, flag) = if self.context == 0 { (&[][..], 0) } else { (&context[..], FLAG_CONTEXT) };
        let fits = number.len() + self.payload.len() <= MAX_PAYLOAD;
        let (payload, flags) = if fits { (self.payload, self.flags) } else { (&[][..], self.flags | FLAG_OMITTED) };
        let first = first_word(self.kind, flags | flag, self.argc, number.len() + payload.len());
        for word in [first, self.node.raw(), self.ticks, self.pid] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(number);
        out.extend_from_slice(payload);
        out.resize(out.len().next_multiple_of(8), 0);
    }

    /// Reads the record at the front; also what follows it.
    ///
    /// # Errors
    /// When the bytes are not a whole, valid record.
    pub fn read_from(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), RecordError> {
        let word = |n: usize| -> Result<u64, RecordError> {
            let slice = bytes.get(n * 8..n * 8 + 8).ok_or(RecordError::Short)?;
            Ok(u64::from_le_bytes(slice.try_into().map_err(|_| RecordError::Short)?))
        };
        let first = word(0)?;
        let (len, payload_len) = ((first & 0xffff) as usize * 8, (first >> 40) as usize);
        if len != record_len(payload_len) {
            return Err(RecordError::Length);
        }
        let code = (first >> 16) as u8;
        let kind = Kind::from_code(code).ok_or(RecordError::Kind(code))?;
        let node = NodeId::from_raw(word(1)?).ok_or(RecordError::NodeId)?;
        let (ticks, pid) = (word(2)?, word(3)?);
        let payload = bytes.get(RECORD_HEADER..RECORD_HEADER + payload_len).ok_or(RecordError::Short)?;
        let rest = bytes.get(len..).ok_or(RecordError::Short)?;
        let flags = (first >> 24) as u8;
        let (context, payload) = if flags & FLAG_CONTEXT == 0 { (0, payload) } else { split_context(payload)? };
        let flags = flags & !FLAG_CONTEXT;
        let record = Self { kind, flags, argc: (first >> 32) as u8, context, node, ticks, pid, payload };
        Ok((record, rest))
    }
}

fn split_context(payload: &[u8]) -> Result<(u64, &[u8]), RecordError> {
    let (number, rest) = payload.split_first_chunk().ok_or(RecordError::Length)?;
    Ok((u64::from_le_bytes(*number), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_of_one_kind() {
        for code in 0..=u8::MAX {
            let kinds: Vec<_> = Kind::ALL.into_iter().filter(|kind| *kind as u8 == code).collect();
            assert_eq!(Kind::from_code(code).into_iter().collect::<Vec<_>>(), kinds);
        }
    }

    #[test]
    fn a_context_stands_before_the_terms() {
        let node = NodeId::from_raw(99).unwrap();
        for (payload, words) in [(&b"hello"[..], 6), (&[], 5)] {
            let record = Record { kind: Kind::Enter, flags: 1, argc: 2, context: 7, node, ticks: 5, pid: 9, payload };
            let mut bytes = Vec::new();
            record.write_to(&mut bytes);
            assert_eq!((bytes.len(), &bytes[32..40]), (words * 8, &[7, 0, 0, 0, 0, 0, 0, 0][..]));
            assert_eq!(Record::read_from(&bytes), Ok((record, &[][..])));
        }
        let mut short = Vec::new();
        for word in [first_word(Kind::Enter, FLAG_CONTEXT, 0, 7), 0, 0, 0, 0] {
            short.extend_from_slice(&word.to_le_bytes());
        }
        assert_eq!(Record::read_from(&short), Err(RecordError::Length));
    }

    #[test]
    fn every_truncation_and_bit_flip_is_an_error_or_a_record_never_a_panic() {
        let mut bytes = Vec::new();
        let node = NodeId::from_raw(99).unwrap();
        let record =
            Record { kind: Kind::Enter, flags: 1, argc: 2, context: 0, node, ticks: 5, pid: 9, payload: b"hello" };
        record.write_to(&mut bytes);
        assert_eq!(bytes.len(), 40);
        assert_eq!(Record::read_from(&bytes), Ok((record, &[][..])));
        for end in 0..bytes.len() {
            assert!(Record::read_from(&bytes[..end]).is_err(), "cut at {end}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let _ = Record::read_from(&damaged);
        }
    }
}
