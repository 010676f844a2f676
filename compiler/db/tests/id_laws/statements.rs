//! A statement between others.

use crate::corpus::{Source, corpus};
use crate::random::Random;
use crate::{Mutant, Tally};
use std::collections::BTreeMap;
use std::ops::Range;
use syntax::{SyntaxNode, trimmed_range};

/// Every statement: in function bodies alone, or anywhere.
fn statements(source: &Source, functions_only: bool) -> Vec<SyntaxNode> {
    let wanted = source
        .ids
        .nodes()
        .iter()
        .filter(|node| node.role == "statement" && (!functions_only || !source.ids.owner(node).name.is_empty()));
    let wanted: std::collections::BTreeSet<_> = wanted.map(|node| node.ptr).collect();
    source.root().descendants().filter(|node| wanted.contains(&db::NodePtr::of(node))).collect()
}

fn insert(source: &Source, beside: &SyntaxNode, before: bool, statement: &str) -> Mutant {
    let range: Range<usize> = trimmed_range(beside).into();
    let (at, inserted) =
        if before { (range.start, format!("{statement}\n")) } else { (range.end, format!("\n{statement}")) };
    Mutant::replace(&source.text, at..at, &inserted)
}

/// A statement with a key of its own, beside any statement.
pub fn insert_fresh(source: &Source, random: &mut Random, _: &mut Tally) -> Option<Mutant> {
    const FRESH: [&str; 4] = ["scope_new(1, x)", "scope_new = f(x)", "@scope_new %{a: 1}", "if scope_new, do: f(x)"];
    let places = statements(source, false);
    let beside = random.pick(&places)?;
    let statement = FRESH[random.below(FRESH.len())];
    Some(insert(source, beside, random.below(2) == 0, statement))
}

/// A statement of the same file, in a function's body. Excluded where a sibling
/// behind it has its key.
pub fn insert_real(source: &Source, random: &mut Random, tally: &mut Tally) -> Option<Mutant> {
    let places = statements(source, true);
    let (beside, copied) = (random.pick(&places)?, random.pick(&places)?);
    let before = random.below(2) == 0;
    let behind = std::iter::successors(Some(beside.clone()), SyntaxNode::next_sibling).skip(usize::from(!before));
    let key = db::node_label(copied);
    if behind.into_iter().any(|sibling| db::node_label(&sibling) == key) {
        tally.excluded += 1;
        return None;
    }
    Some(insert(source, beside, before, &source.text[Range::<usize>::from(trimmed_range(copied))]))
}

/// How many statements of functions stand behind a sibling with their key: an
/// insertion of its like before them moves their ids.
pub fn print_equal_siblings() {
    let (mut all, mut equal) = (0, 0);
    for source in corpus() {
        let mut seen: BTreeMap<_, usize> = BTreeMap::new();
        for statement in statements(source, true) {
            let list = statement.parent().map(|parent| db::NodePtr::of(&parent));
            let before = seen.entry((list, db::node_label(&statement))).or_insert(0);
            all += 1;
            equal += usize::from(*before > 0);
            *before += 1;
        }
    }
    println!("{equal} of {all} statements of functions stand behind a sibling with their key");
}
