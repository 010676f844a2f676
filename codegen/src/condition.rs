//! The condition of a point: an expression that a guard may be.

use syntax::{Call, SyntaxKind, SyntaxNode, Target, statements};

/// A condition that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Its text, on one line.
    pub text: String,
    /// The variables it reads.
    pub variables: Vec<String>,
}

/// Functions of Kernel's that guards may call.
const FUNCTIONS: &[&str] = &[
    "abs",
    "binary_part",
    "bit_size",
    "byte_size",
    "ceil",
    "div",
    "elem",
    "floor",
    "hd",
    "is_atom",
    "is_binary",
    "is_bitstring",
    "is_boolean",
    "is_exception",
    "is_float",
    "is_function",
    "is_integer",
    "is_list",
    "is_map",
    "is_map_key",
    "is_nil",
    "is_number",
    "is_pid",
    "is_port",
    "is_reference",
    "is_struct",
    "is_tuple",
    "length",
    "map_size",
    "node",
    "rem",
    "round",
    "self",
    "tl",
    "trunc",
    "tuple_size",
];

/// Operators that guards may have.
const OPERATORS: &[&str] =
    &["and", "or", "not", "==", "!=", "===", "!==", "<", ">", "<=", ">=", "+", "-", "*", "/", "in", "not in"];

/// Reads a condition.
///
/// # Errors
/// With what a guard may not have, as a sentence.
pub fn read(text: &str) -> Result<Condition, String> {
    let refuse = |why: &str| Err(format!("the condition `{text}` {why}"));
    if text.contains(['\n', '\r', '#']) {
        return refuse("must be one line, without a comment");
    }
    let parse = syntax::parse(text.as_bytes());
    let root = parse.root();
    if syntax::first_error(&parse, &root).is_some() {
        return refuse("has a syntax error");
    }
    let all = statements(&root);
    let [expression] = all.as_slice() else { return refuse("is not one expression") };
    let mut variables = Vec::new();
    match check(expression, &mut variables) {
        Some(found) => {
            refuse(&format!("may not have `{found}`: a guard is made of variables, literals and guard functions"))
        }
        None => Ok(Condition { text: text.trim().to_owned(), variables }),
    }
}

/// The first part that no guard may have.
fn check(node: &SyntaxNode, variables: &mut Vec<String>) -> Option<String> {
    use SyntaxKind::{
        ATOM, BINARY_OPERATOR, BLOCK, BOOLEAN, CHAR, FLOAT, INTEGER, LIST, NIL, STRING, TUPLE, UNARY_OPERATOR,
    };
    let whole = || Some(node.text().to_string());
    match node.kind() {
        ATOM | BOOLEAN | CHAR | FLOAT | INTEGER | NIL => None,
        STRING if node.children().all(|part| part.kind() != SyntaxKind::INTERPOLATION) => None,
        SyntaxKind::IDENTIFIER => {
            variables.push(node.text().to_string());
            None
        }
        LIST | TUPLE | BLOCK => node.children().find_map(|part| check(&part, variables)),
        BINARY_OPERATOR | UNARY_OPERATOR => {
            let mut tokens = node.children_with_tokens().filter_map(|child| child.into_token());
            let token = tokens.find(|token| !token.kind().is_trivia())?;
            let name = if token.kind() == SyntaxKind::NOT_IN_KW { "not in" } else { token.text() };
            if !OPERATORS.contains(&name) {
                return Some(name.to_owned());
            }
            node.children().find_map(|part| check(&part, variables))
        }
        SyntaxKind::CALL => {
            let call = Call::cast(node)?;
            let known = matches!(call.target(), Target::Local(name) if FUNCTIONS.contains(&name.as_str()));
            if !known || !call.has_parentheses() || call.do_block().is_some() {
                return whole();
            }
            call.arguments_node()
                .into_iter()
                .flat_map(|node| node.children().collect::<Vec<_>>())
                .find_map(|part| check(&part, variables))
        }
        _ => whole(),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_condition_is_what_a_guard_may_be() {
        for fine in ["x > 1", "is_map(x) and map_size(x) > 3", "x in [1, 2]", "not is_nil(y)", "elem(x, 0) == :ok"] {
            assert!(read(fine).is_ok(), "{:?}", read(fine));
        }
        for wrong in ["f(x)", "x = 1", "x; y", "A.b(x)", "x > ", "\"#{x}\" == y", "fn -> x end", "x |> hd()", ""] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
