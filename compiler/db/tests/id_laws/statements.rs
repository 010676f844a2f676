//! A statement between others.

use crate::corpus::{Source, corpus};
use crate::random::Random;
use crate::{Mutant, Tally};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syntax::{Call, SyntaxKind, SyntaxNode, trimmed_range};

/// Every statement: in function bodies alone, or anywhere.
fn statements(source: &Source, inside_functions: bool) -> Vec<SyntaxNode> {
    let nodes = source.ids.nodes();
    let inside = |parent: Option<u32>| parent.is_some_and(|up| !source.ids.owner(&nodes[up as usize]).name.is_empty());
    let wanted = nodes.iter().filter(|node| node.role == "statement" && (!inside_functions || inside(node.parent)));
    let wanted: BTreeSet<_> = wanted.map(|node| node.ptr).collect();
    let found = source.root().descendants().filter(|node| wanted.contains(&db::NodePtr::of(node)));
    found.filter(|node| !is_in_name(node)).collect()
}

/// Code in a head or in a pattern is a part of what names another node.
fn is_in_name(node: &SyntaxNode) -> bool {
    let holds = |name: SyntaxNode| name.text_range().contains_range(node.text_range());
    node.ancestors().any(|outer| match outer.kind() {
        SyntaxKind::STAB_CLAUSE => {
            outer.first_child().is_some_and(|head| head.kind() != SyntaxKind::BODY && holds(head))
        }
        SyntaxKind::BINARY_OPERATOR => {
            let binds = outer.children_with_tokens().any(|child| child.kind() == SyntaxKind::T_EQUAL);
            binds && outer.first_child().is_some_and(holds)
        }
        SyntaxKind::CALL => Call::cast(&outer).is_some_and(|call| {
            let head = call.arguments_node().and_then(|arguments| arguments.first_child());
            call.local_name().is_some_and(|name| name.starts_with("def")) && head.is_some_and(holds)
        }),
        _ => false,
    })
}

fn insert(source: &Source, beside: &SyntaxNode, before: bool, statement: &str) -> Mutant {
    let range: Range<usize> = trimmed_range(beside).into();
    let (at, inserted) =
        if before { (range.start, format!("{statement}\n")) } else { (range.end, format!("\n{statement}")) };
    Mutant::replace(&source.text, at..at, &inserted)
}

/// A statement with a key of its own, beside any statement.
pub fn insert_fresh(source: &Source, random: &mut Random, _: &mut Tally) -> Option<Mutant> {
    const FRESH: [&str; 4] =
        ["scope_new(1, x)", "scope_new = f(x)", "@scope_new %{a: 1}", "scope_new x do\n  f(x)\nend"];
    let places = statements(source, false);
    let beside = random.pick(&places)?;
    let statement = FRESH[random.below(FRESH.len())];
    Some(insert(source, beside, random.below(2) == 0, statement))
}

/// A statement of any file, in a function's body. Excluded where a sibling behind
/// it has its key.
pub fn insert_real(source: &Source, random: &mut Random, tally: &mut Tally) -> Option<Mutant> {
    let other = random.pick(corpus())?;
    let (places, others) = (statements(source, true), statements(other, true));
    let (beside, copied) = (random.pick(&places)?, random.pick(&others)?);
    let before = random.below(2) == 0;
    let behind = std::iter::successors(Some(beside.clone()), SyntaxNode::next_sibling).skip(usize::from(!before));
    let key = db::node_label(copied);
    if behind.into_iter().any(|sibling| db::node_label(&sibling) == key) {
        tally.excluded += 1;
        return None;
    }
    Some(insert(source, beside, before, &other.text[Range::<usize>::from(trimmed_range(copied))]))
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
