//! Where the grammar is known to mislead without saying so: files with such a
//! place are refused, never guessed. Each rule names the fault it looks for.

use crate::{SyntaxKind, SyntaxNode, SyntaxToken};
use rowan::TextRange;

/// A place where the tree may not be Elixir's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Where.
    pub range: TextRange,
    /// What may be misread.
    pub message: &'static str,
    /// The quoted form puts it right, though the tree does not yet (`quoted/map.rs`).
    pub mended_when_quoted: bool,
}

const ARROW: &str = "`=>` beside another operator may be misread";

/// Every doubtful place, in order.
pub fn doubts(root: &SyntaxNode) -> Vec<Doubt> {
    let mut out = Vec::new();
    for element in root.descendants_with_tokens() {
        let message = match &element {
            rowan::NodeOrToken::Node(node) => doubtful_node(node),
            rowan::NodeOrToken::Token(token) => doubtful_token(token),
        };
        if let Some(message) = message {
            let mended_when_quoted = message == ARROW;
            out.push(Doubt { range: element.text_range(), message, mended_when_quoted });
        }
    }
    out
}

fn doubtful_node(node: &SyntaxNode) -> Option<&'static str> {
    match node.kind() {
        SyntaxKind::BINARY_OPERATOR if misplaced_arrow(node) => Some(ARROW),
        SyntaxKind::UNARY_OPERATOR if tight_capture(node) => Some("an operator after `&(…)` may be misread"),
        SyntaxKind::SIGIL if escaped_raw_sigil(node) => Some("a backslash before a raw sigil's end may be misread"),
        SyntaxKind::INTERPOLATION if spans_lines(node) => Some("an interpolation over several lines may be misread"),
        SyntaxKind::ARGUMENTS if starts_with_range(node) => Some("a range after a name may be misread as a call"),
        _ => None,
    }
}

/// `invalid -> …` after another clause, read as `… in valid -> …`.
fn doubtful_token(token: &SyntaxToken) -> Option<&'static str> {
    use SyntaxKind::{AND_KW, IN_KW, NOT_IN_KW, OR_KW, WHEN_KW};
    if !matches!(token.kind(), AND_KW | IN_KW | NOT_IN_KW | OR_KW | WHEN_KW) {
        return None;
    }
    let glued = |neighbour: Option<SyntaxToken>, last: bool| {
        let text = neighbour.map(|token| token.text().to_owned()).unwrap_or_default();
        let c = if last { text.chars().next_back() } else { text.chars().next() };
        c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '?' | '!' | '@'))
    };
    let doubtful = glued(token.next_token(), false) || glued(token.prev_token(), true);
    doubtful.then_some("a name that begins with `in`, `and`, `or` or `when` may be misread as an operator")
}

fn operator_is(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens().any(|child| child.kind() == kind)
}

/// `=>` binds more loosely than any operator but the `|` of an update; the
/// grammar has it the other way round.
fn misplaced_arrow(node: &SyntaxNode) -> bool {
    if !operator_is(node, SyntaxKind::T_EQUAL_GREATER) {
        return false;
    }
    // Types are never entered, and braces keep the fault inside.
    let in_attribute =
        |node: SyntaxNode| node.kind() == SyntaxKind::UNARY_OPERATOR && operator_is(&node, SyntaxKind::T_AT);
    if node.ancestors().any(in_attribute) {
        return false;
    }
    let Some(parent) = node.parent() else { return true };
    match parent.kind() {
        SyntaxKind::BINARY_OPERATOR => {
            let is_update = operator_is(&parent, SyntaxKind::T_PIPE)
                && parent.parent().is_some_and(|outer| outer.kind() == SyntaxKind::MAP_CONTENT)
                && parent.last_child().as_ref() == Some(node);
            !is_update
        }
        SyntaxKind::UNARY_OPERATOR => true,
        _ => false,
    }
}

/// `&(&1).b` captures `(&1).b`, but the grammar reads `(&(&1)).b`.
fn tight_capture(node: &SyntaxNode) -> bool {
    let captures = operator_is(node, SyntaxKind::T_AMPERSAND);
    let grouped = operator_is(node, SyntaxKind::T_L_PAREN)
        || node.last_child().is_some_and(|operand| operand.kind() == SyntaxKind::BLOCK);
    let is_left = |parent: &SyntaxNode| {
        use SyntaxKind::{ACCESS_CALL, BINARY_OPERATOR, CALL, DOT};
        matches!(parent.kind(), ACCESS_CALL | BINARY_OPERATOR | CALL | DOT)
            && parent.first_child().as_ref() == Some(node)
    };
    captures && grouped && node.parent().as_ref().is_some_and(is_left)
}

/// In `~S[:\\]` the backslash escapes nothing, but the grammar thinks so.
fn escaped_raw_sigil(node: &SyntaxNode) -> bool {
    let name = node.children().find(|child| child.kind() == SyntaxKind::SIGIL_NAME);
    let raw = name.is_some_and(|name| name.text().to_string().starts_with(|c: char| c.is_ascii_uppercase()));
    let text = node.text().to_string();
    let text = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let width = if text.ends_with("\"\"\"") || text.ends_with("'''") { 3 } else { 1 };
    let close = text.get(text.len().saturating_sub(width)..).unwrap_or_default();
    raw && text.contains(&format!("\\{close}"))
}

fn spans_lines(node: &SyntaxNode) -> bool {
    node.descendants_with_tokens()
        .filter_map(|element| element.into_token())
        .any(|token| token.kind().is_trivia() && token.text().contains('\n'))
}

/// `x..-1` is read as the call `x(.. - 1)`.
fn starts_with_range(node: &SyntaxNode) -> bool {
    crate::first_token(node).is_some_and(|token| token.text() == "..")
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(source: &str, doubtful: bool) {
        let parse = crate::parse(source.as_bytes());
        let refused = !parse.errors().is_empty() || !super::doubts(&parse.root()).is_empty();
        assert_eq!(refused, doubtful, "{source}\n{:#?}", super::doubts(&parse.root()));
    }

    #[test]
    fn known_faults_are_doubts() {
        check("case x do\n  1 ->\n    a\n    {:ok, 1}\n\n  invalid -> c\nend", true);
        check("case x do\n  1 ->\n    a\n    {:ok, 1}\n\n  or_else -> c\nend", true);
        for source in ["@x..-1", "f(x ..-1)", "for i <- x..-1, do: i"] {
            check(source, true);
        }
        for source in ["%{k => a | b}", "%{k => v :: t}", "%{k :: t => v}", "%{m | k => a | b}"] {
            check(source, true);
        }
        for source in ["&(&1).b", "&(&1)[:b]", "&(&1) + 1", "&(&1) |> f"] {
            check(source, true);
        }
        for source in [r"~S[:\\]", r#"~S"\\""#, r"~R/a\\/"] {
            check(source, true);
        }
        check("\"#{a\nb}\"", true);
    }

    #[test]
    fn ordinary_code_is_not_doubted() {
        for source in [
            "x in y and z or w",
            "1..-1",
            "x..y",
            "%{m | k => v}",
            "%{a => 1, b => c + 1}",
            "&(&1.b)",
            "Enum.map(x, &(&1 + 1))",
            r"~S(a\b)",
            "~r/a b/",
            "\"#{a} #{b}\"",
            "case x do\n  index -> 1\n  when_ok -> 2\nend",
        ] {
            check(source, false);
        }
    }
}
