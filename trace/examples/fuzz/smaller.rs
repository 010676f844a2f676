//! The smallest mutation that still fails the same way.

use super::corpus::Run;
use super::edit::{Change, Edit, Mutation};
use super::execution::Workshop;
use super::judge::Verdict;

/// More attempts than this are not worth the wait.
const ATTEMPTS: usize = 300;

/// Leaves out edits, and parts of what they write, as long as it fails like `kind`.
pub fn smaller(workshop: &mut Workshop, run: &Run, mutation: Mutation, kind: &str) -> Mutation {
    let mut best = mutation;
    let mut attempts = 0..ATTEMPTS;
    'again: loop {
        for candidate in candidates(&best) {
            if attempts.next().is_none() {
                return best;
            }
            let verdict = workshop.execute(run, &candidate);
            if matches!(&verdict, Verdict::Failed(why) if super::kind(why) == kind) {
                best = candidate;
                continue 'again;
            }
        }
        return best;
    }
}

fn candidates(mutation: &Mutation) -> Vec<Mutation> {
    let with = |edits| Mutation { edits, is_forged: mutation.is_forged };
    let mut candidates = Vec::new();
    for (number, edit) in mutation.edits.iter().enumerate() {
        let mut without = mutation.edits.clone();
        without.remove(number);
        candidates.push(with(without));
        for half in halves(edit) {
            let mut edits = mutation.edits.clone();
            edits[number] = half;
            candidates.push(with(edits));
        }
    }
    candidates
}

fn halves(edit: &Edit) -> Vec<Edit> {
    match &edit.change {
        Change::Write(at, bytes) if bytes.len() > 1 => {
            let (front, back) = bytes.split_at(bytes.len() / 2);
            let writes = [(*at, front), (*at + front.len(), back)];
            let half =
                |(at, part): (usize, &[u8])| Edit { file: edit.file.clone(), change: Change::Write(at, part.to_vec()) };
            writes.into_iter().map(half).collect()
        }
        _ => Vec::new(),
    }
}
