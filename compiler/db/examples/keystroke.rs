//! How long the ids of a file take after a keystroke: `keystroke FILE [COUNT]`.
//! Cutting the text and joining the trees are parts of the parse, measured again on
//! their own; the rest of it reads the parts that are new.
//!
//! A line is typed into bodies of the file and deleted again, one character a
//! time; most of the texts between are broken, as they are in an editor.

use db::{Database, Layout, Origin, SourceFile};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use syntax::{Outline, Piece};

const TYPED: &str = "    total = Enum.map(items, fn {name, price} -> \"#{name}: #{price}\" end)\n";
const PLACES: usize = 5;

/// The parts of one answer, in the order in which they are computed.
#[derive(Default)]
struct Answer {
    parse: Duration,
    cut: Duration,
    join: Duration,
    ids: Duration,
    clauses: Duration,
}

impl Answer {
    fn total(&self) -> Duration {
        self.parse + self.ids + self.clauses
    }

    fn with_parts(self, text: &str, known: &mut HashMap<String, Piece>) -> Self {
        let start = Instant::now();
        let Some(outline) = Outline::of(text) else { return self };
        let cut = start.elapsed();
        for part in outline.chunks().chain([outline.skeleton()]) {
            if !known.contains_key(part) {
                known.insert(part.to_owned(), Piece::parse(part));
            }
        }
        let (skeleton, chunks) = (&known[outline.skeleton()], outline.chunks().map(|part| &known[part]));
        let chunks: Vec<_> = chunks.collect();
        let start = Instant::now();
        outline.assemble(skeleton, chunks);
        Self { cut, join: start.elapsed(), ..self }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else { return eprintln!("usage: keystroke FILE [COUNT]") };
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(400);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return eprintln!("cannot read {path}: {error}"),
    };
    let mut db = Database::default();
    let file = SourceFile::of(&db, Origin::Project, "lib/long.ex", text.clone().into_bytes(), None);
    Layout::add(&mut db, Origin::Project, [file]);
    db::clauses(&db, file);
    // The first edit reads all parts.
    file.edit(&mut db, format!("{text}\n").into_bytes());
    db::clauses(&db, file);
    let mut known = HashMap::new();
    let answers: Vec<_> = texts(&text)
        .take(count)
        .map(|text| answer(&mut db, file, text.clone()).with_parts(&text, &mut known))
        .collect();
    println!("a keystroke in a file of {} lines, {} bytes, {} times:", text.lines().count(), text.len(), answers.len());
    show("in all", &answers, Answer::total);
    show("parse", &answers, |answer| answer.parse);
    show("  cut", &answers, |answer| answer.cut);
    show("  join", &answers, |answer| answer.join);
    show("ids", &answers, |answer| answer.ids);
    show("clauses", &answers, |answer| answer.clauses);
}

/// The text after each keystroke.
fn texts(text: &str) -> impl Iterator<Item = String> {
    let bodies: Vec<usize> = text.match_indices(") do\n").map(|(at, found)| at + found.len()).collect();
    let chosen = (0..PLACES).filter_map(move |n| bodies.get(bodies.len() * n / PLACES).copied());
    let typed = (1..=TYPED.len()).chain((0..TYPED.len()).rev());
    chosen.flat_map(move |at| {
        typed.clone().map(move |length| format!("{}{}{}", &text[..at], &TYPED[..length], &text[at..]))
    })
}

fn answer(db: &mut Database, file: SourceFile, text: String) -> Answer {
    let start = Instant::now();
    file.edit(db, text.into_bytes());
    db::parse(db, file);
    let parse = start.elapsed();
    db::node_ids(db, file);
    let ids = start.elapsed() - parse;
    db::clauses(db, file);
    Answer { parse, ids, clauses: start.elapsed() - parse - ids, ..Answer::default() }
}

fn show(what: &str, answers: &[Answer], part: impl Fn(&Answer) -> Duration) {
    let sum = |part: &dyn Fn(&Answer) -> Duration| answers.iter().map(part).sum::<Duration>().as_secs_f64();
    let share = 100.0 * sum(&part) / sum(&Answer::total).max(f64::MIN_POSITIVE);
    let mut times: Vec<_> = answers.iter().map(part).collect();
    times.sort();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    println!("  {what:<8} p50 {:>10.3?}  p95 {:>10.3?}  {share:>4.0} %", at(50), at(95));
}
