//! Where the bytes of a binary are, without asking the VM.
//!
//! `enif_inspect_binary` pins a binary that the program is appending to, and the
//! next append copies it whole: a loop that builds a megabyte took 200 s instead
//! of 60 ms. So the words of the term are read directly, if at start our reading
//! agreed with the VM's on a binary of each form. Otherwise the VM is asked.

use crate::encode::{Env, RawTerm, bits};
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
    /// `ErlHeapBits`, `ErlSubBits` (`erl_bits.h` from OTP 27 on).
    Bits,
}

// erl_term.h: the low two bits of a boxed term, then those of a pointer.
const BOXED: u64 = 0x2;
const PRIMARY: u64 = 0x3;
const POINTER: u64 = 0x7;
// The subtag within a header word. OTP 27 gave the same numbers new names.
const SUBTAG: u64 = 0x3c;
const REFERENCE_COUNTED: u64 = 0x8 << 2;
const ON_HEAP: u64 = 0x9 << 2;
const SUB: u64 = 0xa << 2;

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
    // In this order: taken for the newer layout, an older term is read within its
    // own words; the reverse need not hold, and is not tried.
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
            Layout::Bytes => in_bytes(words(term)?),
            Layout::Bits => in_bits(words(term)?),
        }
    }
}

/// How many bytes a bit string fills, the last one perhaps in part.
///
/// # Safety
/// As [`find`].
pub unsafe fn filled(layout: Layout, term: RawTerm) -> Option<usize> {
    let words = words(term)?;
    // SAFETY: by the caller's promise; the words are those that `in_bytes` and
    // `in_bits` read. A sub-binary's bits after its last byte are in the fourth.
    let bits = unsafe {
        match (layout, *words & SUBTAG) {
            (Layout::Bytes, SUB) => *words.add(1) * 8 + (*words.add(3) & 0xff),
            (Layout::Bytes, ON_HEAP | REFERENCE_COUNTED) => *words.add(1) * 8,
            (Layout::Bits, SUB) => (*words.add(3)).saturating_sub(*words.add(2)),
            (Layout::Bits, ON_HEAP) => *words.add(1),
            _ => return None,
        }
    };
    usize::try_from(bits.div_ceil(8)).ok()
}

/// The words a boxed term points to; the first is its header.
fn words(term: RawTerm) -> Option<*const u64> {
    (bits(term) & PRIMARY == BOXED).then_some((bits(term) & !POINTER) as *const u64)
}

/// # Safety
/// `words` are those of a bit string, laid out as [`Layout::Bytes`].
unsafe fn in_bytes(words: *const u64) -> Option<Place> {
    // SAFETY: header and size are the first two words of all three forms. A heap
    // binary's bytes follow; a reference-counted one (`size, next, val, bytes`)
    // has its pointer in the fifth word; a sub-binary (`size, offs, bitsize and
    // bitoffs and is_writable, orig`) its parent, never a sub-binary, in the fifth.
    unsafe {
        let size = *words.add(1) as usize;
        match *words & SUBTAG {
            ON_HEAP => Some((words.add(2).cast(), size)),
            REFERENCE_COUNTED => Some((*words.add(4) as *const u8, size)),
            SUB if *words.add(3) & 0xffff == 0 => {
                let parent = *words.add(4);
                let (data, _) = match *((parent & !POINTER) as *const u64) & SUBTAG {
                    SUB => None,
                    _ => in_bytes((parent & !POINTER) as *const u64),
                }?;
                Some((data.add(*words.add(2) as usize), size))
            }
            _ => None,
        }
    }
}

/// # Safety
/// `words` are those of a bit string, laid out as [`Layout::Bits`].
unsafe fn in_bits(words: *const u64) -> Option<Place> {
    // SAFETY: bits on the heap have their size, in bits, in the second word, and
    // follow it; others (`base and two flags, start, end, orig`) have pointer and
    // limits in the second to fourth.
    unsafe {
        match *words & SUBTAG {
            ON_HEAP if (*words.add(1)).is_multiple_of(8) => Some((words.add(2).cast(), (*words.add(1) / 8) as usize)),
            SUB => {
                let (base, start, end) = (*words.add(1) & !PRIMARY, *words.add(2), *words.add(3));
                let whole = start % 8 == 0 && end % 8 == 0 && start <= end;
                whole.then(|| ((base + start / 8) as *const u8, ((end - start) / 8) as usize))
            }
            _ => None,
        }
    }
}
