//! What expressions gave: `bind` around them.

use crate::detached::must_stay_last;
use crate::edit::{Layer, depth};
use crate::grouping::{Grouping, grouping};
use crate::label::short;
use crate::positions::{Position, Rule};
use crate::probes::Done;
use crate::resolve::Verdict;
use crate::walk::{Walk, operator};
use crate::{Side, callee};
use syntax::{Call, SyntaxKind, SyntaxNode, Target, trimmed_range};
use wire::{NodeKind, Strength};

impl Walk<'_, '_> {
    /// Records what an expression gives, if that says something.
    pub(crate) fn value(&mut self, node: &SyntaxNode, rule: Rule) -> Done {
        let position = rule.position;
        let tells = || rule.is_removed() || self.is_telling(node, position);
        if self.strength < Strength::Values || !self.may_wrap(node) || !tells() {
            return Ok(());
        }
        if matches!(grouping(node), Grouping::Impossible) {
            return Ok(());
        }
        let label = self.label(&self.name_of(node, position));
        let id = self.probes.site(node, NodeKind::Bound, label)?;
        self.probes.wrap(node, "bind", Layer::Inside, id)
    }

    /// `ref = make_ref()`: bound by the program itself, and looked at behind it.
    pub(crate) fn made_reference(&mut self, statement: &SyntaxNode) -> Done {
        let Some((left, _, right)) = operator(statement).filter(|(_, token, _)| token == "=") else { return Ok(()) };
        let made = Call::cast(&right).is_some_and(|call| self.scope.makes_reference(&call));
        let readable = left.kind() == SyntaxKind::IDENTIFIER && !left.text().to_string().starts_with('_');
        if self.strength < Strength::Values || !made || !readable {
            return Ok(());
        }
        let name = left.text().to_string();
        let id = self.probes.site(&right, NodeKind::Point, self.label(&name))?;
        let locals = self.probes.call("locals", &format!("{}, {name}", self.probes.passing(id)));
        let (end, depth) = (trimmed_range(statement).end(), depth(statement, Layer::Before));
        self.probes.insert(end, Side::Close, depth, format!("; {locals}"), id);
        Ok(())
    }

    /// What `exits` gave a probe to has one, or is a call that must stay last, as
    /// one that ends an anonymous function may be.
    fn may_wrap(&self, node: &SyntaxNode) -> bool {
        let stays = self.probes.is_taken(node) || must_stay_last(node, self.scope);
        self.positions.rule(Position::LastCall).wrapped || !stays
    }

    /// What a value is called: the pattern it is matched with, else the callee.
    fn name_of(&self, node: &SyntaxNode, position: Position) -> String {
        let pattern = node.parent().and_then(|parent| parent.first_child());
        let matched = matches!(position, Position::MatchedValue | Position::WithStep | Position::Generator);
        match pattern.filter(|pattern| matched && pattern != node) {
            Some(pattern) => short(&pattern),
            None => callee::label(node, self.scope),
        }
    }

    /// A call's result always is; anything else where a pattern takes it.
    fn is_telling(&self, node: &SyntaxNode, position: Position) -> bool {
        let matched = matches!(position, Position::MatchedValue | Position::WithStep | Position::Generator);
        match node.kind() {
            SyntaxKind::CALL => self.call_tells(node, matched),
            SyntaxKind::BINARY_OPERATOR => match operator(node) {
                Some((_, token, right)) if token == "|>" => self.call_tells(&right, matched),
                Some((_, token, _)) => matched && !matches!(token.as_str(), "=" | ".." | "..//" | "<-"),
                None => false,
            },
            SyntaxKind::ACCESS_CALL | SyntaxKind::MAP | SyntaxKind::TUPLE | SyntaxKind::LIST | SyntaxKind::BLOCK => {
                matched
            }
            SyntaxKind::UNARY_OPERATOR => false,
            SyntaxKind::IDENTIFIER => matched,
            _ => false,
        }
    }

    fn call_tells(&self, node: &SyntaxNode, matched: bool) -> bool {
        let Some(call) = Call::cast(node) else { return false };
        let keeps_reference =
            !self.positions.rule(Position::MadeReference).wrapped && self.scope.makes_reference(&call);
        if keeps_reference || self.scope.verdict(&call) == Verdict::NoReturn {
            return false;
        }
        // Reading a field is no call that says much.
        let reads_field = call.arguments_node().is_none() && matches!(call.target(), Target::Remote(..));
        if reads_field { matched } else { matched || self.is_function(&call) }
    }
}
