//! `src/kinds.rs` and `src/nodes/generated.rs` are generated from the grammar by
//! these tests; `cargo xtask codegen` runs them so that they write.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `+` becomes `PLUS`; a word such as `do` becomes `DO_KW`.
fn constant(text: &str, named: bool) -> String {
    if named {
        return text.to_uppercase();
    }
    if text.chars().all(|c| c.is_ascii_alphabetic() || c == ' ') {
        return format!("{}_KW", text.replace(' ', "_").to_uppercase());
    }
    let name = |c| match c {
        ';' => "SEMICOLON",
        '(' => "L_PAREN",
        ')' => "R_PAREN",
        '.' => "DOT",
        '"' => "QUOTE",
        '\'' => "APOSTROPHE",
        '{' => "L_BRACE",
        '}' => "R_BRACE",
        '[' => "L_BRACKET",
        ']' => "R_BRACKET",
        '<' => "LESS",
        '>' => "GREATER",
        '|' => "PIPE",
        '/' => "SLASH",
        '#' => "HASH",
        '~' => "TILDE",
        ',' => "COMMA",
        '%' => "PERCENT",
        '&' => "AMPERSAND",
        '+' => "PLUS",
        '-' => "MINUS",
        '!' => "BANG",
        '^' => "CARET",
        '@' => "AT",
        '\\' => "BACKSLASH",
        ':' => "COLON",
        '=' => "EQUAL",
        '*' => "STAR",
        other => panic!("no name for {other:?}"),
    };
    format!("T_{}", text.chars().map(name).collect::<Vec<_>>().join("_"))
}

fn kinds() -> String {
    let language: tree_sitter::Language = tree_sitter_elixir::LANGUAGE.into();
    // (constant, text, whether a node), in the order of the grammar's ids.
    let mut kinds: Vec<(String, String, bool)> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    let mut table = Vec::new();
    for id in 0..language.node_kind_count() as u16 {
        let (text, named) = (language.node_kind_for_id(id).unwrap(), language.node_kind_is_named(id));
        // Symbol 0 is the end of the input.
        if id == 0 || !language.node_kind_is_visible(id) {
            table.push("ERROR".to_owned());
            continue;
        }
        let name = constant(text, named);
        if !index.contains_key(&name) {
            index.insert(name.clone(), kinds.len());
            kinds.push((name.clone(), text.to_owned(), named && text != "comment" && text != "quoted_content"));
        }
        table.push(name);
    }
    let mut out = String::from(
        "//! The kinds of nodes and tokens. Generated from tree-sitter-elixir by\n\
         //! `cargo xtask codegen`; not to be edited.\n\n\
         /// The kind of a node or token; anonymous tokens are `T_…` or `…_KW`.\n\
         #[allow(non_camel_case_types, missing_docs)]\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n\
         #[repr(u16)]\npub enum SyntaxKind {\n    WHITESPACE,\n    GAP,\n    TEXT,\n    ERROR,\n",
    );
    for (name, _, _) in &kinds {
        writeln!(out, "    {name},").unwrap();
    }
    out.push_str("}\n\nuse SyntaxKind::*;\n\n");
    writeln!(
        out,
        "const ALL: [SyntaxKind; {}] = [WHITESPACE, GAP, TEXT, ERROR, {}];\n",
        kinds.len() + 4,
        kinds.iter().map(|kind| kind.0.as_str()).collect::<Vec<_>>().join(", ")
    )
    .unwrap();
    writeln!(out, "const BY_SYMBOL: [SyntaxKind; {}] = [{}];\n", table.len(), table.join(", ")).unwrap();
    out.push_str(
        "impl SyntaxKind {\n    pub(crate) fn from_raw(raw: u16) -> Self {\n        ALL.get(raw as usize).copied().unwrap_or(ERROR)\n    }\n\n\
         \x20   pub(crate) fn of(node: &tree_sitter::Node<'_>) -> Self {\n        if node.is_error() {\n            return ERROR;\n        }\n        BY_SYMBOL.get(node.kind_id() as usize).copied().unwrap_or(ERROR)\n    }\n\n\
         \x20   /// Whether the kind is an expression or a part of one, not a token.\n    pub const fn is_node(self) -> bool {\n        matches!(self, ",
    );
    out.push_str(&kinds.iter().filter(|kind| kind.2).map(|kind| kind.0.as_str()).collect::<Vec<_>>().join(" | "));
    out.push_str(")\n    }\n\n    /// Whether the kind is layout or a comment.\n    pub const fn is_trivia(self) -> bool {\n        matches!(self, WHITESPACE | COMMENT)\n    }\n\n    /// The grammar's name for the kind.\n    pub const fn name(self) -> &'static str {\n        match self {\n            WHITESPACE => \"whitespace\",\n            GAP => \"gap\",\n            TEXT => \"text\",\n            ERROR => \"error\",\n");
    for (name, text, _) in &kinds {
        writeln!(out, "            {name} => {text:?},").unwrap();
    }
    out.push_str("        }\n    }\n}\n");
    formatted(&out)
}

fn formatted(source: &str) -> String {
    use std::io::Write as _;
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rustfmt.toml");
    let mut child = std::process::Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path", config])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// Where a field of the grammar stands in a node: the tree has no fields.
fn place(node: &str, field: &str) -> &'static str {
    match (node, field) {
        (_, "left") => "before",
        (_, "operator") => "operator",
        (_, "right") => "after",
        (_, "operand" | "target") | ("pair", "key") => "first",
        (_, "value") | ("access_call", "key") => "second",
        (_, "quoted_start") => "opening",
        (_, "quoted_end") => "closing",
        other => panic!("no place for {other:?}"),
    }
}

/// `binary_operator` becomes `BinaryOperator`.
fn type_name(node: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    node.split('_').map(word).collect()
}

fn nodes() -> String {
    let types: Vec<serde_json::Value> = serde_json::from_str(tree_sitter_elixir::NODE_TYPES).unwrap();
    let mut out = String::from(
        "//! A type for each kind of node that holds others. Generated from the node types of\n\
         //! tree-sitter-elixir by `cargo xtask codegen`; not to be edited.\n\n\
         use super::node;\n\n",
    );
    for node in types {
        let name = node["type"].as_str().unwrap();
        let fields = node["fields"].as_object().cloned().unwrap_or_default();
        let holds_others = node.get("children").is_some() || !fields.is_empty();
        if !holds_others || name == "source" {
            continue;
        }
        let fields = fields.keys().map(|field| format!("{field}: {}", place(name, field)));
        let fields = fields.collect::<Vec<_>>().join(", ");
        let fields = if fields.is_empty() { fields } else { format!(" {fields} ") };
        writeln!(out, "node! {{ {} {} {{{fields}}} }}", type_name(name), name.to_uppercase()).unwrap();
    }
    formatted(&out)
}

/// Compares a generated file with what it should be, or writes it.
#[track_caller]
fn check(file: &str, wanted: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    if std::env::var_os("UPDATE_SYNTAX").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == wanted, "{file} is old: run cargo xtask codegen");
}

#[test]
fn kinds_are_those_of_the_grammar() {
    check("kinds.rs", &kinds());
}

#[test]
fn nodes_are_those_of_the_grammar() {
    check("nodes/generated.rs", &nodes());
}
