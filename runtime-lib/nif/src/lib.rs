//! The capture path: probes append events to memory-mapped segments.
//!
//! Owns: one ring per OS thread, the segments it writes, the clock, the
//! encoding of terms. It must never know: Elixir's syntax, plans,
//! what an id means; `filter::native` looks up a module's ids in a node map, for Elixir. `ElixirScope.Native` loads it, and its code stays mapped. A
//! panic never reaches the VM: it switches capture off and counts.
//!
//! What a segment holds is `wire`'s; this is how it is read back:
//!
//! ```
//! use wire::{Kind, NodeId, Record};
//! let mut data = Vec::new();
//! let node = NodeId::from_raw(1).unwrap();
//! let record = Record { kind: Kind::Tail, flags: 0, argc: 0, context: 0, node,
//!     ticks: 7, pid: 3, payload: &[] };
//! record.write_to(&mut data);
//! assert_eq!(Record::read_from(&data).unwrap().0, record);
//! ```
#![allow(unsafe_code, reason = "the VM's C interface and mapped memory; each block has its proof")]

mod binary;
mod caller;
mod calls;
mod clock;
mod contexts;
mod control;
mod encode;
mod filter;
mod full;
mod health;
mod hot;
mod latency;
mod limited;
mod limits;
mod load;
mod names;
#[cfg(feature = "panic-test")]
mod panic_test;
mod ring;
mod runs;
mod segment;
mod session;
mod shelf;
mod state;
mod supply;
mod tracer;
mod words;
