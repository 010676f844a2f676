//! The erasure law, checked on every output by our own parser. The Mix step
//! checks it again with Elixir's.

use crate::{Insertion, Side};
use syntax::{SyntaxElement, SyntaxKind, SyntaxNode, TextRange, TextSize, statements};

/// How an output breaks the law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, in the original text.
    pub range: TextRange,
    /// Which part of the law, and what was found.
    pub why: String,
}

/// Checks `output` against `source`: lines, bytes, syntax, tree.
///
/// # Errors
/// With the first part of the law that does not hold.
pub fn check(source: &str, insertions: &[Insertion], output: &str) -> Result<(), Violation> {
    let at = |offset: TextSize, why: &str| Violation {
        range: TextRange::empty(offset),
        why: format!("the erasure law would be broken: {why}"),
    };
    if let Some(bad) = insertions.iter().find(|insertion| insertion.text.contains(['\n', '\r'])) {
        return Err(at(bad.at, "an insertion contains a newline"));
    }
    if output.lines().count() != source.lines().count() {
        return Err(at(TextSize::from(0), "the number of lines changed"));
    }
    if remove(output, insertions).as_deref() != Some(source) {
        return Err(at(TextSize::from(0), "removing the insertions does not restore the bytes"));
    }
    let parse = syntax::parse(output.as_bytes());
    if let Some(error) = parse.errors().first() {
        return Err(at(original(error.range.start(), insertions), "the result does not parse"));
    }
    let (before, after) = (shape(&syntax::parse(source.as_bytes()).root()), shape(&parse.root()));
    if before != after {
        let differs = before.iter().zip(&after).position(|(a, b)| a.0 != b.0).unwrap_or(before.len().min(after.len()));
        let place = before.get(differs).or(before.last()).map_or(TextSize::from(0), |leaf| leaf.1);
        return Err(at(place, "the tree without its probes is not the original's"));
    }
    Ok(())
}

/// The output without the insertions, if they stand where they say.
fn remove(output: &str, insertions: &[Insertion]) -> Option<String> {
    let mut out = String::with_capacity(output.len());
    let (mut rest, mut from) = (output, 0);
    for insertion in insertions {
        let kept = usize::from(insertion.at).checked_sub(from)?;
        let (before, after) = rest.split_at_checked(kept)?;
        out.push_str(before);
        rest = after.strip_prefix(insertion.text.as_str())?;
        from = usize::from(insertion.at);
    }
    out.push_str(rest);
    Some(out)
}

fn original(offset: TextSize, insertions: &[Insertion]) -> TextSize {
    let mut added = TextSize::from(0);
    for insertion in insertions {
        if insertion.at + added >= offset && insertion.side == Side::Open {
            break;
        }
        added += TextSize::of(insertion.text.as_str());
    }
    offset.checked_sub(added).unwrap_or(offset)
}

/// A tree as a sequence of brackets and leaves, without trivia, commas,
/// semicolons, grouping parentheses and probes.
type Shape = Vec<Leaf>;

#[derive(Debug)]
struct Leaf(String, TextSize);

impl PartialEq for Leaf {
    fn eq(&self, other: &Self) -> bool {
        // Offsets differ by what was inserted; only the content counts.
        self.0 == other.0
    }
}

fn shape(root: &SyntaxNode) -> Shape {
    let mut out = Vec::new();
    push(root, &mut out);
    out
}

/// Depth is bounded: deeper files are refused before they come here.
fn push(node: &SyntaxNode, out: &mut Shape) {
    if let Some(inner) = erased(node) {
        return push(&inner, out);
    }
    let at = node.text_range().start();
    out.push(Leaf(format!("({}", node.kind().name()), at));
    for child in node.children_with_tokens() {
        match child {
            SyntaxElement::Node(child) if is_dropped(&child) => {}
            SyntaxElement::Node(child) => push(&child, out),
            SyntaxElement::Token(token) => {
                use SyntaxKind::{T_COMMA, T_SEMICOLON};
                let silent = token.kind().is_trivia() || matches!(token.kind(), T_COMMA | T_SEMICOLON);
                if !silent {
                    out.push(Leaf(token.text().trim().to_owned(), token.text_range().start()));
                }
            }
        }
    }
    out.push(Leaf(")".into(), at));
}

/// What stands for `node` once probes are gone, if not itself.
fn erased(node: &SyntaxNode) -> Option<SyntaxNode> {
    match node.kind() {
        SyntaxKind::CALL => {
            let (name, mut arguments) = probe(node)?;
            let passes = matches!(name.as_str(), "leave" | "leave_falsy" | "leave_truthy" | "bind" | "tail");
            if passes && arguments.len() == 2 { arguments.pop() } else { None }
        }
        // Grouping parentheses, in the original as in the output.
        SyntaxKind::BLOCK => {
            let kept: Vec<_> = statements(node).into_iter().filter(|child| !is_dropped(child)).collect();
            match kept.as_slice() {
                [only] if only.kind() != SyntaxKind::STAB_CLAUSE => Some(only.clone()),
                _ => None,
            }
        }
        // A head's pattern that was given a name.
        SyntaxKind::BINARY_OPERATOR => {
            let (left, right) = (node.first_child()?, node.last_child()?);
            let named = right.kind() == SyntaxKind::IDENTIFIER && right.text().to_string().starts_with("scope_arg");
            named.then_some(left)
        }
        _ => None,
    }
}

/// Whether `node` is a probe that stands as a statement, or an `else` that
/// consists of one.
fn is_dropped(node: &SyntaxNode) -> bool {
    match node.kind() {
        SyntaxKind::CALL => probe(node).is_some_and(|(name, arguments)| match name.as_str() {
            "enter" | "branch" | "caught" => true,
            "leave" | "tail" => arguments.len() == 1,
            _ => false,
        }),
        SyntaxKind::ELSE_BLOCK => matches!(statements(node).as_slice(), [only] if is_inserted_else(only)),
        SyntaxKind::PAIR => {
            let is_else = node.first_child().is_some_and(|key| key.text().to_string().trim() == "else:");
            is_else && node.last_child().is_some_and(|value| is_inserted_else(&value))
        }
        _ => false,
    }
}

fn is_inserted_else(node: &SyntaxNode) -> bool {
    match node.kind() {
        SyntaxKind::CALL => is_dropped(node),
        SyntaxKind::BLOCK => matches!(statements(node).as_slice(), [only] if is_inserted_else(only)),
        SyntaxKind::STAB_CLAUSE => node.first_child().is_some_and(|head| head.text() == "scope_value"),
        _ => false,
    }
}

fn probe(node: &SyntaxNode) -> Option<(String, Vec<SyntaxNode>)> {
    let call = syntax::Call::cast(node)?;
    let syntax::Target::Remote(left, name) = call.target() else { return None };
    let nodes = call.arguments().into_iter().map(|argument| match argument {
        syntax::Argument::Expr(node) | syntax::Argument::Keywords(node) => node,
    });
    (left.text() == ":scope_probe").then(|| (name, nodes.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::NodeId;

    #[track_caller]
    fn check_one(source: &str, edits: &[(&str, &str)], lawful: bool) {
        let node = NodeId::from_raw(1).unwrap();
        let insertions: Vec<_> = edits
            .iter()
            .map(|(before, text)| {
                let at = TextSize::from(source.find(before).unwrap() as u32);
                Insertion { at, side: Side::Open, depth: 0, text: (*text).into(), node }
            })
            .collect();
        let output = crate::edit::apply(source, &insertions);
        assert_eq!(check(source, &insertions, &output).is_ok(), lawful, "{output}");
    }

    #[test]
    fn lawful_probes_pass() {
        check_one("f do\n  a\nend", &[("a\n", ":scope_probe.enter(1); ")], true);
        check_one("f do\n  a\nend", &[("a\n", ":scope_probe.leave(1, "), ("\nend", ")")], true);
        check_one("if a do\n  b\nend", &[("end", "else :scope_probe.leave(1) ")], true);
    }

    #[test]
    fn deliberately_wrong_edits_are_refused() {
        // Inside an identifier; a moved `do:`; a swallowed clause; other code; a newline.
        check_one("foo(bar)", &[("ar", ":scope_probe.tail(1); ")], false);
        check_one("f a, do: b", &[("a, do", "("), (": b", ")")], false);
        check_one("case x do\n  1 -> a\n  2 -> b\nend", &[("a\n", ":scope_probe.leave(1, ("), ("\nend", "))")], false);
        check_one("f(a)", &[("a)", "b + ")], false);
        check_one("f(a)", &[("a)", "\n")], false);
        check_one("f(a)", &[("a)", ":other.leave(1, "), (")", ")")], false);
        check_one("x = a", &[("a", "!")], false);
    }
}
