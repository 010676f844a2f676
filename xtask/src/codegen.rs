//! Source that is generated from tree-sitter-elixir's node types, and committed.
//!
//! The syntax crate's own test generates it, since it knows the names; it compares,
//! or writes if asked to. CI compares with `cargo test`.

use crate::{Failure, shell};

const TEST: &[&str] = &["test", "--quiet", "--package", "elixirscope-syntax", "--test", "codegen"];

/// Writes the generated files.
pub fn run() -> Result<(), Failure> {
    shell::text(shell::command("cargo", &shell::root(), TEST).env("UPDATE_SYNTAX", "1")).map(drop)
}

/// Fails if a generated file is not what would be written.
pub fn check() -> Result<(), Failure> {
    shell::text(shell::command("cargo", &shell::root(), TEST).env_remove("UPDATE_SYNTAX")).map(drop)
}
