//! The atoms that a ring has named, and which names are those of secrets.
//!
//! An atom is looked at once, when a ring first meets it: from then on its name is
//! known to be a secret's or not by one bit, beside the bit that says it was seen.

use super::plain::PlainTexts;
use super::{Env, RawTerm, TAG_ATOM, atom_text, bits};
use wire::SecretNames;

/// Atoms with a higher index are named, and judged, at each use.
const ATOMS: usize = 1 << 20;

/// Which atoms a ring has named.
pub struct Atoms {
    /// For 64 atoms each: those seen, and those of them that name secrets.
    known: Box<[[u64; 2]]>,
    names: &'static SecretNames,
    plain: PlainTexts,
    /// Seen for the first time since this was last empty: index and text.
    pub unnamed: Vec<(u64, Vec<u8>)>,
}

impl Atoms {
    /// None yet; secrets have these names.
    pub fn new(names: &'static SecretNames) -> Self {
        Self {
            known: vec![[0; 2]; ATOMS / 64].into_boxed_slice(),
            names,
            plain: PlainTexts::default(),
            unnamed: Vec::new(),
        }
    }

    /// What secrets are called.
    pub fn names(&self) -> &'static SecretNames {
        self.names
    }

    /// Notes that an atom is used.
    ///
    /// # Safety
    /// `env` is that of a running call, and `atom` an atom of it with this index.
    #[inline(always)]
    pub unsafe fn see(&mut self, env: Env, index: u64, atom: RawTerm) {
        let (word, bit) = place(index);
        if self.known.get(word).is_none_or(|[seen, _]| seen & bit == 0) {
            // SAFETY: by the caller's promise.
            unsafe { self.learn(env, index, atom) };
        }
    }

    /// Whether an atom that was seen names a secret.
    ///
    /// # Safety
    /// As [`Atoms::see`].
    #[inline(always)]
    pub unsafe fn is_secret(&self, env: Env, index: u64, atom: RawTerm) -> bool {
        let (word, bit) = place(index);
        match self.known.get(word) {
            Some([_, secret]) => secret & bit != 0,
            // SAFETY: by the caller's promise.
            None => unsafe { self.is_secret_text(atom_text(env, atom).as_deref()) },
        }
    }

    /// Whether an immediate that was written is an atom that names a secret.
    ///
    /// # Safety
    /// As [`Atoms::see`], of any immediate; they are read as in [`super::Tags::immediates`].
    #[inline(always)]
    pub unsafe fn is_secret_immediate(&self, env: Env, term: RawTerm) -> bool {
        let word = bits(term);
        // SAFETY: by the caller's promise.
        word & 0x3f == TAG_ATOM && unsafe { self.is_secret(env, word >> 6, term) }
    }

    /// Whether a text names a secret.
    pub fn is_secret_name(&mut self, text: &[u8]) -> bool {
        let names = self.names;
        self.plain.check(text, |text| names.has(text))
    }

    #[cold]
    unsafe fn learn(&mut self, env: Env, index: u64, atom: RawTerm) {
        // SAFETY: by the caller's promise.
        let text = unsafe { atom_text(env, atom) };
        let is_secret = self.is_secret_text(text.as_deref());
        let (word, bit) = place(index);
        if let Some([seen, secret]) = self.known.get_mut(word) {
            *seen |= bit;
            *secret |= if is_secret { bit } else { 0 };
        }
        self.unnamed.extend(text.map(|text| (index, text)));
    }

    /// What has no text might be anything.
    fn is_secret_text(&self, text: Option<&[u8]>) -> bool {
        text.map_or(!self.names.is_empty(), |text| self.names.has(text))
    }
}

fn place(index: u64) -> (usize, u64) {
    ((index / 64) as usize, 1 << (index % 64))
}
