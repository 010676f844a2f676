//! Which nodes of a tree are steps of a path, and what each is to its parent.

use syntax::{SyntaxKind, SyntaxNode, text_without_trivia};

/// A child on the way down.
pub struct Step {
    /// What it is to its parent.
    pub role: &'static str,
    /// The key of the keyword pair whose value it is, without the colon.
    pub pair: Option<String>,
    /// The child.
    pub node: SyntaxNode,
}

/// The steps below `parent`, in order. Punctuation between them is passed
/// through: the arguments of a call are steps, their list is none.
pub fn steps(parent: &SyntaxNode) -> Vec<Step> {
    let mut out = Vec::new();
    for (index, child) in parent.children().enumerate() {
        push(&mut out, role(parent, &child, index), None, child);
    }
    out
}

// The depth is bounded: call > arguments > keywords > pair > quoted keyword.
fn push(out: &mut Vec<Step>, role: &'static str, pair: Option<String>, node: SyntaxNode) {
    use SyntaxKind::{
        ALIAS, ARGUMENTS, DOT, ESCAPE_SEQUENCE, IDENTIFIER, INTERPOLATION, KEYWORD, KEYWORDS, MAP_CONTENT,
        OPERATOR_IDENTIFIER, PAIR, QUOTED_KEYWORD, SIGIL_MODIFIERS, SIGIL_NAME, STRUCT,
    };
    // What has no text is the parser's guess at what is missing.
    if node.text_range().is_empty() {
        return;
    }
    match node.kind() {
        ESCAPE_SEQUENCE | KEYWORD | OPERATOR_IDENTIFIER | SIGIL_MODIFIERS | SIGIL_NAME => {}
        ARGUMENTS | INTERPOLATION | KEYWORDS | MAP_CONTENT | QUOTED_KEYWORD | STRUCT => {
            node.children().for_each(|child| push(out, role, pair.clone(), child));
        }
        PAIR => pair_steps(out, role, &node),
        DOT if role == "target" => dot_steps(out, &node),
        // The name in `left.name`.
        ALIAS | IDENTIFIER if role == "target" || role == "element" && parent_is_dot(&node) => {}
        _ => out.push(Step { role, pair, node }),
    }
}

fn pair_steps(out: &mut Vec<Step>, role: &'static str, pair: &SyntaxNode) {
    let mut children = pair.children();
    let (Some(key), Some(value)) = (children.next(), children.next()) else { return };
    let name = text_without_trivia(&key).trim_end_matches(':').to_owned();
    push(out, "key", None, key);
    push(out, role, Some(name), value);
}

/// What is called in `left.name(…)`: the name is no step.
fn dot_steps(out: &mut Vec<Step>, dot: &SyntaxNode) {
    for (index, child) in dot.children().enumerate() {
        push(out, role(dot, &child, index), None, child);
    }
}

fn parent_is_dot(node: &SyntaxNode) -> bool {
    node.parent().is_some_and(|parent| parent.kind() == SyntaxKind::DOT)
}

/// Only nodes with a fixed number of children tell them apart by place; in a
/// sequence, inserting one must not move the rest.
fn role(parent: &SyntaxNode, child: &SyntaxNode, index: usize) -> &'static str {
    use SyntaxKind::{
        ACCESS_CALL, AFTER_BLOCK, ANONYMOUS_FUNCTION, BINARY_OPERATOR, BLOCK, BODY, CALL, CATCH_BLOCK, DO_BLOCK, DOT,
        ELSE_BLOCK, INTERPOLATION, RESCUE_BLOCK, SOURCE, STAB_CLAUSE, UNARY_OPERATOR,
    };
    match (parent.kind(), child.kind()) {
        (CALL, _) if index == 0 => "target",
        (CALL, _) if is_quote(parent) => "quoted",
        (CALL, DO_BLOCK) => "do",
        (DOT, _) if index == 0 => "receiver",
        (CALL, _) => "argument",
        (BINARY_OPERATOR, _) if index == 0 => "left",
        (BINARY_OPERATOR, _) => "right",
        (UNARY_OPERATOR, _) => "operand",
        (STAB_CLAUSE, BODY) => "body",
        (STAB_CLAUSE, _) => "head",
        (ACCESS_CALL, _) if index == 0 => "container",
        (ACCESS_CALL, _) => "access",
        (_, AFTER_BLOCK | CATCH_BLOCK | ELSE_BLOCK | RESCUE_BLOCK) => "section",
        (_, STAB_CLAUSE) => "clause",
        (_, INTERPOLATION) => "interpolation",
        (AFTER_BLOCK | BLOCK | BODY | CATCH_BLOCK | DO_BLOCK | ELSE_BLOCK | RESCUE_BLOCK | SOURCE, _) => "statement",
        (ANONYMOUS_FUNCTION, _) => "clause",
        _ => "element",
    }
}

/// A call of `quote`.
pub fn is_quote(node: &SyntaxNode) -> bool {
    node.kind() == SyntaxKind::CALL
        && node.first_child().is_some_and(|target| {
            target.kind() == SyntaxKind::IDENTIFIER && target.first_token().is_some_and(|token| token.text() == "quote")
        })
}
