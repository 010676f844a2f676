//! What the VM tells: ends of messages that belong together, and what they leave alone.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{PID, Writer, text};
use trace::outline::{DetailView, Row, Selection, outline};
use trace::{Closing, Frames, Messages, Recording};
use wire::{Kind, Term};

const OTHER: u64 = PID + 16;
const THIRD: u64 = PID + 32;

/// A send or receive, by process, whom it names and what it says.
type End = (Kind, u64, Term, i64);

fn sent(from: u64, to: u64, what: i64) -> End {
    (Kind::Send, from, Term::Pid(to), what)
}

fn received(by: u64, from: u64, what: i64) -> End {
    (Kind::Receive, by, Term::Pid(from), what)
}

/// Pairs `ends`; each line says where the other end of one is.
fn check(ends: &[End], expected: &[Option<u32>]) {
    let mut writer = Writer::new("told");
    for (kind, pid, peer, what) in ends {
        writer.event(*kind, 0, *pid, &[peer.clone(), Term::Int(*what)]);
    }
    let recording = Recording::open(&writer.finish()).unwrap();
    let messages = Messages::of(&recording);
    let found: Vec<_> = (0..ends.len() as u32).map(|event| messages.other_end(event)).collect();
    assert_eq!(found, expected);
    let counts = messages.counts();
    assert_eq!(
        (counts.sent + counts.received, counts.paired * 2),
        (ends.len() as u64, expected.iter().flatten().count() as u64)
    );
}

#[test]
fn messages_arrive_in_the_order_in_which_they_were_sent() {
    let both = [sent(PID, OTHER, 1), sent(PID, OTHER, 1), received(OTHER, PID, 1), received(OTHER, PID, 1)];
    check(&both, &[Some(2), Some(3), Some(0), Some(1)]);
    // Two senders are independent, and so are two receivers.
    let three = [sent(PID, THIRD, 1), sent(OTHER, THIRD, 1), received(THIRD, OTHER, 1), received(THIRD, PID, 1)];
    check(&three, &[Some(3), Some(2), Some(1), Some(0)]);
    let two = [sent(PID, THIRD, 1), sent(PID, OTHER, 1), received(OTHER, PID, 1), received(THIRD, PID, 1)];
    check(&two, &[Some(3), Some(2), Some(1), Some(0)]);
}

#[test]
fn an_end_that_is_missing_stays_alone() {
    // The first receive was lost.
    let one = [sent(PID, OTHER, 1), sent(PID, OTHER, 2), received(OTHER, PID, 2)];
    check(&one, &[None, Some(2), Some(1)]);
    // What was passed over does not arrive later.
    let late = [sent(PID, OTHER, 1), sent(PID, OTHER, 2), received(OTHER, PID, 2), received(OTHER, PID, 1)];
    check(&late, &[None, Some(2), Some(1), None]);
    check(&[received(OTHER, PID, 1), sent(PID, OTHER, 2)], &[None, None]);
}

#[test]
fn a_send_to_a_name_or_an_alias_is_found() {
    let mut writer = Writer::new("named");
    let name = writer.atom("shop");
    let alias = text("an alias");
    writer.event(Kind::Register, 1, OTHER, std::slice::from_ref(&name));
    writer.event(Kind::Send, 0, PID, &[name.clone(), Term::Int(1)]);
    writer.event(Kind::Unregister, 0, OTHER, std::slice::from_ref(&name));
    writer.event(Kind::Register, 0, THIRD, std::slice::from_ref(&name));
    writer.event(Kind::Send, 0, PID, &[name, Term::Int(1)]);
    writer.event(Kind::Send, 0, PID, &[alias, Term::Int(2)]);
    writer.event(Kind::Receive, 0, THIRD, &[Term::Pid(PID), Term::Int(1)]);
    writer.event(Kind::Receive, 0, OTHER, &[Term::Pid(PID), Term::Int(1)]);
    writer.event(Kind::Receive, 0, OTHER, &[Term::Pid(PID), Term::Int(2)]);
    let recording = Recording::open(&writer.finish()).unwrap();
    assert_eq!(Frames::build(&recording).processes()[0].pid, PID, "a name it had before is no event of it");
    let messages = Messages::of(&recording);
    assert_eq!([1, 4, 5].map(|send| messages.other_end(send)), [Some(7), Some(6), Some(8)]);
}

#[test]
fn nobody_receives_what_was_sent_to_nobody() {
    let mut writer = Writer::new("nobody");
    writer.event(Kind::Send, 1, PID, &[Term::Pid(OTHER), Term::Int(1)]);
    writer.event(Kind::Receive, 0, OTHER, &[Term::Pid(PID), Term::Int(1)]);
    let messages = Messages::of(&Recording::open(&writer.finish()).unwrap());
    assert_eq!(messages.other_end(0), None);
}

#[test]
fn what_the_vm_tells_shows_nothing_of_calls() {
    let mut writer = Writer::new("between");
    let [f, g] = ["f", "g"].map(|name| writer.function("M", name, "", "lib/m.ex", 1));
    writer.enter(f, PID, &[]);
    writer.event(Kind::Out, 0, PID, &[Term::Int(0)]);
    writer.tail_to(f, g, PID);
    writer.event(Kind::Receive, 0, PID, &[Term::Pid(OTHER), Term::Int(1)]);
    writer.enter(g, PID, &[]);
    writer.leave(g, PID, &[Term::Int(2)]);
    writer.exit(PID, Term::Int(7));
    writer.event(Kind::Exit, 0, PID, &[]);
    let recording = Recording::open(&writer.finish()).unwrap();
    let frames = Frames::build(&recording);
    assert_eq!([0, 1].map(|n| frames.get(n).closing), [Closing::Tail, Closing::Returned]);
    assert_eq!(frames.get(1).tail_of(), Some(0));
    let process = &frames.processes()[0];
    assert_eq!(process.details.iter().map(trace::Detail::frame).collect::<Vec<_>>(), [Some(0), None]);
    assert_eq!(process.exit(), Some(6), "the VM's own word, not the recorder's later one");
}

#[test]
fn messages_are_shown_where_asked_even_without_a_call() {
    let mut writer = Writer::new("shown");
    writer.event(Kind::Send, 0, PID, &[Term::Pid(OTHER), Term::Int(1)]);
    writer.event(Kind::Receive, 0, OTHER, &[Term::Pid(PID), Term::Int(1)]);
    let recording = Recording::open(&writer.finish()).unwrap();
    let frames = Frames::build(&recording);
    let messages = Messages::of(&recording);
    let rows = |told| outline(&recording, &frames, &Selection { told, ..Selection::default() }).rows;
    assert_eq!(rows(false), []);
    let [Row::Process(0), Row::Detail { process: 0, detail: 0, indent: 0 }, Row::Process(1), _] = rows(true)[..] else {
        panic!("{:?}", rows(true))
    };
    let process = &frames.processes()[0];
    let view = DetailView::new(&recording, &messages, process, &process.details[0]);
    assert_eq!((view.kind, view.peer.as_deref(), view.other_end), ("send", Some("#PID<0.143.0>"), Some(1)));
    assert_eq!(view.values[0].value, "1");
}
