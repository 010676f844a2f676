//! The grammar's tree as a green tree of the text that was written.

use crate::kinds::SyntaxKind;
use crate::parse::SyntaxError;
use crate::repair::{Graft, Hole, Patch, Repairs, regroup};
use rowan::{GreenNode, GreenNodeBuilder, TextRange, TextSize};
use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use tree_sitter::{Node, Tree, TreeCursor};

/// Parts that are read on their own hold such parts again; no program goes so deep.
const DEEPEST: usize = 64;

thread_local! {
    static PARSER: RefCell<Option<tree_sitter::Parser>> = const { RefCell::new(None) };
}

/// Parses `text` as the grammar reads it once it is repaired.
pub(crate) fn green(text: &str, repairs: &Repairs) -> (GreenNode, Vec<SyntaxError>) {
    let bytes = shown(text, &repairs.patches);
    let mut builder = Builder {
        text,
        shown: &bytes,
        kinds: repairs.patches.iter().filter_map(|patch| Some((patch.range.clone(), patch.kind?))).collect(),
        at: 0,
        green: GreenNodeBuilder::new(),
        errors: Vec::new(),
        depth: 0,
        open: Vec::new(),
        misplaced: Vec::new(),
    };
    builder.green.start_node(raw(SyntaxKind::SOURCE));
    builder.part(0..text.len(), &repairs.holes, None);
    builder.green.finish_node();
    (regroup::regroup(builder.green.finish(), &builder.misplaced), builder.errors)
}

/// The text with the patches in place.
pub(crate) fn shown<'a>(text: &'a str, patches: &[Patch]) -> Cow<'a, [u8]> {
    let mut bytes = Cow::Borrowed(text.as_bytes());
    // The grammar takes a zero for the end of the text.
    if text.contains('\0') {
        bytes.to_mut().iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b'x');
    }
    for patch in patches {
        let place = &mut bytes.to_mut()[patch.range.clone()];
        for (byte, with) in place.iter_mut().zip(patch.with.iter().cycle()) {
            *byte = *with;
        }
    }
    bytes
}

/// A part with its holes filled: as blanks between braces, as a name elsewhere.
/// The name before a block ends with `!`, so that it never runs into `do`.
pub(crate) fn with_holes<'a>(shown: &'a [u8], range: Range<usize>, holes: &[Hole]) -> Cow<'a, [u8]> {
    let mut bytes = Cow::Borrowed(&shown[range.clone()]);
    for hole in holes {
        let place = &mut bytes.to_mut()[hole.range.start - range.start..hole.range.end - range.start];
        place.fill(if hole.graft == Graft::Interpolation { b' ' } else { b'x' });
        if let (Graft::Arguments, Some(last)) = (hole.graft, place.last_mut()) {
            *last = b'!';
        }
    }
    bytes
}

fn raw(kind: SyntaxKind) -> rowan::SyntaxKind {
    rowan::SyntaxKind(kind as u16)
}

fn parse(bytes: &[u8]) -> Option<Tree> {
    PARSER.with_borrow_mut(|slot| slot.get_or_insert_with(parser).parse(bytes, None))
}

pub(crate) fn parser() -> tree_sitter::Parser {
    let mut parser = tree_sitter::Parser::new();
    // A refused language leaves the parser without one, and parse() then gives
    // no tree; `the_grammar_loads` tests that this does not happen.
    let _ = parser.set_language(&tree_sitter_elixir::LANGUAGE.into());
    parser
}

struct Builder<'a> {
    /// What was written.
    text: &'a str,
    /// What the grammar is shown, of the same length.
    shown: &'a [u8],
    /// The kinds of tokens that are shown as others, by place.
    kinds: Vec<(Range<usize>, SyntaxKind)>,
    /// All before is in the tree.
    at: usize,
    green: GreenNodeBuilder<'static>,
    errors: Vec<SyntaxError>,
    depth: usize,
    /// The kinds of the nodes that are open.
    open: Vec<SyntaxKind>,
    /// Operators that may stand in a wrong place.
    misplaced: Vec<u32>,
}

/// A part under way.
struct Part<'a> {
    /// Where the part's bytes begin in the text.
    origin: usize,
    /// Whether the grammar found an error in it.
    broken: bool,
    holes: &'a [Hole],
    /// Arguments to put after the dot whose name stands for them.
    after_dot: Option<&'a Hole>,
}

impl Builder<'_> {
    /// Parses a part on its own and puts it, or what a graft takes of it, here.
    fn part(&mut self, range: Range<usize>, holes: &[Hole], graft: Option<Graft>) {
        self.depth += 1;
        let mut bytes = with_holes(self.shown, range.clone(), holes);
        if graft == Some(Graft::Arguments) {
            bytes.to_mut()[0] = b'x';
        }
        let tree = parse(&bytes).filter(|_| self.depth < DEEPEST);
        let broken = tree.as_ref().is_some_and(|tree| tree.root_node().has_error());
        let mut part = Part { origin: range.start, broken, holes, after_dot: None };
        match &tree {
            Some(tree) => self.put(&mut part, tree, range.end, graft),
            None => self.error(range.start..range.end, "too deeply nested to be read".into()),
        }
        self.depth -= 1;
    }

    fn put(&mut self, part: &mut Part<'_>, tree: &Tree, end: usize, graft: Option<Graft>) {
        let root = tree.root_node();
        match graft {
            None | Some(Graft::Interpolation | Graft::Expression) => {
                self.note_error(part, root);
                self.children(part, &mut root.walk(), 0..usize::MAX);
                self.trivia_up_to(part, end);
            }
            Some(Graft::Keywords) => match root.named_child(0) {
                Some(list) if !root.has_error() => {
                    let between = 1..(list.child_count() as usize).saturating_sub(1);
                    self.children(part, &mut list.walk(), between);
                }
                _ => self.note_error(part, root),
            },
            Some(Graft::Arguments) => {
                let call = root.named_child(0);
                match call.and_then(|call| call.named_child(1)).filter(|_| !root.has_error()) {
                    Some(arguments) => self.subtree(part, &mut arguments.walk()),
                    None => self.note_error(part, root),
                }
            }
        }
    }

    /// The children of the cursor's node whose numbers are in `which`.
    fn children(&mut self, part: &mut Part<'_>, cursor: &mut TreeCursor<'_>, which: Range<usize>) {
        let mut more = cursor.goto_first_child();
        let mut index = 0;
        while more {
            if which.contains(&index) {
                self.subtree(part, cursor);
            }
            index += 1;
            more = cursor.goto_next_sibling();
        }
        cursor.goto_parent();
    }

    /// Walks with the cursor, not by recursion: nesting is the input's choice.
    fn subtree(&mut self, part: &mut Part<'_>, cursor: &mut TreeCursor<'_>) {
        let outside = self.open.len();
        loop {
            let node = cursor.node();
            self.trivia_up_to(part, part.origin + node.start_byte());
            if part.broken {
                self.note_error(part, node);
            }
            if cursor.goto_first_child() {
                let kind = SyntaxKind::of(&node);
                self.green.start_node(raw(kind));
                self.open.push(kind);
                continue;
            }
            self.leaf(part, node);
            loop {
                if self.open.len() == outside {
                    return;
                }
                if cursor.goto_next_sibling() {
                    break;
                }
                cursor.goto_parent();
                self.leave(part, cursor.node());
            }
        }
    }

    fn leave(&mut self, part: &mut Part<'_>, node: Node<'_>) {
        self.open.pop();
        match part.after_dot.take() {
            // The name that stood for the arguments was the last of the dot.
            Some(hole) => {
                self.green.finish_node();
                self.fill(hole);
            }
            None => {
                self.trivia_up_to(part, part.origin + node.end_byte());
                self.green.finish_node();
            }
        }
    }

    /// A named leaf such as `nil` or `(identifier)` is a node of one token, so
    /// that every expression is a node; an anonymous one is a token.
    fn leaf(&mut self, part: &mut Part<'_>, node: Node<'_>) {
        let start = part.origin + node.start_byte();
        let end = (part.origin + node.end_byte()).max(self.at);
        if let Some(hole) = hole_at(part.holes, start).filter(|hole| hole.range.end == end && !hole.range.is_empty()) {
            return match hole.graft {
                Graft::Arguments => part.after_dot = Some(hole),
                _ => self.fill(hole),
            };
        }
        let kind = self.patched(start).unwrap_or_else(|| SyntaxKind::of(&node));
        if regroup::may_be_misplaced(kind, &self.open) {
            self.misplaced.push(start as u32);
        }
        self.token(kind, end);
    }

    fn token(&mut self, kind: SyntaxKind, end: usize) {
        let text = self.text.get(self.at..end).unwrap_or_default();
        if kind.is_node() {
            self.green.start_node(raw(kind));
            self.green.token(raw(SyntaxKind::TEXT), text);
            self.green.finish_node();
        } else if !text.is_empty() {
            self.green.token(raw(kind), text);
        }
        self.at = end;
    }

    /// The kind of a token that the grammar is shown as another.
    fn patched(&self, start: usize) -> Option<SyntaxKind> {
        let index = self.kinds.binary_search_by_key(&start, |(range, _)| range.start).ok()?;
        Some(self.kinds[index].1)
    }

    /// Everything up to `end` that the grammar has no token for: layout, what
    /// was shown as a blank, and parts that stand where it saw only blanks.
    fn trivia_up_to(&mut self, part: &Part<'_>, end: usize) {
        while self.at < end && !(part.holes.is_empty() && self.kinds.is_empty()) {
            let hole = part.holes.iter().find(|hole| hole.range.start >= self.at && hole.range.start < end);
            let first = self.kinds.partition_point(|(range, _)| range.start < self.at);
            let patch = self.kinds.get(first).filter(|(range, _)| range.start < end).cloned();
            match (hole, patch) {
                (Some(hole), patch) if patch.as_ref().is_none_or(|(range, _)| hole.range.start < range.start) => {
                    self.blanks(hole.range.start);
                    self.fill(hole);
                }
                (_, Some((range, kind))) => {
                    self.blanks(range.start);
                    self.token(kind, range.end);
                }
                _ => break,
            }
        }
        self.blanks(end);
    }

    fn fill(&mut self, hole: &Hole) {
        self.part(hole.part.clone(), &hole.inner, Some(hole.graft));
        // Whatever the part left out stays in the tree.
        self.blanks(hole.range.end);
    }

    fn blanks(&mut self, end: usize) {
        if end <= self.at {
            return;
        }
        let end = (end..self.text.len()).find(|end| self.text.is_char_boundary(*end)).unwrap_or(self.text.len());
        if let Some(gap) = self.text.get(self.at..end).filter(|gap| !gap.is_empty()) {
            let blank = gap.chars().all(char::is_whitespace);
            self.green.token(raw(if blank { SyntaxKind::WHITESPACE } else { SyntaxKind::GAP }), gap);
        }
        self.at = self.at.max(end);
    }

    fn note_error(&mut self, part: &Part<'_>, node: Node<'_>) {
        if !node.is_error() && !node.is_missing() {
            return;
        }
        let message = if node.is_missing() { format!("expected `{}`", node.kind()) } else { "syntax error".to_owned() };
        self.error(part.origin + node.start_byte()..part.origin + node.end_byte(), message);
    }

    fn error(&mut self, range: Range<usize>, message: String) {
        let offset = |byte: usize| TextSize::from(byte as u32);
        self.errors.push(SyntaxError { range: TextRange::new(offset(range.start), offset(range.end)), message });
    }
}

fn hole_at(holes: &[Hole], start: usize) -> Option<&Hole> {
    holes.binary_search_by_key(&start, |hole| hole.range.start).ok().map(|index| &holes[index])
}
