//! Runs one stage over every `*.ex` below a folder: `stage parse|quoted|ids|instrument DIR`.
//! `cargo xtask check instructions` counts what it costs.

use std::path::{Path, PathBuf};

type Stage = fn(&[u8]);

const STAGES: &[(&str, Stage)] = &[
    ("parse", |text| drop(syntax::parse(text))),
    ("quoted", |text| drop(syntax::quoted::quoted(&syntax::parse(text), syntax::quoted::Options::default()))),
    ("ids", |text| drop(db::NodeIds::of(&syntax::parse(text).root()))),
    ("instrument", |text| drop(driver::preview("lib/a.ex", text))),
];

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [stage, folder] = arguments.as_slice() else {
        return Err(std::io::Error::other("usage: stage parse|quoted|ids|instrument DIR"));
    };
    let Some((_, run)) = STAGES.iter().find(|(name, _)| name == stage) else {
        return Err(std::io::Error::other(format!("no stage {stage}")));
    };
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files)?;
    for file in files {
        run(&std::fs::read(file)?);
    }
    Ok(())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            collect(&entry, files)?;
        } else if entry.extension().is_some_and(|extension| extension == "ex") {
            files.push(entry);
        }
    }
    Ok(())
}
