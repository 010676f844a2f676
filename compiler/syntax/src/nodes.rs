//! A type for each kind of node of the grammar, with its fields: what stands where
//! in a node, and nothing of what that means (`views` is about that).
//!
//! ```
//! use syntax::nodes::BinaryOperator;
//!
//! let root = syntax::parse(b"a + b").root();
//! let sum = root.descendants().find_map(|node| BinaryOperator::cast(&node)).unwrap();
//! assert_eq!(sum.right().unwrap().text(), "b");
//! ```

mod generated;

pub use generated::*;

use crate::SyntaxKind as K;
use crate::{NodeOrToken, SyntaxElement, SyntaxNode, SyntaxToken};

/// A type for the nodes of one kind. A field may be missing, since the text may be
/// half written.
macro_rules! node {
    ($name:ident $kind:ident { $($field:ident: $place:ident),* }) => {
        #[doc = concat!("A node of the kind `", stringify!($kind), "`.")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(crate::SyntaxNode);

        impl $name {
            /// The node as this type.
            pub fn cast(node: &crate::SyntaxNode) -> Option<Self> {
                (node.kind() == crate::SyntaxKind::$kind).then(|| Self(node.clone()))
            }

            /// The node.
            pub fn node(&self) -> &crate::SyntaxNode {
                &self.0
            }

            $(super::field! { $field $place })*
        }
    };
}
use node;

macro_rules! field {
    ($field:ident operator) => {
        super::field! { $field operator crate::SyntaxToken }
    };
    ($field:ident opening) => {
        super::field! { $field opening crate::SyntaxToken }
    };
    ($field:ident closing) => {
        super::field! { $field closing crate::SyntaxToken }
    };
    ($field:ident $place:ident) => {
        super::field! { $field $place crate::SyntaxNode }
    };
    ($field:ident $place:ident $type:ty) => {
        #[doc = concat!("The field `", stringify!($field), "`.")]
        pub fn $field(&self) -> Option<$type> {
            super::$place(&self.0)
        }
    };
}
use field;

fn first(node: &SyntaxNode) -> Option<SyntaxNode> {
    node.first_child()
}

fn second(node: &SyntaxNode) -> Option<SyntaxNode> {
    node.children().nth(1)
}

fn before(node: &SyntaxNode) -> Option<SyntaxNode> {
    let elements = node.children_with_tokens().take_while(|element| !is_symbol(element));
    elements.filter_map(SyntaxElement::into_node).next()
}

/// The operator; `not in` is one, with whatever is between the two words.
fn operator(node: &SyntaxNode) -> Option<SyntaxToken> {
    node.children_with_tokens().find(is_symbol).and_then(SyntaxElement::into_token)
}

fn after(node: &SyntaxNode) -> Option<SyntaxNode> {
    let elements = node.children_with_tokens().skip_while(|element| !is_symbol(element));
    elements.filter_map(SyntaxElement::into_node).next()
}

fn is_symbol(element: &SyntaxElement) -> bool {
    matches!(element, NodeOrToken::Token(token) if !token.kind().is_trivia())
}

fn opening(node: &SyntaxNode) -> Option<SyntaxToken> {
    delimiters(node).next()
}

fn closing(node: &SyntaxNode) -> Option<SyntaxToken> {
    delimiters(node).last()
}

fn delimiters(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    let tokens = node.children_with_tokens().filter_map(SyntaxElement::into_token);
    tokens.filter(|token| {
        let kind = token.kind();
        !kind.is_trivia() && !matches!(kind, K::T_TILDE | K::T_COLON | K::QUOTED_CONTENT | K::TEXT | K::GAP)
    })
}
