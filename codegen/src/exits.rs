//! Where a clause ends: values in tail position get `leave`, calls that must
//! stay tail calls get `tail`.

use crate::callee;
use crate::edit::{Layer, depth};
use crate::grouping::is_open_ended;
use crate::probes::{Done, Lead, Probes, refuse};
use crate::resolve::{Scope, Verdict};
use crate::{Refused, Side};
use syntax::{
    Argument, Body, Call, Clause, Section, SectionRole, SyntaxKind, SyntaxNode, TextSize, stab_body, statements,
    trimmed_range,
};
use wire::{NodeId, NodeKind};

/// Finds where one clause ends.
pub struct Exits<'a, 'p> {
    clause: &'a Clause,
    scope: &'a Scope<'a>,
    probes: &'a mut Probes<'p>,
}

/// A probe that takes a value and gives it back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Probe {
    Leave,
    LeaveFalsy,
    LeaveTruthy,
    Bind,
    Tail,
}

impl Probe {
    const fn name(self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::LeaveFalsy => "leave_falsy",
            Self::LeaveTruthy => "leave_truthy",
            Self::Bind => "bind",
            Self::Tail => "tail",
        }
    }

    const fn kind(self) -> NodeKind {
        match self {
            Self::Tail => NodeKind::TailCall,
            Self::Bind => NodeKind::BodyValue,
            Self::Leave | Self::LeaveFalsy | Self::LeaveTruthy => NodeKind::Value,
        }
    }
}

impl<'a, 'p> Exits<'a, 'p> {
    /// Of `clause`, into `probes`.
    pub fn new(clause: &'a Clause, scope: &'a Scope<'a>, probes: &'a mut Probes<'p>) -> Self {
        Self { clause, scope, probes }
    }

    /// The body of the clause: a plain one, or an implicit `try`.
    pub fn body(&mut self, body: &Body) -> Done {
        let Some(main) = body.section(SectionRole::Do) else { return Ok(()) };
        match body.section(SectionRole::After) {
            Some(after) => self.body_with_after(body, after),
            None if body.protects() => self.protected(body),
            None => self.section(main),
        }
    }

    /// `after` runs once the value is known: the value is bound in the body and
    /// the frame ends with the last statement of `after`, however it got there.
    fn body_with_after(&mut self, body: &Body, after: &Section) -> Done {
        for section in &body.sections {
            let has_else = body.section(SectionRole::Else).is_some();
            match section.role {
                SectionRole::After => {}
                SectionRole::Do if has_else => {}
                SectionRole::Do => self.last_of(section, Probe::Bind)?,
                _ => {
                    for stab in stabs(section) {
                        self.wrap_last(&Lead::Stab(stab), Probe::Bind)?;
                    }
                }
            }
        }
        let id = self.probes.site(&after.node, NodeKind::Value, String::new())?;
        let leave = self.probes.call("leave", &id.to_string());
        if after.keyword {
            self.probes.around(&after.node, Layer::Before, "(".into(), &format!("; {leave})"), id);
            return Ok(());
        }
        match statements(&after.node).pop() {
            Some(last) => {
                let (end, depth) = (trimmed_range(&last).end(), depth(&last, Layer::Before));
                self.probes.insert(end, Side::Close, depth, format!("; {leave}"), id);
                Ok(())
            }
            None => self.probes.fill(&Lead::of(after), &leave, id),
        }
    }

    /// `do … rescue …`: the body is no tail position, the handlers are; with
    /// `else`, the body's value goes there.
    fn protected(&mut self, body: &Body) -> Done {
        let has_else = body.section(SectionRole::Else).is_some();
        for section in &body.sections {
            match section.role {
                SectionRole::Do if has_else => {}
                SectionRole::Do => self.last_of(section, Probe::Leave)?,
                _ => self.section(section)?,
            }
        }
        Ok(())
    }

    fn last_of(&mut self, section: &Section, probe: Probe) -> Done {
        if section.keyword { self.wrap(&section.node, probe) } else { self.wrap_last(&Lead::of(section), probe) }
    }

    fn wrap_last(&mut self, body: &Lead, probe: Probe) -> Done {
        match body.statements().last() {
            // With a place for each value, a frame that ends without one has raised.
            Some(last) if probe == Probe::Bind || !self.never_returns(last) => self.wrap(last, probe),
            Some(_) => Ok(()),
            None if probe == Probe::Leave => self.fill(body),
            None => Err(refuse(body.node(), "an empty body before `after`")),
        }
    }

    /// A section whose statements, or whose clauses' bodies, end in tail position.
    fn section(&mut self, section: &Section) -> Done {
        if section.keyword && section.node.kind() != SyntaxKind::BLOCK {
            return self.tail(&section.node);
        }
        let stabs = stabs(section);
        if stabs.is_empty() {
            return match statements(&section.node).last() {
                Some(last) => self.tail(last),
                None => self.fill(&Lead::of(section)),
            };
        }
        stabs.into_iter().try_for_each(|stab| self.last_statement(Lead::Stab(stab)))
    }

    fn last_statement(&mut self, body: Lead) -> Done {
        match body.statements().last() {
            Some(last) => self.tail(last),
            None => self.fill(&body),
        }
    }

    /// The value of an empty body.
    fn fill(&mut self, body: &Lead) -> Done {
        let id = self.probes.site(body.node(), NodeKind::Value, String::new())?;
        let leave = self.probes.call("leave", &id.to_string());
        self.probes.fill(body, &leave, id)
    }

    /// One expression in tail position.
    fn tail(&mut self, node: &SyntaxNode) -> Done {
        if self.never_returns(node) {
            return Ok(());
        }
        match node.kind() {
            SyntaxKind::BLOCK if stabs_in(node).is_empty() && !statements(node).is_empty() => {
                statements(node).last().map_or(Ok(()), |last| self.tail(last))
            }
            SyntaxKind::CALL => self.tail_call(node),
            SyntaxKind::BINARY_OPERATOR => self.tail_operator(node),
            SyntaxKind::IDENTIFIER if self.is_bare_call(node) || self.is_made_reference(node) => self.before(node),
            _ => self.wrap(node, Probe::Leave),
        }
    }

    fn tail_call(&mut self, node: &SyntaxNode) -> Done {
        // `tail` is only asked about calls here.
        let Some(call) = Call::cast(node) else { return self.wrap(node, Probe::Leave) };
        match self.control(&call) {
            Some(body) => self.tail_control(&call, &body),
            None => match self.verdict(&call) {
                Verdict::Wrap => self.wrap(node, Probe::Leave),
                Verdict::NoReturn => Ok(()),
                Verdict::Unknown => self.before(node),
                Verdict::Keep => match self.evaluated_last(&call, None) {
                    Some(last) => self.tail_argument(node, &last),
                    None => self.before(node),
                },
            },
        }
    }

    /// The argument that a function's call evaluates last, if a probe may stand
    /// around it; `piped` is its first.
    fn evaluated_last(&self, call: &Call, piped: Option<&SyntaxNode>) -> Option<SyntaxNode> {
        // Kernel's `then(value, fun)` is the call `fun.(value)`.
        if call.local_name().as_deref() == Some("then") && self.scope.is_kernel("then") {
            let first = || call.arguments_node().and_then(|arguments| arguments.first_child());
            return piped.cloned().or_else(first);
        }
        let makes_reference =
            |argument: &SyntaxNode| Call::cast(argument).is_some_and(|call| self.scope.makes_reference(&call));
        call.last_argument().or_else(|| piped.cloned()).filter(|last| !makes_reference(last))
    }

    fn is_made_reference(&self, node: &SyntaxNode) -> bool {
        callee::is_made_reference(node, self.clause, self.scope)
    }

    fn verdict(&self, call: &Call) -> Verdict {
        match call.local_name().as_deref() {
            Some("for" | "quote") if self.scope.is_kernel("for") => Verdict::Wrap,
            Some("then") if self.scope.is_kernel("then") && self.only_computes(call.last_argument()) => Verdict::Wrap,
            _ => self.scope.verdict(call),
        }
    }

    /// Whether a function is written out and makes no call that must stay a tail call.
    fn only_computes(&self, function: Option<SyntaxNode>) -> bool {
        let Some(function) = function else { return false };
        match function.kind() {
            SyntaxKind::ANONYMOUS_FUNCTION => {
                let bodies = stabs_in(&function).iter().filter_map(stab_body).collect::<Vec<_>>();
                !bodies.iter().filter_map(|body| statements(body).pop()).any(|last| self.keeps(&last))
            }
            // `&name/1` is written with an operator too.
            SyntaxKind::UNARY_OPERATOR => function.first_child().is_some_and(|body| {
                let names = operands(&body).is_some_and(|(_, operator, _)| operator == "/");
                !names && !self.keeps(&body)
            }),
            _ => false,
        }
    }

    /// The body of a control form of Kernel's, if the call is one.
    fn control(&self, call: &Call) -> Option<Body> {
        let name = call.local_name()?;
        let is_control = matches!(name.as_str(), "case" | "cond" | "if" | "receive" | "try" | "unless" | "with");
        if is_control && self.scope.is_kernel(&name) { Body::of(call) } else { None }
    }

    /// Forms of which every clause is seen are entered; the others only where a
    /// tail call inside must stay one.
    fn tail_control(&mut self, call: &Call, body: &Body) -> Done {
        let name = call.local_name().unwrap_or_default();
        let has_else = body.section(SectionRole::Else).is_some();
        match name.as_str() {
            "try" if body.section(SectionRole::After).is_some() => self.wrap(call.node(), Probe::Leave),
            "try" if !self.keeps(call.node()) => self.wrap(call.node(), Probe::Leave),
            "try" => self.protected(body),
            "if" | "unless" | "with" if !has_else && !self.keeps(call.node()) => self.wrap(call.node(), Probe::Leave),
            _ => {
                // `receive do after … end` has no clauses, and no body either.
                let empty = |section: &&Section| name == "receive" && statements(&section.node).is_empty();
                for section in body.sections.iter().filter(|section| !empty(section)) {
                    self.section(section)?;
                }
                match name.as_str() {
                    "if" | "unless" if !has_else => self.missing_else(call, body, None),
                    "with" if !has_else && can_mismatch(call) => self.missing_else(call, body, Some("scope_value")),
                    _ => Ok(()),
                }
            }
        }
    }

    /// The value of a form whose `else` is not written: nil, or what did not match.
    fn missing_else(&mut self, call: &Call, body: &Body, value: Option<&str>) -> Done {
        let id = self.new_site(call.node(), NodeKind::Value)?;
        let probe = match value {
            None => self.probes.call("leave", &id.to_string()),
            Some(value) => {
                format!("{value} -> {}", self.probes.call("leave", &format!("{}, {value}", self.probes.passing(id))))
            }
        };
        match (call.do_block(), body.sections.last()) {
            (Some(block), _) => {
                let end = trimmed_range(&block).end() - TextSize::from(3);
                // Before `end`: there, a comment or a newline stands before it, never after.
                let depth = depth(&block, Layer::Before);
                self.probes.insert(end, Side::Open, depth, format!("else {probe} "), id);
            }
            (None, Some(last)) => {
                let probe = if value.is_some() { format!("({probe})") } else { probe };
                // After `do: f x`, an `else:` would be an argument of `f`.
                let (open, close) = if is_open_ended(&last.node) { ("(", ")") } else { ("", "") };
                let close = format!("{close}, else: {probe}");
                self.probes.around(&last.node, Layer::Before, open.into(), &close, id);
            }
            (None, None) => {}
        }
        Ok(())
    }

    fn tail_operator(&mut self, node: &SyntaxNode) -> Done {
        let Some((left, operator, right)) = operands(node) else { return self.wrap(node, Probe::Leave) };
        match operator.as_str() {
            "|>" if self.scope.is_kernel("|>") => self.tail_pipe(node, &left, &right),
            "&&" | "and" if self.keeps(node) => self.wrap(&left, Probe::LeaveFalsy).and_then(|()| self.tail(&right)),
            "||" | "or" if self.keeps(node) => self.wrap(&left, Probe::LeaveTruthy).and_then(|()| self.tail(&right)),
            "=" if self.keeps(node) => self.tail(&right),
            name if self.is_unknown_operator(name, 2, node) => self.before(node),
            _ => self.wrap(node, Probe::Leave),
        }
    }

    /// An operator that is not Elixir's may be a macro, or call anything.
    fn is_unknown_operator(&self, name: &str, arity: u32, node: &SyntaxNode) -> bool {
        self.scope.operator_verdict(name, arity, node.text_range().end()) != Verdict::Wrap
    }

    fn tail_pipe(&mut self, node: &SyntaxNode, left: &SyntaxNode, right: &SyntaxNode) -> Done {
        if let Some((call, body)) = self.piped_case(right) {
            return self.tail_control(&call, &body);
        }
        match self.piped_verdict(right) {
            Verdict::Wrap => self.wrap(node, Probe::Leave),
            Verdict::NoReturn => Ok(()),
            Verdict::Unknown => self.before(node),
            Verdict::Keep => match Call::cast(right).and_then(|call| self.evaluated_last(&call, Some(left))) {
                Some(last) => self.tail_argument(node, &last),
                None => self.before(node),
            },
        }
    }

    /// `… |> case do`, which is entered as a `case` of its own is.
    fn piped_case(&self, right: &SyntaxNode) -> Option<(Call, Body)> {
        let call = Call::cast(right).filter(|call| call.local_name().as_deref() == Some("case"))?;
        let body = self.control(&call)?;
        Some((call, body))
    }

    fn piped_verdict(&self, right: &SyntaxNode) -> Verdict {
        Call::cast(right).map_or(Verdict::Unknown, |call| self.verdict(&call))
    }

    /// Whether an expression in tail position holds a call that must stay a tail call.
    fn keeps(&self, node: &SyntaxNode) -> bool {
        if self.never_returns(node) {
            return false;
        }
        match node.kind() {
            SyntaxKind::BLOCK => statements(node).last().is_some_and(|last| self.keeps(last)),
            SyntaxKind::IDENTIFIER => self.is_bare_call(node) || self.is_made_reference(node),
            SyntaxKind::CALL => Call::cast(node).is_some_and(|call| match self.control(&call) {
                Some(body) => self.control_keeps(&call, &body),
                None => matches!(self.verdict(&call), Verdict::Keep | Verdict::Unknown),
            }),
            SyntaxKind::BINARY_OPERATOR => {
                operands(node).is_some_and(|(left, operator, right)| match operator.as_str() {
                    "|>" => match self.piped_case(&right) {
                        Some((call, body)) => self.control_keeps(&call, &body),
                        None => matches!(self.piped_verdict(&right), Verdict::Keep | Verdict::Unknown),
                    },
                    "&&" | "and" | "||" | "or" => self.scope.is_kernel(&operator) && self.keeps(&right),
                    // Only a plain name always matches, and leaves the call last.
                    "=" => left.kind() == SyntaxKind::IDENTIFIER && self.keeps(&right),
                    name => self.is_unknown_operator(name, 2, node),
                })
            }
            _ => false,
        }
    }

    fn control_keeps(&self, call: &Call, body: &Body) -> bool {
        let is_try = call.local_name().as_deref() == Some("try");
        if is_try && body.section(SectionRole::After).is_some() {
            return false;
        }
        body.sections.iter().filter(|section| !(is_try && section.role == SectionRole::Do)).any(|section| {
            let stabs = stabs(section);
            let bodies = stabs.iter().filter_map(stab_body).filter_map(|body| statements(&body).pop());
            let plain = if section.keyword { Some(section.node.clone()) } else { statements(&section.node).pop() };
            let plain = plain.filter(|_| stabs.is_empty());
            bodies.chain(plain).any(|last| self.keeps(&last))
        })
    }

    fn is_bare_call(&self, node: &SyntaxNode) -> bool {
        self.scope.defines(&node.text().to_string()) && !callee::is_variable(node, self.clause)
    }

    fn never_returns(&self, node: &SyntaxNode) -> bool {
        Call::cast(node).is_some_and(|call| self.scope.verdict(&call) == Verdict::NoReturn)
    }

    fn new_site(&mut self, node: &SyntaxNode, kind: NodeKind) -> Result<NodeId, Refused> {
        let label = if kind == NodeKind::TailCall { callee::label(node, self.scope) } else { String::new() };
        self.probes.site(node, kind, label)
    }

    /// `(:scope_probe.tail(ID); call)`: the call is neither wrapped nor entered.
    fn before(&mut self, node: &SyntaxNode) -> Done {
        let id = self.new_site(node, NodeKind::TailCall)?;
        let tail = self.probes.call("tail", &id.to_string());
        self.probes.around(node, Layer::Around, format!("({tail}; "), ")", id);
        Ok(())
    }

    /// The probe of a tail call, around the argument that is evaluated last.
    fn tail_argument(&mut self, call: &SyntaxNode, argument: &SyntaxNode) -> Done {
        let id = self.new_site(call, NodeKind::TailCall)?;
        self.probes.wrap(argument, Probe::Tail.name(), Layer::Around, id)
    }

    fn wrap(&mut self, node: &SyntaxNode, probe: Probe) -> Done {
        let id = self.new_site(node, probe.kind())?;
        self.probes.wrap(node, probe.name(), Layer::Around, id)
    }
}

fn stabs(section: &Section) -> Vec<SyntaxNode> {
    stabs_in(&section.node)
}

fn stabs_in(node: &SyntaxNode) -> Vec<SyntaxNode> {
    statements(node).into_iter().filter(|child| child.kind() == SyntaxKind::STAB_CLAUSE).collect()
}

/// A `with` some of whose steps need not match.
fn can_mismatch(with: &Call) -> bool {
    let arrow = |argument: Argument| match argument {
        Argument::Expr(node) => {
            operands(&node).is_some_and(|(left, operator, _)| operator == "<-" && left.kind() != SyntaxKind::IDENTIFIER)
        }
        Argument::Keywords(_) => false,
    };
    with.arguments().into_iter().any(arrow)
}

fn operands(node: &SyntaxNode) -> Option<(SyntaxNode, String, SyntaxNode)> {
    if node.kind() != SyntaxKind::BINARY_OPERATOR {
        return None;
    }
    let mut children = node.children();
    let (left, right) = (children.next()?, children.next()?);
    let mut tokens = node.children_with_tokens().filter_map(|child| child.into_token());
    let operator = tokens.find(|token| !token.kind().is_trivia())?;
    Some((left, operator.text().to_owned(), right))
}
