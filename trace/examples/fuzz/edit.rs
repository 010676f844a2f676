//! Changes of files, one at a time, so that those that do not matter can be left out.

use std::collections::BTreeMap;
use std::fmt;

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// One change of one file.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The file.
    pub file: String,
    /// What happens to it.
    pub change: Change,
}

/// What happens to a file.
#[derive(Clone, Debug)]
pub enum Change {
    /// These bytes from here on.
    Write(usize, Vec<u8>),
    /// All but the first bytes are gone, or zeroes are added.
    Resize(usize),
    /// The file is gone.
    Remove,
    /// Another file has the same content.
    Copy(String),
    /// The content is that of another file, and the other way round.
    Swap(String),
    /// All of it.
    Replace(Vec<u8>),
}

/// Edits, and whether what checks the content is made right again.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// In this order.
    pub edits: Vec<Edit>,
    /// Whether checksums and digests are those of the changed content.
    pub is_forged: bool,
}

impl Edit {
    fn apply(&self, files: &mut Files) {
        let Some(bytes) = files.get_mut(&self.file) else { return };
        match &self.change {
            Change::Write(at, new) => {
                for (place, byte) in bytes.iter_mut().skip(*at).zip(new) {
                    *place = *byte;
                }
            }
            Change::Resize(length) => bytes.resize(*length, 0),
            Change::Remove => _ = files.remove(&self.file),
            Change::Copy(to) => {
                let copy = bytes.clone();
                files.insert(to.clone(), copy);
            }
            Change::Swap(other) => {
                let own = bytes.clone();
                if let Some(theirs) = files.insert(other.clone(), own) {
                    files.insert(self.file.clone(), theirs);
                }
            }
            Change::Replace(new) => bytes.clone_from(new),
        }
    }
}

impl Mutation {
    /// The files as they are then, of which those that changed.
    pub fn apply(&self, files: &Files) -> Files {
        let mut changed = files.clone();
        self.edits.iter().for_each(|edit| edit.apply(&mut changed));
        if self.is_forged {
            super::forge::forge(files, &mut changed);
        }
        changed
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_forged { "forged:" } else { "damaged:" })?;
        for Edit { file, change } in &self.edits {
            match change {
                Change::Write(at, bytes) => write!(f, " {file} at {at}: {bytes:02x?};")?,
                Change::Replace(bytes) => write!(f, " {file}: {} other bytes;", bytes.len())?,
                other => write!(f, " {file}: {other:?};")?,
            }
        }
        Ok(())
    }
}
