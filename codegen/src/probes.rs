//! The probes of one clause, as they are collected: insertions and sites.

use crate::edit::{Layer, depth};
use crate::grouping::{Grouping, grouping};
use crate::secrets::{is_bound_to_secret, reveals};
use crate::{EditPlan, Ids, Insertion, Refused, Side, Sink, Site};
use std::collections::BTreeSet;
use syntax::{Clause, Section, SyntaxKind, SyntaxNode, TextRange, TextSize, first_token, statements, trimmed_range};
use wire::node_id::SECRET;
use wire::{NodeId, NodeKind, SecretNames, TermLimits};

/// What collecting gives: a clause is refused whole.
pub type Done = Result<(), Refused>;

/// A body of which a probe may become the first statement.
#[derive(Clone, Debug)]
pub enum Lead {
    /// The value of a keyword.
    Keyword(SyntaxNode),
    /// A block that begins with a word: `do`, `else`, `after`.
    Block(SyntaxNode),
    /// A clause with an arrow.
    Stab(SyntaxNode),
}

impl Lead {
    /// The body of a section without clauses of its own.
    pub fn of(section: &Section) -> Self {
        if section.keyword { Self::Keyword(section.node.clone()) } else { Self::Block(section.node.clone()) }
    }

    /// Its statements; a keyword's value is one.
    pub fn statements(&self) -> Vec<SyntaxNode> {
        match self {
            Self::Keyword(value) => vec![value.clone()],
            Self::Block(block) => statements(block),
            Self::Stab(stab) => syntax::stab_body(stab).map(|body| statements(&body)).unwrap_or_default(),
        }
    }

    /// The node that stands for it.
    pub fn node(&self) -> &SyntaxNode {
        match self {
            Self::Keyword(node) | Self::Block(node) | Self::Stab(node) => node,
        }
    }

    /// Behind the word or arrow that opens it.
    fn opening(&self) -> Option<TextSize> {
        let token = match self {
            Self::Keyword(_) => None,
            Self::Block(block) => first_token(block),
            Self::Stab(stab) => {
                let mut tokens = stab.children_with_tokens().filter_map(|child| child.into_token());
                tokens.find(|token| token.kind() == SyntaxKind::T_MINUS_GREATER)
            }
        };
        token.map(|token| token.text_range().end())
    }
}

/// Collects the probes of one clause.
pub struct Probes<'a> {
    clause: NodeId,
    ids: &'a Ids<'a>,
    sink: &'a Sink,
    secrets: &'a SecretNames,
    /// Of what probes pass.
    limits: TermLimits,
    /// The function's name says that its result is a secret.
    secret_result: bool,
    insertions: Vec<Insertion>,
    sites: Vec<Site>,
    taken: BTreeSet<NodeId>,
    /// Empty bodies that have a value now.
    filled: Vec<SyntaxNode>,
}

impl<'a> Probes<'a> {
    /// None yet.
    pub fn new(id: NodeId, clause: &Clause, ids: &'a Ids<'a>, plan: &'a EditPlan, secrets: &'a SecretNames) -> Self {
        Self {
            clause: id,
            ids,
            sink: &plan.sink,
            secrets,
            limits: plan.limits.get(&id).copied().unwrap_or_default(),
            secret_result: secrets.has(clause.name.as_bytes()),
            insertions: Vec::new(),
            sites: Vec::new(),
            taken: BTreeSet::new(),
            filled: Vec::new(),
        }
    }

    /// What secrets are called.
    pub fn secrets(&self) -> &'a SecretNames {
        self.secrets
    }

    /// What was collected.
    pub fn finish(self) -> (Vec<Insertion>, Vec<Site>) {
        (self.insertions, self.sites)
    }

    /// Whether a probe of this kind stands somewhere.
    pub fn has(&self, kind: NodeKind) -> bool {
        self.sites.iter().any(|site| site.kind == kind)
    }

    /// Whether the node is the site of a probe.
    pub fn is_taken(&self, node: &SyntaxNode) -> bool {
        (self.ids)(node).is_some_and(|id| self.taken.contains(&id))
    }

    /// The text of a call of a probe.
    pub fn call(&self, name: &str, arguments: &str) -> String {
        format!("{}.{name}({arguments})", self.sink.as_str())
    }

    /// The first argument of a probe at `id` that passes values: the id, and what limits
    /// these have.
    pub fn passing(&self, id: NodeId) -> String {
        self.passing_within(id, TermLimits::default())
    }

    /// The same, with limits that come before those of the clause.
    pub fn passing_within(&self, id: NodeId, own: TermLimits) -> String {
        // They are the recording's. Who has a sink of their own gets whole values, and ids.
        let is_recorded = *self.sink == Sink::default();
        if is_recorded { own.or(self.limits).literal(id) } else { id.to_string() }
    }

    /// A new site at `node`.
    pub fn site(&mut self, node: &SyntaxNode, kind: NodeKind, label: String) -> Result<NodeId, Refused> {
        self.site_as(node, kind, label, "")
    }

    /// A new site at `node`, which may have another: `role` tells them apart.
    pub fn site_as(&mut self, node: &SyntaxNode, kind: NodeKind, label: String, role: &str) -> Result<NodeId, Refused> {
        let id = (self.ids)(node).ok_or_else(|| refuse(node, "the node has no id"))?;
        let id = if role.is_empty() { id } else { id.derived(role) };
        let parent = (kind != NodeKind::Clause).then_some(self.clause);
        self.taken.insert(id);
        self.sites.push(Site { id, parent, kind, range: trimmed_range(node), label });
        Ok(id)
    }

    /// Adds an insertion.
    pub fn insert(&mut self, at: TextSize, side: Side, depth: u32, text: String, node: NodeId) {
        self.insertions.push(Insertion { at, side, depth, text, node });
    }

    /// Puts `text` on both sides of `node`.
    pub fn around(&mut self, node: &SyntaxNode, layer: Layer, open: String, close: &str, id: NodeId) {
        let (range, depth) = (trimmed_range(node), depth(node, layer));
        self.insert(range.start(), Side::Open, depth, open, id);
        self.insert(range.end(), Side::Close, depth, close.into(), id);
    }

    /// Makes `node` the last argument of the probe `name`.
    ///
    /// # Errors
    /// When it can be no argument.
    pub fn wrap(&mut self, node: &SyntaxNode, name: &str, layer: Layer, id: NodeId) -> Done {
        let (open, close) = match grouping(node) {
            Grouping::Needed => ("(", "))"),
            Grouping::Needless => ("", ")"),
            Grouping::Impossible => return Err(refuse(node, "`not` before a call without parentheses")),
        };
        let is_result = self.secret_result && name.starts_with("leave");
        let is_secret = is_result || reveals(node, self.secrets) || is_bound_to_secret(node, self.secrets);
        let id_text = match name {
            // A tail call's probe records no value.
            "tail" => id.to_string(),
            _ if is_secret => (id.raw() | SECRET).to_string(),
            _ => self.passing(id),
        };
        let call = self.call(name, &format!("{id_text}, {open}"));
        // The call's own parenthesis comes behind the node.
        self.around(node, layer, call.trim_end_matches(')').to_owned(), close, id);
        Ok(())
    }

    /// Makes `probe` the first statement of a body. Of an empty one it is all, unless
    /// [`Probes::fill`] came before.
    ///
    /// # Errors
    /// When the body consists of clauses.
    pub fn lead(&mut self, body: &Lead, layer: Layer, probe: &str, id: NodeId) -> Done {
        if let Lead::Keyword(value) = body {
            self.around(value, layer, format!("({probe}; "), ")", id);
            return Ok(());
        }
        match body.statements().first() {
            Some(first) if first.kind() == SyntaxKind::STAB_CLAUSE => Err(refuse(first, "a body of `->` clauses")),
            Some(first) => {
                let text = format!("{probe}; ");
                self.insert(trimmed_range(first).start(), Side::Open, depth(first, layer), text, id);
                Ok(())
            }
            None => {
                let more = if self.filled.contains(body.node()) { ";" } else { "" };
                self.open(body, layer, format!(" {probe}{more}"), id)
            }
        }
    }

    /// Gives an empty body its value, `nil`, by a probe that yields it.
    ///
    /// # Errors
    /// When nothing opens the body.
    pub fn fill(&mut self, body: &Lead, probe: &str, id: NodeId) -> Done {
        self.filled.push(body.node().clone());
        self.open(body, Layer::Inside, format!(" {probe}"), id)
    }

    fn open(&mut self, body: &Lead, layer: Layer, text: String, id: NodeId) -> Done {
        let at = body.opening().ok_or_else(|| refuse(body.node(), "an empty body"))?;
        self.insert(at, Side::Open, depth(body.node(), layer), text, id);
        Ok(())
    }
}

/// A refusal of the clause because of `node`.
pub fn refuse(node: &SyntaxNode, why: &str) -> Refused {
    let range: TextRange = trimmed_range(node);
    Refused { range, why: why.into() }
}

#[cfg(test)]
mod tests {
    use crate::{EditPlan, Sink, Surroundings};
    use wire::{NodeId, Point, Strength, TermLimits};

    const LIMITS: TermLimits = TermLimits { depth: 1, items: 2, binary_bytes: 8, payload_bytes: 0 };
    const POINT: TermLimits = TermLimits { depth: 5, items: 0, binary_bytes: 0, payload_bytes: 64 };

    /// A module's function with a point in its third line; each id is `#`, with what stands beside it.
    fn instrumented(body: &str, sink: Sink) -> String {
        let source = format!("defmodule A do\n{body}\nend\n");
        let parse = syntax::parse(source.as_bytes());
        let id = |node: &syntax::SyntaxNode| NodeId::from_raw(u64::from(u32::from(node.text_range().start())) + 1000);
        let clause = id(syntax::modules(&parse.root())[0].clauses().remove(0).call.node()).unwrap();
        let capture = vec!["x".to_owned()];
        let point = Point { file: "a.ex".into(), line: 3, capture, condition: None, limits: POINT };
        let mut plan = EditPlan { sink, points: vec![point], ..EditPlan::uniform([clause], Strength::Values) };
        plan.limits.insert(clause, LIMITS);
        let out = crate::instrument(&parse, &|node| id(node), &plan, &Surroundings::default()).unwrap();
        let mut text = out.text;
        for site in &out.sites {
            text = text.replace(&(site.id.raw() | super::SECRET).to_string(), "secret");
            text = text.replace(&site.id.raw().to_string(), "#");
        }
        text.lines().skip(1).take(body.lines().count()).collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let usual = instrumented(body, Sink::default()).replace(":scope_probe.", "").replace("{#, 1, 2, 8, 0}", "!");
        assert_eq!(usual, expected);
    }

    #[test]
    fn what_passes_values_has_the_limits_of_its_clause() {
        check(
            "def f(x) do\n  y = g(x)\n  if y, do: f(y + 1), else: {y}\nend",
            "def f(x) do\n  enter(!, x); locals({#, 5, 2, 8, 64}, x); y = bind(!, g(x))\n  \
             if y, do: (branch(#); f(tail(#, (y + 1)))), else: (branch(#); leave(!, {y}))\nend",
        );
        check("def f(), do: :ok", "def f(), do: (enter(#); leave(!, :ok))");
        check("def f(token), do: token", "def f(token), do: (enter(!, :scope_redacted); leave(secret, token))");
        let handler = "def f(x) do\n  x\nrescue\n  e -> e\nend";
        check(
            handler,
            "def f(x) do\n  enter(!, x); locals({#, 5, 2, 8, 64}, x); leave(!, x)\nrescue\n  \
             e -> caught(!, :error, e, __STACKTRACE__); leave(!, e)\nend",
        );
    }

    #[test]
    fn a_sink_of_ones_own_is_passed_ids_alone() {
        let text = instrumented("def f(x) do\n  x\nend", Sink::new("my_sink").unwrap());
        assert_eq!(text, "def f(x) do\n  :my_sink.enter(#, x); :my_sink.locals(#, x); :my_sink.leave(#, x)\nend");
    }
}
