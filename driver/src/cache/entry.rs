//! The bytes of one entry.
//!
//! | Bytes | What |
//! |---|---|
//! | 4 | length of the JSON, little endian |
//! | | JSON: everything but the instrumented text |
//! | | the instrumented text, if there is one |

use crate::draft::{Digest, Draft};
use crate::file_result::{FileResult, Instrumented, Outcome, ProbedClause};
use crate::{Diagnostic, Source};
use codegen::{Facts, Site};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use syntax::{LineIndex, TextRange};
use wire::{NodeId, NodeKind, PlannedClause, Refusal};

#[derive(Serialize, Deserialize)]
struct Entry {
    facts: Facts,
    around: [u8; 32],
    outcome: EntryOutcome,
    defined: Vec<u64>,
    /// Id, module, name, arity.
    clauses: Vec<(u64, String, String, u32)>,
    refusals: Vec<Refusal>,
    planned: Vec<PlannedClause>,
    rules: BTreeSet<u32>,
}

#[derive(Serialize, Deserialize)]
enum EntryOutcome {
    Instrumented(Vec<EntrySite>),
    Clean,
    Refused(Diagnostic),
}

/// Id, parent, kind, start, end, label.
#[derive(Serialize, Deserialize)]
struct EntrySite(u64, Option<u64>, u8, u32, u32, String);

/// The entry that holds `draft`.
pub fn encode(draft: &Draft) -> Vec<u8> {
    let result = &draft.result;
    let (outcome, text) = match &result.outcome {
        Outcome::Instrumented(done) => {
            (EntryOutcome::Instrumented(done.sites.iter().map(site_entry).collect()), done.text.as_str())
        }
        Outcome::Clean => (EntryOutcome::Clean, ""),
        Outcome::Refused(diagnostic) => (EntryOutcome::Refused(diagnostic.clone()), ""),
    };
    let clause = |clause: &ProbedClause| (clause.id.raw(), clause.module.clone(), clause.name.clone(), clause.arity);
    let entry = Entry {
        facts: draft.facts.clone(),
        around: draft.around.0,
        outcome,
        defined: result.defined.iter().map(|id| id.raw()).collect(),
        clauses: result.clauses.iter().map(clause).collect(),
        refusals: result.refusals.clone(),
        planned: result.planned.clone(),
        rules: result.rules.clone(),
    };
    // A struct of strings and numbers has a JSON; if not, the entry is taken for damaged.
    let json = serde_json::to_vec(&entry).unwrap_or_default();
    let mut bytes = (json.len() as u32).to_le_bytes().to_vec();
    bytes.extend(json);
    bytes.extend(text.as_bytes());
    bytes
}

/// The draft of `source` that an entry holds, unless the entry is damaged.
pub fn decode(bytes: &[u8], source: &Source) -> Option<Draft> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (json, text) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let entry: Entry = serde_json::from_slice(json).ok()?;
    let clause = |(id, module, name, arity)| Some(ProbedClause { id: NodeId::from_raw(id)?, module, name, arity });
    let result = FileResult {
        path: source.path.clone(),
        outcome: outcome(entry.outcome, text)?,
        defined: entry.defined.into_iter().map(NodeId::from_raw).collect::<Option<_>>()?,
        clauses: entry.clauses.into_iter().map(clause).collect::<Option<_>>()?,
        refusals: entry.refusals,
        planned: entry.planned,
        rules: entry.rules,
        lines: LineIndex::new(&source.text),
    };
    Some(Draft { facts: entry.facts, around: Digest(entry.around), result: Arc::new(result) })
}

fn outcome(outcome: EntryOutcome, text: &[u8]) -> Option<Outcome> {
    Some(match outcome {
        EntryOutcome::Instrumented(sites) => {
            let sites = sites.into_iter().map(site).collect::<Option<_>>()?;
            Outcome::Instrumented(Instrumented { text: String::from_utf8(text.to_vec()).ok()?, sites })
        }
        EntryOutcome::Clean => Outcome::Clean,
        EntryOutcome::Refused(diagnostic) => Outcome::Refused(diagnostic),
    })
}

fn site_entry(site: &Site) -> EntrySite {
    let (start, end) = (site.range.start().into(), site.range.end().into());
    let parent = site.parent.map(NodeId::raw);
    EntrySite(site.id.raw(), parent, site.kind as u8, start, end, site.label.clone())
}

fn site(EntrySite(id, parent, code, start, end, label): EntrySite) -> Option<Site> {
    let parent = match parent {
        Some(raw) => Some(NodeId::from_raw(raw)?),
        None => None,
    };
    let range = (start <= end).then(|| TextRange::new(start.into(), end.into()))?;
    Some(Site { id: NodeId::from_raw(id)?, parent, kind: NodeKind::from_code(code)?, range, label })
}
