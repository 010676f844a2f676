//! Where the grammar and Elixir disagree: each fault has a file of cases in
//! `tests/quoted/grammar`, and Elixir says of each what it is.
//!
//! A file begins with what its fault is; each `# ---` begins a case, which is a source of
//! its own. `‹U+202E›` stands for a character that should not be in a source.
//! `tests/quoted/refused.txt` has how many cases of each file we refuse though Elixir accepts them; it
//! is to become empty. `UPDATE_REFUSED=1 cargo test -p elixirscope-driver --test grammar`
//! writes it.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod parity;

use std::collections::BTreeMap;
use std::path::Path;

const SEPARATOR: &str = "# ---\n";

/// Writes each case of a fault as `fault/LINE.ex`, where the line is that of its start.
fn split(faults: &Path, out: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(faults).unwrap() {
        let path = entry.unwrap().path();
        let folder = out.join(path.file_stem().unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        let mut line = 1;
        for (at, case) in text.split(SEPARATOR).enumerate() {
            // The first is about the fault.
            if at > 0 {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(format!("{line:03}.ex")), spelt_out(case)).unwrap();
                count += 1;
            }
            line += case.matches('\n').count() + 1;
        }
    }
    count
}

/// The case with the characters that `‹U+HEX›` stand for.
fn spelt_out(case: &str) -> String {
    let mut parts = case.split("‹U+");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (digits, rest) = part.split_once('›').unwrap();
        out.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap());
        out.push_str(rest);
    }
    out
}

/// How many cases of each fault are refused, as `tests/quoted/refused.txt` has it.
fn refused(report: &str) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for path in report.lines().filter_map(|line| line.strip_prefix("refused ")) {
        *counts.entry(path.split('/').next().unwrap()).or_default() += 1;
    }
    counts.iter().map(|(fault, count)| format!("{count:3} {fault}\n")).collect()
}

/// The lines of a report that no list can excuse.
fn wrong(report: &str) -> Vec<&str> {
    let kinds = ["differ ", "accepted ", "place "];
    report.lines().filter(|line| kinds.iter().any(|kind| line.starts_with(kind))).collect()
}

#[test]
fn every_fault_is_mended_or_refused() {
    let cases = parity::fresh("grammar_cases");
    assert!(split(&parity::root().join("tests/quoted/grammar"), &cases) > 900);
    let report = parity::compare("grammar", &cases, false);
    println!("{report}");
    let list = parity::root().join("tests/quoted/refused.txt");
    let now = refused(&report);
    if std::env::var_os("UPDATE_REFUSED").is_some() {
        std::fs::write(&list, &now).unwrap();
    }
    assert_eq!(wrong(&report), Vec::<&str>::new(), "the cases are in {}", cases.display());
    let then = std::fs::read_to_string(&list).unwrap();
    assert_eq!(now, then, "what is refused has changed; see the top of this file");
}
