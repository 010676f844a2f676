//! The arrows between crates are those of the architecture, and no others.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

/// Each crate, and what it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("elixirscope-wire", &[]),
    ("elixirscope-syntax", &[]),
    ("elixirscope-db", &["syntax", "wire"]),
    ("elixirscope-planner", &["db", "wire"]),
    ("elixirscope-codegen", &["syntax", "wire"]),
    ("elixirscope-driver", &["wire", "syntax", "db", "planner", "codegen"]),
    ("elixirscope-nif", &["wire"]),
    ("elixirscope-trace", &["wire"]),
    ("elixirscope", &["wire", "syntax", "db", "planner", "codegen", "driver", "trace"]),
    ("xtask", &[]),
];

/// Dependencies that no other crates may name.
const PRIVATE: &[(&str, &[&str])] = &[
    ("rowan", &["elixirscope-syntax"]),
    ("tree-sitter", &["elixirscope-syntax"]),
    ("tree-sitter-elixir", &["elixirscope-syntax"]),
    ("salsa", &["elixirscope-db", "elixirscope-driver"]),
    ("rustler", &["elixirscope-nif"]),
    ("clap", &["elixirscope"]),
    ("indicatif", &["elixirscope"]),
];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let named = package["dependencies"].as_array().unwrap().iter();
            // What only tests use is no arrow of the architecture.
            let used = named.filter(|dependency| dependency["kind"].as_str() != Some("dev"));
            let names = used.map(|dependency| dependency["name"].as_str().unwrap().to_owned());
            (package["name"].as_str().unwrap().to_owned(), names.collect())
        })
        .collect()
}

#[test]
fn no_crate_uses_another_it_may_not() {
    let found = dependencies();
    let known: BTreeSet<_> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), known, "every crate has its row");
    for (name, allowed) in ARROWS {
        let own = found[*name].iter().filter_map(|used| used.strip_prefix("elixirscope-"));
        for used in own {
            assert!(allowed.contains(&used), "{name} may not use {used}");
        }
    }
}

#[test]
fn what_one_crate_hides_no_other_names() {
    for (name, used) in dependencies() {
        for (hidden, owners) in PRIVATE {
            let may = owners.contains(&name.as_str());
            assert!(may || !used.contains(*hidden), "{name} names {hidden}, which is hidden in {owners:?}");
        }
    }
}
