//! The chunks' trees in the skeleton's.

use super::NAME;
use crate::SyntaxKind;
use rowan::{Children, GreenNode, GreenNodeData, GreenToken, GreenTokenData, NodeOrToken};

/// What takes the place of a name.
pub(super) struct Fill<'a> {
    /// Where the name stands.
    pub place: usize,
    /// What was written.
    pub text: &'a str,
    /// Its tree.
    pub green: &'a GreenNode,
}

/// Where a chunk came to be in the tree of the whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A statement of a block, as it is meant to be.
    Statement,
    /// Somewhere else: the skeleton is damaged.
    Elsewhere,
    /// A text that is never closed swallowed the name: it holds the chunk's text.
    Swallowed,
}

/// The tree of the whole, and where each chunk is in it.
pub(super) fn splice(skeleton: &GreenNode, fills: &[Fill<'_>]) -> (GreenNode, Vec<Place>) {
    if fills.is_empty() {
        return (skeleton.clone(), Vec::new());
    }
    let mut splicer = Splicer { at: 0, fills, places: Vec::with_capacity(fills.len()), open: Vec::new() };
    let green = splicer.tree(skeleton);
    (green, splicer.places)
}

struct Splicer<'a> {
    /// All before is done; in the skeleton.
    at: usize,
    /// In order.
    fills: &'a [Fill<'a>],
    /// Of the fills that are done.
    places: Vec<Place>,
    // A stack, not recursion: nesting is the input's choice.
    open: Vec<Open<'a>>,
}

/// A node with a name somewhere below.
struct Open<'a> {
    node: &'a GreenNodeData,
    rest: Children<'a>,
    made: Vec<NodeOrToken<GreenNode, GreenToken>>,
}

impl<'a> Open<'a> {
    fn new(node: &'a GreenNodeData) -> Self {
        Self { node, rest: node.children(), made: Vec::new() }
    }
}

impl<'a> Splicer<'a> {
    fn tree(&mut self, root: &'a GreenNodeData) -> GreenNode {
        let mut open = Open::new(root);
        loop {
            match open.rest.next() {
                Some(child) => open = self.child(open, child),
                None => {
                    let done = GreenNode::new(open.node.kind(), open.made);
                    let Some(outer) = self.open.pop() else { return done };
                    open = outer;
                    open.made.push(done.into());
                }
            }
        }
    }

    /// Adds the child to the open node, or opens it.
    fn child(&mut self, mut open: Open<'a>, child: NodeOrToken<&'a GreenNodeData, &'a GreenTokenData>) -> Open<'a> {
        let end = self.at + usize::from(child.text_len());
        let fills = &self.fills[self.places.len()..];
        let inside = &fills[..fills.partition_point(|fill| fill.place < end)];
        match (child, inside) {
            (_, []) => open.made.push(child.to_owned()),
            (NodeOrToken::Node(node), [fill]) if is_name(node, self.at..end) => {
                open.made.extend(fill.green.children().map(|child| child.to_owned()));
                let is_block = open.node.kind().0 == SyntaxKind::DO_BLOCK as u16;
                self.places.push(if is_block { Place::Statement } else { Place::Elsewhere });
            }
            (NodeOrToken::Node(node), _) => {
                self.open.push(open);
                return Open::new(node);
            }
            (NodeOrToken::Token(token), _) => {
                open.made.push(with_texts(token, self.at, inside).into());
                self.places.resize(self.places.len() + inside.len(), Place::Swallowed);
            }
        }
        self.at = end;
        open
    }
}

fn is_name(node: &GreenNodeData, range: std::ops::Range<usize>) -> bool {
    node.kind().0 == SyntaxKind::IDENTIFIER as u16 && range.len() == NAME.len()
}

/// The token at `at` with texts where it has names.
fn with_texts(token: &GreenTokenData, at: usize, fills: &[Fill<'_>]) -> GreenToken {
    let mut text = String::new();
    let mut from = 0;
    for fill in fills {
        text.push_str(&token.text()[from..fill.place - at]);
        text.push_str(fill.text);
        from = fill.place - at + NAME.len();
    }
    text.push_str(&token.text()[from..]);
    GreenToken::new(token.kind(), &text)
}
