//! The pieces against the whole, on files: those of this repository, and those
//! below `ELIXIRSCOPE_CORPUS=DIR[:DIR…]`, as they are and with
//! `ELIXIRSCOPE_MUTATIONS=N` injuries.

use super::*;
use std::path::{Path, PathBuf};

/// What was compared.
#[derive(Debug, Default)]
struct Count {
    texts: usize,
    chunks: usize,
    sound: usize,
    /// Not tokens.
    damaged: usize,
    /// Tokens, but not for the grammar.
    misfits: usize,
    /// Of these, those whose pieces have another first error than the whole.
    other_error: usize,
}

/// Reads the text in pieces and whole, and holds the laws against them.
fn check(text: &str, count: &mut Count) {
    let outline = || Outline::of(text).unwrap();
    let (pieces, whole) = (outline().parse(), Outline::uncut(text, scan(text)).parse());
    count.texts += 1;
    count.chunks += outline().chunks().len();
    assert_eq!(pieces.source(), text.as_bytes());
    assert!(pieces == parse(text).unwrap());
    if whole.errors().is_empty() {
        count.sound += 1;
        assert!(pieces == whole, "the pieces have another tree, or errors {:?}", pieces.errors());
    } else if whole.token_error().is_some() {
        count.damaged += 1;
        assert_eq!(pieces.token_error(), whole.token_error());
    } else {
        count.misfits += 1;
        assert!(!pieces.errors().is_empty(), "the pieces have no error, the whole {:?}", whole.errors());
        count.other_error += usize::from(pieces.errors()[0] != whole.errors()[0]);
    }
}

fn sources(path: &Path, out: &mut Vec<(PathBuf, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries.into_iter().filter(|entry| !entry.is_symlink()) {
        if entry.is_dir() {
            sources(&entry, out);
        } else if entry.extension().is_some_and(|extension| extension == "ex" || extension == "exs") {
            out.extend(std::fs::read_to_string(&entry).ok().map(|text| (entry, text)));
        }
    }
}

/// SplitMix64, seeded by the number of the injury.
fn random(state: &mut u64, end: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as usize % end.max(1)
}

const WORDS: [&str; 20] = [
    "(", ")", "[", "}", "\"", "\"\"\"", "#{", "fn ", " do ", " do\n", " end\n", "end", "\n", " in ", " -> ", ", ",
    "def f(", "~s(", "\\", "x = ",
];

/// A word put in, or some bytes taken out.
fn injured(seed: u64, sources: &[(PathBuf, String)]) -> (&Path, String) {
    let mut state = seed;
    let (path, text) = &sources[random(&mut state, sources.len())];
    let mut text = text.clone();
    let boundary = |text: &str, at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let at = boundary(&text, random(&mut state, text.len() + 1));
    if random(&mut state, 3) == 0 {
        let end = boundary(&text, (at + random(&mut state, 30)).min(text.len()));
        text.replace_range(at.min(end)..end.max(at), "");
    } else {
        text.insert_str(at, WORDS[random(&mut state, WORDS.len())]);
    }
    (path, text)
}

#[test]
fn pieces_are_the_whole() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").display().to_string();
    let folders = std::env::var("ELIXIRSCOPE_CORPUS").unwrap_or(format!("{here}/tests:{here}/runtime-lib"));
    let mutations: u64 = std::env::var("ELIXIRSCOPE_MUTATIONS").map_or(500, |number| number.parse().unwrap());
    let mut all = Vec::new();
    std::env::split_paths(&folders).for_each(|folder| sources(&folder, &mut all));
    let (mut plain, mut broken) = (Count::default(), Count::default());
    let named = |what: String, text: &str, count: &mut Count| {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(text, count)));
        if done.is_err() {
            std::fs::write(std::env::temp_dir().join("pieces.ex"), text).unwrap();
            panic!("{what}");
        }
    };
    for (path, text) in &all {
        named(path.display().to_string(), text, &mut plain);
    }
    for seed in 0..mutations {
        let (path, text) = injured(seed, &all);
        named(format!("injury {seed} of {}", path.display()), &text, &mut broken);
    }
    println!("{plain:?}\n{broken:?}");
    assert!(plain.chunks > plain.texts);
}

/// The chunks of a module with this body, by their first words; its laws are held too.
#[track_caller]
fn cut(body: &str) -> Vec<String> {
    let text = format!("defmodule A do\n{body}\n  @last 1\nend\n");
    check(&text, &mut Count::default());
    let first_line = |chunk: &str| chunk.lines().next().unwrap_or_default().trim_end_matches(" do").to_owned();
    Outline::of(&text).unwrap().chunks().map(first_line).collect()
}

#[test]
fn definitions_and_blocks_are_chunks() {
    assert_eq!(cut("  def f(x) do\n    x\n  end\n\n  def g,\n    do: 1\n"), ["def f(x)", "def g,"]);
    assert_eq!(cut("  def f(x)\n      when x do\n    x\n  end # f\n"), ["def f(x)"]);
    assert_eq!(cut("  schema \"a\" do\n  end\n  plug :a\n"), ["schema \"a\""]);
    assert_eq!(cut("  x =\n    a do\n    end\n"), ["x ="]);
    assert_eq!(cut("  describe \"a\" do\n    test \"b\" do\n    end\n  end\n"), ["test \"b\""]);
}

#[test]
fn what_goes_on_or_is_no_statement_of_the_module_is_no_chunk() {
    for body in [
        "  a do\n  end |> b()",
        "  a do\n  end\n  |> b()",
        "  a -> def f do\n    b\n  end",
        "  @doc a do\n  end",
        "  def f, do: 1; def g, do: 2",
        "  @doc \"\"\"\n  def f do\n  end\n  \"\"\"",
    ] {
        assert_eq!(cut(body), [""; 0], "{body}");
    }
}

#[test]
fn damage_ends_where_the_next_definition_begins() {
    let after = "  def g do\n    1\n  end\n";
    for damaged in [
        "  def f(x",
        "  def f(x) do",
        "  def f do\n    [1\n  end",
        "  def f do\n    fn ->\n  end",
        "  def f do\n    \"\n  end",
    ] {
        let chunks = cut(&format!("{damaged}\n\n{after}"));
        assert_eq!(chunks.len(), 2, "{damaged}: {chunks:?}");
        assert_eq!(chunks[1], "def g", "{damaged}");
    }
}

#[test]
fn a_piece_is_read_alike_whatever_else_is_in_the_file() {
    let sigil = "  def f do\n    ~s(\\x00)\n  end";
    assert_eq!(cut(sigil), ["def f"]);
    assert_eq!(cut(&format!("{sigil}\n\n  @rare ~S(\\\\)")), ["def f"]);
}
