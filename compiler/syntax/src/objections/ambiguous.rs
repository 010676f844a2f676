//! Calls without parentheses whose commas could belong to what is around them
//! (`no_parens_expr` of `elixir_parser.yrl`).

use super::rejected::argument_below;
use super::{Objection, token};
use crate::{SyntaxElement, SyntaxKind as K, SyntaxNode, trimmed_range};

/// Whether commas behind `node` could belong to it (`no_parens_expr`).
fn takes_commas(node: &SyntaxNode) -> bool {
    match node.kind() {
        // What ends at its line takes none.
        K::CALL if argument_below(node).is_some() => false,
        K::CALL => {
            let Some(arguments) = node.last_child().filter(|last| last.kind() == K::ARGUMENTS) else { return false };
            let mut inner = arguments.children();
            token(&arguments, K::T_L_PAREN).is_none()
                && match (inner.next(), inner.next()) {
                    (Some(only), None) => takes_commas(&only),
                    (_, more) => more.is_some(),
                }
        }
        K::BINARY_OPERATOR => node.last_child().is_some_and(|right| {
            takes_commas(&right) || (right.kind() == K::KEYWORDS && token(node, K::WHEN_KW).is_some())
        }),
        K::UNARY_OPERATOR => {
            token(node, K::T_L_PAREN).is_none() && node.last_child().is_some_and(|operand| takes_commas(&operand))
        }
        _ => false,
    }
}

const AMBIGUOUS: &str = "a call without parentheses among others: its arguments need them";

fn ambiguous(mut elements: impl Iterator<Item = SyntaxNode>) -> Objection {
    let node = elements.find(takes_commas)?;
    let operator =
        node.children_with_tokens().filter_map(SyntaxElement::into_token).find(|token| !token.kind().is_trivia());
    let place = match node.kind() {
        K::BINARY_OPERATOR => operator.map(|operator| operator.text_range()),
        _ => None,
    };
    Some((place.unwrap_or_else(|| trimmed_range(&node)), AMBIGUOUS))
}

/// `[a, b c, d]`
pub(super) fn ambiguous_elements(node: &SyntaxNode) -> Objection {
    ambiguous(node.children().skip(usize::from(node.kind() == K::ACCESS_CALL)))
}

/// `f(a, b c, d)`, `f a, b c, d`; alone between parentheses such a call is clear.
pub(super) fn ambiguous_arguments(node: &SyntaxNode) -> Objection {
    if node.children().nth(1).is_none() { None } else { ambiguous(node.children()) }
}

/// `[a: b c, d]`, `f(a: b c, d)`; not `f a: b c, d`.
pub(super) fn ambiguous_value(pair: &SyntaxNode) -> Objection {
    let holder = pair.parent()?.parent()?;
    let open = holder.kind() == K::ARGUMENTS && token(&holder, K::T_L_PAREN).is_none();
    let guard = holder.kind() == K::BINARY_OPERATOR;
    if open || guard { None } else { ambiguous(pair.last_child().into_iter()) }
}
