//! Functions that the VM told of by name: they need have no probes, and no map has them.

use super::{Names, SiteIndex, Sites};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use wire::{Kind, Record, Term};

/// Module and function by their atoms' indices, and the arity.
type Key = (u64, u64, i64);

/// The functions that were called, each with a site.
#[derive(Clone, Debug, Default)]
pub(super) struct Called {
    seen: BTreeSet<Key>,
    sites: FxHashMap<Key, SiteIndex>,
}

impl Called {
    /// Notes whose call or end a record is.
    pub(super) fn note(&mut self, record: &Record<'_>) {
        self.seen.extend(split(record).map(|(key, _)| key));
    }

    /// Gives every function a site, once the atoms have their names.
    pub(super) fn finish(&mut self, names: &Names, sites: &mut Sites) {
        let atom = |index| names.atom(index).map_or_else(|| format!("#{index}"), crate::value::atom_text);
        for &(module, function, arity) in &self.seen {
            let name = names.atom(function).map_or_else(|| format!("#{function}"), str::to_owned);
            let site = sites.named(&atom(module), &name, arity);
            self.sites.insert((module, function, arity), site);
        }
        self.seen.clear();
    }

    /// The site of the function whose call or end a record is.
    pub(super) fn site(&self, record: &Record<'_>) -> Option<SiteIndex> {
        self.sites.get(&split(record)?.0).copied()
    }
}

/// Whether records of this kind begin with the function that they are about.
pub(crate) const fn is_of_function(kind: Kind) -> bool {
    matches!(kind, Kind::Call | Kind::Returned | Kind::Raised)
}

/// The terms of a record, behind the function that it is about.
pub(crate) fn terms<'a>(record: &Record<'a>) -> &'a [u8] {
    if is_of_function(record.kind) { split(record).map_or(&[], |(_, rest)| rest) } else { record.payload }
}

fn split<'a>(record: &Record<'a>) -> Option<(Key, &'a [u8])> {
    if !is_of_function(record.kind) {
        return None;
    }
    let mut rest = record.payload;
    let Ok(Term::Tuple { items, size: 3 }) = Term::read(&mut rest) else { return None };
    match items[..] {
        [Term::Atom(module), Term::Atom(function), Term::Int(arity)] => Some(((module, function, arity), rest)),
        _ => None,
    }
}
