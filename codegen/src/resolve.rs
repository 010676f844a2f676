//! Which calls in tail position are known functions, and what wrapping them
//! would cost. What is not known is not entered.

use std::collections::BTreeSet;
use syntax::{Call, ClauseKind, DirectiveKind, Module, SyntaxKind, SyntaxNode, Target, directives, modules};

/// What may be done to a call in tail position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Wrapped whole: it is known to lie on no cycle of tail calls.
    Wrap,
    /// A function, but the call must stay a tail call.
    Keep,
    /// Perhaps a macro: its arguments are not entered, and it stays a tail call.
    Unknown,
    /// Never returns: no probe.
    NoReturn,
}

/// Elixir's modules. None of their functions calls back into a program in tail
/// position, but for [`CALLS_BACK`].
const ELIXIR: &[&str] = &[
    "Access",
    "Agent",
    "Application",
    "ArgumentError",
    "Atom",
    "Base",
    "Bitwise",
    "Calendar",
    "Code",
    "Collectable",
    "Config",
    "Date",
    "DateTime",
    "DynamicSupervisor",
    "Enum",
    "Enumerable",
    "Exception",
    "File",
    "Float",
    "Function",
    "GenServer",
    "IO",
    "Inspect",
    "Integer",
    "Keyword",
    "List",
    "Logger",
    "Macro",
    "Map",
    "MapSet",
    "Module",
    "NaiveDateTime",
    "Node",
    "OptionParser",
    "PartitionSupervisor",
    "Path",
    "Port",
    "Process",
    "Range",
    "Record",
    "Regex",
    "Registry",
    "Stream",
    "String",
    "StringIO",
    "Supervisor",
    "System",
    "Task",
    "Time",
    "Tuple",
    "URI",
    "Version",
];

/// Erlang/OTP's modules, likewise.
const OTP: &[&str] = &[
    "application",
    "array",
    "atomics",
    "base64",
    "binary",
    "calendar",
    "code",
    "counters",
    "crypto",
    "dets",
    "dict",
    "digraph",
    "ets",
    "erlang",
    "file",
    "filelib",
    "filename",
    "gb_sets",
    "gb_trees",
    "gen_event",
    "gen_server",
    "gen_statem",
    "gen_tcp",
    "gen_udp",
    "inet",
    "io",
    "io_lib",
    "lists",
    "logger",
    "maps",
    "math",
    "mnesia",
    "orddict",
    "ordsets",
    "os",
    "persistent_term",
    "proplists",
    "public_key",
    "queue",
    "rand",
    "re",
    "sets",
    "ssl",
    "string",
    "supervisor",
    "sys",
    "timer",
    "unicode",
    "uri_string",
    "zlib",
];

/// Functions of the modules above that call an argument in tail position, or
/// never come back to their caller.
const CALLS_BACK: &[&str] = &[
    "apply",
    "enter_loop",
    "get_lazy",
    "handle_debug",
    "handle_system_msg",
    "hibernate",
    "init_it",
    "pop_lazy",
    "run",
    "suspend_loop_hib",
    "update",
    "wake_hib",
];

/// Kernel functions and macros that only compute a value.
const KERNEL: &[&str] = &[
    "abs",
    "binary_part",
    "binary_slice",
    "bit_size",
    "byte_size",
    "ceil",
    "div",
    "elem",
    "floor",
    "function_exported?",
    "get_and_update_in",
    "get_in",
    "hd",
    "inspect",
    "is_atom",
    "is_binary",
    "is_bitstring",
    "is_boolean",
    "is_exception",
    "is_float",
    "is_function",
    "is_integer",
    "is_list",
    "is_map",
    "is_map_key",
    "is_nil",
    "is_number",
    "is_pid",
    "is_port",
    "is_reference",
    "is_struct",
    "is_tuple",
    "length",
    "macro_exported?",
    "make_ref",
    "map_size",
    "match?",
    "max",
    "min",
    "monitor",
    "node",
    "pop_in",
    "put_elem",
    "put_in",
    "rem",
    "round",
    "self",
    "send",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "struct",
    "struct!",
    "tap",
    "tl",
    "to_charlist",
    "to_string",
    "trunc",
    "tuple_size",
    "update_in",
    "sigil_r",
    "dbg",
    "for",
    "fn",
    "quote",
    "var!",
    "destructure",
];

/// Names the directives of a file bring into scope.
#[derive(Debug, Default)]
pub struct Names {
    /// First segments that an alias or a nested module may have redefined.
    aliased: BTreeSet<String>,
    /// Those that stand for a module of another name (`as:`).
    renamed: BTreeSet<String>,
    /// Modules whose macros may be called.
    required: BTreeSet<String>,
    /// Kernel's names that were not imported.
    hidden: BTreeSet<String>,
}

impl Names {
    /// Reads every directive of the file, wherever it stands.
    pub fn of(root: &SyntaxNode) -> Self {
        let mut names = Self::default();
        for directive in directives(root) {
            let renamed = directive.alias_as.iter().cloned();
            names.renamed.extend(renamed.clone());
            match directive.kind {
                DirectiveKind::Alias if directive.alias_as.is_none() => {
                    names.aliased.extend(directive.modules.iter().filter_map(|module| last_segment(module)));
                }
                DirectiveKind::Alias => names.aliased.extend(renamed),
                DirectiveKind::Import if directive.modules.iter().any(|module| module == "Kernel") => {
                    let list = directive.call.keyword("except").map(|list| syntax::text_without_trivia(&list));
                    let all = list.unwrap_or_default();
                    names.hidden.extend(all.split(['[', ',', ']', ':']).map(str::to_owned));
                }
                DirectiveKind::Import | DirectiveKind::Require | DirectiveKind::Use => {
                    names.aliased.extend(renamed);
                    names.required.extend(directive.modules);
                }
            }
        }
        let inner = modules(root).into_iter().filter_map(|module| module.name);
        names.aliased.extend(inner.filter_map(|name| last_segment(&name)));
        names
    }

    fn is_required(&self, module: &str) -> bool {
        // An alias may stand for a required module under another name.
        self.required.contains(module) || self.required.iter().any(|name| last_segment(name).as_deref() == Some(module))
    }
}

fn last_segment(module: &str) -> Option<String> {
    module.rsplit('.').next().map(str::to_owned)
}

/// What local calls of a module can mean.
#[derive(Debug)]
pub struct Scope<'a> {
    names: &'a Names,
    module: Option<String>,
    functions: BTreeSet<(String, usize)>,
    macros: BTreeSet<String>,
}

impl<'a> Scope<'a> {
    /// The functions and macros that `module` defines.
    pub fn of(module: &Module, names: &'a Names) -> Self {
        let (functions, macros) = (BTreeSet::new(), BTreeSet::new());
        let mut scope = Self { names, module: module.name.clone(), functions, macros };
        for clause in module.clauses() {
            match clause.kind {
                ClauseKind::Def | ClauseKind::Defp => {
                    scope.functions.insert((clause.name.clone(), clause.arity()));
                }
                ClauseKind::Defmacro | ClauseKind::Defmacrop => {
                    scope.macros.insert(clause.name.clone());
                }
            }
        }
        scope
    }

    /// The module's full name, if it is written out.
    pub fn module(&self) -> Option<&str> {
        self.module.as_deref()
    }

    /// Whether an alias, as written, may stand for a module of another name.
    pub fn is_renamed(&self, alias: &str) -> bool {
        alias.split('.').next().is_some_and(|first| self.names.renamed.contains(first))
    }

    /// Whether `name` is one of Kernel's own here, such as `if` or `&&`.
    pub fn is_kernel(&self, name: &str) -> bool {
        !self.names.hidden.contains(name) && !self.macros.contains(name) && !self.defines(name)
    }

    /// Whether the module defines a function of this name, at any arity.
    pub fn defines(&self, name: &str) -> bool {
        self.functions.iter().any(|(function, _)| function == name)
    }

    /// What may be done to `call` in tail position.
    pub fn verdict(&self, call: &Call) -> Verdict {
        if call.do_block().is_some() {
            return Verdict::Unknown;
        }
        match call.target() {
            Target::Local(name) => self.local(&name),
            Target::Remote(left, name) => self.remote(call, &left, &name),
            Target::Anonymous(_) => Verdict::Keep,
            Target::Other => Verdict::Unknown,
        }
    }

    fn local(&self, name: &str) -> Verdict {
        if self.macros.contains(name) {
            return Verdict::Unknown;
        }
        if self.defines(name) || name == "super" {
            return Verdict::Keep;
        }
        match name {
            _ if self.names.hidden.contains(name) => Verdict::Unknown,
            "raise" | "reraise" | "throw" | "exit" => Verdict::NoReturn,
            "apply" | "then" => Verdict::Keep,
            _ if KERNEL.contains(&name) || name.starts_with("sigil_") => Verdict::Wrap,
            _ => Verdict::Unknown,
        }
    }

    fn remote(&self, call: &Call, left: &SyntaxNode, name: &str) -> Verdict {
        let module = left.text().to_string();
        match left.kind() {
            SyntaxKind::ALIAS => {
                let first = module.split('.').next().unwrap_or_default();
                let own = self.names.aliased.contains(first);
                match () {
                    () if !own && ELIXIR.contains(&module.as_str()) => library(name),
                    () if !own && module == "Kernel" => self.local(name),
                    () if self.names.is_required(&module) => Verdict::Unknown,
                    () => Verdict::Keep,
                }
            }
            SyntaxKind::ATOM => match module.trim_start_matches(':') {
                "erlang" if matches!(name, "error" | "exit" | "raise" | "throw") => Verdict::NoReturn,
                module if OTP.contains(&module) => library(name),
                _ => Verdict::Keep,
            },
            // `x.y` without parentheses reads a field.
            _ if call.arguments_node().is_none() => Verdict::Wrap,
            _ => Verdict::Keep,
        }
    }
}

fn library(name: &str) -> Verdict {
    if CALLS_BACK.contains(&name) { Verdict::Keep } else { Verdict::Wrap }
}
