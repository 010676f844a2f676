//! What became of one file, independent of how it was computed.

use crate::report::Diagnostic;
use crate::{opt_out, proposal::Proposal};
use codegen::{Site, Surroundings};
use db::ClauseInfo;
use std::collections::BTreeSet;
use std::path::{Component, Path};
use syntax::{LineIndex, TextSize};
use wire::{NodeId, PlannedClause, Reason, Refusal};

/// Text with probes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrumented {
    /// The text.
    pub text: String,
    /// Every node with a probe, in order of the original text.
    pub sites: Vec<Site>,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has probes.
    Instrumented(Instrumented),
    /// It has nothing to instrument.
    Clean,
    /// It stays clean for a reason.
    Refused(Diagnostic),
}

/// A clause that has probes, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbedClause {
    /// The clause's id.
    pub id: NodeId,
    /// The module's full name.
    pub module: String,
    /// The function's name.
    pub name: String,
    /// The function's arity.
    pub arity: u32,
}

/// The result for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileResult {
    /// Its path.
    pub path: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Ids of all its clauses, with probes or without.
    pub defined: Vec<NodeId>,
    /// The instrumented clauses, for the node map.
    pub clauses: Vec<ProbedClause>,
    /// What was left clean: clauses, or the file.
    pub refusals: Vec<Refusal>,
    /// What was planned.
    pub planned: Vec<PlannedClause>,
    /// Rules of the plan that name a function of the file, by number.
    pub rules: BTreeSet<u32>,
    /// Lines of the original text.
    pub lines: LineIndex,
}

/// What is known of a file before it is instrumented.
pub(crate) struct Analysed<'a> {
    pub path: &'a str,
    pub text: &'a [u8],
    pub parse: &'a syntax::Parse,
    pub ids: &'a db::NodeIds,
}

/// The instrumented text stands at the original's path, below another folder.
const OUTSIDE: &str = "it is not below the folder of mix.exs, where its text would have a place; move it there";

fn is_inside(path: &str) -> bool {
    Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

impl FileResult {
    /// Instruments a file as planned; `around` is what the project knows.
    pub(crate) fn of(file: &Analysed<'_>, proposal: &Proposal, around: &Surroundings) -> Self {
        let mut result = Self {
            path: file.path.to_owned(),
            outcome: Outcome::Clean,
            defined: file.ids.clauses().iter().map(|clause| clause.id).collect(),
            clauses: Vec::new(),
            refusals: Vec::new(),
            planned: Vec::new(),
            rules: proposal.rules.clone(),
            lines: LineIndex::new(file.text),
        };
        if !is_inside(file.path) {
            result.refuse_file(0.into(), OUTSIDE.into());
            return result;
        }
        if let Some(why) = &proposal.excluded {
            result.leave_clean(1, why, true);
            return result;
        }
        let proposal = opt_out::respect(proposal, file.text, file.parse, file.ids);
        match codegen::instrument(file.parse, &|node| file.ids.get(node), &proposal.edits, around) {
            Err(refusal) => result.refuse_file(refusal.range.start(), refusal.why),
            Ok(instrumented) => {
                result.accept(instrumented, file.ids.clauses(), &proposal);
                result.spare(file, &proposal);
            }
        }
        result
    }

    fn line(&self, at: TextSize) -> u32 {
        self.lines.line(at)
    }

    fn refuse_file(&mut self, at: TextSize, why: String) {
        let (file, line) = (self.path.clone(), self.line(at));
        self.leave_clean(line, &why, true);
        self.outcome = Outcome::Refused(Diagnostic { file, line, message: format!("left without probes: {why}") });
    }

    fn leave_clean(&mut self, line: u32, why: &str, whole_file: bool) {
        self.refusals.push(Refusal { file: self.path.clone(), line, why: why.to_owned(), whole_file });
    }

    /// Notes the clauses that somebody wants clean, beside those that must be.
    fn spare(&mut self, file: &Analysed<'_>, proposal: &Proposal) {
        if proposal.spared.is_empty() {
            return;
        }
        for clause in syntax::modules(&file.parse.root()).iter().flat_map(syntax::Module::clauses) {
            let why = file.ids.get(clause.call.node()).and_then(|id| proposal.spared.get(&id));
            if let Some(why) = why {
                self.leave_clean(self.line(clause.call.range().start()), why, false);
            }
        }
        self.refusals.sort_by_key(|refusal| refusal.line);
    }

    fn accept(&mut self, instrumented: codegen::Instrumented, clauses: &[ClauseInfo], proposal: &Proposal) {
        for refused in &instrumented.refused {
            self.leave_clean(self.line(refused.range.start()), &refused.why, false);
        }
        for site in instrumented.sites.iter().filter(|site| site.parent.is_none()) {
            let Some(clause) = clauses.iter().find(|clause| clause.id == site.id) else { continue };
            self.probe(clause, self.line(site.range.start()), proposal);
        }
        if !instrumented.sites.is_empty() {
            let codegen::Instrumented { text, sites, .. } = instrumented;
            self.outcome = Outcome::Instrumented(Instrumented { text, sites });
        }
    }

    fn probe(&mut self, clause: &ClauseInfo, line: u32, proposal: &Proposal) {
        let (module, name) = (clause.module.clone(), clause.name.clone());
        self.clauses.push(ProbedClause { id: clause.id, module, name, arity: clause.arity });
        self.planned.push(PlannedClause {
            node: clause.id.raw(),
            function: clause.function(),
            file: self.path.clone(),
            line,
            strength: proposal.edits.clauses.get(&clause.id).copied().unwrap_or_default(),
            reason: proposal.reasons.get(&clause.id).copied().unwrap_or(Reason::NamedFunction),
            limits: proposal.edits.limits.get(&clause.id).copied().unwrap_or_default(),
        });
    }
}
