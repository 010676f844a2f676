//! Parts that the grammar does not see, and that are read on their own.

use super::{Graft, Hole, Tokens};
use crate::scan::{Lexeme, Operator};

/// The hole that the token at `index` opens.
pub(super) fn at(tokens: Tokens<'_>, index: usize) -> Option<Hole> {
    match tokens.all[index].lexeme {
        Lexeme::HoleOpen => several_expressions(tokens, index),
        Lexeme::Open if tokens.text(index) == "[" => keyword_access(tokens, index),
        Lexeme::DotCall => called_with_block(tokens, index),
        Lexeme::Percent => struct_of_field(tokens, index),
        _ => None,
    }
}

/// Holes inside each other; `all` is in the order of where they start.
pub(super) fn nested(all: Vec<Hole>) -> Vec<Hole> {
    let mut out: Vec<Hole> = Vec::new();
    for hole in all {
        match out.last_mut() {
            Some(outer) if hole.range.start < outer.range.end => outer.inner.push(hole),
            _ => out.push(hole),
        }
    }
    for hole in &mut out {
        hole.inner = nested(std::mem::take(&mut hole.inner));
    }
    out
}

/// `"#{a` newline `b}"`: the grammar knows one expression, and no line ends.
fn several_expressions(tokens: Tokens<'_>, open: usize) -> Option<Hole> {
    let close = tokens.partner(open)?;
    let mut index = open + 1;
    let mut separated = false;
    while index < close {
        separated |= matches!(tokens.lexeme(index), Some(Lexeme::LineEnd | Lexeme::Semicolon));
        // What is between a pair separates nothing here.
        index = tokens.partner(index).unwrap_or(index) + 1;
    }
    let range = tokens.range(open).end..tokens.range(close).start;
    separated.then(|| Hole { part: range.clone(), range, graft: Graft::Interpolation, inner: Vec::new() })
}

/// Whether a `[` takes a value apart instead of making a list.
pub(super) fn is_access(tokens: Tokens<'_>, open: usize) -> bool {
    open.checked_sub(1).is_some_and(|before| tokens.touch(before, open) && tokens.ends_value(before))
}

/// `x[a: 1]`
fn keyword_access(tokens: Tokens<'_>, open: usize) -> Option<Hole> {
    let first = (open + 1..).find(|index| tokens.lexeme(*index) != Some(Lexeme::LineEnd))?;
    let is_key = match tokens.lexeme(first)? {
        Lexeme::KeywordKey => true,
        Lexeme::TextOpen => tokens.partner(first).and_then(|end| tokens.lexeme(end)) == Some(Lexeme::TextCloseKey),
        _ => false,
    };
    if !is_key || !is_access(tokens, open) {
        return None;
    }
    let close = tokens.partner(open)?;
    let range = tokens.range(open).end..tokens.range(close).start;
    let part = tokens.range(open).start..tokens.range(close).end;
    Some(Hole { range, part, graft: Graft::Keywords, inner: Vec::new() })
}

/// `f.(x) do … end`: the grammar gives the block to calls of names only.
fn called_with_block(tokens: Tokens<'_>, dot: usize) -> Option<Hole> {
    let open = dot + 1;
    let close = tokens.partner(open)?;
    let next = close + 1 + usize::from(tokens.lexeme(close + 1) == Some(Lexeme::LineEnd));
    if tokens.lexeme(next) != Some(Lexeme::Do) || takes_the_block(tokens, dot) {
        return None;
    }
    let range = tokens.range(open).start..tokens.range(close).end;
    // The byte before the parenthesis is shown as a name.
    let part = range.start - 1..range.end;
    Some(Hole { range, part, graft: Graft::Arguments, inner: Vec::new() })
}

/// Whether a call without parentheses on the left takes the block: `if f.(x) do`.
fn takes_the_block(tokens: Tokens<'_>, dot: usize) -> bool {
    use Lexeme::{Do, Fn, HoleOpen, LineEnd, Open, Section, Semicolon};
    let mut at = operand_start(tokens, dot);
    while let Some(before) = at.checked_sub(1) {
        match tokens.lexeme(before) {
            Some(LineEnd | Semicolon | Open | HoleOpen | Do | Fn | Section | Lexeme::Operator(Operator::Arrow)) => {
                return false;
            }
            Some(Lexeme::Operator(_)) => {
                let line_end = before > 0 && tokens.lexeme(before - 1) == Some(LineEnd);
                let end = before - usize::from(line_end);
                let is_binary = end > 0 && tokens.ends_value(end - 1);
                at = if is_binary { operand_start(tokens, end) } else { before };
            }
            // Two values side by side are a call and its argument.
            _ => return true,
        }
    }
    false
}

/// Where the operand begins that ends before `end`: `a.b(c)[d]`.
fn operand_start(tokens: Tokens<'_>, end: usize) -> usize {
    let mut at = end;
    while let Some(before) = at.checked_sub(1) {
        let joined = at == end || tokens.touch(before, at) || tokens.lexeme(at) == Some(Lexeme::Dot);
        match tokens.lexeme(before) {
            Some(Lexeme::Dot | Lexeme::DotCall) => at = before,
            Some(Lexeme::Operator(Operator::At)) => at = before,
            _ if !joined || !tokens.ends_value(before) => break,
            _ => at = tokens.partner(before).unwrap_or(before),
        }
    }
    at
}

/// `%a.b{}`
fn struct_of_field(tokens: Tokens<'_>, percent: usize) -> Option<Hole> {
    let brace = (percent + 1..tokens.all.len()).find(|index| tokens.lexeme(*index) == Some(Lexeme::Open))?;
    let is_field = brace >= percent + 4
        && tokens.text(brace) == "{"
        && tokens.lexeme(brace - 1) == Some(Lexeme::Identifier)
        && (percent + 1..brace)
            .all(|index| matches!(tokens.lexeme(index), Some(Lexeme::Identifier | Lexeme::Alias | Lexeme::Dot)));
    let range = tokens.range(percent).end..tokens.range(brace).start;
    is_field.then(|| Hole { part: range.clone(), range, graft: Graft::Expression, inner: Vec::new() })
}
