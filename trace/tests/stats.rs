//! What statistics say of calls and errors.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer, list, map, tuple};
use std::fs;
use trace::{Frames, Recording, Stats};
use wire::{NodeKind, Term};

fn stats(writer: &Writer) -> Stats {
    let dir = writer.finish();
    let recording = Recording::open(&dir).unwrap();
    let stats = Stats::of(&recording, &Frames::build(&recording));
    fs::remove_dir_all(dir).unwrap();
    stats
}

#[test]
fn a_functions_own_time_is_without_its_callees() {
    let mut writer = Writer::new("own-time");
    let buy = writer.function("Shop", "buy", "item", "lib/shop.ex", 3);
    let price = writer.function("Shop", "price", "item", "lib/shop.ex", 9);
    let idle = writer.function("Shop", "idle", "", "lib/shop.ex", 20);
    // Each event is 1 µs after the one before.
    writer.enter(idle, PID, &[]);
    writer.enter(buy, PID, &[Term::Int(1)]);
    writer.enter(price, PID, &[Term::Int(1)]);
    writer.now += 7_000;
    writer.leave(price, PID, &[Term::Int(9)]);
    writer.enter(price, PID, &[Term::Int(2)]);
    writer.leave(price, PID, &[Term::Int(9)]);
    writer.leave(buy, PID, &[Term::Int(18)]);
    let times: Vec<_> = stats(&writer)
        .times
        .into_iter()
        .map(|time| (time.function, time.calls, time.own_ns, time.longest_ns, time.longest_at_ns))
        .collect();
    // `idle` is open: how long it takes is not known.
    let expected = [("Shop.price/1", 2, 9_000, 8_000, 3_000), ("Shop.buy/1", 1, 3_000, 12_000, 2_000)];
    assert_eq!(times, expected.map(|(name, calls, own, longest, at)| (name.to_owned(), calls, own, longest, at)));
}

#[test]
fn recursion_counts_no_time_twice() {
    let mut writer = Writer::new("recursion");
    let walk = writer.function("Shop", "walk", "n", "lib/shop.ex", 3);
    (0..3).for_each(|n| writer.enter(walk, PID, &[Term::Int(n)]));
    (0..3).for_each(|n| writer.leave(walk, PID, &[Term::Int(n)]));
    let [time] = stats(&writer).times.try_into().unwrap();
    assert_eq!((time.calls, time.own_ns, time.longest_ns), (3, 5_000, 5_000));
    assert_eq!(time.longest_pid, "#PID<0.142.0>");
}

#[test]
fn errors_are_exceptions_that_were_caught_and_crashes() {
    let mut writer = Writer::new("errors");
    let buy = writer.function("Shop", "buy", "item", "lib/shop.ex", 3);
    let rescue = writer.place(buy, NodeKind::Handler, "rescue");
    let [marker, module, key] = ["__struct__", "Elixir.ArgumentError", "message"].map(|name| writer.atom(name));
    let exception = map(vec![(marker, module), (key, common::text("no"))]);
    let [normal, shutdown, killed, reason] = ["normal", "shutdown", "killed", "full"].map(|name| writer.atom(name));
    for (kind, reason) in [("error", exception.clone()), ("throw", reason), ("error", exception.clone())] {
        writer.caught(rescue, PID, kind, reason);
    }
    let ends = [normal, shutdown.clone(), tuple(vec![shutdown, Term::Int(1)]), killed];
    for (n, reason) in ends.into_iter().enumerate() {
        let pid = (200 + n as u64) << 4 | 3;
        writer.enter(buy, pid, &[Term::Int(1)]);
        writer.exit(pid, reason);
    }
    writer.enter(buy, PID, &[Term::Int(1)]);
    writer.exit(PID, tuple(vec![exception, list(vec![Term::Int(1)])]));
    writer.name_process(PID, "Elixir.Shop.Till");
    let errors: Vec<_> = stats(&writer).errors.into_iter().map(|e| (e.kind, e.name, e.place, e.count)).collect();
    let expected = [
        ("error", "ArgumentError", "Shop.buy/1", 2),
        ("crash", ":killed", "", 1),
        ("crash", "ArgumentError", "Elixir.Shop.Till", 1),
        ("throw", ":full", "Shop.buy/1", 1),
    ];
    let expected = expected.map(|(kind, name, place, count)| (kind.into(), name.into(), place.into(), count));
    assert_eq!(errors, expected);
}
