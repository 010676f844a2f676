//! The nets below the repairs: places where the tree may not be Elixir's.

use super::{Objection, token};
use crate::repair::regroup;
use crate::{SyntaxElement, SyntaxKind as K, SyntaxNode, SyntaxToken, first_token};

/// `invalid -> …` after another clause, read as `… in valid -> …`.
pub(super) fn glued_word(node: &SyntaxNode) -> Objection {
    let is_word = |token: &SyntaxToken| {
        matches!(token.kind(), K::AND_KW | K::IN_KW | K::NOT_IN_KW | K::OR_KW | K::WHEN_KW | K::NOT_KW)
    };
    let word = node.children_with_tokens().filter_map(SyntaxElement::into_token).find(is_word)?;
    let in_name = |char: char| char.is_alphanumeric() || matches!(char, '_' | '?' | '!' | '@');
    let before = word.prev_token().is_some_and(|token| token.text().ends_with(in_name));
    let after = word.next_token().is_some_and(|token| token.text().starts_with(in_name));
    (before || after).then(|| (word.text_range(), "a name that begins with an operator may be misread"))
}

/// `&(&1).b` captures `(&1).b`.
pub(super) fn tight_capture(node: &SyntaxNode) -> Objection {
    let captures = token(node, K::T_AMPERSAND).is_some();
    let grouped =
        token(node, K::T_L_PAREN).is_some() || node.last_child().is_some_and(|operand| operand.kind() == K::BLOCK);
    let tight = |parent: SyntaxNode| parent.first_child().as_ref() == Some(node) && regroup::binds_tighter(&parent);
    (captures && grouped && node.parent().is_some_and(tight))
        .then(|| (node.text_range(), "an operator after `&(…)` may be misread"))
}

/// `@A.b` is `(@A).b`: `@` is above the dot.
pub(super) fn attribute_of_alias(node: &SyntaxNode) -> Objection {
    token(node, K::T_AT)?;
    let mut left = node.last_child().filter(|operand| operand.text().contains_char('.'))?;
    while let (K::CALL | K::DOT | K::ACCESS_CALL, Some(first)) = (left.kind(), left.first_child()) {
        left = first;
    }
    (left.kind() == K::ALIAS).then(|| (node.text_range(), "`@` before an alias may be misread"))
}

/// `f(1)` newline `(2)`: a new line is a new expression.
pub(super) fn bracket_below(node: &SyntaxNode, kind: K) -> Objection {
    let bracket = token(node, kind)?;
    let of_clause = node.kind() == K::ARGUMENTS && node.parent().is_some_and(|parent| parent.kind() != K::CALL);
    let mut blanks = std::iter::successors(bracket.prev_token(), SyntaxToken::prev_token)
        .take_while(|token| token.kind().is_trivia());
    let below = !of_clause && blanks.any(|blank| blank.text().contains('\n'));
    below.then(|| (bracket.text_range(), "a bracket on a new line may be misread"))
}

/// `x..-1` read as the call `x(.. - 1)`
pub(super) fn range_as_argument(node: &SyntaxNode) -> Objection {
    let first = first_token(node).filter(|token| token.text() == "..")?;
    Some((first.text_range(), "a range after a name may be misread as a call"))
}

/// `fn x -> x end [b]`: Elixir takes such a value apart, blank or not.
pub(super) fn list_beside_value(node: &SyntaxNode) -> Objection {
    let before = node.prev_sibling()?;
    let mut between =
        node.siblings_with_tokens(rowan::Direction::Prev).skip(1).take_while(|element| element.as_token().is_some());
    let apart = between.any(|element| {
        element.kind() == K::T_COMMA || element.to_string().contains(['\n', ';']) || !element.kind().is_trivia()
    });
    let holds_statements =
        matches!(node.parent()?.kind(), K::SOURCE | K::BLOCK | K::BODY | K::DO_BLOCK | K::INTERPOLATION);
    (holds_statements && !apart && before.kind() != K::STAB_CLAUSE)
        .then(|| (node.text_range(), "`[` after a value, with a blank between them"))
}
