//! What a developer sees is the same with and without probes.

use super::require;
use crate::{Failure, shell};

/// What the shop says of itself: places, stack traces, errors.
const SCRIPT: &str = r#"
here = Shop.About.here()
IO.inspect(here)
IO.inspect(for {m, f, a, place} <- Shop.About.trail(), m |> Atom.to_string() |> String.starts_with?("Elixir.Shop"), do: {m, f, a, place})
try do
  Shop.Inventory.take(:no_state, "x", 1)
rescue
  error -> IO.puts(Exception.format(:error, error, Enum.take(__STACKTRACE__, 1)))
end
"#;

/// Compares the two builds of the shop, then of a project with warnings.
pub fn run() -> Result<(), Failure> {
    same("what the shop says of itself", &["run", "-e", SCRIPT])?;
    same("mix xref graph", &["xref", "graph"])?;
    same("mix xref graph --label compile", &["xref", "graph", "--label", "compile"])?;
    same("a forced compile's warnings", &["compile", "--force"])?;
    super::build::same_diagnostics()
}

fn same(what: &str, arguments: &[&str]) -> Result<(), Failure> {
    let [clean, on] = ["absent", "on"].map(|mode| {
        // The first run may compile: only the second is compared.
        shell::output(&mut shell::shop_mix(mode, arguments))?;
        let output = shell::output(&mut shell::shop_mix(mode, arguments))?;
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Ok(without_package(&text))
    });
    let (clean, on) = (clean?, on?);
    require(clean == on, || format!("{what} differs\n--- clean\n{clean}\n--- instrumented\n{on}"))?;
    require(!clean.is_empty(), || format!("{what}: nothing was printed"))?;
    println!("{what}: identical ({} lines)", clean.lines().count());
    Ok(())
}

/// Mix names the dependency it looks after; that is the one line that differs.
fn without_package(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("==> ")).map(|line| format!("{line}\n")).collect()
}
