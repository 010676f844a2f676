//! Files that are read in place.

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::path::Path;

/// Maps a node map for reading.
///
/// # Errors
/// When the file cannot be opened or mapped, or is empty.
#[allow(unsafe_code, reason = "mapping a file is the caller's promise that nobody changes it")]
pub fn map_file(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: the bytes must not change while they are mapped. A node map is written
    // under another name and renamed when it is whole, by the compiler into the build
    // and by the recorder into the run's folder, and never written after; a newer one
    // is another file under its name, which leaves this mapping as it is. The mapping
    // is read once, by `Sites::load`, and dropped. (Miri cannot map files; the reader
    // itself has no unsafe code.)
    unsafe { Mmap::map(&file) }
}
