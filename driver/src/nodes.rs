//! Every node of a project with its id.

use crate::report::Diagnostic;
use crate::{Error, Project, Source};
use db::{NodeIds, NodePtr, Owner};
use rayon::prelude::*;
use std::collections::BTreeSet;
use syntax::{LineIndex, SyntaxNode, TextRange, trimmed_range};
use wire::{MapBuilder, NodeEntry, NodeId, NodeKind};

/// A node of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id: of this node alone in the project.
    pub id: NodeId,
    /// The nearest node around it that has an id.
    pub parent: Option<NodeId>,
    /// How many nodes are around it.
    pub depth: u32,
    /// The grammar's name for what it is.
    pub kind: &'static str,
    /// What it is to its parent: `statement`, `argument`, `left` …
    pub role: &'static str,
    /// Its kind and what it is called: `call Repo.get`.
    pub label: String,
    /// The function or module it belongs to.
    pub owner: Owner,
    /// Whether it is a clause of a named function.
    pub is_clause: bool,
    /// Start line and column (UTF-8 bytes), from 1.
    pub start: (u32, u32),
    /// End line and column, exclusive.
    pub end: (u32, u32),
}

/// The nodes of one file, outer before inner, in the order of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNodes {
    /// Path relative to the project's root.
    pub path: String,
    /// Its nodes.
    pub nodes: Vec<Node>,
}

/// The nodes of a project, files in the order of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    /// One for each source.
    pub files: Vec<FileNodes>,
    /// Nodes whose path gave an id that another node has, and that got another.
    pub parted: usize,
    /// Files with syntax errors: their nodes are those the parser made out.
    pub diagnostics: Vec<Diagnostic>,
}

/// Lists every node of the project. The same for any number of threads.
pub fn nodes(project: &Project) -> Nodes {
    let parse = |source: &Source| {
        let parse = syntax::parse(&source.text);
        let ids = NodeIds::of(&parse.root());
        (parse, ids)
    };
    let parsed: Vec<_> = project.sources.par_iter().map(parse).collect();
    let parted = db::resolve(&parsed.iter().map(|(_, ids)| ids).collect::<Vec<_>>());
    let moved = parted.iter().map(|(file, ids)| ids.nodes().iter().zip(parsed[*file].1.nodes()));
    let moved = moved.flatten().filter(|(new, old)| new.id != old.id).count();
    let indices: Vec<_> = (0..parsed.len()).collect();
    let list = |file: &usize| {
        let (source, (parse, ids)) = (&project.sources[*file], &parsed[*file]);
        list(source, &parse.root(), parted.get(file).unwrap_or(ids))
    };
    let diagnostics = project.sources.iter().zip(&parsed).filter_map(|(source, (parse, _))| diagnostic(source, parse));
    Nodes { files: indices.par_iter().map(list).collect(), parted: moved, diagnostics: diagnostics.collect() }
}

fn diagnostic(source: &Source, parse: &syntax::Parse) -> Option<Diagnostic> {
    let error = parse.errors().first()?;
    let line = LineIndex::new(&source.text).line(error.range.start());
    Some(Diagnostic { file: source.path.clone(), line, message: error.message.clone() })
}

fn list(source: &Source, root: &SyntaxNode, ids: &NodeIds) -> FileNodes {
    let lines = LineIndex::new(root.text().to_string().as_bytes());
    let clauses: BTreeSet<NodeId> = ids.clauses().iter().map(|clause| clause.id).collect();
    let place = |at| {
        let position = lines.position(at);
        (position.line, position.utf8)
    };
    let mut nodes: Vec<Node> = Vec::with_capacity(ids.nodes().len());
    let mut infos = ids.nodes().iter().peekable();
    for node in root.descendants() {
        // Both go through the tree in the same order.
        let Some(info) = infos.next_if(|info| info.ptr == NodePtr::of(&node)) else { continue };
        let range = content_range(&node);
        let parent = info.parent.map(|parent| &nodes[parent as usize]);
        nodes.push(Node {
            id: info.id,
            parent: parent.map(|parent| parent.id),
            depth: parent.map_or(0, |parent| parent.depth + 1),
            kind: node.kind().name(),
            role: info.role,
            label: db::node_label(&node),
            owner: ids.owner(info).clone(),
            is_clause: clauses.contains(&info.id),
            start: place(range.start()),
            end: place(range.end()),
        });
    }
    FileNodes { path: source.path.clone(), nodes }
}

/// Few nodes end with layout; the others need no look at all their tokens.
fn content_range(node: &SyntaxNode) -> TextRange {
    let ends_with_layout = node.last_token().is_some_and(|token| token.kind().is_trivia());
    if ends_with_layout { trimmed_range(node) } else { node.text_range() }
}

impl Nodes {
    /// Number of nodes.
    pub fn count(&self) -> usize {
        self.files.iter().map(|file| file.nodes.len()).sum()
    }

    /// The node map of them all.
    ///
    /// # Errors
    /// When there are more than the format counts.
    pub fn map(&self) -> Result<Vec<u8>, Error> {
        let mut builder = MapBuilder::default();
        for file in &self.files {
            file.nodes.iter().try_for_each(|node| builder.add(&entry(file, node)))?;
        }
        Ok(builder.finish()?)
    }
}

fn entry<'a>(file: &'a FileNodes, node: &'a Node) -> NodeEntry<'a> {
    let column = |column: u32| u16::try_from(column).unwrap_or(u16::MAX);
    NodeEntry {
        id: node.id,
        parent: node.parent,
        module: &node.owner.module,
        name: &node.owner.name,
        arity: u8::try_from(node.owner.arity).unwrap_or(u8::MAX),
        kind: NodeKind::Node,
        file: &file.path,
        label: &node.label,
        line: node.start.0,
        column: column(node.start.1),
        end_line: node.end.0,
        end_column: column(node.end.1),
    }
}
