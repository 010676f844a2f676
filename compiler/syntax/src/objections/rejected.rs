//! Other places that the grammar accepts and Elixir does not.

use super::map::is_update;
use super::{Objection, is_trivia, token};
use crate::{SyntaxElement, SyntaxKind as K, SyntaxNode, SyntaxToken, first_token, trimmed_range};

/// `[a | b: c]`
pub(super) fn cons_of_keywords(node: &SyntaxNode) -> Objection {
    token(node, K::T_PIPE)?;
    let keywords = node.last_child().filter(|last| last.kind() == K::KEYWORDS)?;
    (!is_update(node)).then(|| (trimmed_range(&keywords), "a keyword after `|`: it needs `[` and `]`"))
}

/// `a//b`
pub(super) fn step_without_range(node: &SyntaxNode) -> Objection {
    let step = token(node, K::T_SLASH_SLASH)?;
    let mut left = node.first_child()?;
    // What is missing on the right is missed first.
    node.children().nth(1).filter(|right| reserved_name(right).is_none())?;
    while let (K::BLOCK, Some(inner), None) = (left.kind(), left.children().next(), left.children().nth(1)) {
        left = inner;
    }
    let is_range = left.kind() == K::BINARY_OPERATOR && token(&left, K::T_DOT_DOT).is_some();
    (!is_range).then(|| (step.text_range(), "`//` must follow a range"))
}

/// A reserved word where the grammar, at a loss, sees a name: `foo` newline `do`.
pub(super) fn reserved_name(node: &SyntaxNode) -> Objection {
    let text = node.text();
    let reserved = ["do", "end", "fn", "after", "else", "catch", "rescue", ""].iter().any(|word| text == *word);
    let after_dot = node.parent().is_some_and(|dot| dot.kind() == K::DOT && dot.first_child().as_ref() != Some(node));
    (reserved && !after_dot)
        .then(|| (node.text_range(), "unexpected reserved word, or nothing where a value should be"))
}

/// `[foo` newline `do … end]`: the block belongs to nothing.
pub(super) fn block_of_a_name_above(node: &SyntaxNode) -> Objection {
    let block = node.children().find(|child| child.kind() == K::DO_BLOCK)?;
    let target = node.first_child()?;
    let bare =
        matches!(target.kind(), K::IDENTIFIER | K::DOT) && !node.children().any(|child| child.kind() == K::ARGUMENTS);
    let start = node.text_range().start();
    let between = target.text_range().end() - start..block.text_range().start() - start;
    let apart = node.text().slice(between).contains_char('\n');
    let word = first_token(&block)?;
    (bare && apart).then(|| (word.text_range(), "`do` on a line of its own, after a name without parentheses"))
}

/// `[f` newline `a]`: between brackets, the line end ends the call.
pub(super) fn argument_below(node: &SyntaxNode) -> Objection {
    let arguments =
        node.last_child().filter(|last| last.kind() == K::ARGUMENTS && token(last, K::T_L_PAREN).is_none())?;
    let mut blanks = std::iter::successors(arguments.prev_sibling_or_token(), SyntaxElement::prev_sibling_or_token)
        .take_while(is_trivia);
    let below = blanks.any(|blank| blank.to_string().contains('\n'));
    below.then(|| {
        (trimmed_range(&arguments), "an argument on a new line: the call needs parentheses, or a comma is missing")
    })
}

/// `[a` newline `- b]`: on a new line the sign is no operator between two values.
pub(super) fn sign_below(node: &SyntaxNode) -> Objection {
    let sign = token(node, K::T_PLUS).or_else(|| token(node, K::T_MINUS))?;
    let mut blanks =
        std::iter::successors(sign.prev_token(), SyntaxToken::prev_token).take_while(|token| token.kind().is_trivia());
    blanks
        .any(|blank| blank.text().contains('\n'))
        .then(|| (sign.text_range(), "a sign on a new line: an operator is missing before it"))
}

/// `{a: 1}`
pub(super) fn tuple_of_keywords(node: &SyntaxNode) -> Objection {
    let first = node.first_child().filter(|first| first.kind() == K::KEYWORDS)?;
    Some((trimmed_range(&first), "a tuple may end with keywords, not begin with them"))
}

/// `foo do a end.b`
pub(super) fn after_block(node: &SyntaxNode) -> Objection {
    let left = node.first_child()?;
    let block = left.kind() == K::CALL && left.last_child().is_some_and(|last| last.kind() == K::DO_BLOCK);
    let operator = token(node, K::T_DOT).or_else(|| token(node, K::T_L_BRACKET))?;
    block.then(|| (operator.text_range(), "unexpected after `end`: the call needs parentheses around it"))
}
