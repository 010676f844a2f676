//! Bytes to a rowan tree, and what is known of it.

use crate::kinds::SyntaxKind;
use rowan::{GreenNode, GreenNodeBuilder, TextRange, TextSize};

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
#[derive(Clone, Debug)]
pub struct Parse {
    green: GreenNode,
    errors: Vec<SyntaxError>,
    long_sigil: Option<TextSize>,
    // Whether the first error is one of the tokens.
    tokens_failed: bool,
    chunks: Vec<TextRange>,
    // Only for sources that are not UTF-8, whose tree holds a lossy text.
    bytes: Option<Vec<u8>>,
}

impl Parse {
    /// What came of a text.
    pub(crate) fn of(green: GreenNode, errors: Vec<SyntaxError>) -> Self {
        Self { green, errors, tokens_failed: false, chunks: Vec::new(), long_sigil: None, bytes: None }
    }

    /// Adds what the tokens told: whether the first error is theirs, and the first
    /// sigil of several letters.
    pub(crate) fn with_tokens(self, failed: bool, long_sigil: Option<TextSize>) -> Self {
        Self { tokens_failed: failed, long_sigil, ..self }
    }

    /// Adds the chunks that are statements of a block.
    pub(crate) fn with_chunks(self, chunks: Vec<TextRange>) -> Self {
        Self { chunks, ..self }
    }

    /// The root of the tree.
    pub fn root(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// What the parser could not make sense of, in order.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// Why the text is not tokens, whatever the grammar makes of it.
    pub fn token_error(&self) -> Option<&SyntaxError> {
        self.errors.first().filter(|_| self.tokens_failed)
    }

    /// Where the first sigil stands whose name has several letters, which only
    /// Elixir 1.15 and later know.
    pub fn long_sigil(&self) -> Option<TextRange> {
        self.long_sigil.map(TextRange::empty)
    }

    /// If the text was read in pieces, those chunks of its [`crate::Outline`] whose
    /// trees are statements here, in order: where one is a single node, that is the
    /// one which its [`crate::Piece`] has.
    pub fn chunks(&self) -> &[TextRange] {
        &self.chunks
    }

    /// Every byte of the source, from the tree.
    pub fn source(&self) -> Vec<u8> {
        match &self.bytes {
            Some(bytes) => bytes.clone(),
            None => self.green.to_string().into_bytes(),
        }
    }
}

/// In how many pieces a text was read makes no difference.
impl PartialEq for Parse {
    fn eq(&self, other: &Self) -> bool {
        let tokens = |parse: &Self| (parse.long_sigil, parse.tokens_failed);
        (tokens(self), &self.errors, &self.bytes) == (tokens(other), &other.errors, &other.bytes)
            && self.green == other.green
    }
}

impl Eq for Parse {}

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
    let parse = Parse::of(builder.finish(), vec![SyntaxError { range, message }]).with_tokens(true, None);
    Parse { bytes, ..parse }
}

fn parse_text(text: &str) -> Parse {
    crate::chunk::parse(text).unwrap_or_else(|| {
        let range = TextRange::empty(TextSize::from(0));
        // The tree would need 64-bit offsets; no source file of this size exists.
        unparsed("", range, "the file is larger than 4 GiB".into(), Some(text.as_bytes().to_vec()))
    })
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
    fn errors_stand_where_elixir_puts_them() {
        let at = |source: &[u8]| check(source).errors().first().map(|error| usize::from(error.range.start()));
        // What is never closed is missed at the end of the file.
        assert_eq!(at(b"f(1,\n"), Some(5));
        assert_eq!(at(b"defmodule A do\n  def f do\n    1\nend\n"), Some(36));
        assert_eq!(at(b"def f do\n  [1)\nend\n"), Some(13));
        assert_eq!(at(b"def f do\n  (1 + ))\nend\n"), Some(17));
        assert_eq!(at(b"def f do\n  x = ]\nend\n"), Some(15));
        assert_eq!(at(b"defmodule A do\n  def f, do: ~S[a\\\\]\nend\n"), None);
        let parse = check(b"ok = \xff\n");
        assert_eq!(parse.errors()[0].range.start(), TextSize::from(5));
        assert!(parse.errors()[0].message.contains("UTF-8"));
    }
}
