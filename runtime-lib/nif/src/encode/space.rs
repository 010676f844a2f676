//! The space that a payload is written to, and the parts that are the same in every term.
//!
//! Owns: how bytes, numbers and immediates are laid down, and that nothing is written behind
//! the space. It must never know what a limit of a term is, or what is secret.

use super::{Atoms, Env, NIL, RawTerm, TAG_ATOM, TAG_PID, TAG_SMALL, bits};
use wire::term as tag;

/// Bytes behind the limit of a space: a part that begins before the limit is written
/// without looking, but for what it holds of the program's bytes.
pub const SLACK: usize = 32;

/// Bytes of the program that are copied at once. Longer copies by the C library run at half
/// the speed into memory that is in no cache: 11 against 18 GB/s for a record of 1 KB.
const PIECE: usize = 256;

/// The longest that an immediate is written: a tag, and a word of seven bits a byte.
pub const LONGEST: usize = 11;

/// Bytes, of which the first `len` are written. Where all that is written is known to fit
/// (`FITS`), nothing is compared.
pub struct Space<'a, const FITS: bool = false> {
    /// As long as the limit and [`SLACK`].
    pub(super) bytes: &'a mut [u8],
    limit: usize,
    pub(super) len: usize,
    /// Something did not fit.
    pub(super) full: bool,
}

impl<'a> Space<'a, true> {
    /// All of `bytes`, for immediates.
    ///
    /// # Safety
    /// Not more immediates are written than `bytes` has room for, [`LONGEST`] for each and
    /// [`SLACK`] behind them.
    #[inline(always)]
    pub unsafe fn roomy(bytes: &'a mut [u8]) -> Self {
        Self { bytes, limit: 0, len: 0, full: false }
    }
}

impl<'a> Space<'a> {
    /// All of `bytes`, the last [`SLACK`] of which are not to be used.
    #[inline(always)]
    pub fn new(bytes: &'a mut [u8]) -> Self {
        let (limit, full) = (bytes.len().saturating_sub(SLACK), bytes.len() < SLACK);
        Self { bytes, limit, len: 0, full }
    }
}

impl<const FITS: bool> Space<'_, FITS> {
    /// Bytes written.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes before the limit.
    #[inline(always)]
    pub fn left(&self) -> usize {
        self.limit.saturating_sub(self.len)
    }

    /// Whether another part may begin: what does not fit is left out whole, so nothing
    /// more is walked. A term whose parts are shared is small in memory and takes hours
    /// to walk to its limits.
    #[inline(always)]
    pub fn may_begin(&mut self) -> bool {
        self.full |= self.len > self.limit;
        !self.full
    }

    /// Room for `N` bytes, of which `len` will count; none behind the slack, which no
    /// part that began within the limit comes to.
    #[inline(always)]
    fn room<const N: usize>(&mut self, len: usize) -> Option<&mut [u8; N]> {
        let at = self.len;
        if !FITS && self.bytes.len() - at < N {
            self.full = true;
            return None;
        }
        self.len = at + len;
        // SAFETY: `at` is at most the length of the space, and so many bytes follow: as just
        // seen, or by the promise of `roomy`.
        Some(unsafe { &mut *self.bytes.as_mut_ptr().add(at).cast() })
    }

    #[inline(always)]
    pub fn byte(&mut self, byte: u8) {
        self.room(1).into_iter().for_each(|place| *place = [byte]);
    }

    /// Writes four bytes, of which `len` count.
    #[inline(always)]
    fn word(&mut self, bytes: u64, len: usize) {
        self.room(len).into_iter().for_each(|place| *place = (bytes as u32).to_le_bytes());
    }

    /// A tag and a number: seven bits a byte, the lowest first, all but the last marked.
    #[inline(always)]
    pub fn tagged(&mut self, tag: u8, value: u64) {
        let tag = u64::from(tag);
        match value {
            0..0x80 => self.word(tag | value << 8, 2),
            0x80..0x4000 => self.word(tag | (value & 0x7f | 0x80 | value >> 7 << 8) << 8, 3),
            0x4000..0x20_0000 => {
                let low = value & 0x7f | 0x80 | (value & 0x3f80 | 0x4000) << 1;
                self.word(tag | (low | value >> 14 << 16) << 8, 4);
            }
            _ => {
                self.byte(tag as u8);
                self.varint(value);
            }
        }
    }

    #[inline(always)]
    pub fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        let Some(place) = self.bytes.get_mut(self.len..self.len + bytes.len()) else {
            self.full = true;
            return;
        };
        for (to, from) in place.chunks_mut(PIECE).zip(bytes.chunks(PIECE)) {
            to.copy_from_slice(from);
        }
        self.len += bytes.len();
    }

    #[inline(always)]
    pub fn int(&mut self, value: i64) {
        if (0..i64::from(tag::INLINE_INTS)).contains(&value) {
            self.byte(value as u8);
        } else {
            self.tagged(tag::INT, wire::varint::zigzag(value));
        }
    }

    #[inline(always)]
    pub fn pid(&mut self, term: RawTerm) {
        self.byte(tag::PID);
        self.room(8).into_iter().for_each(|place| *place = bits(term).to_le_bytes());
    }

    /// An atom, which becomes known.
    ///
    /// # Safety
    /// `env` is that of a running call, and `term` an atom.
    #[inline(always)]
    pub unsafe fn atom(&mut self, env: Env, atoms: &mut Atoms, term: RawTerm) {
        let index = bits(term) >> 6;
        // SAFETY: by the caller's promise.
        unsafe { atoms.see(env, index, term) };
        self.tagged(tag::ATOM, index);
    }

    /// Writes a term that needs no memory but its word; false if it is another one.
    ///
    /// # Safety
    /// `env` is that of a running call, `term` belongs to it, and this VM's immediates are
    /// read as here ([`super::Tags::immediates`]).
    #[inline(always)]
    pub unsafe fn immediate(&mut self, env: Env, atoms: &mut Atoms, term: RawTerm) -> bool {
        let word = bits(term);
        match word & 0xf {
            TAG_SMALL => self.int((word as i64) >> 4),
            // SAFETY: by the caller's promise.
            TAG_ATOM if word & 0x3f == TAG_ATOM => unsafe { self.atom(env, atoms, term) },
            TAG_PID => self.pid(term),
            _ if word == NIL => self.byte(tag::NIL),
            _ => return false,
        }
        true
    }
}
