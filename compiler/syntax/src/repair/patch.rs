//! Tokens that the grammar is shown otherwise.

use super::{Patch, Tokens};
use crate::kinds::SyntaxKind;
use crate::quoted::unescape;
use crate::scan::{Lexeme, Operator};

/// Adds what the token at `index` needs.
pub(super) fn at(tokens: Tokens<'_>, index: usize, rare: bool, out: &mut Vec<Patch>) {
    let patch = match tokens.all[index].lexeme {
        Lexeme::Identifier => name(tokens, index, rare),
        Lexeme::Alias | Lexeme::Atom | Lexeme::KeywordKey if rare => foreign_name(tokens, index),
        Lexeme::Operator(Operator::Range) => range_after_name(tokens, index),
        Lexeme::Open | Lexeme::Operator(Operator::Dual) => value_on_new_line(tokens, index),
        Lexeme::Comma => trailing_comma_of_access(tokens, index),
        Lexeme::Semicolon => idle_semicolon(tokens, index),
        Lexeme::TextOpen if rare => return uninterpreted(tokens, index, out),
        _ => None,
    };
    out.extend(patch);
}

fn name(tokens: Tokens<'_>, index: usize, rare: bool) -> Option<Patch> {
    let text = tokens.text(index);
    if rare && text == "..//" {
        let kind = Some(SyntaxKind::OPERATOR_IDENTIFIER);
        return Some(Patch { range: tokens.range(index), with: b"x", kind });
    }
    let glued = || ["in", "and", "or", "when", "not"].iter().any(|word| text.starts_with(word));
    if index > 0 && glued() && tokens.on_new_line(index) {
        // A name on a new line whose first letters are a word operator: the
        // grammar takes them for one. Any other letter will do.
        let start = tokens.range(index).start;
        return Some(Patch { range: start..start + 1, with: b"x", kind: None });
    }
    if rare { foreign_name(tokens, index) } else { None }
}

/// The grammar knows too few letters.
fn foreign_name(tokens: Tokens<'_>, index: usize) -> Option<Patch> {
    let (text, range) = (tokens.text(index), tokens.range(index));
    let letters = text.trim_start_matches(':').trim_end_matches([':', '?', '!']);
    if letters.is_ascii() {
        return None;
    }
    let start = range.start + usize::from(text.starts_with(':'));
    let upper = tokens.lexeme(index) == Some(Lexeme::Alias);
    Some(Patch { range: start..start + letters.len(), with: if upper { b"X" } else { b"x" }, kind: None })
}

/// `x..-1`: the grammar sees a call of `x` with `.. - 1`. `<>` binds alike.
fn range_after_name(tokens: Tokens<'_>, index: usize) -> Option<Patch> {
    let before = index.checked_sub(1)?;
    let is_name = tokens.lexeme(before) == Some(Lexeme::Identifier) && !tokens.text(before).starts_with("..");
    is_name.then(|| Patch { range: tokens.range(index), with: b"<>", kind: Some(SyntaxKind::T_DOT_DOT) })
}

/// `f(2)` newline `(d) -> …`: the grammar may go on with the call, or take the
/// value apart; `b; a` newline `-1 -> …`: it may subtract. A semicolon in place of the
/// line end is the same to Elixir.
fn value_on_new_line(tokens: Tokens<'_>, index: usize) -> Option<Patch> {
    let line_end = index.checked_sub(1)?;
    let after = line_end.checked_sub(1)?;
    let goes_on = tokens.ends_value(after) || tokens.lexeme(after) == Some(Lexeme::Section);
    let may_go_on = matches!(tokens.text(index), "(" | "[" | "+" | "-") && goes_on;
    if !may_go_on || tokens.lexeme(line_end) != Some(Lexeme::LineEnd) {
        return None;
    }
    // Behind a comment it would be part of that.
    let (bracket, first) = (tokens.range(index).start, tokens.range(line_end).start);
    let blank_before = bracket > 0 && matches!(tokens.source.as_bytes()[bracket - 1], b' ' | b'\t');
    let commented = tokens.source.get(tokens.range(after).end..first).is_some_and(|gap| gap.contains('#'));
    let at = if blank_before { bracket - 1 } else { first };
    (blank_before || !commented).then(|| Patch { range: at..at + 1, with: b";", kind: Some(SyntaxKind::WHITESPACE) })
}

/// `x[1,]`
fn trailing_comma_of_access(tokens: Tokens<'_>, index: usize) -> Option<Patch> {
    if tokens.text(index + 1) != "]" {
        return None;
    }
    super::hole::is_access(tokens, tokens.partner(index + 1)?).then(|| Patch {
        range: tokens.range(index),
        with: b" ",
        kind: Some(SyntaxKind::T_COMMA),
    })
}

/// `fn x ->` newline `; end`, and `fn x -> x;` newline `end`
fn idle_semicolon(tokens: Tokens<'_>, index: usize) -> Option<Patch> {
    let before = |back: usize| index.checked_sub(back).and_then(|at| tokens.lexeme(at));
    let after_arrow = before(1) == Some(Lexeme::LineEnd) && before(2) == Some(Lexeme::Operator(Operator::Arrow));
    let before_end = tokens.lexeme(index + 1) == Some(Lexeme::End);
    (after_arrow || before_end).then(|| Patch {
        range: tokens.range(index),
        with: b" ",
        kind: Some(SyntaxKind::T_SEMICOLON),
    })
}

/// `~S[:\\]`: two backslashes are two characters, and the delimiter is not escaped.
/// `~s(\u{)`, `a."\u{"`: what is no escape stays as it is.
fn uninterpreted(tokens: Tokens<'_>, index: usize, out: &mut Vec<Patch>) {
    let name = tokens.text(index).strip_prefix('~');
    let is_raw = name.is_some_and(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    let after_dot = index.checked_sub(1).and_then(|before| tokens.lexeme(before)) == Some(Lexeme::Dot);
    if name.is_none() && !after_dot {
        return;
    }
    let (start, end) = (tokens.range(index).end, tokens.range(index + 1).start);
    let content = tokens.source.get(start..end).unwrap_or_default();
    // What is rare may stand elsewhere; whether an escape is one depends on it alone.
    if !is_raw && unescape(content).is_ok() {
        return;
    }
    let content = content.as_bytes();
    let mut at = 0;
    while at + 1 < content.len() {
        let misleads = if is_raw { content[at + 1] == b'\\' } else { matches!(content[at + 1], b'u' | b'x') };
        if content[at] == b'\\' && misleads {
            out.push(Patch { range: start + at..start + at + 2, with: b"x", kind: None });
        }
        at += if content[at] == b'\\' { 2 } else { 1 };
    }
}
