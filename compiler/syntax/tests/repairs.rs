//! Each repair of the grammar: the tree, not only its quoted form, is Elixir's.
//! (`driver/tests/grammar.rs` has a thousand cases more, which Elixir judges.)
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use syntax::SyntaxKind as K;

/// The source has no error, loses no byte, and holds a node of this kind and text.
#[track_caller]
fn check(source: &str, kind: K, text: &str) {
    let parse = syntax::parse(source.as_bytes());
    let root = parse.root();
    assert_eq!(syntax::first_error(&parse, &root), None, "{source}");
    assert_eq!(parse.source(), source.as_bytes());
    let of_kind: Vec<_> = root.descendants().filter(|node| node.kind() == kind).collect();
    let texts: Vec<_> = of_kind.iter().map(|node| source[syntax::trimmed_range(node)].to_owned()).collect();
    assert!(texts.iter().any(|found| found == text), "{source}: no {kind:?} `{text}` among {texts:?}");
}

#[test]
fn a_name_that_begins_with_an_operator_is_a_name() {
    for name in ["invalid", "index", "or_else", "and_then", "whenever", "notin"] {
        let source = format!("case x do\n  1 ->\n    a\n    {{:ok, 1}}\n\n  {name} -> c\nend");
        check(&source, K::STAB_CLAUSE, &format!("{name} -> c"));
    }
}

#[test]
fn a_range_after_a_name_is_a_range() {
    check("x..-1", K::BINARY_OPERATOR, "x..-1");
    check("@x..+1", K::BINARY_OPERATOR, "@x..+1");
    check("for i <- x..-1, do: i", K::BINARY_OPERATOR, "x..-1");
    check("for i <- x..-1, do: i", K::KEYWORDS, "do: i");
}

#[test]
fn an_arrow_is_below_the_operators_of_its_entry() {
    check("%{k => a | b}", K::BINARY_OPERATOR, "a | b");
    check("%{k :: t => v}", K::BINARY_OPERATOR, "k :: t");
    check("%{m | k => a | b}", K::BINARY_OPERATOR, "k => a | b");
    check("%{f x => y}", K::CALL, "f x");
}

#[test]
fn a_capture_takes_all_that_binds_tighter() {
    check("&(&1).b", K::DOT, "(&1).b");
    check("&(&1)[:b]", K::ACCESS_CALL, "(&1)[:b]");
    check("&(&1) + 1", K::BINARY_OPERATOR, "(&1) + 1");
    check("&(&1) |> f", K::BINARY_OPERATOR, "(&1) |> f");
    check("&(&1 + &2) * 2", K::BINARY_OPERATOR, "&1 + &2");
}

#[test]
fn a_raw_sigil_ends_where_it_ends() {
    check(r"[~S[:\\], 1]", K::SIGIL, r"~S[:\\]");
    check(r#"f(~S"\\", 1)"#, K::SIGIL, r#"~S"\\""#);
    check(r"~R/a\/b\\/i", K::SIGIL, r"~R/a\/b\\/i");
}

#[test]
fn an_interpolation_may_hold_several_expressions() {
    check("\"#{a\nb}\"", K::INTERPOLATION, "#{a\nb}");
    check("\"#{a\nb(1)}\"", K::CALL, "b(1)");
    check("\"#{x = 1; \"#{y\nz}\"}\"", K::BINARY_OPERATOR, "x = 1");
}

#[test]
fn a_bracket_on_a_new_line_is_of_its_own() {
    check("case a do\n  1 ->\n    b\n    f(2)\n[d] -> e\nend", K::STAB_CLAUSE, "[d] -> e");
    check("case a do\n  1 ->\n    b\n    f(2)\n  (d) -> e\nend", K::STAB_CLAUSE, "(d) -> e");
}

#[test]
fn what_the_grammar_does_not_know_is_read() {
    check("x[a: 1]", K::KEYWORDS, "a: 1");
    check("x[1,]", K::ACCESS_CALL, "x[1,]");
    check("f.(x) do\n  y\nend", K::ARGUMENTS, "(x)");
    check("x = f.(x) do y end", K::DO_BLOCK, "do y end");
    check("%a.b{c: 1}", K::DOT, "a.b");
    check("日本 = 1", K::IDENTIFIER, "日本");
    check("fn x ->\n; end", K::ANONYMOUS_FUNCTION, "fn x ->\n; end");
    check("&..///3", K::OPERATOR_IDENTIFIER, "..//");
}
