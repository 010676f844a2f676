//! Where the grammar misreads Elixir, and what it is shown instead.
//!
//! The grammar reads a text of the same length in which the offending bytes are
//! others; the tree keeps the bytes that were written. Three means, each named
//! for what it mends:
//!
//! * a [`Patch`]: other bytes for a token (`x..-1` is read as `x<>-1`);
//! * a [`Hole`]: a part that is read on its own and put in its place
//!   (`"#{a; b}"` is read as `"#{    }"` and `a; b`);
//! * [`regroup`]: operators put in another order in the finished tree (`=>`, `&`).
//!
//! Patches and holes are decided by Elixir's own tokens, before anything is
//! parsed. Must never know what a tree means.

mod hole;
mod patch;
pub(crate) mod regroup;

use crate::kinds::SyntaxKind;
use crate::scan::{Lexeme, Scanned, Token};
use std::ops::Range;

/// Other bytes for a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    pub range: Range<usize>,
    /// Bytes in place of the token's, ASCII, repeated to its length.
    pub with: &'static [u8],
    /// The kind of the token, where the other bytes change it.
    pub kind: Option<SyntaxKind>,
}

/// How a part that is read on its own takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Graft {
    /// All its expressions, between `#{` and `}`.
    Interpolation,
    /// `a: 1` of `x[a: 1]`, read as `[a: 1]`.
    Keywords,
    /// `(x)` of `f.(x) do … end`, read as `_(x)`, beside the dot before it.
    Arguments,
    /// `a.b` of `%a.b{}`.
    Expression,
}

/// A part that is read on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    /// What the grammar sees as blanks or as a name.
    pub range: Range<usize>,
    /// What is read on its own: at least the range.
    pub part: Range<usize>,
    pub graft: Graft,
    /// The holes in it.
    pub inner: Vec<Hole>,
}

/// All that is to be done before the text is parsed, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repairs {
    pub patches: Vec<Patch>,
    pub holes: Vec<Hole>,
}

/// The tokens with the text they come from.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    source: &'a str,
    all: &'a [Token],
    /// For each token the one it is a pair with, or itself.
    partners: &'a [u32],
}

impl<'a> Tokens<'a> {
    /// What `ask` has to say of them.
    pub fn with<T>(source: &str, all: &[Token], ask: impl FnOnce(Tokens<'_>) -> T) -> T {
        ask(Tokens { source, all, partners: &partners(all) })
    }

    pub fn lexeme(&self, index: usize) -> Option<Lexeme> {
        self.all.get(index).map(|token| token.lexeme)
    }

    pub fn text(&self, index: usize) -> &'a str {
        self.all.get(index).map_or("", |token| token.text(self.source))
    }

    pub fn range(&self, index: usize) -> Range<usize> {
        self.all.get(index).map_or(0..0, |token| token.start as usize..token.end as usize)
    }

    /// Whether nothing stands between two neighbours.
    fn touch(&self, left: usize, right: usize) -> bool {
        self.range(left).end == self.range(right).start
    }

    /// Whether a line ends between the token and the one before it.
    fn on_new_line(&self, index: usize) -> bool {
        let before = self.all[..index].last().map_or(0, |token| token.end as usize);
        match self.lexeme(index - 1) {
            Some(Lexeme::LineEnd) => true,
            _ => self.source.get(before..self.range(index).start).is_some_and(|gap| gap.contains('\n')),
        }
    }

    /// The token that closes the one at `index`, or opens it.
    pub fn partner(&self, index: usize) -> Option<usize> {
        self.partners.get(index).map(|partner| *partner as usize).filter(|partner| *partner != index)
    }

    /// Whether a value may end here, so that what follows is between operands.
    fn ends_value(&self, index: usize) -> bool {
        use Lexeme::{Alias, Atom, Close, Constant, End, Identifier, Literal, TextClose};
        matches!(self.lexeme(index), Some(Identifier | Alias | Atom | Literal | Constant | End | Close | TextClose))
    }
}

/// What must be done to this text before the grammar reads it.
pub(crate) fn plan(source: &str, scanned: &Scanned) -> Repairs {
    let partners = partners(&scanned.tokens);
    let tokens = Tokens { source, all: &scanned.tokens, partners: &partners };
    let mut repairs = Repairs::default();
    let mut holes = Vec::new();
    for index in 0..tokens.all.len() {
        patch::at(tokens, index, scanned.rare, &mut repairs.patches);
        holes.extend(hole::at(tokens, index));
    }
    repairs.holes = hole::nested(holes);
    repairs
}

fn partners(tokens: &[Token]) -> Vec<u32> {
    use Lexeme::{Close, Do, End, Fn, HoleClose, HoleOpen, Open, TextClose, TextCloseKey, TextOpen};
    let mut partners: Vec<u32> = (0..tokens.len() as u32).collect();
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token.lexeme {
            Open | HoleOpen | TextOpen | Do | Fn => open.push(index),
            Close | HoleClose | TextClose | TextCloseKey | End => {
                if let Some(partner) = open.pop() {
                    partners[index] = partner as u32;
                    partners[partner] = index as u32;
                }
            }
            _ => {}
        }
    }
    partners
}
