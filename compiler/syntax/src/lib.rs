//! Elixir source text as a lossless tree.
//!
//! Owns: parsing (tree-sitter inside, rowan outside), kinds and types of nodes,
//! views, the line index, and objections: what Elixir would reject or read
//! otherwise. It must never know: node ids, probes, files, salsa. It is the only
//! crate that names rowan or tree-sitter.
//!
//! Parsing never fails: it returns a tree that holds every byte, and errors.
//!
//! ```
//! let parse = syntax::parse(b"defmodule A do\n  def f(x), do: x\nend\n");
//! assert_eq!(parse.source(), b"defmodule A do\n  def f(x), do: x\nend\n");
//! assert!(parse.errors().is_empty());
//! let module = &syntax::modules(&parse.root())[0];
//! assert_eq!(module.name.as_deref(), Some("A"));
//! assert_eq!(module.clauses()[0].name, "f");
//! ```

mod call;
mod chunk;
mod clause;
mod green;
mod kinds;
mod line_index;
mod module;
pub mod nodes;
mod noticed;
mod objections;
mod parse;
pub mod quoted;
mod repair;
mod scan;
mod stuck;
pub mod views;

pub use call::{Argument, Call, Target, pairs as keyword_pairs};
pub use chunk::{Outline, Piece};
pub use clause::{Body, Clause, ClauseKind, Section, SectionRole, definition_head, stab_body, statements};
pub use kinds::SyntaxKind;
pub use line_index::{LineColumn, LineIndex};
pub use module::{Directive, DirectiveKind, Module, directives, modules};
pub use objections::{first_error, objections};
pub use parse::{Elixir, Parse, SyntaxElement, SyntaxError, SyntaxNode, SyntaxToken, parse};
pub use rowan::{NodeOrToken, TextRange, TextSize, WalkEvent};

/// The first token of `node` that is not trivia.
pub fn first_token(node: &SyntaxNode) -> Option<SyntaxToken> {
    let tokens = std::iter::successors(node.first_token(), SyntaxToken::next_token);
    inside(node, tokens).find(|token| !token.kind().is_trivia())
}

/// The range of `node` without leading and trailing trivia.
pub fn trimmed_range(node: &SyntaxNode) -> TextRange {
    let is_content = |token: &SyntaxToken| !token.kind().is_trivia() && !token.text().is_empty();
    let forward = std::iter::successors(node.first_token(), SyntaxToken::next_token);
    let backward = std::iter::successors(node.last_token(), SyntaxToken::prev_token);
    match (inside(node, forward).find(is_content), inside(node, backward).find(is_content)) {
        (Some(first), Some(last)) => TextRange::new(first.text_range().start(), last.text_range().end()),
        _ => node.text_range(),
    }
}

fn inside(node: &SyntaxNode, tokens: impl Iterator<Item = SyntaxToken>) -> impl Iterator<Item = SyntaxToken> {
    let range = node.text_range();
    tokens.take_while(move |token| range.contains_range(token.text_range()))
}

/// The node's text without trivia: the same whatever the layout.
pub fn text_without_trivia(node: &SyntaxNode) -> String {
    let tokens = node.descendants_with_tokens().filter_map(|element| element.into_token());
    let mut out = String::new();
    for token in tokens.filter(|token| !token.kind().is_trivia()) {
        let text = layout_free(&token);
        // Two words need something between them: `a when b` is not `awhenb`.
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        if out.chars().next_back().is_some_and(is_word) && text.chars().next().is_some_and(is_word) {
            out.push(' ');
        }
        out.push_str(text);
    }
    out
}

/// The grammar has layout inside two tokens: `key: ` and `not  in`.
fn layout_free(token: &SyntaxToken) -> &str {
    match token.parent().map(|parent| parent.kind()) {
        _ if token.kind() == SyntaxKind::NOT_IN_KW => "not in",
        Some(SyntaxKind::KEYWORD) => token.text().trim_end(),
        _ => token.text(),
    }
}
