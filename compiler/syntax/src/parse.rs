//! Bytes to a rowan tree: scanned, repaired, parsed, put in order.

use crate::kinds::SyntaxKind;
use crate::repair::Repairs;
use crate::scan::{Lexeme, ScanError, Token};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parse {
    green: GreenNode,
    errors: Vec<SyntaxError>,
    long_sigil: Option<TextSize>,
    // Whether the first error is one of the tokens.
    tokens_failed: bool,
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

    /// Why the text is not tokens, whatever the grammar makes of it.
    pub fn token_error(&self) -> Option<&SyntaxError> {
        self.errors.first().filter(|_| self.tokens_failed)
    }

    /// Where the first sigil stands whose name has several letters, which only
    /// Elixir 1.15 and later know.
    pub fn long_sigil(&self) -> Option<TextRange> {
        self.long_sigil.map(TextRange::empty)
    }

    /// Every byte of the source, from the tree.
    pub fn source(&self) -> Vec<u8> {
        match &self.bytes {
            Some(bytes) => bytes.clone(),
            None => self.green.to_string().into_bytes(),
        }
    }
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
    Parse {
        green: builder.finish(),
        errors: vec![SyntaxError { range, message }],
        tokens_failed: true,
        long_sigil: None,
        bytes,
    }
}

fn parse_text(text: &str) -> Parse {
    if u32::try_from(text.len()).is_err() {
        let range = TextRange::empty(TextSize::from(0));
        // The tree would need 64-bit offsets; no source file of this size exists.
        return unparsed("", range, "the file is larger than 4 GiB".into(), Some(text.as_bytes().to_vec()));
    }
    let scanned = crate::scan::scan(text);
    let repairs = crate::repair::plan(text, &scanned);
    let (green, grammar) = crate::green::green(text, &repairs);
    // Elixir reads all tokens before it parses, so their error comes first.
    let error = |at: usize, message| SyntaxError { range: TextRange::empty(TextSize::from(at as u32)), message };
    let long_sigil = scanned.long_sigil.map(|at| TextSize::from(at as u32));
    let scanned_badly = scanned.error.is_some();
    let mut errors: Vec<_> = scanned.error.map(|scan| error(scan.at, scan.message)).into_iter().collect();
    if errors.is_empty() {
        let stuck = if grammar.is_empty() { None } else { stuck(text, &scanned.tokens, &repairs) };
        errors.extend(misread(text, &scanned.tokens, stuck).map(|first| error(first.at, first.message)));
    }
    errors.extend(grammar);
    Parse { green, tokens_failed: scanned_badly, long_sigil, errors, bytes: None }
}

/// What Elixir would notice first: where the grammar was stuck, or what it let pass.
fn misread(text: &str, tokens: &[Token], stuck: Option<ScanError>) -> Option<ScanError> {
    let fault = crate::scan::fault(tokens);
    let start = |at: usize| tokens[at].start as usize;
    // Elixir goes on past such a comma.
    let comma = fault.and_then(|fault| fault.comma).map(start);
    let stuck = stuck.filter(|stuck| Some(stuck.at) != comma);
    let at_once = |error: ScanError| (error.at, error);
    let fault = fault.map(|fault| (start(fault.noticed), unexpected(text, &tokens[fault.blamed])));
    let misplaced = crate::scan::misplaced(tokens, text).map(at_once);
    let all = fault.into_iter().chain(stuck.map(at_once)).chain(misplaced);
    all.min_by_key(|(noticed, _)| *noticed).map(|(_, error)| error)
}

/// The token at which the grammar gave up.
fn stuck(text: &str, tokens: &[Token], repairs: &Repairs) -> Option<ScanError> {
    Some(unexpected(text, crate::scan::unexpected_from(tokens, crate::stuck::stuck_at(text, repairs)?)?))
}

fn unexpected(text: &str, token: &Token) -> ScanError {
    let shown = token.text(text).lines().find(|line| !line.is_empty()).unwrap_or("end of line");
    let message = match token.lexeme {
        Lexeme::Fn => "an anonymous function needs `->`".into(),
        _ => format!("unexpected `{shown}`"),
    };
    ScanError { at: token.start as usize, message }
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
