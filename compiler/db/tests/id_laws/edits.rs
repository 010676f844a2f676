//! Edits inside the body of one clause.

use crate::corpus::Source;
use crate::random::Random;
use crate::{Mutant, Tally};
use std::ops::Range;
use syntax::{Clause, SectionRole, SyntaxKind, SyntaxNode, modules, trimmed_range};

/// Changes one thing in the body of one clause; the law speaks of all outside
/// that clause, clauses of the same function included.
pub fn mutate(source: &Source, random: &mut Random, _: &mut Tally) -> Option<Mutant> {
    let clauses: Vec<_> = modules(&source.root()).iter().flat_map(syntax::Module::clauses).collect();
    let clause = random.pick(&clauses)?;
    let (range, with) = edit(clause, random)?;
    let mut mutant = Mutant::replace(&source.text, range.clone(), &with);
    let whole: Range<usize> = trimmed_range(clause.call.node()).into();
    mutant.new = whole.start..whole.end + with.len() - range.len();
    mutant.old = whole;
    Some(mutant)
}

fn edit(clause: &Clause, random: &mut Random) -> Option<(Range<usize>, String)> {
    let body = clause.body.section(SectionRole::Do)?;
    let nodes: Vec<SyntaxNode> = body.node.descendants().skip(usize::from(!body.keyword)).collect();
    let node = random.pick(&nodes)?;
    let range: Range<usize> = trimmed_range(node).into();
    let text = node.text().to_string().trim().to_owned();
    let is_expression = node
        .parent()
        .is_some_and(|parent| matches!(parent.kind(), SyntaxKind::DO_BLOCK | SyntaxKind::BODY | SyntaxKind::ARGUMENTS));
    match (node.kind(), random.below(4)) {
        (SyntaxKind::IDENTIFIER, _) => Some((range, "other_name".into())),
        (SyntaxKind::INTEGER, _) => Some((range, "4711".into())),
        (SyntaxKind::ALIAS, _) => Some((range, "Other.Module".into())),
        (SyntaxKind::ATOM, _) => Some((range, ":other_atom".into())),
        (_, 0) if is_expression => Some((range, "other(1, [])".into())),
        (_, 1) if is_expression => Some((range, format!("[{text}]"))),
        (_, 2) if is_statement(node) => Some((range, format!("{text}\n{text}"))),
        (_, 3) if is_statement(node) => Some((range, String::new())),
        _ => None,
    }
}

fn is_statement(node: &SyntaxNode) -> bool {
    node.kind() != SyntaxKind::STAB_CLAUSE
        && node.parent().is_some_and(|parent| matches!(parent.kind(), SyntaxKind::DO_BLOCK | SyntaxKind::BODY))
}
