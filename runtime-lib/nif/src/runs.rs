//! Folders of recordings: who uses one, and how an old one is removed.
//!
//! Whoever writes or reads a recording holds its `lock`, shared; who removes it
//! takes it alone. The system lets go of the locks of a process that ends, however
//! it ends. It must never know which recordings are old enough.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

const LOCK: &str = "lock";

/// Marks the folder as in use, until the file is dropped.
///
/// # Errors
/// When the folder is not writable, or is being removed.
pub fn hold(dir: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(LOCK))?;
    match file.try_lock_shared() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::Error::other("the folder is being removed")),
        // Where the file system has no locks, nobody can take one to remove it.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Removes what a recording has put into its folder, and the folder, unless
/// something else is there too; false when it is in use, or was never held.
///
/// # Errors
/// When a file cannot be removed. The rest can be removed later: the lock goes last.
pub fn remove(dir: &Path) -> io::Result<bool> {
    let lock = match File::open(dir.join(LOCK)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if is_ours(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::remove_file(dir.join(LOCK))?;
    match std::fs::remove_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
        _ => Ok(true),
    }
}

fn is_ours(name: &str) -> bool {
    let name = name.strip_suffix(".tmp").unwrap_or(name);
    name == "run.json" || name.ends_with(".seg") || name.ends_with(".esmap")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("escope-runs-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for file in ["run.json", "ring-000001.seg", "names-000002.seg", "ring-000003.seg.tmp", "nodes-1.esmap"] {
            std::fs::write(dir.join(file), "").unwrap();
        }
        dir
    }

    #[test]
    fn a_folder_in_use_stays() {
        let dir = folder("held");
        assert!(!remove(&dir).unwrap(), "nobody ever held it");
        let (writer, reader) = (hold(&dir).unwrap(), File::open(dir.join(LOCK)).unwrap());
        reader.try_lock_shared().unwrap();
        assert!(!remove(&dir).unwrap());
        drop(writer);
        assert!(!remove(&dir).unwrap() && dir.join("run.json").exists());
        drop(reader);
        assert!(remove(&dir).unwrap() && !dir.exists());
    }

    #[test]
    fn what_is_not_ours_stays() {
        let dir = folder("notes");
        std::fs::write(dir.join("notes.txt"), "mine").unwrap();
        drop(hold(&dir).unwrap());
        assert!(remove(&dir).unwrap());
        let left: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["notes.txt"]);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
