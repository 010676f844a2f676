//! Functions in another order, and in another file of their module.

use crate::corpus::{Source, corpus, mutations};
use crate::random::Random;
use std::collections::BTreeMap;
use std::ops::Range;
use syntax::{Clause, Module, SyntaxKind, SyntaxNode, modules, statements, trimmed_range};
use wire::NodeId;

/// Neighbouring statements that move as one: the clauses of a function in a row,
/// with the attributes before them.
struct Group {
    function: (String, usize),
    range: Range<usize>,
    clauses: usize,
}

fn groups(module: &Module) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    let mut start: Option<usize> = None;
    let mut adjacent = false;
    for statement in statements(&module.body) {
        let range: Range<usize> = trimmed_range(&statement).into();
        let Some(clause) = Clause::cast(&statement) else {
            start = start.filter(|_| is_attribute(&statement)).or(describes(&statement).then_some(range.start));
            adjacent = adjacent && start.is_some();
            continue;
        };
        let function = (clause.name.clone(), clause.arity());
        match out.last_mut() {
            Some(last) if adjacent && last.function == function => {
                last.range.end = range.end;
                last.clauses += 1;
            }
            _ => out.push(Group { function, range: start.unwrap_or(range.start)..range.end, clauses: 1 }),
        }
        (start, adjacent) = (None, true);
    }
    out
}

fn is_attribute(statement: &SyntaxNode) -> bool {
    statement.kind() == SyntaxKind::UNARY_OPERATOR && statement.text().to_string().starts_with('@')
}

fn describes(statement: &SyntaxNode) -> bool {
    let text = statement.text().to_string();
    let is = |name: &str| text.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '(']));
    is_attribute(statement) && ["@doc", "@spec", "@impl", "@deprecated"].into_iter().any(is)
}

/// Each function's ids, sorted, and those of each module outside functions.
fn by_function(source: &Source) -> BTreeMap<String, Vec<NodeId>> {
    let mut out: BTreeMap<String, Vec<NodeId>> = BTreeMap::new();
    for node in source.ids.nodes() {
        out.entry(source.ids.owner(node).to_string()).or_default().push(node.id);
    }
    out.values_mut().for_each(|ids| ids.sort());
    out
}

/// Exchanges two neighbouring functions of a module.
pub fn check_moves() {
    let (mut mutants, mut excluded) = (0, 0);
    for (number, source) in corpus().iter().enumerate() {
        let (mut random, before) = (Random::new(5 ^ (number as u64) << 32), by_function(source));
        let modules = modules(&source.root());
        for _ in 0..mutations() {
            let Some(module) = random.pick(&modules) else { continue };
            let groups = groups(module);
            let pairs: Vec<_> = groups.windows(2).filter(|pair| pair[0].function != pair[1].function).collect();
            let Some([one, two]) = random.pick(&pairs) else { continue };
            let (text, between) = (&source.text, one.range.end..two.range.start);
            let (head, tail) = (&text[..one.range.start], &text[two.range.end..]);
            let moved = [head, &text[two.range.clone()], &text[between], &text[one.range.clone()], tail].concat();
            let Some(moved) = Source::parsed(&source.path, moved) else {
                excluded += 1;
                continue;
            };
            mutants += 1;
            let after = by_function(&moved);
            let changed: Vec<_> = before.keys().filter(|owner| before.get(*owner) != after.get(*owner)).collect();
            assert!(before == after, "{}: {changed:?}, moving {:?} past {:?}", source.path, one.function, two.function);
        }
    }
    println!("move: {mutants} mutants, {excluded} excluded, 0 violations");
    assert!(mutants > 100, "the law was hardly tried");
}

/// Leaves the clauses of one function alone in a file of another name.
pub fn check_other_file() {
    let (mut functions, mut excluded) = (0, 0);
    for source in corpus() {
        let before = by_function(source);
        for module in modules(&source.root()) {
            let Some(name) = &module.name else { continue };
            for group in groups(&module) {
                let alone = format!("defmodule {name} do\n{}\nend\n", &source.text[group.range.clone()]);
                let owner = format!("{name}.{}/{}", group.function.0, group.function.1);
                let Some(alone) = Source::parsed("elsewhere.ex", alone) else { continue };
                if source.ids.clauses().iter().filter(|clause| clause.function() == owner).count() > group.clauses {
                    excluded += 1; // not all of the function moves
                    continue;
                }
                functions += 1;
                assert_eq!(before[&owner], by_function(&alone)[&owner], "{}: {owner}", source.path);
            }
        }
    }
    println!("other file: {functions} functions, {excluded} excluded, 0 violations");
    assert!(functions > 100, "the law was hardly tried");
}
