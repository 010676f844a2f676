//! Everything inside a clause that may be reached: names the position of each
//! expression, asks the table, and goes on. What it does not name, it does not enter.

use crate::positions::{Position, Positions};
use crate::probes::{Done, Lead, Probes};
use crate::resolve::{Scope, piped};
use syntax::nodes::{List, Map, Tuple};
use syntax::views::Entry;
use syntax::{Argument, Body, Call, Section, SectionRole, SyntaxKind, SyntaxNode, Target, statements};
use wire::Strength;

/// Walks one clause.
pub struct Walk<'a, 'p> {
    pub(crate) scope: &'a Scope<'a>,
    pub(crate) probes: &'a mut Probes<'p>,
    pub(crate) strength: Strength,
    pub(crate) positions: Positions,
    /// How much there is around the present place whose time to run other code
    /// decides: anonymous functions, and what a comprehension does with each element.
    pub(crate) detached: u32,
    /// Every statement that may be preceded, in the order of the text, and what the
    /// label of a site there begins with.
    pub(crate) statements: Vec<(SyntaxNode, String)>,
}

impl<'a, 'p> Walk<'a, 'p> {
    /// A walk that puts what it finds into `probes`.
    pub fn new(scope: &'a Scope<'a>, probes: &'a mut Probes<'p>, strength: Strength, positions: Positions) -> Self {
        Self { scope, probes, strength, positions, detached: 0, statements: Vec::new() }
    }

    /// The body of a clause of a named function.
    pub fn clause(&mut self, body: &Body) -> Done {
        for section in &body.sections {
            match section.role {
                SectionRole::Do => self.statements_of(&Lead::of(section))?,
                _ => self.section(section)?,
            }
        }
        Ok(())
    }

    /// A section of a form, which begins with a probe that says it was taken.
    pub(crate) fn section(&mut self, section: &Section) -> Done {
        let clauses = clauses_in(&section.node);
        if clauses.is_empty() {
            return self.branch(&Lead::of(section));
        }
        let handles = matches!(section.role, SectionRole::Rescue | SectionRole::Catch);
        for clause in clauses {
            if handles {
                self.handler(&clause, section.role)?;
            } else {
                self.branch(&Lead::Stab(clause))?;
            }
        }
        Ok(())
    }

    /// The statements of a body.
    pub(crate) fn statements_of(&mut self, body: &Lead) -> Done {
        let all = body.statements();
        if !matches!(body, Lead::Keyword(_)) && self.positions.rule(Position::Statement).preceded {
            let plain = all.iter().filter(|one| one.kind() != SyntaxKind::STAB_CLAUSE);
            let mark = self.label("");
            self.statements.extend(plain.map(|one| (one.clone(), mark.clone())));
        }
        for (at, statement) in all.iter().enumerate() {
            self.expression(statement, Position::Statement)?;
            if at + 1 < all.len() {
                self.made_reference(statement)?;
            }
        }
        Ok(())
    }

    /// An expression at a position.
    pub(crate) fn expression(&mut self, node: &SyntaxNode, position: Position) -> Done {
        let rule = self.positions.rule(position);
        if rule.wrapped {
            self.value(node, rule)?;
        }
        if rule.entered { self.inside(node) } else { Ok(()) }
    }

    fn inside(&mut self, node: &SyntaxNode) -> Done {
        match node.kind() {
            SyntaxKind::CALL => self.call(node),
            SyntaxKind::BINARY_OPERATOR => self.binary(node),
            SyntaxKind::UNARY_OPERATOR => self.unary(node),
            SyntaxKind::ANONYMOUS_FUNCTION => self.function(node),
            SyntaxKind::BLOCK if clauses_in(node).is_empty() => self.statements_of(&Lead::Block(node.clone())),
            SyntaxKind::LIST => List::cast(node).map_or(Ok(()), |list| self.entries(list.entries())),
            SyntaxKind::TUPLE => Tuple::cast(node).map_or(Ok(()), |tuple| self.entries(tuple.entries())),
            SyntaxKind::MAP => self.map(node),
            SyntaxKind::ACCESS_CALL => node.children().try_for_each(|part| self.expression(&part, Position::Operand)),
            SyntaxKind::BITSTRING => node.children().try_for_each(|part| self.expression(&part, Position::Segment)),
            SyntaxKind::STRING | SyntaxKind::CHARLIST | SyntaxKind::SIGIL => {
                node.children().try_for_each(|part| self.expression(&part, Position::Interpolation))
            }
            // Reached by nothing while the table forbids it.
            SyntaxKind::INTERPOLATION => self.statements_of(&Lead::Block(node.clone())),
            _ => Ok(()),
        }
    }

    fn entries(&mut self, entries: Vec<Entry>) -> Done {
        for entry in entries {
            match entry {
                Entry::Value(node) => match operator(&node) {
                    Some((left, token, right)) if token == "|" => {
                        self.expression(&left, Position::Element)?;
                        self.expression(&right, Position::Element)?;
                    }
                    _ => self.expression(&node, Position::Element)?,
                },
                Entry::Keyword(_, value) => self.expression(&value, Position::Element)?,
                Entry::Arrow(key, value) => {
                    self.expression(&key, Position::MapKey)?;
                    self.expression(&value, Position::Element)?;
                }
            }
        }
        Ok(())
    }

    fn map(&mut self, node: &SyntaxNode) -> Done {
        let Some(map) = Map::cast(node) else { return Ok(()) };
        if let Some(name) = map.struct_name() {
            self.expression(&name, Position::StructName)?;
        }
        if let Some(updated) = map.updated() {
            self.expression(&updated, Position::Operand)?;
        }
        self.entries(map.entries())
    }

    fn function(&mut self, node: &SyntaxNode) -> Done {
        if !self.positions.rule(Position::FunctionBody).entered {
            return Ok(());
        }
        self.detached += 1;
        let done = clauses_in(node).into_iter().try_for_each(|clause| self.stab(clause));
        self.detached -= 1;
        done
    }

    fn stab(&mut self, clause: SyntaxNode) -> Done {
        self.patterns(&clause)?;
        self.branch(&Lead::Stab(clause))
    }

    /// What stands left of an arrow.
    fn patterns(&mut self, clause: &SyntaxNode) -> Done {
        let Some(stab) = syntax::nodes::StabClause::cast(clause) else { return Ok(()) };
        if let Some(guard) = stab.guard() {
            self.expression(&guard, Position::Guard)?;
        }
        stab.patterns().iter().try_for_each(|pattern| self.expression(pattern, Position::Pattern))
    }

    fn unary(&mut self, node: &SyntaxNode) -> Done {
        let operator = node.children_with_tokens().filter_map(|child| child.into_token()).next();
        let position = match operator.as_ref().map(|token| token.text()) {
            Some("&") => Position::Captured,
            Some("@") => Position::Attribute,
            Some("^") => Position::Pattern,
            Some(name @ ("!" | "not" | "+" | "-")) if self.scope.is_kernel(name) => Position::Operand,
            _ => Position::UnknownArgument,
        };
        node.children().try_for_each(|operand| self.expression(&operand, position))
    }

    fn binary(&mut self, node: &SyntaxNode) -> Done {
        let Some((left, token, right)) = operator(node) else { return Ok(()) };
        let both = |walk: &mut Self, position| {
            walk.expression(&left, position)?;
            walk.expression(&right, position)
        };
        match token.as_str() {
            "=" => {
                self.expression(&left, Position::Pattern)?;
                self.expression(&right, Position::MatchedValue)
            }
            _ if !self.scope.is_kernel(&token) => both(self, Position::UnknownArgument),
            "|>" => self.pipe(&left, &right),
            "&&" | "||" | "and" | "or" | "+" | "-" | "*" | "/" | "**" | "++" | "--" | "<>" | "==" | "!=" | "==="
            | "!==" | "<" | ">" | "<=" | ">=" | "=~" => both(self, Position::Operand),
            "in" | "not in" => both(self, Position::Membership),
            ".." | "..//" => both(self, Position::RangeBound),
            _ => both(self, Position::UnknownArgument),
        }
    }

    fn pipe(&mut self, left: &SyntaxNode, right: &SyntaxNode) -> Done {
        let Some(call) = Call::cast(right) else { return self.expression(left, Position::UnknownArgument) };
        if self.control(&call).is_some_and(|(name, _)| name == "case") || self.is_function(&call) {
            self.expression(left, Position::PipedValue)?;
            return self.expression(right, Position::PipeTarget);
        }
        self.expression(left, Position::UnknownArgument)?;
        self.expression(right, Position::UnknownArgument)
    }

    fn call(&mut self, node: &SyntaxNode) -> Done {
        let Some(call) = Call::cast(node) else { return Ok(()) };
        match self.control(&call) {
            Some((name, body)) => return self.form(&name, &call, &body),
            None if !self.is_function(&call) => return self.unknown(&call),
            None => {}
        }
        if let Target::Remote(left, _) = call.target() {
            self.expression(&left, Position::Operand)?;
        }
        self.arguments(&call, Position::Argument)
    }

    fn unknown(&mut self, call: &Call) -> Done {
        let position = match call.local_name().as_deref() {
            Some("quote") => Position::Quoted,
            Some("import" | "alias" | "require" | "use") => Position::Directive,
            Some("def" | "defp" | "defmacro" | "defmacrop" | "defmodule") => Position::Definition,
            _ => Position::UnknownArgument,
        };
        self.arguments(call, position)?;
        match call.do_block() {
            Some(block) => statements(&block).iter().try_for_each(|inner| self.expression(inner, position)),
            None => Ok(()),
        }
    }

    fn arguments(&mut self, call: &Call, position: Position) -> Done {
        for argument in call.arguments() {
            match argument {
                Argument::Expr(node) => self.expression(&node, position)?,
                Argument::Keywords(keywords) => {
                    for (_, value) in syntax::keyword_pairs(&keywords) {
                        self.expression(&value, position)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A control form and its name, if the call is one.
    fn control(&self, call: &Call) -> Option<(String, Body)> {
        let name = call.local_name()?;
        let known = ["case", "cond", "for", "if", "receive", "try", "unless", "with"];
        let is_control = known.contains(&name.as_str()) && self.scope.is_kernel(&name);
        Body::of(call).filter(|_| is_control).map(|body| (name, body))
    }

    /// Whether a call is known to be a function's: only then are its arguments values.
    pub(crate) fn is_function(&self, call: &Call) -> bool {
        call.do_block().is_none() && self.scope.is_function(call, piped(call))
    }

    fn form(&mut self, name: &str, call: &Call, body: &Body) -> Done {
        let outside = self.detached;
        let done = self.form_parts(name, call, body);
        self.detached = outside;
        done
    }

    fn form_parts(&mut self, name: &str, call: &Call, body: &Body) -> Done {
        for argument in call.arguments() {
            match argument {
                Argument::Expr(node) => {
                    self.form_argument(name, &node)?;
                    // Behind its first generator, a comprehension runs inside of whatever
                    // enumerates: a project's own `Enumerable`, perhaps.
                    self.detached += u32::from(name == "for");
                }
                Argument::Keywords(keywords) => {
                    let options = syntax::keyword_pairs(&keywords).into_iter();
                    let is_section = |node: &SyntaxNode| body.sections.iter().any(|section| section.node == *node);
                    for (_, value) in options.filter(|(_, value)| !is_section(value)) {
                        self.expression(&value, Position::Option)?;
                    }
                }
            }
        }
        body.sections.iter().try_for_each(|section| self.form_section(name, section))
    }

    fn form_argument(&mut self, name: &str, node: &SyntaxNode) -> Done {
        let arrow = operator(node).filter(|(_, token, _)| token == "<-");
        match (name, arrow) {
            ("with" | "for", Some((pattern, _, value))) => {
                // Of a bit string's generator, the pattern is the whole `<<x <- bytes>>`.
                self.expression(&pattern, Position::Pattern)?;
                let position = if name == "with" { Position::WithStep } else { Position::Generator };
                self.expression(&value, position)?;
                if name == "with" { self.step(node) } else { Ok(()) }
            }
            ("with", None) => self.expression(node, Position::WithStep),
            ("for", None) => self.expression(node, Position::Filter),
            ("case", _) => self.expression(node, Position::Subject),
            _ => self.expression(node, Position::Condition),
        }
    }

    fn form_section(&mut self, name: &str, section: &Section) -> Done {
        let clauses = clauses_in(&section.node);
        let handles = matches!(section.role, SectionRole::Rescue | SectionRole::Catch);
        match name {
            "try" if section.role == SectionRole::Do => self.statements_of(&Lead::of(section)),
            // Its `do` may be empty but for the section behind it.
            "receive" if section.role == SectionRole::Do && clauses.is_empty() => Ok(()),
            "cond" => {
                for clause in clauses {
                    let left = clause.first_child().into_iter().flat_map(|head| head.children().collect::<Vec<_>>());
                    for condition in left {
                        self.expression(&condition, Position::Condition)?;
                    }
                    self.branch(&Lead::Stab(clause))?;
                }
                Ok(())
            }
            "receive" if section.role == SectionRole::After => {
                for clause in clauses {
                    let left = clause.first_child().into_iter().flat_map(|head| head.children().collect::<Vec<_>>());
                    for timeout in left {
                        self.expression(&timeout, Position::Timeout)?;
                    }
                    self.branch(&Lead::Stab(clause))?;
                }
                Ok(())
            }
            _ if handles || clauses.is_empty() => self.section(section),
            _ => clauses.into_iter().try_for_each(|clause| self.stab(clause)),
        }
    }

    /// What marks the label of a site inside of an anonymous function.
    pub(crate) fn label(&self, label: &str) -> String {
        if self.detached > 0 { format!("{}{label}", wire::map::DETACHED) } else { label.to_owned() }
    }
}

/// The `->` clauses below a node.
pub fn clauses_in(node: &SyntaxNode) -> Vec<SyntaxNode> {
    statements(node).into_iter().filter(|child| child.kind() == SyntaxKind::STAB_CLAUSE).collect()
}

/// The operands of a binary operator, and the operator.
pub fn operator(node: &SyntaxNode) -> Option<(SyntaxNode, String, SyntaxNode)> {
    if node.kind() != SyntaxKind::BINARY_OPERATOR {
        return None;
    }
    let mut children = node.children();
    let (left, right) = (children.next()?, children.next()?);
    let mut tokens = node.children_with_tokens().filter_map(|child| child.into_token());
    let token = tokens.find(|token| !token.kind().is_trivia())?;
    // Between its words, `not in` may have any layout.
    let text = if token.kind() == SyntaxKind::NOT_IN_KW { "not in" } else { token.text() };
    Some((left, text.to_owned(), right))
}
