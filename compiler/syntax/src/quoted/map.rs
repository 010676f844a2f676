//! The entries of maps. The grammar gives `=>` a precedence among operators; in
//! Elixir it is below all of them, and belongs to the map (`assoc_expr`).

use super::lower::{expressions, operator};
use super::{Lower, Meta, Result, Term};
use crate::{SyntaxKind as K, SyntaxNode};

/// What stands before `=>`.
struct Key {
    /// `map |` and where the bar is.
    update: Option<(Term, Meta)>,
    term: Term,
}

impl Lower {
    /// What is between the braces; an update takes in all that follows it.
    pub(super) fn map_entries(&self, entries: &[SyntaxNode]) -> Result<Vec<Term>> {
        let (mut update, mut out) = (None, Vec::new());
        for entry in entries {
            if entry.kind() == K::KEYWORDS {
                out.extend(self.pairs(entry)?);
            } else if let Some((key, value)) = self.association(entry)? {
                update = update.or(key.update);
                out.push(Term::pair(key.term, value));
            } else if let Some((bar, map, pairs)) = self.keyword_update(entry)? {
                update = update.or(Some((map, bar)));
                out.extend(pairs);
            } else {
                out.push(self.expression(entry)?);
            }
        }
        Ok(match update {
            Some((map, bar)) => vec![Term::call("|", bar, vec![map, Term::List(out)])],
            None => out,
        })
    }

    /// `map | a: 1`, `map | unquote_splicing(pairs)`
    fn keyword_update(&self, entry: &SyntaxNode) -> Result<Option<(Meta, Term, Vec<Term>)>> {
        let (Some(bar), operands) = (binary_operator(entry), expressions(entry)) else { return Ok(None) };
        match operands.as_slice() {
            [map, new] if bar.kind() == K::T_PIPE => {
                let meta = self.meta(bar.text_range().start());
                let pairs = if new.kind() == K::KEYWORDS { self.pairs(new)? } else { vec![self.expression(new)?] };
                Ok(Some((meta, self.expression(map)?, pairs)))
            }
            _ => Ok(None),
        }
    }

    /// The key and value of an entry, wherever in it the grammar put `=>`.
    fn association(&self, node: &SyntaxNode) -> Result<Option<(Key, Term)>> {
        let (Some(operator), operands) = (binary_operator(node), expressions(node)) else { return Ok(None) };
        let [left, right] = operands.as_slice() else { return Ok(None) };
        let meta = self.meta(operator.text_range().start());
        if operator.kind() == K::T_EQUAL_GREATER {
            return Ok(Some((self.key(left)?, self.expression(right)?)));
        }
        if let Some((key, value)) = self.association(left)? {
            let value = Term::call(operator.text(), meta, vec![value, self.expression(right)?]);
            return Ok(Some((key, value)));
        }
        let Some((key, value)) = self.association(right)? else { return Ok(None) };
        let left = self.expression(left)?;
        let key = match (operator.kind(), key.update) {
            (K::T_PIPE, None) => Key { update: Some((left, meta)), term: key.term },
            (_, update) => Key { update, term: Term::call(operator.text(), meta, vec![left, key.term]) },
        };
        Ok(Some((key, value)))
    }

    fn key(&self, node: &SyntaxNode) -> Result<Key> {
        let operands = expressions(node);
        match (binary_operator(node), operands.as_slice()) {
            (Some(bar), [map, key]) if bar.kind() == K::T_PIPE => {
                let update = Some((self.expression(map)?, self.meta(bar.text_range().start())));
                Ok(Key { update, term: self.expression(key)? })
            }
            _ => Ok(Key { update: None, term: self.expression(node)? }),
        }
    }
}

fn binary_operator(node: &SyntaxNode) -> Option<crate::SyntaxToken> {
    (node.kind() == K::BINARY_OPERATOR).then(|| operator(node)).flatten()
}
