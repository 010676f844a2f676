//! The cache on disk: a second process redoes only what changed, and trusts
//! nothing that is damaged.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use driver::{Built, Outcome, Project, Source};
use std::collections::BTreeMap;
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

fn pack(out: &Path) -> PathBuf {
    out.join("cache/results")
}

/// The names and contents of the entries in the file: see `cache/pack.rs`.
fn entries(out: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let bytes = std::fs::read(pack(out)).unwrap();
    let mut rest = bytes.as_slice();
    let mut entries = BTreeMap::new();
    while let Some((header, behind)) = rest.split_at_checked(68) {
        let length = u32::from_le_bytes(header[64..].try_into().unwrap()) as usize;
        entries.insert(header[..32].to_vec(), behind[..length].to_vec());
        rest = &behind[length..];
    }
    entries
}

/// Writes the entries back, with digests that are right.
fn forge(out: &Path, entries: &BTreeMap<Vec<u8>, Vec<u8>>) {
    let mut bytes = Vec::new();
    for (name, entry) in entries {
        let length = (entry.len() as u32).to_le_bytes();
        bytes.extend([name.as_slice(), blake3::hash(entry).as_bytes(), &length, entry].concat());
    }
    std::fs::write(pack(out), bytes).unwrap();
}

#[test]
fn one_changed_file_is_one_new_entry_and_the_old_one_goes() {
    let out = warm("changed");
    let before = entries(&out);
    build("defmodule Edited do\n  def f, do: 3\n  def g, do: 4\nend\n", &out);
    let after = entries(&out);
    assert_eq!((after.len(), before.keys().filter(|name| after.contains_key(*name)).count()), (5, 4));
}

#[test]
fn what_is_in_the_cache_is_not_built_again() {
    let out = warm("read");
    let mut lies = entries(&out);
    // The last byte of an instrumented text is a newline.
    lies.values_mut().for_each(|entry| entry.pop_if(|last| *last == b'\n').into_iter().for_each(|_| entry.push(b'!')));
    forge(&out, &lies);
    let built = driver::build_cached(&project(EDITED), &out, &|| {}).unwrap();
    let Outcome::Instrumented(probed) = &built.files[2].outcome else { panic!("lib/c.ex has probes") };
    assert!(probed.text.ends_with("end!"), "the text is the entry's");
}

#[test]
fn a_damaged_cache_is_noticed_and_written_again() {
    let out = warm("damaged-cache");
    let whole = std::fs::read(pack(&out)).unwrap();
    let damages = [0, 1, 40, 70, whole.len() / 2, whole.len() - 1];
    for at in damages {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        for damaged in [&flipped, &whole[..at].to_vec(), &[&whole[..], &whole[..at]].concat()] {
            std::fs::write(pack(&out), damaged).unwrap();
            build(EDITED, &out);
            assert!(std::fs::read(pack(&out)).unwrap() == whole, "byte {at}: the cache is whole again");
        }
    }
}

#[test]
fn an_entry_that_is_no_result_is_built_again() {
    let out = warm("no-result");
    let whole = std::fs::read(pack(&out)).unwrap();
    for nonsense in [&b""[..], b"\x02\0\0\0{}", b"\xff\xff\xff\xff", b"\x02\0\0\0[]text"] {
        let lies = entries(&out).into_keys().map(|name| (name, nonsense.to_vec())).collect();
        forge(&out, &lies);
        build(EDITED, &out);
        assert!(std::fs::read(pack(&out)).unwrap() == whole);
    }
}

#[test]
fn what_another_file_says_of_a_function_decides_whether_an_entry_holds() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("around");
    // It may not be there.
    let _ = std::fs::remove_dir_all(&out);
    let caller = "defmodule Caller do\n  def f(x), do: Callee.g(x)\nend\n";
    let project = |callee: &str| {
        let callee = format!("defmodule Callee do\n  def g(x), do: {callee}\nend\n");
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        Project::of_sources(vec![source("lib/callee.ex", &callee), source("lib/caller.ex", caller)])
    };
    for (callee, wrapped) in [("x", true), ("x + 1", true), ("Caller.f(x)", false), ("x.()", false), ("x", true)] {
        let project = project(callee);
        let built = driver::build_cached(&project, &out, &|| {}).unwrap();
        assert_eq!(built.files, driver::build(&project, &|| {}).files);
        let Outcome::Instrumented(caller) = &built.files[1].outcome else { panic!("the caller has probes") };
        assert_eq!(caller.text.contains("leave("), wrapped, "{callee}: {}", caller.text);
    }
}
