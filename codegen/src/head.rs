//! What `enter` passes: a clause's arguments, by the names its head gives them.

use crate::label::short;
use crate::secrets::{REDACTED, reveals};
use syntax::{Clause, SyntaxKind, SyntaxNode, TextSize, text_without_trivia, trimmed_range};
use wire::SecretNames;
use wire::map::capture::{PART, SEPARATOR, SKIPPED, WHOLE};

/// `enter` exists for up to this many arguments.
pub const MAX_ARGUMENTS: usize = 10;

/// How a clause's arguments are captured.
#[derive(Debug, Default)]
pub struct Capture {
    /// Expressions to pass, in order.
    pub arguments: Vec<String>,
    /// Names to give to patterns: ` = name` after the pattern.
    pub names: Vec<(TextSize, String)>,
    /// The map's label.
    pub label: String,
}

/// Captures the arguments of `clause`, but for secrets.
pub fn capture(clause: &Clause, secrets: &SecretNames) -> Capture {
    let mut out = Capture::default();
    let mut parts = Vec::new();
    for (index, argument) in clause.arguments.iter().enumerate() {
        argument_of(argument, index + 1, secrets, &mut out, &mut parts);
    }
    out.label = parts.join(&SEPARATOR.to_string());
    out
}

fn argument_of(
    argument: &SyntaxNode,
    number: usize,
    secrets: &SecretNames,
    out: &mut Capture,
    parts: &mut Vec<String>,
) {
    let pattern = without_default(argument);
    if out.arguments.len() >= MAX_ARGUMENTS {
        parts.push(format!("{SKIPPED}{}", short(&pattern)));
    } else if reveals(&pattern, secrets) && !is_binary_pattern(&pattern) {
        parts.push(format!("{WHOLE}{}", own_name(&pattern).unwrap_or_else(|| short(&pattern))));
        out.arguments.push(REDACTED.to_owned());
    } else if let Some(name) = own_name(&pattern) {
        parts.push(format!("{WHOLE}{name}"));
        out.arguments.push(name);
    } else if is_binary_pattern(&pattern) {
        parts.push(format!("{SKIPPED}{}", short(&pattern)));
        for name in integer_parts(&pattern) {
            if out.arguments.len() < MAX_ARGUMENTS {
                parts.push(format!("{PART}{name}"));
                let is_secret = secrets.has(name.as_bytes());
                out.arguments.push(if is_secret { REDACTED.to_owned() } else { name });
            }
        }
    } else if is_literal(&pattern) || pattern.kind() == SyntaxKind::KEYWORDS {
        parts.push(format!("{SKIPPED}{}", short(&pattern)));
    } else {
        let name = format!("scope_arg{number}");
        out.names.push((trimmed_range(&pattern).end(), name.clone()));
        parts.push(format!("{WHOLE}{}", short(&pattern)));
        out.arguments.push(name);
    }
}

fn without_default(argument: &SyntaxNode) -> SyntaxNode {
    match operands(argument, SyntaxKind::T_BACKSLASH_BACKSLASH) {
        Some((left, _)) => left,
        None => argument.clone(),
    }
}

fn operands(node: &SyntaxNode, operator: SyntaxKind) -> Option<(SyntaxNode, SyntaxNode)> {
    let matches =
        node.kind() == SyntaxKind::BINARY_OPERATOR && node.children_with_tokens().any(|child| child.kind() == operator);
    let mut children = node.children();
    if matches { Some((children.next()?, children.next()?)) } else { None }
}

/// The name that a pattern already gives to the whole argument. Underscored
/// ones are not read: that would be a warning.
pub fn own_name(pattern: &SyntaxNode) -> Option<String> {
    if pattern.kind() == SyntaxKind::IDENTIFIER {
        let name = pattern.text().to_string();
        return (!name.starts_with('_')).then_some(name);
    }
    let (left, right) = operands(pattern, SyntaxKind::T_EQUAL)?;
    own_name(&left).or_else(|| own_name(&right))
}

/// Naming the whole of a binary that the head takes apart would make the VM
/// build a sub-binary at each call.
fn is_binary_pattern(pattern: &SyntaxNode) -> bool {
    pattern.kind() == SyntaxKind::BITSTRING
        || operands(pattern, SyntaxKind::T_LESS_GREATER).is_some()
        || operands(pattern, SyntaxKind::T_EQUAL)
            .is_some_and(|(left, right)| is_binary_pattern(&left) || is_binary_pattern(&right))
}

/// Variables of a bit string's segments that are integers: the default type.
fn integer_parts(pattern: &SyntaxNode) -> Vec<String> {
    let name = |segment: SyntaxNode| match operands(&segment, SyntaxKind::T_COLON_COLON) {
        None => (segment.kind() == SyntaxKind::IDENTIFIER).then_some(segment),
        Some((variable, kind)) => {
            let kind = text_without_trivia(&kind);
            let other = ["binary", "bitstring", "bytes", "bits", "float", "utf"];
            let integer = !other.iter().any(|word| kind.contains(word));
            (integer && variable.kind() == SyntaxKind::IDENTIFIER).then_some(variable)
        }
    };
    let segments = pattern.children().filter_map(name).map(|node| node.text().to_string());
    match pattern.kind() {
        SyntaxKind::BITSTRING => segments.filter(|name| !name.starts_with('_')).collect(),
        _ => Vec::new(),
    }
}

fn is_literal(pattern: &SyntaxNode) -> bool {
    use SyntaxKind::{ALIAS, ATOM, BOOLEAN, CHAR, FLOAT, INTEGER, LIST, NIL, STRING, TUPLE, UNARY_OPERATOR};
    match pattern.kind() {
        ALIAS | ATOM | BOOLEAN | CHAR | FLOAT | INTEGER | NIL | STRING => true,
        LIST | TUPLE => pattern.children().next().is_none(),
        UNARY_OPERATOR => pattern.children().all(|operand| is_literal(&operand)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(head: &str, arguments: &str, label: &str) {
        let source = format!("defmodule A do\n  def {head}, do: 1\nend\n");
        let root = syntax::parse(source.as_bytes()).root();
        let clause = syntax::modules(&root)[0].clauses().remove(0);
        let capture = super::capture(&clause, &wire::SecretNames::default());
        assert_eq!((capture.arguments.join(","), capture.label.replace('\x1f', "|")), (arguments.into(), label.into()));
    }

    #[test]
    fn arguments_are_captured_by_the_names_they_have() {
        check("f", "", "");
        check("f(a, b \\\\ 1)", "a,b", "wa|wb");
        check("f(%{x: x} = m, n = {_, _})", "m,n", "wm|wn");
        check("f(%{x: x}, _opts, _)", "scope_arg1,scope_arg2,scope_arg3", "w%{x: x}|w_opts|w_");
        check("f(:a, nil, [], \"x\", -1)", "", "s:a|snil|s[]|s\"x\"|s-1");
        check("f(<<a, b::8, rest::binary>>, \"p\" <> q)", "a,b", "s<<a, b::8, rest::binary>>|pa|pb|s\"p\" <> q");
        check("f(a: x)", "", "sa: x");
        check("f([h | t]) when h > 1", "scope_arg1", "w[h | t]");
    }
}
