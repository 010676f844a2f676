//! Modules, and the directives in scope of them.

use crate::call::{Argument, Call, Target};
use crate::clause::{Body, Clause, Section, statements};
use crate::{SyntaxKind, SyntaxNode, text_without_trivia};

/// A `defmodule`, `defimpl` or `defprotocol` with a do-block.
#[derive(Clone, Debug)]
pub struct Module {
    /// Full name; `None` where it is not written out (`defmodule unquote(x)`).
    pub name: Option<String>,
    /// Which macro defines it.
    pub definer: String,
    /// The defining call.
    pub call: Call,
    /// The do-block.
    pub body: SyntaxNode,
}

impl Module {
    /// The node as the definition of a module inside the module named `outer`.
    pub fn cast(node: &SyntaxNode, outer: Option<&str>) -> Option<Self> {
        let outer = outer.map(|name| Some(name.to_owned()));
        module_of(Call::cast(node)?, outer.as_ref())
    }

    /// What the module's body consists of: its statements, with those of an `if`
    /// or `unless` in the place of these, whichever of them compilation takes.
    pub fn statements(&self) -> Vec<SyntaxNode> {
        chosen_statements(&self.body)
    }

    /// The clauses of named functions and macros among the module's statements.
    pub fn clauses(&self) -> Vec<Clause> {
        self.statements().iter().filter_map(Clause::cast).collect()
    }
}

/// Every module of the tree, outer before inner, in order of the text. Modules
/// inside `quote`, functions or unknown calls are not listed.
pub fn modules(root: &SyntaxNode) -> Vec<Module> {
    let mut out = Vec::new();
    // (statements still to visit, in reverse; the enclosing module's name)
    let mut todo: Vec<(SyntaxNode, Option<Option<String>>)> =
        chosen_statements(root).into_iter().rev().map(|child| (child, None)).collect();
    while let Some((node, outer)) = todo.pop() {
        let Some(module) = Call::cast(&node).and_then(|call| module_of(call, outer.as_ref())) else { continue };
        let inner = module.statements();
        todo.extend(inner.into_iter().rev().map(|child| (child, Some(module.name.clone()))));
        out.push(module);
    }
    out
}

fn chosen_statements(body: &SyntaxNode) -> Vec<SyntaxNode> {
    let mut out = Vec::new();
    let mut todo: Vec<_> = statements(body).into_iter().rev().collect();
    while let Some(statement) = todo.pop() {
        match choices(&statement) {
            Some(sections) => todo.extend(sections.iter().rev().flat_map(|section| {
                let inner = if section.keyword { vec![section.node.clone()] } else { statements(&section.node) };
                inner.into_iter().rev()
            })),
            None => out.push(statement),
        }
    }
    out
}

/// The sections of an `if` or `unless`.
fn choices(statement: &SyntaxNode) -> Option<Vec<Section>> {
    let call = Call::cast(statement)?;
    let is_choice = matches!(call.local_name()?.as_str(), "if" | "unless");
    Body::of(&call).filter(|_| is_choice).map(|body| body.sections)
}

fn module_of(call: Call, outer: Option<&Option<String>>) -> Option<Module> {
    let definer = call.local_name()?;
    let body = call.do_block()?;
    let name = match definer.as_str() {
        "defmodule" | "defprotocol" => {
            let Some(Argument::Expr(node)) = call.arguments().into_iter().next() else { return None };
            match outer {
                None => literal_name(&node, None),
                Some(None) => None,
                Some(Some(outer)) => literal_name(&node, Some(outer)),
            }
        }
        "defimpl" => implementation_name(&call, outer),
        _ => return None,
    };
    Some(Module { name, definer, call, body })
}

fn literal_name(node: &SyntaxNode, outer: Option<&str>) -> Option<String> {
    let text = text_without_trivia(node);
    match node.kind() {
        SyntaxKind::ALIAS => Some(match (text.strip_prefix("Elixir."), outer) {
            (Some(absolute), _) => absolute.to_owned(),
            (None, Some(outer)) => format!("{outer}.{text}"),
            (None, None) => text,
        }),
        SyntaxKind::ATOM => Some(text),
        _ => text.strip_prefix("__MODULE__.").and_then(|rest| Some(format!("{}.{rest}", outer?))),
    }
}

/// `defimpl P, for: T` is the module `P.T`, with `for: [A, B]` it is written
/// `P.[A,B]`; without `for:`, it is for the enclosing module. Names are as written: aliases are not resolved here.
fn implementation_name(call: &Call, outer: Option<&Option<String>>) -> Option<String> {
    let Some(Argument::Expr(protocol)) = call.arguments().into_iter().next() else { return None };
    if protocol.kind() != SyntaxKind::ALIAS {
        return None;
    }
    let target = match call.keyword("for") {
        Some(node) => target_name(&node, outer)?,
        None => outer.cloned().flatten()?,
    };
    Some(format!("{}.{target}", text_without_trivia(&protocol)))
}

/// A written type, or a list of them: one text for several modules.
fn target_name(node: &SyntaxNode, outer: Option<&Option<String>>) -> Option<String> {
    match node.kind() {
        SyntaxKind::ALIAS | SyntaxKind::ATOM => Some(text_without_trivia(node)),
        SyntaxKind::LIST => {
            let names: Option<Vec<_>> = node.children().map(|child| target_name(&child, outer)).collect();
            names.filter(|names| !names.is_empty()).map(|names| format!("[{}]", names.join(",")))
        }
        SyntaxKind::IDENTIFIER if node.text() == "__MODULE__" => outer.cloned().flatten(),
        _ => None,
    }
}

/// What a directive does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectiveKind {
    /// `alias`
    Alias,
    /// `import`
    Import,
    /// `require`
    Require,
    /// `use`
    Use,
}

/// An `alias`, `import`, `require` or `use`, anywhere in the text.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Which of them.
    pub kind: DirectiveKind,
    /// The modules it names, as written (`A.{B, C}` gives `A.B` and `A.C`).
    pub modules: Vec<String>,
    /// The value of `as:`.
    pub alias_as: Option<String>,
    /// The call.
    pub call: Call,
}

/// Every directive of the tree, in order.
pub fn directives(root: &SyntaxNode) -> Vec<Directive> {
    let calls = root.descendants().filter_map(|node| Call::cast(&node));
    calls.filter_map(directive_of).collect()
}

fn directive_of(call: Call) -> Option<Directive> {
    let Target::Local(name) = call.target() else { return None };
    let kind = match name.as_str() {
        "alias" => DirectiveKind::Alias,
        "import" => DirectiveKind::Import,
        "require" => DirectiveKind::Require,
        "use" => DirectiveKind::Use,
        _ => return None,
    };
    let Some(Argument::Expr(subject)) = call.arguments().into_iter().next() else { return None };
    let modules = named_modules(&subject);
    let alias_as = call.keyword("as").map(|node| text_without_trivia(&node));
    Some(Directive { kind, modules, alias_as, call })
}

fn named_modules(subject: &SyntaxNode) -> Vec<String> {
    let text = text_without_trivia(subject);
    match text.split_once(".{") {
        Some((prefix, rest)) => {
            let names = rest.trim_end_matches('}').split(',').filter(|name| !name.is_empty());
            names.map(|name| format!("{prefix}.{name}")).collect()
        }
        None => vec![text],
    }
}
