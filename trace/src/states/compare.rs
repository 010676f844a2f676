//! What differs between two states of which nobody told a difference.

use super::tree::{Change, Pairs, Step, Tree};
use wire::Term;

/// What `new` has other than `old`.
pub fn compare(old: &Term, new: &Term) -> Vec<Change> {
    let mut changes = Vec::new();
    if old != new {
        parts(&mut Tree::new(old.clone()), &Tree::new(new.clone()), &mut Vec::new(), &mut changes);
    }
    changes
}

fn parts(old: &mut Tree, new: &Tree, path: &mut Vec<Step>, changes: &mut Vec<Change>) {
    match (old, new) {
        (Tree::Tuple(before), Tree::Tuple(after)) if before.len() == after.len() => {
            for (n, (old, new)) in before.iter_mut().zip(after).enumerate() {
                path.push(Step::Element(n));
                parts(old, new, path, changes);
                path.pop();
            }
        }
        (Tree::Map(before), Tree::Map(after)) => maps(before, after, path, changes),
        (Tree::List { reversed: before, end: None }, Tree::List { reversed: after, end: None }) => {
            lists(before, after, path, changes);
        }
        (old, new) => {
            let (before, after) = (old.term(), new.term());
            if before != after {
                changes.push(Change { path: path.clone(), before: Some(before), after: Some(after) });
            }
        }
    }
}

fn maps(before: &mut Pairs, after: &Pairs, path: &mut Vec<Step>, changes: &mut Vec<Change>) {
    let mut after = after.clone();
    let keys: Vec<_> = before.iter().map(|(key, _)| key.clone()).collect();
    for key in keys.into_iter().filter(|key| after.get(key).is_none()) {
        path.push(Step::Key(key.clone()));
        changes.push(Change { path: path.clone(), before: before.get(&key).map(Tree::term), after: None });
        path.pop();
    }
    for (key, new) in after.iter() {
        path.push(Step::Key(key.clone()));
        match before.get_mut(key) {
            Some(old) => parts(old, new, path, changes),
            None => changes.push(Change { path: path.clone(), before: None, after: Some(new.term()) }),
        }
        path.pop();
    }
}

// Both are reversed. What they share at their ends is left out; the rest is compared by
// place, and what one has more is new or gone.
fn lists(before: &mut [Tree], after: &[Tree], path: &mut Vec<Step>, changes: &mut Vec<Change>) {
    let (olds, news): (Vec<_>, Vec<_>) =
        (before.iter().map(Tree::term).collect(), after.iter().map(Tree::term).collect());
    let tail = olds.iter().zip(&news).take_while(|(old, new)| old == new).count();
    let room = olds.len().min(news.len()) - tail;
    let head = olds.iter().rev().zip(news.iter().rev()).take(room).take_while(|(old, new)| old == new).count();
    let (old_end, new_end) = (olds.len() - head, news.len() - head);
    for n in 0..(old_end - tail).max(new_end - tail) {
        path.push(Step::Item(head + n));
        let (old, new) = (old_end.checked_sub(n + 1 + tail), new_end.checked_sub(n + 1 + tail));
        match (old, new) {
            (Some(_), Some(_)) => parts(&mut before[old_end - n - 1], &after[new_end - n - 1], path, changes),
            (Some(_), None) => {
                let before = Some(olds[old_end - n - 1].clone());
                changes.push(Change { path: path.clone(), before, after: None });
            }
            (None, _) => {
                let after = Some(news[new_end - n - 1].clone());
                changes.push(Change { path: path.clone(), before: None, after });
            }
        }
        path.pop();
    }
}
