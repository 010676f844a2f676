//! Ids that several nodes of a project share, and how they are parted.

use super::NodeIds;
use std::collections::{BTreeMap, BTreeSet};
use wire::NodeId;

/// Gives every node of a project an id of its own. `files` come in the order of
/// their paths; the result has the ids of those files in which something changed.
///
/// Of the nodes that share an id, the first (by file, then by place) keeps it. Each
/// other takes the next free id of a sequence that its own begins. No id that some
/// node of the project derived is given away, so nodes whose ids are shared with
/// none never change theirs, whatever else the project holds.
pub fn resolve(files: &[&NodeIds]) -> BTreeMap<usize, NodeIds> {
    let ids = |file: &&NodeIds| file.nodes.iter().map(|node| node.id).collect();
    let mut out: BTreeMap<usize, NodeIds> = BTreeMap::new();
    for ((file, node), id) in part(&files.iter().map(ids).collect::<Vec<_>>()) {
        let ids = out.entry(file).or_insert_with(|| files[file].clone());
        ids.nodes[node].id = id;
    }
    for ids in out.values_mut() {
        for (clause, node) in ids.clauses.iter_mut().zip(&ids.clause_nodes) {
            clause.id = ids.nodes[*node as usize].id;
        }
    }
    out
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
    fn clauses_follow_their_nodes() {
        let text = b"defmodule A do\n  def f, do: 1\n  def g, do: 2\nend\n";
        let one = NodeIds::of(&syntax::parse(text).root());
        let out = resolve(&[&one, &one]);
        let second = &out[&1];
        assert_eq!(out.len(), 1);
        for (clause, first) in second.clauses().iter().zip(one.clauses()) {
            assert_ne!(clause.id, first.id);
            assert!(second.nodes().iter().any(|node| node.id == clause.id));
        }
    }
}
