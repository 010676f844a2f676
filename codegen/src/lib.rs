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

mod callee;
mod edit;
mod erasure;
mod exits;
mod grouping;
mod head;
mod plan;
mod positions;
mod resolve;
mod tails;

pub use edit::{Insertion, Side};
pub use erasure::{Violation, check as check_erasure};
pub use plan::{EditPlan, FunctionName, Sink, Surroundings};
pub use tails::{Facts, FunctionFacts, TailGraph, Tails, facts};

use syntax::{Clause, Parse, SectionRole, SyntaxKind, SyntaxNode, TextRange, modules, statements, trimmed_range};
use wire::{NodeId, NodeKind};

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
    let root = parse.root();
    positions::check_file(parse, &root)?;
    let names = resolve::Names::of(&root);
    let mut out = Instrumented { text: String::new(), insertions: Vec::new(), sites: Vec::new(), refused: Vec::new() };
    for module in modules(&root) {
        let scope = resolve::Scope::of(&module, &names, around);
        for clause in module.clauses() {
            let Some(id) = ids(clause.call.node()).filter(|id| plan.clauses.contains_key(id)) else { continue };
            let work =
                positions::check_clause(&module, &clause).and_then(|()| instrument_clause(&clause, id, ids, &scope));
            match work {
                Ok((insertions, sites)) => {
                    out.insertions.extend(insertions);
                    out.sites.extend(sites);
                }
                Err(refused) => out.refused.push(refused),
            }
        }
    }
    edit::sort(&mut out.insertions);
    let source = root.text().to_string();
    out.text = edit::apply(&source, &out.insertions);
    erasure::check(&source, &out.insertions, &out.text)
        .map_err(|violation| FileRefusal { range: violation.range, why: violation.why })?;
    Ok(out)
}

type ClauseWork = (Vec<Insertion>, Vec<Site>);

fn instrument_clause(
    clause: &Clause,
    id: NodeId,
    ids: &Ids<'_>,
    scope: &resolve::Scope<'_>,
) -> Result<ClauseWork, Refused> {
    let capture = head::capture(clause);
    let mut work = exits::Exits::new(id, ids, scope, clause);
    work.site(Site {
        id,
        parent: None,
        kind: NodeKind::Clause,
        range: trimmed_range(clause.call.node()),
        label: capture.label,
    });
    for (at, name) in capture.names {
        work.insert(at, Side::Close, 0, format!(" = {name}"), id);
    }
    let arguments: String = capture.arguments.iter().map(|argument| format!(", {argument}")).collect();
    let enter = format!(":scope_probe.enter({id}{arguments})");
    let body = clause.body.section(SectionRole::Do).map(|section| (section.node.clone(), section.keyword));
    // Clause::cast only gives clauses with a `do` section.
    let Some((body, keyword)) = body else { return Err(work.refuse(&clause.head, "no body")) };
    enter_body(&mut work, &body, keyword, &enter, id)?;
    work.body(&clause.body)?;
    Ok(work.finish())
}

fn enter_body(
    work: &mut exits::Exits<'_>,
    body: &SyntaxNode,
    keyword: bool,
    enter: &str,
    id: NodeId,
) -> Result<(), Refused> {
    if keyword {
        let range = trimmed_range(body);
        work.insert(range.start(), Side::Open, 0, format!("({enter}; "), id);
        work.insert(range.end(), Side::Close, 0, ")".into(), id);
        return Ok(());
    }
    match statements(body).first() {
        Some(first) if first.kind() == SyntaxKind::STAB_CLAUSE => Err(work.refuse(first, "a body of `->` clauses")),
        Some(first) => {
            work.insert(trimmed_range(first).start(), Side::Open, 0, format!("{enter}; "), id);
            Ok(())
        }
        // An empty body's value is nil: `exits` appends the probe that says so.
        None => {
            let word = syntax::first_token(body).map(|token| token.text_range().end());
            work.insert(word.unwrap_or(body.text_range().start()), Side::Open, 0, format!(" {enter};"), id);
            Ok(())
        }
    }
}
