//! Bytes to a rowan tree, by way of tree-sitter.

use crate::kinds::SyntaxKind;
use rowan::{GreenNode, GreenNodeBuilder, TextRange, TextSize};
use std::cell::RefCell;

/// The language marker of rowan's typed trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Elixir {}

impl rowan::Language for Elixir {
    type Kind = SyntaxKind;

    fn kind_from_raw(raw: rowan::SyntaxKind) -> SyntaxKind {
        SyntaxKind::from_raw(raw.0)
    }

    fn kind_to_raw(kind: SyntaxKind) -> rowan::SyntaxKind {
        rowan::SyntaxKind(kind as u16)
    }
}

/// A node of the tree.
pub type SyntaxNode = rowan::SyntaxNode<Elixir>;
/// A token of the tree.
pub type SyntaxToken = rowan::SyntaxToken<Elixir>;
/// A node or a token.
pub type SyntaxElement = rowan::SyntaxElement<Elixir>;

/// Something the parser could not make sense of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub range: TextRange,
    /// What was wrong.
    pub message: String,
}

/// The result of parsing: a green tree (which holds no state across
/// revisions), and errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parse {
    green: GreenNode,
    errors: Vec<SyntaxError>,
    // Only for sources that are not UTF-8, whose tree holds a lossy text.
    bytes: Option<Vec<u8>>,
}

impl Parse {
    /// The root of the tree.
    pub fn root(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// What the parser could not make sense of, in order.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// Every byte of the source, from the tree.
    pub fn source(&self) -> Vec<u8> {
        match &self.bytes {
            Some(bytes) => bytes.clone(),
            None => self.green.to_string().into_bytes(),
        }
    }
}

thread_local! {
    static PARSER: RefCell<Option<tree_sitter::Parser>> = const { RefCell::new(None) };
}

/// Parses any bytes.
pub fn parse(source: &[u8]) -> Parse {
    match std::str::from_utf8(source) {
        Ok(text) => parse_text(text),
        Err(error) => not_utf8(source, error.valid_up_to()),
    }
}

fn not_utf8(source: &[u8], valid: usize) -> Parse {
    let at = TextSize::from(u32::try_from(valid).unwrap_or(u32::MAX));
    let message = format!("byte {:#04x} is not valid UTF-8", source[valid]);
    unparsed(&String::from_utf8_lossy(source), TextRange::empty(at), message, Some(source.to_vec()))
}

fn unparsed(text: &str, range: TextRange, message: String, bytes: Option<Vec<u8>>) -> Parse {
    let mut builder = GreenNodeBuilder::new();
    builder.start_node(rowan::SyntaxKind(SyntaxKind::SOURCE as u16));
    builder.token(rowan::SyntaxKind(SyntaxKind::ERROR as u16), text);
    builder.finish_node();
    Parse { green: builder.finish(), errors: vec![SyntaxError { range, message }], bytes }
}

fn parse_text(text: &str) -> Parse {
    if u32::try_from(text.len()).is_err() {
        let range = TextRange::empty(TextSize::from(0));
        // The tree would need 64-bit offsets; no source file of this size exists.
        return unparsed("", range, "the file is larger than 4 GiB".into(), Some(text.as_bytes().to_vec()));
    }
    let tree = PARSER.with_borrow_mut(|slot| {
        let parser = slot.get_or_insert_with(new_parser);
        parser.parse(text, None)
    });
    let Some(tree) = tree else {
        let range = TextRange::empty(TextSize::from(0));
        return unparsed(text, range, "the parser gave up".into(), None);
    };
    let mut build = TreeBuilder { text, at: 0, green: GreenNodeBuilder::new(), errors: Vec::new() };
    build.tree(&tree);
    Parse { green: build.green.finish(), errors: build.errors, bytes: None }
}

fn new_parser() -> tree_sitter::Parser {
    let mut parser = tree_sitter::Parser::new();
    // A refused language leaves the parser without one, and parse() then gives
    // no tree; `the_grammar_loads` tests that this does not happen.
    let _ = parser.set_language(&tree_sitter_elixir::LANGUAGE.into());
    parser
}

struct TreeBuilder<'a> {
    text: &'a str,
    at: usize,
    green: GreenNodeBuilder<'static>,
    errors: Vec<SyntaxError>,
}

impl TreeBuilder<'_> {
    /// Walks with a cursor, not by recursion: nesting is the input's choice.
    fn tree(&mut self, tree: &tree_sitter::Tree) {
        let mut cursor = tree.walk();
        // The root starts at its first token; leading trivia belongs inside it.
        self.green.start_node(rowan::SyntaxKind(SyntaxKind::SOURCE as u16));
        self.note_error(cursor.node());
        let mut depth = 0usize;
        let mut down = cursor.goto_first_child();
        if down {
            depth = 1;
        }
        while depth > 0 {
            if down {
                self.enter(cursor.node());
                if cursor.goto_first_child() {
                    depth += 1;
                    continue;
                }
            }
            self.leave(cursor.node());
            down = cursor.goto_next_sibling();
            if !down {
                cursor.goto_parent();
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
        }
        self.trivia_up_to(self.text.len());
        self.green.finish_node();
    }

    fn enter(&mut self, node: tree_sitter::Node<'_>) {
        self.trivia_up_to(node.start_byte());
        self.note_error(node);
        if node.child_count() > 0 {
            self.green.start_node(rowan::SyntaxKind(SyntaxKind::of(&node) as u16));
        }
    }

    fn leave(&mut self, node: tree_sitter::Node<'_>) {
        if node.child_count() > 0 {
            self.trivia_up_to(node.end_byte());
            self.green.finish_node();
        } else {
            self.leaf(&node);
        }
    }

    /// A named leaf such as `nil` or `(identifier)` is a node of one token, so
    /// that every expression is a node; an anonymous one is a token.
    fn leaf(&mut self, node: &tree_sitter::Node<'_>) {
        let kind = SyntaxKind::of(node);
        let end = node.end_byte().max(self.at);
        let text = self.text.get(self.at..end).unwrap_or_default();
        if kind.is_node() {
            self.green.start_node(rowan::SyntaxKind(kind as u16));
            self.green.token(rowan::SyntaxKind(SyntaxKind::TEXT as u16), text);
            self.green.finish_node();
        } else if !text.is_empty() {
            self.green.token(rowan::SyntaxKind(kind as u16), text);
        }
        self.at = end;
    }

    fn trivia_up_to(&mut self, end: usize) {
        if let Some(gap) = self.text.get(self.at..end).filter(|gap| !gap.is_empty()) {
            let blank = gap.chars().all(char::is_whitespace);
            let kind = if blank { SyntaxKind::WHITESPACE } else { SyntaxKind::GAP };
            self.green.token(rowan::SyntaxKind(kind as u16), gap);
            self.at = end;
        }
    }

    fn note_error(&mut self, node: tree_sitter::Node<'_>) {
        if !node.is_error() && !node.is_missing() {
            return;
        }
        let offset = |byte: usize| TextSize::from(byte as u32);
        let (start, message) = match unclosed(node) {
            _ if node.is_missing() => (node.start_byte(), format!("expected `{}`", node.kind())),
            Some(open) => (open.start_byte(), format!("`{}` is opened here and never closed", open.kind())),
            None => (node.start_byte(), "syntax error".to_owned()),
        };
        self.errors.push(SyntaxError { range: TextRange::new(offset(start), offset(node.end_byte())), message });
    }
}

/// The innermost opening token of an error that nothing in it closes: an error
/// often spans the file, and this is where a reader should look.
fn unclosed(error: tree_sitter::Node<'_>) -> Option<tree_sitter::Node<'_>> {
    let mut open = Vec::new();
    for token in error.children(&mut error.walk()).filter(|child| !child.is_named()) {
        match token.kind() {
            "do" | "fn" | "(" | "[" | "{" | "<<" | "#{" => open.push(token),
            "end" | ")" | "]" | "}" | ">>" => {
                open.pop();
            }
            // Quotes and sigils close with the token they open with.
            "\"" | "'" | "\"\"\"" | "'''" | "|" | "/" => match open.last() {
                Some(last) if last.kind() == token.kind() => {
                    open.pop();
                }
                _ if matches!(token.kind(), "|" | "/") && !after_sigil(token) => {}
                _ => open.push(token),
            },
            _ => {}
        }
    }
    open.pop()
}

fn after_sigil(token: tree_sitter::Node<'_>) -> bool {
    token.prev_sibling().is_some_and(|before| before.kind() == "sigil_name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &[u8]) -> Parse {
        let parse = parse(source);
        assert_eq!(parse.source(), source);
        parse
    }

    #[test]
    fn the_grammar_loads() {
        assert!(check(b"f(1)").errors().is_empty());
    }

    #[test]
    fn every_byte_is_in_the_tree() {
        for source in ["", "\n", "  # c\n", "x", "x  \n\n", "\u{feff}x", "a\r\nb", "do end )", "\"#{", "~s(", "0"] {
            check(source.as_bytes());
        }
        let program = include_bytes!("../tests/sample.ex");
        assert!(check(program).errors().is_empty());
        for end in 0..program.len() {
            check(&program[..end]);
        }
        for at in 0..program.len() {
            let mut damaged = program.to_vec();
            damaged[at] = damaged[at].wrapping_mul(31).wrapping_add(at as u8);
            check(&damaged);
        }
    }

    #[test]
    fn errors_have_ranges() {
        let at = |source: &[u8]| check(source).errors().first().map(|error| usize::from(error.range.start()));
        assert_eq!(at(b"f(1,\n"), Some(1));
        assert_eq!(at(b"defmodule A do\n  def f, do: ~S[a\\\\]\nend\n"), Some(30));
        assert_eq!(at(b"defmodule A do\n  def f do\n    1\nend\n"), Some(36));
        assert_eq!(at(b"def f do\n  (1 + ))\nend\n"), Some(14));
        let parse = check(b"ok = \xff\n");
        assert_eq!(parse.errors()[0].range.start(), TextSize::from(5));
        assert!(parse.errors()[0].message.contains("UTF-8"));
    }
}
