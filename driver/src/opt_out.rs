//! Modules that ask for no probes themselves: `@compile {:elixir_scope, false}`.
//!
//! An attribute that nothing reads makes a warning; an option that the compiler
//! does not know makes none.

use crate::proposal::Proposal;
use std::borrow::Cow;
use syntax::{Call, Module, Parse, SyntaxKind, SyntaxNode};

/// The option, without spaces.
const OPTION: &str = "{:elixir_scope,false}";
const WHY: &str = "the module has `@compile {:elixir_scope, false}`";

/// The proposal without the clauses of modules that opt out.
pub fn respect<'a>(proposal: &'a Proposal, text: &[u8], parse: &Parse, ids: &db::NodeIds) -> Cow<'a, Proposal> {
    // Few files have the word: they alone are walked.
    if !std::str::from_utf8(text).is_ok_and(|text| text.contains(":elixir_scope")) {
        return Cow::Borrowed(proposal);
    }
    let mut proposal = Cow::Borrowed(proposal);
    for module in syntax::modules(&parse.root()).iter().filter(|module| opts_out(module)) {
        for clause in module.clauses() {
            let id = ids.get(clause.call.node()).filter(|id| proposal.edits.clauses.contains_key(id));
            if let Some(id) = id {
                proposal.to_mut().spare(id, WHY.to_owned());
            }
        }
    }
    proposal
}

fn opts_out(module: &Module) -> bool {
    module.statements().iter().filter_map(attribute).any(|attribute| {
        attribute.local_name().as_deref() == Some("compile")
            && syntax::text_without_trivia(attribute.node()).split_whitespace().collect::<String>().contains(OPTION)
    })
}

/// `@name value` as the call `name value`.
fn attribute(statement: &SyntaxNode) -> Option<Call> {
    let is_attribute = statement.kind() == SyntaxKind::UNARY_OPERATOR
        && statement.children_with_tokens().any(|child| child.kind() == SyntaxKind::T_AT);
    if is_attribute { Call::cast(&statement.first_child()?) } else { None }
}
