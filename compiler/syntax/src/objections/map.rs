//! Maps and structs.

use super::{Objection, token};
use crate::{SyntaxKind as K, SyntaxNode, SyntaxToken, trimmed_range};
use rowan::TextRange;

/// `=>` belongs to maps, once an entry.
pub(super) fn stray_association(node: &SyntaxNode) -> Objection {
    let arrow = token(node, K::T_EQUAL_GREATER)?;
    let in_map = node.parent().is_some_and(|parent| parent.kind() == K::MAP_CONTENT || is_update(&parent));
    (!in_map).then(|| (arrow.text_range(), "unexpected `=>`"))
}

pub(super) fn is_update(node: &SyntaxNode) -> bool {
    token(node, K::T_PIPE).is_some() && node.parent().is_some_and(|outer| outer.kind() == K::MAP_CONTENT)
}

/// `%&a{}`, `%not(a){}`
pub(super) fn struct_name(node: &SyntaxNode) -> Objection {
    let name = node.first_child()?;
    let grouped =
        token(&name, K::T_L_PAREN).is_some() || name.last_child().is_some_and(|operand| operand.kind() == K::BLOCK);
    let bad = name.kind() == K::UNARY_OPERATOR && (grouped || token(&name, K::T_AMPERSAND).is_some());
    bad.then(|| (trimmed_range(&name), "no name of a struct"))
}

/// `% {}`: Elixir takes the braces for the name, and misses others behind them.
pub(super) fn parted_map(node: &SyntaxNode) -> Objection {
    let percent = token(node, K::T_PERCENT)?;
    let mut gap =
        std::iter::successors(percent.next_token(), SyntaxToken::next_token).take_while(|next| next.kind().is_trivia());
    let line_end = gap.by_ref().any(|blank| blank.text().contains('\n'));
    if !line_end && percent.next_token().is_none_or(|next| !next.kind().is_trivia()) {
        return None;
    }
    // What no tuple holds is where Elixir stops.
    let content = node.children().find(|child| child.kind() == K::MAP_CONTENT);
    let foreign = content.and_then(|content| content.first_child()).and_then(|entry| match entry.kind() {
        K::KEYWORDS => Some(trimmed_range(&entry)),
        _ => token(&entry, K::T_EQUAL_GREATER).map(|arrow| arrow.text_range()),
    });
    let behind =
        if line_end { percent.text_range() } else { foreign.unwrap_or(TextRange::empty(trimmed_range(node).end())) };
    Some((behind, "nothing may stand between `%` and `{`"))
}

/// `%{1}`: but for calls and names, an entry needs `=>`.
pub(super) fn entry_without_arrow(node: &SyntaxNode) -> Objection {
    let is_entry = |entry: &SyntaxNode| match entry.kind() {
        K::KEYWORDS | K::ERROR => true,
        K::CALL => entry.last_child().is_none_or(|last| last.kind() != K::DO_BLOCK),
        K::IDENTIFIER => entry.text() != "..",
        _ => entry.descendants_with_tokens().any(|element| element.kind() == K::T_EQUAL_GREATER),
    };
    let new = |entry: SyntaxNode| if is_update(&entry) { entry.last_child().unwrap_or(entry) } else { entry };
    let bare = node.children().map(new).find(|entry| !is_entry(entry))?;
    let mut behind = std::iter::successors(bare.last_token()?.next_token(), SyntaxToken::next_token);
    let next = behind.find(|token| !token.kind().is_trivia())?;
    Some((next.text_range(), "an entry of a map needs `=>` before it"))
}
