//! Each rule of the table has a test that fails without it: the marked part of a body
//! has no probe of its own, and gets one, or breaks the law, when the rule is removed.

use crate::positions::{Position, Positions, TABLE};
use crate::{EditPlan, FileRefusal, Instrumented, Sink, Surroundings};
use std::collections::BTreeSet;
use syntax::{TextRange, TextSize};
use wire::{NodeId, Strength};

/// Position, and a body in which the part between `«` and `»` stands there.
const HAZARDS: &[(Position, &str)] = &[
    (Position::UnknownArgument, "assert «g(x)»"),
    (Position::UnknownArgument, "from «g(x)», where: 1"),
    (Position::UnknownArgument, "«g(x)» ~> 1"),
    (Position::UnknownArgument, "«g(x)» |> assert(1)"),
    (Position::UnknownArgument, "match?(«g(x)», x)"),
    (Position::UnknownArgument, "update_in(«g(x)».a, &g/1)"),
    (Position::UnknownArgument, "unknown do\n    «g(x)»\n  end"),
    (Position::Pattern, "«{g, ^x}» = x"),
    (Position::Pattern, "case x do\n    «\"a\" <> y» -> y\n  end"),
    (Position::Guard, "case x do\n    y when «is_list(y)» -> y\n  end"),
    (Position::Guard, "fn y when «is_list(y)» -> y end"),
    (Position::Quoted, "quote do: «g(x)»"),
    (Position::Quoted, "quote do\n    «g(x)»\n  end"),
    (Position::Captured, "&«g(&1)»"),
    (Position::Captured, "&«g/1»"),
    (Position::Attribute, "y = @«setting»\n  y"),
    (Position::Directive, "import «Enum», only: «[map: 2]»"),
    (Position::Definition, "defmodule «B» do\n    «g(x)»\n  end"),
    (Position::Option, "for a <- x, into: «g(x)», do: a"),
    (Position::Timeout, "receive do\n  after\n    «g(x)» -> 1\n  end"),
    (Position::StructName, "%«S»{a: 1}"),
    (Position::MapKey, "%{«g(x)» => 1}"),
    (Position::Segment, "<<«g(x)»::8>>"),
    (Position::Interpolation, "\"#{«g(x)»}\""),
    (Position::Interpolation, "~s(a #{«g(x)»})"),
    (Position::RangeBound, "«g(x)»..2"),
    (Position::Membership, "x in «g(x)»"),
    (Position::MadeReference, "ref = «make_ref()»\n  ref"),
    (Position::MadeReference, "ref = «Process.monitor(x)»\n  ref"),
    (Position::LastCall, "x\nend\ndef last(x) do\n  «g(x)»\nend\ndef other do"),
    (Position::PipeTarget, "x |> «g()»"),
];

/// Why something stays clean, and a text that does.
const REFUSALS: &[(&str, &str)] = &[
    ("reserved for probes", "defmodule A do\n  def f(scope_arg1), do: scope_arg1\nend"),
    ("reserved for probes", "defmodule A do\n  def f, do: scope_error\nend"),
    ("reserved for probes", "defmodule A do\n  def f, do: :scope_probe.enter(1)\nend"),
    ("`def` is not Kernel's", "defmodule A do\n  import Kernel, except: [def: 2]\n  def f, do: 1\nend"),
    ("`def` is not Kernel's", "defmodule A do\n  import Kernel, only: [+: 2]\n  def f, do: 1\nend"),
    ("what probes call", "defmodule My.Sink do\n  def enter(_id), do: :ok\nend"),
    ("protocols are consolidated", "defprotocol A do\n  def f(x), do: x\nend"),
    ("`@on_load`", "defmodule A do\n  @on_load :f\n  def f, do: :ok\nend"),
    ("inlined", "defmodule A do\n  @compile inline: [f: 0]\n  def f, do: 1\nend"),
    ("inlined", "defmodule A do\n  @compile :inline\n  def f, do: 1\nend"),
    ("`binding()`", "defmodule A do\n  def f(x), do: binding()\nend"),
    ("`binding()`", "defmodule A do\n  def f(x), do: Kernel.binding()\nend"),
    ("`IEx.pry()`", "defmodule A do\n  def f(x), do: IEx.pry()\nend"),
    ("`dbg()`", "defmodule A do\n  def f(x), do: dbg()\nend"),
    ("generated", "defmodule A do\n  def f(x), do: unquote(y)\nend"),
    ("NIF's stub", "defmodule A do\n  def f(x), do: :erlang.nif_error(:absent)\nend"),
];

fn instrument(source: &str, positions: Positions) -> Result<Instrumented, FileRefusal> {
    let parse = syntax::parse(source.as_bytes());
    let id = |node: &syntax::SyntaxNode| {
        let range = node.text_range();
        let place = u64::from(u32::from(range.start())) << 32 | u64::from(u32::from(range.end())) << 16;
        NodeId::from_raw(place | node.kind() as u64)
    };
    let clauses = syntax::modules(&parse.root())[0].clauses();
    let mut plan = EditPlan::uniform(clauses.iter().filter_map(|clause| id(clause.call.node())), Strength::Values);
    plan.sink = if source.contains("My.Sink") { Sink::new("My.Sink").unwrap() } else { Sink::default() };
    crate::instrument_with(&parse, &id, &plan, &Surroundings::default(), positions)
}

/// A module with `body` in a function, and where the marked parts stand in it.
fn source_of(body: &str) -> (String, Vec<TextRange>) {
    let text = format!("defmodule A do\ndef g(x), do: x\ndef f(x) do\n  {body}\n  :ok\nend\nend\n");
    let mut source = String::new();
    let (mut ranges, mut start) = (Vec::new(), TextSize::from(0));
    for c in text.chars() {
        match c {
            '«' => start = TextSize::of(source.as_str()),
            '»' => ranges.push(TextRange::new(start, TextSize::of(source.as_str()))),
            _ => source.push(c),
        }
    }
    (source, ranges)
}

/// Whether a probe of a branch or a value begins inside the ranges; also when the law
/// is what stops it.
fn has_probes(result: &Result<Instrumented, FileRefusal>, ranges: &[TextRange]) -> bool {
    let Ok(result) = result else { return true };
    assert_eq!(result.refused, [], "{}", result.text);
    result.insertions.iter().any(|insertion| {
        let begins = ["bind(", "branch("].iter().any(|probe| insertion.text.contains(probe));
        begins && ranges.iter().any(|range| range.contains(insertion.at))
    })
}

#[test]
fn each_forbidden_position_is_safe_with_its_rule_and_not_without() {
    for (position, body) in HAZARDS {
        let (source, ranges) = source_of(body);
        let with = instrument(&source, Positions::default());
        assert!(!has_probes(&with, &ranges), "{position:?}: {body}\n{with:#?}");
        let without = instrument(&source, Positions::without(*position));
        assert!(has_probes(&without, &ranges), "{position:?} needs no rule: {body}\n{without:#?}");
    }
}

#[test]
fn each_position_has_one_row_and_each_forbidden_one_a_hazard() {
    let rows: BTreeSet<_> = TABLE.iter().map(|rule| rule.position).collect();
    assert_eq!(rows.len(), TABLE.len());
    let hazards: BTreeSet<_> = HAZARDS.iter().map(|(position, _)| *position).collect();
    let forbidden = TABLE.iter().filter(|rule| !rule.entered).map(|rule| rule.position);
    assert_eq!(forbidden.filter(|position| !hazards.contains(position)).collect::<Vec<_>>(), []);
    assert!(TABLE.iter().all(|rule| !rule.why.is_empty()));
}

#[test]
fn what_may_be_entered_is() {
    let bodies = [
        "y = «g(x)»\n  y",
        "g(«g(x)»)",
        "g(x) + «g(x)»",
        "«g(x)» |> g()",
        "[«g(x)», {«g(x)»}, %{a: «g(x)»}, %{x | a: «g(x)»}, [1 | «g(x)»]]",
        "case «g(x)» do\n    1 -> «2»\n    _ -> «g(x)»\n  end",
        "if «g(x)», do: «1», else: «2»",
        "cond do\n    «g(x)» > 1 -> «2»\n  end",
        "for a <- «g(x)», «g(a)», do: «a»",
        "with {:ok, a} <- «g(x)», {:ok, b} <- «g(a)» do\n    «b»\n  else\n    _ -> «1»\n  end",
        "receive do\n    1 -> «2»\n  after\n    1 -> «g(x)»\n  end",
        "Enum.map(x, fn a -> «g(a)» end)",
        "try do\n    «g(x)»\n  rescue\n    _ -> «g(x)»\n  else\n    _ -> «1»\n  after\n    «g(x)»\n  end",
        "x[«g(x)»]",
        "not «g(x)»",
    ];
    for body in bodies {
        let (source, ranges) = source_of(body);
        let result = instrument(&source, Positions::default());
        for range in ranges {
            assert!(has_probes(&result, &[range]), "nothing at {range:?}: {body}\n{result:#?}");
        }
        assert!(result.is_ok(), "{body}: {result:?}");
    }
}

#[test]
fn what_must_stay_clean_does() {
    for (why, source) in REFUSALS {
        let found = match instrument(source, Positions::default()) {
            Err(refusal) => refusal.why,
            Ok(result) => result.refused.iter().map(|refused| refused.why.as_str()).collect(),
        };
        assert!(found.contains(why), "{source}\n{found}");
    }
    let deep = format!("defmodule A do\n  def f(x), do: {}x{}\nend", "[".repeat(500), "]".repeat(500));
    assert!(instrument(&deep, Positions::default()).is_err_and(|refusal| refusal.why.contains("deeply")));
}
