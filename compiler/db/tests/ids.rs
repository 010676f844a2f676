//! Which node belongs to which function, and what tells equal ones apart.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use db::NodeIds;
use std::collections::BTreeSet;
use wire::NodeId;

fn ids(source: &str) -> NodeIds {
    let parse = syntax::parse(source.as_bytes());
    assert!(parse.errors().is_empty(), "{source}\n{:?}", parse.errors());
    NodeIds::of(&parse.root())
}

/// The clauses of a text, and that no two nodes of it share an id.
#[track_caller]
fn check(source: &str, clauses: &[&str]) -> NodeIds {
    let ids = ids(source);
    let found: Vec<_> = ids.clauses().iter().map(|clause| clause.function()).collect();
    assert_eq!(found, clauses, "{source}");
    let distinct: BTreeSet<_> = ids.nodes().iter().map(|node| node.id).collect();
    assert_eq!(distinct.len(), ids.nodes().len(), "{source}");
    ids
}

fn set(ids: &NodeIds) -> BTreeSet<NodeId> {
    ids.nodes().iter().map(|node| node.id).collect()
}

/// The ids of the nodes whose owner is `owner`, in order.
fn of(ids: &NodeIds, owner: &str) -> Vec<NodeId> {
    ids.nodes().iter().filter(|node| ids.owner(node).to_string() == owner).map(|node| node.id).collect()
}

#[test]
fn modules_are_named_in_full() {
    check("defmodule A.B do\n defmodule C do\n  def f, do: 1\n end\n def g, do: 2\nend", &["A.B.C.f/0", "A.B.g/0"]);
    check("defmodule A do\n defmodule Elixir.B do\n  def f, do: 1\n end\nend", &["B.f/0"]);
    check("defmodule A do\n defmodule __MODULE__.B do\n  def f, do: 1\n end\nend", &["A.B.f/0"]);
    check("defmodule :a do\n def f, do: 1\nend", &[":a.f/0"]);
    check("defprotocol P do\n def f(x)\nend\ndefimpl P, for: T do\n def f(x), do: x\nend", &["P.T.f/1"]);
    check("defimpl P, for: [A, B.C] do\n def f(x), do: x\nend", &["P.[A,B.C].f/1"]);
    check("defmodule A do\n defimpl P do\n  def f(x), do: x\n end\nend", &["P.A.f/1"]);
    check("defmodule A do\n defimpl P, for: __MODULE__ do\n  def f(x), do: x\n end\nend", &["P.A.f/1"]);
}

#[test]
fn what_has_no_written_name_is_no_clause_but_has_ids() {
    check("defmodule unquote(x) do\n def f, do: 1\nend", &[]);
    check("defimpl P, for: unquote(x) do\n def f(y), do: 1\nend", &[]);
    check("defmodule A do\n for n <- [:a, :b] do\n  def unquote(n)(), do: n\n end\nend", &[]);
    check("defmodule A do\n def f do\n  defmodule B do\n   def g, do: 1\n  end\n end\nend", &["A.f/0"]);
    check("def f(x), do: x", &[]);
}

#[test]
fn definitions_below_control_flow_belong_to_the_module() {
    let both = "defmodule A do\n if x do\n  def f(y), do: 1\n else\n  def f(y), do: 2\n end\nend";
    check(both, &["A.f/1", "A.f/1"]);
    check("defmodule A do\n for n <- 1..3 do\n  def f(unquote(n)), do: n\n end\nend", &["A.f/1"]);
    check("if x do\n defmodule A do\n  def f, do: 1\n end\nend", &["A.f/0"]);
}

#[test]
fn quoted_code_is_apart() {
    let plain = "defmodule A do\n def f(x), do: g(x)\nend\n";
    let quoted = "defmodule A do\n quote do\n  def f(x), do: g(x)\n  defmodule B do\n   def h, do: 1\n  end\n end\n\
                  def f(x), do: g(x)\nend\n";
    let quoted = check(quoted, &["A.f/1"]);
    assert_eq!(of(&quoted, "A.f/1"), of(&ids(plain), "A.f/1"));
    check(
        "defmodule A do\n defmacro m do\n  quote do: (def f(x), do: x)\n end\n def f(x), do: x\nend",
        &["A.m/0", "A.f/1"],
    );
}

#[test]
fn equal_ones_are_told_apart_wherever_they_stand() {
    let module = "defmodule A do\n def f(x), do: x\n def f(x), do: x\nend\n";
    check(&module.repeat(2), &["A.f/1"; 4]);
    check("defmodule A do\n def f do\n  g(1)\n  g(1)\n  fn x -> x end\n  fn x -> x end\n end\nend", &["A.f/0"]);
    check("IO.puts(1)\nIO.puts(1)\n", &[]);
    // A module that the text opens again counts on.
    let again = check(&format!("{module}defmodule A do\n def g, do: 1\nend\n"), &["A.f/1", "A.f/1", "A.g/0"]);
    assert!(set(&again).is_superset(&of(&ids(module), "A.f/1").into_iter().collect()));
}

#[test]
fn sections_and_their_clauses_are_told_apart() {
    let source = "defmodule A do\n def f do\n  g()\n rescue\n  e in [B] -> g()\n  e -> g()\n catch\n  e -> g()\n else\n  \
                  e -> g()\n after\n  g()\n end\nend";
    let nodes = check(source, &["A.f/0"]);
    assert_eq!(nodes.nodes().iter().filter(|node| node.role == "section").count(), 4);
}

#[test]
fn attributes_go_with_what_they_describe() {
    let two = "defmodule A do\n @doc \"f\"\n @spec f :: 1\n def f, do: 1\n @doc \"g\"\n def g, do: 2\nend";
    let first_undocumented = two.replace(" @doc \"f\"\n", "");
    assert!(set(&ids(two)).is_superset(&set(&ids(&first_undocumented))));
}

#[test]
fn every_expression_has_an_id_and_layout_has_none() {
    let parse = syntax::parse(include_bytes!("../../syntax/tests/sample.ex"));
    let ids = NodeIds::of(&parse.root());
    for node in parse.root().descendants() {
        use syntax::SyntaxKind::{BINARY_OPERATOR, DO_BLOCK, INTEGER, LIST, STAB_CLAUSE, TUPLE};
        if matches!(node.kind(), BINARY_OPERATOR | DO_BLOCK | INTEGER | LIST | STAB_CLAUSE | TUPLE) {
            assert!(ids.get(&node).is_some(), "{node:?}");
        }
        assert!(node.kind() != syntax::SyntaxKind::ARGUMENTS || ids.get(&node).is_none());
    }
    assert!(ids.nodes().iter().all(|node| !node.ptr.range().is_empty()));
}
