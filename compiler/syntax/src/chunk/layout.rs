//! Chunks of a text that is not tokens, by its lines: damage is taken to end where
//! the next definition begins, or with the `end` below the first word.

use super::statements::{holds_definitions, only_chunk};
use crate::repair::Tokens;
use crate::scan::scan;
use std::ops::Range;

/// A line that is not blank.
struct Line<'a> {
    /// Where its first word begins.
    start: usize,
    indent: usize,
    /// Without the blanks around it.
    text: &'a str,
}

/// The chunks, in order, damaged ones among them.
pub(super) fn chunks(text: &str) -> Vec<Range<usize>> {
    let lines = lines(text);
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut index = 0;
    while index < lines.len() {
        let start = lines[index].start;
        let found = if lines[index].may_begin() { chunk(text, &lines[index..]) } else { None };
        out.extend(found.map(|end| start..end));
        let behind = found.map_or(0, |end| lines[index..].partition_point(|line| line.start < end));
        index += behind.max(1);
    }
    out
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut at = 0;
    let mut out = Vec::new();
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let indent = line.len() - line.trim_start().len();
        if !content.is_empty() {
            out.push(Line { start: at + indent, indent, text: content });
        }
        at += line.len();
    }
    out
}

impl Line<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    fn word(&self) -> &str {
        let is_word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '?' | '!');
        &self.text[..self.text.find(|char| !is_word(char)).unwrap_or(self.text.len())]
    }

    fn is_end(&self) -> bool {
        let rest = self.text.strip_prefix("end").map(str::trim_start);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    }

    /// Whether a chunk may begin here: a name at its start, inside something.
    fn may_begin(&self) -> bool {
        let reserved = ["do", "end", "fn", "after", "else", "catch", "rescue", "when", "and", "or", "in", "not"];
        let first = self.text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        first && self.indent > 0 && !reserved.contains(&self.word()) && !holds_definitions(self.word())
    }

    fn defines(&self) -> bool {
        self.word().starts_with("def") || self.word() == "test"
    }

    /// Whether the line may go on with what an earlier one began at its own depth.
    fn goes_on(&self) -> bool {
        let section = ["after", "else", "catch", "rescue", "do", "when"].contains(&self.word());
        section || self.text.starts_with([')', ']', '}', '|', '#'])
    }
}

/// Where the chunk ends that begins with the first line, if one does.
fn chunk(text: &str, lines: &[Line<'_>]) -> Option<usize> {
    let first = &lines[0];
    let closes = |line: &Line<'_>| line.is_end() && line.indent == first.indent;
    let beside = |line: &Line<'_>| line.indent <= first.indent && !line.goes_on();
    let near = 1 + lines[1..].iter().position(beside).unwrap_or(lines.len() - 1);
    let closed = lines.get(near).is_some_and(closes);
    let near = near + usize::from(closed);
    match intact(&text[first.start..lines[near - 1].end()]) {
        Some(Some(len)) => return Some(first.start + len),
        _ if !first.defines() => return None,
        None if closed => return Some(lines[near - 1].end()),
        Some(None) if !closed => return None,
        _ => {}
    }
    let sibling = |line: &Line<'_>| {
        let outer = line.indent < first.indent && (line.is_end() || holds_definitions(line.word()));
        outer || line.indent <= first.indent && (line.defines() || line.text.starts_with('@'))
    };
    let far = 1 + lines[1..].iter().position(|line| closes(line) || sibling(line)).unwrap_or(lines.len() - 1);
    let far = far + usize::from(lines.get(far).is_some_and(closes));
    let whole = &text[first.start..lines[far - 1].end()];
    Some(first.start + intact(whole).flatten().unwrap_or(whole.len()))
}

/// `None` if the text is not tokens; the end of the statement that could be a
/// chunk, if it is nothing else.
fn intact(text: &str) -> Option<Option<usize>> {
    let scanned = scan(text);
    scanned.error.is_none().then(|| Tokens::with(text, &scanned.tokens, only_chunk))
}
