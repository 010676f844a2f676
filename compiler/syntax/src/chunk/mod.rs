//! A text cut into pieces that are read on their own, so that after a keystroke
//! only the piece it was in is read again.
//!
//! The chunks are the definitions in module bodies, and the other statements
//! there that end with the `end` of their own block; the skeleton is the text
//! with a name of one letter in place of each. A piece's tree depends on its own text alone,
//! and the tree of the whole is the skeleton's with the chunks' in their places.
//!
//! * A text without errors has the tree that it has when it is read whole.
//! * An error of the grammar is seen in its piece, and the others are as they
//!   would be without it. The error that is put first is the same.
//! * Where the text is not even tokens, `layout` says where the damage may end.
//!
//! Must never know who keeps the pieces.

mod layout;
mod piece;
mod splice;
mod statements;
#[cfg(test)]
mod tests;

pub use piece::Piece;

use crate::parse::{Parse, SyntaxError};
use crate::repair::Tokens;
use crate::scan::{Scanned, scan};
use rowan::{TextRange, TextSize};
use splice::{Fill, Place};
use std::borrow::Cow;
use std::ops::Range;

/// What stands for a chunk in the skeleton.
const NAME: &str = "_";

/// Reads a text: at once if it has no error, which is the quickest, and else in
/// pieces. `None` if it is too large for a tree (4 GiB).
pub(crate) fn parse(text: &str) -> Option<Parse> {
    u32::try_from(text.len()).ok()?;
    let scanned = scan(text);
    let fits = scanned.error.is_none() && crate::noticed::first(text, &scanned.tokens, None).is_none();
    match fits.then(|| piece::sound(text, &scanned)).flatten() {
        Some(green) => Some(Parse::of(green, Vec::new()).with_tokens(false, scanned.long_sigil.map(offset))),
        None => Some(Outline::with(text, scanned).parse()),
    }
}

/// Where a text is cut.
pub struct Outline<'a> {
    text: &'a str,
    scanned: Scanned,
    chunks: Vec<Range<usize>>,
    skeleton: Cow<'a, str>,
}

impl<'a> Outline<'a> {
    /// Cuts a text. `None` if it is too large for a tree (4 GiB).
    pub fn of(text: &'a str) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        Some(Self::with(text, scan(text)))
    }

    fn with(text: &'a str, scanned: Scanned) -> Self {
        let chunks = match &scanned.error {
            None => Tokens::with(text, &scanned.tokens, statements::chunks),
            Some(_) => layout::chunks(text),
        };
        let skeleton = if chunks.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(skeleton(text, &chunks)) };
        Self { text, scanned, chunks, skeleton }
    }

    /// The text as one piece.
    fn uncut(text: &'a str, scanned: Scanned) -> Self {
        Self { text, scanned, chunks: Vec::new(), skeleton: Cow::Borrowed(text) }
    }

    /// The text with a name in place of each chunk.
    pub fn skeleton(&self) -> &str {
        &self.skeleton
    }

    /// The texts of the chunks, in order.
    pub fn chunks(&self) -> impl ExactSizeIterator<Item = &'a str> {
        self.chunks.iter().map(|range| &self.text[range.clone()])
    }

    /// Reads all pieces and puts them together.
    fn parse(self) -> Parse {
        let chunks: Vec<_> = self.chunks().map(Piece::parse).collect();
        let skeleton = Piece::parse(&self.skeleton);
        self.assemble(&skeleton, &chunks)
    }

    /// The tree of the whole. `skeleton` and `chunks` are what [`Piece::parse`]
    /// gives for the texts above, in their order.
    pub fn assemble<'p>(self, skeleton: &Piece, chunks: impl IntoIterator<Item = &'p Piece>) -> Parse {
        let chunks: Vec<&Piece> = chunks.into_iter().collect();
        let fills = std::iter::zip(self.names(), std::iter::zip(self.chunks(), &chunks));
        let fills: Vec<_> = fills.map(|(place, (text, piece))| Fill { place, text, green: &piece.green }).collect();
        let (green, places) = splice::splice(&skeleton.green, &fills);
        let sound = self.scanned.error.is_none() && skeleton.errors.is_empty();
        let fits = |(piece, place): (&&Piece, &Place)| *place == Place::Statement && piece.is_statement();
        if sound && !std::iter::zip(&chunks, &places).all(fits) {
            return Self::uncut(self.text, self.scanned).parse();
        }
        let statements = std::iter::zip(&self.chunks, &places).filter(|(_, place)| **place == Place::Statement);
        let statements = statements.map(|(range, _)| TextRange::new(offset(range.start), offset(range.end))).collect();
        Parse::of(green, self.errors(skeleton, &chunks, &places))
            .with_tokens(self.scanned.error.is_some(), self.scanned.long_sigil.map(offset))
            .with_chunks(statements)
    }

    /// Where the names stand in the skeleton.
    fn names(&self) -> impl Iterator<Item = usize> {
        self.chunks.iter().scan(0, |shorter, range| {
            let place = range.start - *shorter;
            *shorter += range.len() - NAME.len();
            Some(place)
        })
    }

    /// Elixir reads all tokens before it parses, so their error comes first; then
    /// the token at which the grammar first gave up; then its own errors, in order.
    fn errors(&self, skeleton: &Piece, chunks: &[&Piece], places: &[Place]) -> Vec<SyntaxError> {
        let names: Vec<usize> = self.names().collect();
        let in_text = |at: usize| match names.partition_point(|name| *name < at).checked_sub(1) {
            Some(before) => self.chunks[before].end + at - names[before] - NAME.len(),
            None => at,
        };
        let mut grammar: Vec<_> = skeleton.errors.iter().map(|error| moved(error, in_text)).collect();
        let mut stuck = skeleton.stuck.map(in_text);
        for (range, (piece, place)) in std::iter::zip(&self.chunks, std::iter::zip(chunks, places)) {
            if *place != Place::Swallowed {
                grammar.extend(piece.errors.iter().map(|error| moved(error, |at| range.start + at)));
                stuck = stuck.into_iter().chain(piece.stuck.map(|at| range.start + at)).min();
            }
        }
        grammar.sort_by_key(|error| error.range.start());
        self.first_error(stuck).into_iter().chain(grammar).collect()
    }

    fn first_error(&self, stuck: Option<usize>) -> Option<SyntaxError> {
        let tokens = &self.scanned.tokens;
        let place = |at: usize, message: String| SyntaxError { range: TextRange::empty(offset(at)), message };
        if let Some(error) = &self.scanned.error {
            return Some(place(error.at, error.message.clone()));
        }
        crate::noticed::first(self.text, tokens, stuck).map(|error| place(error.at, error.message))
    }
}

fn skeleton(text: &str, chunks: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for chunk in chunks {
        out.push_str(&text[at..chunk.start]);
        out.push_str(NAME);
        at = chunk.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Texts are shorter than 4 GiB here.
fn offset(at: usize) -> TextSize {
    TextSize::from(at as u32)
}

fn moved(error: &SyntaxError, to: impl Fn(usize) -> usize) -> SyntaxError {
    let place = |at: TextSize| offset(to(usize::from(at)));
    SyntaxError {
        range: TextRange::new(place(error.range.start()), place(error.range.end())),
        message: error.message.clone(),
    }
}
