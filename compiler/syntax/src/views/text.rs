//! Strings, charlists, heredocs, quoted atoms, sigils.

use super::view;
use crate::nodes::Sigil;
use crate::{SyntaxKind, SyntaxNode, SyntaxToken};

view! {
    /// `"…"`, `'…'`, a heredoc, `:"…"` or `"…":`.
    Text, |node| {
        use SyntaxKind::{CHARLIST, QUOTED_ATOM, QUOTED_KEYWORD, STRING};
        matches!(node.kind(), CHARLIST | QUOTED_ATOM | QUOTED_KEYWORD | STRING)
    }
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// As written.
    Content(SyntaxToken),
    /// `\n`, `\u{61}` …, as written.
    Escape(SyntaxNode),
    /// The statements in `#{…}`.
    Interpolation(Vec<SyntaxNode>),
}

impl Text {
    /// Its parts, in order.
    pub fn parts(&self) -> Vec<Part> {
        parts(&self.0)
    }

    /// Whether it stands between `"""` or `'''`.
    pub fn is_heredoc(&self) -> bool {
        is_heredoc(&self.0)
    }
}

impl Sigil {
    /// The name: one letter, or several capitals.
    pub fn name(&self) -> Option<String> {
        self.child(SyntaxKind::SIGIL_NAME)
    }

    /// The letters behind it.
    pub fn modifiers(&self) -> Option<String> {
        self.child(SyntaxKind::SIGIL_MODIFIERS)
    }

    /// Its parts, in order.
    pub fn parts(&self) -> Vec<Part> {
        parts(self.node())
    }

    /// Whether it stands between `"""` or `'''`.
    pub fn is_heredoc(&self) -> bool {
        is_heredoc(self.node())
    }

    fn child(&self, kind: SyntaxKind) -> Option<String> {
        self.node().children().find(|child| child.kind() == kind).map(|child| child.text().to_string())
    }
}

fn parts(node: &SyntaxNode) -> Vec<Part> {
    let part = |element: rowan::SyntaxElement<crate::Elixir>| match element {
        rowan::NodeOrToken::Token(token) if token.kind() == SyntaxKind::QUOTED_CONTENT => Some(Part::Content(token)),
        rowan::NodeOrToken::Node(node) if node.kind() == SyntaxKind::ESCAPE_SEQUENCE => Some(Part::Escape(node)),
        rowan::NodeOrToken::Node(node) if node.kind() == SyntaxKind::INTERPOLATION => {
            Some(Part::Interpolation(node.children().collect()))
        }
        _ => None,
    };
    node.children_with_tokens().filter_map(part).collect()
}

fn is_heredoc(node: &SyntaxNode) -> bool {
    use SyntaxKind::{T_APOSTROPHE_APOSTROPHE_APOSTROPHE, T_QUOTE_QUOTE_QUOTE};
    let opens = |kind| matches!(kind, T_APOSTROPHE_APOSTROPHE_APOSTROPHE | T_QUOTE_QUOTE_QUOTE);
    node.children_with_tokens().any(|child| opens(child.kind()))
}
