//! A run whose beginning a flight recorder has recycled.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer};
use std::fs;
use std::path::Path;
use trace::{Closing, Frames, History, Recording, Stats};
use wire::run::Keep;
use wire::segment::SEGMENT_HEADER;
use wire::{Kind, SegmentHeader, Term};

const OTHER: u64 = 150 << 4 | 3;

/// Replaces a ring's only segment by one that is the ring's fourth, and has what came
/// after `recycled` bytes.
fn recycle(writer: &Writer, dir: &Path, ring: u32, recycled: usize, ticks: u64) {
    let data = &writer.rings[&ring][recycled..];
    let mut bytes = writer.segment(ring, 3, data);
    let (header, _) = SegmentHeader::decode(&bytes[..SEGMENT_HEADER]).unwrap();
    let header = SegmentHeader { ticks, ..header };
    bytes[..104].copy_from_slice(&header.encode());
    fs::write(dir.join(format!("ring-{ring:03}-000000.seg")), bytes).unwrap();
}

/// Ring 1 lacks the beginning of one call and the end of another.
fn writer() -> (Writer, usize) {
    let mut writer = Writer::new("recycled");
    writer.keep = Keep::Newest;
    let [handle, add] = ["handle", "add"].map(|name| writer.function("Shop.Cart", name, "wn", "lib/cart.ex", 3));
    writer.ring = 2;
    writer.enter(handle, OTHER, &[Term::Int(1)]);
    writer.ring = 1;
    writer.leave(handle, OTHER, &[Term::Int(1)]);
    writer.enter(add, PID, &[Term::Int(2)]);
    let recycled = writer.rings[&1].len();
    writer.leave(add, PID, &[Term::Int(2)]);
    writer.enter(add, PID, &[Term::Int(3)]);
    writer.leave(add, PID, &[Term::Int(3)]);
    writer.enter(handle, PID, &[Term::Int(4)]);
    (writer, recycled)
}

#[test]
fn a_beginning_that_was_recycled_is_a_gap_and_no_fault() {
    let (writer, recycled) = writer();
    let dir = writer.finish();
    assert_eq!(Recording::open(&dir).unwrap().whole_from(), None);
    recycle(&writer, &dir, 1, recycled, 4_500);
    let recording = Recording::open(&dir).unwrap();
    assert_eq!((recording.whole_from(), recording.findings().len()), (Some(4_500), 0));
    let frames = Frames::build(&recording);
    let ends: Vec<_> = frames.all().iter().map(|frame| (frame.closing, frame.inferred)).collect();
    // The first may have ended since; the last is open for sure.
    assert_eq!(ends, [(Closing::Open, true), (Closing::Returned, false), (Closing::Open, false)]);
    let stats = Stats::of(&recording, &frames);
    assert_eq!((stats.recycled_segments, stats.missing_segments, stats.orphans), (3, 0, 1));
    assert_eq!(stats.whole_from_ns, Some(3_500));
    fs::remove_dir_all(dir).unwrap();
}

/// The end of a call was recycled with another thread's segment, though its beginning
/// is there: what the process did then is no part of that call.
#[test]
fn calls_after_one_whose_end_was_recycled_are_not_inside_of_it() {
    let mut writer = Writer::new("phantom");
    writer.keep = Keep::Newest;
    let step = writer.function("Shop.Scenario", "step", "k", "lib/shop.ex", 3);
    let run = writer.function("Shop.Scenario", "run", "n", "lib/shop.ex", 9);
    let branch = writer.place(run, wire::NodeKind::Branch, "do");
    writer.ring = 2;
    writer.enter(run, OTHER, &[Term::Int(9)]);
    writer.enter(step, PID, &[Term::Int(1)]);
    writer.ring = 1;
    writer.leave(step, PID, &[Term::Int(1)]);
    let recycled = writer.rings[&1].len();
    let begins = writer.now + 500;
    for n in 2..4 {
        writer.enter(step, PID, &[Term::Int(n)]);
        writer.leave(step, PID, &[Term::Int(n)]);
    }
    // The other process's call proves that it goes on.
    writer.record(wire::Kind::Branch, branch, OTHER, 0, &[]);
    writer.enter(step, OTHER, &[Term::Int(4)]);
    let dir = writer.finish();
    recycle(&writer, &dir, 1, recycled, begins);
    let frames = Frames::build(&Recording::open(&dir).unwrap());
    let places: Vec<_> = frames.all().iter().map(|frame| (frame.inferred, frame.depth, frame.parent())).collect();
    let alone = (false, 0, None);
    assert_eq!(places, [alone, (true, 0, None), alone, alone, (false, 1, Some(0))]);
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn only_a_flight_recorder_recycles() {
    let (mut writer, recycled) = writer();
    writer.keep = Keep::All;
    let dir = writer.finish();
    recycle(&writer, &dir, 1, recycled, 4_500);
    let recording = Recording::open(&dir).unwrap();
    assert!(recording.findings()[0].to_string().contains("3 segments before it are absent"));
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn what_another_thread_told_of_a_state_may_be_recycled() {
    let (mut writer, recycled) = writer();
    writer.ring = 2;
    // All of the body, from its beginning: the number 5.
    writer.record(Kind::State, 1, PID, 0, &[1, 0, 5]);
    let dir = writer.finish();
    for (ticks, uncertain) in [(writer.now - 1, false), (writer.now + 1, true)] {
        recycle(&writer, &dir, 1, recycled, ticks);
        let recording = Recording::open(&dir).unwrap();
        let known = History::of(&recording, PID, None).at(i64::MAX).unwrap();
        assert_eq!((known.term, known.uncertain), (Term::Int(5), uncertain));
    }
    fs::remove_dir_all(dir).unwrap();
}
