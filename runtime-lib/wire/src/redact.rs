//! Which names say that what they name is a secret.
//!
//! A name is an atom, a text, or a variable of the source. Names are compared
//! without case and without `_`, `-` and spaces: `api_key`, `apiKey` and `API-Key`
//! are one name. A pattern is such a name, with `*` at its beginning, its end or
//! both for anything that may stand there.
//!
//! What keeps values out of a recording must be one and the same for the compiler,
//! which sees variables, and for the capture path, which sees the keys of terms.

use std::fmt;
use std::ops::Range;

/// What is secret unless somebody says otherwise.
pub const DEFAULTS: [&str; 16] = [
    "*password*",
    "*passwd*",
    "*passphrase*",
    "*secret*",
    "*token",
    "*api_key",
    "*access_key",
    "*private_key",
    "*authorization",
    "*cookie",
    "*cookies",
    "*credential*",
    "*credit_card*",
    "*card_number",
    "cvv",
    "ssn",
];

/// The atom that a probe is passed in place of a secret, as the source has it.
pub const ATOM: &str = ":scope_redacted";

/// Longer names are not looked at: atoms have 255 characters at most, and no text
/// of this length is meant as a name.
pub const MAX_NAME: usize = 255;

/// A set of patterns.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretNames {
    /// In the order of their first bytes, and without equal ones.
    patterns: Vec<Pattern>,
    /// The patterns that begin with a byte.
    by_first: Box<[Range<u16>; 256]>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    text: Vec<u8>,
    from_start: bool,
    to_end: bool,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing but signs that do not count.
    #[error("`{0}` names nothing; write a name, as in api_key or *_token")]
    Empty(String),
    /// A `*` between letters.
    #[error("`{0}` has a `*` inside; it may stand first, last, or both")]
    Inside(String),
    /// Longer than [`MAX_NAME`], or more of them than are counted.
    #[error("`{0}` is too long for a name, or one pattern too many")]
    TooMany(String),
}

impl Default for SecretNames {
    /// The names in [`DEFAULTS`].
    fn default() -> Self {
        Self::none().with(DEFAULTS).unwrap_or_else(|_| Self::none())
    }
}

impl fmt::Debug for SecretNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.patterns.iter().map(Pattern::to_text)).finish()
    }
}

impl SecretNames {
    /// Nothing is secret.
    pub fn none() -> Self {
        Self { patterns: Vec::new(), by_first: Box::new([const { 0..0 }; 256]) }
    }

    /// These, and `more`.
    ///
    /// # Errors
    /// When a text is no pattern.
    pub fn with<'a>(mut self, more: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternError> {
        for text in more {
            let pattern = Pattern::read(text)?;
            if self.patterns.len() >= usize::from(u16::MAX) {
                return Err(PatternError::TooMany(text.to_owned()));
            }
            self.patterns.push(pattern);
        }
        self.patterns.sort();
        self.patterns.dedup();
        for (byte, range) in self.by_first.iter_mut().enumerate() {
            let place = |least: usize| self.patterns.partition_point(|one| usize::from(one.text[0]) < least) as u16;
            *range = place(byte)..place(byte + 1);
        }
        Ok(self)
    }

    /// Whether nothing is secret.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a value of this name is secret. Allocates nothing.
    pub fn has(&self, name: &[u8]) -> bool {
        if self.patterns.is_empty() || name.len() > MAX_NAME {
            return false;
        }
        let (mut space, mut len) = ([0; MAX_NAME], 0);
        for (byte, place) in name.iter().filter_map(|&byte| counted(byte)).zip(&mut space) {
            *place = byte;
            len += 1;
        }
        let name = &space[..len];
        (0..len).any(|at| self.beginning_with(name[at]).iter().any(|pattern| pattern.stands(name, at)))
    }

    fn beginning_with(&self, byte: u8) -> &[Pattern] {
        let range = &self.by_first[usize::from(byte)];
        &self.patterns[usize::from(range.start)..usize::from(range.end)]
    }
}

impl Pattern {
    fn read(text: &str) -> Result<Self, PatternError> {
        let inner = text.strip_prefix('*').unwrap_or(text);
        let (from_start, inner, to_end) = match inner.strip_suffix('*') {
            Some(inner) => (!text.starts_with('*'), inner, false),
            None => (!text.starts_with('*'), inner, true),
        };
        let name: Vec<u8> = inner.bytes().filter_map(counted).collect();
        match () {
            () if inner.contains('*') => Err(PatternError::Inside(text.to_owned())),
            () if name.is_empty() => Err(PatternError::Empty(text.to_owned())),
            () if name.len() > MAX_NAME => Err(PatternError::TooMany(text.to_owned())),
            () => Ok(Self { text: name, from_start, to_end }),
        }
    }

    fn to_text(&self) -> String {
        let star = |is_fixed| if is_fixed { "" } else { "*" };
        format!("{}{}{}", star(self.from_start), String::from_utf8_lossy(&self.text), star(self.to_end))
    }

    fn stands(&self, name: &[u8], at: usize) -> bool {
        // The first byte is the same. The second tells most others, without a call.
        (self.text.len() < 2 || name.get(at + 1) == Some(&self.text[1]))
            && name[at..].starts_with(&self.text)
            && (at == 0 || !self.from_start)
            && (at + self.text.len() == name.len() || !self.to_end)
    }
}

/// The byte as it is compared, if it is.
fn counted(byte: u8) -> Option<u8> {
    (!matches!(byte, b'_' | b'-' | b' ')).then(|| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{PatternError, SecretNames};

    #[track_caller]
    fn check(patterns: &[&str], secret: &[&str], plain: &[&str]) {
        let names = SecretNames::none().with(patterns.iter().copied()).unwrap();
        for name in secret {
            assert!(names.has(name.as_bytes()), "{name} is secret");
        }
        for name in plain {
            assert!(!names.has(name.as_bytes()), "{name} is not secret");
        }
    }

    #[test]
    fn a_pattern_is_a_name_with_stars_at_its_ends() {
        check(&["pin"], &["pin", "PIN", "p_i-n"], &["pins", "spin", "", "pi"]);
        check(&["*pin"], &["pin", "user_pin", "userPin"], &["pins"]);
        check(&["pin*"], &["pin", "pin_code"], &["spin"]);
        check(&["*pin*"], &["spinning"], &["p", "i_n"]);
        check(&["a", "ab", "*b"], &["a", "ab", "cb"], &["ac", "ba"]);
        check(&["größe"], &["größe"], &["grösse"]);
        check(&[], &[], &["password"]);
    }

    #[test]
    fn the_defaults_know_the_usual_names() {
        let names = SecretNames::default();
        let secret = "password password_hash currentPassword secret client_secret token access_token api_key apiKey \
            X-Api-Key authorization Authorization proxy-authorization private_key credit_card creditCardNumber \
            secret_key_base set-cookie req_cookies cvv ssn aws_access_key";
        let plain = "id name key pass tokens token_count author authority card pin state user_id __struct__ ok error";
        for name in secret.split_whitespace() {
            assert!(names.has(name.as_bytes()), "{name} is secret");
        }
        for name in plain.split_whitespace() {
            assert!(!names.has(name.as_bytes()), "{name} is not secret");
        }
    }

    #[test]
    fn names_of_any_length_are_safe() {
        let names = SecretNames::default();
        assert!(names.has(format!("{}password", "x".repeat(247)).as_bytes()));
        assert!(!names.has(format!("{}password", "x".repeat(248)).as_bytes()));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let error = |pattern| SecretNames::none().with([pattern]).unwrap_err();
        assert_eq!(error("*"), PatternError::Empty("*".into()));
        assert_eq!(error("_*"), PatternError::Empty("_*".into()));
        assert_eq!(error("a*b"), PatternError::Inside("a*b".into()));
        assert!(matches!(error(&"x".repeat(300)), PatternError::TooMany(_)));
    }
}
