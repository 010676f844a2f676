//! The quoted form of real files is that of Elixir's own parser.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod parity;

use parity::root;
use std::process::Command;

/// Every file below `sources` is lowered, and compared by Elixir.
#[track_caller]
fn check(name: &str, sources: &str, columns: bool) {
    let text = parity::compare(name, &root().join(sources), columns);
    let expected = "0 differ, 0 refused, 0 accepted wrongly, 0 rejected by both, 0 of them at another line";
    assert!(text.trim_end().ends_with(expected) && !text.contains("\n0 same"), "{text}");
}

#[test]
fn the_shop_is_quoted_as_elixir_quotes_it() {
    check("shop", "tests/apps/shop/lib", false);
    check("shop_columns", "tests/apps/shop/lib", true);
}

#[test]
fn each_construct_is_quoted_as_elixir_quotes_it() {
    check("cases", "tests/quoted/cases", false);
}

#[test]
fn what_is_printed_reads_as_elixir() {
    let files = driver::quote(&root().join("tests/quoted/cases"), driver::QuotedOptions::default()).unwrap();
    let script = "[printed, source] = System.argv()
      {term, _} = Code.eval_string(printed)
      ^term = Code.string_to_quoted!(File.read!(source))";
    for file in files {
        let printed = file.quoted.unwrap().to_string();
        let source = root().join("tests/quoted/cases").join(&file.path);
        let output = Command::new("elixir").args(["-e", script, &printed]).arg(source).output().unwrap();
        assert!(output.status.success(), "{}: {}", file.path.display(), String::from_utf8_lossy(&output.stderr));
    }
}
