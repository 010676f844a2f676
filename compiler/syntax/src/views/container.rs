//! What lists, tuples, maps, structs and bit strings hold.

use crate::call::pairs;
use crate::nodes::{BinaryOperator, Bitstring, List, Map, Tuple};
use crate::{SyntaxKind, SyntaxNode};

/// What a map or a list holds in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An element.
    Value(SyntaxNode),
    /// `key: value`; the key without its colon.
    Keyword(String, SyntaxNode),
    /// `key => value`.
    Arrow(SyntaxNode, SyntaxNode),
}

macro_rules! elements {
    ($($name:ident)*) => {$(
        impl $name {
            /// What it holds, in order; `a | b` is one value.
            pub fn entries(&self) -> Vec<Entry> {
                self.node().children().flat_map(|child| entries(&child)).collect()
            }
        }
    )*};
}
elements! { Bitstring List Tuple }

impl Map {
    /// The name of a struct: an alias, a variable, or any expression.
    pub fn struct_name(&self) -> Option<SyntaxNode> {
        self.node().children().find(|child| child.kind() == SyntaxKind::STRUCT)?.first_child()
    }

    /// What an update starts from.
    pub fn updated(&self) -> Option<SyntaxNode> {
        self.update()?.left()
    }

    /// The entries, of an update those it sets.
    pub fn entries(&self) -> Vec<Entry> {
        let set = self.update().and_then(|update| update.right()).map(|right| entries(&right));
        set.unwrap_or_else(|| self.content().iter().flat_map(entries).collect())
    }

    fn content(&self) -> Vec<SyntaxNode> {
        let content = self.node().children().find(|child| child.kind() == SyntaxKind::MAP_CONTENT);
        content.map(|content| content.children().collect()).unwrap_or_default()
    }

    fn update(&self) -> Option<BinaryOperator> {
        let update = BinaryOperator::cast(self.content().first()?)?;
        update.operator().filter(|token| token.kind() == SyntaxKind::T_PIPE).map(|_| update)
    }
}

fn entries(node: &SyntaxNode) -> Vec<Entry> {
    if node.kind() == SyntaxKind::KEYWORDS {
        return pairs(node).into_iter().map(|(key, value)| Entry::Keyword(key, value)).collect();
    }
    let arrow = BinaryOperator::cast(node).filter(|binary| {
        let operator = binary.operator();
        operator.is_some_and(|token| token.kind() == SyntaxKind::T_EQUAL_GREATER)
    });
    match arrow.and_then(|arrow| Some(Entry::Arrow(arrow.left()?, arrow.right()?))) {
        Some(entry) => vec![entry],
        None => vec![Entry::Value(node.clone())],
    }
}
