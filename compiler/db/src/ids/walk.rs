//! One pass down the tree, which gives every step its path.

use super::key::{clause_key, key};
use super::steps::{Step, is_quote, steps};
use super::{ClauseInfo, InnerIds, NodeIds, NodeInfo, NodePtr, Owner};
use std::collections::HashMap;
use syntax::{Call, Clause, Module, SyntaxNode, TextRange};
use wire::NodePath;

/// What the paths of a node's children begin with.
#[derive(Clone, Copy)]
struct Inside {
    base: NodePath,
    owner: u32,
    /// Whether clauses and modules here are the module's own: not in functions,
    /// in `quote`, or in modules without a written name.
    open: bool,
}

/// A step whose path is known, to be visited.
struct Todo {
    step: Step,
    path: NodePath,
    owner: u32,
    parent: Option<u32>,
    inside: Inside,
    clause: Option<ClauseInfo>,
}

#[derive(Default)]
struct Walk {
    ids: NodeIds,
    // These two are never iterated.
    seen: HashMap<NodePath, u32>,
    owners: HashMap<Owner, u32>,
    // A stack, not recursion: nesting is the input's choice.
    todo: Vec<Todo>,
}

/// Derives the ids of every step of the tree.
/// Where `inner` knows what is below a clause, that is taken.
pub fn walk<'a>(root: &SyntaxNode, inner: impl Fn(TextRange, NodePath) -> Option<&'a InnerIds>) -> NodeIds {
    let mut walk = Walk::default();
    let inside = walk.module("");
    walk.below(root, inside, None);
    while let Some(todo) = walk.todo.pop() {
        let known = todo.clause.as_ref().and_then(|_| inner(todo.step.node.text_range(), todo.path));
        match known {
            Some(inner) => walk.graft(todo, inner),
            None => walk.visit(todo),
        }
    }
    walk.ids
}

/// The clause `node`, and the steps below its path.
pub fn inside(node: &SyntaxNode, path: NodePath) -> Vec<NodeInfo> {
    let mut walk = Walk::default();
    let inside = Inside { base: path, owner: 0, open: false };
    let step = Step { role: "", pair: None, node: node.clone() };
    walk.visit(Todo { step, path, owner: 0, parent: None, inside, clause: None });
    while let Some(todo) = walk.todo.pop() {
        walk.visit(todo);
    }
    walk.ids.nodes
}

impl Walk {
    fn visit(&mut self, mut todo: Todo) {
        let index = self.note(&mut todo);
        self.below(&todo.step.node, todo.inside, Some(index));
    }

    /// Adds a clause with all that is in it.
    fn graft(&mut self, mut todo: Todo, inner: &InnerIds) {
        let start = todo.step.node.text_range().start().into();
        let index = self.note(&mut todo);
        let nodes = inner.nodes.iter().skip(1).map(|node| NodeInfo {
            ptr: node.ptr.behind(start),
            parent: node.parent.map(|parent| parent + index),
            owner: todo.owner,
            ..*node
        });
        self.ids.nodes.extend(nodes);
    }

    /// Adds the step; its index.
    fn note(&mut self, todo: &mut Todo) -> u32 {
        let index = self.ids.nodes.len() as u32;
        let ptr = NodePtr::of(&todo.step.node);
        let (id, parent, role, owner) = (todo.path.id(), todo.parent, todo.step.role, todo.owner);
        self.ids.nodes.push(NodeInfo { id, ptr, parent, role, owner });
        if let Some(clause) = todo.clause.take() {
            self.ids.clauses.push(clause);
            self.ids.clause_nodes.push(index);
        }
        index
    }

    /// Leaves the steps below `node` to be visited next, in the order of the text.
    fn below(&mut self, node: &SyntaxNode, inside: Inside, index: Option<u32>) {
        let from = self.todo.len();
        let body = if inside.open { self.opened(node, inside.owner) } else { None };
        for step in steps(node) {
            let body = body.filter(|_| step.role == "do");
            let todo = match self.clause_of(&step, inside) {
                Some(clause) => self.clause(step, &clause, inside, index),
                None => self.plain(step, inside, body, index),
            };
            self.todo.push(todo);
        }
        self.todo[from..].reverse();
    }

    /// The body of the module that `node` defines.
    fn opened(&mut self, node: &SyntaxNode, owner: u32) -> Option<Inside> {
        self.module_name(node, owner).map(|name| self.module(&name))
    }

    fn module_name(&self, node: &SyntaxNode, owner: u32) -> Option<String> {
        let outer = self.ids.owners[owner as usize].module.as_str();
        Module::cast(node, Some(outer).filter(|name| !name.is_empty()))?.name
    }

    fn module(&mut self, name: &str) -> Inside {
        let owner = self.owner(Owner { module: name.to_owned(), name: String::new(), arity: 0 });
        Inside { base: NodePath::function(name, "", 0), owner, open: true }
    }

    fn owner(&mut self, owner: Owner) -> u32 {
        let next = self.ids.owners.len() as u32;
        *self.owners.entry(owner).or_insert_with_key(|owner| {
            self.ids.owners.push(owner.clone());
            next
        })
    }

    /// The path of the next step with this one's role, kind and key.
    fn numbered(&mut self, path: NodePath) -> NodePath {
        let seen = self.seen.entry(path).or_insert(0);
        *seen += 1;
        path.ordinal(*seen - 1)
    }

    fn clause_of(&self, step: &Step, inside: Inside) -> Option<Clause> {
        let in_module = inside.open && !self.ids.owners[inside.owner as usize].module.is_empty();
        if in_module { Clause::cast(&step.node) } else { None }
    }

    fn clause(&mut self, step: Step, clause: &Clause, inside: Inside, parent: Option<u32>) -> Todo {
        let module = self.ids.owners[inside.owner as usize].module.clone();
        let (name, arity, kind) = (clause.name.clone(), clause.arity() as u32, clause.kind);
        let function = NodePath::function(&module, &name, arity);
        let path = self.numbered(function.step("clause", kind.name(), &clause_key(clause)));
        let owner = self.owner(Owner { module: module.clone(), name: name.clone(), arity });
        let inside = Inside { base: path, owner, open: false };
        Todo {
            step,
            path,
            owner,
            parent,
            inside,
            clause: Some(ClauseInfo { id: path.id(), module, name, arity, kind }),
        }
    }

    fn plain(&mut self, step: Step, inside: Inside, body: Option<Inside>, parent: Option<u32>) -> Todo {
        let own = key(&step.node);
        let key = step.pair.as_ref().map_or_else(|| own.clone(), |pair| format!("{pair}: {own}"));
        let path = self.numbered(inside.base.step(step.role, step.node.kind().name(), &key));
        let open = inside.open && !self.closes(&step.node, inside.owner);
        let (owner, inside) = (inside.owner, body.unwrap_or(Inside { base: path, open, ..inside }));
        Todo { step, path, owner, parent, inside, clause: None }
    }

    /// Whether what stands in `node` is no part of the module around it: a quote,
    /// or a definition that is neither a clause nor a module with a name.
    fn closes(&self, node: &SyntaxNode, owner: u32) -> bool {
        let Some(name) = Call::cast(node).and_then(|call| call.local_name()) else { return false };
        is_quote(node) || name.starts_with("def") && self.module_name(node, owner).is_none()
    }
}
