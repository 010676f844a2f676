//! The project's tail-call graph.

use super::{Facts, Tails};
use crate::{FunctionName, Surroundings};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet};

/// What the files of a project say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TailGraph {
    /// Every function that some file defines, and none defines as a macro.
    functions: BTreeSet<FunctionName>,
    /// Tail calls that may be wrapped, as caller and callee.
    bounded: BTreeSet<(FunctionName, FunctionName)>,
    /// Functions from which no path leads to the unknown.
    returning: BTreeSet<FunctionName>,
}

impl TailGraph {
    /// Puts together what the files say. A module that several files define has
    /// the functions of all of them.
    pub fn of<'a>(files: impl IntoIterator<Item = &'a Facts>) -> Self {
        let mut tails = BTreeMap::<&FunctionName, Tails>::new();
        let mut macros = BTreeSet::new();
        for file in files {
            macros.extend(&file.macros);
            for function in &file.functions {
                let merged = tails.entry(&function.name).or_default();
                merged.calls.extend(function.tails.calls.iter().cloned());
                merged.unknown |= function.tails.unknown;
            }
        }
        tails.retain(|name, _| !macros.contains(name));
        let (bounded, returning) = judge(&tails);
        Self { functions: tails.into_keys().cloned().collect(), bounded, returning }
    }

    /// What a file need know of the rest of the project.
    pub fn around(&self, file: &Facts) -> Surroundings {
        let own = file.functions.iter().flat_map(|function| {
            let edge = |callee: &FunctionName| (function.name.clone(), callee.clone());
            function.tails.calls.iter().map(edge)
        });
        Surroundings {
            functions: file.asked.intersection(&self.functions).cloned().collect(),
            bounded: own.filter(|edge| self.bounded.contains(edge)).collect(),
            returning: file.detached.intersection(&self.returning).cloned().collect(),
        }
    }
}

/// Pairs of a caller and a callee.
type Edges = BTreeSet<(FunctionName, FunctionName)>;

/// The calls from one strongly connected component to another one, from which no
/// path leads to the unknown; and all functions from which none does.
fn judge(tails: &BTreeMap<&FunctionName, Tails>) -> (Edges, BTreeSet<FunctionName>) {
    let mut graph = DiGraph::<&Tails, ()>::new();
    let nodes: BTreeMap<&FunctionName, NodeIndex> =
        tails.iter().map(|(name, tails)| (*name, graph.add_node(tails))).collect();
    for (name, tails) in tails {
        for callee in tails.calls.iter().filter_map(|callee| nodes.get(callee)) {
            graph.add_edge(nodes[name], *callee, ());
        }
    }
    let leaves = |tails: &Tails| tails.unknown || tails.calls.iter().any(|callee| !nodes.contains_key(callee));
    let components = Components::of(&graph, leaves);
    let edges = tails.iter().flat_map(|(name, tails)| tails.calls.iter().map(move |callee| (*name, callee)));
    let is_bounded = |(caller, callee): &(&FunctionName, &FunctionName)| {
        nodes.get(callee).is_some_and(|callee| components.bounds(nodes[caller], *callee))
    };
    let bounded = edges.filter(is_bounded).map(|(caller, callee)| (caller.clone(), callee.clone())).collect();
    let returning = nodes.iter().filter(|(_, node)| !components.is_open(**node)).map(|(name, _)| (*name).clone());
    (bounded, returning.collect())
}

/// The strongly connected components of a graph.
struct Components {
    /// The component of each node.
    of_node: Vec<usize>,
    /// Whether a path leads from the component to something unknown.
    open: Vec<bool>,
}

impl Components {
    fn of<N: Copy>(graph: &DiGraph<N, ()>, is_open: impl Fn(N) -> bool) -> Self {
        let components = petgraph::algo::tarjan_scc(graph);
        let mut found = Self { of_node: vec![0; graph.node_count()], open: Vec::new() };
        // Each comes behind all that its edges lead to.
        for (number, members) in components.iter().enumerate() {
            members.iter().for_each(|node| found.of_node[node.index()] = number);
            let leads = |to: NodeIndex| found.open.get(found.of_node[to.index()]).is_some_and(|open| *open);
            let open = members.iter().any(|node| is_open(graph[*node]) || graph.neighbors(*node).any(leads));
            found.open.push(open);
        }
        found
    }

    /// Whether no path leads from `callee` to `caller` or to the unknown.
    fn bounds(&self, caller: NodeIndex, callee: NodeIndex) -> bool {
        self.of_node[caller.index()] != self.of_node[callee.index()] && !self.is_open(callee)
    }

    /// Whether a path leads from `node` to the unknown.
    fn is_open(&self, node: NodeIndex) -> bool {
        self.open[self.of_node[node.index()]]
    }
}

#[cfg(test)]
mod tests;
