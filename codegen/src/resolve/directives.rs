//! What `alias`, `import`, `require` and `use` mean at a place of the text.
//!
//! A directive holds from its end to the end of the block it stands in. Where the
//! text leaves open what it brings, it may bring anything.

use super::library;
use syntax::{
    Call, Directive, DirectiveKind, Module, SyntaxKind, SyntaxNode, TextRange, TextSize, directives, modules,
};

/// `use` of Elixir's own modules brings functions and attributes, and the imports
/// named here. Everything else may bring anything.
const KNOWN_USES: &[(&str, &[&str])] = &[
    ("Agent", &[]),
    ("Application", &[]),
    ("Bitwise", &["Bitwise"]),
    ("DynamicSupervisor", &[]),
    ("ExUnit.Case", &["ExUnit.Assertions", "ExUnit.Callbacks", "ExUnit.Case"]),
    ("GenEvent", &[]),
    ("GenServer", &[]),
    ("Mix.Project", &[]),
    ("Mix.Task", &[]),
    ("Mix.Task.Compiler", &[]),
    ("PartitionSupervisor", &[]),
    ("Supervisor", &[]),
    ("Task", &[]),
];

/// The directives of a file, in the order of the text, with the places where
/// they hold.
#[derive(Debug, Default)]
pub struct Directives {
    all: Vec<(TextRange, Effect)>,
    /// The modules of the text, outer before inner.
    modules: Vec<(TextRange, Option<String>)>,
}

#[derive(Debug)]
enum Effect {
    /// A first segment stands for a module.
    Alias(String, String),
    /// Names of a module are local names.
    Import(String, Selection),
    /// Macros of a module may be called.
    Require(String),
    /// Nobody knows.
    Anything,
}

/// Which names an `import` brings.
#[derive(Debug, Default)]
pub struct Selection {
    only: Option<List>,
    except: Option<List>,
}

/// The value of `only:` or `except:`.
#[derive(Debug)]
enum List {
    Names(Vec<(String, u32)>),
    Kind(library::Kind),
    /// It is computed.
    Unknown,
}

impl Selection {
    fn of(import: &Call) -> Self {
        let list = |key| import.keyword(key).map(|value| List::of(&value));
        Self { only: list("only"), except: list("except") }
    }

    /// Whether it may bring `name/arity`, which is of this kind, if that is known.
    pub fn admits(&self, name: &str, arity: u32, kind: Option<library::Kind>) -> bool {
        let has = |names: &[(String, u32)]| names.iter().any(|(own, own_arity)| own == name && *own_arity == arity);
        let only = match &self.only {
            None | Some(List::Unknown) => true,
            Some(List::Names(names)) => has(names),
            Some(List::Kind(only)) => kind.is_none_or(|kind| kind == *only),
        };
        only && !matches!(&self.except, Some(List::Names(names)) if has(names))
    }

    /// Whether it is certain to bring whatever it admits.
    fn is_certain(&self) -> bool {
        ![&self.only, &self.except].iter().any(|list| matches!(list, Some(List::Unknown)))
    }
}

impl List {
    fn of(value: &SyntaxNode) -> Self {
        let text = syntax::text_without_trivia(value);
        match text.as_str() {
            ":functions" => return Self::Kind(library::Kind::Function),
            ":macros" => return Self::Kind(library::Kind::Macro),
            _ => {}
        }
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
        let pair = |pair: &str| {
            let (name, arity) = pair.rsplit_once(':')?;
            Some((name.trim_matches('"').to_owned(), arity.parse().ok()?))
        };
        let pairs = inner.split(',').filter(|pair| !pair.is_empty()).map(pair).collect();
        Option::map_or(pairs, Self::Unknown, Self::Names)
    }
}

impl Directives {
    /// Reads every directive of the file, wherever it stands.
    pub fn of(root: &SyntaxNode) -> Self {
        let modules = modules(root);
        let named = |module: &Module| (module.call.range(), module.name.clone());
        let mut out = Self { all: Vec::new(), modules: modules.iter().map(named).collect() };
        let mut found: Vec<_> =
            directives(root).into_iter().map(|directive| (directive.call.range().end(), Ok(directive))).collect();
        found.extend(modules.iter().map(|module| (module.call.range().start(), Err(module))));
        found.sort_by_key(|(at, _)| *at);
        for (at, what) in found {
            match what {
                Ok(directive) => out.add(&directive, at),
                Err(module) => out.add_module(module, at),
            }
        }
        out
    }

    fn add(&mut self, directive: &Directive, at: TextSize) {
        let range = TextRange::new(at, scope_end(directive.call.node()).max(at));
        for written in &directive.modules {
            let module = self.expand(written, at);
            match directive.kind {
                DirectiveKind::Alias => self.alias(range, directive, &module),
                DirectiveKind::Import => {
                    self.all.push((range, Effect::Import(module.clone(), Selection::of(&directive.call))));
                    self.all.push((range, Effect::Require(module)));
                }
                DirectiveKind::Require => {
                    if directive.alias_as.is_some() {
                        self.alias(range, directive, &module);
                    }
                    self.all.push((range, Effect::Require(module)));
                }
                DirectiveKind::Use => self.use_module(range, module),
            }
        }
    }

    fn alias(&mut self, range: TextRange, directive: &Directive, module: &str) {
        let last = module.rsplit('.').next().unwrap_or(module);
        let name = directive.alias_as.as_deref().unwrap_or(last);
        self.all.push((range, Effect::Alias(name.to_owned(), module.to_owned())));
    }

    fn use_module(&mut self, range: TextRange, module: String) {
        match KNOWN_USES.iter().find(|(known, _)| *known == module) {
            Some((_, imports)) => {
                let import = |name: &&str| (range, Effect::Import((*name).to_owned(), Selection::default()));
                self.all.extend(imports.iter().map(import));
            }
            None => self.all.push((range, Effect::Anything)),
        }
        self.all.push((range, Effect::Require(module)));
    }

    /// A module inside another is known by its first segment until the end of
    /// that one's body.
    fn add_module(&mut self, module: &Module, at: TextSize) {
        let Some(outer) = self.enclosing(at) else { return };
        let range = TextRange::new(at, scope_end(module.call.node()).max(at));
        let name = module.name.as_deref().and_then(|name| name.strip_prefix(outer)?.strip_prefix('.'));
        if let Some(first) = name.and_then(|name| name.split('.').next()).filter(|_| module.definer != "defimpl") {
            let full = format!("{outer}.{first}");
            self.all.push((range, Effect::Alias(first.to_owned(), full)));
        }
    }

    fn holding(&self, at: TextSize) -> impl DoubleEndedIterator<Item = &Effect> {
        self.all.iter().filter(move |(range, _)| range.start() <= at && at < range.end()).map(|(_, effect)| effect)
    }

    /// The full name of the innermost module around a place.
    fn enclosing(&self, at: TextSize) -> Option<&str> {
        let around = |(range, _): &&(TextRange, Option<String>)| range.start() < at && at < range.end();
        self.modules.iter().rfind(around)?.1.as_deref()
    }

    /// The full name of the module that is written `written` at a place.
    pub fn expand(&self, written: &str, at: TextSize) -> String {
        if let Some(full) = written.strip_prefix("Elixir.") {
            return full.to_owned();
        }
        let (first, rest) = written.split_once('.').map_or((written, None), |(first, rest)| (first, Some(rest)));
        let alias = self.holding(at).rev().find_map(|effect| match effect {
            Effect::Alias(name, module) if name == first => Some(module.as_str()),
            _ => None,
        });
        let own = || self.enclosing(at).filter(|_| first == "__MODULE__");
        let first = alias.or_else(own).unwrap_or(first);
        rest.map_or_else(|| first.to_owned(), |rest| format!("{first}.{rest}"))
    }

    /// The imports in force at a place, but for those of Kernel.
    pub fn imports(&self, at: TextSize) -> impl Iterator<Item = (&str, &Selection)> {
        self.holding(at).filter_map(|effect| match effect {
            Effect::Import(module, selection) if module != "Kernel" => Some((module.as_str(), selection)),
            _ => None,
        })
    }

    /// Whether Kernel's `name/arity` is certain to be a local name at a place.
    pub fn imports_kernel(&self, name: &str, arity: u32, at: TextSize) -> bool {
        self.holding(at).all(|effect| match effect {
            Effect::Import(module, selection) if module == "Kernel" => {
                selection.is_certain() && selection.admits(name, arity, library::kind("Kernel", name, arity))
            }
            _ => true,
        })
    }

    /// Whether some `import Kernel` of the file may leave `name` out.
    pub fn hides(&self, name: &str) -> bool {
        let lacks = |selection: &Selection| {
            let arities = (0..4).filter(|arity| library::kind("Kernel", name, *arity).is_some());
            let mut absent =
                arities.filter(|arity| !selection.admits(name, *arity, library::kind("Kernel", name, *arity)));
            !selection.is_certain() || absent.next().is_some()
        };
        self.all.iter().any(
            |(_, effect)| matches!(effect, Effect::Import(module, selection) if module == "Kernel" && lacks(selection)),
        )
    }

    /// Whether macros of `module` may be called at a place.
    pub fn requires(&self, module: &str, at: TextSize) -> bool {
        self.holding(at).any(|effect| match effect {
            Effect::Require(required) => required == module,
            Effect::Anything => true,
            Effect::Alias(..) | Effect::Import(..) => false,
        })
    }

    /// Whether a macro of some module that is required at a place may have this name.
    pub fn requires_macro(&self, name: &str, at: TextSize) -> bool {
        self.holding(at).any(|effect| match effect {
            Effect::Require(module) => !library::has(module) || library::has_macro(module, name),
            Effect::Anything => true,
            Effect::Alias(..) | Effect::Import(..) => false,
        })
    }

    /// Whether a `use` of an unknown module holds at a place.
    pub fn may_be_anything(&self, at: TextSize) -> bool {
        self.holding(at).any(|effect| matches!(effect, Effect::Anything))
    }

    /// Whether `module` itself is required at a place.
    pub fn names(&self, module: &str, at: TextSize) -> bool {
        self.holding(at).any(|effect| matches!(effect, Effect::Require(required) if required == module))
    }

    /// Whether an alias gives this first segment another name than the module's
    /// own last one, somewhere in the file.
    pub fn renames(&self, first: &str) -> bool {
        let other = |module: &str| module.rsplit('.').next() != Some(first);
        self.all
            .iter()
            .any(|(_, effect)| matches!(effect, Effect::Alias(name, module) if name == first && other(module)))
    }
}

/// Where the block ends that a directive stands in.
fn scope_end(directive: &SyntaxNode) -> TextSize {
    let outer = |node: &SyntaxNode| is_section(node.kind()) || node.parent().is_none();
    let Some(block) = directive.ancestors().skip(1).find(outer) else { return directive.text_range().end() };
    // The sections behind `do` stand inside its block.
    let next = block.children().find(|child| is_section(child.kind()) && block.kind() == SyntaxKind::DO_BLOCK);
    next.map_or(block.text_range().end(), |next| next.text_range().start())
}

/// Whether a directive in a node of this kind holds nowhere else.
fn is_section(kind: SyntaxKind) -> bool {
    use SyntaxKind::{AFTER_BLOCK, CATCH_BLOCK, DO_BLOCK, ELSE_BLOCK, PAIR, RESCUE_BLOCK, STAB_CLAUSE};
    matches!(kind, DO_BLOCK | ELSE_BLOCK | RESCUE_BLOCK | CATCH_BLOCK | AFTER_BLOCK | STAB_CLAUSE | PAIR)
}
