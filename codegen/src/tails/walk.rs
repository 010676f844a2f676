//! The tail calls of a clause: every call that may be the last thing it does.
//!
//! What is not understood may call anything. What is taken for a tail call and is
//! none costs a result that is not seen, never a frame that stays.

use super::Tails;
use crate::callee::{is_made_reference, is_variable};
use crate::resolve::{Callee, End, Scope, Verdict, end_of, kernel_verdict, library_kind};
use syntax::nodes::{BinaryOperator, UnaryOperator};
use syntax::{Body, Call, Clause, Section, SectionRole, SyntaxKind, SyntaxNode, stab_body, statements};

/// The tail calls of one clause.
pub fn clause_tails(clause: &Clause, scope: &Scope<'_>) -> Tails {
    let mut walk = Walk { clause, scope, tails: Tails::default() };
    walk.body(&clause.body, clause.body.protects());
    walk.tails
}

struct Walk<'a> {
    clause: &'a Clause,
    scope: &'a Scope<'a>,
    tails: Tails,
}

impl Walk<'_> {
    /// The sections of a form; with a handler, the `do` part's value goes on to
    /// it, and with `after`, no value is the last thing.
    fn body(&mut self, body: &Body, protects: bool) {
        if protects && body.section(SectionRole::After).is_some() {
            return;
        }
        for section in &body.sections {
            if !(protects && section.role == SectionRole::Do) {
                self.section(section);
            }
        }
    }

    fn section(&mut self, section: &Section) {
        if section.keyword && section.node.kind() != SyntaxKind::BLOCK {
            return self.expression(&section.node);
        }
        self.last_of(&section.node);
    }

    /// The last statement, or that of each `->` clause.
    fn last_of(&mut self, block: &SyntaxNode) {
        let all = statements(block);
        let (stabs, plain): (Vec<_>, Vec<_>) = all.into_iter().partition(|node| node.kind() == SyntaxKind::STAB_CLAUSE);
        for body in stabs.iter().filter_map(stab_body) {
            self.last_of(&body);
        }
        if let Some(last) = plain.last() {
            self.expression(last);
        }
    }

    fn expression(&mut self, node: &SyntaxNode) {
        match node.kind() {
            SyntaxKind::BLOCK => self.last_of(node),
            SyntaxKind::CALL => self.call(node, 0),
            SyntaxKind::BINARY_OPERATOR => self.binary(node),
            SyntaxKind::UNARY_OPERATOR => self.unary(node),
            SyntaxKind::IDENTIFIER => self.name(node, 0),
            SyntaxKind::SIGIL => self.sigil(node),
            kind => self.tails.unknown |= !is_value(kind),
        }
    }

    fn call(&mut self, node: &SyntaxNode, piped: usize) {
        let Some(call) = Call::cast(node) else { return self.unknown() };
        let name = call.local_name().filter(|name| self.scope.is_kernel(name));
        match (name.as_deref(), Body::of(&call)) {
            (Some("case" | "cond" | "if" | "receive" | "unless" | "with"), Some(body)) => self.body(&body, false),
            (Some("try"), Some(body)) => self.body(&body, true),
            (Some("for" | "quote"), _) => {}
            _ if call.do_block().is_some() => self.unknown(),
            _ => {
                let callee = self.scope.callee(&call, piped);
                let candidates = || self.scope.candidates(&call, piped);
                match (&callee, candidates().as_slice()) {
                    // The project may know it: else it is unknown there.
                    (Callee::Unknown, [only]) => drop(self.tails.calls.insert(only.clone())),
                    _ => self.callee(&callee),
                }
            }
        }
    }

    fn callee(&mut self, callee: &Callee) {
        match callee {
            Callee::Function(name) => match end_of(name) {
                End::Returns | End::Never => {}
                End::CallsBack => self.unknown(),
                End::Elsewhere => drop(self.tails.calls.insert(name.clone())),
            },
            Callee::Field => {}
            Callee::Kernel(name) if matches!(kernel_verdict(name), Verdict::Wrap | Verdict::NoReturn) => {}
            Callee::Macro(name) if end_of(name) == End::Returns => {}
            Callee::Kernel(_) | Callee::Macro(_) | Callee::Dynamic | Callee::Unknown => self.unknown(),
        }
    }

    /// A variable, or a call without arguments.
    fn name(&mut self, node: &SyntaxNode, piped: u32) {
        let name = node.text().to_string();
        let is_form = matches!(name.as_str(), "__MODULE__" | "__ENV__" | "__DIR__" | "__CALLER__" | "__STACKTRACE__");
        if piped == 0 && (is_form || is_variable(node, self.clause)) {
            self.tails.unknown |= is_made_reference(node, self.clause, self.scope);
            return;
        }
        let callee = self.scope.local(&name, piped, node.text_range().start());
        self.callee(&callee);
    }

    fn binary(&mut self, node: &SyntaxNode) {
        let binary = BinaryOperator::cast(node);
        let parts = binary.and_then(|binary| Some((binary.left()?, binary.operator()?, binary.right()?)));
        let Some((left, operator, right)) = parts else { return self.unknown() };
        match operator.text() {
            "|>" | "&&" | "and" | "||" | "or" if !self.scope.is_kernel(operator.text()) => self.unknown(),
            "|>" => match right.kind() {
                SyntaxKind::CALL => self.call(&right, 1),
                SyntaxKind::IDENTIFIER => self.name(&right, 1),
                _ => self.unknown(),
            },
            "&&" | "and" | "||" | "or" => self.expression(&right),
            // Only a plain name always matches, and leaves the call last.
            "=" if left.kind() == SyntaxKind::IDENTIFIER => self.expression(&right),
            "=" => {}
            name => self.operator(name, 2, node),
        }
    }

    fn unary(&mut self, node: &SyntaxNode) {
        match UnaryOperator::cast(node).and_then(|unary| unary.operator()) {
            Some(operator) => self.operator(operator.text(), 1, node),
            None => self.unknown(),
        }
    }

    fn operator(&mut self, name: &str, arity: u32, node: &SyntaxNode) {
        let verdict = self.scope.operator_verdict(name, arity, node.text_range().end());
        self.tails.unknown |= verdict != Verdict::Wrap;
    }

    fn sigil(&mut self, node: &SyntaxNode) {
        let name = node.children_with_tokens().find(|child| child.kind() == SyntaxKind::SIGIL_NAME);
        let is_kernels = name.is_some_and(|name| {
            let name = format!("sigil_{name}");
            self.scope.is_kernel(&name) && library_kind("Kernel", &name, 2).is_some()
        });
        self.tails.unknown |= !is_kernels;
    }

    fn unknown(&mut self) {
        self.tails.unknown = true;
    }
}

/// Whether a node of this kind makes a value and calls nothing last.
fn is_value(kind: SyntaxKind) -> bool {
    use SyntaxKind::{
        ACCESS_CALL, ALIAS, ANONYMOUS_FUNCTION, ATOM, BITSTRING, BOOLEAN, CHAR, CHARLIST, FLOAT, INTEGER, KEYWORDS,
        LIST, MAP, NIL, QUOTED_ATOM, STRING, TUPLE,
    };
    matches!(
        kind,
        ACCESS_CALL
            | ALIAS
            | ANONYMOUS_FUNCTION
            | ATOM
            | BITSTRING
            | BOOLEAN
            | CHAR
            | CHARLIST
            | FLOAT
            | INTEGER
            | KEYWORDS
            | LIST
            | MAP
            | NIL
            | QUOTED_ATOM
            | STRING
            | TUPLE
    )
}
