//! Any bytes: the tree holds every one of them, and nothing panics, whatever happened to
//! a source.
//!
//! `ELIXIRSCOPE_CORPUS=DIR[:DIR…]` gives the sources to damage, `ELIXIRSCOPE_MUTATIONS=N`
//! how often, and `ELIXIRSCOPE_MUTANTS=DIR` where to write what came of it, for
//! `cargo xtask check mutants`. The generator is seeded by the number of the mutation, which a failure
//! names, and never by the clock.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::{Path, PathBuf};

/// SplitMix64: any seed is as good as any other.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// A piece of at most `longest` bytes, anywhere in `text`, across characters too.
    fn piece(&mut self, text: &[u8], longest: usize) -> std::ops::Range<usize> {
        let start = self.below(text.len() + 1);
        let length = self.below(longest.min(text.len() - start) + 1);
        start..start + length
    }
}

/// What opens, closes, separates or begins something.
const WORDS: &[&str] = &[
    "(", ")", "[", "]", "{", "}", "<<", ">>", "\"", "'", "\"\"\"", "'''", "#{", "~s(", "~S[", "~r/", "\\", "%{", "%",
    "&", "&(", "@", "?", ":", ": ", "::", "->", "=>", "|", "..", "//", "...", ";", "\n", "\r\n", "#", ",", ".", " do ",
    " do: ", " end ", "fn ", " else ", " rescue ", " after ", " when ", " not ", " in ", " not in ", " and ",
    "\u{feff}", "\u{202e}", "価", "e\u{301}", "\0", "0x", "1.0e", "\\u{", " ",
];

/// One source with one to four injuries.
fn mutate(random: &mut Random, sources: &[Vec<u8>]) -> Vec<u8> {
    let mut text = random.pick(sources).clone();
    for _ in 0..=random.below(4) {
        let piece = random.piece(&text, 200);
        match random.below(7) {
            0 => drop(text.drain(piece)),
            1 => {
                let copy = text[piece.clone()].to_vec();
                text.splice(piece.end..piece.end, copy);
            }
            2 => {
                let middle = piece.start + random.below(piece.len() + 1);
                text[piece.clone()].rotate_left(middle - piece.start);
            }
            3 => {
                let other = random.pick(sources);
                let foreign = random.piece(other, 400);
                text.splice(piece, other[foreign].iter().copied());
            }
            4 => {
                for byte in &mut text[piece.start..piece.end.min(piece.start + 2)] {
                    *byte ^= 1 << random.below(8);
                }
            }
            5 => {
                let word = random.pick(WORDS);
                text.splice(piece.start..piece.start, word.bytes());
            }
            _ => text.truncate(piece.end),
        }
    }
    text
}

fn round_trip(source: &[u8], what: &dyn Fn() -> String) {
    let done = std::panic::catch_unwind(|| {
        let parse = syntax::parse(source);
        assert!(parse.source() == source, "the tree has another text");
        // What comes after the tree must cope with it too.
        let _ = syntax::quoted::quoted(&parse, syntax::quoted::Options { columns: true, ..Default::default() });
    });
    if done.is_err() {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutation.ex");
        std::fs::write(&path, source).unwrap();
        panic!("{}: the source is in {}", what(), path.display());
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries.into_iter().filter(|entry| !entry.is_symlink()) {
        if entry.is_dir() {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "ex" || extension == "exs") {
            files.push(entry);
        }
    }
}

#[test]
fn every_byte_survives_any_injury() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let folders = std::env::var("ELIXIRSCOPE_CORPUS").unwrap_or_else(|_| here.display().to_string());
    let count: usize = std::env::var("ELIXIRSCOPE_MUTATIONS").map_or(300, |number| number.parse().unwrap());
    let out = std::env::var_os("ELIXIRSCOPE_MUTANTS");
    let mut files = Vec::new();
    for folder in std::env::split_paths(&folders) {
        collect(&folder, &mut files);
    }
    let sources: Vec<_> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(!sources.is_empty(), "no *.ex or *.exs below {folders}");
    for (file, source) in files.iter().zip(&sources) {
        round_trip(source, &|| file.display().to_string());
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let source = mutate(&mut Random(number as u64), &sources);
                    if let Some(out) = &out {
                        std::fs::write(Path::new(out).join(format!("{number:06}.ex")), &source).unwrap();
                    }
                    round_trip(&source, &|| format!("mutation {number}"));
                }
            });
        }
    });
    let bytes: usize = sources.iter().map(Vec::len).sum();
    println!("round trip: {} files of {bytes} bytes, and {count} mutations of them", sources.len());
}
