//! What a call means: a function, a macro, or something nobody can tell from the
//! text. What is not known to be a function is not entered.
//!
//! One assumption: a `use` of an unknown module takes none of Kernel's names away.
//! Whatever else it brings, it may bring: macros under any name and any alias.

mod definitions;
mod directives;
mod library;
mod verdict;

pub use library::{Kind, kind as library_kind};
pub use verdict::{End, Verdict, end_of, is_detached, kernel_verdict, piped};

use crate::{FunctionName, Surroundings};
use definitions::Definitions;
use directives::{Directives, Selection};
use syntax::{Call, Module, SyntaxKind, SyntaxNode, Target, TextSize};

/// What a call means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function whose name is known. Erlang's modules have a colon before them;
    /// a function of a module whose own name is not written out has an empty one.
    Function(FunctionName),
    /// A function that only the program knows: `fun.(x)`, `module.f(x)`, `super(x)`.
    Dynamic,
    /// `x.y`, which reads a field or calls a function.
    Field,
    /// A special form, or a macro of Kernel's.
    Kernel(String),
    /// Some other macro whose name is known.
    Macro(FunctionName),
    /// Perhaps a macro.
    Unknown,
}

/// Names the directives of a file bring into scope.
#[derive(Debug, Default)]
pub struct Names(Directives);

impl Names {
    /// Reads every directive of the file.
    pub fn of(root: &SyntaxNode) -> Self {
        Self(Directives::of(root))
    }
}

/// What calls inside a module can mean.
#[derive(Debug)]
pub struct Scope<'a> {
    directives: &'a Directives,
    around: &'a Surroundings,
    module: Option<String>,
    own: Definitions,
    /// Where the module's functions stand, for the name of the one around a call.
    bodies: Vec<(syntax::TextRange, definitions::Key)>,
}

impl<'a> Scope<'a> {
    /// The scope of `module`, of whose project `around` is known.
    pub fn of(module: &Module, names: &'a Names, around: &'a Surroundings) -> Self {
        let body = |clause: syntax::Clause| (clause.call.range(), (clause.name.clone(), clause.arity() as u32));
        Self {
            directives: &names.0,
            around,
            module: module.name.clone(),
            own: Definitions::of(module),
            bodies: module.clauses().into_iter().map(body).collect(),
        }
    }

    /// The module's full name, if it is written out.
    pub fn module(&self) -> Option<&str> {
        self.module.as_deref()
    }

    /// Whether an alias, as written, may stand for a module of another name.
    pub fn is_renamed(&self, alias: &str) -> bool {
        alias.split('.').next().is_some_and(|first| self.directives.renames(first))
    }

    /// Whether `name` is one of Kernel's own here, such as `if` or `&&`.
    pub fn is_kernel(&self, name: &str) -> bool {
        !self.directives.hides(name) && !self.own.has_macro(name) && !self.own.has_function(name)
    }

    /// Whether the module defines a function of this name, at any arity.
    pub fn defines(&self, name: &str) -> bool {
        self.own.has_function(name)
    }

    /// The functions that the module's text defines.
    pub fn own_functions(&self) -> impl Iterator<Item = (String, u32)> {
        self.own.functions.iter().cloned()
    }

    /// The macros that it defines.
    pub fn own_macros(&self) -> impl Iterator<Item = (String, u32)> {
        self.own.macros.iter().cloned()
    }

    /// Whether a `use` of an unknown module holds at a place.
    pub fn may_be_anything(&self, at: TextSize) -> bool {
        self.directives.may_be_anything(at)
    }

    /// Whether `call` is certain to call a function: then its arguments are
    /// expressions that are evaluated once, in order, and it has a value.
    /// `piped` is 1 for the right side of `|>`, else 0.
    pub fn is_function(&self, call: &Call, piped: usize) -> bool {
        call.do_block().is_none() && matches!(self.callee(call, piped), Callee::Function(_) | Callee::Dynamic)
    }

    /// What `call` means, with `piped` more arguments than are written.
    pub fn callee(&self, call: &Call, piped: usize) -> Callee {
        // A call has fewer arguments than 2³².
        let arity = (call.arity() + piped) as u32;
        let at = call.range().start();
        match call.target() {
            Target::Local(name) => self.local(&name, arity, at),
            Target::Remote(left, name) => self.remote(call, &left, &name, arity),
            Target::Anonymous(_) => Callee::Dynamic,
            Target::Other => Callee::Unknown,
        }
    }

    /// What the call `name(…)` with so many arguments means at a place.
    pub fn local(&self, name: &str, arity: u32, at: TextSize) -> Callee {
        let key = (name.to_owned(), arity);
        match () {
            () if library::has_macro(library::SPECIAL_FORMS, name) && name != "super" => {
                Callee::Kernel(name.to_owned())
            }
            () if self.own.macros.contains(&key) => Callee::Macro(self.own_name(name, arity)),
            () if self.own.functions.contains(&key) => Callee::Function(self.own_name(name, arity)),
            () if name == "super" => Callee::Dynamic,
            () if self.directives.imports_kernel(name, arity, at) && self.is_in_kernel(name, arity) => {
                self.kernel(name, arity)
            }
            () => self.imported(name, arity, at),
        }
    }

    /// The names by which the project may define what an [`Callee::Unknown`] call
    /// calls; if it does so as functions, the call is known.
    pub fn candidates(&self, call: &Call, piped: usize) -> Vec<FunctionName> {
        let arity = (call.arity() + piped) as u32;
        let at = call.range().start();
        match call.target() {
            Target::Local(name) => {
                let may_bring = |(module, selection): &(&str, &Selection)| {
                    !library::has(module) && selection.admits(&name, arity, None)
                };
                let imports = self.directives.imports(at).filter(may_bring);
                imports.map(|(module, _)| FunctionName::new(module, &name, arity)).collect()
            }
            Target::Remote(left, name) if left.kind() == SyntaxKind::ALIAS => {
                let module = self.directives.expand(&syntax::text_without_trivia(&left), at);
                vec![FunctionName::new(&module, &name, arity)]
            }
            Target::Remote(..) | Target::Anonymous(_) | Target::Other => Vec::new(),
        }
    }

    fn is_in_kernel(&self, name: &str, arity: u32) -> bool {
        library::kind("Kernel", name, arity).is_some()
    }

    fn kernel(&self, name: &str, arity: u32) -> Callee {
        match library::kind("Kernel", name, arity) {
            Some(Kind::Function) => Callee::Function(FunctionName::new("Kernel", name, arity)),
            Some(Kind::Macro) => Callee::Kernel(name.to_owned()),
            None => Callee::Unknown,
        }
    }

    /// The full name of a function of the module itself.
    pub fn own_name(&self, name: &str, arity: u32) -> FunctionName {
        FunctionName::new(self.module.as_deref().unwrap_or_default(), name, arity)
    }

    /// What is imported under a name that is not the module's own: two imports
    /// of one name do not compile, so the first that has it is the one.
    fn imported(&self, name: &str, arity: u32, at: TextSize) -> Callee {
        let mut found = Callee::Unknown;
        for (module, selection) in self.directives.imports(at) {
            let kind = library::kind(module, name, arity);
            let known = FunctionName::new(module, name, arity);
            match kind {
                _ if !selection.admits(name, arity, kind) => {}
                Some(Kind::Macro) => return Callee::Macro(known),
                Some(Kind::Function) => found = Callee::Function(known),
                None if self.around.functions.contains(&known) => found = Callee::Function(known),
                None => {}
            }
        }
        found
    }

    fn remote(&self, call: &Call, left: &SyntaxNode, name: &str, arity: u32) -> Callee {
        let at = call.range().start();
        let written = syntax::text_without_trivia(left);
        let is_own = written == "__MODULE__" || written.starts_with("__MODULE__.");
        match left.kind() {
            SyntaxKind::ALIAS => self.member(&self.directives.expand(&written, at), name, arity, at),
            SyntaxKind::ATOM => self.member(&written, name, arity, at),
            _ if is_own => self.member(&self.directives.expand(&written, at), name, arity, at),
            _ if arity == 0 && call.arguments_node().is_none() => Callee::Field,
            SyntaxKind::IDENTIFIER if !self.own.has_macro(&written) => Callee::Dynamic,
            // A macro may give the module's name while compiling.
            _ if self.directives.requires_macro(name, at) => Callee::Unknown,
            _ => Callee::Dynamic,
        }
    }

    /// What `name` of a module with this full name is.
    fn member(&self, module: &str, name: &str, arity: u32, at: TextSize) -> Callee {
        let known = FunctionName::new(module, name, arity);
        let is_own = Some(module) == self.module.as_deref() || module == "__MODULE__";
        match library::kind(module, name, arity) {
            _ if module == "Kernel" => self.kernel(name, arity),
            Some(Kind::Macro) => Callee::Macro(known),
            Some(Kind::Function) => Callee::Function(known),
            // A module cannot require itself.
            None if is_own => Callee::Function(self.own_name(name, arity)),
            None if self.around.functions.contains(&known) => Callee::Function(known),
            // Erlang's modules have no macros.
            None if !module.starts_with(':') && self.directives.requires(module, at) => Callee::Unknown,
            None if self.directives.names(module, at) => Callee::Unknown,
            None => Callee::Function(known),
        }
    }
}

#[cfg(test)]
mod tests;
