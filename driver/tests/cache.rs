//! The cache on disk: a second process redoes only what changed, and trusts
//! nothing that is damaged.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use driver::{Built, Outcome, Project, Source};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const CLEAN: &str = "defmodule Clean do\nend\n";
const REFUSED: &str = "defmodule Refused do\n  def f(scope_arg1), do: scope_arg1\nend\n";
const PROBED: &str = "defmodule Probed do\n  def f(x), do: g(x)\n  def g(\"ä\" <> _), do: [1]\nend\n";

/// A project with every outcome; the last two files define the same clause.
fn project(edited: &str) -> Project {
    let again = "defmodule Edited do\n  def f, do: 2\nend\n";
    let files = [("a", CLEAN), ("b", REFUSED), ("c", PROBED), ("d", edited), ("e", again)];
    let source = |(name, text): (&str, &str)| Source { path: format!("lib/{name}.ex"), text: text.into() };
    Project::of_sources(files.into_iter().map(source).collect())
}

const EDITED: &str = "defmodule Edited do\n  def f, do: 1\nend\n";

/// A cache that has seen [`project`] once.
fn warm(name: &str) -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It may not be there.
    let _ = std::fs::remove_dir_all(&out);
    build(EDITED, &out);
    out
}

/// Builds with the cache, and checks that the result is that of a build without.
#[track_caller]
fn build(edited: &str, out: &Path) -> Built {
    let project = project(edited);
    let built = driver::build_cached(&project, out, &|| {}).unwrap();
    assert_eq!(built.files, driver::build(&project, &|| {}).files);
    built
}

fn entries(out: &Path) -> BTreeSet<PathBuf> {
    std::fs::read_dir(out.join("cache/files")).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// When each entry was written: a renamed file is a new one.
fn written(out: &Path) -> BTreeSet<(PathBuf, std::time::SystemTime)> {
    entries(out).into_iter().map(|path| (path.clone(), path.metadata().unwrap().modified().unwrap())).collect()
}

#[test]
fn what_comes_from_the_cache_is_what_was_built() {
    let out = warm("cached");
    let before = written(&out);
    build(EDITED, &out);
    assert_eq!((before.len(), &before), (5, &written(&out)), "nothing was built again");
}

#[test]
fn one_changed_file_is_one_new_entry_and_the_old_one_goes() {
    let out = warm("changed");
    let before = written(&out);
    build("defmodule Edited do\n  def f, do: 3\n  def g, do: 4\nend\n", &out);
    let after = written(&out);
    assert_eq!((after.len(), before.intersection(&after).count()), (5, 4));
}

#[test]
fn entries_are_read() {
    // The converse of the tests above, which a cache that is never read would pass too.
    let out = warm("read");
    for path in entries(&out) {
        let mut body = std::fs::read(&path).unwrap().split_off(32);
        // The last byte of an instrumented text is a newline.
        body.last_mut().filter(|last| **last == b'\n').into_iter().for_each(|last| *last = b'!');
        let digest = *blake3::hash(&body).as_bytes();
        std::fs::write(&path, [&digest[..], &body].concat()).unwrap();
    }
    let built = driver::build_cached(&project(EDITED), &out, &|| {}).unwrap();
    let Outcome::Instrumented(probed) = &built.files[2].outcome else { panic!("lib/c.ex has probes") };
    assert!(probed.text.ends_with("end!"), "the text is the entry's");
}

#[test]
fn a_damaged_entry_is_noticed_and_written_again() {
    let damages: [fn(Vec<u8>) -> Vec<u8>; 5] = [
        |_| Vec::new(),
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |bytes| bytes[..40].to_vec(),
        |mut bytes| {
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            bytes
        },
        |mut bytes| {
            bytes.push(b'\n');
            bytes
        },
    ];
    let out = warm("damaged-entry");
    for damage in damages {
        for path in entries(&out) {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, damage(bytes.clone())).unwrap();
            build(EDITED, &out);
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "the entry is whole again");
        }
    }
}

#[test]
fn what_a_killed_process_left_is_removed() {
    let out = warm("left");
    std::fs::write(out.join("cache/files/half.123.tmp"), "x").unwrap();
    build(EDITED, &out);
    assert_eq!(entries(&out).len(), 5);
}
