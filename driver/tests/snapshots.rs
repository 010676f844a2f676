//! What instrumented code looks like: one construct a case, and the shop.
//!
//! The cases stand in `snapshots/cases`, what becomes of them in `snapshots`.
//! To accept a change: `INSTA_UPDATE=always cargo test -p elixirscope-driver`,
//! then read the diff.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use driver::{FileResult, Outcome, Project, Settings, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use wire::{Request, Strength};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Paths of the files below `dir` with this extension, relative to it, sorted.
fn files(dir: &Path, extension: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            found.extend(files(&path, extension).into_iter().map(|inner| name.join(inner)));
        } else if path.extension().is_some_and(|own| own == extension) {
            found.insert(name);
        }
    }
    found
}

/// Node ids as small numbers in order of appearance: equal where ids are equal.
fn with_small_ids(text: &str) -> String {
    let mut numbers = BTreeMap::new();
    let mut parts = text.split(":scope_probe.");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let start = part.find('(').unwrap() + 1;
        let end = start + part[start..].find(|c: char| !c.is_ascii_digit()).unwrap();
        let next = numbers.len() + 1;
        let number = *numbers.entry(&part[start..end]).or_insert(next);
        out.push_str(&format!(":scope_probe.{}{number}{}", &part[..start], &part[end..]));
    }
    out
}

/// Every function with this much recorded of it.
fn at(strength: Strength) -> Settings {
    Settings { request: Request { strength, ..Request::default() }, ..Settings::default() }
}

/// The instrumented text of a file, and behind it what was refused, as comments.
fn shown(file: &FileResult) -> String {
    let mut shown = match &file.outcome {
        Outcome::Instrumented(instrumented) => with_small_ids(&instrumented.text),
        Outcome::Refused(refusal) => return format!("# {refusal}\n"),
        Outcome::Clean => "# nothing to instrument\n".to_owned(),
    };
    for refusal in &file.refusals {
        shown.push_str(&format!("# line {} stays without probes: {}\n", refusal.line, refusal.why));
    }
    shown
}

/// Compares what becomes of the sources of one folder with the snapshots of
/// another, and tells every difference, not the first alone. They are one project, or
/// each is one of its own.
fn check(sources: &str, is_project: bool, snapshots: &str, strength: Strength) {
    let source = |file: &PathBuf| {
        let text = std::fs::read(root().join(sources).join(file)).unwrap();
        Source { path: format!("lib/{}", file.display()), text }
    };
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(root().join(snapshots));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let (mut differ, mut expected) = (Vec::new(), BTreeSet::new());
    let all: Vec<_> = files(&root().join(sources), "ex").iter().map(source).collect();
    let projects = if is_project { vec![all] } else { all.into_iter().map(|one| vec![one]).collect() };
    let built = projects.into_iter().map(|sources| Project::of_sources(sources).with(at(strength)));
    for file in built.flat_map(|project| driver::build(&project, &|| {}).files) {
        let name = file.path.trim_start_matches("lib/").trim_end_matches(".ex").replace('/', "-");
        let shown = shown(&file);
        let compare = || settings.bind(|| insta::assert_snapshot!(name.as_str(), shown));
        if catch_unwind(std::panic::AssertUnwindSafe(compare)).is_err() {
            differ.push(name.clone());
        }
        expected.insert(PathBuf::from(name + ".snap"));
    }
    assert_eq!(differ, Vec::<String>::new(), "these differ from {snapshots}");
    let mut stray = files(&root().join(snapshots), "snap");
    stray.retain(|file| file.components().count() == 1 && !expected.contains(file));
    assert_eq!(stray, BTreeSet::new(), "these have no case");
}

#[test]
fn each_construct_is_instrumented_as_reviewed() {
    check("snapshots/cases", false, "snapshots", Strength::Boundaries);
}

#[test]
fn each_construct_is_instrumented_in_full_as_reviewed() {
    check("snapshots/cases", false, "snapshots/full", Strength::Values);
}

#[test]
fn the_shop_is_instrumented_as_reviewed() {
    check("tests/apps/shop/lib", true, "snapshots/shop", Strength::Boundaries);
}

#[test]
fn the_shop_is_instrumented_in_full_as_reviewed() {
    check("tests/apps/shop/lib", true, "snapshots/shop/full", Strength::Values);
}

#[test]
fn a_preview_is_what_a_build_writes() {
    let file = root().join("tests/apps/shop/lib/shop/discount.ex");
    let (project, path) = Project::around(&file).unwrap();
    let built = driver::build(&project, &|| {});
    let result = built.files.iter().find(|file| file.path == path).unwrap();
    let Outcome::Instrumented(instrumented) = &result.outcome else { panic!("{result:?}") };
    let alone = driver::preview(&path, &std::fs::read(&file).unwrap()).unwrap();
    assert_ne!(alone, instrumented.text, "the rest of the project must matter to it");
    assert_eq!(driver::preview_in(project, &path).unwrap().text, instrumented.text);
}

/// Elixir's own parser, and the check that the Mix step makes of each file,
/// agree with ours about the cases.
#[test]
fn elixir_finds_nothing_but_probes_in_the_cases() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cases");
    std::fs::create_dir_all(&dir).unwrap();
    let mut pairs = Vec::new();
    for strength in [Strength::Boundaries, Strength::Branches, Strength::Values] {
        for file in files(&root().join("snapshots/cases"), "ex") {
            let original = root().join("snapshots/cases").join(&file);
            let text = std::fs::read(&original).unwrap();
            if let Ok(preview) = driver::preview_with("lib/case.ex", &text, at(strength)) {
                let probed = dir.join(format!("{strength:?}-{}", file.display()));
                std::fs::write(&probed, preview.text).unwrap();
                pairs.extend([original, probed]);
            }
        }
    }
    assert!(pairs.len() > 3 * 2 * 80, "most cases have probes");
    let script = r##"
        for [original, instrumented] <- Enum.chunk_every(System.argv(), 2) do
          texts = Enum.map([original, instrumented], &File.read!/1)
          with {:refused, line, why} <- apply(ElixirScope.Overlay.Erasure, :check, texts ++ [original]),
               do: IO.puts("#{original}:#{line}: #{why}")
        end
    "##;
    let overlay = root().join("runtime-lib/elixir_scope/lib/elixir_scope/overlay");
    let mut elixir = std::process::Command::new("elixir");
    elixir.arg("-pr").arg(overlay.join("erasure/*.ex")).arg("-r").arg(overlay.join("erasure.ex"));
    elixir.args(["-e", script, "--"]).args(pairs);
    let output = elixir.output().expect("this test needs Elixir on the path");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}
