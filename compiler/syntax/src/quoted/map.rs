//! The entries of maps.

use super::lower::{expressions, operator};
use super::{Lower, Result, Term};
use crate::{SyntaxKind as K, SyntaxNode};

impl Lower {
    /// What is between the braces; an update takes in all that follows it.
    pub(super) fn map_entries(&self, entries: &[SyntaxNode]) -> Result<Vec<Term>> {
        let (mut update, mut out) = (None, Vec::new());
        for entry in entries {
            let operands = expressions(entry);
            match (binary_operator(entry), operands.as_slice()) {
                (Some(bar), [map, new]) if bar.kind() == K::T_PIPE => {
                    update = Some((self.expression(map)?, self.meta(bar.text_range().start())));
                    out.extend(self.map_entry(new)?);
                }
                _ => out.extend(self.map_entry(entry)?),
            }
        }
        Ok(match update {
            Some((map, bar)) => vec![Term::call("|", bar, vec![map, Term::List(out)])],
            None => out,
        })
    }

    /// `k => v`, `a: 1, b: 2`, `unquote_splicing(pairs)`
    fn map_entry(&self, entry: &SyntaxNode) -> Result<Vec<Term>> {
        let operands = expressions(entry);
        match (binary_operator(entry), operands.as_slice()) {
            (Some(arrow), [key, value]) if arrow.kind() == K::T_EQUAL_GREATER => {
                Ok(vec![Term::pair(self.expression(key)?, self.expression(value)?)])
            }
            _ if entry.kind() == K::KEYWORDS => self.pairs(entry),
            _ => Ok(vec![self.expression(entry)?]),
        }
    }
}

fn binary_operator(node: &SyntaxNode) -> Option<crate::SyntaxToken> {
    (node.kind() == K::BINARY_OPERATOR).then(|| operator(node)).flatten()
}
