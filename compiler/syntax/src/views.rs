//! What nodes mean, beyond calls, clauses and modules.
//!
//! A view is a node that was looked at: `cast` says whether it is what the view
//! is for, and everything asked of it may be missing, since the text may be
//! half written. Elixir has calls, not keywords: `case` here is a call of that
//! name with a body, whatever the name means where it stands. Where a kind of the
//! grammar says it all, its type in `nodes` is the view, with more to ask.

mod container;
mod control;
mod operator;
mod text;

pub use container::Entry;
pub use control::{Case, Cond, For, If, Quote, Receive, Try, Unless, Unquote, With};
pub use operator::{Attribute, Capture, Match, Pipe};
pub use text::{Part, Text};

/// A view of the nodes for which `$is` holds.
macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $is:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(SyntaxNode);

        impl $name {
            /// The node as this view.
            pub fn cast(node: &SyntaxNode) -> Option<Self> {
                let is: fn(&SyntaxNode) -> bool = $is;
                is(node).then(|| Self(node.clone()))
            }

            /// The node.
            pub fn node(&self) -> &SyntaxNode {
                &self.0
            }
        }
    };
}
use view;
