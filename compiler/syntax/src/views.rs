//! Typed views of nodes beyond calls, clauses and modules.
//!
//! A view is a node that was looked at: `cast` says whether it is what the view
//! is for, and everything asked of it may be missing, since the text may be
//! half written. Elixir has calls, not keywords: `case` here is a call of that
//! name with a body, whatever the name means where it stands.

mod container;
mod control;
mod operator;
mod text;

pub use container::{Access, Bitstring, Entry, List, Map, Tuple};
pub use control::{AnonymousFunction, Case, Cond, For, If, Quote, Receive, Stab, Try, Unless, Unquote, With};
pub use operator::{Attribute, Binary, Capture, Match, Pipe, Unary};
pub use text::{Part, Sigil, Text};

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
