//! What a node is called: never a position, never the content below.

use syntax::{Clause, SyntaxKind, SyntaxNode, SyntaxToken, text_without_trivia};

/// Attributes that Elixir or ExUnit attaches to the definition after them.
const DESCRIBING: [&str; 6] = ["deprecated", "doc", "impl", "since", "tag", "typedoc"];
/// Attributes that are themselves the definition of a name.
const NAMING: [&str; 6] = ["callback", "macrocallback", "opaque", "spec", "type", "typep"];
/// How many statements may stand between such an attribute and the definition.
const FAR: usize = 16;

/// The node's key.
pub fn key(node: &SyntaxNode) -> String {
    use SyntaxKind::{ALIAS, ATOM, BINARY_OPERATOR, CALL, IDENTIFIER, SIGIL, STAB_CLAUSE, UNARY_OPERATOR};
    match node.kind() {
        ALIAS | ATOM | IDENTIFIER => first_text(node),
        BINARY_OPERATOR => binary_key(node),
        CALL => call_key(node),
        SIGIL => node.children().find(|child| child.kind() == SyntaxKind::SIGIL_NAME).map_or_else(String::new, name),
        STAB_CLAUSE => head_of_stab(node),
        UNARY_OPERATOR => attribute_key(node).unwrap_or_else(|| operator(node)),
        _ => String::new(),
    }
}

/// The key as people read it, with the kind before it: `call Repo.get`.
pub fn node_label(node: &SyntaxNode) -> String {
    let (kind, key) = (node.kind().name(), key(node));
    if key.is_empty() { kind.to_owned() } else { format!("{kind} {key}") }
}

/// What a clause of a named function is called: its head, guard included.
pub fn clause_key(clause: &Clause) -> String {
    text_without_trivia(&clause.signature)
}

fn first_text(node: &SyntaxNode) -> String {
    node.first_token().map(|token| token.text().to_owned()).unwrap_or_default()
}

fn name(node: SyntaxNode) -> String {
    first_text(&node)
}

fn operator_token(node: &SyntaxNode) -> Option<SyntaxToken> {
    node.children_with_tokens().filter_map(|child| child.into_token()).find(|token| !token.kind().is_trivia())
}

fn operator(node: &SyntaxNode) -> String {
    match operator_token(node) {
        // The one operator with layout inside.
        Some(token) if token.kind() == SyntaxKind::NOT_IN_KW => "not in".to_owned(),
        Some(token) => token.text().to_owned(),
        None => String::new(),
    }
}

/// A match is called by the variables it binds, else by what it matches; a pipe
/// by its last call; `key => value` by a key that is one word.
fn binary_key(node: &SyntaxNode) -> String {
    let operator = operator(node);
    let (Some(left), Some(right)) = (node.first_child(), node.last_child()) else { return operator };
    let rest = match operator.as_str() {
        "=" | "<-" => match bound_names(&left) {
            names if names.is_empty() => short_key(&right),
            names => names,
        },
        "|>" => short_key(&right),
        "=>" => short_key(&left),
        _ => String::new(),
    };
    if rest.is_empty() { operator } else { format!("{operator} {rest}") }
}

/// The key of a word or a call, of any other node nothing: so that keys of
/// operators do not contain one another.
fn short_key(node: &SyntaxNode) -> String {
    use SyntaxKind::{ALIAS, ATOM, CALL, IDENTIFIER, INTEGER, STRING};
    match node.kind() {
        ALIAS | ATOM | CALL | IDENTIFIER => key(node),
        INTEGER => first_text(node),
        STRING => literal_name(node).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The variables of a pattern, in order. Pinned ones and `_` are none.
fn bound_names(pattern: &SyntaxNode) -> String {
    let mut names = String::new();
    for node in pattern.descendants().filter(|node| node.kind() == SyntaxKind::IDENTIFIER) {
        let text = first_text(&node);
        let pinned = node.parent().is_some_and(|parent| operator(&parent) == "^");
        if text != "_" && !pinned {
            names.push_str(if names.is_empty() { "" } else { "," });
            names.push_str(&text);
        }
    }
    names
}

fn head_of_stab(stab: &SyntaxNode) -> String {
    match stab.first_child() {
        Some(head) if head.kind() != SyntaxKind::BODY => text_without_trivia(&head),
        _ => String::new(),
    }
}

/// The callee; of a definition, its name; of other calls that declare something
/// also what, if that is written out: `use GenServer`, `test "adds" do`.
fn call_key(call: &SyntaxNode) -> String {
    let callee = callee(call);
    let Some(arguments) = call.children().find(|child| child.kind() == SyntaxKind::ARGUMENTS) else { return callee };
    let Some(first) = arguments.first_child() else { return callee };
    let has_body = call.last_child().is_some_and(|last| last.kind() == SyntaxKind::DO_BLOCK);
    let bare = || arguments.first_token().is_none_or(|token| token.kind() != SyntaxKind::T_L_PAREN);
    let subject = match () {
        () if callee.starts_with("def") && (has_body || bare()) => defined_name(&first),
        () if has_body => literal_name(&first),
        () if bare() && first.kind() != SyntaxKind::STRING => literal_name(&first),
        () => None,
    };
    match subject {
        Some(subject) => format!("{callee} {subject}"),
        None => callee,
    }
}

fn callee(call: &SyntaxNode) -> String {
    let Some(target) = call.first_child() else { return String::new() };
    match target.kind() {
        SyntaxKind::IDENTIFIER => first_text(&target),
        SyntaxKind::DOT => {
            let mut parts = target.children();
            let receiver = parts.next().map(|left| word(&left)).unwrap_or_default();
            let called = parts.next().map(|right| word(&right)).unwrap_or_default();
            format!("{receiver}.{called}")
        }
        _ => String::new(),
    }
}

fn word(node: &SyntaxNode) -> String {
    use SyntaxKind::{ALIAS, ATOM, IDENTIFIER, OPERATOR_IDENTIFIER};
    if matches!(node.kind(), ALIAS | ATOM | IDENTIFIER | OPERATOR_IDENTIFIER) {
        first_text(node)
    } else {
        String::new()
    }
}

fn literal_name(node: &SyntaxNode) -> Option<String> {
    match node.kind() {
        SyntaxKind::ALIAS | SyntaxKind::ATOM => Some(first_text(node)),
        // A text of several lines has layout in it; one with `#{` is no name.
        SyntaxKind::STRING if node.children().next().is_none() => {
            Some(node.text().to_string()).filter(|text| !text.contains('\n'))
        }
        _ => None,
    }
}

/// `name/arity` of a head, without its guard and the type behind `::`.
fn defined_name(head: &SyntaxNode) -> Option<String> {
    let mut head = head.clone();
    while head.kind() == SyntaxKind::BINARY_OPERATOR && matches!(operator(&head).as_str(), "when" | "::") {
        head = head.first_child()?;
    }
    match head.kind() {
        SyntaxKind::IDENTIFIER => Some(format!("{}/0", first_text(&head))),
        SyntaxKind::ALIAS | SyntaxKind::ATOM => Some(first_text(&head)),
        SyntaxKind::CALL => {
            let arguments = head.children().find(|child| child.kind() == SyntaxKind::ARGUMENTS);
            let arity = arguments.map_or(0, |arguments| arguments.children().count());
            match word(&head.first_child()?) {
                name if name.is_empty() || name == "unquote" => Some(text_without_trivia(&head)),
                name => Some(format!("{name}/{arity}")),
            }
        }
        _ => None,
    }
}

/// `@name`; of an attribute that names something also what, and of one that
/// describes the definition behind it, that.
fn attribute_key(node: &SyntaxNode) -> Option<String> {
    let name = attribute_name(node)?;
    let arguments = node.first_child()?.children().find(|child| child.kind() == SyntaxKind::ARGUMENTS);
    let about = match (arguments.and_then(|arguments| arguments.first_child()), name.as_str()) {
        (Some(first), name) if NAMING.contains(&name) => defined_name(&first),
        (Some(_), name) if DESCRIBING.contains(&name) => described(node, name),
        _ => None,
    };
    Some(about.map_or_else(|| format!("@{name}"), |about| format!("@{name} {about}")))
}

fn described(attribute: &SyntaxNode, name: &str) -> Option<String> {
    let mut behind = std::iter::successors(attribute.next_sibling(), SyntaxNode::next_sibling).take(FAR);
    behind.find_map(|node| definition_key(&node, name))
}

/// The key of what the attribute `describing` may describe: `def f(x)`, `test "it"`,
/// `@callback f(x) :: y`, and of types only for `@typedoc`.
fn definition_key(node: &SyntaxNode, describing: &str) -> Option<String> {
    match node.kind() {
        SyntaxKind::CALL if describing != "typedoc" => match callee(node).as_str() {
            "for" | "if" | "unless" => first_definition(node),
            _ => Some(call_key(node)).filter(|key| is_definition(key)),
        },
        SyntaxKind::UNARY_OPERATOR => {
            let attribute = attribute_name(node)?;
            let defines = match attribute.as_str() {
                "callback" | "macrocallback" => describing != "typedoc",
                "opaque" | "type" | "typep" => describing == "typedoc",
                _ => false,
            };
            if defines { attribute_key(node) } else { None }
        }
        _ => None,
    }
}

/// The definition that a compile-time `for` or `if` wraps.
fn first_definition(wrapper: &SyntaxNode) -> Option<String> {
    let calls = wrapper.descendants().skip(1).filter(|node| node.kind() == SyntaxKind::CALL);
    calls.map(|call| call_key(&call)).find(|key| is_definition(key))
}

fn is_definition(key: &str) -> bool {
    key.starts_with("def") || key.contains(" \"")
}

fn attribute_name(node: &SyntaxNode) -> Option<String> {
    let is_attribute = operator_token(node)?.kind() == SyntaxKind::T_AT;
    let operand = node.first_child().filter(|_| is_attribute)?;
    Some(if operand.kind() == SyntaxKind::CALL { callee(&operand) } else { word(&operand) })
}
