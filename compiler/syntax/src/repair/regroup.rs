//! Operators that the grammar binds otherwise than Elixir, put in order in the tree.
//!
//! * `=>` binds more loosely than every operator but the `|` of an update; the
//!   grammar gives it a place among the operators (`%{k => a | b}`).
//! * `&` before parentheses binds as loosely as elsewhere; the grammar takes
//!   `&(…)` for a whole (`&(&1).b`).

use crate::kinds::SyntaxKind as K;
use crate::parse::{SyntaxElement, SyntaxNode, SyntaxToken};
use rowan::{GreenNode, NodeOrToken, TextSize};

type GreenElement = NodeOrToken<GreenNode, rowan::GreenToken>;

/// Whether a token below these nodes may stand for an operator in a wrong place.
pub(crate) fn may_be_misplaced(token: K, open: &[K]) -> bool {
    match (token, open) {
        (K::T_EQUAL_GREATER, [.., outer, K::BINARY_OPERATOR]) => *outer != K::MAP_CONTENT,
        (K::T_AMPERSAND, [.., outer, K::UNARY_OPERATOR]) => {
            matches!(outer, K::DOT | K::CALL | K::ACCESS_CALL | K::BINARY_OPERATOR)
        }
        _ => false,
    }
}

/// The tree with the operators at these places put in order.
pub(crate) fn regroup(mut green: GreenNode, places: &[u32]) -> GreenNode {
    // From the last to the first: what is inside is in order before what holds it.
    for place in places.iter().rev() {
        while let Some(better) = step(&SyntaxNode::new_root(green.clone()), TextSize::from(*place)) {
            green = better;
        }
    }
    green
}

/// One turn at one place; none when all is in order there.
fn step(root: &SyntaxNode, place: TextSize) -> Option<GreenNode> {
    let token = root.token_at_offset(place).right_biased()?;
    let node = token.parent()?;
    match (token.kind(), node.kind()) {
        (K::T_EQUAL_GREATER, K::BINARY_OPERATOR) => association(&node),
        // `&1` is a whole, and other operands are read right.
        (K::T_AMPERSAND, K::UNARY_OPERATOR) if next_solid(&token)? == K::T_L_PAREN => capture(&node),
        _ => None,
    }
}

fn next_solid(token: &SyntaxToken) -> Option<K> {
    std::iter::successors(token.next_token(), SyntaxToken::next_token)
        .map(|next| next.kind())
        .find(|kind| !kind.is_trivia())
}

/// `(k => a) | b` to `k => (a | b)`, and `k :: (t => v)` to `(k :: t) => v`.
fn association(node: &SyntaxNode) -> Option<GreenNode> {
    let parent = node.parent()?;
    let (key, value) = (node.first_child()?, node.last_child()?);
    match parent.kind() {
        K::BINARY_OPERATOR if parent.first_child().as_ref() == Some(node) => {
            let inner = with_child(&parent, node, value.green().to_owned().into());
            Some(in_place_of(&parent, with_child(node, &value, inner.into())))
        }
        K::BINARY_OPERATOR if is_update(&parent) => None,
        K::BINARY_OPERATOR | K::UNARY_OPERATOR => {
            let inner = with_child(&parent, node, key.green().to_owned().into());
            Some(in_place_of(&parent, with_child(node, &key, inner.into())))
        }
        K::ARGUMENTS => key_of_call(node, &parent),
        _ => None,
    }
}

/// `f (x => y)` to `(f x) => y`
fn key_of_call(node: &SyntaxNode, arguments: &SyntaxNode) -> Option<GreenNode> {
    let call = arguments.parent().filter(|call| call.kind() == K::CALL)?;
    let alone = arguments.children_with_tokens().count() == 1 && call.last_child().as_ref() == Some(arguments);
    let key = node.first_child().filter(|_| alone)?;
    let inner = with_child(arguments, node, key.green().to_owned().into());
    let inner = with_child(&call, arguments, inner.into());
    Some(in_place_of(&call, with_child(node, &key, inner.into())))
}

/// `map | key => value`, the whole of an entry.
fn is_update(node: &SyntaxNode) -> bool {
    let bar = node.children_with_tokens().any(|child| child.kind() == K::T_PIPE);
    bar && node.parent().is_some_and(|outer| outer.kind() == K::MAP_CONTENT)
}

/// `(&(x)).b` to `&((x).b)`.
fn capture(node: &SyntaxNode) -> Option<GreenNode> {
    let parent = node.parent()?;
    if parent.first_child().as_ref() != Some(node) || !binds_tighter(&parent) {
        return None;
    }
    let ampersand = node.children_with_tokens().position(|child| child.kind() == K::T_AMPERSAND)?;
    let operand = operand(node, ampersand + 1)?;
    let inner = with_child(&parent, node, operand);
    let kept = node.children_with_tokens().take(ampersand + 1).map(green);
    // Blanks between `&` and its operand stay between them.
    let blanks = node.children_with_tokens().skip(ampersand + 1).take_while(is_trivia).map(green);
    let kind = rowan::SyntaxKind(K::UNARY_OPERATOR as u16);
    let turned = GreenNode::new(kind, kept.chain(blanks).chain([GreenElement::from(inner)]).collect::<Vec<_>>());
    Some(in_place_of(&parent, turned))
}

/// What `&` captures: a node, or parentheses that the grammar made part of it.
fn operand(node: &SyntaxNode, from: usize) -> Option<GreenElement> {
    let rest: Vec<SyntaxElement> = node.children_with_tokens().skip(from).skip_while(is_trivia).collect();
    match rest.as_slice() {
        [NodeOrToken::Node(operand)] => Some(operand.green().to_owned().into()),
        [NodeOrToken::Token(open), ..] if open.kind() == K::T_L_PAREN => {
            let kind = rowan::SyntaxKind(K::BLOCK as u16);
            Some(GreenNode::new(kind, rest.into_iter().map(green).collect::<Vec<_>>()).into())
        }
        _ => None,
    }
}

/// Whether a node's operator is done before an `&` on its left
/// (`elixir_parser.yrl`: `&` is above `=>`, `|`, `::`, `when`, `<-` and `\\` only).
pub(crate) fn binds_tighter(node: &SyntaxNode) -> bool {
    let loose = |child: &SyntaxElement| {
        use K::{T_BACKSLASH_BACKSLASH, T_COLON_COLON, T_EQUAL_GREATER, T_LESS_MINUS, T_PIPE, WHEN_KW};
        matches!(
            child.kind(),
            T_EQUAL_GREATER | T_PIPE | T_COLON_COLON | WHEN_KW | T_LESS_MINUS | T_BACKSLASH_BACKSLASH
        )
    };
    match node.kind() {
        K::DOT | K::ACCESS_CALL | K::CALL => true,
        K::BINARY_OPERATOR => !node.children_with_tokens().any(|child| loose(&child)),
        _ => false,
    }
}

fn with_child(parent: &SyntaxNode, child: &SyntaxNode, by: GreenElement) -> GreenNode {
    parent.green().replace_child(child.index(), by)
}

/// The whole tree, with `new` where `old` stands.
fn in_place_of(old: &SyntaxNode, new: GreenNode) -> GreenNode {
    match old.parent() {
        Some(parent) => parent.replace_with(with_child(&parent, old, new.into())),
        None => new,
    }
}

fn is_trivia(element: &SyntaxElement) -> bool {
    element.kind().is_trivia()
}

fn green(element: SyntaxElement) -> GreenElement {
    match element {
        NodeOrToken::Node(node) => node.green().to_owned().into(),
        NodeOrToken::Token(token) => token.green().to_owned().into(),
    }
}
