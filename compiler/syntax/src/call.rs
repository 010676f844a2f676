//! Calls in all their forms.

use crate::nodes::Pair;
use crate::{SyntaxKind, SyntaxNode, trimmed_range};
use rowan::TextRange;

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `name(…)`
    Local(String),
    /// `left.name(…)`
    Remote(SyntaxNode, String),
    /// `left.(…)`
    Anonymous(SyntaxNode),
    /// Anything else, such as `unquote(name)(…)`.
    Other,
}

/// One argument: an expression, or a keyword list without brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// An expression.
    Expr(SyntaxNode),
    /// `a: 1, b: 2`, always last.
    Keywords(SyntaxNode),
}

/// A call with its arguments.
#[derive(Clone, Debug)]
pub struct Call {
    node: SyntaxNode,
}

impl Call {
    /// The node as a call.
    pub fn cast(node: &SyntaxNode) -> Option<Self> {
        (node.kind() == SyntaxKind::CALL).then(|| Self { node: node.clone() })
    }

    /// The call's node.
    pub fn node(&self) -> &SyntaxNode {
        &self.node
    }

    /// What is called.
    pub fn target(&self) -> Target {
        let Some(target) = self.node.first_child() else { return Target::Other };
        match target.kind() {
            SyntaxKind::IDENTIFIER => Target::Local(target.text().to_string()),
            SyntaxKind::DOT => dot_target(&target),
            _ => Target::Other,
        }
    }

    /// The name of a local call.
    pub fn local_name(&self) -> Option<String> {
        match self.target() {
            Target::Local(name) => Some(name),
            _ => None,
        }
    }

    /// The node that holds the arguments.
    pub fn arguments_node(&self) -> Option<SyntaxNode> {
        self.node.children().find(|child| child.kind() == SyntaxKind::ARGUMENTS)
    }

    /// The arguments in order, without the do-block.
    pub fn arguments(&self) -> Vec<Argument> {
        self.arguments_node().map(|node| arguments_of(&node)).unwrap_or_default()
    }

    /// Number of arguments, a do-block counted as one.
    pub fn arity(&self) -> usize {
        self.arguments().len() + usize::from(self.do_block().is_some())
    }

    /// Whether the arguments stand in parentheses, which `f (x) + 1` does not.
    pub fn has_parentheses(&self) -> bool {
        let first = self.arguments_node().and_then(|node| node.first_child_or_token());
        first.is_some_and(|first| first.kind() == SyntaxKind::T_L_PAREN)
    }

    /// The do-block.
    pub fn do_block(&self) -> Option<SyntaxNode> {
        self.node.children().find(|child| child.kind() == SyntaxKind::DO_BLOCK)
    }

    /// The value of `key:` among keyword arguments without brackets.
    pub fn keyword(&self, key: &str) -> Option<SyntaxNode> {
        let Some(Argument::Keywords(keywords)) = self.arguments().pop() else { return None };
        pairs(&keywords).into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The range of the last evaluated argument: the last expression, or the
    /// last value of a keyword list.
    pub fn last_argument(&self) -> Option<SyntaxNode> {
        match self.arguments().pop()? {
            Argument::Expr(node) => Some(node),
            Argument::Keywords(keywords) => pairs(&keywords).pop().map(|(_, value)| value),
        }
    }

    /// The call's range without trivia.
    pub fn range(&self) -> TextRange {
        trimmed_range(&self.node)
    }
}

fn dot_target(dot: &SyntaxNode) -> Target {
    let mut children = dot.children();
    match (children.next(), children.next()) {
        (Some(left), None) => Target::Anonymous(left),
        (Some(left), Some(name)) if name.kind() == SyntaxKind::IDENTIFIER => {
            Target::Remote(left, name.text().to_string())
        }
        _ => Target::Other,
    }
}

pub(crate) fn arguments_of(node: &SyntaxNode) -> Vec<Argument> {
    let wrap = |child: SyntaxNode| match child.kind() {
        SyntaxKind::KEYWORDS => Argument::Keywords(child),
        _ => Argument::Expr(child),
    };
    node.children().map(wrap).collect()
}

/// The pairs of a keyword list: key without its colon, and value.
pub fn pairs(keywords: &SyntaxNode) -> Vec<(String, SyntaxNode)> {
    let pair = |node: SyntaxNode| {
        let pair = Pair::cast(&node)?;
        let key = pair.key()?.text().to_string();
        Some((key.trim_end().trim_end_matches(':').to_owned(), pair.value()?))
    };
    keywords.children().filter_map(pair).collect()
}
