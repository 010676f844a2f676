//! Expressions, operators, containers, clauses.

use super::{Lower, Meta, Result, Term, number, start};
use crate::{SyntaxKind as K, SyntaxNode, SyntaxToken};
use rowan::{TextRange, TextSize};

/// The nodes below `node` that stand for something.
pub fn expressions(node: &SyntaxNode) -> Vec<SyntaxNode> {
    node.children().filter(|child| child.kind() != K::COMMENT).collect()
}

/// The tokens directly below `node` that are no trivia.
pub fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> {
    node.children_with_tokens().filter_map(|element| element.into_token()).filter(|token| !token.kind().is_trivia())
}

/// The first such token of this kind.
pub fn token(node: &SyntaxNode, kind: K) -> Option<SyntaxToken> {
    tokens(node).find(|token| token.kind() == kind)
}

impl Lower {
    /// Expressions one after the other, as one.
    pub(super) fn sequence(&self, nodes: &[SyntaxNode]) -> Result<Term> {
        Ok(self.block(self.all(nodes)?))
    }

    /// All that stands in `range`. Where that is no expression, the first line
    /// end or `;` is the place of the block (`grammar -> eoe`).
    pub(super) fn program(&self, nodes: &[SyntaxNode], range: TextRange) -> Result<Term> {
        let place = if nodes.is_empty() { self.first_separator(range) } else { None };
        match place {
            Some(place) => Ok(Term::call("__block__", self.meta(place), Vec::new())),
            None => self.sequence(nodes),
        }
    }

    /// The tokenizer puts the end of a line with a comment where the comment is.
    fn first_separator(&self, range: TextRange) -> Option<TextSize> {
        let text = &self.text[range];
        let start = text.find(|char| !matches!(char, ' ' | '\t'))?;
        let ends = text[start..].starts_with(['\n', '\r', ';']) || text[start..].contains('\n');
        ends.then(|| range.start() + TextSize::of(&text[..start]))
    }

    /// Until 1.14 a lone `not a` is a block, wherever it stands.
    fn block(&self, mut terms: Vec<Term>) -> Term {
        match terms.as_slice() {
            [one] if self.elixir >= 15 && one.is_negation() => terms.remove(0),
            _ => Term::block(terms),
        }
    }

    pub(super) fn all(&self, nodes: &[SyntaxNode]) -> Result<Vec<Term>> {
        nodes.iter().map(|node| self.expression(node)).collect()
    }

    /// One expression.
    pub(super) fn expression(&self, node: &SyntaxNode) -> Result<Term> {
        let text = || node.text().to_string();
        let place = || self.meta(start(node));
        match node.kind() {
            K::IDENTIFIER | K::OPERATOR_IDENTIFIER if text().trim() == ".." && !self.is_before_slash(node) => {
                Ok(Term::call("..", place(), Vec::new()))
            }
            K::IDENTIFIER if self.elixir >= 17 && text().trim() == "..." => Ok(Term::call("...", place(), Vec::new())),
            K::IDENTIFIER => Ok(Term::node(Term::name(&text()), place(), Term::nil())),
            K::ALIAS => Ok(Term::call("__aliases__", place(), alias_segments(&text()))),
            K::INTEGER => number::integer(&text()).map_or_else(|| self.fail(node, "invalid integer"), Ok),
            K::FLOAT => number::float(&text()).map_or_else(|| self.fail(node, "invalid float"), Ok),
            K::CHAR => number::character(&text()).map_or_else(|| self.fail(node, "invalid character"), Ok),
            K::BOOLEAN | K::NIL => Ok(Term::atom(text().trim())),
            K::ATOM => Ok(Term::name(text().strip_prefix(':').unwrap_or_default())),
            K::QUOTED_ATOM => self.quoted_atom(node),
            K::STRING => self.string(node),
            K::CHARLIST => self.charlist(node),
            K::SIGIL => self.sigil(node),
            K::LIST => Ok(Term::List(self.flat_elements(node)?)),
            K::TUPLE => self.tuple(node),
            K::BITSTRING => Ok(Term::call("<<>>", place(), self.elements(node)?)),
            K::MAP => self.map(node),
            K::KEYWORDS => Ok(Term::List(self.pairs(node)?)),
            K::BLOCK => self.parentheses(node),
            K::UNARY_OPERATOR => self.unary(node),
            K::BINARY_OPERATOR => self.binary(node),
            K::ANONYMOUS_FUNCTION => Ok(Term::call("fn", place(), self.clauses(node)?)),
            K::CALL => self.call(node),
            K::DOT => self.dot(node),
            K::ACCESS_CALL => self.access(node),
            K::OPERATOR_IDENTIFIER => Ok(Term::node(Term::atom(text().trim()), place(), Term::nil())),
            kind => self.fail(node, &format!("{kind:?} is not expected here")),
        }
    }

    /// Elements of a container: keywords at the end are one list.
    pub(super) fn elements(&self, node: &SyntaxNode) -> Result<Vec<Term>> {
        self.all(&expressions(node))
    }

    /// Elements of a list or a map: keywords at the end are elements.
    fn flat_elements(&self, node: &SyntaxNode) -> Result<Vec<Term>> {
        let mut out = Vec::new();
        for child in expressions(node) {
            match child.kind() {
                K::KEYWORDS => out.extend(self.pairs(&child)?),
                _ => out.push(self.expression(&child)?),
            }
        }
        Ok(out)
    }

    fn tuple(&self, node: &SyntaxNode) -> Result<Term> {
        let elements = self.elements(node)?;
        Ok(match <[Term; 2]>::try_from(elements) {
            Ok([a, b]) => Term::pair(a, b),
            Err(elements) => Term::call("{}", self.meta(start(node)), elements),
        })
    }

    /// The pairs of a keyword list.
    pub(super) fn pairs(&self, node: &SyntaxNode) -> Result<Vec<Term>> {
        expressions(node).iter().map(|pair| self.pair(pair)).collect()
    }

    fn pair(&self, pair: &SyntaxNode) -> Result<Term> {
        let parts = expressions(pair);
        let [key, value] = parts.as_slice() else { return self.fail(pair, "a keyword without a value") };
        let key = match key.kind() {
            K::QUOTED_KEYWORD => self.quoted_atom(key)?,
            _ => {
                let text = key.text().to_string();
                let text = text.trim_end();
                Term::name(text.strip_suffix(':').unwrap_or(text))
            }
        };
        Ok(Term::pair(key, self.expression(value)?))
    }

    /// `%{…}`, `%Name{…}`
    fn map(&self, node: &SyntaxNode) -> Result<Term> {
        let children = expressions(node);
        let struct_name = children.iter().find(|child| child.kind() == K::STRUCT);
        let brace = token(node, K::T_L_BRACE).filter(|_| self.elixir < 17 || struct_name.is_some());
        let open = brace.map_or_else(|| start(node), |brace| brace.text_range().start());
        let entries = children.iter().filter(|child| child.kind() != K::STRUCT).flat_map(|child| match child.kind() {
            K::MAP_CONTENT => expressions(child),
            _ => vec![child.clone()],
        });
        let content = self.map_entries(&entries.collect::<Vec<_>>())?;
        let map = Term::call("%{}", self.meta(open), content);
        let Some(name) = struct_name else { return Ok(map) };
        let named = self.elements(name)?;
        let [name] = <[Term; 1]>::try_from(named).or_else(|_| self.fail(name, "a struct without a name"))?;
        Ok(Term::call("%", self.meta(start(node)), vec![name, map]))
    }

    /// `( … )`: expressions, or clauses.
    fn parentheses(&self, node: &SyntaxNode) -> Result<Term> {
        let inner = expressions(node);
        if inner.iter().any(|child| child.kind() == K::STAB_CLAUSE) {
            return Ok(Term::List(self.clauses(node)?));
        }
        let terms = self.all(&inner)?;
        let meta = match token(node, K::T_L_PAREN) {
            Some(open) if !terms.is_empty() => self.meta(open.text_range().start()),
            _ => Meta::default(),
        };
        match terms.as_slice() {
            [one] if self.elixir >= 15 && one.is_negation() => Ok(Term::call("__block__", Meta::default(), terms)),
            _ => Ok(Term::block_at(meta, terms)),
        }
    }

    /// `../2` names the operator.
    fn is_before_slash(&self, node: &SyntaxNode) -> bool {
        self.text[usize::from(crate::trimmed_range(node).end())..].trim_start_matches([' ', '\t']).starts_with('/')
    }

    fn unary(&self, node: &SyntaxNode) -> Result<Term> {
        let Some(operator) = operator(node) else { return self.fail(node, "a unary operator without an operator") };
        let meta = self.meta(operator.text_range().start());
        let name = operator.text().to_owned();
        let operands = expressions(node);
        if token(node, K::T_L_PAREN).is_some() {
            return Ok(Term::call(&name, meta, vec![self.parentheses(node)?]));
        }
        match operands.as_slice() {
            [operand] => Ok(Term::call(&name, meta, vec![self.expression(operand)?])),
            _ => self.fail(node, "a unary operator with more than one operand"),
        }
    }

    fn binary(&self, node: &SyntaxNode) -> Result<Term> {
        let (operands, Some(operator)) = (expressions(node), operator(node)) else {
            return self.fail(node, "a binary operator without an operator");
        };
        let meta = self.meta(operator.text_range().start());
        let [left, right] = operands.as_slice() else {
            return match operands.as_slice() {
                [] => Ok(Term::call(operator.text(), meta, Vec::new())),
                _ => self.fail(node, "a binary operator without two operands"),
            };
        };
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        Ok(match operator.kind() {
            K::NOT_IN_KW => {
                let inner = Term::call("in", meta.clone(), vec![left, right]);
                Term::call("not", meta, vec![inner])
            }
            // `not a in b`, `!a in b`
            K::IN_KW if left.is_negation() => {
                let Term::Tuple(mut parts) = left else { return self.fail(node, "no call") };
                // A call of one argument has three parts, the last a list of one.
                if let Some(Term::List(operand)) = parts.last_mut() {
                    operand.push(right);
                    let inner = std::mem::take(operand);
                    operand.push(Term::call("in", meta.clone(), inner));
                }
                parts[1] = meta.term();
                Term::Tuple(parts)
            }
            K::T_SLASH_SLASH => {
                let Term::Tuple(mut parts) = left else { return self.fail(node, "// must follow a range") };
                match (parts.first(), parts.get(2)) {
                    (Some(Term::Atom(name)), Some(Term::List(two))) if &**name == ".." && two.len() == 2 => {}
                    _ => return self.fail(node, "// must follow a range"),
                }
                parts[0] = Term::atom("..//");
                if let Term::List(operands) = &mut parts[2] {
                    operands.push(right);
                }
                Term::Tuple(parts)
            }
            _ => Term::call(operator.text(), meta, vec![left, right]),
        })
    }

    /// The clauses directly below `node`.
    pub(super) fn clauses(&self, node: &SyntaxNode) -> Result<Vec<Term>> {
        expressions(node).iter().map(|clause| self.clause(clause)).collect()
    }

    pub(super) fn clause(&self, node: &SyntaxNode) -> Result<Term> {
        if node.kind() != K::STAB_CLAUSE {
            return self.fail(node, "an expression among clauses");
        }
        let Some(arrow) = token(node, K::T_MINUS_GREATER) else { return self.fail(node, "a clause without ->") };
        let meta = self.meta(arrow.text_range().start());
        let (mut arguments, mut body) = (Vec::new(), Term::nil());
        for child in expressions(node) {
            match child.kind() {
                K::BODY => body = self.clause_body(&child, &arrow)?,
                _ => arguments = self.clause_head(&child)?,
            }
        }
        Ok(Term::call("->", meta, vec![Term::List(arguments), body]))
    }

    /// What follows `->`; a `;` at once stands for a `nil` before the rest.
    fn clause_body(&self, body: &SyntaxNode, arrow: &SyntaxToken) -> Result<Term> {
        let statements = expressions(body);
        let mut after = std::iter::successors(arrow.next_token(), SyntaxToken::next_token);
        let empty_first =
            after.find(|token| !token.kind().is_trivia()).is_some_and(|token| token.kind() == K::T_SEMICOLON);
        match (empty_first, statements.is_empty()) {
            (_, true) => Ok(Term::nil()),
            (false, _) => self.sequence(&statements),
            (true, _) => {
                let mut terms = self.all(&statements)?;
                terms.insert(0, Term::nil());
                Ok(self.block(terms))
            }
        }
    }

    /// The arguments before `->`; a guard takes them in (`unwrap_when`).
    fn clause_head(&self, node: &SyntaxNode) -> Result<Vec<Term>> {
        let guard = operator(node).filter(|operator| operator.kind() == K::WHEN_KW);
        match (node.kind(), guard) {
            (K::BINARY_OPERATOR, Some(when)) => {
                let operands = expressions(node);
                let [head, guard] = operands.as_slice() else { return self.fail(node, "a guard without a head") };
                let mut arguments =
                    if head.kind() == K::ARGUMENTS { self.elements(head)? } else { vec![self.expression(head)?] };
                arguments.push(self.expression(guard)?);
                Ok(vec![Term::call("when", self.meta(when.text_range().start()), arguments)])
            }
            (K::ARGUMENTS, _) => self.elements(node),
            _ => Ok(vec![self.expression(node)?]),
        }
    }
}

/// The operator token of an operator node.
pub fn operator(node: &SyntaxNode) -> Option<SyntaxToken> {
    tokens(node).find(|token| !matches!(token.kind(), K::T_L_PAREN | K::T_R_PAREN | K::T_SEMICOLON))
}

/// `A.B` as atoms.
pub fn alias_segments(text: &str) -> Vec<Term> {
    text.split('.').map(|segment| Term::atom(segment.trim())).collect()
}
