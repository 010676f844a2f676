//! Lists, tuples, maps, structs, bit strings, access.

use super::{Binary, view};
use crate::call::pairs;
use crate::{SyntaxKind, SyntaxNode};

view! {
    /// `[a, b | c]`.
    List, |node| node.kind() == SyntaxKind::LIST
}

view! {
    /// `{a, b}`.
    Tuple, |node| node.kind() == SyntaxKind::TUPLE
}

view! {
    /// `<<a, b::binary>>`.
    Bitstring, |node| node.kind() == SyntaxKind::BITSTRING
}

view! {
    /// `%{…}`, `%Name{…}`, and updates of either.
    Map, |node| node.kind() == SyntaxKind::MAP
}

view! {
    /// `container[key]`.
    Access, |node| node.kind() == SyntaxKind::ACCESS_CALL
}

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
                self.0.children().flat_map(|child| entries(&child)).collect()
            }
        }
    )*};
}
elements! { Bitstring List Tuple }

impl Map {
    /// The name of a struct: an alias, a variable, or any expression.
    pub fn struct_name(&self) -> Option<SyntaxNode> {
        self.0.children().find(|child| child.kind() == SyntaxKind::STRUCT)?.first_child()
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
        let content = self.0.children().find(|child| child.kind() == SyntaxKind::MAP_CONTENT);
        content.map(|content| content.children().collect()).unwrap_or_default()
    }

    fn update(&self) -> Option<Binary> {
        let update = Binary::cast(self.content().first()?)?;
        update.operator().filter(|token| token.kind() == SyntaxKind::T_PIPE).map(|_| update)
    }
}

impl Access {
    /// What is accessed.
    pub fn container(&self) -> Option<SyntaxNode> {
        self.0.first_child()
    }

    /// What stands in the brackets.
    pub fn key(&self) -> Option<SyntaxNode> {
        self.0.children().nth(1)
    }
}

fn entries(node: &SyntaxNode) -> Vec<Entry> {
    if node.kind() == SyntaxKind::KEYWORDS {
        return pairs(node).into_iter().map(|(key, value)| Entry::Keyword(key, value)).collect();
    }
    let arrow = Binary::cast(node).filter(|binary| {
        let operator = binary.operator();
        operator.is_some_and(|token| token.kind() == SyntaxKind::T_EQUAL_GREATER)
    });
    match arrow.and_then(|arrow| Some(Entry::Arrow(arrow.left()?, arrow.right()?))) {
        Some(entry) => vec![entry],
        None => vec![Entry::Value(node.clone())],
    }
}
