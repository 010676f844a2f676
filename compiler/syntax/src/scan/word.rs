//! Names: `name`, `Name`, `name?`, `name:`, reserved words, and names in other scripts.

use super::{Closer, Lexeme, Result, Scanner};
use unicode_script::{Script, UnicodeScript};
use unicode_security::mixed_script::{AugmentedScriptSet, MixedScript};

/// The most characters that a name can have. Of a quoted atom, Elixir counts bytes.
pub(super) const MAX_ATOM: usize = 255;

/// What `String.Tokenizer` says of a name.
struct Word {
    len: usize,
    upper: bool,
    ascii: bool,
    at_sign: bool,
    punctuation: bool,
}

impl Scanner<'_> {
    pub(super) fn word(&mut self) -> Result<()> {
        let word = self.read_word(0)?;
        let text = &self.source[self.at..self.at + word.len];
        if self.byte(word.len) == b':' && self.byte(word.len + 1) != b':' {
            if self.is_space(word.len + 1) {
                self.push(Lexeme::KeywordKey, word.len + 1);
                return Ok(());
            }
            if self.at + word.len + 1 < self.bytes.len() {
                return self.fail(self.at, format!("a space is missing after `{text}:`"));
            }
        } else if self.previous() != Some(Lexeme::Dot) && self.reserved(text)? {
            return Ok(());
        }
        if word.at_sign {
            return self.fail(self.at, format!("`@` inside the name `{text}`"));
        }
        if matches!(text, "__aliases__" | "__block__") {
            return self.fail(self.at, format!("`{text}` is a reserved name"));
        }
        if word.upper && (!word.ascii || word.punctuation) {
            return self.fail(self.at, format!("the alias `{text}` may only have ASCII letters, digits and `_`"));
        }
        self.push(if word.upper { Lexeme::Alias } else { Lexeme::Identifier }, word.len);
        Ok(())
    }

    /// The length of the name after a colon.
    pub(super) fn atom_word(&mut self) -> Result<usize> {
        match self.byte(1) {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => Ok(self.read_word(1)?.len),
            _ => self.unexpected(1),
        }
    }

    fn read_word(&mut self, from: usize) -> Result<Word> {
        let rest = &self.bytes[self.at + from..];
        let mut word =
            Word { len: 0, upper: rest[0].is_ascii_uppercase(), ascii: true, at_sign: false, punctuation: false };
        loop {
            match rest.get(word.len) {
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_') => word.len += 1,
                Some(b'@') if word.len > 0 => {
                    word.at_sign = true;
                    word.len += 1;
                }
                Some(b'!' | b'?') if word.len > 0 => {
                    word.punctuation = true;
                    word.len += 1;
                    break;
                }
                Some(0x80..) => self.foreign(from, &mut word)?,
                _ => break,
            }
        }
        if !word.ascii {
            self.out.rare = true;
            self.check_script(from, &word)?;
        }
        let name = &self.source[self.at + from..self.at + from + word.len];
        if word.len > MAX_ATOM && name.chars().count() > MAX_ATOM {
            return self.too_long(self.at, name);
        }
        Ok(word)
    }

    /// Every name becomes an atom.
    pub(super) fn too_long<T>(&self, at: usize, name: &str) -> Result<T> {
        let start: String = name.chars().take(20).collect();
        self.fail(at, format!("the atom `{start}…` is too long: at most {MAX_ATOM} characters, quoted bytes"))
    }

    /// One character that is not ASCII.
    fn foreign(&self, from: usize, word: &mut Word) -> Result<()> {
        let rest = &self.source[self.at + from + word.len..];
        let Some(char) = rest.chars().next() else { return self.unexpected(1) };
        let fits = if word.len == 0 { unicode_ident::is_xid_start(char) } else { unicode_ident::is_xid_continue(char) };
        if !fits {
            let at = self.at + from + word.len;
            return self.fail(at, format!("unexpected token `{}`", char.escape_unicode()));
        }
        if word.len == 0 {
            word.upper = char.is_uppercase();
        }
        word.ascii = false;
        word.len += char.len_utf8();
        Ok(())
    }

    /// A name keeps to one script, or to Latin beside one of Chinese, Japanese or
    /// Korean (UTS 39, highly restrictive): the others look alike too easily.
    fn check_script(&self, from: usize, word: &Word) -> Result<()> {
        let text = &self.source[self.at + from..self.at + from + word.len];
        // The micro sign goes with every script, and so does what it stands for.
        let text = text.replace(['\u{b5}', '\u{3bc}'], "");
        let is_latin = |char: &char| char.script() == Script::Latin;
        let others = text.chars().filter(|char| !is_latin(char)).map(AugmentedScriptSet::for_char);
        let others = others.fold(AugmentedScriptSet::default(), |mut all, one| {
            all.intersect_with(one);
            all
        });
        if text.is_single_script() || others.hanb || others.jpan || others.kore {
            return Ok(());
        }
        self.fail(self.at, format!("the name `{text}` mixes scripts"))
    }

    /// Pushes a reserved word; whether it was one.
    fn reserved(&mut self, text: &str) -> Result<bool> {
        let len = text.len();
        match text {
            "true" | "false" | "nil" => self.push(Lexeme::Constant, len),
            "not" | "and" | "or" | "when" | "in" => self.word_operator(len),
            "after" | "else" | "catch" | "rescue" => self.push(Lexeme::Section, len),
            "fn" => {
                self.opened(Closer::End);
                self.push(Lexeme::Fn, len);
            }
            "do" => {
                if matches!(self.previous(), Some(Lexeme::Comma | Lexeme::Semicolon | Lexeme::Fn)) {
                    return self.fail(self.at, "unexpected `do`");
                }
                self.opened(Closer::End);
                self.push(Lexeme::Do, len);
            }
            "end" => {
                self.closed(Closer::End)?;
                self.push(Lexeme::End, len);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
