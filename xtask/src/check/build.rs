//! Checks on small projects made for the purpose.

use super::require;
use crate::{Failure, shell};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A Mix project in a directory of its own.
struct Project(PathBuf);

impl Project {
    /// Writes a project `name`; `files` are below `lib`.
    fn new(name: &str, files: &[(&str, &[u8])]) -> Result<Self, Failure> {
        let directory = shell::target().join("check-projects").join(name);
        let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("{}: {error}", directory.display()));
        // It may not be there.
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(directory.join("lib")).map_err(could_not)?;
        let mix = format!(
            r#"defmodule Small.MixProject do
  use Mix.Project

  def project do
    [app: :small, version: "0.1.0", deps: deps(), start_permanent: false] ++
      if(System.get_env("SMALL_SCOPE") == "off", do: [], else: [compilers: [:elixir_scope] ++ Mix.compilers()])
  end

  defp deps, do: [{{:elixir_scope, path: {:?}, runtime: false}}]
end
"#,
            shell::package()
        );
        std::fs::write(directory.join("mix.exs"), mix).map_err(could_not)?;
        for (file, text) in files {
            std::fs::write(directory.join("lib").join(file), text).map_err(could_not)?;
        }
        Ok(Self(directory))
    }

    fn mix(&self, scope: &str, arguments: &[&str]) -> Command {
        let mut command = shell::command("mix", &self.0, arguments);
        command.env("SMALL_SCOPE", scope);
        command
    }
}

fn all(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const PLAIN: &[u8] = b"defmodule Small do\n  def twice(x), do: x + x\nend\n";
/// Warnings of the compiler, at known lines.
const WARNS: &[u8] = b"defmodule Warns do\n  def f(x) do\n    y = 1\n    undefined_module().g()\n  end\n\n  defp undefined_module, do: Missing.Module\n  defp unused(z), do: z\nend\n";

/// Warnings and compile errors are the same, and are said once.
pub fn same_diagnostics() -> Result<(), Failure> {
    let broken: &[u8] = b"defmodule Broken do\n  def f do\n    undefined_variable\n  end\nend\n";
    for (name, text) in [("warnings", WARNS), ("errors", broken)] {
        let project = Project::new(name, &[("a.ex", text), ("small.ex", PLAIN)])?;
        shell::output(&mut project.mix("off", &["deps.compile"]))?;
        let clean = all(&shell::output(&mut project.mix("off", &["compile", "--force"]))?);
        let on = all(&shell::output(&mut project.mix("on", &["compile", "--force"]))?);
        require(clean == on, || format!("{name} differ\n--- clean\n{clean}\n--- instrumented\n{on}"))?;
        require(clean.contains("lib/a.ex:"), || format!("no diagnostic in:\n{clean}"))?;
        println!("{name}: identical ({} lines)", clean.lines().count());
    }
    Ok(())
}

/// Turning the step off rebuilds nothing and leaves no probe; a release has none.
pub fn off() -> Result<(), Failure> {
    let project = Project::new("off", &[("small.ex", PLAIN)])?;
    shell::text(&mut project.mix("on", &["compile"]))?;
    let script = "IO.inspect(Small.twice(4)); IO.inspect({:loaded, :code.which(Small)})";
    let on = shell::text(&mut project.mix("on", &["run", "-e", script]))?;
    require(on.contains("overlay"), || format!("the overlay was not loaded:\n{on}"))?;
    let off = shell::text(&mut project.mix("off", &["compile"]))?;
    require(!off.contains("Compiling"), || format!("turning the step off rebuilt:\n{off}"))?;
    let off = shell::text(&mut project.mix("off", &["run", "-e", script]))?;
    require(!off.contains("overlay") && off.contains("8\n"), || format!("a probe remained:\n{off}"))?;
    for environment in ["dev", "prod"] {
        let mut release = project.mix("on", &["release", "--overwrite", "--quiet"]);
        shell::text(release.env("MIX_ENV", environment))?;
        let found = super::containing(&project.0.join("_build").join(environment).join("rel"), b"scope_probe")?;
        require(found.is_empty(), || format!("the {environment} release mentions :scope_probe: {found:?}"))?;
        println!("a release made in {environment}: no reference to :scope_probe");
    }
    Ok(())
}

/// What cannot be instrumented stays clean, is said once, and the build goes on.
pub fn bad_input() -> Result<(), Failure> {
    let reserved: &[u8] = b"defmodule Own do\n  def f(scope_arg1), do: scope_arg1\nend\n";
    // Elixir reads the lone semicolon as a `nil`; the grammar does not.
    let idle: &[u8] =
        b"defmodule Idle do\n  def f(x) do\n    case x do\n      1 ->\n      ;\n      2 -> 3\n    end\n  end\nend\n";
    let project = Project::new("bad", &[("own.ex", reserved), ("idle.ex", idle), ("small.ex", PLAIN)])?;
    let output = shell::output(&mut project.mix("on", &["compile"]))?;
    let text = all(&output);
    require(output.status.success(), || format!("the build failed:\n{text}"))?;
    for place in ["lib/own.ex:2", "lib/idle.ex:6"] {
        require(text.matches(place).count() == 1, || format!("{place} is not named once in:\n{text}"))?;
    }
    let script = "IO.inspect({Own.f(1), Idle.f(2), Small.twice(2), :code.which(Small)})";
    let text = shell::text(&mut project.mix("on", &["run", "-e", script]))?;
    require(text.contains("overlay"), || format!("the good file has no probes:\n{text}"))?;
    let mut none = shell::command(shell::elixirscope(), &shell::root(), &["instrument", "docs"]);
    let output = shell::output(&mut none)?;
    require(output.status.code() == Some(2), || format!("no Mix project: {}", all(&output)))?;
    print!("{}", all(&output));
    Ok(())
}

/// What the step adds to a compile that has nothing to do; seconds, so no test.
pub fn noop() -> Result<(), Failure> {
    const REPETITIONS: usize = 15;
    let modes = ["absent", "on"];
    let mut times = [Vec::new(), Vec::new()];
    // By turns, so that a busy moment of the machine meets both; the first is a warm-up.
    for repetition in 0..=REPETITIONS {
        for (mode, times) in modes.iter().zip(&mut times) {
            let start = Instant::now();
            shell::text(&mut shell::shop_mix(mode, &["compile"]))?;
            if repetition > 0 {
                times.push(start.elapsed());
            }
        }
    }
    let medians = times.map(|mut times| {
        times.sort();
        times[REPETITIONS / 2]
    });
    for (mode, median) in modes.iter().zip(medians) {
        println!("no-op mix compile, {mode}: median {median:?} of {REPETITIONS}");
    }
    let added = medians[1].saturating_sub(medians[0]);
    println!("the step adds {added:?}");
    require(added < Duration::from_millis(80), || format!("the step adds {added:?}, more than 80 ms"))
}
