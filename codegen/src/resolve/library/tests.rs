use super::{Library, TEXT, module};
use std::collections::BTreeMap;
use std::process::Command;

/// What a module without a number of its own in the table is not: an
/// implementation of a protocol, or one of Mix's tasks.
const SCRIPT: &str = r##"
for app <- [:elixir, :eex, :ex_unit, :iex, :logger, :mix] do
  Application.load(app)
  {:ok, modules} = :application.get_key(app, :modules)

  for module <- modules,
      "Elixir." <> name <- [Atom.to_string(module)],
      not String.starts_with?(name, "Mix.Tasks."),
      Code.ensure_loaded?(module),
      not function_exported?(module, :__impl__, 1) do
    names = fn names -> Enum.map_join(names, " ", fn {name, arity} -> "#{name}/#{arity}" end) end
    public? = fn {name, _} -> not String.starts_with?(Atom.to_string(name), "__") end
    functions = Enum.filter(module.__info__(:functions), public?)
    IO.puts("#{name} #{names.(functions)} | #{names.(module.__info__(:macros))}")
  end
end
"##;

fn running() -> String {
    let output = Command::new("elixir").args(["-e", SCRIPT]).output().expect("this test needs Elixir on the path");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn shown(modules: &BTreeMap<&str, Library<'_>>) -> String {
    let names = |names: &std::collections::BTreeSet<(&str, u32)>| {
        let mut arities = BTreeMap::<_, Vec<_>>::new();
        names.iter().for_each(|(name, arity)| arities.entry(*name).or_default().push(arity.to_string()));
        arities.iter().map(|(name, arities)| format!(" {name}/{}", arities.join(","))).collect::<String>()
    };
    let line = |(name, module): (&&str, &Library<'_>)| {
        let separator = if module.macros.is_empty() { "" } else { " |" };
        format!("{name}{}{separator}{}\n", names(&module.functions), names(&module.macros))
    };
    modules.iter().map(line).collect()
}

#[test]
fn the_table_has_all_that_the_running_elixir_has() {
    let running = running();
    let known: BTreeMap<_, _> = TEXT.lines().map(module).collect();
    let mut merged: BTreeMap<_, _> = TEXT.lines().map(module).collect();
    for (name, found) in running.lines().map(module) {
        let into = merged.entry(name).or_default();
        into.functions.extend(found.functions);
        into.macros.extend(found.macros);
    }
    assert!(merged.len() > 200, "the script lists Elixir's modules");
    let (known, merged) = (shown(&known), shown(&merged));
    assert_eq!(known, TEXT, "the table is in order");
    if std::env::var_os("UPDATE_LIBRARY").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/resolve/library.txt"), &merged).unwrap();
        return;
    }
    let missing = merged.lines().filter(|line| !known.contains(&format!("{line}\n"))).collect::<Vec<_>>();
    assert_eq!(missing, Vec::<&str>::new(), "UPDATE_LIBRARY=1 cargo test -p elixirscope-codegen adds these");
}

#[test]
fn macros_and_functions_are_told_apart() {
    use super::{Kind, kind};
    let check = |module: &str, name: &str, arity, expected| assert_eq!(kind(module, name, arity), expected);
    check("Kernel", "length", 1, Some(Kind::Function));
    check("Kernel", "is_nil", 1, Some(Kind::Macro));
    check("Kernel", "!=", 2, Some(Kind::Function));
    check("Kernel", "/", 2, Some(Kind::Function));
    check("Integer", "is_odd", 1, Some(Kind::Macro));
    check("Integer", "is_odd", 2, None);
    check("Shop", "open", 0, None);
}
