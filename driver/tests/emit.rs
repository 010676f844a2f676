//! What is written, and where.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use driver::{Project, Source};
use std::path::Path;

#[test]
fn nothing_is_written_outside_the_output_folder() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    // It may not be there.
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(&root).unwrap();
    let absolute = root.join("absolute.ex").display().to_string();
    let outside = [absolute.as_str(), "../above.ex", "lib/../../../inner.ex"];
    let source = |(at, path): (usize, &&str)| {
        let text = format!("defmodule M{at} do\n  def f, do: {at}\nend\n");
        Source { path: (*path).to_owned(), text: text.into_bytes() }
    };
    let paths = [outside.as_slice(), &["./lib/a.ex", "lib/b.ex"]].concat();
    let project = Project::of_sources(paths.iter().enumerate().map(source).collect());
    let summary = driver::emit(&project, &driver::build(&project, &|| {}), &root.join("out")).unwrap();
    assert_eq!(summary.instrumented, 2);
    let places: Vec<_> = summary.diagnostics.iter().map(|found| (found.file.as_str(), found.line)).collect();
    assert_eq!(places, [("../above.ex", 1), (absolute.as_str(), 1), ("lib/../../../inner.ex", 1)]);
    assert!(summary.diagnostics.iter().all(|found| found.message.ends_with("move it there")));
    let names = |folder: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&root), ["out"]);
    assert_eq!(names(&root.join("out/src/lib")), ["a.ex", "b.ex"]);
    assert!(driver::preview(&absolute, b"defmodule A do\n  def f, do: 1\nend\n").unwrap().contains(":scope_probe"));
}
