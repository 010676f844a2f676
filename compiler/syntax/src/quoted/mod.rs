//! The tree as Elixir's quoted form: the term that `Code.string_to_quoted/2` of
//! Elixir 1.14 gives for the same text, metadata included.
//!
//! The rules are those of `elixir_parser.yrl`, `elixir_tokenizer.erl` and
//! `elixir_interpolation.erl`.

mod call;
mod escape;
mod etf;
mod lower;
mod map;
mod number;
mod print;
mod term;
mod text;

pub use etf::encode;
pub use term::{Meta, Term};

use crate::{LineIndex, Parse, SyntaxNode};
use rowan::{TextRange, TextSize};

/// What may be chosen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Columns beside lines.
    pub columns: bool,
}

/// A place that has no quoted form, or none we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unquotable {
    /// Where.
    pub range: TextRange,
    /// Why.
    pub why: String,
}

type Result<T> = std::result::Result<T, Unquotable>;

/// The quoted form of a whole file.
///
/// # Errors
/// When the file has a syntax error, or a place that the tree may misread.
pub fn quoted(parse: &Parse, options: Options) -> Result<Term> {
    if let Some(error) = parse.errors().first() {
        return Err(Unquotable { range: error.range, why: error.message.clone() });
    }
    let root = parse.root();
    if let Some(doubt) = crate::doubts(&root).into_iter().find(|doubt| !doubt.mended_when_quoted) {
        return Err(Unquotable { range: doubt.range, why: doubt.message.to_owned() });
    }
    let lower = Lower { lines: LineIndex::new(&parse.source()), text: root.text().to_string(), options };
    lower.sequence(&lower::expressions(&root))
}

struct Lower {
    lines: LineIndex,
    text: String,
    options: Options,
}

impl Lower {
    fn meta(&self, at: TextSize) -> Meta {
        let place = self.lines.position(at);
        let column = self.options.columns.then(|| self.column(at, place.utf8));
        Meta::at(place.line, column)
    }

    /// In characters, from 1. (Elixir 1.14 counts graphemes in texts, and `\#{` there as one
    /// character: after such, columns still differ.)
    fn column(&self, at: TextSize, bytes: u32) -> u32 {
        let end = usize::from(at);
        let start = end - (bytes as usize - 1);
        self.text[start..end].chars().count() as u32 + 1
    }

    fn fail<T>(&self, node: &SyntaxNode, why: &str) -> Result<T> {
        Err(Unquotable { range: crate::trimmed_range(node), why: why.to_owned() })
    }
}

/// Where a node begins, trivia left aside.
fn start(node: &SyntaxNode) -> TextSize {
    crate::trimmed_range(node).start()
}
