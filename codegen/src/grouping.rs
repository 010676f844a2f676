//! Where parentheses must stand so that an insertion changes no meaning.

use syntax::{Call, SyntaxKind, SyntaxNode, first_token, trimmed_range};

/// Whether an expression needs parentheses to become an argument.
pub enum Grouping {
    /// It does.
    Needed,
    /// It ends where it ends.
    Needless,
    /// It does, and must not have them.
    Impossible,
}

/// A call without parentheses needs them, to end where it ends. A leading `!`
/// or `not` must not have them: Elixir's parser marks `(not x)` as a block.
pub fn grouping(node: &SyntaxNode) -> Grouping {
    use SyntaxKind::{
        ACCESS_CALL, ALIAS, ATOM, BITSTRING, BLOCK, BOOLEAN, CHAR, CHARLIST, FLOAT, IDENTIFIER, INTEGER, LIST, MAP,
        NIL, SIGIL, STRING, TUPLE,
    };
    let negated = first_token(node).is_some_and(|token| matches!(token.text(), "!" | "not"));
    if negated {
        let open_ended = |call: Call| call.arguments_node().is_some() && !call.has_parentheses();
        let any = node.descendants().filter_map(|node| Call::cast(&node)).any(open_ended);
        return if any { Grouping::Impossible } else { Grouping::Needless };
    }
    match node.kind() {
        ACCESS_CALL | ALIAS | ATOM | BITSTRING | BLOCK | BOOLEAN | CHAR | CHARLIST | FLOAT | IDENTIFIER | INTEGER
        | LIST | MAP | NIL | SIGIL | STRING | TUPLE => Grouping::Needless,
        SyntaxKind::CALL => match Call::cast(node) {
            Some(call) if call.do_block().is_none() && (call.has_parentheses() || call.arguments_node().is_none()) => {
                Grouping::Needless
            }
            _ => Grouping::Needed,
        },
        _ => Grouping::Needed,
    }
}

/// Whether an expression ends in a call without parentheses, which would take
/// in what is written behind it.
pub fn is_open_ended(node: &SyntaxNode) -> bool {
    let end = trimmed_range(node).end();
    let takes_more = |call: Call| {
        let open = call.arguments_node().is_some() && !call.has_parentheses() && call.do_block().is_none();
        open && call.range().end() == end
    };
    node.descendants().filter_map(|node| Call::cast(&node)).any(takes_more)
}
