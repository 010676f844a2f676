//! Whole-callback capture: what a known callback raises is recorded, and raised again.
//!
//! A callback is called by its behaviour and not by itself, so its body may stand in
//! a `try` without a tail call growing a stack, as long as it makes none.

use crate::Side;
use crate::edit::{Layer, depth};
use crate::probes::{Done, Probes};
use syntax::{Call, Clause, DirectiveKind, Module, SyntaxKind, TextSize, statements, trimmed_range};
use wire::NodeKind;

/// Behaviours, and their callbacks by name and arity.
const KNOWN: &[(&str, &[(&str, usize)])] = &[
    ("Application", &[("start", 2), ("stop", 1)]),
    ("GenServer", SERVER),
    ("GenStage", SERVER),
    ("GenStage", &[("handle_demand", 2), ("handle_events", 3), ("handle_subscribe", 4), ("handle_cancel", 3)]),
    (":gen_server", SERVER),
    (":gen_event", &[("init", 1), ("handle_event", 2), ("handle_call", 2), ("handle_info", 2), ("terminate", 2)]),
    (":gen_statem", &[("init", 1), ("handle_event", 4), ("terminate", 3), ("code_change", 4)]),
    ("Supervisor", &[("init", 1)]),
    ("DynamicSupervisor", &[("init", 1)]),
    ("Plug", &[("init", 1), ("call", 2)]),
];

const SERVER: &[(&str, usize)] = &[
    ("init", 1),
    ("handle_call", 3),
    ("handle_cast", 2),
    ("handle_continue", 2),
    ("handle_info", 2),
    ("terminate", 2),
    ("code_change", 3),
];

/// Captures what the clause raises, if it is a callback that makes no tail call.
///
/// # Errors
/// When a node has no id.
pub fn capture(behaviours: &[String], clause: &Clause, probes: &mut Probes<'_>) -> Done {
    let Some(block) = clause.call.do_block() else { return Ok(()) };
    let plain = clause.body.sections.len() == 1 && !statements(&block).is_empty();
    if !plain || probes.has(NodeKind::TailCall) || !is_callback(behaviours, clause) {
        return Ok(());
    }
    let id = probes.site(&block, NodeKind::Handler, wire::map::PASSING.to_owned())?;
    let caught = probes.call("caught", &format!("{}, scope_kind, scope_reason, __STACKTRACE__", probes.passing(id)));
    let again = ":erlang.raise(scope_kind, scope_reason, __STACKTRACE__)";
    let text = format!("catch scope_kind, scope_reason -> {caught}; {again} ");
    // Before `end`: there, a comment or a newline stands before it, never after.
    let end = trimmed_range(&block).end() - TextSize::from(3);
    probes.insert(end, Side::Open, depth(&block, Layer::Before), text, id);
    Ok(())
}

fn is_callback(behaviours: &[String], clause: &Clause) -> bool {
    let callback = |callbacks: &[(&str, usize)]| callbacks.contains(&(clause.name.as_str(), clause.arity()));
    KNOWN.iter().any(|(name, callbacks)| callback(callbacks) && behaviours.iter().any(|one| one == name))
}

/// What a module with these attributes says it implements: `use X` and `@behaviour X`.
pub fn behaviours(module: &Module, attributes: &[Call]) -> Vec<String> {
    let used = syntax::directives(&module.body).into_iter().filter(|directive| directive.kind == DirectiveKind::Use);
    let mut found: Vec<_> = used.flat_map(|directive| directive.modules).collect();
    found.extend(attributes.iter().filter_map(behaviour));
    found
}

fn behaviour(attribute: &Call) -> Option<String> {
    if attribute.local_name().as_deref() != Some("behaviour") {
        return None;
    }
    let name = attribute.arguments_node()?.first_child()?;
    matches!(name.kind(), SyntaxKind::ALIAS | SyntaxKind::ATOM).then(|| name.text().to_string())
}
