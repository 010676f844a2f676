//! Which variables a statement may read: what patterns around and before it bind.
//!
//! Elixir's rules: a variable is seen behind its match, to the end of the block it
//! stands in. What a clause, a function or a section of a form binds is not seen
//! behind that; what an argument or a condition binds is.

use crate::walk::operator;
use std::collections::BTreeSet;
use syntax::nodes::StabClause;
use syntax::{Argument, Call, Clause, SyntaxKind, SyntaxNode, statements};

type Names = BTreeSet<String>;

/// The names bound before `statement` in its clause.
pub fn before(statement: &SyntaxNode, clause: &Clause) -> Names {
    let mut names = Names::new();
    clause.arguments.iter().for_each(|argument| pattern(argument, &mut names));
    let whole = clause.call.node();
    let (mut node, mut is_apart) = (statement.clone(), false);
    while let Some(parent) = node.parent().filter(|_| node != *whole) {
        match parent.kind() {
            SyntaxKind::STAB_CLAUSE => {
                let patterns = StabClause::cast(&parent).map(|stab| stab.patterns()).unwrap_or_default();
                patterns.iter().for_each(|head| pattern(head, &mut names));
            }
            SyntaxKind::CALL => surrounding(&parent, &node, is_apart, &mut names),
            // A section sees nothing of the one it follows.
            _ if is_section(&node) => is_apart = true,
            _ => {
                let earlier = statements(&parent).into_iter().take_while(|one| *one != node);
                let is_block = matches!(parent.kind(), SyntaxKind::ARGUMENTS | SyntaxKind::KEYWORDS);
                earlier.filter(|_| !is_block).for_each(|one| bound(&one, &mut names));
            }
        }
        if parent.kind() == SyntaxKind::CALL {
            is_apart = false;
        }
        node = parent;
    }
    names
}

fn is_section(node: &SyntaxNode) -> bool {
    use SyntaxKind::{AFTER_BLOCK, CATCH_BLOCK, ELSE_BLOCK, RESCUE_BLOCK};
    match node.kind() {
        ELSE_BLOCK | RESCUE_BLOCK | CATCH_BLOCK | AFTER_BLOCK => true,
        SyntaxKind::PAIR => key(node).is_some_and(|key| key != "do"),
        _ => false,
    }
}

/// What the arguments of a form bind for what is inside of it.
fn surrounding(call: &SyntaxNode, inner: &SyntaxNode, is_apart: bool, names: &mut Names) {
    let Some(call) = Call::cast(call) else { return };
    let name = call.local_name().unwrap_or_default();
    let steps = matches!(name.as_str(), "for" | "with");
    for argument in call.arguments() {
        let Argument::Expr(node) = argument else { continue };
        if node == *inner {
            break;
        }
        match operator(&node).filter(|(_, token, _)| token == "<-") {
            // The `else` of a `with` is for what did not match.
            _ if steps && is_apart => {}
            Some((left, _, right)) => {
                pattern(&left, names);
                bound(&right, names);
            }
            None => bound(&node, names),
        }
    }
}

/// What an expression binds for those behind it.
fn bound(node: &SyntaxNode, names: &mut Names) {
    match node.kind() {
        SyntaxKind::ANONYMOUS_FUNCTION | SyntaxKind::DO_BLOCK | SyntaxKind::STAB_CLAUSE => {}
        SyntaxKind::PAIR if key(node).is_some_and(|key| is_body(&key)) => {}
        SyntaxKind::CALL if is_closed(node) => {}
        SyntaxKind::BINARY_OPERATOR => match operator(node) {
            Some((left, token, right)) if token == "=" => {
                pattern(&left, names);
                bound(&right, names);
            }
            // What is right of these may not run.
            Some((left, token, _)) if matches!(token.as_str(), "&&" | "||" | "and" | "or") => bound(&left, names),
            _ => node.children().for_each(|child| bound(&child, names)),
        },
        _ => node.children().for_each(|child| bound(&child, names)),
    }
}

fn is_closed(node: &SyntaxNode) -> bool {
    let name = Call::cast(node).and_then(|call| call.local_name()).unwrap_or_default();
    matches!(name.as_str(), "for" | "with" | "quote")
}

/// The names in a pattern.
fn pattern(node: &SyntaxNode, names: &mut Names) {
    match node.kind() {
        SyntaxKind::IDENTIFIER => {
            names.insert(node.text().to_string());
        }
        // `binary` in `<<a::binary>>` is no variable, nor is the default of an argument.
        SyntaxKind::BINARY_OPERATOR => match operator(node) {
            Some((left, token, _)) if matches!(token.as_str(), "::" | "\\\\" | "when") => pattern(&left, names),
            _ => node.children().for_each(|child| pattern(&child, names)),
        },
        SyntaxKind::CALL => {
            let arguments = Call::cast(node).and_then(|call| call.arguments_node());
            arguments.iter().for_each(|arguments| pattern(arguments, names));
        }
        _ => node.children().for_each(|child| pattern(&child, names)),
    }
}

fn key(pair: &SyntaxNode) -> Option<String> {
    let key = pair.first_child()?.text().to_string();
    Some(key.trim_end().trim_end_matches(':').to_owned())
}

fn is_body(key: &str) -> bool {
    matches!(key, "do" | "else" | "rescue" | "catch" | "after")
}

#[cfg(test)]
mod tests {
    use syntax::{SyntaxKind, SyntaxNode};

    /// The names before the statement `here` in a body, those of the head left out.
    #[track_caller]
    fn check(body: &str, expected: &str) {
        let source = format!("defmodule A do\ndef f(x) do\n{body}\nend\nend\n");
        let root = syntax::parse(source.as_bytes()).root();
        let clause = syntax::modules(&root)[0].clauses().remove(0);
        let is_here = |node: &SyntaxNode| node.kind() == SyntaxKind::IDENTIFIER && node.text() == "here";
        let here = root.descendants().find(is_here).unwrap();
        let mut names = super::before(&here, &clause);
        assert!(names.remove("x"), "{body}: {names:?}");
        assert_eq!(names.into_iter().collect::<Vec<_>>().join(" "), expected, "{body}");
    }

    #[test]
    fn a_statement_sees_what_was_bound_before_it() {
        check("a = 1\nhere", "a");
        check("here\na = 1", "");
        check("{a, [b | c]} = x\nhere", "a b c");
        check("%{k: a} = %S{} = b = x\nhere", "a b");
        check("<<a::binary-size(2), b>> = x\nhere", "a b");
        check("\"p\" <> a = x\nhere", "a");
        check("g(a = 1)\nhere", "a");
        check("y = case x do\n{:ok, a} -> a\nend\nhere", "y");
        check("if a = x do\nb = 1\nend\nhere", "a");
        check("if a = x do\nb = 1\nhere\nend", "a b");
        check("if a = x do\nb = 1\nelse\nhere\nend", "a");
        check("if(a = x, do: (b = 1), else: (here))", "a");
        check("for a <- x, b = a do\nhere\nend", "a b");
        check("for a <- x, b = a do\na\nend\nhere", "");
        check("with {:ok, a} <- x, b = a do\nhere\nelse\nc -> c\nend", "a b");
        check("with {:ok, a} <- x do\na\nelse\nc -> here\nend", "c");
        check("fn a, {b, _} when a > 1 -> here end", "_ a b");
        check("Enum.map(x, fn a -> a end)\nhere", "");
        check("case x do\na when a > 1 -> here\nb -> b\nend", "a");
        check("try do\na = 1\nrescue\ne -> here\nend", "e");
        check("a = 1\nb = fn c -> c + a end\nhere", "a b");
        check("x && (a = 1)\nhere", "");
        check("receive do\na -> (b = a; here)\nend", "a b");
    }
}
