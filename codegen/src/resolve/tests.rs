use super::{Callee, Names, Scope};
use crate::Surroundings;
use syntax::Call;

/// What the call that begins at `‸` means.
fn callee(source: &str, around: &Surroundings) -> (Callee, bool) {
    let at = source.find('‸').unwrap();
    let text = source.replace('‸', "");
    let root = syntax::parse(text.as_bytes()).root();
    assert!(syntax::parse(text.as_bytes()).errors().is_empty(), "{text}");
    let names = Names::of(&root);
    let mut calls = root.descendants().filter_map(|node| Call::cast(&node));
    let call = calls.find(|call| usize::from(call.range().start()) == at).expect("a call stands there");
    let inside = |module: &&syntax::Module| module.call.range().contains_range(call.range());
    let module = syntax::modules(&root).into_iter().rev().find(|module| inside(&module)).unwrap();
    let scope = Scope::of(&module, &names, around);
    let piped = super::verdict::piped(&call);
    (scope.callee(&call, piped), scope.is_function(&call, piped))
}

fn shown(callee: &Callee) -> String {
    match callee {
        Callee::Function(name) => format!("{}.{}/{}", name.module, name.name, name.arity),
        Callee::Kernel(name) => format!("kernel {name}"),
        Callee::Macro(_) => "macro".into(),
        Callee::Dynamic | Callee::Field | Callee::Unknown => format!("{callee:?}").to_lowercase(),
    }
}

#[track_caller]
fn check_in(source: &str, around: &Surroundings, expected: &str) {
    let (callee, is_function) = callee(source, around);
    assert_eq!(shown(&callee), expected, "{source}");
    assert_eq!(is_function, matches!(callee, Callee::Function(_) | Callee::Dynamic), "{source}");
}

/// The same for `body` in a function of the module `A.B`, behind `head`.
#[track_caller]
fn check(head: &str, body: &str, expected: &str) {
    check_in(&format!("defmodule A.B do\n{head}\ndef f do\n{body}\nend\nend\n"), &Surroundings::default(), expected);
}

#[test]
fn local_functions_are_known_by_name_and_arity() {
    check("def g(x), do: x", "‸g(1)", "A.B.g/1");
    check("def g(x), do: x", "‸g(1, 2)", "unknown");
    check("def g(x), do: x", "1 |> ‸g()", "A.B.g/1");
    check("def g(x, y \\\\ 1, z \\\\ 2), do: {x, y, z}", "‸g(1)", "A.B.g/1");
    check("def g(x, y \\\\ 1, z \\\\ 2), do: {x, y, z}", "‸g()", "unknown");
    check("def g(x, y \\\\ 1)\ndef g(x, y), do: {x, y}", "‸g(1)", "A.B.g/1");
    check("def g(x) when x > 1, do: x", "‸g(1)", "A.B.g/1");
    check("defdelegate g(x), to: C", "‸g(1)", "A.B.g/1");
    check("defmodule C do\ndef g(x), do: x\nend", "‸g(1)", "unknown");
}

#[test]
fn local_macros_and_guards_are_no_functions() {
    for definer in ["defmacro", "defmacrop", "defguard", "defguardp"] {
        check(&format!("{definer} g(x) when x"), "‸g(1)", "macro");
    }
    check("defmacro g(x), do: x", "‸g(1, 2)", "unknown");
    check("defmodule C do\ndefmacro g(x), do: x\nend", "‸g(1)", "unknown");
}

#[test]
fn kernels_names_are_functions_or_macros() {
    check("", "‸length(x)", "Kernel.length/1");
    check("", "x |> ‸elem(1)", "Kernel.elem/2");
    check("", "‸Kernel.length(x)", "Kernel.length/1");
    check("", "‸to_string(x)", "kernel to_string");
    check("", "‸Kernel.to_string(x)", "kernel to_string");
    check("", "‸if(x, do: 1)", "kernel if");
    check("", "‸with(x, do: 1)", "kernel with");
    check("", "‸length(x, y)", "unknown");
    check("", "‸put_in(x.y, 1)", "kernel put_in");
    check("", "‸put_in(x, [:y], 1)", "Kernel.put_in/3");
}

#[test]
fn a_name_that_kernel_was_told_not_to_import_is_not_kernels() {
    check("import Kernel, except: [length: 1]", "‸length(x)", "unknown");
    check("import Kernel, except: [length: 1]", "‸hd(x)", "Kernel.hd/1");
    check("import Kernel, only: [def: 2]", "‸hd(x)", "unknown");
    check("import Kernel, only: :functions", "‸hd(x)", "Kernel.hd/1");
    check("import Kernel, only: :functions", "‸is_nil(x)", "unknown");
    check("import Kernel, except: @names", "‸hd(x)", "unknown");
    check("import Kernel, except: [length: 1]\ndef length(x), do: x", "‸length(x)", "A.B.length/1");
    check("import Kernel, except: [length: 1]\nimport C", "‸length(x)", "unknown");
    check("def g do\nimport Kernel, except: [hd: 1]\nend", "‸hd(x)", "Kernel.hd/1");
}

#[test]
fn imports_bring_functions_and_macros() {
    check("import List", "‸first(x)", "List.first/1");
    check("import List, only: [last: 1]", "‸first(x)", "unknown");
    check("import List, except: [first: 1]", "‸first(x)", "unknown");
    check("import Integer", "‸is_odd(x)", "macro");
    check("import Integer, only: :macros", "‸is_odd(x)", "macro");
    check("import Integer, only: :functions", "‸is_odd(x)", "unknown");
    check("import Integer, only: :macros", "‸digits(x)", "unknown");
    check("import Bitwise", "‸band(x, y)", "Bitwise.band/2");
    check("use Bitwise", "‸band(x, y)", "Bitwise.band/2");
    check("import Shop.Money", "‸add(x, y)", "unknown");
    check("import Shop.Money", "‸length(x)", "Kernel.length/1");
    check("alias Shop.List\nimport List", "‸first(x)", "unknown");
}

#[test]
fn a_remote_call_is_a_macro_only_where_its_module_was_required() {
    check("", "‸Shop.Money.add(x)", "Shop.Money.add/1");
    check("require Shop.Money", "‸Shop.Money.add(x)", "unknown");
    check("import Shop.Money", "‸Shop.Money.add(x)", "unknown");
    check("require Shop.Money", "‸Shop.Cart.add(x)", "Shop.Cart.add/1");
    check("alias Shop.Money\nrequire Money", "‸Shop.Money.add(x)", "unknown");
    check("require Shop.Money, as: M", "‸M.add(x)", "unknown");
    check("require Shop.Money, as: M", "‸Money.add(x)", "Money.add/1");
    check("require Logger", "‸Logger.info(x)", "macro");
    check("require Logger", "‸Logger.metadata(x)", "Logger.metadata/1");
    check("require Logger", "‸Logger.no_such(x)", "unknown");
    check("", "‸Integer.is_odd(x)", "macro");
    check("", "x |> ‸Enum.map(y)", "Enum.map/2");
}

#[test]
fn a_use_of_an_unknown_module_may_bring_any_macro() {
    check("use Shop.Schema", "‸Shop.Money.add(x)", "unknown");
    check("use Shop.Schema", "‸field(x)", "unknown");
    check("use Shop.Schema", "‸Enum.map(x, y)", "Enum.map/2");
    check("use Shop.Schema", "‸:lists.map(x, y)", ":lists.map/2");
    check("use Shop.Schema", "‸length(x)", "Kernel.length/1");
    check("use Shop.Schema\ndef g(x), do: x", "‸g(x)", "A.B.g/1");
    check("use GenServer", "‸Shop.Money.add(x)", "Shop.Money.add/1");
    check("alias Shop.GenServer\nuse GenServer", "‸Shop.Money.add(x)", "unknown");
    check("use ExUnit.Case", "‸assert(x)", "macro");
}

#[test]
fn directives_hold_from_where_they_stand_to_the_end_of_the_block() {
    check("", "‸Shop.add(x)\nrequire Shop", "Shop.add/1");
    check("def g do\nrequire Shop\nend", "‸Shop.add(x)", "Shop.add/1");
    check("def g, do: (require Shop; 1)", "‸Shop.add(x)", "Shop.add/1");
    check("", "if x do\nrequire Shop\nelse\n‸Shop.add(x)\nend", "Shop.add/1");
    check("", "case x do\n1 -> require Shop\n2 -> ‸Shop.add(x)\nend", "Shop.add/1");
    check("", "require Shop\nfn -> ‸Shop.add(x) end", "unknown");
    check("", "alias A, as: C\nalias D, as: C\n‸C.add(x)", "D.add/1");
    check("defmodule C do\nuse Shop\nend", "‸Shop.add(x)", "Shop.add/1");
    check("defmacro __using__(_) do\nquote do\nimport Shop\nend\nend", "‸Shop.add(x)", "Shop.add/1");
}

#[test]
fn aliases_are_expanded() {
    check("alias Shop.Money", "‸Money.add(x)", "Shop.Money.add/1");
    check("alias Shop.Money", "‸Money.Round.add(x)", "Shop.Money.Round.add/1");
    check("alias Shop.Money, as: M", "‸M.add(x)", "Shop.Money.add/1");
    check("alias Shop.{Cart, Money}", "‸Cart.add(x)", "Shop.Cart.add/1");
    check("alias Shop.Enum", "‸Enum.map(x, y)", "Shop.Enum.map/2");
    check("alias Shop.Enum", "‸Elixir.Enum.map(x, y)", "Enum.map/2");
    check("alias __MODULE__.C", "‸C.add(x)", "A.B.C.add/1");
    check("alias __MODULE__", "‸B.f()", "A.B.f/0");
    check("defmodule C do\nend", "‸C.add(x)", "A.B.C.add/1");
    check("defmodule C.D do\nend", "‸C.D.add(x)", "A.B.C.D.add/1");
    check("", "‸__MODULE__.f()", "A.B.f/0");
    check("", "‸__MODULE__.C.add(x)", "A.B.C.add/1");
    check("require Logger", "‸__MODULE__.f()", "A.B.f/0");
}

#[test]
fn what_only_the_program_knows_is_a_function_unless_a_macro_gives_the_module() {
    check("", "‸fun.(x)", "dynamic");
    check("", "‸x.add(y)", "dynamic");
    check("", "‸x.add", "field");
    check("", "‸x.y.add(z)", "dynamic");
    check("", "y |> ‸x.add", "dynamic");
    check("defmacrop x, do: Logger", "‸x.info(y)", "dynamic");
    check("defmacrop x, do: Logger\nrequire Logger", "‸x.info(y)", "unknown");
    check("@log Logger\nrequire Logger", "‸@log.info(x)", "unknown");
    check("@log Logger\nrequire Logger", "‸@log.add_backend(x)", "dynamic");
    check("use Shop.Schema", "‸@repo.get(x)", "unknown");
    check("", "‸unquote(f)(x)", "unknown");
    check("use GenServer", "‸super(x)", "dynamic");
}

#[test]
fn erlangs_modules_have_no_macros() {
    check("require Shop", "‸:lists.map(x, y)", ":lists.map/2");
    check("require Logger", "‸:\"Elixir.Logger\".info(x)", "unknown");
    check("require :shop", "‸:shop.info(x)", "unknown");
}

#[test]
fn a_call_with_a_do_block_is_not_entered() {
    let source = "defmodule A do\ndef f do\n‸Shop.measure do\n1\nend\nend\nend\n";
    assert!(!callee(source, &Surroundings::default()).1);
}

#[test]
fn the_project_says_which_of_its_names_are_functions() {
    let name = |name: &str| crate::FunctionName { module: "Shop".into(), name: name.into(), arity: 1 };
    let around = Surroundings { functions: [name("add")].into(), ..Surroundings::default() };
    let check = |head: &str, body: &str, expected: &str| {
        check_in(&format!("defmodule A.B do\n{head}\ndef f do\n{body}\nend\nend\n"), &around, expected);
    };
    check("require Shop", "‸Shop.add(x)", "Shop.add/1");
    check("require Shop", "‸Shop.sub(x)", "unknown");
    check("import Shop", "‸add(x)", "Shop.add/1");
    check("import Shop, only: [sub: 1]", "‸add(x)", "unknown");
    check("use Other", "‸Shop.add(x)", "Shop.add/1");
}

#[test]
fn an_operator_that_is_not_elixirs_may_be_anything() {
    use super::Verdict;
    let check = |head: &str, operator: &str, arity, expected| {
        let source = format!("defmodule A do\n{head}\ndef f do\n1\nend\nend\n");
        let root = syntax::parse(source.as_bytes()).root();
        let (names, around) = (Names::of(&root), Surroundings::default());
        let scope = Scope::of(&syntax::modules(&root)[0], &names, &around);
        let at = root.text_range().end() - syntax::TextSize::from(6);
        assert_eq!(scope.operator_verdict(operator, arity, at), expected, "{head} {operator}");
    };
    for operator in ["+", "++", "<>", "in", "not in", "..", "//", "=~", "="] {
        check("", operator, 2, Verdict::Wrap);
    }
    for operator in ["!", "not", "-", "&", "@"] {
        check("", operator, 1, Verdict::Wrap);
    }
    check("", "~>", 2, Verdict::Unknown);
    check("", "&&&", 2, Verdict::Unknown);
    check("import Bitwise", "&&&", 2, Verdict::Wrap);
    check("import Kernel, except: [+: 2]", "+", 2, Verdict::Unknown);
    check("import Kernel, except: [in: 2]", "not in", 2, Verdict::Unknown);
}
