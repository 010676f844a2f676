//! Golden files: what is written today is what was written then, and what was written
//! then is read today.
//!
//! A folder for each version of segments; each folder in it is a run. The files of the
//! current version are those that `written` makes; older ones are only read. `reading.txt`
//! beside a version's runs says what each file reads as. After a change that is meant:
//!
//! ```text
//! UPDATE_GOLDEN=1 cargo test -p elixirscope-wire --test golden
//! ```
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod later;
mod reading;
mod terms;
mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use wire::segment::{MAJOR, MINOR};
use wire::{Kind, NodeKind, NodeMap};

/// How to add what is missing.
const ADD: &str = "add it to runtime-lib/wire/tests/golden and run UPDATE_GOLDEN=1 cargo test -p elixirscope-wire";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn current() -> PathBuf {
    root().join(format!("{MAJOR}.{MINOR}"))
}

fn is_updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// The files of a version, by their path in its folder.
fn files(version: &Path) -> BTreeMap<String, Vec<u8>> {
    let list = |folder: &Path| {
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let runs = list(version).into_iter().filter(|path| path.is_dir());
    let name = |path: &Path| path.strip_prefix(version).unwrap().to_str().unwrap().to_owned();
    runs.flat_map(|run| list(&run)).map(|path| (name(&path), std::fs::read(&path).unwrap())).collect()
}

/// The committed files of the current version, which an update writes first.
fn committed() -> &'static BTreeMap<String, Vec<u8>> {
    static COMMITTED: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    COMMITTED.get_or_init(|| {
        if is_updating() {
            for (name, bytes) in written::all() {
                let path = current().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
        }
        assert!(current().is_dir(), "no files of version {MAJOR}.{MINOR}: {ADD}");
        files(&current())
    })
}

#[test]
fn what_is_written_has_not_changed() {
    let (written, committed) = (written::all(), committed());
    assert_eq!(written.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>(), "{ADD}");
    for (name, bytes) in &written {
        let golden = &committed[name];
        let differs = (0..bytes.len().max(golden.len())).find(|at| bytes.get(*at) != golden.get(*at));
        assert_eq!(
            differs, None,
            "{name} is written differently from this byte on. Say so in the tables of src; unless no release has this \
             version, raise MINOR in src/segment.rs, or MAJOR if older readers misread it (VERSION in src/map.rs, \
             FORMAT in src/run.rs), and keep the old files; then UPDATE_GOLDEN=1 cargo test -p elixirscope-wire",
        );
    }
}

#[test]
fn what_was_written_is_read_as_it_was() {
    committed();
    let versions = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let mut versions: Vec<_> = versions.collect();
    versions.sort();
    assert!(versions.len() > 1, "older versions are still read");
    for version in versions {
        let (expected, read) = (version.join("reading.txt"), reading::of(&files(&version)));
        if is_updating() {
            std::fs::write(&expected, &read).unwrap();
        }
        let expected = std::fs::read_to_string(&expected).unwrap();
        for (number, (read, expected)) in read.lines().zip(expected.lines()).enumerate() {
            assert_eq!(read, expected, "{} line {}", version.display(), number + 1);
        }
        assert_eq!(read.lines().count(), expected.lines().count(), "{}", version.display());
    }
}

/// The documentation at the top of a module.
fn documentation(module: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(module);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().take_while(|line| line.starts_with("//!")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_kind_of_record_has_a_row_and_a_golden_record() {
    let (rows, golden) = (documentation("record.rs"), reading::of(committed()));
    for kind in Kind::ALL {
        let (code, name) = (kind as u8, kind.name());
        assert!(rows.contains(&format!("| {code} | {name} |")), "src/record.rs has no row `| {code} | {name} |`");
        assert!(golden.contains(&format!(" {name} node ")), "{name} has no golden record: {ADD}");
    }
}

#[test]
fn every_tag_of_a_term_has_a_row_and_a_golden_record() {
    let (rows, golden) = (documentation("term.rs"), reading::of(committed()));
    for tag in wire::term::INT..=wire::term::OPAQUE {
        assert!(rows.contains(&format!("| {tag:02x} |")), "src/term.rs has no row for {tag:02x}");
        assert!(golden.contains(&format!("tag {tag:02x} ")), "tag {tag:02x} has no golden record: {ADD}");
    }
    let beyond = wire::term::OPAQUE + 1;
    assert_eq!(wire::Term::read(&mut &[beyond, 0, 0][..]), Err(wire::TermError::Tag(beyond)), "{ADD}");
}

#[test]
fn every_kind_of_node_is_in_the_golden_map() {
    let bytes = written::map();
    let map = NodeMap::open(bytes.as_slice()).unwrap();
    for kind in (0..=u8::MAX).filter_map(NodeKind::from_code) {
        assert!(map.iter().any(|node| node.kind == kind), "{} has no golden node: {ADD}", kind.name());
    }
}
