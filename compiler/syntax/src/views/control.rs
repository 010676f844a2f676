//! What decides which code runs: `case` and its kin, `fn`, `quote`.

use super::view;
use crate::nodes::{AnonymousFunction, StabClause};
use crate::{Argument, Body, Call, SectionRole, SyntaxKind, SyntaxNode, statements};

/// Views of calls of a name, with the parts all of them have.
macro_rules! call_views {
    ($($(#[$doc:meta])* $name:ident $word:literal)*) => {$(
        view! { $(#[$doc])* $name, |node| is_call(node, $word) }

        impl $name {
            /// The call.
            pub fn call(&self) -> Option<Call> {
                Call::cast(&self.0)
            }

            /// Its sections, in a do-block or as keywords.
            pub fn body(&self) -> Option<Body> {
                Body::of(&self.call()?)
            }

            /// The expressions before the body.
            pub fn arguments(&self) -> Vec<SyntaxNode> {
                self.call().map(|call| expressions(&call)).unwrap_or_default()
            }

            /// The `->` clauses of a section, or none.
            pub fn clauses(&self, role: SectionRole) -> Vec<StabClause> {
                let body = self.body();
                let section = body.as_ref().and_then(|body| body.section(role));
                section.map(|section| stabs(&section.node)).unwrap_or_default()
            }
        }
    )*};
}

call_views! {
    /// `case subject do … end`: the subject is the only argument, unless piped.
    Case "case"
    /// `cond do … end`.
    Cond "cond"
    /// `for generator, filter, into: … do … end`.
    For "for"
    /// `if condition do … else … end`.
    If "if"
    /// `quote options do … end`.
    Quote "quote"
    /// `receive do … after … end`.
    Receive "receive"
    /// `try do … rescue … catch … else … after … end`.
    Try "try"
    /// `unless condition do … else … end`.
    Unless "unless"
    /// `unquote(expression)`.
    Unquote "unquote"
    /// `with pattern <- expression, … do … else … end`.
    With "with"
}

impl AnonymousFunction {
    /// Its clauses.
    pub fn clauses(&self) -> Vec<StabClause> {
        stabs(self.node())
    }
}

impl StabClause {
    /// The patterns, or the condition of a clause of `cond`.
    pub fn patterns(&self) -> Vec<SyntaxNode> {
        let head = match self.guarded() {
            Some(guarded) => guarded.first_child(),
            None => self.left(),
        };
        head.map(|head| head.children().collect()).unwrap_or_default()
    }

    /// What follows `when`.
    pub fn guard(&self) -> Option<SyntaxNode> {
        self.guarded()?.children().nth(1)
    }

    /// The statements behind the arrow.
    pub fn statements(&self) -> Vec<SyntaxNode> {
        self.right().map(|body| statements(&body)).unwrap_or_default()
    }

    // The patterns of a guarded clause are an operand of `when`.
    fn guarded(&self) -> Option<SyntaxNode> {
        let is_list = |node: SyntaxNode| node.kind() == SyntaxKind::ARGUMENTS;
        self.left().filter(|head| head.kind() == SyntaxKind::BINARY_OPERATOR && head.first_child().is_some_and(is_list))
    }
}

fn is_call(node: &SyntaxNode, word: &str) -> bool {
    let target = node.first_child().filter(|_| node.kind() == SyntaxKind::CALL);
    target.is_some_and(|target| target.kind() == SyntaxKind::IDENTIFIER && target.text() == word)
}

fn expressions(call: &Call) -> Vec<SyntaxNode> {
    let expression = |argument| match argument {
        Argument::Expr(node) => Some(node),
        Argument::Keywords(_) => None,
    };
    call.arguments().into_iter().filter_map(expression).collect()
}

fn stabs(node: &SyntaxNode) -> Vec<StabClause> {
    node.children().filter_map(|child| StabClause::cast(&child)).collect()
}
