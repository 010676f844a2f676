//! Against a second implementation that walks every path of small programs.

use super::TailGraph;
use crate::FunctionName;
use crate::tails::{Facts, FunctionFacts, Tails};
use std::collections::BTreeSet;

fn name(number: usize) -> FunctionName {
    FunctionName { module: format!("M{}", number % 3), name: format!("f{number}"), arity: 0 }
}

/// A function by its number: the numbers it calls, and whether it ends in an
/// unknown call.
type Program = Vec<(BTreeSet<usize>, bool)>;

fn facts(program: &Program) -> Vec<Facts> {
    let function = |(number, (calls, unknown)): (usize, &(BTreeSet<usize>, bool))| {
        let tails = Tails { calls: calls.iter().copied().map(name).collect(), unknown: *unknown };
        (number % 3, FunctionFacts { name: name(number), tails })
    };
    let mut files = vec![Facts::default(); 3];
    for (file, function) in program.iter().enumerate().map(function) {
        files[file].functions.push(function);
    }
    files
}

/// Whether some path of at least no call leads from `from` to a place for which `is` holds.
fn leads(program: &Program, from: usize, seen: &mut Vec<usize>, is: &dyn Fn(usize) -> bool) -> bool {
    if is(from) {
        return true;
    }
    if seen.contains(&from) || from >= program.len() {
        return false;
    }
    seen.push(from);
    let found = program[from].0.iter().any(|to| leads(program, *to, seen, is));
    seen.pop();
    found
}

fn is_lost(program: &Program, from: usize) -> bool {
    leads(program, from, &mut Vec::new(), &|at| at >= program.len() || program[at].1)
}

fn naive(program: &Program) -> BTreeSet<(FunctionName, FunctionName)> {
    let mut bounded = BTreeSet::new();
    for (caller, (calls, _)) in program.iter().enumerate() {
        for callee in calls {
            let back = leads(program, *callee, &mut Vec::new(), &|at| at == caller);
            if !back && !is_lost(program, *callee) {
                bounded.insert((name(caller), name(*callee)));
            }
        }
    }
    bounded
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }
}

#[test]
fn an_edge_is_bounded_where_no_path_says_otherwise() {
    let mut random = Random(7);
    let mut some = (0, 0);
    for _ in 0..4000 {
        let size = 1 + random.below(7) as usize;
        let calls = |random: &mut Random| {
            // One number more than there are functions: what nobody defines.
            let target = |random: &mut Random| random.below(size as u64 * 6 + 1) as usize / 6;
            (0..random.below(3)).map(|_| target(random)).collect::<BTreeSet<_>>()
        };
        let program: Program = (0..size).map(|_| (calls(&mut random), random.below(6) == 0)).collect();
        let graph = TailGraph::of(&facts(&program));
        let expected = naive(&program);
        some.0 += expected.len();
        some.1 += program.iter().map(|(calls, _)| calls.len()).sum::<usize>() - expected.len();
        assert_eq!(graph.bounded, expected, "{program:?}");
        let returning = (0..size).filter(|number| !is_lost(&program, *number)).map(name).collect();
        assert_eq!(graph.returning, returning, "{program:?}");
    }
    assert!(some.0 > 1000 && some.1 > 1000, "both kinds of edges: {some:?}");
}

#[test]
fn a_file_is_told_what_it_asks_for() {
    let program: Program = vec![([1, 2].into(), false), ([].into(), false), ([0].into(), false)];
    let mut files = facts(&program);
    files[0].asked = [name(1), name(9)].into();
    let graph = TailGraph::of(&files);
    let around = graph.around(&files[0]);
    assert_eq!(around.functions, [name(1)].into());
    assert_eq!(around.bounded, [(name(0), name(1))].into());
    assert_eq!(graph.around(&files[2]).bounded, BTreeSet::new());
    files[1].macros = [name(1)].into();
    let around = TailGraph::of(&files).around(&files[0]);
    assert_eq!((around.functions.len(), around.bounded.len()), (0, 0), "a macro somewhere is none of these");
}
