//! The table of positions: what may be done to an expression because of where it
//! stands. `walk` names the position of everything it meets and asks here; what has
//! no row is not reached.
//!
//! *Entered*: its parts may carry probes. *Wrapped*: it may become the argument of
//! one. *Preceded*: a probe may stand before it as a statement.

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each row of the table says what it is")]
pub enum Position {
    Statement,
    MatchedValue,
    Argument,
    Operand,
    PipedValue,
    PipeTarget,
    Element,
    Subject,
    Condition,
    Generator,
    Filter,
    WithStep,
    FunctionBody,
    HandlerBody,
    UnknownArgument,
    Pattern,
    Guard,
    Quoted,
    Captured,
    Attribute,
    Directive,
    Definition,
    Option,
    Timeout,
    StructName,
    MapKey,
    Segment,
    Interpolation,
    RangeBound,
    Membership,
    MadeReference,
    LastCall,
}

/// What may be done at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whose rule it is.
    pub position: Position,
    /// What stands inside may carry probes.
    pub entered: bool,
    /// It may be the argument of a probe.
    pub wrapped: bool,
    /// A probe may stand before it.
    pub preceded: bool,
    /// What it is, and why no more may be done to it.
    pub why: &'static str,
}

impl Rule {
    /// Whether a test took it away.
    pub const fn is_removed(self) -> bool {
        self.why.is_empty()
    }
}

const fn rule(position: Position, may: &str, why: &'static str) -> Rule {
    let may = may.as_bytes();
    Rule { position, entered: may[0] == b'e', wrapped: may[1] == b'w', preceded: may[2] == b'p', why }
}

/// The table. `e`, `w`, `p`: entered, wrapped, preceded.
pub const TABLE: &[Rule] = &[
    rule(Position::Statement, "ewp", "of a block or a body, in a function"),
    rule(Position::MatchedValue, "ew-", "right of `=`; before it stands a pattern"),
    rule(Position::Argument, "ew-", "of a call that is known to be a function's"),
    rule(Position::Operand, "ew-", "of an operator that evaluates it once, or not at all"),
    rule(Position::PipedValue, "ew-", "left of `|>`, where a function is on the right"),
    rule(Position::PipeTarget, "e--", "right of `|>`: a call that lacks its first argument, no expression"),
    rule(Position::Element, "ew-", "of a list, a tuple or a map"),
    rule(Position::Subject, "ew-", "of `case`"),
    rule(Position::Condition, "ew-", "of `if`, `unless` or a clause of `cond`"),
    rule(Position::Generator, "ew-", "right of `<-` in `for`"),
    rule(Position::Filter, "ew-", "of `for`: evaluated as any expression"),
    rule(Position::WithStep, "ew-", "right of `<-` in `with`, or a step without it"),
    rule(Position::FunctionBody, "e--", "of `fn`: may run elsewhere, so it closes no frame"),
    rule(Position::HandlerBody, "e--", "of `rescue` and `catch`: begins with `caught`"),
    rule(Position::UnknownArgument, "---", "the callee may be a macro, which sees code and not values"),
    rule(Position::Pattern, "---", "a call in a pattern is no call"),
    rule(Position::Guard, "---", "guards call nothing but what the VM allows there"),
    rule(Position::Quoted, "---", "code that is data: it runs elsewhere, or never"),
    rule(Position::Captured, "---", "between `&` and its operand nothing may stand, and `&1` belongs to it"),
    rule(Position::Attribute, "---", "evaluated when the module is compiled; in a function, its value stands there"),
    rule(Position::Directive, "---", "`import`, `alias`, `require` and `use` are read by the compiler"),
    rule(Position::Definition, "---", "a module, function or macro that is defined inside a function"),
    rule(Position::Option, "---", "of `for`: `into: \"\"` and `uniq: true` are read by the compiler"),
    rule(Position::Timeout, "---", "of `receive`: the loop of a receive is the VM's own"),
    rule(Position::StructName, "---", "the compiler looks the struct up by it"),
    rule(Position::MapKey, "---", "often a literal, which the compiler sorts and checks"),
    rule(Position::Segment, "---", "of a binary: a bare string or a size is read by the compiler"),
    rule(Position::Interpolation, "---", "inside a string, sigil or heredoc, where layout is content"),
    rule(Position::RangeBound, "---", "`..` of literals is a literal"),
    rule(Position::Membership, "---", "`in` looks at how its right side is written"),
    rule(Position::MadeReference, "e--", "wrapped, the VM no longer sees which messages are older than it"),
    rule(Position::LastCall, "e--", "a tail call stays one: `exits` decides"),
];

/// The table, of which a test may remove a rule, to see that something fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct Positions {
    removed: Option<Position>,
}

impl Positions {
    /// The table without the row of `position`: everything may be done there.
    #[cfg(test)]
    pub const fn without(position: Position) -> Self {
        Self { removed: Some(position) }
    }

    /// What may be done at `position`.
    pub fn rule(self, position: Position) -> Rule {
        let none = Rule { position, entered: false, wrapped: false, preceded: false, why: "" };
        match self.removed {
            Some(removed) if removed == position => Rule { entered: true, wrapped: true, ..none },
            _ => TABLE.iter().copied().find(|rule| rule.position == position).unwrap_or(none),
        }
    }
}
