//! The formats that cross a process boundary: node ids, event records, segment
//! files, compact terms, node maps, plans and run metadata. Versioned, little
//! endian, readable without the program that wrote them.
//!
//! This crate must never know: Elixir syntax, the BEAM's C API, where files
//! live, how anything is displayed. It depends on no other crate of the project.
//!
//! ```
//! use wire::{Kind, NodeId, Record};
//!
//! let mut bytes = Vec::new();
//! let node = NodeId::from_raw(7).unwrap();
//! let record = Record { kind: Kind::Tail, flags: 0, argc: 0, context: 0, node,
//!     ticks: 100, pid: 3, payload: &[] };
//! record.write_to(&mut bytes);
//! let (read, rest) = Record::read_from(&bytes).unwrap();
//! assert_eq!((read.kind, read.ticks, rest.len()), (Kind::Tail, 100, 0));
//! ```

pub mod limits;
pub mod map;
pub mod node_id;
pub mod plan;
pub mod record;
pub mod redact;
pub mod run;
pub mod segment;
pub mod state;
pub mod sums;
pub mod term;
pub mod varint;
mod words;

pub use limits::TermLimits;
pub use map::{MapBuilder, MapError, NodeEntry, NodeKind, NodeMap};
pub use node_id::{NodeId, NodePath};
pub use plan::{Plan, PlannedClause, Point, Reason, Refusal, Request, Rule, Strength};
pub use record::{FLAG_OMITTED, FLAG_TRUNCATED, FLAG_WITHHELD, Kind, RECORD_HEADER, Record, RecordError};
pub use redact::SecretNames;
pub use run::RunInfo;
pub use segment::{SEGMENT_HEADER, SegmentError, SegmentHeader};
pub use sums::Sums;
pub use term::{Term, TermError};
