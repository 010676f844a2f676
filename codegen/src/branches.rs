//! Which way was taken: `branch` in every clause of every branching form.

use crate::Side;
use crate::edit::{Layer, depth};
use crate::grouping::is_open_ended;
use crate::label::short;
use crate::probes::{Done, Lead};
use crate::walk::Walk;
use syntax::{SyntaxKind, SyntaxNode, trimmed_range};
use wire::{NodeKind, Strength};

impl Walk<'_, '_> {
    /// A body that is run if its clause, or its condition, is met.
    pub(crate) fn branch(&mut self, body: &Lead) -> Done {
        if self.strength >= Strength::Branches {
            // A keyword's value is a node of its own already.
            let role = if matches!(body, Lead::Keyword(_)) { "branch" } else { "" };
            let role = if self.probes.is_taken(body.node()) { "branch" } else { role };
            let label = self.label(&name_of(body));
            let id = self.probes.site_as(body.node(), NodeKind::Branch, label, role)?;
            let probe = self.probes.call("branch", &id.to_string());
            self.probes.lead(body, Layer::Then, &probe, id)?;
        }
        self.statements_of(body)
    }

    /// A step of `with` that matched: a step of its own behind it.
    pub(crate) fn step(&mut self, step: &SyntaxNode) -> Done {
        // A call without parentheses at its end would take the probe for an argument.
        if self.strength < Strength::Branches || is_open_ended(step) {
            return Ok(());
        }
        let name = step.first_child().map(|pattern| short(&pattern)).unwrap_or_default();
        let id = self.probes.site(step, NodeKind::Branch, self.label(&(name + " <-")))?;
        let probe = self.probes.call("branch", &id.to_string());
        let depth = depth(step, Layer::Before);
        self.probes.insert(trimmed_range(step).end(), Side::Close, depth, format!(", {probe}"), id);
        Ok(())
    }
}

/// What a branch is called: a clause by what stands left of its arrow, any other body
/// by the word that opens it.
fn name_of(body: &Lead) -> String {
    match body {
        Lead::Stab(stab) => {
            let head = stab.first_child().filter(|head| head.kind() != SyntaxKind::BODY);
            head.map(|head| short(&head)).unwrap_or_default()
        }
        Lead::Block(block) => syntax::first_token(block).map(|word| word.text().to_owned()).unwrap_or_default(),
        Lead::Keyword(value) => {
            let pair = value.parent().and_then(|pair| pair.first_child());
            pair.map(|key| key.text().to_string().trim_end().trim_end_matches(':').to_owned()).unwrap_or_default()
        }
    }
}
