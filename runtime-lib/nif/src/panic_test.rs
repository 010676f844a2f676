//! Panics where a test asks for them, to see that the VM survives, and a change of level
//! right behind a time stamp, to see that it is obeyed: only with the feature `panic-test`.

use crate::filter::Level;
use crate::ring;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use wire::Kind;

/// A node id of which a probe panics before it does anything.
const AT_ONCE: u64 = 13;
/// One of which it panics when the event is written, but not published.
const UNPUBLISHED: u64 = 11;
/// From here on, a node id orders a panic when the VM tells something of that kind.
const TOLD: u64 = 100;
/// The node id that orders one of the helper thread.
const HELPER: u64 = 99;
/// One whose event, once it is decided on, has the level set to off behind the next time
/// stamp that its thread takes.
const STAMP: u64 = 98;

static ORDERED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static AT_STAMP: Cell<bool> = const { Cell::new(false) };
}

pub fn probe(node: u64) {
    assert!(node != AT_ONCE, "asked for by the test");
    if (HELPER..TOLD + 256).contains(&node) {
        ORDERED.store(node, Ordering::Release);
    }
}

pub fn event(node: u64) {
    if node == STAMP {
        AT_STAMP.set(true);
    }
    assert!(node != UNPUBLISHED, "asked for by the test");
}

pub fn told(kind: Kind) {
    fulfil(TOLD + kind as u64);
}

pub fn helper() {
    fulfil(HELPER);
}

pub fn stamped() {
    if AT_STAMP.replace(false)
        && let Some(session) = ring::active()
    {
        session.control.set_level(Level::Off);
    }
}

fn fulfil(order: u64) {
    let is_ordered = ORDERED.compare_exchange(order, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    assert!(!is_ordered, "asked for by the test");
}
