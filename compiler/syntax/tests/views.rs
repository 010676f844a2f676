//! What each view says of a text.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use syntax::SectionRole::{After, Do, Else};
use syntax::nodes::{
    AccessCall, AnonymousFunction, BinaryOperator, Bitstring, List, Map, Sigil, StabClause, Tuple, UnaryOperator,
};
use syntax::views::{
    Attribute, Capture, Case, Cond, Entry, For, If, Match, Part, Pipe, Quote, Receive, Text, Try, Unless, Unquote, With,
};
use syntax::{SyntaxNode, text_without_trivia};

/// What `show` makes of the first node that it knows.
#[track_caller]
fn check(source: &str, show: impl Fn(&SyntaxNode) -> Option<String>, expected: &str) {
    let root = syntax::parse(source.as_bytes()).root();
    let shown = root.descendants().find_map(|node| show(&node));
    assert_eq!(shown.as_deref(), Some(expected), "{source}");
}

fn all(nodes: &[SyntaxNode]) -> String {
    nodes.iter().map(text_without_trivia).collect::<Vec<_>>().join(" ")
}

fn one(node: Option<SyntaxNode>) -> String {
    node.as_ref().map(text_without_trivia).unwrap_or_else(|| "-".into())
}

fn stabs(stabs: &[StabClause]) -> String {
    let stab =
        |stab: &StabClause| format!("{}|{}|{}", all(&stab.patterns()), one(stab.guard()), all(&stab.statements()));
    stabs.iter().map(stab).collect::<Vec<_>>().join("; ")
}

fn entries(entries: &[Entry]) -> String {
    let entry = |entry: &Entry| match entry {
        Entry::Value(value) => text_without_trivia(value),
        Entry::Keyword(key, value) => format!("{key}: {}", text_without_trivia(value)),
        Entry::Arrow(key, value) => format!("{} => {}", text_without_trivia(key), text_without_trivia(value)),
    };
    entries.iter().map(entry).collect::<Vec<_>>().join("; ")
}

fn parts(parts: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Content(token) => token.text().to_owned(),
        Part::Escape(node) => format!("<{}>", node.text()),
        Part::Interpolation(nodes) => format!("({})", all(nodes)),
    };
    parts.iter().map(part).collect()
}

macro_rules! control {
    ($view:ident, $role:expr) => {
        |node: &SyntaxNode| {
            $view::cast(node).map(|it| format!("{} / {}", all(&it.arguments()), stabs(&it.clauses($role))))
        }
    };
}

macro_rules! section {
    ($view:ident, $role:expr) => {
        |node: &SyntaxNode| {
            let view = $view::cast(node)?;
            let body = view.body()?;
            Some(format!(
                "{} / {}",
                all(&view.arguments()),
                one(body.section($role).map(|section| section.node.clone()))
            ))
        }
    };
}

#[test]
fn control_flow() {
    check("case f(x) do\n a, b when c -> d\n _ -> e; g\nend", control!(Case, Do), "f(x) / a b|c|d; _|-|e g");
    check("cond do\n a > b -> c\nend", control!(Cond, Do), " / a>b|-|c");
    check("receive do\n {a} -> b\nafter\n 5 -> c\nend", control!(Receive, After), " / 5|-|c");
    check("with {:ok, a} <- b, c = d do\n e\nelse\n f -> g\nend", control!(With, Else), "{:ok,a}<-b c=d / f|-|g");
    check("try do\n a\ncatch\n :exit, b -> c\nend", control!(Try, syntax::SectionRole::Catch), " / :exit b|-|c");
    check("if a, do: b, else: c", section!(If, Else), "a / c");
    check("unless a, do: b", section!(Unless, Do), "a / b");
    check("for a <- b, c, into: d, do: e", section!(For, Do), "a<-b c / e");
    check("quote bind_quoted: [a: b], do: c", section!(Quote, Do), " / c");
    check("fn -> a end", |node| Some(stabs(&AnonymousFunction::cast(node)?.clauses())), "|-|a");
    check("fn a, b when c -> d end", |node| Some(stabs(&AnonymousFunction::cast(node)?.clauses())), "a b|c|d");
    check("unquote(a)", |node| Some(all(&Unquote::cast(node)?.arguments())), "a");
}

#[test]
fn operators() {
    let binary = |node: &SyntaxNode| {
        let it = BinaryOperator::cast(node)?;
        Some(format!("{} {} {}", one(it.left()), it.operator()?.text(), one(it.right())))
    };
    check("a +\n b", binary, "a + b");
    check("a not in b", binary, "a not in b");
    let unary = |node: &SyntaxNode| {
        UnaryOperator::cast(node).and_then(|it| Some(format!("{} {}", it.operator()?, one(it.operand()))))
    };
    check("not a", unary, "not a");
    check("{a} = b = c", |node| Match::cast(node).map(|it| one(it.pattern()) + " " + &one(it.value())), "{a} b=c");
    check("a |> b |> c()", |node| Pipe::cast(node).map(|it| one(it.value()) + " " + &one(it.target())), "a|>b c()");
    check("&A.f/2", |node| Capture::cast(node)?.function().map(|(it, n)| format!("{} {n}", one(Some(it)))), "A.f 2");
    check("& &1", |node| Some(format!("{:?}", Capture::cast(node)?.placeholder())), "None");
    check("f(&12)", |node| Some(format!("{:?}", Capture::cast(node)?.placeholder())), "Some(12)");
    let attribute = |node: &SyntaxNode| Attribute::cast(node).and_then(|it| Some(it.name()? + " " + &one(it.value())));
    check("@doc \"a\"", attribute, "doc \"a\"");
    check("f(@doc)", attribute, "doc -");
}

#[test]
fn containers() {
    check("[a, b: c]", |node| Some(entries(&List::cast(node)?.entries())), "a; b: c");
    check("[a | b]", |node| Some(entries(&List::cast(node)?.entries())), "a|b");
    check("{a, {b}}", |node| Some(entries(&Tuple::cast(node)?.entries())), "a; {b}");
    check("<<a, b::8>>", |node| Some(entries(&Bitstring::cast(node)?.entries())), "a; b::8");
    let map = |node: &SyntaxNode| {
        let it = Map::cast(node)?;
        Some(format!("{} {} {}", one(it.struct_name()), one(it.updated()), entries(&it.entries())))
    };
    check("%{a => b, c: d}", map, "- - a => b; c: d");
    check("%A{b | c: d}", map, "A b c: d");
    check("%{a | b => c}", map, "- a b => c");
    check("%{}", map, "- - ");
    check("a[b]", |node| AccessCall::cast(node).map(|it| one(it.target()) + " " + &one(it.key())), "a b");
}

#[test]
fn texts() {
    let text = |node: &SyntaxNode| Text::cast(node).map(|it| format!("{} {}", it.is_heredoc(), parts(&it.parts())));
    check(r#""a\n#{b}c""#, text, r"false a<\n>(b)c");
    check("'a'", text, "false a");
    check(":\"a b\"", text, "false a b");
    check("\"\"\"\na\n\"\"\"", text, "true \na\n");
    let sigil = |node: &SyntaxNode| {
        let it = Sigil::cast(node)?;
        Some(format!("{} {:?} {} {}", it.name()?, it.modifiers(), it.is_heredoc(), parts(&it.parts())))
    };
    check("~r/a#{b}/iu", sigil, "r Some(\"iu\") false a(b)");
    check("~S'''\na\n'''", sigil, "S None true \na\n");
}
