//! Columns as Elixir counts them.

use crate::scan::{Lexeme, Token, scan};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// The parts of a file that are the insides of texts, and not code.
pub(super) struct Columns {
    /// Each with whether `\#{` is one column in it.
    texts: Vec<(Range<usize>, bool)>,
}

impl Columns {
    pub(super) fn of(source: &str, elixir: u32) -> Self {
        let tokens = scan(source).tokens;
        let opens = |token: &Token| matches!(token.lexeme, Lexeme::TextOpen | Lexeme::HoleClose);
        let mut interpolates = Vec::new();
        let mut texts = Vec::new();
        for pair in tokens.windows(2) {
            match pair[0].lexeme {
                Lexeme::TextOpen => {
                    let raw = |c: char| c == '~' || c.is_ascii_uppercase();
                    interpolates.push(!pair[0].text(source).chars().take(2).all(raw));
                }
                Lexeme::TextClose | Lexeme::TextCloseKey => {
                    interpolates.pop();
                }
                _ => {}
            }
            if opens(&pair[0]) {
                let inside = pair[0].end as usize..pair[1].start as usize;
                texts.push((inside, elixir < 15 && interpolates.last().copied().unwrap_or(true)));
            }
        }
        Self { texts }
    }

    /// The column of `at`, from 1, of a line that starts at `line`: characters of
    /// code, graphemes of texts. To Elixir 1.14.0, `\#{` is one in a text that may be
    /// interpolated.
    pub(super) fn column(&self, source: &str, line: usize, at: usize) -> u32 {
        if source[line..at].bytes().all(|byte| byte.is_ascii() && byte != b'\\') {
            return (at - line) as u32 + 1;
        }
        let first = self.texts.partition_point(|(range, _)| range.end <= line);
        let (mut done, mut count) = (line, 0);
        for (range, interpolates) in self.texts[first..].iter().take_while(|(range, _)| range.start < at) {
            let inside = range.start.max(done)..range.end.min(at);
            count += source[done..inside.start].chars().count();
            count += width(&source[inside.clone()], *interpolates);
            done = inside.end;
        }
        (count + source[done..at].chars().count()) as u32 + 1
    }
}

/// A backslash is counted, and what follows it on its own.
fn width(text: &str, interpolates: bool) -> usize {
    let mut count = 0;
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        count += rest[..at].graphemes(true).count();
        let escaped = &rest[at + 1..];
        if interpolates && escaped.starts_with("#{") {
            count += 1;
            rest = &escaped[2..];
        } else {
            let first = escaped.graphemes(true).next().unwrap_or_default();
            count += 1 + usize::from(!first.is_empty());
            rest = &escaped[first.len()..];
        }
    }
    count + rest.graphemes(true).count()
}
