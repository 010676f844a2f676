//! The fields of nodes are those that tree-sitter gives, on texts of all kinds.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeSet;
use syntax::nodes::{
    self, AccessCall, BinaryOperator, Call, Charlist, Dot, Pair, QuotedAtom, QuotedKeyword, Sigil, StabClause,
    UnaryOperator,
};
use syntax::{SyntaxNode, trimmed_range};

/// Where a node begins, its kind, one of its fields, and what stands there.
type Fields = BTreeSet<(usize, String, String, String)>;

macro_rules! fields {
    ($found:ident $node:ident: $($kind:literal $type:path, $($field:ident)*;)*) => {$(
        if let Some(it) = <$type>::cast($node) {
            assert_eq!(it.node().kind().name(), $kind);
            let start = trimmed_range($node).start().into();
            $(if let Some(child) = it.$field() {
                $found.insert((start, $kind.into(), stringify!($field).into(), child.to_string().trim().into()));
            })*
        }
    )*};
}

fn ours(source: &str) -> Fields {
    let mut found = Fields::new();
    for node in &syntax::parse(source.as_bytes()).root().descendants().collect::<Vec<SyntaxNode>>() {
        fields! { found node:
            "access_call" AccessCall, key target;
            "binary_operator" BinaryOperator, left operator right;
            "call" Call, target;
            "charlist" Charlist, quoted_end quoted_start;
            "dot" Dot, left operator right;
            "pair" Pair, key value;
            "quoted_atom" QuotedAtom, quoted_end quoted_start;
            "quoted_keyword" QuotedKeyword, quoted_end quoted_start;
            "sigil" Sigil, quoted_end quoted_start;
            "stab_clause" StabClause, left operator right;
            "string" nodes::String, quoted_end quoted_start;
            "unary_operator" UnaryOperator, operand operator;
        }
    }
    found
}

fn theirs(source: &str) -> Fields {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_elixir::LANGUAGE.into()).unwrap();
    let tree = parser.parse(source, None).unwrap();
    let mut found = Fields::new();
    let mut todo = vec![tree.root_node()];
    while let Some(node) = todo.pop() {
        for at in 0..node.child_count() {
            let child = node.child(at).unwrap();
            // An operand has a field for each of its parentheses too.
            let field = node.field_name_for_child(at).filter(|field| child.is_named() || *field != "operand");
            let text = source[child.byte_range()].trim();
            found.extend(field.map(|field| (node.start_byte(), node.kind().into(), field.into(), text.into())));
            todo.push(child);
        }
    }
    found
}

#[track_caller]
fn check(source: &str) {
    let (ours, theirs) = (ours(source), theirs(source));
    assert!(!theirs.is_empty());
    let differ: Vec<_> = ours.symmetric_difference(&theirs).collect();
    assert!(differ.is_empty(), "{source}: {differ:#?}");
}

#[test]
fn fields_are_those_of_the_grammar() {
    check(include_str!("sample.ex"));
    for source in [
        "a[b].c[d]",
        "a # not this\n  |> b.c(1)\n",
        "-(a); not b; @c 1; &d/1; x not  in y",
        "fn -> 1; x, y when z -> 2; _ -> end",
        "f(a: 1, \"b c\": 2, \"d#{e}\": 'f')",
        "a.(1); a.\"b c\"(); A.B; A.{B, C}; a.+(1)",
        ":\"a b\"; :'c'; ~s(d)x; ~S\"\"\"\n  e\n  \"\"\"; '''\nf\n'''",
        "%{a | b: 1, c => 2}; %A{}; <<a::8, b>>",
    ] {
        check(source);
    }
}
