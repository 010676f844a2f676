//! The laws of ids, on real files that are changed at random and counted.
//!
//! The sources are those of this repository; `ELIXIRSCOPE_CORPUS=DIR` adds every
//! `*.ex` and `*.exs` below a folder. `ELIXIRSCOPE_MUTATIONS=N` (20 by default) is
//! how often each law is tried on each file. The figures are printed with
//! `cargo test -p elixirscope-db --test id_laws -- --nocapture`.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod corpus;
mod edits;
mod layout;
mod moves;
mod random;
mod statements;

use corpus::{Source, corpus, mutations};
use random::Random;

/// A changed text, and which bytes of the old one stand where in it.
struct Mutant {
    text: String,
    /// What the law does not speak of: a range of the old text and its counterpart.
    old: std::ops::Range<usize>,
    new: std::ops::Range<usize>,
}

impl Mutant {
    /// `with` instead of `range`, of which the law does not speak.
    fn replace(text: &str, range: std::ops::Range<usize>, with: &str) -> Self {
        let new = range.start..range.start + with.len();
        Self { text: [&text[..range.start], with, &text[range.end..]].concat(), old: range, new }
    }
}

/// How a law fared.
#[derive(Default, Debug)]
struct Tally {
    files: usize,
    mutants: usize,
    /// Changes that gave no Elixir, or that the law excludes.
    excluded: usize,
    nodes: usize,
    violations: Vec<String>,
}

/// Tries a law on every file of the corpus; `mutate` gives none where the file
/// has no place for it, and counts what is excluded.
fn check(law: &str, seed: u64, mutate: impl Fn(&Source, &mut Random, &mut Tally) -> Option<Mutant>) -> Tally {
    let mut tally = Tally::default();
    for (number, source) in corpus().iter().enumerate() {
        let mut random = Random::new(seed ^ (number as u64) << 32);
        tally.files += 1;
        for _ in 0..mutations() {
            let Some(mutant) = mutate(source, &mut random, &mut tally) else { continue };
            try_one(source, &mutant, &mut tally);
        }
    }
    let Tally { files, mutants, excluded, nodes, violations } = &tally;
    let lost = violations.len();
    println!(
        "{law}: {files} files, {mutants} mutants, {nodes} ids compared, {excluded} excluded, \
         {lost} violations"
    );
    assert!(violations.is_empty(), "{law}: {lost} of {mutants}, the first ones:\n{}", first(violations));
    assert!(*mutants > 100, "{law} was hardly tried");
    tally
}

fn first(violations: &[String]) -> String {
    violations.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("\n---\n")
}

fn try_one(source: &Source, mutant: &Mutant, tally: &mut Tally) {
    let Some(changed) = Source::parsed(&source.path, mutant.text.clone()) else {
        tally.excluded += 1;
        return;
    };
    let (old, new) = (source.nodes_outside(&mutant.old), changed.nodes_outside(&mutant.new));
    tally.mutants += 1;
    tally.nodes += old.len();
    // The tokens are the same, so the tree must be.
    if old.len() != new.len() || old.iter().zip(&new).any(|(old, new)| old.ptr.kind() != new.ptr.kind()) {
        tally.violations.push(format!("{}: another tree for the same code", source.path));
    } else if let Some((old, new)) = old.iter().zip(&new).find(|(old, new)| old.id != new.id) {
        tally.violations.push(format!("{}: {}\nbecame {}", source.path, source.at(old), changed.at(new)));
    }
}

#[test]
fn layout_and_comments_change_no_id() {
    check("layout", 1, layout::mutate);
}

#[test]
fn an_edit_inside_a_function_changes_no_id_outside_it() {
    check("edit", 2, edits::mutate);
}

#[test]
fn an_inserted_statement_keeps_its_siblings() {
    check("insert", 3, statements::insert_fresh);
}

#[test]
fn a_real_statement_keeps_all_siblings_but_equal_ones_behind_it() {
    let tally = check("insert a real statement", 4, statements::insert_real);
    let share = tally.excluded as f64 / (tally.mutants + tally.excluded) as f64;
    println!("insert a real statement: {:.1} % excluded", share * 100.0);
    statements::print_equal_siblings();
}

#[test]
fn moving_a_function_changes_no_id() {
    moves::check_moves();
}

#[test]
fn a_function_keeps_its_ids_in_another_file_of_its_module() {
    moves::check_other_file();
}
