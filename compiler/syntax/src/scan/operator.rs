//! Operators, punctuation and what is written with them: `+`, `:+`, `+:`, `.+`.

use super::{Closer, Lexeme, Result, Scanner};

/// The classes of operators that something here asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `..`
    Range,
    /// `//`
    Step,
    /// `&`
    Capture,
    /// `@`
    At,
    /// `+`, `-`
    Dual,
    /// `!`, `^`, `not`, `~~~`
    Unary,
    /// `->`
    Arrow,
    /// `=>`
    Association,
    /// `|`
    Pipe,
    /// `in`
    In,
    /// Any other operator between two operands.
    Binary,
}

const THREE: [&[u8]; 16] = [
    b"~~~", b"===", b"!==", b"&&&", b"|||", b"^^^", b"+++", b"---", b"<<<", b">>>", b"~>>", b"<<~", b"<~>", b"<|>",
    b"...", b"...",
];
const TWO: [&[u8]; 20] = [
    b"//", b"**", b"..", b"++", b"--", b"<>", b"|>", b"~>", b"<~", b"==", b"=~", b"!=", b"<=", b">=", b"&&", b"||",
    b"<-", b"\\\\", b"::", b"->",
];
/// Names that are no operators, but may be atoms and keys.
const CONTAINERS: [&[u8]; 6] = [b"...", b"<<>>", b"%{}", b"{}", b"..//", b"%"];

impl Operator {
    fn of(text: &[u8]) -> Self {
        match text {
            b".." => Self::Range,
            b"//" => Self::Step,
            b"&" => Self::Capture,
            b"@" => Self::At,
            b"+" | b"-" => Self::Dual,
            b"!" | b"^" | b"~~~" | b"not" => Self::Unary,
            b"->" => Self::Arrow,
            b"=>" => Self::Association,
            b"|" => Self::Pipe,
            b"in" => Self::In,
            _ => Self::Binary,
        }
    }
}

impl Scanner<'_> {
    /// The longest operator at `from`, as Elixir looks for it.
    fn operator_at(&self, from: usize) -> usize {
        let rest = self.bytes.get(self.at + from..).unwrap_or_default();
        let longest = |table: &[&[u8]]| table.iter().any(|operator| rest.starts_with(operator));
        match rest.first() {
            Some(b'~' | b'=' | b'!' | b'&' | b'|' | b'^' | b'+' | b'-' | b'<' | b'>' | b'.') if longest(&THREE) => 3,
            Some(_) if longest(&TWO) => 2,
            Some(b'@' | b'!' | b'^' | b'&' | b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'|') => 1,
            _ => 0,
        }
    }

    /// Whatever is not a word, a number or a text.
    pub(super) fn symbol(&mut self) -> Result<()> {
        if let Some(len) = self.container_key() {
            self.push(Lexeme::KeywordKey, len);
            return Ok(());
        }
        let operator = self.operator_at(0);
        let rest = &self.bytes[self.at..];
        match self.byte(0) {
            b':' if self.byte(1) != b':' || self.byte(2) == b':' => return self.atom(),
            b'.' if rest.starts_with(b"..//") => return self.step_name(),
            b'.' if rest.starts_with(b"...") => self.push(Lexeme::Identifier, 3),
            b'.' if operator == 0 => return self.dot(),
            b'=' if self.byte(1) == b'>' => self.push(Lexeme::Operator(Operator::Association), 2),
            b'<' | b'>' if operator != 3 && self.byte(1) == self.byte(0) => return self.bracket(2),
            b'(' | b')' | b'[' | b']' | b'{' | b'}' => return self.bracket(1),
            b',' => self.push(Lexeme::Comma, 1),
            b';' if self.previous() == Some(Lexeme::Semicolon) => return self.unexpected(1),
            b';' => self.push(Lexeme::Semicolon, 1),
            b'%' if matches!(self.byte(1), b'(' | b'[') => return self.fail(self.at, "a map needs `%{`"),
            b'%' => self.push(Lexeme::Percent, 1),
            _ if operator > 0 => self.operator(operator),
            _ => return self.unexpected(1),
        }
        Ok(())
    }

    /// `{}: …`, `%: …`
    fn container_key(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        if rest[0] == b'.' && self.byte(1) == b':' && self.is_space(2) {
            return Some(2);
        }
        let is_key =
            |name: &&[u8]| rest.starts_with(name) && self.byte(name.len()) == b':' && self.is_space(name.len() + 1);
        CONTAINERS.iter().copied().find(|name| is_key(name)).map(|name| name.len() + 1)
    }

    fn operator(&mut self, len: usize) {
        if self.byte(len) == b':' && self.is_space(len + 1) {
            return self.push(Lexeme::KeywordKey, len + 1);
        }
        let operator = Operator::of(&self.bytes[self.at..self.at + len]);
        let slash = self.after_blanks(len);
        // `+/2` names the operator; `& //2` captures a step.
        let is_name = self.byte(slash) == b'/'
            && operator != Operator::Step
            && (operator != Operator::Capture || self.byte(self.after_blanks(slash + 1)) != b'/');
        let lexeme = if is_name { Lexeme::Identifier } else { Lexeme::Operator(operator) };
        self.push(lexeme, len);
    }

    /// A word that is an operator: `and`, `in`, `when`.
    pub(super) fn word_operator(&mut self, len: usize) {
        let operator = Operator::of(&self.bytes[self.at..self.at + len]);
        let is_name = self.byte(self.after_blanks(len)) == b'/';
        self.push(if is_name { Lexeme::Identifier } else { Lexeme::Operator(operator) }, len);
    }

    /// `..//3`: the name of the operator of three operands.
    fn step_name(&mut self) -> Result<()> {
        if self.byte(self.after_blanks(4)) != b'/' {
            return self.unexpected(4);
        }
        self.out.rare = true;
        self.push(Lexeme::Identifier, 4);
        Ok(())
    }

    fn bracket(&mut self, len: usize) -> Result<()> {
        let (opens, closer) = match self.byte(0) {
            b'(' => (true, b')'),
            b'[' => (true, b']'),
            b'{' => (true, b'}'),
            b'<' => (true, b'>'),
            byte => (false, byte),
        };
        if opens {
            if closer == b')' && self.previous() == Some(Lexeme::Alias) {
                return self.fail(self.at, "unexpected `(` after an alias");
            }
            self.opened(Closer::Symbol(closer));
            self.push(Lexeme::Open, len);
            return Ok(());
        }
        if closer == b'}' && self.texts.last().is_some_and(|text| text.base == self.open.len()) {
            self.push(Lexeme::HoleClose, len);
            return self.text();
        }
        self.closed(Closer::Symbol(closer))?;
        self.push(Lexeme::Close, len);
        Ok(())
    }

    fn atom(&mut self) -> Result<()> {
        if matches!(self.byte(1), b'"' | b'\'') {
            return self.quoted(self.at, 1);
        }
        let rest = &self.bytes[self.at + 1..];
        let container = CONTAINERS.iter().find(|name| rest.starts_with(name)).map_or(0, |name| name.len());
        let operator = match self.operator_at(1) {
            2 if rest.starts_with(b"//") => 1,
            0 if rest.first() == Some(&b'.') => 1,
            len => len,
        };
        let len = match container.max(operator) {
            0 => self.atom_word()?,
            len => len,
        };
        self.push(Lexeme::Atom, 1 + len);
        Ok(())
    }

    /// After a dot, blanks, line ends and comments may come; then any name.
    fn dot(&mut self) -> Result<()> {
        let dot = self.out.tokens.len();
        self.push(Lexeme::Dot, 1);
        loop {
            match self.byte(0) {
                b' ' | b'\t' => self.at += 1,
                b'#' => self.comment()?,
                _ if self.line_end_at(0) > 0 => self.at += self.line_end_at(0),
                _ => break,
            }
        }
        match self.byte(0) {
            b'(' => self.out.tokens[dot].lexeme = Lexeme::DotCall,
            b'"' | b'\'' => return self.quoted_name(),
            _ => {
                let len = self.operator_at(0);
                let is_name =
                    len > 0 && !self.bytes[self.at..].starts_with(b"->") && !self.bytes[self.at..].starts_with(b"...");
                if is_name {
                    let step = self.bytes[self.at..].starts_with(b"//");
                    self.push(Lexeme::Identifier, if step { 1 } else { len });
                }
            }
        }
        Ok(())
    }
}
