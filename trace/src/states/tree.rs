//! A state as it is changed by differences, in time that grows with what they change.

use rustc_hash::FxHashMap;
use wire::Term;
use wire::state::{Changes, Cut, Delta};
use wire::term::Tail;

/// Why a difference does not fit the term it is applied to: something is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the difference does not fit the version before it")]
pub struct Mismatch;

/// A term that can be changed in place.
#[derive(Clone, Debug)]
pub enum Tree {
    /// What has no parts, or lacks some.
    Leaf(Term),
    /// A tuple.
    Tuple(Vec<Tree>),
    /// A list, its first element last: that is where lists change.
    List {
        /// The elements.
        reversed: Vec<Tree>,
        /// What ends it, unless it is `[]`.
        end: Option<Box<Term>>,
    },
    /// A map.
    Map(Pairs),
}

/// The associations of a map, by key once one was looked for.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    all: Vec<(Term, Tree)>,
    places: Option<FxHashMap<Vec<u8>, usize>>,
}

/// One step into a term.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The element of a tuple.
    Element(usize),
    /// The element of a list.
    Item(usize),
    /// The value of a key.
    Key(Term),
}

/// A part that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where it is.
    pub path: Vec<Step>,
    /// What it was; none if it is new.
    pub before: Option<Term>,
    /// What it is; none if it is gone.
    pub after: Option<Term>,
}

/// Where changes are noted, if anybody asked.
pub type Notes<'a> = Option<&'a mut Vec<Change>>;

impl Tree {
    /// A tree of a term.
    pub fn new(term: Term) -> Self {
        match term {
            Term::Tuple { items, size } if size == items.len() as u64 => Self::Tuple(trees(items)),
            Term::List { items, tail: Tail::Proper } => Self::list(items, None),
            Term::List { items, tail: Tail::Improper(end) } => Self::list(items, Some(end)),
            Term::Map { pairs, size } if size == pairs.len() as u64 => {
                let all = pairs.into_iter().map(|(key, value)| (key, Self::new(value))).collect();
                Self::Map(Pairs { all, places: None })
            }
            other => Self::Leaf(other),
        }
    }

    fn list(items: Vec<Term>, end: Option<Box<Term>>) -> Self {
        let mut reversed = trees(items);
        reversed.reverse();
        Self::List { reversed, end }
    }

    /// The term.
    pub fn term(&self) -> Term {
        let each = |trees: &[Self]| trees.iter().map(Self::term).collect::<Vec<_>>();
        match self {
            Self::Leaf(term) => term.clone(),
            Self::Tuple(items) => Term::Tuple { items: each(items), size: items.len() as u64 },
            Self::List { reversed, end } => {
                let mut items = each(reversed);
                items.reverse();
                Term::List { items, tail: end.clone().map_or(Tail::Proper, Tail::Improper) }
            }
            Self::Map(pairs) => {
                let size = pairs.all.len() as u64;
                Term::Map { pairs: pairs.all.iter().map(|(key, value)| (key.clone(), value.term())).collect(), size }
            }
        }
    }

    /// Applies a difference; what changed is noted below `path`.
    ///
    /// # Errors
    /// When it is of another term; the tree is then of no use.
    pub fn apply(&mut self, delta: Delta, path: &mut Vec<Step>, mut notes: Notes<'_>) -> Result<(), Mismatch> {
        match (delta, &mut *self) {
            (Delta::Same, _) => {}
            (Delta::New(term), tree) => {
                let before = note_before(&notes, tree);
                note(&mut notes, path, before, Some(&term));
                *tree = Self::new(term);
            }
            (Delta::Tuple(changes), Self::Tuple(items)) => {
                for (place, delta) in changes {
                    let place = at(place)?;
                    let item = items.get_mut(place).ok_or(Mismatch)?;
                    within(path, Step::Element(place), |path| item.apply(delta, path, notes.as_deref_mut()))?;
                }
            }
            (Delta::Map { changed, removed }, Self::Map(pairs)) => pairs.apply(changed, removed, path, notes)?,
            (Delta::List { front, changed, after, cut }, Self::List { reversed, end }) => {
                let list = List { reversed, end };
                list.apply(at(front)?, changed, at(after)?, cut, path, notes)?;
            }
            (Delta::Binary { prefix, suffix, middle }, Self::Leaf(term)) => {
                let new = joined(term, at(prefix)?, &middle, at(suffix)?)?;
                note(&mut notes, path, Some(term.clone()), Some(&new));
                *term = new;
            }
            _ => return Err(Mismatch),
        }
        Ok(())
    }
}

fn trees(items: Vec<Term>) -> Vec<Tree> {
    items.into_iter().map(Tree::new).collect()
}

fn at(place: u64) -> Result<usize, Mismatch> {
    usize::try_from(place).map_err(|_| Mismatch)
}

fn within<T>(path: &mut Vec<Step>, step: Step, work: impl FnOnce(&mut Vec<Step>) -> T) -> T {
    path.push(step);
    let result = work(path);
    path.pop();
    result
}

fn note_before(notes: &Notes<'_>, tree: &Tree) -> Option<Term> {
    notes.is_some().then(|| tree.term())
}

fn note(notes: &mut Notes<'_>, path: &[Step], before: Option<Term>, after: Option<&Term>) {
    if let Some(notes) = notes {
        notes.push(Change { path: path.to_vec(), before, after: after.cloned() });
    }
}

fn joined(old: &Term, prefix: usize, middle: &[u8], suffix: usize) -> Result<Term, Mismatch> {
    let Term::Binary { bytes, size } = old else { return Err(Mismatch) };
    let end = bytes.len().checked_sub(suffix).ok_or(Mismatch)?;
    if *size != bytes.len() as u64 || prefix > end {
        return Err(Mismatch);
    }
    let bytes = [&bytes[..prefix], middle, &bytes[end..]].concat();
    Ok(Term::Binary { size: bytes.len() as u64, bytes })
}

impl Pairs {
    /// The associations.
    pub fn iter(&self) -> impl Iterator<Item = &(Term, Tree)> {
        self.all.iter()
    }

    /// The value of a key.
    pub fn get(&mut self, key: &Term) -> Option<&Tree> {
        let place = self.place(key)?;
        Some(&self.all[place].1)
    }

    pub(super) fn get_mut(&mut self, key: &Term) -> Option<&mut Tree> {
        let place = self.place(key)?;
        Some(&mut self.all[place].1)
    }

    // Keys that print alike are equal: one VM wrote them in one way.
    fn place(&mut self, key: &Term) -> Option<usize> {
        let index = |all: &[(Term, Tree)]| all.iter().enumerate().map(|(n, (key, _))| (written(key), n)).collect();
        self.places.get_or_insert_with(|| index(&self.all)).get(&written(key)).copied()
    }

    fn remove(&mut self, key: &Term) -> Option<Tree> {
        let place = self.place(key)?;
        let (_, tree) = self.all.swap_remove(place);
        let places = self.places.as_mut()?;
        places.remove(&written(key));
        if let Some((moved, _)) = self.all.get(place) {
            places.insert(written(moved), place);
        }
        Some(tree)
    }

    fn put(&mut self, key: Term, term: Term) {
        if let Some(places) = &mut self.places {
            places.insert(written(&key), self.all.len());
        }
        self.all.push((key, Tree::new(term)));
    }

    fn apply(
        &mut self,
        changed: Vec<(Term, Delta)>,
        removed: Vec<Term>,
        path: &mut Vec<Step>,
        mut notes: Notes<'_>,
    ) -> Result<(), Mismatch> {
        for key in removed {
            let tree = self.remove(&key).ok_or(Mismatch)?;
            let before = note_before(&notes, &tree);
            within(path, Step::Key(key), |path| note(&mut notes, path, before, None));
        }
        for (key, delta) in changed {
            let place = self.place(&key);
            within(path, Step::Key(key.clone()), |path| match (place, delta) {
                (Some(place), delta) => self.all[place].1.apply(delta, path, notes.as_deref_mut()),
                (None, Delta::New(term)) => {
                    note(&mut notes, path, None, Some(&term));
                    self.put(key, term);
                    Ok(())
                }
                (None, _) => Err(Mismatch),
            })?;
        }
        Ok(())
    }
}

fn written(key: &Term) -> Vec<u8> {
    let mut bytes = Vec::new();
    key.write_to(&mut bytes);
    bytes
}

/// A list that is being changed.
struct List<'t> {
    reversed: &'t mut Vec<Tree>,
    end: &'t mut Option<Box<Term>>,
}

impl List<'_> {
    fn apply(
        self,
        front: usize,
        changed: Changes,
        after: usize,
        cut: Option<Cut>,
        path: &mut Vec<Step>,
        mut notes: Notes<'_>,
    ) -> Result<(), Mismatch> {
        let kept = self.reversed.len().checked_sub(after).ok_or(Mismatch)?;
        // The old elements that are passed over; the first is the last.
        let mut passed = self.reversed.split_off(kept);
        let mut olds = passed.drain(..).rev();
        let mut news = Vec::with_capacity(front.min(after + changed.len()));
        let mut changed = changed.into_iter().peekable();
        for place in 0..front {
            let delta = changed.next_if(|(at, _)| *at == place as u64).map(|(_, delta)| delta);
            let item = within(path, Step::Item(place), |path| match (olds.next(), delta) {
                (Some(old), None) => Ok(old),
                (Some(mut old), Some(delta)) => old.apply(delta, path, notes.as_deref_mut()).map(|()| old),
                (None, Some(Delta::New(term))) => {
                    note(&mut notes, path, None, Some(&term));
                    Ok(Tree::new(term))
                }
                (None, _) => Err(Mismatch),
            })?;
            news.push(item);
        }
        for (n, old) in olds.enumerate() {
            let before = note_before(&notes, &old);
            within(path, Step::Item(front + n), |path| note(&mut notes, path, before, None));
        }
        if let Some(cut) = cut {
            Self::cut(self.reversed, self.end, front, cut, path, notes)?;
        }
        self.reversed.extend(news.into_iter().rev());
        Ok(())
    }

    /// `rest` is what the old list has behind what was passed over.
    fn cut(
        rest: &mut Vec<Tree>,
        end: &mut Option<Box<Term>>,
        front: usize,
        cut: Cut,
        path: &mut Vec<Step>,
        mut notes: Notes<'_>,
    ) -> Result<(), Mismatch> {
        let kept = at(cut.kept)?;
        let dropped = rest.len().checked_sub(kept).ok_or(Mismatch)?;
        for (n, old) in rest.drain(..dropped).rev().enumerate() {
            let before = note_before(&notes, &old);
            within(path, Step::Item(front + kept + n), |path| note(&mut notes, path, before, None));
        }
        for (n, term) in cut.back.iter().enumerate() {
            within(path, Step::Item(front + kept + n), |path| note(&mut notes, path, None, Some(term)));
        }
        rest.splice(0..0, cut.back.into_iter().rev().map(Tree::new));
        *end = match cut.end {
            Term::List { items, tail: Tail::Proper } if items.is_empty() => None,
            other => Some(Box::new(other)),
        };
        Ok(())
    }
}
