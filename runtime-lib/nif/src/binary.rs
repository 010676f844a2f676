//! Where the bytes of a binary are, without asking the VM.
//!
//! `enif_inspect_binary` pins a binary that the program is appending to, and the
//! next append copies it whole: a loop that builds a megabyte took 200 s instead
//! of 60 ms. So the words of the term are read directly, if at start our reading
//! agreed with the VM's on a binary of each form. Otherwise the VM is asked.

use crate::words::{self, ARITY_AT, Env, PRIMARY, RawTerm, SUBTAG};
use rustler::sys::{ErlNifBinary, enif_inspect_binary};
use std::mem::MaybeUninit;

/// How the VM lays out binaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Layout {
    /// In neither known way.
    #[default]
    Unknown,
    /// `ErlHeapBin`, `ProcBin`, `ErlSubBin` (`erl_binary.h` up to OTP 26).
    Bytes,
    /// `ErlHeapBits`, `ErlSubBits` (`erl_bits.h`, seen on OTP 27).
    Bits,
}

/// Subtags of [`Layout::Bytes`].
mod bytes {
    pub const REFERENCE_COUNTED: u64 = 0x8 << 2;
    pub const ON_HEAP: u64 = 0x9 << 2;
    pub const SUB: u64 = 0xa << 2;
}

/// Subtags of [`Layout::Bits`].
mod bits {
    pub const ON_HEAP: u64 = 0x8 << 2;
    pub const SUB: u64 = 0x9 << 2;
}

/// The first byte, and how many follow.
pub type Place = (*const u8, usize);

/// The layout that finds every sample where the VM finds it.
///
/// # Safety
/// `samples` are binaries of a running call.
pub unsafe fn check(env: Env, samples: &[RawTerm]) -> Layout {
    // The VM first: where it pins a sample, it may move it.
    // SAFETY: by the caller's promise. Words are only compared, never followed,
    // except from a sub-binary to the binary it is part of.
    let places: Vec<_> = samples.iter().map(|&sample| (sample, unsafe { inspect(env, sample) })).collect();
    // SAFETY: as above.
    let agrees = |layout: &Layout| places.iter().all(|&(sample, place)| unsafe { find(*layout, sample) == place });
    [Layout::Bits, Layout::Bytes].into_iter().find(|layout| !samples.is_empty() && agrees(layout)).unwrap_or_default()
}

/// Where the VM says the bytes are; bits that fill no bytes are no binary.
///
/// # Safety
/// `term` belongs to the running call that `env` is of.
pub unsafe fn inspect(env: Env, term: RawTerm) -> Option<Place> {
    let mut binary = MaybeUninit::<ErlNifBinary>::uninit();
    // SAFETY: the place is valid, and initialised when the call says so.
    unsafe {
        (enif_inspect_binary(env, term, binary.as_mut_ptr()) != 0).then(|| {
            let binary = binary.assume_init();
            (binary.data.cast_const(), binary.size)
        })
    }
}

/// Where the bytes are, by the layout if it is known, else as the VM says.
///
/// # Safety
/// As [`inspect`] and [`find`].
#[inline]
pub unsafe fn place(env: Env, layout: Layout, term: RawTerm) -> Option<Place> {
    // SAFETY: by the caller's promise.
    unsafe {
        match layout {
            Layout::Unknown => inspect(env, term),
            known => find(known, term),
        }
    }
}

/// Where the bytes are. None for what is no whole number of bytes, does not
/// begin with one, or is laid out in another way.
///
/// # Safety
/// `term` is a bit string of a running call, and `layout` was found by [`check`].
#[inline]
pub unsafe fn find(layout: Layout, term: RawTerm) -> Option<Place> {
    // SAFETY: by the caller's promise.
    unsafe {
        match layout {
            Layout::Unknown => None,
            Layout::Bytes => in_bytes(words::boxed(term)?),
            Layout::Bits => in_bits(words::boxed(term)?),
        }
    }
}

/// How many bytes a bit string fills, the last one perhaps in part.
///
/// # Safety
/// As [`find`].
pub unsafe fn filled(layout: Layout, term: RawTerm) -> Option<usize> {
    let words = words::boxed(term)?;
    // SAFETY: by the caller's promise; the words are those that `in_bytes` and
    // `in_bits` read. A sub-binary's bits after its last byte are in the fourth.
    let count = unsafe {
        match (layout, header(words)) {
            (Layout::Bytes, (bytes::SUB, 3)) => *words.add(1) * 8 + (*words.add(3) & 0xff),
            (Layout::Bytes, (bytes::ON_HEAP | bytes::REFERENCE_COUNTED, 1..)) => *words.add(1) * 8,
            (Layout::Bits, (bits::SUB, 4)) => (*words.add(3)).saturating_sub(*words.add(2)),
            (Layout::Bits, (bits::ON_HEAP, 1..)) => *words.add(1),
            _ => return None,
        }
    };
    usize::try_from(count.div_ceil(8)).ok()
}

/// # Safety
/// `words` are those of a boxed term.
unsafe fn header(words: *const u64) -> (u64, u64) {
    // SAFETY: by the caller's promise; the first word is the header.
    let word = unsafe { *words };
    (word & SUBTAG, word >> ARITY_AT)
}

/// # Safety
/// `words` are those of a bit string.
unsafe fn in_bytes(words: *const u64) -> Option<Place> {
    use bytes::{ON_HEAP, REFERENCE_COUNTED, SUB};
    // SAFETY: no word is read beyond those the header counts, but for the parent of a
    // sub-binary, which stands after them. After the size, a heap
    // binary has its bytes; a reference-counted one `next, val, bytes, flags`; a
    // sub-binary `offs`, a word of `bitsize, bitoffs, is_writable`, and its parent,
    // which is no sub-binary.
    unsafe {
        match header(words) {
            (ON_HEAP, 1..) => Some((words.add(2).cast(), *words.add(1) as usize)),
            (REFERENCE_COUNTED, 5) => Some((*words.add(4) as *const u8, *words.add(1) as usize)),
            (SUB, 3) if *words.add(3) & 0xffff == 0 => {
                let parent = words::target(*words.add(4));
                let (data, _) = if header(parent).0 == SUB { None } else { in_bytes(parent) }?;
                Some((data.add(*words.add(2) as usize), *words.add(1) as usize))
            }
            _ => None,
        }
    }
}

/// # Safety
/// `words` are those of a bit string.
unsafe fn in_bits(words: *const u64) -> Option<Place> {
    use bits::{ON_HEAP, SUB};
    // SAFETY: no word is read beyond those the header counts. Bits on the heap have
    // their number, then themselves; others `base and two flags, start, end, orig`.
    unsafe {
        match header(words) {
            (ON_HEAP, 1..) if (*words.add(1)).is_multiple_of(8) => {
                Some((words.add(2).cast(), (*words.add(1) / 8) as usize))
            }
            (SUB, 4) => {
                let (base, start, end) = (*words.add(1) & !PRIMARY, *words.add(2), *words.add(3));
                let whole = start % 8 == 0 && end % 8 == 0 && start <= end;
                whole.then(|| ((base + start / 8) as *const u8, ((end - start) / 8) as usize))
            }
            _ => None,
        }
    }
}
