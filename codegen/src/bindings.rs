//! Which variables a statement may read: what patterns around and before it bind.
//!
//! Elixir's rules: a variable is seen behind its match, to the end of the block it
//! stands in. What a clause, a function or a section of a form binds is not seen
//! behind that; what an argument or a condition binds is.

use crate::walk::operator;
use std::collections::BTreeSet;
use syntax::nodes::StabClause;
use syntax::{Call, Clause, SyntaxKind, SyntaxNode};

type Names = BTreeSet<String>;

/// The names bound before `statement` in its clause.
pub fn before(statement: &SyntaxNode, clause: &Clause) -> Names {
    let mut names = Names::new();
    clause.arguments.iter().for_each(|argument| pattern(argument, &mut names));
    let whole = clause.call.node();
    let (mut node, mut is_apart) = (statement.clone(), false);
    while let Some(parent) = node.parent().filter(|_| node != *whole) {
        let earlier = || parent.children().take_while(|one| *one != node);
        match parent.kind() {
            SyntaxKind::STAB_CLAUSE if node.kind() == SyntaxKind::BODY => head(&parent, &mut names),
            // Of a do-block, what stands in the arguments; of an argument, those before it.
            SyntaxKind::CALL if node.kind() == SyntaxKind::DO_BLOCK => {
                let arguments = parent.children().filter(|child| child.kind() == SyntaxKind::ARGUMENTS);
                let all: Vec<_> = arguments.flat_map(|arguments| arguments.children().collect::<Vec<_>>()).collect();
                surrounding(&parent, &all, is_apart, &mut names);
            }
            SyntaxKind::ARGUMENTS => {
                let call = parent.parent().unwrap_or_else(|| parent.clone());
                let is_body = node.kind() == SyntaxKind::KEYWORDS;
                if is_body || has_steps(&call) {
                    surrounding(&call, &earlier().collect::<Vec<_>>(), is_apart, &mut names);
                }
            }
            // A section sees nothing of the one it follows.
            _ if is_section(&node) => is_apart = true,
            kind if is_block(kind) => earlier().for_each(|one| bound(&one, &mut names)),
            SyntaxKind::BINARY_OPERATOR => {
                let lazy = operator(&parent).filter(|(_, token, right)| is_lazy(token) && *right == node);
                lazy.iter().for_each(|(left, ..)| bound(left, &mut names));
            }
            _ => {}
        }
        is_apart &= parent.kind() != SyntaxKind::CALL;
        node = parent;
    }
    names
}

/// What stands left of an arrow: patterns, or a condition of `cond`.
fn head(clause: &SyntaxNode, names: &mut Names) {
    let form = clause.ancestors().skip(1).find(|outer| outer.kind() == SyntaxKind::CALL || is_function(outer));
    let is_condition = form.and_then(|form| Call::cast(&form)).and_then(|call| call.local_name());
    let heads = StabClause::cast(clause).map(|stab| stab.patterns()).unwrap_or_default();
    match is_condition.as_deref() {
        Some("cond") => heads.iter().for_each(|condition| bound(condition, names)),
        _ => heads.iter().for_each(|one| pattern(one, names)),
    }
}

fn is_function(node: &SyntaxNode) -> bool {
    node.kind() == SyntaxKind::ANONYMOUS_FUNCTION
}

fn is_block(kind: SyntaxKind) -> bool {
    use SyntaxKind::{AFTER_BLOCK, BLOCK, BODY, CATCH_BLOCK, DO_BLOCK, ELSE_BLOCK, RESCUE_BLOCK};
    matches!(kind, BLOCK | BODY | DO_BLOCK | ELSE_BLOCK | RESCUE_BLOCK | CATCH_BLOCK | AFTER_BLOCK)
}

/// Operators whose right side is evaluated behind the left one, if at all.
fn is_lazy(token: &str) -> bool {
    matches!(token, "&&" | "||" | "and" | "or")
}

/// `for` and `with`: each argument sees those before it.
fn has_steps(call: &SyntaxNode) -> bool {
    let name = Call::cast(call).and_then(|call| call.local_name());
    matches!(name.as_deref(), Some("for" | "with"))
}

fn is_section(node: &SyntaxNode) -> bool {
    use SyntaxKind::{AFTER_BLOCK, CATCH_BLOCK, ELSE_BLOCK, RESCUE_BLOCK};
    match node.kind() {
        ELSE_BLOCK | RESCUE_BLOCK | CATCH_BLOCK | AFTER_BLOCK => true,
        SyntaxKind::PAIR => key(node).is_some_and(|key| key != "do"),
        _ => false,
    }
}

/// What arguments of a call bind for what stands behind them in it.
fn surrounding(call: &SyntaxNode, arguments: &[SyntaxNode], is_apart: bool, names: &mut Names) {
    for node in arguments {
        match operator(node).filter(|(_, token, _)| token == "<-") {
            // The `else` of a `with` is for what did not match.
            _ if is_apart && has_steps(call) => {}
            // What the right side binds is its own.
            Some((left, ..)) => pattern(&left, names),
            None => bound(node, names),
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
            Some((left, token, _)) if is_lazy(&token) => bound(&left, names),
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
        check("cond do\na = x -> here\nend", "a");
        check("cond do\n(fn a -> a end).(x) -> here\nend", "");
        check("cond do\na = g((here)) -> 1\nend", "");
        check("for a <- (b = x) do\nhere\nend", "a");
        check("(a = x) && (here)", "a");
        check("(a = x) + (here)", "");
        check("g(a = x, (here))", "");
        check("a = g((here))", "");
        check("with a = g((here)), b = 1 do\na\nend", "");
        check("with a = x, b = g((here)) do\na\nend", "a");
        check("if(a = x, do: (here))", "a");
        check("case a = x do\nb -> here\nend", "a b");
        check("receive do\na -> (b = a; here)\nend", "a b");
    }
}
