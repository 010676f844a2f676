//! Operators that mean something of their own.

use super::view;
use crate::nodes::{BinaryOperator, UnaryOperator};
use crate::{Call, SyntaxKind, SyntaxNode};

view! {
    /// `pattern = value`.
    Match, |node| is_binary(node, SyntaxKind::T_EQUAL)
}

view! {
    /// `value |> call`.
    Pipe, |node| is_binary(node, SyntaxKind::T_PIPE_GREATER)
}

view! {
    /// `&name/arity`, `&(&1 + 1)`, or `&1`.
    Capture, |node| is_unary(node, SyntaxKind::T_AMPERSAND)
}

view! {
    /// `@name` or `@name value`.
    Attribute, |node| is_unary(node, SyntaxKind::T_AT)
}

impl Match {
    /// What stands on the left.
    pub fn pattern(&self) -> Option<SyntaxNode> {
        self.0.first_child()
    }

    /// What is matched.
    pub fn value(&self) -> Option<SyntaxNode> {
        self.0.children().nth(1)
    }
}

impl Pipe {
    /// The value that becomes the first argument; of a chain, the chain before.
    pub fn value(&self) -> Option<SyntaxNode> {
        self.0.first_child()
    }

    /// Where it goes.
    pub fn target(&self) -> Option<SyntaxNode> {
        self.0.children().nth(1)
    }
}

impl Capture {
    /// What is captured; an integer for `&1`.
    pub fn operand(&self) -> Option<SyntaxNode> {
        self.0.first_child()
    }

    /// The number of a placeholder.
    pub fn placeholder(&self) -> Option<u32> {
        let operand = self.operand().filter(|node| node.kind() == SyntaxKind::INTEGER)?;
        operand.text().to_string().parse().ok()
    }

    /// `name/arity` or `left.name/arity`: what is named, and the arity.
    pub fn function(&self) -> Option<(SyntaxNode, u32)> {
        let named = self.operand().filter(|node| is_binary(node, SyntaxKind::T_SLASH))?;
        let arity = named.children().nth(1)?.text().to_string().parse().ok()?;
        Some((named.first_child()?, arity))
    }
}

impl Attribute {
    /// The name.
    pub fn name(&self) -> Option<String> {
        let operand = self.0.first_child()?;
        match Call::cast(&operand) {
            Some(call) => call.local_name(),
            None => (operand.kind() == SyntaxKind::IDENTIFIER).then(|| operand.text().to_string()),
        }
    }

    /// The value that is set; none where the attribute is read.
    pub fn value(&self) -> Option<SyntaxNode> {
        Call::cast(&self.0.first_child()?)?.arguments_node()?.first_child()
    }
}

fn is_binary(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    BinaryOperator::cast(node).and_then(|binary| binary.operator()).is_some_and(|token| token.kind() == kind)
}

fn is_unary(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    UnaryOperator::cast(node).and_then(|unary| unary.operator()).is_some_and(|token| token.kind() == kind)
}
