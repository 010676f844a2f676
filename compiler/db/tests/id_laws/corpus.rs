//! Real files, parsed, with their ids.

use db::{NodeIds, NodeInfo};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use syntax::SyntaxNode;

/// A file without syntax errors.
pub struct Source {
    pub path: String,
    pub text: String,
    pub ids: NodeIds,
    parse: syntax::Parse,
}

impl Source {
    pub fn parsed(path: &str, text: String) -> Option<Self> {
        let parse = syntax::parse(text.as_bytes());
        let ids = NodeIds::of(&parse.root());
        parse.errors().is_empty().then(|| Self { path: path.to_owned(), text, ids, parse })
    }

    pub fn root(&self) -> SyntaxNode {
        self.parse.root()
    }

    /// The nodes that are not inside `range`, in the order of the text.
    pub fn nodes_outside(&self, range: &Range<usize>) -> Vec<NodeInfo> {
        let inside = |node: &&NodeInfo| {
            let own = node.ptr.range();
            usize::from(own.start()) >= range.start && usize::from(own.end()) <= range.end
        };
        self.ids.nodes().iter().filter(|node| range.is_empty() || !inside(node)).copied().collect()
    }

    /// The node's owner, kind, and text with what stands before it, for messages.
    pub fn at(&self, node: &NodeInfo) -> String {
        let start = usize::from(node.ptr.range().start());
        let before: Vec<_> = self.text[..start].chars().rev().take(80).collect();
        let before: String = before.into_iter().rev().collect();
        let text: String = self.text[start..].chars().take(80).collect();
        format!("{} {}: {before:?} followed by {text:?}", self.ids.owner(node), node.ptr.kind().name())
    }
}

/// The files of this repository, and of the folder in `ELIXIRSCOPE_CORPUS`.
pub fn corpus() -> &'static [Source] {
    static CORPUS: OnceLock<Vec<Source>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let own = ["tests/apps/shop", "tests/quoted/cases", "runtime-lib/elixir_scope", "compiler/syntax/tests"];
        let mut files = Vec::new();
        own.iter().for_each(|dir| collect(&root.join(dir), &mut files));
        if let Some(more) = std::env::var_os("ELIXIRSCOPE_CORPUS") {
            collect(Path::new(&more), &mut files);
        }
        files.sort();
        let read = |path: &PathBuf| Source::parsed(&path.display().to_string(), std::fs::read_to_string(path).ok()?);
        let sources: Vec<_> = files.iter().filter_map(read).collect();
        println!(
            "corpus: {} files, {} of them with syntax errors or no UTF-8",
            files.len(),
            files.len() - sources.len()
        );
        sources
    })
}

/// How many changes to try on each file.
pub fn mutations() -> usize {
    std::env::var("ELIXIRSCOPE_MUTATIONS").ok().and_then(|number| number.parse().ok()).unwrap_or(20)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let built = path.file_name().is_some_and(|name| name == "_build" || name == "deps");
        if path.is_dir() && !built {
            collect(&path, files);
        } else if path.extension().is_some_and(|own| own == "ex" || own == "exs") {
            files.push(path);
        }
    }
}
