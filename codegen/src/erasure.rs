//! The erasure law, checked on every output by our own parser. The Mix step
//! checks it again with Elixir's.

use crate::{Insertion, Side, Sink};
use syntax::{SyntaxElement, SyntaxKind, SyntaxNode, TextRange, TextSize, statements};

/// How an output breaks the law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, in the original text.
    pub range: TextRange,
    /// Which part of the law, and what was found.
    pub why: String,
}

/// Checks `output` against the tree of the original text: lines, bytes, syntax, tree.
///
/// # Errors
/// With the first part of the law that does not hold.
pub fn check(original: &SyntaxNode, insertions: &[Insertion], output: &str, sink: &Sink) -> Result<(), Violation> {
    let source = original.text().to_string();
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
    if remove(output, insertions).as_deref() != Some(source.as_str()) {
        return Err(at(TextSize::from(0), "removing the insertions does not restore the bytes"));
    }
    let parse = syntax::parse(output.as_bytes());
    if let Some(error) = parse.errors().first() {
        return Err(at(place_in_original(error.range.start(), insertions), "the result does not parse"));
    }
    let eraser = Eraser { sink: sink.as_str() };
    let (before, after) = (eraser.shape(original), eraser.shape(&parse.root()));
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

fn place_in_original(offset: TextSize, insertions: &[Insertion]) -> TextSize {
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

/// Knows a probe by the module it calls.
#[derive(Clone, Copy)]
struct Eraser<'a> {
    sink: &'a str,
}

impl Eraser<'_> {
    fn shape(self, root: &SyntaxNode) -> Shape {
        let mut out = Vec::new();
        self.push(root, &mut out);
        out
    }

    /// Depth is bounded: deeper files are refused before they come here.
    fn push(self, node: &SyntaxNode, out: &mut Shape) {
        if let Some(inner) = self.erased(node) {
            return self.push(&inner, out);
        }
        let at = node.text_range().start();
        out.push(Leaf(format!("({}", node.kind().name()), at));
        let last = node.last_child();
        for child in node.children_with_tokens() {
            match child {
                SyntaxElement::Node(child) if self.is_dropped(&child, last.as_ref() == Some(&child)) => {}
                SyntaxElement::Node(child) => self.push(&child, out),
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
    fn erased(self, node: &SyntaxNode) -> Option<SyntaxNode> {
        match node.kind() {
            // Behind a pipe, a probe would have one argument more.
            SyntaxKind::CALL if is_pipe_target(node) => None,
            SyntaxKind::CALL => {
                let (name, mut arguments) = self.probe(node)?;
                let passes = matches!(name.as_str(), "leave" | "leave_falsy" | "leave_truthy" | "bind" | "tail");
                if passes && arguments.len() == 2 { arguments.pop() } else { None }
            }
            // Grouping parentheses, in the original as in the output.
            SyntaxKind::BLOCK => {
                let all = statements(node);
                let last = all.len().saturating_sub(1);
                let mut kept = all.iter().enumerate().filter(|(at, child)| !self.is_dropped(child, *at == last));
                match (kept.next(), kept.next()) {
                    (Some((_, only)), None) if only.kind() != SyntaxKind::STAB_CLAUSE => Some(only.clone()),
                    _ => None,
                }
            }
            SyntaxKind::BINARY_OPERATOR => {
                let (left, right) = (node.first_child()?, node.last_child()?);
                let is_name = |node: &SyntaxNode, name: &str| {
                    node.kind() == SyntaxKind::IDENTIFIER && node.text().to_string().starts_with(name)
                };
                match operator(node).as_deref() {
                    // A pattern that was given a name.
                    Some("=") if is_name(&right, "scope_arg") => Some(left),
                    // An exception that was.
                    Some("in") if is_name(&left, "scope_error") => Some(right),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether `node` is a probe that stands as a statement or as a step of `with`, or
    /// a section that consists of one. The last statement of a block is its value, so
    /// that a probe may only be that where there is no other.
    fn is_dropped(self, node: &SyntaxNode, is_last: bool) -> bool {
        match node.kind() {
            SyntaxKind::CALL if is_last && !self.may_be_last(node) => false,
            SyntaxKind::CALL => self.is_statement(node),
            SyntaxKind::BODY | SyntaxKind::ELSE_BLOCK => {
                statements(node).iter().all(|only| self.is_inserted_else(only))
            }
            SyntaxKind::CATCH_BLOCK => self.is_inserted_catch(node),
            SyntaxKind::PAIR => {
                let is_else = node.first_child().is_some_and(|key| key.text().to_string().trim() == "else:");
                is_else && node.last_child().is_some_and(|value| self.is_inserted_else(&value))
            }
            _ => false,
        }
    }

    /// Whether nothing but probes stands before `node`, or its value is not the block's.
    fn may_be_last(self, node: &SyntaxNode) -> bool {
        let Some(outer) = node.parent() else { return false };
        let alone = || statements(&outer).iter().all(|other| other == node || self.is_statement(other));
        match outer.kind() {
            // Of an inserted `leave` behind the last statement; the value is discarded.
            SyntaxKind::AFTER_BLOCK => true,
            SyntaxKind::BLOCK => alone() || is_after(&outer),
            // A step of `with`.
            SyntaxKind::ARGUMENTS => true,
            _ => alone(),
        }
    }

    fn is_statement(self, node: &SyntaxNode) -> bool {
        match self.probe(node) {
            Some((name, arguments)) => match name.as_str() {
                "enter" | "caught" | "locals" => true,
                "branch" | "leave" | "tail" => arguments.len() == 1,
                _ => false,
            },
            None => self.is_conditional(node),
        }
    }

    /// `case [] do _ when (condition) -> locals; _ -> :ok end`
    fn is_conditional(self, node: &SyntaxNode) -> bool {
        let Some(call) = syntax::Call::cast(node).filter(|call| call.local_name().as_deref() == Some("case")) else {
            return false;
        };
        let subject = call.arguments_node().is_some_and(|arguments| arguments.text() == "[]");
        let clauses = call.do_block().map(|block| statements(&block)).unwrap_or_default();
        let [holds, other] = clauses.as_slice() else { return false };
        let body = syntax::stab_body(holds).map(|body| statements(&body)).unwrap_or_default();
        let [only] = body.as_slice() else { return false };
        let is_locals = self.probe(only).is_some_and(|(name, _)| name == "locals");
        subject && is_locals && other.text().to_string().trim() == "_ -> :ok"
    }

    fn is_inserted_else(self, node: &SyntaxNode) -> bool {
        match node.kind() {
            SyntaxKind::CALL => self.is_statement(node),
            SyntaxKind::BLOCK => matches!(statements(node).as_slice(), [only] if self.is_inserted_else(only)),
            SyntaxKind::STAB_CLAUSE => node.first_child().is_some_and(|head| head.text() == "scope_value"),
            _ => false,
        }
    }

    /// `catch scope_kind, scope_reason -> caught; raise`
    fn is_inserted_catch(self, node: &SyntaxNode) -> bool {
        let clauses = statements(node);
        let [clause] = clauses.as_slice() else { return false };
        let head = clause.first_child().is_some_and(|head| head.text() == "scope_kind, scope_reason");
        let body = syntax::stab_body(clause).map(|body| statements(&body)).unwrap_or_default();
        let [caught, again] = body.as_slice() else { return false };
        let is_caught = self.probe(caught).is_some_and(|(name, _)| name == "caught");
        head && is_caught && again.text() == ":erlang.raise(scope_kind, scope_reason, __STACKTRACE__)"
    }

    fn probe(self, node: &SyntaxNode) -> Option<(String, Vec<SyntaxNode>)> {
        let call = syntax::Call::cast(node)?;
        let syntax::Target::Remote(left, name) = call.target() else { return None };
        let nodes = call.arguments().into_iter().map(|argument| match argument {
            syntax::Argument::Expr(node) | syntax::Argument::Keywords(node) => node,
        });
        (left.text() == self.sink).then(|| (name, nodes.collect()))
    }
}

/// Whether a block in parentheses is the value of `after:`.
fn is_after(block: &SyntaxNode) -> bool {
    let pair = block.parent().filter(|outer| outer.kind() == SyntaxKind::PAIR);
    let key = pair.and_then(|pair| pair.first_child()).map(|key| key.text().to_string());
    key.is_some_and(|key| key.trim() == "after:")
}

fn is_pipe_target(node: &SyntaxNode) -> bool {
    let pipe = node.parent().filter(|outer| outer.kind() == SyntaxKind::BINARY_OPERATOR);
    pipe.is_some_and(|pipe| operator(&pipe).as_deref() == Some("|>") && pipe.last_child().as_ref() == Some(node))
}

fn operator(node: &SyntaxNode) -> Option<String> {
    let mut tokens = node.children_with_tokens().filter_map(|child| child.into_token());
    tokens.find(|token| !token.kind().is_trivia()).map(|token| token.text().to_owned())
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
        let root = syntax::parse(source.as_bytes()).root();
        assert_eq!(check(&root, &insertions, &output, &Sink::default()).is_ok(), lawful, "{output}");
    }

    #[test]
    fn lawful_probes_pass() {
        check_one("f do\n  a\nend", &[("a\n", ":scope_probe.enter(1); ")], true);
        check_one("f do\n  a\nend", &[("a\n", ":scope_probe.leave(1, "), ("\nend", ")")], true);
        check_one("if a do\n  b\nend", &[("end", "else :scope_probe.leave(1) ")], true);
        check_one("case x do\n  1 -> a\nend", &[("a\n", ":scope_probe.branch(1); ")], true);
        check_one("fn x -> end", &[(" end", " :scope_probe.branch(1)")], true);
        check_one("with {a} <- b, {c} <- a do\n  c\nend", &[(", {c}", ", :scope_probe.branch(1)")], true);
        check_one("try do\n  a\nrescue\n  E -> b\nend", &[("E ->", "scope_error in ")], true);
        let condition = "case [] do _ when (x > 1) -> :scope_probe.locals(1, x); _ -> :ok end; ";
        check_one("case x do\n  1 -> a\nend", &[("a\n", condition)], true);
        let raised = ":scope_probe.caught(1, scope_kind, scope_reason, __STACKTRACE__); ".to_owned()
            + ":erlang.raise(scope_kind, scope_reason, __STACKTRACE__) ";
        check_one("def f do\n  a\nend", &[("end", &("catch scope_kind, scope_reason -> ".to_owned() + &raised))], true);
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
        // A value of another kind: a probe last, behind a pipe, inside quotes.
        check_one("f do\n  a\nend", &[("\nend", "; :scope_probe.branch(1)")], false);
        check_one("f do\n  a\nend", &[("\nend", "; :scope_probe.locals(1, a)")], false);
        check_one("a |> f()\nb", &[("f()", ":scope_probe.bind(1, "), ("\nb", ")")], false);
        check_one("\"a b\"", &[("b", ":scope_probe.bind(1, 2)")], false);
        // A handler that does more than tell.
        let other =
            "catch scope_kind, scope_reason -> :scope_probe.caught(1, scope_kind, scope_reason, __STACKTRACE__); 1 ";
        check_one("def f do\n  a\nend", &[("end", other)], false);
        check_one("case x do\n  1 -> a\nend", &[("a", "case [] do _ when (b) -> f(1); _ -> :ok end; ")], false);
    }
}
