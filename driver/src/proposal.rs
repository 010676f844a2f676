//! What a file is asked to become, before its text is looked at.

use crate::Settings;
use crate::queries::Wanted;
use codegen::EditPlan;
use db::ClauseInfo;
use std::collections::{BTreeMap, BTreeSet};
use wire::{NodeId, Reason};

/// What is asked for one file. Knows no position, so that an edit inside a body
/// plans nothing again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// What to put where.
    pub edits: EditPlan,
    /// Why each of the clauses gets what it gets.
    pub reasons: BTreeMap<NodeId, Reason>,
    /// Clauses that somebody wants clean, and why they are.
    pub spared: BTreeMap<NodeId, String>,
    /// Rules of the plan that name a function of the file, by number.
    pub rules: BTreeSet<u32>,
    /// Why the whole file stays clean, if somebody wants that.
    pub excluded: Option<String>,
}

impl Proposal {
    /// What `settings` and `wanted` ask of the file at `path`.
    pub fn of(path: &str, clauses: &[ClauseInfo], wanted: &Wanted, settings: &Settings) -> Self {
        let request = &settings.request;
        let mut proposal = Self::default();
        proposal.edits.sink = settings.sink.clone();
        proposal.edits.secrets = settings.secrets.clone();
        for clause in clauses.iter().filter(|clause| clause.kind.is_function()) {
            proposal.rules.extend(planner::naming(clause, &request.rules).map(|(number, _)| number));
        }
        if let Some(pattern) = settings.excluding_file(path) {
            proposal.excluded = Some(format!("the file is excluded by `{pattern}`"));
            return proposal;
        }
        for chosen in planner::choose(clauses, request).filter(|chosen| wanted.includes(chosen.clause.id)) {
            let id = chosen.clause.id;
            match (settings.sparing_module(&chosen.clause.module), chosen.strength, chosen.reason) {
                (Some(why), ..) => proposal.spare(id, why),
                (None, None, Reason::Rule(number)) => proposal.spare(id, format!("rule {number} of the plan")),
                (None, None, Reason::NamedFunction) => {}
                (None, Some(strength), reason) => {
                    proposal.edits.clauses.insert(id, strength);
                    if !chosen.limits.are_unset() {
                        proposal.edits.limits.insert(id, chosen.limits);
                    }
                    proposal.reasons.insert(id, reason);
                }
            }
        }
        proposal.edits.points = request.points.iter().filter(|point| point.file == path).cloned().collect();
        proposal
    }

    /// Leaves a clause clean.
    pub fn spare(&mut self, id: NodeId, why: String) {
        self.edits.clauses.remove(&id);
        self.edits.limits.remove(&id);
        self.reasons.remove(&id);
        self.spared.insert(id, why);
    }
}
