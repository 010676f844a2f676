//! Whatever happens to the files: a finding, what is readable, never a panic.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, RUN, Writer};
use std::fs;
use std::path::Path;
use trace::{Frames, Messages, OpenError, Recording, RunState, Stats};
use wire::segment::{CURSOR_AT, SEALED_AT, SEGMENT_HEADER};
use wire::{Kind, Term};

const RING: &str = "ring-001-000000.seg";

/// 16 events, for which nothing vouches.
fn small() -> Writer {
    let mut writer = Writer::new("damage");
    writer.sums = false;
    let add = writer.function("Shop.Cart", "add", "wn", "lib/cart.ex", 3);
    for n in 0..8 {
        writer.enter(add, PID, &[Term::Int(n)]);
        writer.leave(add, PID, &[Term::Int(n)]);
    }
    writer.atom("ok");
    writer
}

fn edit(dir: &Path, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(dir.join(file)).unwrap();
    change(&mut bytes);
    fs::write(dir.join(file), bytes).unwrap();
}

/// Opens a damaged run, reads all there is to read, and returns the events and
/// the findings as text.
fn read(dir: &Path) -> (usize, Vec<String>) {
    let recording = Recording::open(dir).unwrap();
    let frames = Frames::build(&recording);
    let stats = Stats::of(&recording, &frames);
    let outline = trace::outline::outline(&recording, &frames, &Default::default());
    let report = trace::outline::Report {
        recording: &recording,
        frames: &frames,
        messages: &Messages::default(),
        outline: &outline,
    };
    serde_json::to_string(&report).unwrap();
    serde_json::to_string(&stats).unwrap();
    (recording.events().len(), recording.findings().iter().map(ToString::to_string).collect())
}

/// Damages a sound run of 16 events and says what must come of it.
fn check(events: usize, finding: &str, damage: impl FnOnce(&Path)) {
    let dir = small().finish();
    damage(&dir);
    let (found, findings) = read(&dir);
    assert_eq!(found, events, "{finding}: {findings:?}");
    if finding.is_empty() {
        assert_eq!(findings, Vec::<String>::new());
    } else {
        assert!(findings.iter().any(|text| text.contains(finding)), "no {finding:?} in {findings:?}");
    }
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn each_kind_of_damage_is_named_and_the_rest_is_read() {
    let put = |at: usize, bytes: [u8; 8]| move |data: &mut Vec<u8>| data[at..at + 8].copy_from_slice(&bytes);
    check(16, "", |_| {});
    check(16, "run.json: cannot be read", |dir| fs::remove_file(dir.join("run.json")).unwrap());
    check(16, "run.json: is damaged", |dir| fs::write(dir.join("run.json"), "{\"id\": 3}").unwrap());
    check(0, "there are no segments", |dir| {
        for file in [RING, "names-000-000000.seg"] {
            fs::remove_file(dir.join(file)).unwrap();
        }
    });
    check(16, "the node map cannot be read", |dir| fs::remove_file(dir.join("nodes-shop.esmap")).unwrap());
    check(16, "damaged (digest)", |dir| edit(dir, "nodes-shop.esmap", |data| data[70] ^= 1));
    check(16, "foreign", |dir| {
        edit(dir, "run.json", |json| {
            let at = json.windows(9).position(|part| part == b"\"digest\":").unwrap();
            json[at + 11..at + 13].copy_from_slice(b"zz");
        })
    });
    check(0, "damaged (checksum)", |dir| edit(dir, RING, |data| data[20] ^= 1));
    check(0, "not a segment", |dir| edit(dir, RING, |data| data[0] ^= 1));
    check(0, "segment format 9, this reader knows 1; upgrade elixirscope to the version that recorded it", |dir| {
        edit(dir, RING, |data| data[8] = 9)
    });
    check(0, "shorter than a segment header", |dir| edit(dir, RING, |data| data.truncate(100)));
    check(0, "shorter than a segment header", |dir| edit(dir, RING, Vec::clear));
    check(16, "beyond the capacity", |dir| edit(dir, RING, put(CURSOR_AT, [0xff; 8])));
    check(16, "does not stand between records", |dir| edit(dir, RING, put(CURSOR_AT, 641u64.to_le_bytes())));
    check(2, "the file ends", |dir| edit(dir, RING, |data| data.truncate(SEGMENT_HEADER + 80)));
    check(15, "40 bytes before the next sound record", |dir| edit(dir, RING, |data| data[SEGMENT_HEADER + 42] = 99));
    check(15, "40 bytes up to the end", |dir| edit(dir, RING, |data| data[SEGMENT_HEADER + 15 * 40] = 0));
    check(13, "120 bytes before", |dir| {
        edit(dir, RING, |data| data[SEGMENT_HEADER + 40..SEGMENT_HEADER + 160].fill(0))
    });
    check(16, "same ring and ordinal", |dir| {
        fs::copy(dir.join(RING), dir.join("ring-001-000001.seg")).unwrap();
    });
}

#[test]
fn a_segment_of_another_run_is_left_out() {
    let dir = small().finish();
    let mut other = wire::SegmentHeader { run: [1; 16], ring: 5, ..Default::default() };
    let page = |header: &wire::SegmentHeader| [&header.encode()[..], &[0; SEGMENT_HEADER - 104]].concat();
    fs::write(dir.join("ring-005-000000.seg"), page(&other)).unwrap();
    let (events, findings) = read(&dir);
    assert_eq!((events, findings.len()), (16, 1));
    assert!(findings[0].contains("belongs to run 0101"));
    (other.run, other.ordinal) = (RUN, 4);
    fs::write(dir.join("ring-005-000000.seg"), page(&other)).unwrap();
    assert!(read(&dir).1[0].contains("4 segments before it are absent"));
    edit(&dir, "run.json", |json| *json = String::from_utf8_lossy(json).replace("\"all\"", "\"newest\"").into_bytes());
    assert_eq!(read(&dir).1, Vec::<String>::new(), "the flight recorder recycles older segments");
    other.ordinal = 7;
    fs::write(dir.join("ring-005-000007.seg"), page(&other)).unwrap();
    assert!(read(&dir).1[0].contains("2 segments before it are absent"));
}

#[test]
fn truncation_at_every_boundary_keeps_what_came_before() {
    let dir = small().finish();
    let whole = fs::read(dir.join(RING)).unwrap();
    for end in (0..=640).step_by(4) {
        fs::write(dir.join(RING), &whole[..SEGMENT_HEADER + end]).unwrap();
        let (events, findings) = read(&dir);
        assert_eq!(events, end / 40, "cut at {end}");
        assert_eq!(findings.is_empty(), end == 640, "cut at {end}");
    }
}

#[test]
fn flipped_bytes_never_panic() {
    let dir = small().finish();
    for file in [RING, "names-000-000000.seg", "nodes-shop.esmap", "run.json"] {
        let whole = fs::read(dir.join(file)).unwrap();
        for at in
            (0..whole.len().min(SEGMENT_HEADER)).step_by(7).chain(SEGMENT_HEADER..whole.len().min(SEGMENT_HEADER + 640))
        {
            for mask in [0xff, 0x01] {
                let mut damaged = whole.clone();
                damaged[at] ^= mask;
                fs::write(dir.join(file), damaged).unwrap();
                read(&dir);
            }
        }
        fs::write(dir.join(file), whole).unwrap();
    }
}

#[test]
fn what_is_no_run_is_an_error() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("empty");
    fs::create_dir_all(&dir).unwrap();
    assert!(matches!(Recording::open(&dir), Err(OpenError::NotARun(_))));
    assert!(matches!(Recording::open(&dir.join("absent")), Err(OpenError::Folder(..))));
}

#[test]
fn an_unsealed_run_is_recording_or_killed() {
    let mut writer = small();
    let state = |writer: &Writer| Recording::open(&writer.finish()).unwrap().state();
    assert_eq!(state(&writer), RunState::Finished);
    writer.sealed = false;
    assert_eq!(state(&writer), RunState::Killed);
    writer.os_pid = u64::from(std::process::id());
    let mut info: serde_json::Value =
        serde_json::from_slice(&fs::read(writer.finish().join("run.json")).unwrap()).unwrap();
    info["started_ns"] = 9_000_000_000_000_000_000u64.into();
    fs::write(writer.dir.join("run.json"), info.to_string()).unwrap();
    assert_eq!(Recording::open(&writer.dir).unwrap().state(), RunState::Recording);
}

#[test]
fn segments_that_stand_ready_are_passed_over() {
    let dir = small().finish();
    let sound = read(&dir);
    for file in ["ring-000007.seg", "names-000008.seg"] {
        fs::write(dir.join(file), vec![0; SEGMENT_HEADER + 4096]).unwrap();
    }
    assert_eq!(read(&dir), sound);
    // With something published, it was in use: then its header is damaged.
    edit(&dir, "ring-000007.seg", |data| data[CURSOR_AT] = 40);
    let (events, findings) = read(&dir);
    assert_eq!((events, findings.len()), (sound.0, 1), "{findings:?}");
    assert!(findings[0].starts_with("ring-000007.seg"));
}

#[test]
fn the_control_ring_says_whether_a_run_is_finished() {
    let mut writer = small();
    writer.ring = 0;
    writer.event(Kind::Mark, 0, PID, &[]);
    writer.sealed = false;
    let dir = writer.finish();
    let state = || Recording::open(&dir).unwrap().state();
    assert_eq!(state(), RunState::Killed);
    edit(&dir, RING, |data| data[SEALED_AT] = 1);
    assert_eq!(state(), RunState::Killed, "another ring's seal says nothing");
    edit(&dir, RING, |data| data[SEALED_AT] = 0);
    edit(&dir, "ring-000-000000.seg", |data| data[SEALED_AT] = 1);
    assert_eq!(state(), RunState::Finished);
}

#[test]
fn a_recording_that_ended_early_says_why() {
    let dir = small().finish();
    let why = || Stats::of(&Recording::open(&dir).unwrap(), &Frames::default()).failure;
    assert_eq!(why(), None);
    edit(&dir, "run.json", |json| {
        let text = String::from_utf8(std::mem::take(json)).unwrap();
        assert!(text.contains("\"failure\": null"));
        *json = text.replace("\"failure\": null", "\"failure\": \"the disk is full\"").into_bytes();
    });
    assert_eq!(why().as_deref(), Some("the disk is full"));
    // Written by a version that had no such field.
    edit(&dir, "run.json", |json| {
        let mut value: serde_json::Value = serde_json::from_slice(json).unwrap();
        value.as_object_mut().unwrap().remove("failure");
        *json = value.to_string().into_bytes();
    });
    assert_eq!((why(), read(&dir).1), (None, Vec::new()));
}

#[test]
fn a_process_that_was_gone_before_it_was_watched_ended_for_an_unknown_reason() {
    let mut writer = small();
    for (n, reason) in ["noproc", "killed"].into_iter().enumerate() {
        let reason = writer.atom(reason);
        writer.exit(PID + (n as u64) * 16, reason);
    }
    let recording = Recording::open(&writer.finish()).unwrap();
    let stats = Stats::of(&recording, &Frames::build(&recording));
    let ends: Vec<_> = stats.processes.iter().map(|process| (process.ended, process.exit_reason.as_deref())).collect();
    assert_eq!(ends, [(true, None), (true, Some(":killed"))]);
}
