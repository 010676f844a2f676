//! Clauses of named functions and macros, and the bodies they have.

use crate::call::{Argument, Call, arguments_of, pairs};
use crate::{SyntaxKind, SyntaxNode};

/// What defines a clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClauseKind {
    /// `def`
    Def,
    /// `defp`
    Defp,
    /// `defmacro`
    Defmacro,
    /// `defmacrop`
    Defmacrop,
}

impl ClauseKind {
    /// The defining word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Def => "def",
            Self::Defp => "defp",
            Self::Defmacro => "defmacro",
            Self::Defmacrop => "defmacrop",
        }
    }

    /// Whether the clause runs at run time.
    pub const fn is_function(self) -> bool {
        matches!(self, Self::Def | Self::Defp)
    }
}

/// Which part of a body a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SectionRole {
    /// `do`
    Do,
    /// `rescue`
    Rescue,
    /// `catch`
    Catch,
    /// `else`
    Else,
    /// `after`
    After,
}

/// One section of a do-block or of its keyword form.
#[derive(Clone, Debug)]
pub struct Section {
    /// Which part.
    pub role: SectionRole,
    /// In a do-block: the block or the `…_block` node, whose children are
    /// statements or stab clauses. In keyword form: the value.
    pub node: SyntaxNode,
    /// Whether `node` is the value of a keyword.
    pub keyword: bool,
}

/// The sections of a call that has a body.
#[derive(Clone, Debug)]
pub struct Body {
    /// In the order of the text; `do` is always there and first in do-blocks.
    pub sections: Vec<Section>,
}

impl Body {
    /// The body of a call: its do-block, else its `do:` keywords.
    pub fn of(call: &Call) -> Option<Self> {
        let sections = match call.do_block() {
            Some(block) => block_sections(&block),
            None => keyword_sections(call)?,
        };
        Some(Self { sections })
    }

    /// The section with this role.
    pub fn section(&self, role: SectionRole) -> Option<&Section> {
        self.sections.iter().find(|section| section.role == role)
    }

    /// Whether the body is an implicit `try`, or an explicit one's.
    pub fn protects(&self) -> bool {
        let handler = [SectionRole::Rescue, SectionRole::Catch, SectionRole::After];
        self.sections.iter().any(|section| handler.contains(&section.role))
    }
}

fn block_sections(block: &SyntaxNode) -> Vec<Section> {
    let role = |kind| match kind {
        SyntaxKind::RESCUE_BLOCK => Some(SectionRole::Rescue),
        SyntaxKind::CATCH_BLOCK => Some(SectionRole::Catch),
        SyntaxKind::ELSE_BLOCK => Some(SectionRole::Else),
        SyntaxKind::AFTER_BLOCK => Some(SectionRole::After),
        _ => None,
    };
    let first = Section { role: SectionRole::Do, node: block.clone(), keyword: false };
    let others = block.children().filter_map(|node| Some(Section { role: role(node.kind())?, node, keyword: false }));
    std::iter::once(first).chain(others).collect()
}

fn keyword_sections(call: &Call) -> Option<Vec<Section>> {
    let Some(Argument::Keywords(keywords)) = call.arguments().pop() else { return None };
    let role = |key: &str| match key {
        "do" => Some(SectionRole::Do),
        "rescue" => Some(SectionRole::Rescue),
        "catch" => Some(SectionRole::Catch),
        "else" => Some(SectionRole::Else),
        "after" => Some(SectionRole::After),
        _ => None,
    };
    let section = |(key, node): (String, SyntaxNode)| Some(Section { role: role(&key)?, node, keyword: true });
    let sections: Vec<_> = pairs(&keywords).into_iter().filter_map(section).collect();
    sections.iter().any(|section| section.role == SectionRole::Do).then_some(sections)
}

/// The statements of a block-like node: what is neither a section of its own
/// nor layout.
pub fn statements(block: &SyntaxNode) -> Vec<SyntaxNode> {
    let section = |kind| {
        use SyntaxKind::{AFTER_BLOCK, CATCH_BLOCK, ELSE_BLOCK, RESCUE_BLOCK};
        matches!(kind, RESCUE_BLOCK | CATCH_BLOCK | ELSE_BLOCK | AFTER_BLOCK)
    };
    block.children().filter(|child| !section(child.kind())).collect()
}

/// The body of a stab clause (`… -> body`).
pub fn stab_body(stab: &SyntaxNode) -> Option<SyntaxNode> {
    stab.children().find(|child| child.kind() == SyntaxKind::BODY)
}

/// One clause of a named function or macro, with a body.
#[derive(Clone, Debug)]
pub struct Clause {
    /// What defines it.
    pub kind: ClauseKind,
    /// The function's name.
    pub name: String,
    /// The argument patterns, defaults included.
    pub arguments: Vec<SyntaxNode>,
    /// The head: name and arguments, without guard.
    pub head: SyntaxNode,
    /// The head with its guard: what distinguishes the clause.
    pub signature: SyntaxNode,
    /// The defining call.
    pub call: Call,
    /// The body.
    pub body: Body,
}

impl Clause {
    /// The statement as a clause with a literal name and a body.
    pub fn cast(node: &SyntaxNode) -> Option<Self> {
        let call = Call::cast(node)?;
        let kind = match call.local_name()?.as_str() {
            "def" => ClauseKind::Def,
            "defp" => ClauseKind::Defp,
            "defmacro" => ClauseKind::Defmacro,
            "defmacrop" => ClauseKind::Defmacrop,
            _ => return None,
        };
        let body = Body::of(&call)?;
        let signature = signature(&call)?;
        let head = without_guard(&signature)?;
        let (name, arguments) = name_and_arguments(&head)?;
        Some(Self { kind, name, arguments, head, signature, call, body })
    }

    /// The number of arguments.
    pub fn arity(&self) -> usize {
        self.arguments.len()
    }
}

/// The name and the argument patterns of whatever is defined as `def` does it,
/// with a body or without, if the name is a plain one.
pub fn definition_head(call: &Call) -> Option<(String, Vec<SyntaxNode>)> {
    name_and_arguments(&without_guard(&signature(call)?)?)
}

fn signature(call: &Call) -> Option<SyntaxNode> {
    match call.arguments().into_iter().next()? {
        Argument::Expr(signature) => Some(signature),
        Argument::Keywords(_) => None,
    }
}

fn without_guard(signature: &SyntaxNode) -> Option<SyntaxNode> {
    let is_guarded = signature.kind() == SyntaxKind::BINARY_OPERATOR
        && signature.children_with_tokens().any(|child| child.kind() == SyntaxKind::WHEN_KW);
    if is_guarded { signature.first_child() } else { Some(signature.clone()) }
}

fn name_and_arguments(head: &SyntaxNode) -> Option<(String, Vec<SyntaxNode>)> {
    match head.kind() {
        SyntaxKind::IDENTIFIER => Some((head.text().to_string(), Vec::new())),
        SyntaxKind::CALL => {
            let call = Call::cast(head)?;
            let name = call.local_name().filter(|name| name != "unquote")?;
            let node = |argument| match argument {
                Argument::Expr(node) | Argument::Keywords(node) => node,
            };
            let arguments = call.arguments_node().map(|node| arguments_of(&node)).unwrap_or_default();
            Some((name, arguments.into_iter().map(node).collect()))
        }
        _ => None,
    }
}
