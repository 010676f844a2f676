//! The quoted form of real files is that of Elixir's own parser.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::Path;
use std::process::Command;

/// Every file below `sources` is lowered, and compared by Elixir.
#[track_caller]
fn check(name: &str, sources: &str, expected: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let terms = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It may not be there.
    let _ = std::fs::remove_dir_all(&terms);
    for file in driver::quote(&root.join(sources), driver::QuotedOptions::default()).unwrap() {
        let Ok(term) = file.quoted else { continue };
        let path = terms.join(format!("{}.etf", file.path.display()));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, driver::encode_term(&term)).unwrap();
    }
    let script = root.join("tests/quoted/parity.exs");
    let output = Command::new("elixir").arg(script).arg(root.join(sources)).arg(&terms).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.trim_end().ends_with(expected), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_shop_is_quoted_as_elixir_quotes_it() {
    check("shop", "tests/apps/shop/lib", "33 same, 0 differ, 0 refused, 0 accepted wrongly, 0 rejected by both");
}

#[test]
fn each_construct_is_quoted_as_elixir_quotes_it() {
    check("cases", "tests/quoted/cases", "0 differ, 0 refused, 0 accepted wrongly, 0 rejected by both");
}

#[test]
fn what_is_printed_reads_as_elixir() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let files = driver::quote(&root.join("tests/quoted/cases"), driver::QuotedOptions::default()).unwrap();
    let script = "[printed, source] = System.argv()
      {term, _} = Code.eval_string(printed)
      ^term = Code.string_to_quoted!(File.read!(source))";
    for file in files {
        let printed = file.quoted.unwrap().to_string();
        let source = root.join("tests/quoted/cases").join(&file.path);
        let output = Command::new("elixir").args(["-e", script, &printed]).arg(source).output().unwrap();
        assert!(output.status.success(), "{}: {}", file.path.display(), String::from_utf8_lossy(&output.stderr));
    }
}
