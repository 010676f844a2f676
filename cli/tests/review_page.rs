//! `docs/REVIEW.md`: each command prints what stands below it.
//!
//! To accept a change: `UPDATE_DOCS=1 cargo test -p elixirscope --test review_page`,
//! then read the diff.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The page's parts: text, and fenced blocks with their language.
fn parts(page: &str) -> Vec<(Option<&str>, &str)> {
    let mut parts = Vec::new();
    for (at, part) in page.split("```").enumerate() {
        parts.push(match part.split_once('\n') {
            Some((language, block)) if at % 2 == 1 => (Some(language), block),
            _ => (None, part),
        });
    }
    parts
}

/// The project that the page begins with.
fn project(page: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("review-page");
    // It may not be there.
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(dir.join("lib/shop")).unwrap();
    let block = |wanted: &str| parts(page).into_iter().find(|(language, _)| *language == Some(wanted)).unwrap().1;
    let files = [("mix.exs", ""), ("lib/shop/ledger.ex", block("elixir")), ("scope.toml", block("toml"))];
    files.iter().for_each(|(path, text)| std::fs::write(dir.join(path), text).unwrap());
    dir
}

/// What a command prints in the project.
fn printed(project: &Path, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_elixirscope")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let shell = format!("exec 2>&1; {command}");
    let output = Command::new("sh").args(["-c", &shell]).env("PATH", path).current_dir(project).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The block with what its commands print now.
fn run(project: &Path, block: &str) -> String {
    let commands = block.lines().filter_map(|line| line.strip_prefix("$ "));
    commands.map(|command| format!("$ {command}\n{}", printed(project, command))).collect()
}

#[test]
fn every_command_prints_what_stands_below_it() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/REVIEW.md");
    let page = std::fs::read_to_string(&place).unwrap();
    let project = project(&page);
    let part = |(language, block): &(Option<&str>, &str)| match language {
        Some("console") => format!("console\n{}", run(&project, block)),
        Some(language) => format!("{language}\n{block}"),
        None => (*block).to_owned(),
    };
    let now = parts(&page).iter().map(part).collect::<Vec<_>>().join("```");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&place, &now).unwrap();
    } else {
        assert_eq!(page, now, "UPDATE_DOCS=1 writes the page anew");
    }
}
