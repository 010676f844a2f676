//! A plan and a tree in, instrumented text out.
//!
//! Owns: where each probe may stand and what text it is, the edits, and the
//! erasure law checked by our own parser. It must never know: why a clause was
//! chosen, node-id derivation, files, networks.
//!
//! The law: the output has the same lines, each holding its original text in
//! order; removing the insertions restores the bytes; and the output's tree
//! without its probes is the original's tree.
//!
//! ```
//! let parse = syntax::parse(b"defmodule A do\n  def f(x), do: x + 1\nend\n");
//! let id = wire::NodeId::from_raw(7).unwrap();
//! let ids = |_: &syntax::SyntaxNode| Some(id);
//! let plan = codegen::EditPlan::uniform([id], wire::Strength::Boundaries);
//! let out = codegen::instrument(&parse, &ids, &plan, &Default::default()).unwrap();
//! assert_eq!(out.text.lines().nth(1).unwrap(),
//!     "  def f(x), do: (:scope_probe.enter(7, x); :scope_probe.leave(7, (x + 1)))");
//! ```

mod bindings;
mod branches;
mod callbacks;
mod callee;
mod condition;
mod detached;
mod edit;
mod erasure;
mod exits;
mod grouping;
mod handlers;
#[cfg(test)]
mod hazards;
mod head;
mod label;
mod plan;
mod points;
mod positions;
mod probes;
mod refusals;
mod resolve;
mod secrets;
mod tails;
mod values;
mod walk;

pub use edit::{Insertion, Side};
pub use plan::{EditPlan, FunctionName, Sink, Surroundings};
pub use tails::{Facts, FunctionFacts, TailGraph, Tails, facts};

use edit::Layer;
use exits::Exits;
use points::Points;
use positions::Positions;
use probes::{Lead, Probes, refuse};
use syntax::{Clause, Parse, SectionRole, SyntaxNode, TextRange, modules};
use walk::Walk;
use wire::{NodeId, NodeKind, Strength};

/// A node that carries a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id.
    pub id: NodeId,
    /// The clause that holds it; `None` for the clause itself.
    pub parent: Option<NodeId>,
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands in the original text.
    pub range: TextRange,
    /// For clauses, the captured arguments: see [`wire::map::capture`]. For tail
    /// calls, the callee: `Module.name/arity` or what is known of it.
    pub label: String,
}

/// A clause left clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where.
    pub range: TextRange,
    /// What was met.
    pub why: String,
}

/// The result for one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrumented {
    /// The text with probes.
    pub text: String,
    /// What was inserted, in order.
    pub insertions: Vec<Insertion>,
    /// Every node with a probe, in order of the text.
    pub sites: Vec<Site>,
    /// Planned clauses that were left clean.
    pub refused: Vec<Refused>,
}

/// Why a whole file stays clean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct FileRefusal {
    /// Where.
    pub range: TextRange,
    /// What was met.
    pub why: String,
}

/// Finds the id of a node.
pub type Ids<'a> = dyn Fn(&SyntaxNode) -> Option<NodeId> + 'a;

/// Instruments a file as `plan` says; `around` is what the project knows of the
/// functions it calls.
///
/// # Errors
/// When the file has syntax errors, places the grammar may misread, names that
/// the probes use, or when the result would break the erasure law.
pub fn instrument(
    parse: &Parse,
    ids: &Ids<'_>,
    plan: &EditPlan,
    around: &Surroundings,
) -> Result<Instrumented, FileRefusal> {
    instrument_with(parse, ids, plan, around, Positions::default())
}

fn instrument_with(
    parse: &Parse,
    ids: &Ids<'_>,
    plan: &EditPlan,
    around: &Surroundings,
    positions: Positions,
) -> Result<Instrumented, FileRefusal> {
    let root = parse.root();
    refusals::check_file(parse, &root)?;
    let names = resolve::Names::of(&root);
    let mut points = Points::of(&plan.points, &root);
    let mut out = Instrumented { text: String::new(), insertions: Vec::new(), sites: Vec::new(), refused: Vec::new() };
    for module in modules(&root) {
        let scope = resolve::Scope::of(&module, &names, around);
        let attributes = refusals::attributes(&module);
        let behaviours = callbacks::behaviours(&module, &attributes);
        let secrets = secrets::of_module(&plan.secrets, &attributes)?;
        for clause in module.clauses() {
            let Some(id) = ids(clause.call.node()) else { continue };
            let strength = plan.clauses.get(&id).copied().or_else(|| points.inside(&clause));
            let Some(strength) = strength else { continue };
            let job = Job { behaviours: &behaviours, clause: &clause, id, strength, scope: &scope, positions };
            let work = refusals::check_clause(&module, &attributes, &clause, &plan.sink)
                .and_then(|()| job.run(Probes::new(id, &clause, ids, plan, &secrets), &mut points));
            match work {
                Ok((insertions, sites)) => {
                    out.insertions.extend(insertions);
                    out.sites.extend(sites);
                }
                Err(refused) => out.refused.push(refused),
            }
        }
    }
    out.refused.extend(points.left());
    edit::sort(&mut out.insertions);
    out.text = edit::apply(&root.text().to_string(), &out.insertions);
    erasure::check(&root, &out.insertions, &out.text, &plan.sink)
        .map_err(|violation| FileRefusal { range: violation.range, why: violation.why })?;
    Ok(out)
}

/// One clause, and how much is wanted of it.
struct Job<'a> {
    behaviours: &'a [String],
    clause: &'a Clause,
    id: NodeId,
    strength: Strength,
    scope: &'a resolve::Scope<'a>,
    positions: Positions,
}

impl Job<'_> {
    /// Collects the probes of the clause.
    fn run(&self, mut probes: Probes<'_>, points: &mut Points<'_>) -> Result<(Vec<Insertion>, Vec<Site>), Refused> {
        let Some(main) = self.clause.body.section(SectionRole::Do) else {
            return Err(refuse(&self.clause.head, "no body"));
        };
        let capture = head::capture(self.clause, probes.secrets());
        probes.site(self.clause.call.node(), NodeKind::Clause, capture.label)?;
        for (at, name) in capture.names {
            probes.insert(at, Side::Close, 0, format!(" = {name}"), self.id);
        }
        Exits::new(self.clause, self.scope, &mut probes).body(&self.clause.body)?;
        let has_values = !capture.arguments.is_empty();
        let id = if has_values { probes.passing(self.id) } else { self.id.to_string() };
        let enter = probes.call("enter", &[vec![id], capture.arguments].concat().join(", "));
        probes.lead(&Lead::of(main), Layer::Before, &enter, self.id)?;
        let mut walk = Walk::new(self.scope, &mut probes, self.strength, self.positions);
        walk.clause(&self.clause.body)?;
        let statements = walk.statements;
        points.place(self.clause, &statements, &mut probes)?;
        callbacks::capture(self.behaviours, self.clause, &mut probes)?;
        Ok(probes.finish())
    }
}
