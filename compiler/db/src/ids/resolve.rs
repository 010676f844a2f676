//! Ids that several nodes of a project share, and how they are parted.

use super::NodeIds;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use wire::NodeId;

/// Gives every node of a project an id of its own. `files` come in the order of
/// their paths; the result has the ids of those files in which something changed.
///
/// Clauses that several files define are parted first ([`NodeIds::behind`]). Of
/// the nodes that still share an id (statements outside functions; two paths that
/// hash to one), the first (by file, then by place) keeps it. Each other takes the
/// next free id of a sequence that its own begins. No id that some node of the
/// project derived is given away, so nodes whose ids are shared with none never
/// change theirs, whatever else the project holds.
pub fn resolve(files: &[&NodeIds]) -> BTreeMap<usize, NodeIds> {
    let defined = |file: &NodeIds| file.clauses.iter().map(|clause| clause.id).collect::<Vec<_>>();
    let disputed = disputed_among(files.iter().enumerate().map(|(at, file)| (at, defined(file).into_iter())));
    let mut out: Vec<Cow<'_, NodeIds>> = files.iter().map(|file| Cow::Borrowed(*file)).collect();
    for at in disputed.values().flatten().copied().collect::<BTreeSet<_>>() {
        let lost = lost_by(at, defined(files[at]).into_iter(), &disputed);
        if !lost.is_empty() {
            out[at] = Cow::Owned(files[at].behind(&lost));
        }
    }
    let ids = |file: &Cow<'_, NodeIds>| file.nodes.iter().map(|node| node.id).collect();
    for ((file, node), id) in part(&out.iter().map(ids).collect::<Vec<_>>()) {
        out[file].to_mut().nodes[node].id = id;
    }
    let changed = |(at, ids)| match ids {
        Cow::Owned(ids) => Some((at, ids)),
        Cow::Borrowed(_) => None,
    };
    let mut out: BTreeMap<_, _> = out.into_iter().enumerate().filter_map(changed).collect();
    out.values_mut().for_each(NodeIds::follow);
    out
}

/// The ids that several of the files define, and those files.
pub fn disputed_among<F: Copy + Eq, I: Iterator<Item = NodeId>>(
    files: impl Iterator<Item = (F, I)>,
) -> BTreeMap<NodeId, Vec<F>> {
    let mut first = BTreeMap::new();
    let mut disputed: BTreeMap<_, Vec<F>> = BTreeMap::new();
    for (file, ids) in files {
        for id in ids {
            let keeper = *first.entry(id).or_insert(file);
            if keeper == file {
                continue;
            }
            let claims = disputed.entry(id).or_insert_with(|| vec![keeper]);
            if !claims.ends_with(&[file]) {
                claims.push(file);
            }
        }
    }
    disputed
}

/// Of the `ids` that `file` defines, those that files before it define too, and
/// how many do.
pub fn lost_by<F: Copy + Eq>(
    file: F,
    ids: impl Iterator<Item = NodeId>,
    disputed: &BTreeMap<NodeId, Vec<F>>,
) -> BTreeMap<NodeId, u32> {
    let before = |id: &NodeId| disputed.get(id).and_then(|claims| claims.iter().position(|claim| *claim == file));
    ids.filter_map(|id| Some((id, before(&id)? as u32))).filter(|(_, before)| *before > 0).collect()
}

impl NodeIds {
    /// The ids of this file behind others that define some of its clauses too:
    /// `lost` tells how many do. The ids of such a clause, and of all below it, are
    /// as many steps further in the sequence that each begins. What stands in the
    /// bodies of those others does not matter.
    #[must_use]
    pub fn behind(&self, lost: &BTreeMap<NodeId, u32>) -> NodeIds {
        let mut out = self.clone();
        let mut steps = vec![0; self.nodes.len()];
        for (clause, node) in self.clauses.iter().zip(&self.clause_nodes) {
            steps[*node as usize] = lost.get(&clause.id).copied().unwrap_or(0);
        }
        for (at, node) in out.nodes.iter_mut().enumerate() {
            // Around a clause is no other, and around a node is nothing that follows it.
            steps[at] += node.parent.map_or(0, |parent| steps[parent as usize]);
            node.id = (0..steps[at]).fold(node.id, |id, _| id.rehash());
        }
        out.follow();
        out
    }

    /// Gives clauses the ids of their nodes.
    fn follow(&mut self) {
        for (clause, node) in self.clauses.iter_mut().zip(&self.clause_nodes) {
            clause.id = self.nodes[*node as usize].id;
        }
    }
}

/// The new ids of all that do not keep theirs, by file and place.
fn part(files: &[Vec<NodeId>]) -> BTreeMap<(usize, usize), NodeId> {
    let mut all: Vec<(NodeId, usize, usize)> = Vec::with_capacity(files.iter().map(Vec::len).sum());
    for (file, ids) in files.iter().enumerate() {
        all.extend(ids.iter().enumerate().map(|(node, id)| (*id, file, node)));
    }
    all.sort_unstable();
    let derived = |id: NodeId| all.binary_search_by_key(&id, |entry| entry.0).is_ok();
    let mut shared: Vec<_> =
        all.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| (pair[1].1, pair[1].2, pair[1].0)).collect();
    shared.sort_unstable();
    let (mut given, mut last) = (BTreeSet::new(), BTreeMap::new());
    let mut out = BTreeMap::new();
    for (file, node, id) in shared {
        let free = std::iter::successors(Some(last.get(&id).copied().unwrap_or(id)), |id: &NodeId| Some(id.rehash()));
        // The sequence visits far more ids than a project has nodes.
        let Some(new) = free.skip(1).find(|id| !derived(*id) && !given.contains(id)) else { continue };
        given.insert(new);
        last.insert(id, new);
        out.insert((file, node), new);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(raw: &[u64]) -> Vec<NodeId> {
        raw.iter().map(|raw| NodeId::from_raw(*raw).unwrap()).collect()
    }

    /// What `files` have after they were parted.
    fn parted(files: &[Vec<NodeId>]) -> Vec<Vec<NodeId>> {
        let mut out = files.to_vec();
        for ((file, node), id) in part(files) {
            out[file][node] = id;
        }
        out
    }

    #[test]
    fn the_first_keeps_an_id_and_no_derived_one_is_given_away() {
        let next = ids(&[7])[0].rehash();
        let files = [ids(&[7, 9]), vec![next], ids(&[7, 7])];
        let out = parted(&files);
        assert_eq!(out[..2], files[..2]);
        assert_eq!(out[2], [next.rehash(), next.rehash().rehash()]);
    }

    #[test]
    fn a_hash_of_eight_bits_is_parted_whole_and_the_same_each_time() {
        let text = include_bytes!("../../../syntax/tests/sample.ex");
        let whole = NodeIds::of(&syntax::parse(text).root());
        let cut: Vec<_> = whole.nodes().iter().map(|node| NodeId::from_raw(node.id.raw() & 0xff).unwrap()).collect();
        let files = vec![cut; 40];
        let out = parted(&files);
        let all: BTreeSet<_> = out.iter().flatten().collect();
        assert!(whole.nodes().len() > 100);
        assert_eq!(all.len(), 40 * whole.nodes().len());
        assert_eq!(out, parted(&files));
        // A file more, behind the others, changes nothing before it.
        assert_eq!(parted(&files[..39]), out[..39]);
    }

    #[test]
    fn every_file_but_the_first_loses_what_several_define() {
        let [a, b, c] = [1, 2, 3].map(|raw| NodeId::from_raw(raw).unwrap());
        let files = [('x', vec![a, a, b]), ('y', vec![b, c]), ('z', vec![b, b])];
        let disputed = disputed_among(files.iter().map(|(file, ids)| (*file, ids.iter().copied())));
        assert_eq!(disputed, BTreeMap::from([(b, vec!['x', 'y', 'z'])]));
        let lost = files.map(|(file, ids)| lost_by(file, ids.into_iter(), &disputed));
        assert_eq!(lost, [BTreeMap::new(), BTreeMap::from([(b, 1)]), BTreeMap::from([(b, 2)])]);
    }

    fn ids_of(text: &str) -> NodeIds {
        NodeIds::of(&syntax::parse(text.as_bytes()).root())
    }

    #[test]
    fn clauses_follow_their_nodes() {
        let one = ids_of("defmodule A do\n  def f, do: 1\n  def g, do: 2\nend\n");
        let out = resolve(&[&one, &one]);
        let second = &out[&1];
        assert_eq!(out.len(), 1);
        for (clause, first) in second.clauses().iter().zip(one.clauses()) {
            assert_ne!(clause.id, first.id);
            assert!(second.nodes().iter().any(|node| node.id == clause.id));
        }
    }

    #[test]
    fn a_lost_clause_does_not_depend_on_what_the_others_hold() {
        let ids = |body: &str| ids_of(&format!("defmodule A do\n  def f, do: {body}\n  def g, do: 2\nend\n"));
        let (like, unlike, last) = (ids("run(1)"), ids("walk(2)"), ids("run(3)"));
        assert_eq!(resolve(&[&like, &last])[&1], resolve(&[&unlike, &last])[&1]);
        assert_ne!(resolve(&[&like, &last])[&1], resolve(&[&like, &unlike, &last])[&2]);
    }
}
