//! What speaks against a tree that the grammar is content with: places that
//! Elixir would not accept, and places where the tree may not be Elixir's (the
//! nets below the repairs). A file with an objection is refused, never guessed.

mod ambiguous;
mod map;
mod misread;
mod rejected;

use crate::{Parse, SyntaxElement, SyntaxError, SyntaxKind as K, SyntaxNode, SyntaxToken};
use ambiguous::{ambiguous_arguments, ambiguous_elements, ambiguous_value};
use map::{entry_without_arrow, parted_map, stray_association, struct_name};
use misread::{attribute_of_alias, bracket_below, glued_word, list_beside_value, range_as_argument, tight_capture};
use rejected::{
    after_block, argument_below, block_of_a_name_above, cons_of_keywords, reserved_name, sign_below,
    step_without_range, tuple_of_keywords,
};
use rowan::TextRange;

type Objection = Option<(TextRange, &'static str)>;

/// Every place that Elixir would reject, or read otherwise, in order.
pub fn objections(root: &SyntaxNode) -> Vec<SyntaxError> {
    let mut out: Vec<SyntaxError> = root
        .descendants()
        .filter_map(|node| of_node(&node))
        .map(|(range, message)| SyntaxError { range, message: message.to_owned() })
        .collect();
    out.sort_by_key(|error| (error.range.start(), error.range.end()));
    out
}

/// The error that Elixir would give first, or the first place that we cannot
/// read: what is not tokens, then what comes first in the text.
pub fn first_error(parse: &Parse, root: &SyntaxNode) -> Option<SyntaxError> {
    if let Some(error) = parse.token_error() {
        return Some(error.clone());
    }
    // The first of the parser's is the token at which it was stuck.
    let all = parse.errors().first().cloned().into_iter().chain(objections(root));
    all.min_by_key(|error| error.range.start())
}

fn of_node(node: &SyntaxNode) -> Objection {
    match node.kind() {
        K::BINARY_OPERATOR => stray_association(node)
            .or_else(|| cons_of_keywords(node))
            .or_else(|| step_without_range(node))
            .or_else(|| sign_below(node))
            .or_else(|| glued_word(node)),
        K::UNARY_OPERATOR => tight_capture(node).or_else(|| glued_word(node)).or_else(|| attribute_of_alias(node)),
        K::IDENTIFIER => reserved_name(node),
        K::CALL => block_of_a_name_above(node).or_else(|| argument_below(node)),
        K::DOT => after_block(node),
        K::ACCESS_CALL => {
            after_block(node).or_else(|| bracket_below(node, K::T_L_BRACKET)).or_else(|| ambiguous_elements(node))
        }
        K::LIST => list_beside_value(node).or_else(|| ambiguous_elements(node)),
        K::TUPLE => tuple_of_keywords(node).or_else(|| ambiguous_elements(node)),
        K::BITSTRING => ambiguous_elements(node),
        K::MAP => parted_map(node),
        K::ARGUMENTS => {
            range_as_argument(node).or_else(|| bracket_below(node, K::T_L_PAREN)).or_else(|| ambiguous_arguments(node))
        }
        K::MAP_CONTENT => entry_without_arrow(node),
        K::PAIR => ambiguous_value(node),
        K::STRUCT => struct_name(node),
        _ => None,
    }
}

fn token(node: &SyntaxNode, kind: K) -> Option<SyntaxToken> {
    node.children_with_tokens().filter_map(SyntaxElement::into_token).find(|token| token.kind() == kind)
}

fn is_trivia(element: &SyntaxElement) -> bool {
    element.kind().is_trivia()
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(source: &str, objected: &str) {
        let parse = crate::parse(source.as_bytes());
        assert!(parse.errors().is_empty(), "{source}: {:?}", parse.errors());
        let found = super::objections(&parse.root());
        let first = found.first().map_or("", |error| source[error.range].trim());
        assert_eq!(first, objected, "{source}");
    }

    #[test]
    fn what_elixir_rejects_is_objected_to() {
        check("[a | b: c]", "b: c");
        check("a//b", "//");
        check("foo\ndo\n  a\nend", "do");
        check("[foo\n  do\n  a\nend]", "do");
        check("foo do a end.b", ".");
        check("foo do a end[b]", "[");
        check("[a, b c, d]", "b c, d");
        check("f(a, b c, d)", "b c, d");
        check("f a, b c, d", "b c, d");
        check("[a: b c, d]", "b c, d");
        check("a => b", "=>");
        check("% {}", "");
        assert_eq!(super::objections(&crate::parse(b"% {}").root()).len(), 1);
        check("foo do a end [b]", "[b]");
    }

    #[test]
    fn ordinary_code_is_not_objected_to() {
        for source in [
            "x in y and z or w",
            "1..-1",
            "1..9//2",
            "(a..b)//2",
            "foo [b]",
            "%!a{}",
            "%{m | k => v}",
            "%{a => 1, b => c + 1}",
            "%{m | a: 1}",
            "&(&1.b)",
            "f(b c, d)",
            "f a: b c, d",
            "if x\ndo\n  a\nend",
            "foo(x)\ndo\n  a\nend",
            "(foo do a end).b",
            "case x do\n  index -> 1\n  when_ok -> 2\nend",
        ] {
            check(source, "");
        }
    }
}
