//! What of an old list a new one still has.
//!
//! Owns: a plan, made of words that are equal where elements are the same. It must never
//! know what a word means: elements are compared by place, not by content.

use std::collections::HashMap;

/// Of lists that share their cells behind so many, nothing more is read.
const NEAR: usize = 256;
/// How far apart equal elements of a list that was shifted are looked for.
const SHIFTS: usize = 4;
/// Fewer elements in a row are told one by one.
const WORTH_A_CUT: usize = 8;

/// First `front` elements of the new list; then what the old one has after `after`
/// elements: all of it, or `kept` elements and then the rest of the new list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Elements that are told one by one.
    pub front: usize,
    /// Elements of the old list that are passed over.
    pub after: usize,
    /// Elements of it that stay, unless all do.
    pub kept: Option<usize>,
}

/// A list's cells, one by one: where each is, and the word of its element.
pub trait Cells: Iterator<Item = (u64, u64)> {
    /// The word of what ends the list, once all cells were read.
    fn end(&self) -> u64;
}

/// How a new list can be told by an old one, and the words of the elements of both, as
/// far as they were read. None when they have more than `most` elements to read.
pub fn compare(old: &mut impl Cells, new: &mut impl Cells, most: usize) -> Option<(Plan, Vec<u64>, Vec<u64>)> {
    let (mut olds, mut news) = (Vec::new(), Vec::new());
    if let Some(plan) = meet(old, new, &mut olds, &mut news) {
        return Some((plan, olds, news));
    }
    olds.extend(old.take(most).map(|(_, element)| element));
    news.extend(new.take(most).map(|(_, element)| element));
    let is_all = old.next().is_none() && new.next().is_none();
    is_all.then(|| (plan(&olds, &news, old.end() == new.end()), olds, news))
}

// Where the first cell of both lies: what somebody put in front, took off, or replaced
// near the front costs what was changed, however long the list.
fn meet(old: &mut impl Cells, new: &mut impl Cells, olds: &mut Vec<u64>, news: &mut Vec<u64>) -> Option<Plan> {
    let (mut in_old, mut in_new) = (HashMap::new(), HashMap::new());
    for n in 0..NEAR {
        let (left, right) = (old.next(), new.next());
        if let Some((place, element)) = left {
            in_old.insert(place, n);
            olds.push(element);
        }
        if let Some((place, element)) = right {
            in_new.insert(place, n);
            news.push(element);
        }
        let met = right.and_then(|(place, _)| Some((*in_old.get(&place)?, n)));
        let met = met.or_else(|| left.and_then(|(place, _)| Some((n, *in_new.get(&place)?))));
        if let Some((after, front)) = met {
            return Some(Plan { front, after, kept: None });
        }
        if left.is_none() && right.is_none() {
            return None;
        }
    }
    None
}

fn plan(old: &[u64], new: &[u64], same_end: bool) -> Plan {
    let suffix = if same_end { common(old.iter().rev(), new.iter().rev()) } else { 0 };
    if suffix > 0 {
        return Plan { front: new.len() - suffix, after: old.len() - suffix, kept: None };
    }
    let prefix = common(old.iter(), new.iter());
    let shifted = (1..=SHIFTS).flat_map(|n| [(0, n), (n, 0)]).filter_map(|(after, front)| {
        let kept = common(old.get(after..)?.iter(), new.get(front..)?.iter());
        (kept >= WORTH_A_CUT && kept > prefix).then_some(Plan { front, after, kept: Some(kept) })
    });
    let whole = Plan { front: new.len(), after: old.len(), kept: Some(0) };
    shifted.max_by_key(|plan| plan.kept).unwrap_or(whole)
}

fn common<'a>(left: impl Iterator<Item = &'a u64>, right: impl Iterator<Item = &'a u64>) -> usize {
    left.zip(right).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements are their own words; cells lie where the list's distance from its end,
    /// and who made it, say.
    struct Made {
        cells: std::vec::IntoIter<(u64, u64)>,
    }

    impl Iterator for Made {
        type Item = (u64, u64);
        fn next(&mut self) -> Option<Self::Item> {
            self.cells.next()
        }
    }

    impl Cells for Made {
        fn end(&self) -> u64 {
            0
        }
    }

    // The last `shared` cells are those of the other list.
    fn made(maker: u64, elements: &[u64], shared: usize) -> Made {
        let place = |n: usize| {
            let from_end = elements.len() - n;
            if from_end <= shared { from_end as u64 } else { maker << 32 | from_end as u64 }
        };
        Made { cells: elements.iter().enumerate().map(|(n, &e)| (place(n), e)).collect::<Vec<_>>().into_iter() }
    }

    fn check(old: &[u64], new: &[u64], shared: usize, front: usize, after: usize, kept: Option<usize>) {
        let (mut left, mut right) = (made(1, old, shared), made(2, new, shared));
        let (plan, _, _) = compare(&mut left, &mut right, 2000).unwrap();
        assert_eq!(plan, Plan { front, after, kept }, "{old:?} to {new:?}");
    }

    #[test]
    fn what_is_shared_is_found() {
        let long: Vec<u64> = (100..2000).collect();
        let with = |front: &[u64], from: usize| [front, &long[from..]].concat();
        check(&long, &with(&[1, 2], 0), long.len(), 2, 0, None);
        check(&long, &long[3..], long.len() - 3, 0, 3, None);
        check(&long, &with(&[1], 1), long.len() - 1, 1, 1, None);
        // Copied, though the elements are the same.
        check(&long, &[&long[..700], &long[701..]].concat(), 0, 700, 701, None);
        check(&long, &[&long[..], &[7]].concat(), 0, 1901, 1900, Some(0));
        // A window that moves on, at either end.
        check(&long, &[&[5][..], &long[..1899]].concat(), 0, 1, 0, Some(1899));
        check(&long, &[&long[1..], &[5]].concat(), 0, 0, 1, Some(1899));
        check(&[1, 2], &[3], 0, 1, 2, Some(0));
        check(&[], &[3], 0, 1, 0, Some(0));
        check(&[1], &[], 0, 0, 1, Some(0));
    }

    #[test]
    fn what_is_far_is_not_read() {
        let long: Vec<u64> = (100..2000).collect();
        assert_eq!(compare(&mut made(1, &long, 0), &mut made(2, &long, 0), 1000), None);
        assert!(compare(&mut made(1, &long, 1900), &mut made(2, &long[1..], 1899), 0).is_some());
    }
}
