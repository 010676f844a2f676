//! What the source calls a secret: values that probes must not have.
//!
//! A value is known by the variables it is made of and the function it comes from.
//! What stands under a secret's name in a map or a list of pairs is left to the
//! capture path, which knows such names: the rest of the map is recorded.

use crate::FileRefusal;
use std::borrow::Cow;
use syntax::nodes::Pair;
use syntax::{Call, SyntaxKind, SyntaxNode, Target, text_without_trivia};
use wire::SecretNames;
use wire::redact::PatternError;

/// What a probe is passed in place of a variable.
pub const REDACTED: &str = wire::redact::ATOM;
/// The option of `@compile` that names more of a module's secrets, without spaces.
const OPTION: &str = "{:elixir_scope,redact:[";
/// Operators that give a truth value: it says little of what is compared.
const TESTS: [&str; 9] = ["==", "!=", "===", "!==", "<", ">", "<=", ">=", "in"];

/// Whether the value of an expression, or of a variable in a pattern, is a secret.
pub fn reveals(node: &SyntaxNode, names: &SecretNames) -> bool {
    let any = |node: &SyntaxNode| node.children().any(|child| reveals(&child, names));
    match node.kind() {
        _ if names.is_empty() => false,
        SyntaxKind::IDENTIFIER => names.has(node.text().to_string().as_bytes()),
        // The result is the callee's; what it was passed is another matter.
        SyntaxKind::CALL => Call::cast(node).is_some_and(|call| match call.target() {
            Target::Local(name) | Target::Remote(_, name) => names.has(name.as_bytes()),
            _ => false,
        }),
        SyntaxKind::PAIR => {
            let named = Pair::cast(node).and_then(|pair| pair.key()).is_some_and(|key| is_name(&key, names));
            !named && any(node)
        }
        SyntaxKind::BINARY_OPERATOR => match crate::walk::operator(node) {
            Some((key, token, _)) if token == "=>" && is_name(&key, names) => false,
            Some((_, token, right)) if token == "|>" => reveals(&right, names),
            Some((_, token, _)) if TESTS.contains(&token.as_str()) => false,
            _ => any(node),
        },
        SyntaxKind::ANONYMOUS_FUNCTION => false,
        _ => any(node),
    }
}

/// Whether `node` is matched with a pattern that binds a secret.
pub fn is_bound_to_secret(node: &SyntaxNode, names: &SecretNames) -> bool {
    let parent = node.parent().and_then(|parent| crate::walk::operator(&parent));
    parent
        .is_some_and(|(left, token, _)| matches!(token.as_str(), "=" | "<-") && left != *node && reveals(&left, names))
}

/// A key as it is written: `password:`, `:password`, `"password"`.
fn is_name(key: &SyntaxNode, names: &SecretNames) -> bool {
    let text = text_without_trivia(key);
    let is_literal = !matches!(key.kind(), SyntaxKind::IDENTIFIER | SyntaxKind::CALL);
    is_literal && names.has(text.trim().trim_matches([':', '"']).as_bytes())
}

/// What secrets are called in a module: `usual`, and the names that it gives itself,
/// as in `@compile {:elixir_scope, redact: [:pin, "*_iban"]}`.
///
/// # Errors
/// When one of these names nothing: what the module hides would be recorded.
pub fn of_module<'a>(usual: &'a SecretNames, attributes: &[Call]) -> Result<Cow<'a, SecretNames>, FileRefusal> {
    let mut names = Cow::Borrowed(usual);
    for attribute in attributes.iter().filter(|one| one.local_name().as_deref() == Some("compile")) {
        let text: String = text_without_trivia(attribute.node()).split_whitespace().collect();
        let Some((list, _)) = text.split_once(OPTION).and_then(|(_, rest)| rest.split_once(']')) else { continue };
        let more = list.split(',').map(|name| name.trim_matches([':', '"'])).filter(|name| !name.is_empty());
        let refuse = |error: PatternError| FileRefusal { range: attribute.range(), why: error.to_string() };
        names = Cow::Owned(names.into_owned().with(more).map_err(refuse)?);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use crate::{EditPlan, Surroundings};
    use wire::{NodeId, Strength};

    /// The second line of a module that begins with `def`, with its ids left out: `!`
    /// stands for one that says that the value is a secret.
    #[track_caller]
    fn check(line: &str, expected: &str) {
        let source = format!("defmodule A do\n  {line}\nend\n");
        let parse = syntax::parse(source.as_bytes());
        let id = |node: &syntax::SyntaxNode| NodeId::from_raw(u64::from(u32::from(node.text_range().start())) + 1);
        let clause = syntax::modules(&parse.root())[0].clauses().remove(0);
        let plan = EditPlan::uniform(id(clause.call.node()), Strength::Values);
        let out = crate::instrument(&parse, &id, &plan, &Surroundings::default()).unwrap();
        let mut line = out.text.lines().nth(1).unwrap().trim().replace(":scope_probe.", "");
        for site in &out.sites {
            line = line.replace(&(site.id.raw() | wire::node_id::SECRET).to_string(), "!");
            line = line.replace(&format!("({}, ", site.id.raw()), "(");
        }
        assert_eq!(line, expected);
    }

    #[test]
    fn arguments_are_left_out_by_name() {
        check("def f(password), do: 1", "def f(password), do: (enter(:scope_redacted); leave(1))");
        check("def f({:login, token}), do: 1", "def f({:login, token}), do: (enter(:scope_redacted); leave(1))");
        check("def f(%{password: p} = a), do: 1", "def f(%{password: p} = a), do: (enter(a); leave(1))");
        check(
            "def f(%{\"token\" => token, id: id}), do: 1",
            "def f(%{\"token\" => token, id: id} = scope_arg1), do: (enter(scope_arg1); leave(1))",
        );
        check("def f([token | _] = a), do: 1", "def f([token | _] = a), do: (enter(:scope_redacted); leave(1))");
        check("def f(<<pin, cvv>>), do: 1", "def f(<<pin, cvv>>), do: (enter(pin, :scope_redacted); leave(1))");
    }

    #[test]
    fn results_are_left_out_by_what_they_are_made_of() {
        check("def f(a), do: a.token", "def f(a), do: (enter(a); leave(!, a.token))");
        check("def token(a), do: a", "def token(a), do: (enter(a); leave(!, a))");
        check("def f(token), do: {:ok, token}", "def f(token), do: (enter(:scope_redacted); leave(!, {:ok, token}))");
        check("def f(token), do: \"a#{token}\"", "def f(token), do: (enter(:scope_redacted); leave(!, \"a#{token}\"))");
        check("def f(token), do: [token: token]", "def f(token), do: (enter(:scope_redacted); leave([token: token]))");
        check("def f(token), do: token == 1", "def f(token), do: (enter(:scope_redacted); leave((token == 1)))");
        check(
            "def f(a) do token = Map.get(a, 1); a end",
            "def f(a) do enter(a); token = bind(!, Map.get(a, 1)); leave(a) end",
        );
    }

    #[test]
    fn a_module_names_more() {
        let source = "defmodule A do\n  @compile {:elixir_scope,\n    redact: [:pin, \"*_iban\"]}\nend\n";
        let parse = syntax::parse(source.as_bytes());
        let attributes = crate::refusals::attributes(&syntax::modules(&parse.root())[0]);
        let usual = wire::SecretNames::none();
        let names = super::of_module(&usual, &attributes).unwrap();
        assert!(names.has(b"pin") && names.has(b"old_iban") && !names.has(b"token"));
    }
}
