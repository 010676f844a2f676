//! Walks the records of a segment and finds its way past damage.
//!
//! Where sums vouch for the data, it is what was written. Elsewhere a record must make
//! sense by itself and beside its neighbours.

use super::{Finding, Segment, plausible};
use std::collections::BTreeMap;
use std::ops::Range;
use wire::sums::Stretch;
use wire::{Record, RecordError};

const REPORTED: usize = 16;

/// Calls `visit(offset, record)` for each readable record of a segment.
pub(super) fn walk<'a>(segment: &'a Segment, findings: &mut Vec<Finding>, mut visit: impl FnMut(u64, &Record<'a>)) {
    let mut walk = Walk { segment, findings, at: 0, ticks: 0, damaged: 0, unknown: BTreeMap::new() };
    let stretches = &segment.stretches;
    for (number, stretch) in stretches.iter().enumerate() {
        match stretch {
            Stretch::Sound(range) => walk.sound(range, &mut visit),
            Stretch::Damaged(range) => walk.miss(range),
            Stretch::Unsummed(range) => {
                let after_damage = number > 0 && matches!(stretches[number - 1], Stretch::Damaged(_));
                walk.unsummed(range, after_damage, &mut visit);
            }
        }
    }
    walk.finish();
}

struct Walk<'a, 'f> {
    segment: &'a Segment,
    findings: &'f mut Vec<Finding>,
    /// Where the next record begins.
    at: usize,
    /// When the last record was written.
    ticks: u64,
    damaged: usize,
    /// Records of each unknown kind.
    unknown: BTreeMap<u8, u64>,
}

impl<'a> Walk<'a, '_> {
    fn sound(&mut self, range: &Range<usize>, visit: &mut impl FnMut(u64, &Record<'a>)) {
        let data = &self.segment.data[..range.end];
        self.at = range.start;
        while self.at < range.end {
            let rest = &data[self.at..];
            // The last one may lack its end, which stood in what is damaged.
            let Some(length) = wire::record::extent(rest) else { return };
            match Record::read_from(rest) {
                Ok((record, _)) => {
                    visit(self.at as u64, &record);
                    self.ticks = record.ticks;
                }
                Err(RecordError::Kind(code)) => *self.unknown.entry(code).or_default() += 1,
                Err(error) => self.damage(error, length, false),
            }
            self.at += length;
        }
    }

    fn unsummed(&mut self, range: &Range<usize>, after_damage: bool, visit: &mut impl FnMut(u64, &Record<'a>)) {
        let data = &self.segment.data[..range.end];
        // Sums end between two records, unless the file's end is missing.
        if after_damage && self.segment.sums.as_ref().is_some_and(|sums| sums.summed() != range.start) {
            self.at = range.start + plausible::resume(self.segment, &data[range.start..], self.ticks);
        }
        while self.at < range.end {
            let rest = &data[self.at..];
            let read = plausible::read(self.segment, rest, self.ticks);
            let skipped = match read {
                Ok(record) => {
                    visit(self.at as u64, &record);
                    self.ticks = record.ticks;
                    record.extent()
                }
                Err(problem) => {
                    let skipped = plausible::resume(self.segment, rest, self.ticks);
                    self.pass(problem, skipped, skipped == rest.len());
                    skipped
                }
            };
            self.at += skipped;
        }
    }

    fn pass(&mut self, problem: plausible::Problem, skipped: usize, to_end: bool) {
        match problem {
            plausible::Problem::Later(code) => *self.unknown.entry(code).or_default() += 1,
            other => self.damage(other, skipped, to_end),
        }
    }

    fn damage(&mut self, error: impl std::fmt::Display, skipped: usize, to_end: bool) {
        self.damaged += 1;
        if self.damaged <= REPORTED {
            let extent = if to_end { "up to the end" } else { "before the next sound record" };
            let problem = format!("{error}; {skipped} bytes {extent} were skipped");
            self.findings.push(Finding::at(&self.segment.file, self.place(self.at), problem, MISSING));
        }
    }

    fn miss(&mut self, range: &Range<usize>) {
        let problem = format!(
            "{} bytes are not those that were written (checksum); the events in them are left out",
            range.len()
        );
        self.findings.push(Finding::at(&self.segment.file, self.place(range.start), problem, MISSING));
        self.at = range.end;
    }

    fn place(&self, at: usize) -> u64 {
        u64::from(self.segment.header.length) + at as u64
    }

    fn finish(self) {
        let file = &self.segment.file;
        if self.damaged > REPORTED {
            let problem = format!("{} more damaged places", self.damaged - REPORTED);
            self.findings.push(Finding::file(file, problem, "treat this segment as unreliable"));
        }
        if !self.unknown.is_empty() {
            let count: u64 = self.unknown.values().sum();
            let kinds: Vec<_> = self.unknown.keys().map(u8::to_string).collect();
            let problem =
                format!("{count} records are of kinds that this version does not know ({})", kinds.join(", "));
            self.findings.push(Finding::file(file, problem, "upgrade elixirscope to the version that recorded it"));
        }
    }
}

const MISSING: &str =
    "events here are missing, so frames nearby may be closed by inference; record again if it matters";
