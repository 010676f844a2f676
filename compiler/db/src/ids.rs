//! Node ids: from a module's name down to each node of each file.
//!
//! An id is the hash of a path: module, function name and arity, then for each
//! node down to this one its role, kind, key, and the ordinal among the siblings
//! before it that agree in all three. A key is a name: a callee, the variables a
//! match binds, a clause's head. It is never a position, nor the content below.
//!
//! Which node has which path:
//!
//! * A clause of a named function hangs below its function, wherever in the
//!   module it stands: in the body, in an `if`, in a `for`. Functions and modules
//!   that the text names twice share one space, in which ordinals count on.
//! * Everything else in a module's body hangs below the module, with no function.
//!   What stands outside modules hangs below the empty module.
//! * `defmodule`, `defprotocol` and `defimpl` with a written name and a do-block
//!   open a module. With another name, inside a function, or inside `quote`, they
//!   are calls like any other, and so is a `def` inside `quote`, inside a function
//!   or with a generated name (`def unquote(name)(x)`): it has ids, below the node
//!   that holds it, but is no clause of a function.
//! * Code inside `quote` hangs below the call of `quote`, under a role of its own.
//! * Punctuation has no id: argument lists, keyword pairs, names of calls, the
//!   text of a string.
//!
//! The laws, which `tests/id_laws.rs` counts on real files, and what each excludes:
//!
//! * **Layout and comments change no id.** Excluded: nothing that leaves the tokens.
//! * **An edit inside the body of one function changes no id outside that function.**
//!   A change of name, arity or module makes it another function.
//! * **Moving a function, or a file, changes no id.** All clauses of a function move
//!   together, with the attributes that describe them (`@doc`, `@spec`, `@impl` …),
//!   whose key is the definition they precede. Excluded: moving one of two clauses of
//!   one function that have equal heads past the other.
//! * **Inserting a statement keeps the ids of its siblings and of all below them.**
//!   Excluded: siblings *behind* the inserted statement whose role, kind and key equal
//!   its own; they count one further. No derivation from one text can keep these, since
//!   `f(); f()` does not say which of the two is new. Keys are rich in names to make it
//!   rare. In a module's body, a definition inserted between an attribute and the
//!   definition it describes takes the attribute over.
//! * **Ids depend on the text alone**: not on the file's path, the machine, the order of
//!   files or the number of threads. Where several files of a project define a clause of
//!   one id, the path decides which keeps it; in the others ([`NodeIds::behind`]) the ids
//!   of the clause also depend on how many files before them define it, and on no more.

mod key;
mod resolve;
mod steps;
mod walk;

pub use key::node_label;
pub use resolve::resolve;
pub(crate) use resolve::{disputed_among, lost_by};

use syntax::{SyntaxKind, SyntaxNode, TextRange};
use wire::{NodeId, NodePath};

/// Where a node stands in one revision of one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodePtr {
    start: u32,
    end: u32,
    kind: SyntaxKind,
}

impl NodePtr {
    /// The pointer to `node`.
    pub fn of(node: &SyntaxNode) -> Self {
        let range: TextRange = node.text_range();
        Self { start: range.start().into(), end: range.end().into(), kind: node.kind() }
    }

    /// The node's range.
    pub fn range(&self) -> TextRange {
        TextRange::new(self.start.into(), self.end.into())
    }

    /// The node's kind.
    pub fn kind(&self) -> SyntaxKind {
        self.kind
    }

    /// The same place in a text that begins `by` bytes before this one's.
    fn behind(self, by: u32) -> Self {
        Self { start: self.start + by, end: self.end + by, ..self }
    }

    // Outer before inner, in the order of the text.
    fn order(&self) -> (u32, std::cmp::Reverse<u32>) {
        (self.start, std::cmp::Reverse(self.end))
    }
}

/// A clause of a named function, without its position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClauseInfo {
    /// The clause's id.
    pub id: NodeId,
    /// The module's full name.
    pub module: String,
    /// The function's name.
    pub name: String,
    /// The function's arity.
    pub arity: u32,
    /// `def`, `defp`, `defmacro` or `defmacrop`.
    pub kind: syntax::ClauseKind,
}

impl ClauseInfo {
    /// `Module.name/arity`.
    pub fn function(&self) -> String {
        format!("{}.{}/{}", self.module, self.name, self.arity)
    }
}

/// What a node's path begins with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The module's full name; empty outside modules.
    pub module: String,
    /// The function's name; empty outside functions.
    pub name: String,
    /// The function's arity.
    pub arity: u32,
}

impl std::fmt::Display for Owner {
    /// `Module.name/arity`; `Module` for its body; nothing outside modules.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name.is_empty() {
            true => f.write_str(&self.module),
            false => write!(f, "{}.{}/{}", self.module, self.name, self.arity),
        }
    }
}

/// A node and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeInfo {
    /// The node's id.
    pub id: NodeId,
    /// Where it stands.
    pub ptr: NodePtr,
    /// Index of the nearest node around it that has an id.
    pub parent: Option<u32>,
    /// What the node is to that one.
    pub role: &'static str,
    owner: u32,
}

/// The ids of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeIds {
    clauses: Vec<ClauseInfo>,
    /// The node of each clause.
    clause_nodes: Vec<u32>,
    nodes: Vec<NodeInfo>,
    owners: Vec<Owner>,
}

/// The nodes inside of one clause, which depend on its text and its path alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InnerIds {
    /// Places and parents count from the clause, which is the first.
    nodes: Vec<NodeInfo>,
}

impl InnerIds {
    /// What is below the path of the clause that is all of the text of `root`;
    /// `None` if it is no clause.
    pub fn of(root: &SyntaxNode, path: NodePath) -> Option<Self> {
        let clause = root.first_child().filter(|node| node.text_range() == root.text_range())?;
        syntax::Clause::cast(&clause)?;
        Some(Self { nodes: walk::inside(&clause, path) })
    }
}

impl NodeIds {
    /// Derives the ids of every node of the tree that is code.
    pub fn of(root: &SyntaxNode) -> Self {
        walk::walk(root, |_, _| None)
    }

    /// The same, where `inner` knows what is inside of some clauses: given the
    /// clause's range and path, what [`InnerIds::of`] says of it.
    pub(crate) fn with<'a>(root: &SyntaxNode, inner: impl Fn(TextRange, NodePath) -> Option<&'a InnerIds>) -> Self {
        walk::walk(root, inner)
    }

    /// The clauses of named functions, in the order of the text.
    pub fn clauses(&self) -> &[ClauseInfo] {
        &self.clauses
    }

    /// Every node with an id, outer before inner, in the order of the text.
    pub fn nodes(&self) -> &[NodeInfo] {
        &self.nodes
    }

    /// The module and function whose ids the node's is among.
    pub fn owner(&self, node: &NodeInfo) -> &Owner {
        &self.owners[node.owner as usize]
    }

    /// The id of a node; `None` for layout and punctuation.
    pub fn get(&self, node: &SyntaxNode) -> Option<NodeId> {
        let ptr = NodePtr::of(node);
        let first = self.nodes.partition_point(|info| info.ptr.order() < ptr.order());
        let same = self.nodes[first..].iter().take_while(|info| info.ptr.order() == ptr.order());
        same.into_iter().find(|info| info.ptr == ptr).map(|info| info.id)
    }
}
