//! What may be done to a call in tail position, and what wrapping it would cost.

use super::{Callee, Scope, definitions::Key};
use crate::FunctionName;
use syntax::{Call, SyntaxKind, SyntaxNode, TextSize};

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

/// Elixir's modules of which no function calls back into a program in tail
/// position, but for [`CALLS_BACK`]. Protocols and `Access` do: they go on to
/// what a program implements.
const ELIXIR: &[&str] = &[
    "Agent",
    "Application",
    "ArgumentError",
    "Atom",
    "Base",
    "Bitwise",
    "Calendar",
    "Code",
    "Config",
    "Date",
    "DateTime",
    "DynamicSupervisor",
    "Enum",
    "Exception",
    "File",
    "Float",
    "Function",
    "GenServer",
    "IO",
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
    "fold",
    "foldr",
    "get_lazy",
    "handle_debug",
    "handle_system_msg",
    "hibernate",
    "init_it",
    "pop_lazy",
    "postwalk",
    "prewalk",
    "run",
    "suspend_loop_hib",
    "traverse",
    "update",
    "wake_hib",
];

/// Kernel's macros that only compute a value.
const KERNEL: &[&str] = &[
    "dbg",
    "destructure",
    "get_and_update_in",
    "is_exception",
    "is_nil",
    "is_struct",
    "match?",
    "pop_in",
    "put_in",
    "tap",
    "to_charlist",
    "to_string",
    "update_in",
    "var!",
];

/// Functions whose value is a new reference. Where the compiler sees one made in
/// the function that then waits for a message with it, the VM looks at no older
/// message; a probe between the two would hide it.
const MAKE_REFERENCE: &[(&str, &str)] = &[
    ("Kernel", "make_ref"),
    ("Kernel", "spawn_monitor"),
    ("Node", "spawn_monitor"),
    ("Process", "alias"),
    ("Process", "monitor"),
    (":erlang", "alias"),
    (":erlang", "make_ref"),
    (":erlang", "monitor"),
    (":erlang", "spawn_monitor"),
    (":erlang", "spawn_request"),
];

impl Scope<'_> {
    /// Whether `call` makes a reference that a `receive` may wait for: it must be
    /// bound by the program itself, and a probe may only look at the variable.
    pub fn makes_reference(&self, call: &Call) -> bool {
        let Callee::Function(function) = self.callee(call, piped(call)) else { return false };
        makes_reference(&function)
    }

    /// What may be done to `call` in tail position; as the right side of `|>` it
    /// has one more argument.
    pub fn verdict(&self, call: &Call) -> Verdict {
        if call.do_block().is_some() {
            return Verdict::Unknown;
        }
        match self.callee(call, piped(call)) {
            Callee::Function(function) => self.function_verdict(&function, call),
            Callee::Dynamic => Verdict::Keep,
            Callee::Field => Verdict::Wrap,
            Callee::Kernel(name) => kernel_verdict(&name),
            // It takes expressions, and is one: wrapped whole, not entered.
            Callee::Macro(name) if end_of(&name) == End::Returns => Verdict::Wrap,
            Callee::Macro(_) | Callee::Unknown => Verdict::Unknown,
        }
    }

    /// What may be done to an operator, with its operands, in tail position: it is a
    /// call like any other.
    pub fn operator_verdict(&self, operator: &str, arity: u32, at: TextSize) -> Verdict {
        // Between the words of `not in`, there may be any layout.
        let is_not_in = operator.starts_with("not") && operator.ends_with("in");
        let (name, arity) = match operator {
            _ if is_not_in => ("in", arity),
            // `a..b//c` is one operator with three operands.
            "//" => ("..//", 3),
            _ => (operator, arity),
        };
        match self.local(name, arity, at) {
            Callee::Kernel(_) => Verdict::Wrap,
            Callee::Function(function) | Callee::Macro(function) if end_of(&function) == End::Returns => Verdict::Wrap,
            _ => Verdict::Unknown,
        }
    }

    fn function_verdict(&self, function: &FunctionName, call: &Call) -> Verdict {
        match end_of(function) {
            End::Returns => Verdict::Wrap,
            End::Never => Verdict::NoReturn,
            End::CallsBack => Verdict::Keep,
            End::Elsewhere if self.is_bounded(function, call) => Verdict::Wrap,
            End::Elsewhere => Verdict::Keep,
        }
    }

    /// Whether a tail call is known to lie on no cycle. One that ends an anonymous
    /// function can only be led back to by a call that nobody knows.
    fn is_bounded(&self, callee: &FunctionName, call: &Call) -> bool {
        if is_detached(call.node()) {
            return self.around.returning.contains(callee);
        }
        let caller = self.function_around(call.range().start()).zip(self.module());
        let caller = caller.map(|((name, arity), module)| FunctionName::new(module, name, *arity));
        caller.is_some_and(|caller| self.around.bounded.contains(&(caller, callee.clone())))
    }

    fn function_around(&self, at: TextSize) -> Option<&Key> {
        self.bodies.iter().find(|(range, _)| range.contains(at)).map(|(_, key)| key)
    }
}

/// How a call of a function ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It comes back, and has called nothing of the program's in tail position.
    Returns,
    /// It does not come back to its caller.
    Never,
    /// It ends in a call that only the program knows, or must not be wrapped for
    /// another reason.
    CallsBack,
    /// Its text says; it is no function of Elixir's or Erlang's.
    Elsewhere,
}

/// How a call of `function` ends.
pub fn end_of(function: &FunctionName) -> End {
    let (module, name) = (function.module.as_str(), function.name.as_str());
    let listed = || match module.strip_prefix(':') {
        Some(module) => OTP.contains(&module),
        None => ELIXIR.contains(&module) || module == "Kernel",
    };
    match (module, name) {
        ("Kernel", "exit" | "throw") | (":erlang", "error" | "exit" | "raise" | "throw") if is_final(function) => {
            End::Never
        }
        _ if makes_reference(function) => End::CallsBack,
        _ if !listed() => End::Elsewhere,
        _ if CALLS_BACK.contains(&name) => End::CallsBack,
        // The last argument says what an empty collection gives.
        ("Enum", _) if function.arity > 1 && (name.starts_with("max") || name.starts_with("min")) => End::CallsBack,
        _ => End::Returns,
    }
}

/// `:erlang.exit(pid, reason)` is sent to another process.
fn is_final(function: &FunctionName) -> bool {
    function.name != "exit" || function.arity == 1
}

fn makes_reference(function: &FunctionName) -> bool {
    MAKE_REFERENCE.contains(&(&function.module, &function.name))
}

/// A call of a macro of Kernel's that has no clauses of its own.
pub fn kernel_verdict(name: &str) -> Verdict {
    match name {
        "raise" | "reraise" => Verdict::NoReturn,
        "then" => Verdict::Keep,
        _ if KERNEL.contains(&name) || name.starts_with("sigil_") => Verdict::Wrap,
        _ => Verdict::Unknown,
    }
}

/// Whether a node is inside of an anonymous function.
pub fn is_detached(node: &SyntaxNode) -> bool {
    let is_anonymous = |node: &SyntaxNode| {
        node.kind() == SyntaxKind::ANONYMOUS_FUNCTION || syntax::views::Capture::cast(node).is_some()
    };
    node.ancestors().any(|outer| is_anonymous(&outer))
}

/// The number of arguments that `|>` puts before those of `call`.
pub fn piped(call: &Call) -> usize {
    let node = call.node();
    let pipe = node.parent().filter(|parent| syntax::views::Pipe::cast(parent).is_some());
    let is_right = pipe.is_some_and(|pipe| pipe.first_child().as_ref() != Some(node));
    usize::from(is_right)
}
