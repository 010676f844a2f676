//! What was caught: `caught` first in every clause of `rescue` and `catch`.

use crate::edit::{Layer, depth};
use crate::positions::Position;
use crate::probes::{Done, Lead};
use crate::secrets::reveals;
use crate::walk::{Walk, operator};
use crate::{Side, head};
use syntax::nodes::StabClause;
use syntax::{SectionRole, SyntaxKind, SyntaxNode, trimmed_range};
use wire::{NodeId, NodeKind};

impl Walk<'_, '_> {
    /// A clause of `rescue` or `catch`.
    pub(crate) fn handler(&mut self, clause: &SyntaxNode, role: SectionRole) -> Done {
        let Some(stab) = StabClause::cast(clause) else { return Ok(()) };
        let body = Lead::Stab(clause.clone());
        if !body.statements().is_empty() && self.positions.rule(Position::HandlerBody).entered {
            let id = self.probes.site(clause, NodeKind::Handler, self.label(""))?;
            let patterns = stab.patterns();
            let (kind, reason) = match (role, patterns.as_slice()) {
                (SectionRole::Rescue, [pattern]) => (":error".into(), self.rescued(pattern, id)),
                (SectionRole::Catch, [value]) => (":throw".into(), self.caught(value, 1, id)),
                (SectionRole::Catch, [kind, reason]) => {
                    let kind = if kind.kind() == SyntaxKind::ATOM {
                        kind.text().to_string()
                    } else {
                        self.caught(kind, 1, id)
                    };
                    (kind, self.caught(reason, 2, id))
                }
                // A macro's, perhaps: it is left alone.
                _ => return self.statements_of(&body),
            };
            let passing = self.probes.passing(id);
            let probe = self.probes.call("caught", &format!("{passing}, {kind}, {reason}, __STACKTRACE__"));
            self.probes.lead(&body, Layer::Then, &probe, id)?;
        }
        self.statements_of(&body)
    }

    /// The variable that holds the exception; one is put in where there is none.
    fn rescued(&mut self, pattern: &SyntaxNode, id: NodeId) -> String {
        let name = |node: &SyntaxNode| {
            let text = node.text().to_string();
            let readable = node.kind() == SyntaxKind::IDENTIFIER && !text.starts_with('_');
            if readable { text } else { "nil".into() }
        };
        match (pattern.kind(), operator(pattern)) {
            (SyntaxKind::BINARY_OPERATOR, Some((left, token, _))) if token == "in" => name(&left),
            (SyntaxKind::ALIAS | SyntaxKind::LIST, _) => self.named_error(pattern, id),
            (SyntaxKind::IDENTIFIER, _) if pattern.text() == "_" => self.named_error(pattern, id),
            _ => name(pattern),
        }
    }

    fn named_error(&mut self, pattern: &SyntaxNode, id: NodeId) -> String {
        let (start, depth) = (trimmed_range(pattern).start(), depth(pattern, Layer::Before));
        self.probes.insert(start, Side::Open, depth, "scope_error in ".into(), id);
        "scope_error".into()
    }

    /// The variable that holds what a pattern of `catch` matched.
    fn caught(&mut self, pattern: &SyntaxNode, number: usize, id: NodeId) -> String {
        if reveals(pattern, self.probes.secrets()) {
            return "nil".into();
        }
        if let Some(name) = head::own_name(pattern) {
            return name;
        }
        let name = format!("scope_arg{number}");
        let (end, depth) = (trimmed_range(pattern).end(), depth(pattern, Layer::Before));
        self.probes.insert(end, Side::Close, depth, format!(" = {name}"), id);
        name
    }
}
