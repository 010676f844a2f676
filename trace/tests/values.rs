//! Terms as Elixir 1.14 prints them, and what becomes of them in little room.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod common;

use common::{list, map, text, tuple};
use trace::value::{Value, inspect};
use wire::Term;
use wire::term::{OPAQUE_MAP, OPAQUE_SECRET, Tail};

/// Atoms of the tests, by position.
const ATOMS: &[&str] = &[
    "ok",
    "a",
    "b",
    "__struct__",
    "Elixir.Shop.Item",
    "Elixir.MapSet",
    "map",
    "Elixir.Range",
    "first",
    "last",
    "step",
    "odd key",
    "a name of more characters than there are columns",
];

struct Names;

impl trace::AtomNames for Names {
    fn atom(&self, index: u64) -> Option<&str> {
        ATOMS.get(index as usize).copied()
    }

    fn pid(&self, term: u64) -> String {
        format!("#PID<0.{term}.0>")
    }
}

fn atom(name: &str) -> Term {
    Term::Atom(ATOMS.iter().position(|text| *text == name).unwrap() as u64)
}

fn show(term: Term, limit: usize) -> String {
    inspect(&Value::from_term(term, &Names), limit)
}

fn bytes(bytes: &[u8], size: u64) -> Term {
    Term::Binary { bytes: bytes.to_vec(), size }
}

fn ints(n: i64) -> Vec<Term> {
    (1..=n).map(Term::Int).collect()
}

fn chars(text: &str) -> Term {
    list(text.bytes().map(|byte| Term::Int(byte.into())).collect())
}

fn cut(list: Term) -> Term {
    let Term::List { items, .. } = list else { panic!("no list") };
    Term::List { items, tail: Tail::Cut }
}

fn item() -> Term {
    let fields = [("__struct__", atom("Elixir.Shop.Item")), ("a", text("mug")), ("b", Term::Int(2))];
    map(fields.map(|(key, value)| (atom(key), value)).to_vec())
}

#[test]
fn whole_terms() {
    let pair = |key: &str, n| tuple(vec![atom(key), Term::Int(n)]);
    let check = |term, printed: &str| assert_eq!(show(term, 200), printed);
    check(atom("ok"), ":ok");
    check(Term::Atom(999), "…(atom 999, unnamed)");
    check(Term::Int(-5), "-5");
    check(Term::Float(1000.0), "1000.0");
    check(Term::Pid(142), "#PID<0.142.0>");
    check(text("a\"b\n#{c} é"), r##""a\"b\n\#{c} é""##);
    check(bytes(&[1, 2, 255], 3), "<<1, 2, 255>>");
    check(bytes(b"a\0", 2), "<<97, 0>>");
    check(Term::Bits { bytes: vec![255, 0b0010_0000], bits: 11 }, "<<255, 1::size(3)>>");
    check(tuple(vec![]), "{}");
    check(list(vec![]), "[]");
    check(list(vec![Term::Int(104), Term::Int(105)]), "[104, 105]");
    check(chars("lib/a.ex"), "'lib/a.ex'");
    check(chars("it's \"x\" #{a}\n"), r##"'it\'s "x" \#{a}\n'"##);
    check(chars("a\x7fb"), "[97, 127, 98]");
    check(list([7, 8, 12].map(Term::Int).to_vec()), "[7, 8, 12]");
    check(tuple(vec![atom("ok"), chars("abc"), chars("a\0c")]), "{:ok, 'abc', [97, 0, 99]}");
    check(list(vec![pair("a", 1), pair("odd key", 2)]), r#"[a: 1, "odd key": 2]"#);
    check(list(vec![pair("Elixir.Shop.Item", 1)]), "[{Shop.Item, 1}]");
    check(Term::List { items: ints(2), tail: Tail::Improper(Box::new(Term::Int(3))) }, "[1, 2 | 3]");
    check(map(vec![(atom("a"), Term::Int(1))]), "%{a: 1}");
    check(map(vec![(atom("a"), Term::Int(1)), (text("b"), Term::Int(2))]), r#"%{:a => 1, "b" => 2}"#);
    check(item(), r#"%Shop.Item{a: "mug", b: 2}"#);
    let set = map(vec![(Term::Int(1), list(vec![])), (Term::Int(2), list(vec![]))]);
    check(map(vec![(atom("__struct__"), atom("Elixir.MapSet")), (atom("map"), set)]), "MapSet.new([1, 2])");
    let range =
        [("__struct__", atom("Elixir.Range")), ("first", Term::Int(1)), ("last", Term::Int(9)), ("step", Term::Int(2))];
    check(map(range.map(|(key, value)| (atom(key), value)).to_vec()), "1..9//2");
}

#[test]
fn what_was_cut_when_recorded_says_so() {
    let check = |term, printed: &str| assert_eq!(show(term, 200), printed);
    check(bytes(b"abc", 3000), r#""abc…"(3000 bytes)"#);
    check(bytes("aé".as_bytes().split_last().unwrap().1, 3000), r#""a…"(3000 bytes)"#);
    check(bytes(&[0, 1], 9), "<<0, 1, …>>(9 bytes)");
    check(Term::List { items: ints(2), tail: Tail::Cut }, "[1, 2, …]");
    check(cut(chars("lib/shop/pay")), "'lib/shop/pay…'");
    check(cut(chars("ab")), "[97, 98, …]");
    check(cut(list(ints(9))), "[1, 2, 3, 4, 5, 6, 7, 8, 9, …]");
    check(Term::Tuple { items: ints(1), size: 9 }, "{1, …}");
    check(Term::Map { pairs: vec![], size: 40 }, "%{…}");
    check(Term::Opaque { kind: OPAQUE_MAP, size: 40 }, "…(map of 40)");
    let secret = Term::Opaque { kind: OPAQUE_SECRET, size: 0 };
    check(map(vec![(atom("a"), secret)]), "%{a: [redacted]}");
    check(Term::External(vec![131, 255]), "…(external term)");
}

#[test]
fn little_room_keeps_the_shape() {
    assert_eq!(show(chars(&"x".repeat(100)), 20), format!("'{}…'", "x".repeat(17)));
    assert_eq!(show(Term::Pid(123_456), 12), "#PID<…>");
    assert_eq!(show(atom("a name of more characters than there are columns"), 30), ":\"a name of more characters …\"");
    assert_eq!(show(atom("Elixir.Shop.Item"), 3), "Shop.Item");
    assert_eq!(show(list(ints(100)), 20), "[1, 2, 3, 4, 5, …]");
    assert_eq!(show(text(&"x".repeat(100)), 20), format!("\"{}…\"", "x".repeat(17)));
    assert_eq!(show(tuple(vec![item(), item(), item()]), 30), r#"{%Shop.Item{a: "mug", …}, …}"#);
    let shapes = [3, 8, 14, 20].map(|limit| show(item(), limit));
    assert_eq!(shapes, ["%{…}", "%Item{…}", "%Shop.Item{…}", "%Shop.Item{…}"]);
    for limit in 1..60 {
        let shown = show(tuple(vec![list(vec![item(), item()]), text(&"y".repeat(50)), list(ints(50))]), limit);
        assert!(shown.chars().count() <= limit.max(3), "{limit}: {shown}");
        assert!(shown.starts_with('{') && shown.ends_with('}'), "{shown}");
    }
}
