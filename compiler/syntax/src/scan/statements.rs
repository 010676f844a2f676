//! The lines of a block: where Elixir gives up on one that is neither an
//! expression nor a clause.
//!
//! `a, b` may begin a clause `a, b -> c`, so Elixir reads on to the end of the line
//! before it says that something is missing, where the grammar stops at the comma.

use super::{Lexeme, Operator, Token};
use std::mem::take;

/// A line that cannot be, by numbers of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The token that Elixir names.
    pub blamed: usize,
    /// Where it notices: what is wrong before that comes first.
    pub noticed: usize,
    /// The first comma, at which the grammar may have stopped.
    pub comma: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Do,
    Fn,
    /// Brackets, texts and their holes: not looked into.
    Other,
}

/// The line so far.
#[derive(Clone, Copy, Default)]
struct Line {
    last: Option<Token>,
    /// The first comma before any call.
    comma: Option<usize>,
    /// Whether some name may have arguments without parentheses.
    call: bool,
    arrow: bool,
}

struct Block {
    kind: Kind,
    opener: usize,
    line: Line,
    has_clauses: bool,
}

impl Block {
    fn new(kind: Kind, opener: usize) -> Self {
        Self { kind, opener, line: Line::default(), has_clauses: false }
    }

    /// Ends the line at the token `at`.
    fn end_line(&mut self, at: usize) -> Option<Fault> {
        let comma = Some(take(&mut self.line).comma?);
        Some(Fault { blamed: at, noticed: at, comma })
    }

    /// Ends the block at its `end`.
    fn end(&mut self, at: usize) -> Option<Fault> {
        let is_bare = self.kind == Kind::Fn && !self.has_clauses;
        self.end_line(at).or(is_bare.then_some(Fault { blamed: self.opener, noticed: at, comma: None }))
    }

    fn arrow(&mut self, at: usize) -> Option<Fault> {
        self.has_clauses = true;
        if self.line.arrow {
            return Some(Fault { blamed: at, noticed: at, comma: self.line.comma });
        }
        self.line = Line { arrow: true, ..Line::default() };
        None
    }

    /// A comma between arguments of the line's call says nothing. Behind an arrow is no
    /// second clause that another could belong to; nor has a call a second one behind it.
    fn comma(&mut self, at: usize) -> Option<Fault> {
        let comma = self.line.comma;
        if !self.line.call {
            self.line.comma = comma.or(Some(at));
        }
        let is_wrong = if self.line.call { comma.is_some() } else { self.line.arrow };
        is_wrong.then_some(Fault { blamed: at, noticed: at, comma })
    }
}

/// The first line of the blocks of a text that cannot be.
pub(crate) fn fault(tokens: &[Token]) -> Option<Fault> {
    let mut blocks: Vec<Block> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        use Lexeme::{
            Close, Comma, Do, End, Fn, HoleClose, HoleOpen, Open, Section, TextClose, TextCloseKey, TextOpen,
        };
        if let Some(block) = blocks.last_mut().filter(|block| block.kind != Kind::Other) {
            block.line.call |= block.line.last.is_some_and(|last| may_take(last, *token, tokens.get(at + 1)));
            let fault = match token.lexeme {
                Lexeme::Operator(Operator::Arrow) => block.arrow(at),
                Comma => block.comma(at),
                Do if !block.line.call => block.end_line(at),
                Lexeme::LineEnd if goes_on(block.line, tokens.get(at + 1)) => continue,
                Lexeme::LineEnd | Lexeme::Semicolon | Section => block.end_line(at),
                End => block.end(at),
                _ => None,
            };
            if fault.is_some() {
                return fault;
            }
            if !matches!(token.lexeme, Lexeme::LineEnd | Lexeme::Semicolon | Section) {
                block.line.last = Some(*token);
            }
        }
        match token.lexeme {
            Do => blocks.push(Block::new(Kind::Do, at)),
            Fn => blocks.push(Block::new(Kind::Fn, at)),
            Open | TextOpen | HoleOpen => blocks.push(Block::new(Kind::Other, at)),
            End | Close | TextClose | TextCloseKey | HoleClose => {
                blocks.pop();
                if let Some(around) = blocks.last_mut() {
                    around.line.last = Some(*token);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether the line goes on behind a line end.
fn goes_on(line: Line, next: Option<&Token>) -> bool {
    let waits = |token: Token| matches!(token.lexeme, Lexeme::Operator(_) | Lexeme::KeywordKey | Lexeme::TextCloseKey);
    let joins = |token: &Token| {
        use Operator::{At, Capture, Dual, Unary};
        matches!(token.lexeme, Lexeme::Operator(operator) if !matches!(operator, At | Capture | Dual | Unary))
    };
    line.last.is_none_or(waits) || next.is_some_and(joins)
}

/// Whether `right` may be an argument of the name `left`.
fn may_take(left: Token, right: Token, next: Option<&Token>) -> bool {
    use Lexeme::{Alias, Atom, Constant, Fn, Identifier, KeywordKey, Literal, Open, Percent, TextOpen};
    let apart = left.end < right.start;
    let is_name = matches!(left.lexeme, Identifier | Lexeme::TextClose);
    is_name
        && match right.lexeme {
            Alias | Atom | Constant | Fn | Identifier | KeywordKey | Literal | Percent | TextOpen => true,
            Open => apart,
            Lexeme::Operator(Operator::Dual) => apart && next.is_some_and(|next| next.start == right.end),
            Lexeme::Operator(operator) => {
                matches!(operator, Operator::At | Operator::Capture | Operator::Range | Operator::Unary)
            }
            _ => false,
        }
}
