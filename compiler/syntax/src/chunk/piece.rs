//! One piece: a text whose tree depends on nothing around it.

use crate::SyntaxKind;
use crate::green::green;
use crate::parse::{SyntaxError, SyntaxNode};
use crate::repair::plan;
use crate::scan::{Scanned, scan};
use crate::stuck::stuck_at;
use rowan::{GreenNode, NodeOrToken};

/// The tree of a piece, and its errors, with places relative to its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// A source whose children are the piece's.
    pub(super) green: GreenNode,
    /// What the grammar could not make sense of.
    pub(super) errors: Vec<SyntaxError>,
    /// Behind the last token that fitted, if the piece is tokens but not more.
    pub(super) stuck: Option<usize>,
}

impl Piece {
    /// Reads a piece.
    pub fn parse(text: &str) -> Self {
        let scanned = scan(text);
        let repairs = plan(text, &scanned);
        let (green, errors) = green(text, &repairs);
        let stuck = !errors.is_empty() && scanned.error.is_none();
        Self { green, errors, stuck: stuck.then(|| stuck_at(text, &repairs)).flatten() }
    }

    /// The root of its tree.
    pub fn root(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// Whether the piece has errors, or is one node that may stand for a statement.
    pub(super) fn is_statement(&self) -> bool {
        let mut children = self.green.children();
        let one = children.next().is_some_and(|child| match child {
            NodeOrToken::Node(node) => node.kind().0 != SyntaxKind::ERROR as u16,
            NodeOrToken::Token(_) => false,
        });
        !self.errors.is_empty() || one && children.next().is_none()
    }
}

/// The tree of a text, unless the grammar has an error in it.
pub(super) fn sound(text: &str, scanned: &Scanned) -> Option<GreenNode> {
    let (green, errors) = green(text, &plan(text, scanned));
    errors.is_empty().then_some(green)
}
