//! Calls, dots, access.

use super::lower::{alias_segments, expressions, token};
use super::{Lower, Meta, Result, Term, start};
use crate::{SyntaxKind as K, SyntaxNode};

impl Lower {
    /// `f(…)`, `f a`, `a.b(…)`, `a.(…)`, `f(…)(…)`, with or without a do-block.
    pub(super) fn call(&self, node: &SyntaxNode) -> Result<Term> {
        let children = expressions(node);
        let Some((target, rest)) = children.split_first() else { return self.fail(node, "a call of nothing") };
        let arguments = rest.iter().find(|child| child.kind() == K::ARGUMENTS);
        let mut terms = match arguments {
            Some(arguments) => self.elements(arguments)?,
            None => Vec::new(),
        };
        let parentheses = arguments.is_some_and(|arguments| token(arguments, K::T_L_PAREN).is_some());
        let ambiguous = !parentheses && terms.len() == 1 && arguments.is_some_and(|all| self.is_ambiguous(target, all));
        let block = rest.iter().find(|child| child.kind() == K::DO_BLOCK);
        if let Some(block) = block {
            terms.push(self.do_block(block)?);
        }
        let bare = arguments.is_none() && block.is_none();
        let (head, meta) = self.target(target, bare)?;
        let meta = if ambiguous && block.is_none() { meta.with("ambiguous_op", Term::nil()) } else { meta };
        Ok(Term::node(head, meta, Term::List(terms)))
    }

    /// `f -1`: the space before the sign and none after it.
    fn is_ambiguous(&self, target: &SyntaxNode, arguments: &SyntaxNode) -> bool {
        if target.kind() != K::IDENTIFIER {
            return false;
        }
        let after = &self.text[usize::from(start(arguments))..];
        let mut chars = after.chars();
        let sign = chars.next().is_some_and(|c| matches!(c, '+' | '-'));
        sign && chars
            .next()
            .is_some_and(|c| !c.is_whitespace() && !matches!(c, '(' | '[' | '<' | '{' | '%' | '+' | '-' | '/' | '>'))
    }

    /// What is called, and the metadata of its call.
    fn target(&self, target: &SyntaxNode, bare: bool) -> Result<(Term, Meta)> {
        match target.kind() {
            K::IDENTIFIER => Ok((Term::name(&target.text().to_string()), self.meta(start(target)))),
            K::DOT => {
                let (dot, meta) = self.dot_target(target)?;
                Ok((dot, if bare { meta.with("no_parens", Term::atom("true")) } else { meta }))
            }
            _ => {
                let called = self.expression(target)?;
                let meta = self.target_place(target)?;
                Ok((called, meta))
            }
        }
    }

    /// Where the name of a called call stands: `f(1)(2)`.
    fn target_place(&self, target: &SyntaxNode) -> Result<Meta> {
        let mut inner = target.clone();
        while inner.kind() == K::CALL {
            let Some(first) = expressions(&inner).into_iter().next() else { break };
            inner = first;
        }
        match inner.kind() {
            K::DOT => self.dot_target(&inner).map(|(_, meta)| meta.place()),
            _ => Ok(self.meta(start(&inner))),
        }
    }

    /// `{:., meta, [left, name]}` and the metadata of the call.
    fn dot_target(&self, node: &SyntaxNode) -> Result<(Term, Meta)> {
        let Some(dot) = token(node, K::T_DOT) else { return self.fail(node, "no dot") };
        let meta = self.meta(dot.text_range().start());
        let children = expressions(node);
        match children.as_slice() {
            [left] => Ok((Term::call(".", meta.clone(), vec![self.expression(left)?]), meta)),
            [left, right] => {
                let name = match right.kind() {
                    K::STRING | K::CHARLIST => self.quoted_name(right)?,
                    _ => Term::name(right.text().to_string().trim()),
                };
                Ok((Term::call(".", meta, vec![self.expression(left)?, name]), self.meta(start(right))))
            }
            _ => self.fail(node, "a dot without a left side"),
        }
    }

    /// A dot that is no call's target: `A.{B, C}`, `x.Y`, `a.b`.
    pub(super) fn dot(&self, node: &SyntaxNode) -> Result<Term> {
        let children = expressions(node);
        let [left, right] = children.as_slice() else { return self.fail(node, "a dot without two sides") };
        let Some(dot) = token(node, K::T_DOT) else { return self.fail(node, "no dot") };
        let meta = self.meta(dot.text_range().start());
        match right.kind() {
            K::TUPLE => Ok(Term::remote(self.expression(left)?, "{}", &meta, self.elements(right)?)),
            K::ALIAS => {
                let segments = alias_segments(&right.text().to_string());
                match self.expression(left)? {
                    Term::Tuple(mut parts) if parts.first() == Some(&Term::atom("__aliases__")) => {
                        if let Some(Term::List(all)) = parts.last_mut() {
                            all.extend(segments);
                        }
                        Ok(Term::Tuple(parts))
                    }
                    other => Ok(Term::call("__aliases__", meta, [vec![other], segments].concat())),
                }
            }
            _ => {
                let (head, meta) = self.dot_target(node)?;
                Ok(Term::node(head, meta.with("no_parens", Term::atom("true")), Term::List(Vec::new())))
            }
        }
    }

    /// `left[key]`
    pub(super) fn access(&self, node: &SyntaxNode) -> Result<Term> {
        let Some(open) = token(node, K::T_L_BRACKET) else { return self.fail(node, "no bracket") };
        let children = expressions(node);
        let [left, key] = children.as_slice() else { return self.fail(node, "an access without one key") };
        let meta = self.meta(open.text_range().start());
        let meta = if self.elixir < 15 { meta } else { meta.with("from_brackets", Term::atom("true")) };
        let arguments = vec![self.expression(left)?, self.expression(key)?];
        Ok(Term::remote(Term::atom("Elixir.Access"), "get", &meta, arguments))
    }

    /// `[do: …, else: …]`
    fn do_block(&self, node: &SyntaxNode) -> Result<Term> {
        let is_section = |kind: K| matches!(kind, K::AFTER_BLOCK | K::RESCUE_BLOCK | K::CATCH_BLOCK | K::ELSE_BLOCK);
        let (sections, body): (Vec<_>, Vec<_>) =
            expressions(node).into_iter().partition(|child| is_section(child.kind()));
        let mut pairs = vec![Term::pair(Term::atom("do"), self.section(&body)?)];
        for section in sections {
            let name = match section.kind() {
                K::AFTER_BLOCK => "after",
                K::RESCUE_BLOCK => "rescue",
                K::CATCH_BLOCK => "catch",
                _ => "else",
            };
            pairs.push(Term::pair(Term::atom(name), self.section(&expressions(&section))?));
        }
        Ok(Term::List(pairs))
    }

    /// Clauses, or expressions.
    fn section(&self, nodes: &[SyntaxNode]) -> Result<Term> {
        match nodes.first() {
            Some(first) if first.kind() == K::STAB_CLAUSE => {
                let clauses: Result<Vec<_>> = nodes.iter().map(|clause| self.clause(clause)).collect();
                clauses.map(Term::List)
            }
            _ => self.sequence(nodes),
        }
    }
}
