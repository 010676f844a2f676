//! Insertions: the only kind of edit there is.

use syntax::{SyntaxNode, TextSize};
use wire::NodeId;

/// In which order insertions at one node stand, from the outside to the inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Opens a body, or a statement of its own.
    Before,
    /// A statement behind that one.
    Then,
    /// Around the node.
    Around,
    /// Around the node, inside of what is already around it.
    Inside,
}

/// How deep an insertion at `node` is nested: deeper nodes begin later or end
/// sooner, or are inside.
pub fn depth(node: &SyntaxNode, layer: Layer) -> u32 {
    let outer = u32::try_from(node.ancestors().count()).unwrap_or(u32::MAX / 8);
    outer * 4 + layer as u32
}

/// On which side of a token boundary an insertion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Ends something: belongs to the text before it.
    Close,
    /// Begins something: belongs to the text after it.
    Open,
}

/// Text put in at one place. It never contains a newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// Where, in the original text.
    pub at: TextSize,
    /// On which side of the boundary.
    pub side: Side,
    /// How deep the inserting construct is nested: among openings at one
    /// place the outer comes first, among closings the inner.
    pub depth: u32,
    /// The text.
    pub text: String,
    /// Whose probe it is part of.
    pub node: NodeId,
}

/// Orders insertions as they stand in the output. The order is total up to
/// insertions that are equal in place, side and depth, which keep theirs.
pub fn sort(insertions: &mut [Insertion]) {
    insertions.sort_by(|a, b| {
        let by_depth = match a.side {
            Side::Open => a.depth.cmp(&b.depth),
            Side::Close => b.depth.cmp(&a.depth),
        };
        (a.at, a.side).cmp(&(b.at, b.side)).then(by_depth)
    });
}

/// The text with `insertions`, which must be sorted.
pub fn apply(source: &str, insertions: &[Insertion]) -> String {
    let added: usize = insertions.iter().map(|insertion| insertion.text.len()).sum();
    let mut out = String::with_capacity(source.len() + added);
    let mut from = 0;
    for insertion in insertions {
        let at = usize::from(insertion.at);
        out.push_str(&source[from..at]);
        out.push_str(&insertion.text);
        from = at;
    }
    out.push_str(&source[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insertion(at: u32, side: Side, depth: u32, text: &str) -> Insertion {
        let node = NodeId::from_raw(1).unwrap();
        Insertion { at: TextSize::from(at), side, depth, text: text.into(), node }
    }

    #[test]
    fn nesting_decides_ties() {
        let mut insertions = vec![
            insertion(1, Side::Close, 0, ")"),
            insertion(0, Side::Open, 1, "["),
            insertion(1, Side::Open, 0, "{"),
            insertion(1, Side::Close, 1, "]"),
            insertion(0, Side::Open, 0, "("),
        ];
        sort(&mut insertions);
        assert_eq!(apply("ab", &insertions), "([a]){b");
    }
}
