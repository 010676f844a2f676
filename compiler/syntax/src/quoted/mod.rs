//! The tree as Elixir's quoted form: the term that `Code.string_to_quoted/2` of
//! Elixir 1.14 gives for the same text, metadata included.
//!
//! The rules are those of `elixir_parser.yrl`, `elixir_tokenizer.erl` and
//! `elixir_interpolation.erl`.

mod call;
mod column;
mod escape;
mod etf;
mod lower;
mod map;
mod number;
mod print;
mod term;
mod text;

pub(crate) use escape::unescape;
pub use etf::encode;
pub use term::{Meta, Term};

use crate::{LineIndex, Parse, SyntaxNode};
use rowan::{TextRange, TextSize};

/// What may be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Columns beside lines.
    pub columns: bool,
    /// Which Elixir's parser is meant, by the number after `1.`. From 15 on, the
    /// names of sigils may have several letters, accesses are marked, and `not a`
    /// is a block in parentheses only; from 16 on, interpolations are marked;
    /// from 17 on, `...` is an operator, and maps stand where their `%` does.
    pub elixir: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { columns: false, elixir: 14 }
    }
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
    let root = parse.root();
    if let Some(sigil) = parse.long_sigil().filter(|_| options.elixir < 15)
        && parse.token_error().is_none_or(|error| sigil.start() < error.range.start())
    {
        let why = "a sigil whose name has several letters needs Elixir 1.15 or later".to_owned();
        return Err(Unquotable { range: sigil, why });
    }
    if let Some(error) = crate::first_error(parse, &root) {
        return Err(Unquotable { range: error.range, why: error.message });
    }
    let text = root.text().to_string();
    let columns = options.columns.then(|| column::Columns::of(&text, options.elixir));
    let lower = Lower { lines: LineIndex::new(&parse.source()), text, columns, elixir: options.elixir };
    lower.program(&lower::expressions(&root), root.text_range())
}

struct Lower {
    lines: LineIndex,
    text: String,
    columns: Option<column::Columns>,
    elixir: u32,
}

impl Lower {
    fn meta(&self, at: TextSize) -> Meta {
        let place = self.lines.position(at);
        let end = usize::from(at);
        let start = end - (place.utf8 as usize - 1);
        let column = self.columns.as_ref().map(|columns| columns.column(&self.text, start, end));
        Meta::at(place.line, column)
    }

    fn fail<T>(&self, node: &SyntaxNode, why: &str) -> Result<T> {
        Err(Unquotable { range: crate::trimmed_range(node), why: why.to_owned() })
    }
}

/// Where a node begins, trivia left aside.
fn start(node: &SyntaxNode) -> TextSize {
    crate::trimmed_range(node).start()
}
