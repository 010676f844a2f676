//! The capture path: probes append events to memory-mapped segments.
//!
//! Owns: one ring per OS thread, the segments it writes, the clock, the
//! encoding of terms. It must never know: Elixir's syntax, plans, node maps,
//! what an id means. `ElixirScope.Native` loads it, and its code stays mapped. A
//! panic never reaches the VM: it switches capture off and counts.
//!
//! What a segment holds is `wire`'s; this is how it is read back:
//!
//! ```
//! use wire::{Kind, NodeId, Record};
//! let mut data = Vec::new();
//! let record = Record { kind: Kind::Tail, flags: 0, argc: 0, node: NodeId::from_raw(1).unwrap(),
//!     ticks: 7, pid: 3, payload: &[] };
//! record.write_to(&mut data);
//! assert_eq!(Record::read_from(&data).unwrap().0, record);
//! ```
#![allow(unsafe_code, reason = "the VM's C interface and mapped memory; each block has its proof")]

mod binary;
mod clock;
mod control;
mod encode;
mod filter;
mod full;
mod health;
mod hot;
mod latency;
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
