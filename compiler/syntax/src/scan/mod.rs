//! Elixir's own tokens: a second reading of the text, beside the grammar's.
//!
//! The rules are those of `elixir_tokenizer.erl` and `elixir_interpolation.erl`
//! (Elixir 1.14). The grammar decides the tree; this decides where its tokens
//! must be, which places to repair before it reads them, and the error that
//! Elixir would give for a text that is not even tokens. Must never know
//! precedence or trees.

mod neighbours;
mod operator;
mod statements;
mod text;
mod word;

pub(crate) use neighbours::misplaced;
pub(crate) use operator::Operator;
pub(crate) use statements::fault;
use text::Text;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lexeme {
    /// A name of a variable or a call; an operator used as a name (`+/2`).
    Identifier,
    /// `Name`
    Alias,
    /// `name:` with the space after it, as in keywords.
    KeywordKey,
    /// `:name`
    Atom,
    /// A number or a character (`?a`).
    Literal,
    /// `true`, `false`, `nil`
    Constant,
    /// `do`
    Do,
    /// `fn`
    Fn,
    /// `end`
    End,
    /// `after`, `else`, `catch`, `rescue`
    Section,
    /// An operator, symbol or word.
    Operator(Operator),
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// One or more line ends; none follows `,` or `;`.
    LineEnd,
    /// `.` before a name
    Dot,
    /// `.` before `(`
    DotCall,
    /// `(`, `[`, `{`, `<<`
    Open,
    /// `)`, `]`, `}`, `>>`
    Close,
    /// `%`
    Percent,
    /// The opening of a string, charlist, quoted atom or sigil, name included.
    TextOpen,
    /// Its end; for sigils with the modifiers.
    TextClose,
    /// Its end when a colon makes it a keyword.
    TextCloseKey,
    /// `#{`
    HoleOpen,
    /// The `}` of a `#{`
    HoleClose,
}

/// One token; offsets in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub lexeme: Lexeme,
    pub start: u32,
    pub end: u32,
}

impl Token {
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Why the text is not tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScanError {
    /// Where Elixir says it is.
    pub at: usize,
    pub message: String,
}

/// The tokens up to the end or the first error, and that error.
#[derive(Debug, Default)]
pub(crate) struct Scanned {
    pub tokens: Vec<Token>,
    pub error: Option<ScanError>,
    /// A word that is not ASCII, a raw text with a doubled backslash, and the
    /// like: whether anything but plain tokens was seen, so that most files
    /// need no second look.
    pub rare: bool,
    /// The first sigil whose name has several letters (Elixir 1.15 and later).
    pub long_sigil: Option<usize>,
}

/// The token that is to blame when nothing fits from `at` on: the next, or the
/// comma before it, where only another keyword could have followed.
pub(crate) fn unexpected_from(tokens: &[Token], at: usize) -> Option<&Token> {
    use Lexeme::{Alias, Atom, Constant, Fn, Identifier, Literal, Open, Percent, TextOpen};
    let first = tokens.partition_point(|token| (token.start as usize) < at);
    let next = first + tokens[first..].iter().position(|token| token.lexeme != Lexeme::LineEnd)?;
    let comma = tokens[..next].last().filter(|before| before.lexeme == Lexeme::Comma);
    let begins_value =
        matches!(tokens[next].lexeme, Alias | Atom | Constant | Fn | Identifier | Literal | Open | Percent | TextOpen);
    comma.filter(|_| begins_value).or(tokens.get(next))
}

type Result<T> = std::result::Result<T, ScanError>;

/// Something open: what closes it, and where it began.
#[derive(Clone, Copy)]
struct Open {
    closer: Closer,
    at: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Closer {
    End,
    Symbol(u8),
}

struct Scanner<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    out: Scanned,
    open: Vec<Open>,
    texts: Vec<Text>,
}

/// Scans a whole text.
pub(crate) fn scan(source: &str) -> Scanned {
    let out = Scanned { tokens: Vec::with_capacity(source.len() / 4), ..Scanned::default() };
    let mut scanner = Scanner { source, bytes: source.as_bytes(), at: 0, out, open: Vec::new(), texts: Vec::new() };
    if let Err(error) = scanner.run() {
        scanner.out.error = Some(error);
    }
    scanner.out
}

impl Scanner<'_> {
    fn run(&mut self) -> Result<()> {
        while self.at < self.bytes.len() {
            self.token()?;
        }
        // What an interpolation left open is looked for first.
        let base = self.texts.last().map_or(0, |text| text.base);
        if let Some(open) = self.open.get(base..).and_then(<[Open]>::last) {
            return Err(self.missing(*open));
        }
        match self.texts.last() {
            Some(text) => self.fail(text.hole, "`#{` is opened here and never closed"),
            None => Ok(()),
        }
    }

    fn token(&mut self) -> Result<()> {
        let byte = self.byte(0);
        match byte {
            b' ' | b'\t' => self.at += 1,
            b'\n' => self.line_end(1),
            b'\r' if self.byte(1) == b'\n' => self.line_end(2),
            b'#' => return self.comment(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => return self.word(),
            b'0'..=b'9' => return self.number(),
            b'"' | b'\'' => return self.quoted(self.at, 0),
            b'~' if self.byte(1).is_ascii_alphabetic() => return self.sigil(),
            b'?' => return self.character(),
            b'\\' if self.line_end_at(1) > 0 => return self.continued_line(),
            b'<' if self.conflict_marker() => return self.fail(self.at, "a conflict marker: merge first"),
            _ => return self.symbol(),
        }
        Ok(())
    }

    /// The byte `ahead` of here; zero past the end.
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The length of a line end `ahead` of here, or 0.
    fn line_end_at(&self, ahead: usize) -> usize {
        match (self.byte(ahead), self.byte(ahead + 1)) {
            (b'\n', _) => 1,
            (b'\r', b'\n') => 2,
            _ => 0,
        }
    }

    fn is_space(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t' | b'\r' | b'\n')
    }

    /// What follows the blanks `ahead` of here.
    fn after_blanks(&self, ahead: usize) -> usize {
        let blanks = self.bytes.get(self.at + ahead..).unwrap_or_default();
        ahead + blanks.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    fn push(&mut self, lexeme: Lexeme, len: usize) {
        let start = self.at;
        self.at += len;
        self.out.tokens.push(Token { lexeme, start: start as u32, end: self.at as u32 });
    }

    /// The token before this one, within the same interpolation.
    fn previous(&self) -> Option<Lexeme> {
        self.out.tokens.last().map(|token| token.lexeme).filter(|lexeme| *lexeme != Lexeme::HoleOpen)
    }

    fn fail<T>(&self, at: usize, message: impl Into<String>) -> Result<T> {
        Err(ScanError { at, message: message.into() })
    }

    fn unexpected<T>(&self, len: usize) -> Result<T> {
        let end = (self.at + len..=self.bytes.len()).find(|end| self.source.is_char_boundary(*end));
        let text = self.source.get(self.at..end.unwrap_or(self.at)).unwrap_or_default();
        self.fail(self.at, format!("unexpected token `{}`", text.escape_debug()))
    }

    /// Several line ends are one, and none after `,` and `;`.
    fn line_end(&mut self, len: usize) {
        match self.out.tokens.last() {
            Some(last) if matches!(last.lexeme, Lexeme::LineEnd | Lexeme::Comma | Lexeme::Semicolon) => self.at += len,
            _ => self.push(Lexeme::LineEnd, len),
        }
    }

    fn continued_line(&mut self) -> Result<()> {
        let end = 1 + self.line_end_at(1);
        if self.at + end == self.bytes.len() {
            return self.fail(self.at, "`\\` at the end of the file");
        }
        self.at += end;
        Ok(())
    }

    fn comment(&mut self) -> Result<()> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let comment = self.source.get(self.at..self.at + len).unwrap_or_default();
        if !comment.is_ascii() && comment.contains(is_bidirectional) {
            return self.fail(self.at, "a bidirectional formatting character in a comment");
        }
        self.at += if len > 0 && rest[len - 1] == b'\r' && len < rest.len() { len - 1 } else { len };
        Ok(())
    }

    fn conflict_marker(&self) -> bool {
        let at_line_start = self.at == 0 || self.bytes[self.at - 1] == b'\n';
        at_line_start && self.bytes[self.at..].starts_with(b"<<<<<<<")
    }

    fn number(&mut self) -> Result<()> {
        let digits = |from: usize, accepts: fn(&u8) -> bool| {
            let rest = self.bytes.get(self.at + from..).unwrap_or_default();
            let in_number = |(n, byte): (usize, &u8)| {
                accepts(byte) || (*byte == b'_' && n > 0 && rest[n - 1] != b'_' && rest.get(n + 1).is_some_and(accepts))
            };
            from + rest.iter().enumerate().take_while(|pair| in_number(*pair)).count()
        };
        let based: Option<fn(&u8) -> bool> = match (self.byte(0), self.byte(1)) {
            (b'0', b'x') => Some(u8::is_ascii_hexdigit),
            (b'0', b'b') => Some(|byte| matches!(byte, b'0' | b'1')),
            (b'0', b'o') => Some(|byte| matches!(byte, b'0'..=b'7')),
            _ => None,
        };
        if let Some(end) = based.map(|accepts| digits(2, accepts)).filter(|end| *end > 2) {
            self.push(Lexeme::Literal, end);
            return Ok(());
        }
        let mut end = digits(0, u8::is_ascii_digit);
        let is_float = self.byte(end) == b'.' && self.byte(end + 1).is_ascii_digit();
        if is_float {
            end = digits(end + 1, u8::is_ascii_digit);
            let sign = usize::from(matches!(self.byte(end + 1), b'+' | b'-'));
            if matches!(self.byte(end), b'e' | b'E') && self.byte(end + 1 + sign).is_ascii_digit() {
                end = digits(end + 1 + sign, u8::is_ascii_digit);
            }
        }
        if matches!(self.byte(end), b'a'..=b'z' | b'A'..=b'Z' | b'_') {
            return self.fail(self.at, "a number that goes on with a letter");
        }
        let value = || self.source[self.at..self.at + end].replace('_', "").parse::<f64>();
        if is_float && value().is_ok_and(f64::is_infinite) {
            return self.fail(self.at, "a number beyond what a float can hold");
        }
        self.push(Lexeme::Literal, end);
        Ok(())
    }

    /// `?a`, `?\n`
    fn character(&mut self) -> Result<()> {
        let from = 1 + usize::from(self.byte(1) == b'\\' && self.at + 2 < self.bytes.len());
        match self.source.get(self.at + from..).and_then(|rest| rest.chars().next()) {
            Some(char) => {
                self.push(Lexeme::Literal, from + char.len_utf8());
                Ok(())
            }
            None => self.unexpected(1),
        }
    }

    /// An opening that something must close.
    fn opened(&mut self, closer: Closer) {
        self.open.push(Open { closer, at: self.at });
    }

    /// Closes what is open, or says what is wrong.
    fn closed(&mut self, closer: Closer) -> Result<()> {
        let base = self.texts.last().map_or(0, |text| text.base);
        match self.open.get(base..).and_then(<[Open]>::last).copied() {
            Some(open) if open.closer == closer => {
                self.open.pop();
                Ok(())
            }
            Some(open) => {
                let missing = self.missing(open).message;
                self.fail(self.at, format!("unexpected `{}`: {missing}", closer.text()))
            }
            None => self.fail(self.at, format!("unexpected `{}`: nothing is open", closer.text())),
        }
    }

    fn missing(&self, open: Open) -> ScanError {
        let line = 1 + self.bytes[..open.at].iter().filter(|byte| **byte == b'\n').count();
        let opener: String = match open.closer {
            Closer::End => self.source[open.at..].chars().take(2).collect(),
            Closer::Symbol(b'>') => "<<".into(),
            Closer::Symbol(_) => self.source[open.at..].chars().take(1).collect(),
        };
        let message = format!("`{opener}` of line {line} has no `{}`", open.closer.text());
        ScanError { at: self.bytes.len(), message }
    }
}

impl Closer {
    fn text(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Symbol(b')') => ")",
            Self::Symbol(b']') => "]",
            Self::Symbol(b'}') => "}",
            Self::Symbol(_) => ">>",
        }
    }
}

/// Characters that make text look otherwise than it reads (Trojan Source).
fn is_bidirectional(char: char) -> bool {
    matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
