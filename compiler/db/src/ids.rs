//! Node ids: from a module's name down to each node of each clause.

use std::collections::BTreeMap;
use syntax::{Call, Clause, SyntaxKind, SyntaxNode, Target, TextRange, text_without_trivia};
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

/// The ids of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeIds {
    clauses: Vec<ClauseInfo>,
    by_ptr: BTreeMap<NodePtr, NodeId>,
}

impl NodeIds {
    /// Derives the ids of every clause in a named module, and of all below.
    pub fn of(root: &SyntaxNode) -> Self {
        let mut ids = Self::default();
        let mut ordinals = Ordinals::default();
        for module in syntax::modules(root) {
            let Some(name) = &module.name else { continue };
            for clause in module.clauses() {
                ids.clause(name, &clause, &mut ordinals);
            }
        }
        ids
    }

    /// The clauses, in the order of the text.
    pub fn clauses(&self) -> &[ClauseInfo] {
        &self.clauses
    }

    /// The id of a node below a clause, or of the clause's defining call.
    pub fn get(&self, node: &SyntaxNode) -> Option<NodeId> {
        self.by_ptr.get(&NodePtr::of(node)).copied()
    }

    fn clause(&mut self, module: &str, clause: &Clause, ordinals: &mut Ordinals) {
        let arity = clause.arity() as u32;
        let function = NodePath::function(module, &clause.name, arity);
        let signature = text_without_trivia(&clause.signature);
        let ordinal = ordinals.next(&(function.id(), clause.kind, signature.clone()));
        let path = function.step("clause", clause.kind.name(), &signature, ordinal);
        let (module, name) = (module.to_owned(), clause.name.clone());
        self.clauses.push(ClauseInfo { id: path.id(), module, name, arity, kind: clause.kind });
        self.by_ptr.insert(NodePtr::of(clause.call.node()), path.id());
        self.below(clause.call.node(), path);
    }

    fn below(&mut self, top: &SyntaxNode, path: NodePath) {
        let mut todo = vec![(top.clone(), path)];
        while let Some((parent, path)) = todo.pop() {
            let mut seen: BTreeMap<(&str, SyntaxKind, String), u32> = BTreeMap::new();
            for (index, child) in parent.children().enumerate() {
                let (role, key) = (role(&parent, index), key(&child));
                let ordinal = seen.entry((role, child.kind(), key.clone())).and_modify(|n| *n += 1).or_insert(0);
                let step = path.step(role, child.kind().name(), &key, *ordinal);
                self.by_ptr.insert(NodePtr::of(&child), step.id());
                todo.push((child, step));
            }
        }
    }
}

#[derive(Default)]
struct Ordinals(BTreeMap<(NodeId, syntax::ClauseKind, String), u32>);

impl Ordinals {
    fn next(&mut self, key: &(NodeId, syntax::ClauseKind, String)) -> u32 {
        let next = self.0.entry(key.clone()).or_insert(0);
        *next += 1;
        *next - 1
    }
}

/// What a child is to its parent. Only nodes with a fixed number of children
/// tell them apart by place; in a sequence, inserting one must not move the rest.
fn role(parent: &SyntaxNode, index: usize) -> &'static str {
    match (parent.kind(), index) {
        (SyntaxKind::BINARY_OPERATOR | SyntaxKind::STAB_CLAUSE | SyntaxKind::DOT, 0) => "left",
        (SyntaxKind::BINARY_OPERATOR | SyntaxKind::STAB_CLAUSE | SyntaxKind::DOT, _) => "right",
        (SyntaxKind::PAIR, 0) => "key",
        (SyntaxKind::PAIR, _) => "value",
        (SyntaxKind::CALL, 0) => "target",
        (kind, _) => kind.name(),
    }
}

/// What a node is called: never a position, never the content below.
fn key(node: &SyntaxNode) -> String {
    match node.kind() {
        SyntaxKind::CALL => match Call::cast(node).map(|call| call.target()) {
            Some(Target::Local(name) | Target::Remote(_, name)) => name,
            _ => String::new(),
        },
        SyntaxKind::IDENTIFIER | SyntaxKind::ALIAS | SyntaxKind::ATOM => node.text().to_string(),
        SyntaxKind::BINARY_OPERATOR | SyntaxKind::UNARY_OPERATOR => operator(node),
        SyntaxKind::PAIR | SyntaxKind::STAB_CLAUSE => {
            node.first_child().map(|head| text_without_trivia(&head)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn operator(node: &SyntaxNode) -> String {
    let mut tokens = node.children_with_tokens().filter_map(|child| child.into_token());
    tokens.find(|token| !token.kind().is_trivia()).map(|token| token.text().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(source: &str) -> Vec<(String, NodeId)> {
        let ids = NodeIds::of(&syntax::parse(source.as_bytes()).root());
        ids.clauses().iter().map(|clause| (clause.function(), clause.id)).collect()
    }

    fn all(source: &str) -> Vec<NodeId> {
        let ids = NodeIds::of(&syntax::parse(source.as_bytes()).root());
        let mut all: Vec<_> = ids.by_ptr.values().copied().collect();
        all.sort();
        all
    }

    const BASE: &str = "defmodule A do\n  def f(x), do: g(x)\n  def f(y, 1) do\n    h(y)\n    k(y)\n  end\nend\n";

    #[test]
    fn layout_and_comments_change_no_id() {
        let other =
            "# c\ndefmodule A do\n\n  def f( x ), do: g( x )  # d\n  def f(y,1) do\n h(y) # e\n\n k( y )\n  end\nend";
        assert_eq!(all(BASE), all(other));
    }

    #[test]
    fn an_edit_in_one_function_changes_no_id_of_another() {
        let other = BASE.replace("g(x)", "g(x) + 1");
        assert_eq!(ids(BASE), ids(&other));
    }

    #[test]
    fn inserting_a_statement_keeps_its_siblings() {
        let other = BASE.replace("    k(y)\n", "    z = 1\n    k(y)\n");
        let other = all(&other);
        assert!(all(BASE).iter().all(|id| other.contains(id)));
    }

    #[test]
    fn equal_heads_and_equal_modules_get_ordinals() {
        let twice = "defmodule A do\n  def f(x), do: x\n  def f(x), do: x\nend\n".repeat(2);
        let mut ids: Vec<_> = ids(&twice).into_iter().map(|(_, id)| id).collect();
        ids.dedup();
        assert_eq!(ids.len(), 4);
    }

    #[test]
    fn nested_modules_and_implementations_have_full_names() {
        let source = "defmodule A.B do\n  defmodule C do\n    def f, do: 1\n  end\n  defimpl P, for: T do\n    def g(x), do: x\n  end\n  defimpl Q do\n    def h(x), do: x\n  end\nend\n";
        let names: Vec<_> = ids(source).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["A.B.C.f/0", "P.T.g/1", "Q.A.B.h/1"]);
    }

    #[test]
    fn code_inside_quote_is_not_a_clause() {
        assert_eq!(ids("defmodule A do\n  quote do\n    def f, do: 1\n  end\nend\n"), []);
    }
}
