//! Strings, charlists, heredocs, quoted names and sigils, and the holes in them.

use super::word::MAX_ATOM;
use super::{Lexeme, Result, Scanner, is_bidirectional};
use crate::quoted::unescape;

/// A text whose interpolation is being read.
pub(super) struct Text {
    /// What ends it.
    close: u8,
    heredoc: bool,
    interpolates: bool,
    kind: Kind,
    /// Where it was opened.
    start: usize,
    /// How much was open when the present interpolation began, and where.
    pub(super) base: usize,
    pub(super) hole: usize,
    /// What is wrong with the escapes so far.
    bad_escape: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A string or charlist: a colon makes it a keyword.
    Quoted,
    Atom,
    Name,
    Sigil,
}

impl Scanner<'_> {
    /// `"…"`, `'''…'''`; `prefix` is 1 for an atom's colon.
    pub(super) fn quoted(&mut self, start: usize, prefix: usize) -> Result<()> {
        let close = self.byte(prefix);
        let triple = prefix == 0 && self.byte(1) == close && self.byte(2) == close;
        let kind = if prefix == 1 { Kind::Atom } else { Kind::Quoted };
        self.open_text(start, prefix + if triple { 3 } else { 1 }, close, triple, true, kind)
    }

    /// `a."b c"()`
    pub(super) fn quoted_name(&mut self) -> Result<()> {
        let close = self.byte(0);
        self.open_text(self.at, 1, close, false, true, Kind::Name)
    }

    pub(super) fn sigil(&mut self) -> Result<()> {
        let start = self.at;
        let rest = &self.bytes[start + 1..];
        let raw = rest[0].is_ascii_uppercase();
        // Names of several letters exist since Elixir 1.15.
        let more = |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let name = if raw { 1 + rest[1..].iter().take_while(more).count() } else { 1 };
        let open = self.byte(1 + name);
        let triple = matches!(open, b'"' | b'\'') && self.byte(2 + name) == open && self.byte(3 + name) == open;
        let close = match open {
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b'<' => b'>',
            b'/' | b'|' | b'"' | b'\'' => open,
            _ => return self.fail(start, "a sigil needs one of / | \" ' ( [ { < after its name"),
        };
        if name > 1 {
            self.out.long_sigil.get_or_insert(start);
        }
        self.open_text(start, 1 + name + if triple { 3 } else { 1 }, close, triple, !raw, Kind::Sigil)
    }

    fn open_text(
        &mut self,
        start: usize,
        len: usize,
        close: u8,
        heredoc: bool,
        interpolates: bool,
        kind: Kind,
    ) -> Result<()> {
        self.push(Lexeme::TextOpen, len);
        if heredoc {
            let header = self.after_blanks(0);
            // The line end stays: the first line may be the last.
            if self.line_end_at(header) == 0 {
                return self.fail(start, "a heredoc begins on the line after its quotes");
            }
            self.at += header;
        }
        self.texts.push(Text { close, heredoc, interpolates, kind, start, base: 0, hole: 0, bad_escape: None });
        self.text()
    }

    /// Goes on in the innermost text, up to its end or its next hole.
    pub(super) fn text(&mut self) -> Result<()> {
        let Some(text) = self.texts.last() else { return Ok(()) };
        let (close, heredoc, interpolates) = (text.close, text.heredoc, text.interpolates);
        loop {
            let Some(byte) = self.bytes.get(self.at).copied() else {
                return self.fail(self.at, self.unclosed());
            };
            match byte {
                _ if byte == close && !heredoc => return self.close_text(1),
                b'\\' if self.byte(1) == close && heredoc && self.byte(2) == close && self.byte(3) == close => {
                    self.at += 4
                }
                b'\\' if self.line_end_at(1) > 0 => self.at += 1,
                b'\\' => self.escape(),
                b'#' if interpolates && self.byte(1) == b'{' => return self.open_hole(),
                b'\n' if heredoc => {
                    let next = self.after_blanks(1);
                    self.at += next;
                    if (0..3).all(|ahead| self.byte(ahead) == close) {
                        return self.close_text(3);
                    }
                }
                0x80.. => self.foreign_text()?,
                _ => self.at += 1,
            }
        }
    }

    /// A backslash takes the next character with it.
    fn escape(&mut self) {
        self.at += 1;
        if self.byte(0) == b'\\' {
            self.out.rare = true;
        }
        let next = self.source.get(self.at..).and_then(|rest| rest.chars().next());
        self.at += next.map_or(0, char::len_utf8);
    }

    fn foreign_text(&mut self) -> Result<()> {
        let char = self.source.get(self.at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
        if is_bidirectional(char) {
            return self.fail(self.at, "a bidirectional formatting character in a text: write it as an escape");
        }
        self.at += char.len_utf8();
        Ok(())
    }

    fn unclosed(&self) -> String {
        let start = self.texts.last().map_or(0, |text| text.start);
        let line = 1 + self.bytes[..start].iter().filter(|byte| **byte == b'\n').count();
        let opener: String = self.source[start..].chars().take_while(|char| !char.is_whitespace()).take(4).collect();
        format!("`{opener}` of line {line} is never closed")
    }

    fn open_hole(&mut self) -> Result<()> {
        let (base, hole) = (self.open.len(), self.at);
        self.check_escapes();
        if let Some(text) = self.texts.last_mut() {
            if text.kind == Kind::Name {
                return self.fail(hole, "a call's name cannot be interpolated");
            }
            (text.base, text.hole) = (base, hole);
        }
        self.push(Lexeme::HoleOpen, 2);
        Ok(())
    }

    fn close_text(&mut self, len: usize) -> Result<()> {
        self.check_escapes();
        let Some(text) = self.texts.pop() else { return Ok(()) };
        if let Some(why) = text.bad_escape {
            return self.fail(text.start, why);
        }
        let modifiers = || self.bytes[self.at + len..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let is_key = text.kind == Kind::Quoted && !text.heredoc && self.byte(len) == b':' && self.is_space(len + 1);
        if is_key || matches!(text.kind, Kind::Atom | Kind::Name) {
            self.check_quoted_atom(&text)?;
        }
        match text.kind {
            _ if is_key => self.push(Lexeme::TextCloseKey, len + 1),
            Kind::Sigil => self.push(Lexeme::TextClose, len + modifiers()),
            _ => self.push(Lexeme::TextClose, len),
        }
        Ok(())
    }

    /// The text since its opening, or since its last hole.
    fn piece(&self) -> &str {
        let start = self.out.tokens.last().map_or(0, |last| last.end as usize);
        self.source.get(start..self.at).unwrap_or_default()
    }

    /// Elixir reads the escapes of a text at its end, those of sigils and names never.
    fn check_escapes(&mut self) {
        let Some(why) = unescape(self.piece()).err() else { return };
        match self.texts.last_mut() {
            Some(text) if matches!(text.kind, Kind::Quoted | Kind::Atom) => {
                text.bad_escape = text.bad_escape.or(Some(why))
            }
            // The grammar sees an escape where none is.
            _ => self.out.rare = true,
        }
    }

    /// A quoted atom that ends here; one with interpolation is built at run time.
    fn check_quoted_atom(&self, text: &Text) -> Result<()> {
        let whole = self.out.tokens.last().is_some_and(|last| last.lexeme == Lexeme::TextOpen);
        let name = match text.kind {
            Kind::Name => self.piece().as_bytes().to_vec(),
            _ => unescape(self.piece()).unwrap_or_default(),
        };
        if whole && name.len() > MAX_ATOM {
            return self.too_long(text.start, &String::from_utf8_lossy(&name));
        }
        Ok(())
    }
}
