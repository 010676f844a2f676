//! Our quoted forms beside those of the installed Elixir.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// An empty folder of this name.
pub fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It may not be there.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What `tests/quoted/parity.exs` says of every file below `sources`.
pub fn compare(name: &str, sources: &Path, columns: bool) -> String {
    let terms = fresh(name);
    let mut errors = String::new();
    for file in driver::quote(sources, driver::QuotedOptions { columns, ..Default::default() }).unwrap() {
        match file.quoted {
            Ok(term) => {
                let path = terms.join(format!("{}.etf", file.path.display()));
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, driver::encode_term(&term)).unwrap();
            }
            Err(diagnostic) => writeln!(errors, "error: {diagnostic}").unwrap(),
        }
    }
    let list = terms.join("errors.txt");
    std::fs::write(&list, errors).unwrap();
    let mut elixir = Command::new("elixir");
    elixir.arg(root().join("tests/quoted/parity.exs")).arg(sources).arg(&terms).arg(&list);
    let output = elixir.args(columns.then_some("--columns")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains(" same, "), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}
