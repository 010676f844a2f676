//! What Elixir's own modules define, from Elixir 1.14 to 1.18.
//!
//! `library.txt` has a line for each module: its name, its functions, and behind
//! `|` its macros, each as `name/arity,arity`. The test compares it with the
//! Elixir that runs; `UPDATE_LIBRARY=1` adds what that one has more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const TEXT: &str = include_str!("library.txt");

/// The special forms, which no import can hide.
pub const SPECIAL_FORMS: &str = "Kernel.SpecialForms";

/// What a name of a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A function in every version.
    Function,
    /// A macro in some version.
    Macro,
}

/// One module.
#[derive(Debug, Default)]
struct Library<'a> {
    functions: BTreeSet<(&'a str, u32)>,
    macros: BTreeSet<(&'a str, u32)>,
}

static MODULES: LazyLock<BTreeMap<&str, Library<'_>>> = LazyLock::new(|| TEXT.lines().map(module).collect());

fn module(line: &str) -> (&str, Library<'_>) {
    let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
    let mut words = rest.split(' ').filter(|word| !word.is_empty());
    let functions = words.by_ref().take_while(|word| *word != "|").flat_map(named).collect();
    (name, Library { functions, macros: words.flat_map(named).collect() })
}

/// `name/1,2` as the pairs of the name and each arity.
fn named(word: &str) -> impl Iterator<Item = (&str, u32)> {
    let (name, arities) = word.rsplit_once('/').unwrap_or((word, ""));
    arities.split(',').filter_map(move |arity| Some((name, arity.parse().ok()?)))
}

/// Whether it is one of Elixir's modules.
pub fn has(module: &str) -> bool {
    MODULES.contains_key(module)
}

/// What `name/arity` of one of Elixir's modules is.
pub fn kind(module: &str, name: &str, arity: u32) -> Option<Kind> {
    let library = MODULES.get(module)?;
    let is_macro = library.macros.contains(&(name, arity));
    let is_function = || library.functions.contains(&(name, arity)).then_some(Kind::Function);
    if is_macro { Some(Kind::Macro) } else { is_function() }
}

/// Whether a macro of the module has this name, at any arity.
pub fn has_macro(module: &str, name: &str) -> bool {
    MODULES.get(module).is_some_and(|library| library.macros.iter().any(|(macro_name, _)| *macro_name == name))
}

#[cfg(test)]
mod tests;
