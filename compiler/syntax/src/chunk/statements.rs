//! The statements of module bodies that are chunks, by Elixir's own tokens.

use crate::repair::Tokens;
use crate::scan::{Lexeme, Operator};
use std::ops::Range;

/// Whether a call of this name has a block of definitions.
pub(super) fn holds_definitions(name: &str) -> bool {
    matches!(name, "defmodule" | "defimpl" | "defprotocol" | "describe")
}

/// Whether a call of this name is a definition, with a block or without.
pub(super) fn defines(name: &str) -> bool {
    matches!(name, "def" | "defp" | "defmacro" | "defmacrop")
}

/// The chunks of a text whose tokens have no error, in order.
pub(super) fn chunks(tokens: Tokens<'_>) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut open = 0;
    let mut index = 0;
    while let Some(lexeme) = tokens.lexeme(index) {
        let is_name = lexeme == Lexeme::Identifier;
        let body = own_block(tokens, index).filter(|_| is_name && holds_definitions(tokens.text(index)));
        index = match (body, last_token(tokens, index)) {
            (Some(body), _) => {
                open += 1;
                body + 1
            }
            (None, Some(last)) => {
                if open > 0 && stands_alone(tokens, index, last) {
                    out.push(tokens.range(index).start..tokens.range(last).end);
                }
                statement_end(tokens, last + 1)
            }
            (None, None) => {
                open -= i32::from(lexeme == Lexeme::End);
                statement_end(tokens, index).max(index + 1)
            }
        };
    }
    out
}

/// Where the statement ends that could be a chunk, if the tokens are nothing else.
pub(super) fn only_chunk(tokens: Tokens<'_>) -> Option<usize> {
    let last = last_token(tokens, 0)?;
    let behind = last + 1 + usize::from(tokens.lexeme(last + 1) == Some(Lexeme::LineEnd));
    tokens.lexeme(behind).is_none().then(|| tokens.range(last).end)
}

/// The last token of the statement at `start`, if it may be a chunk: the `end` of
/// its own block, or that of a definition without one.
fn last_token(tokens: Tokens<'_>, start: usize) -> Option<usize> {
    if !is_name(tokens, start) {
        return None;
    }
    if let Some(word) = own_block(tokens, start) {
        return tokens.partner(word);
    }
    let end = statement_end(tokens, start);
    let ends = matches!(tokens.lexeme(end), None | Some(Lexeme::LineEnd));
    (ends && defines(tokens.text(start))).then(|| end - 1)
}

/// The `do` of the statement that begins at `start`, if it has one outside all pairs.
fn own_block(tokens: Tokens<'_>, start: usize) -> Option<usize> {
    let end = statement_end(tokens, start);
    (tokens.lexeme(end) == Some(Lexeme::Do)).then_some(end)
}

/// The token behind the part of a statement from `index` on: what ends it, its
/// `do`, or what makes it a clause of the block around it.
fn statement_end(tokens: Tokens<'_>, mut index: usize) -> usize {
    use Lexeme::{Do, End, LineEnd, Section, Semicolon};
    loop {
        match tokens.lexeme(index) {
            None | Some(Do | End | Section | Semicolon | Lexeme::Operator(Operator::Arrow)) => return index,
            Some(LineEnd) if !goes_on(tokens, index) => return index,
            // What is between a pair ends nothing here.
            _ => index = tokens.partner(index).filter(|end| *end > index).unwrap_or(index) + 1,
        }
    }
}

/// Whether the statement may go on behind the line end.
fn goes_on(tokens: Tokens<'_>, line_end: usize) -> bool {
    use Lexeme::{Do, Dot, DotCall, KeywordKey, TextCloseKey};
    let before = line_end.checked_sub(1).and_then(|before| tokens.lexeme(before));
    let behind = tokens.lexeme(line_end + 1);
    let open = matches!(before, Some(Lexeme::Operator(_) | KeywordKey | TextCloseKey));
    let joins = match behind {
        Some(Lexeme::Operator(operator)) => {
            !matches!(operator, Operator::At | Operator::Capture | Operator::Dual | Operator::Unary)
        }
        Some(Dot | DotCall | Do) => true,
        _ => false,
    };
    open || joins
}

/// Whether nothing but line ends is beside the statement from `start` to `end`, so
/// that a name in its place is a statement too.
fn stands_alone(tokens: Tokens<'_>, start: usize, end: usize) -> bool {
    let begins = start.checked_sub(1).and_then(|before| tokens.lexeme(before)) == Some(Lexeme::LineEnd);
    let behind = end + 2;
    let fits = match tokens.lexeme(behind) {
        Some(Lexeme::End | Lexeme::Operator(Operator::At)) => true,
        Some(Lexeme::Identifier) => is_name(tokens, behind),
        _ => false,
    };
    begins && tokens.lexeme(end + 1) == Some(Lexeme::LineEnd) && fits
}

/// Whether the token is a name and no operator that is used as one.
fn is_name(tokens: Tokens<'_>, index: usize) -> bool {
    let first = tokens.text(index).bytes().next();
    tokens.lexeme(index) == Some(Lexeme::Identifier) && first.is_some_and(|byte| byte.is_ascii_lowercase())
}
