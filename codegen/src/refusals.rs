//! What must not be entered: files, modules and clauses, each with its reason.

use crate::{FileRefusal, Refused, Sink};
use syntax::{Call, Clause, DirectiveKind, Module, Parse, SyntaxKind, SyntaxNode, Target, directives};

/// Names that probes put into a program; a program that has them is refused.
const OWN_NAMES: [&str; 5] = ["scope_arg", "scope_value", "scope_error", "scope_kind", "scope_reason"];
/// Trees nested deeper than this are refused: the checks walk them by recursion.
const MAX_DEPTH: usize = 400;

/// Whether the file may be touched at all.
pub fn check_file(parse: &Parse, root: &SyntaxNode) -> Result<(), FileRefusal> {
    if let Some(error) = syntax::first_error(parse, root) {
        return Err(FileRefusal { range: error.range, why: error.message });
    }
    let refuse = |node: &SyntaxNode, why: &str| Err(FileRefusal { range: node.text_range(), why: why.into() });
    let mut depth = 0usize;
    for event in root.preorder() {
        match event {
            syntax::WalkEvent::Leave(_) => depth -= 1,
            syntax::WalkEvent::Enter(node) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return refuse(&node, "nested too deeply");
                }
                if uses_own_name(&node) {
                    return refuse(&node, "the file uses a name that is reserved for probes");
                }
            }
        }
    }
    for directive in directives(root) {
        let hides_def = directive.kind == DirectiveKind::Import
            && directive.modules.iter().any(|module| module == "Kernel")
            && ["except", "only"].iter().any(|key| hides(&directive.call, key));
        if hides_def {
            return refuse(directive.call.node(), "`def` is not Kernel's here");
        }
    }
    Ok(())
}

fn uses_own_name(node: &SyntaxNode) -> bool {
    match node.kind() {
        SyntaxKind::IDENTIFIER => {
            let text = node.text().to_string();
            OWN_NAMES.iter().any(|name| text.starts_with(name))
        }
        SyntaxKind::ATOM => node.text() == ":scope_probe",
        _ => false,
    }
}

/// `import Kernel, except: [def: 2]`, or an `only:` without it.
fn hides(import: &Call, key: &str) -> bool {
    let Some(list) = import.keyword(key) else { return false };
    // A keyword's token holds the space behind its colon.
    let text: String = syntax::text_without_trivia(&list).split_whitespace().collect();
    let named = |name: &str| text.contains(&format!("{name}:2"));
    let defines = named("def") || named("defp");
    if key == "except" { defines } else { !defines }
}

/// Whether the clause's body may be entered.
pub fn check_clause(module: &Module, clause: &Clause, sink: &Sink) -> Result<(), Refused> {
    let refuse = |why: &str| Err(Refused { range: clause.call.range(), why: why.into() });
    if module.name.as_deref().is_some_and(|name| sink.is(name)) {
        return refuse("the module is what probes call");
    }
    if module.definer == "defprotocol" {
        return refuse("protocols are consolidated: their functions stay clean");
    }
    for attribute in module.statements().iter().filter_map(attribute) {
        match attribute.local_name().as_deref() {
            Some("on_load") => return refuse("the module has `@on_load`"),
            Some("compile") if inlines(&attribute, &clause.name) => return refuse("the function is inlined"),
            _ => {}
        }
    }
    let calls = clause.call.node().descendants().filter_map(|node| Call::cast(&node));
    for call in calls {
        match call.target() {
            Target::Local(name) if name == "binding" => return refuse("the body calls `binding()`"),
            Target::Remote(left, name) if name == "binding" && left.text() == "Kernel" => {
                return refuse("the body calls `binding()`");
            }
            Target::Remote(left, name) if name == "pry" && left.text() == "IEx" => {
                return refuse("the body calls `IEx.pry()`, which shows its variables");
            }
            Target::Local(name) if name == "dbg" && shows_binding(&call) => {
                return refuse("the body calls `dbg()`, which shows its variables");
            }
            Target::Local(name) if name == "unquote" && !inside_quote(call.node()) => {
                return refuse("the clause is generated (`unquote`)");
            }
            Target::Remote(_, name) if name == "nif_error" => return refuse("the function is a NIF's stub"),
            _ => {}
        }
    }
    Ok(())
}

/// `@name value` as the call `name value`.
fn attribute(statement: &SyntaxNode) -> Option<Call> {
    let is_attribute = statement.kind() == SyntaxKind::UNARY_OPERATOR
        && statement.children_with_tokens().any(|child| child.kind() == SyntaxKind::T_AT);
    if is_attribute { Call::cast(&statement.first_child()?) } else { None }
}

fn inlines(attribute: &Call, name: &str) -> bool {
    let text = syntax::text_without_trivia(attribute.node());
    // Without a list of names and arities (`@compile :inline`), any may be inlined.
    let names_functions = text.chars().any(|c| c.is_ascii_digit());
    text.contains("inline") && (!names_functions || text.contains(&format!("{name}:")))
}

/// `dbg()` on its own; behind a pipe it shows what comes from there.
fn shows_binding(dbg: &Call) -> bool {
    let is_pipe =
        |node: &SyntaxNode| node.children_with_tokens().any(|child| child.kind() == SyntaxKind::T_PIPE_GREATER);
    dbg.arguments().is_empty() && !dbg.node().parent().as_ref().is_some_and(is_pipe)
}

fn inside_quote(node: &SyntaxNode) -> bool {
    node.ancestors().filter_map(|node| Call::cast(&node)).any(|call| call.local_name().as_deref() == Some("quote"))
}
