//! Strings, charlists, sigils, heredocs, quoted atoms.

use super::{Lower, Result, Term, escape, start};
use crate::{SyntaxKind as K, SyntaxNode};
use rowan::{NodeOrToken, TextRange, TextSize};

/// A quoted text, taken apart.
struct Quoted {
    delimiter: String,
    /// Where the text begins, its opening delimiter included.
    at: TextSize,
    pieces: Vec<Piece>,
    /// Of a heredoc: how far its end is indented.
    indentation: Option<usize>,
    /// Of a heredoc: it begins with nothing, or with indentation only, and then code.
    hollow: bool,
}

enum Piece {
    Raw(String),
    Code(SyntaxNode),
}

impl Lower {
    /// `"…"` and its heredoc.
    pub(super) fn string(&self, node: &SyntaxNode) -> Result<Term> {
        let quoted = self.take_apart(node)?;
        match self.literal(node, &quoted)? {
            Some(bytes) => Ok(Term::Binary(bytes)),
            None => self.interpolated(node, &quoted),
        }
    }

    /// `'…'` and its heredoc.
    pub(super) fn charlist(&self, node: &SyntaxNode) -> Result<Term> {
        let quoted = self.take_apart(node)?;
        if let Some(bytes) = self.literal(node, &quoted)? {
            let Ok(text) = String::from_utf8(bytes) else { return self.fail(node, "invalid encoding") };
            return Ok(Term::List(text.chars().map(|c| Term::Int(u64::from(u32::from(c)))).collect()));
        }
        let parts = self.parts(node, &quoted, true, |lower, code| lower.to_string_call(code))?;
        Ok(Term::remote(Term::atom("Elixir.List"), "to_charlist", &self.meta(quoted.at), vec![Term::List(parts)]))
    }

    /// The atom of `left."…"`, as written but for `\"`.
    pub(super) fn quoted_name(&self, node: &SyntaxNode) -> Result<Term> {
        match self.take_apart(node)?.pieces.as_slice() {
            [] => Ok(Term::atom("")),
            [Piece::Raw(name)] => Ok(Term::atom(name)),
            _ => self.fail(node, "a call's name cannot be interpolated"),
        }
    }

    /// The atom of `:"…"` or `"…":`.
    pub(super) fn quoted_atom(&self, node: &SyntaxNode) -> Result<Term> {
        let quoted = self.take_apart(node)?;
        let meta = self.meta(start(node));
        match self.literal(node, &quoted)? {
            Some(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => Ok(Term::atom(text)),
                Err(_) => self.fail(node, "invalid encoding in atom"),
            },
            None => {
                let parts = self.parts(node, &quoted, true, Self::binary_part)?;
                let binary = Term::call("<<>>", meta.clone(), parts);
                Ok(Term::remote(Term::atom("erlang"), "binary_to_atom", &meta, vec![binary, Term::atom("utf8")]))
            }
        }
    }

    /// `~s(…)`
    pub(super) fn sigil(&self, node: &SyntaxNode) -> Result<Term> {
        let part = |kind: K| node.children().find(|child| child.kind() == kind).map(|child| child.text().to_string());
        let Some(name) = part(K::SIGIL_NAME) else { return self.fail(node, "a sigil without a name") };
        let modifiers = part(K::SIGIL_MODIFIERS).unwrap_or_default();
        let quoted = self.take_apart(node)?;
        let meta = self.meta(start(node));
        let parts = self.parts(node, &quoted, false, Self::binary_part)?;
        let text_meta = match quoted.indentation {
            Some(spaces) => meta.clone().with("indentation", Term::Int(spaces as u64)),
            None => meta.clone(),
        };
        let modifiers = modifiers.chars().map(|c| Term::Int(u64::from(u32::from(c)))).collect();
        let meta = meta.with("delimiter", Term::Binary(quoted.delimiter.clone().into_bytes()));
        Ok(Term::call(
            &format!("sigil_{name}"),
            meta,
            vec![Term::call("<<>>", text_meta, parts), Term::List(modifiers)],
        ))
    }

    /// The bytes of a text without interpolation.
    fn literal(&self, node: &SyntaxNode, quoted: &Quoted) -> Result<Option<Vec<u8>>> {
        match quoted.pieces.as_slice() {
            [] => Ok(Some(Vec::new())),
            [Piece::Raw(raw)] => self.unescaped(node, raw).map(Some),
            _ => Ok(None),
        }
    }

    fn unescaped(&self, node: &SyntaxNode, raw: &str) -> Result<Vec<u8>> {
        escape::unescape(raw).or_else(|why| self.fail(node, why))
    }

    fn interpolated(&self, node: &SyntaxNode, quoted: &Quoted) -> Result<Term> {
        Ok(Term::call("<<>>", self.meta(quoted.at), self.parts(node, quoted, true, Self::binary_part)?))
    }

    /// The parts of a text with interpolation; never none.
    fn parts(
        &self,
        node: &SyntaxNode,
        quoted: &Quoted,
        escapes: bool,
        code: impl Fn(&Self, &SyntaxNode) -> Result<Term>,
    ) -> Result<Vec<Term>> {
        let mut parts = Vec::new();
        for piece in &quoted.pieces {
            parts.push(match piece {
                Piece::Raw(raw) if escapes => Term::Binary(self.unescaped(node, raw)?),
                Piece::Raw(raw) => Term::Binary(raw.clone().into_bytes()),
                Piece::Code(node) => code(self, node)?,
            });
        }
        if parts.is_empty() {
            parts.push(Term::Binary(Vec::new()));
        }
        Ok(parts)
    }

    /// `Kernel.to_string(code) :: binary`
    fn binary_part(&self, code: &SyntaxNode) -> Result<Term> {
        let meta = self.meta(start(code));
        let binary = Term::node(Term::atom("binary"), meta.clone(), Term::nil());
        Ok(Term::call("::", meta, vec![self.to_string_call(code)?, binary]))
    }

    fn to_string_call(&self, code: &SyntaxNode) -> Result<Term> {
        let form = self.program(&super::lower::expressions(code), between_braces(code))?;
        let meta = self.meta(start(code));
        let dot = Term::call(".", meta.clone(), vec![Term::atom("Elixir.Kernel"), Term::atom("to_string")]);
        let meta = if self.elixir < 16 { meta } else { meta.with("from_interpolation", Term::atom("true")) };
        Ok(Term::node(dot, meta, Term::List(vec![form])))
    }

    fn take_apart(&self, node: &SyntaxNode) -> Result<Quoted> {
        let mut elements = node.children_with_tokens().filter(|element| {
            !matches!(element.kind(), K::T_TILDE | K::SIGIL_NAME | K::T_COLON | K::WHITESPACE | K::SIGIL_MODIFIERS)
        });
        let Some(NodeOrToken::Token(open)) = elements.next() else { return self.fail(node, "no opening delimiter") };
        let mut pieces: Vec<Piece> = Vec::new();
        // The closing delimiter comes last; a keyword's colon may follow it.
        let mut inner: Vec<_> = elements.collect();
        while inner.pop_if(|last| last.kind() == K::GAP).is_some() {}
        inner.pop();
        for element in inner {
            match element {
                NodeOrToken::Node(code) if code.kind() == K::INTERPOLATION => pieces.push(Piece::Code(code)),
                other => match pieces.last_mut() {
                    Some(Piece::Raw(raw)) => raw.push_str(&other.to_string()),
                    _ => pieces.push(Piece::Raw(other.to_string())),
                },
            }
        }
        let mut quoted =
            Quoted { delimiter: open.text().to_owned(), at: start(node), pieces, indentation: None, hollow: false };
        if quoted.delimiter.len() == 3 {
            quoted.outdent();
        }
        quoted.drop_escapes_of_delimiter();
        let hollow = quoted.hollow;
        quoted.pieces.retain(|piece| hollow || !matches!(piece, Piece::Raw(raw) if raw.is_empty()));
        Ok(quoted)
    }
}

impl Quoted {
    /// Takes a heredoc's first newline, its indentation, and that of its end.
    fn outdent(&mut self) {
        let indent = match self.pieces.last_mut() {
            Some(Piece::Raw(raw)) => {
                let kept = raw.trim_end_matches([' ', '\t']).len();
                let spaces = raw.len() - kept;
                raw.truncate(kept);
                spaces
            }
            _ => 0,
        };
        self.indentation = Some(indent);
        for (n, piece) in self.pieces.iter_mut().enumerate() {
            let Piece::Raw(raw) = piece else { continue };
            // The newline after the opening delimiter is not part of the text.
            let text = if n == 0 { raw.split_once('\n').map_or("", |(_, text)| text) } else { &raw[..] };
            let mut out = String::with_capacity(text.len());
            for (line, part) in text.split_inclusive('\n').enumerate() {
                let starts_a_line = line > 0 || n == 0;
                let spaces = part.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
                out.push_str(&part[if starts_a_line { spaces.min(indent) } else { 0 }..]);
            }
            // Elixir keeps what was nothing but indentation, as an empty part.
            self.hollow |= out.is_empty() && (n == 0 || !text.is_empty());
            *raw = out;
        }
    }

    /// `\"` in `"…"` is `"`, whether or not the text has other escapes.
    fn drop_escapes_of_delimiter(&mut self) {
        let close: String = self.delimiter.chars().map(closing).collect();
        for piece in &mut self.pieces {
            let Piece::Raw(raw) = piece else { continue };
            let mut out = String::with_capacity(raw.len());
            let mut rest = raw.as_str();
            while let Some(at) = rest.find('\\') {
                out.push_str(&rest[..at]);
                let after = &rest[at + 1..];
                if after.starts_with(&close) {
                    out.push_str(&close);
                    rest = &after[close.len()..];
                } else {
                    let len = after.chars().next().map_or(0, char::len_utf8);
                    out.push('\\');
                    out.push_str(&after[..len]);
                    rest = &after[len..];
                }
            }
            out.push_str(rest);
            *raw = out;
        }
    }
}

/// What stands between `#{` and `}`.
fn between_braces(code: &SyntaxNode) -> TextRange {
    let range = code.text_range();
    TextRange::new(range.start() + TextSize::of("#{"), range.end() - TextSize::of("}"))
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        other => other,
    }
}
