use super::facts;
use crate::{FunctionName, TailGraph};

/// `A.f/1`, as a name.
fn shown(name: &FunctionName) -> String {
    format!("{}.{}/{}", name.module, name.name, name.arity)
}

/// The tail calls of `A.f` in the module `A` with `head`, `?` for an unknown one.
#[track_caller]
fn check(head: &str, body: &str, expected: &str) {
    let source = format!("defmodule A do\n{head}\ndef f(x) do\n{body}\nend\ndef g(x), do: x\nend\n");
    let parse = syntax::parse(source.as_bytes());
    assert!(parse.errors().is_empty(), "{source}");
    let facts = facts(&parse);
    let f = facts.functions.iter().find(|function| function.name.name == "f").unwrap();
    let calls = f.tails.calls.iter().map(shown).chain(f.tails.unknown.then(|| "?".into()));
    assert_eq!(calls.collect::<Vec<_>>().join(" "), expected, "{source}");
}

#[test]
fn every_branch_of_a_form_ends_the_function() {
    check("", "g(x)", "A.g/1");
    check("", "g(1)\ng(x, 2)\n1", "");
    check("", "if x, do: g(x), else: f(x)", "A.f/1 A.g/1");
    check("", "case x do\n1 -> g(x)\n_ -> f(x)\nend", "A.f/1 A.g/1");
    check("", "x |> case do\n1 -> g(x)\nend", "A.g/1");
    check("", "with 1 <- x do\ng(x)\nelse\n_ -> f(x)\nend", "A.f/1 A.g/1");
    check("", "receive do\n1 -> g(x)\nafter\n1 -> f(x)\nend", "A.f/1 A.g/1");
    check("", "cond do\nx -> g(x)\nend", "A.g/1");
    check("", "(g(x))", "A.g/1");
    check("", "x |> g()", "A.g/1");
    check("", "x |> g", "A.g/1");
    check("", "x && g(x)", "A.g/1");
    check("", "y = g(x)", "A.g/1");
    check("", "{:ok, _} = g(x)", "");
    check("", "x + g(x)", "");
    check("", "[g(x)]", "");
    check("", "x not in g(x)", "");
    check("", "fn -> g(x) end", "");
    check("", "for y <- x, do: g(y)", "");
}

#[test]
fn a_handler_takes_the_tail_position_away_from_what_it_protects() {
    check("", "try do\ng(x)\nrescue\n_ -> f(x)\nend", "A.f/1");
    check("", "try do\ng(x)\nafter\nf(x)\nend", "");
    check("", "try do\nx\nelse\n_ -> g(x)\nend", "A.g/1");
    check("", "g(x)\nrescue\n_ -> f(x)", "A.f/1");
}

#[test]
fn calls_that_only_the_program_knows_are_unknown() {
    for body in
        ["x.(1)", "x.y(1)", "apply(x, [])", "super(x)", "x |> then(&g/1)", "unquote(x)(1)", "h(x)", "&g/1; x.()"]
    {
        check("", body, "?");
    }
    check("defmacro h(x), do: x", "h(x)", "?");
    check("", "import B\ny(x)", "B.y/1");
    check("", "import B\nimport C\ny(x)", "?");
    check("", "import B, only: [z: 1]\ny(x)", "?");
    check("", "require B\nB.y(x)", "B.y/1");
    check("", "x ~> g(x)", "?");
    check("import Kernel, except: [||: 2]", "x || 1", "?");
    check("", "~X(1)", "?");
    check("", "y", "?");
    check("", "make_ref()", "?");
    check("", "Process.monitor(x)", "?");
    check("", "r = make_ref()\nsend(x, r)\nr", "?");
    check("", "Enumerable.reduce(x, 1, 2)", "Enumerable.reduce/3");
    check("", "Map.get_lazy(x, 1, fn -> f(x) end)", "?");
    check("", "List.foldr(x, 1, fn y, _ -> f(y) end)", "?");
    check("", "Enum.max_by(x, y, fn -> f(x) end)", "?");
    check("", "Enum.max(x)", "");
    check("", "case x do\n1 -> x.()\n_ -> g(x)\nend", "A.g/1 ?");
}

#[test]
fn what_comes_back_is_no_tail_call() {
    for body in ["x", "x.y", "Enum.map(x, y)", "length(x)", "raise x", "\"#{g(x)}\"", "~r/x/", "&g/1", "-x", "x[:y]"] {
        check("", body, "");
    }
    check("require Logger", "Logger.info(x)", "");
    check("", "spawn(fn -> f(x) end)", "");
}

#[test]
fn functions_that_may_have_been_replaced_lead_anywhere() {
    for head in [
        "use B",
        "@before_compile B",
        "@on_definition B",
        "defoverridable f: 1",
        "for y <- [1] do\ndef f(unquote(y)), do: 1\nend",
        "def unquote(:f)(1), do: 1",
        "plug :x",
        "B.define(f: 1)\nrequire B\nB.define(g: 1)",
    ] {
        check(head, "g(x)", "A.g/1 ?");
    }
    for head in [
        "use GenServer",
        "@doc \"x\"",
        "alias B\nimport C\nrequire D",
        "defstruct [:x]",
        "if true do\ndef h, do: 1\nend",
    ] {
        check(head, "g(x)", "A.g/1");
    }
}

#[test]
fn defaults_go_on_to_what_is_written() {
    check("", "h(x)\nend\ndef h(x, y \\\\ 1), do: {x, y}\ndef i do\n1", "A.h/1");
    let source = "defmodule A do\ndef h(x, y \\\\ 1), do: h(x)\nend\n";
    let facts = facts(&syntax::parse(source.as_bytes()));
    let calls = facts.functions.iter().map(|one| (shown(&one.name), one.tails.calls.iter().map(shown).collect()));
    assert_eq!(
        calls.collect::<Vec<(_, Vec<_>)>>(),
        [("A.h/1".into(), vec!["A.h/2".into()]), ("A.h/2".into(), vec!["A.h/1".into()])]
    );
}

#[test]
fn a_delegated_function_and_a_protocols_lead_anywhere() {
    let source = "defmodule A do\ndefdelegate h(x), to: B\nend\ndefprotocol P do\ndef i(x)\nend\n";
    let facts = facts(&syntax::parse(source.as_bytes()));
    assert!(facts.functions.iter().all(|one| one.tails.unknown), "{facts:?}");
}

/// What is wrapped in a program of several files, as `leave(callee`.
#[track_caller]
fn check_wrapped(sources: &[&str], expected: &[&str]) {
    let parses: Vec<_> = sources.iter().map(|source| syntax::parse(source.as_bytes())).collect();
    let facts: Vec<_> = parses.iter().map(facts).collect();
    let graph = TailGraph::of(&facts);
    let mut bounded = Vec::new();
    for file in &facts {
        let edges = graph.around(file).bounded;
        bounded.extend(edges.iter().map(|(from, to)| format!("{} > {}", shown(from), shown(to))));
    }
    assert_eq!(bounded, expected);
}

#[test]
fn calls_that_lead_back_stay_tail_calls() {
    check_wrapped(
        &["defmodule A do\ndef f(x), do: B.g(x)\nend", "defmodule B do\ndef g(x), do: x\nend"],
        &["A.f/1 > B.g/1"],
    );
    check_wrapped(&["defmodule A do\ndef f(x), do: B.g(x)\nend", "defmodule B do\ndef g(x), do: A.f(x)\nend"], &[]);
    check_wrapped(&["defmodule A do\ndef f(x), do: B.g(x)\nend", "defmodule B do\ndef g(x), do: x.()\nend"], &[]);
    check_wrapped(&["defmodule A do\ndef f(x), do: B.g(x)\nend"], &[]);
    check_wrapped(
        &[
            "defmodule A do\nimport B\ndef f(x), do: g(x)\nend",
            "defmodule B do\ndef g(0), do: 0\ndef g(x), do: g(x - 1)\nend",
        ],
        &["A.f/1 > B.g/1"],
    );
    check_wrapped(
        &["defmodule A do\nrequire B\ndef f(x), do: B.g(x)\nend", "defmodule B do\ndefmacro g(x), do: x\nend"],
        &[],
    );
}
