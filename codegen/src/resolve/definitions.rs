//! What a module's own text defines, by name and arity.

use std::collections::BTreeSet;
use syntax::{Call, Module, SyntaxKind, SyntaxNode, definition_head};

/// A name and an arity.
pub type Key = (String, u32);

/// The functions and macros that a module's text defines. What a macro such as
/// `use` adds to it is not here.
#[derive(Debug, Default)]
pub struct Definitions {
    /// Functions, with an entry for each number of arguments that defaults allow.
    pub functions: BTreeSet<Key>,
    /// Macros and guards, likewise.
    pub macros: BTreeSet<Key>,
}

impl Definitions {
    /// Reads the statements of `module`.
    pub fn of(module: &Module) -> Self {
        let mut definitions = Self::default();
        for call in module.statements().iter().filter_map(Call::cast) {
            let Some(word) = call.local_name() else { continue };
            let into = match word.as_str() {
                "def" | "defp" | "defdelegate" => &mut definitions.functions,
                "defmacro" | "defmacrop" | "defguard" | "defguardp" => &mut definitions.macros,
                _ => continue,
            };
            into.extend(heads(&call));
        }
        definitions
    }

    /// Whether a function has this name, at any arity.
    pub fn has_function(&self, name: &str) -> bool {
        self.functions.iter().any(|(function, _)| function == name)
    }

    /// Whether a macro has this name, at any arity.
    pub fn has_macro(&self, name: &str) -> bool {
        self.macros.iter().any(|(own, _)| own == name)
    }
}

/// The name and the arities of one definition.
fn heads(definition: &Call) -> Vec<Key> {
    let Some((name, arguments)) = definition_head(definition) else { return Vec::new() };
    let arity = arguments.len();
    let defaults = arguments.iter().filter(|argument| has_default(argument)).count();
    // A function has fewer arguments than 2³².
    (arity - defaults..=arity).map(|arity| (name.clone(), arity as u32)).collect()
}

fn has_default(argument: &SyntaxNode) -> bool {
    let is_default = |kind| kind == SyntaxKind::T_BACKSLASH_BACKSLASH;
    argument.kind() == SyntaxKind::BINARY_OPERATOR
        && argument.children_with_tokens().any(|child| is_default(child.kind()))
}
