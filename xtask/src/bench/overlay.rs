//! What the Mix step makes of a project: its time and its beams, against `mix compile`.

use crate::{Failure, overlay, setup, shell};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// How often each is run, by turns.
const ROUNDS: usize = 3;

const STRATEGIES: &[&str] = &["minimal", "balanced", "full"];

/// Measures the given projects at each strategy; without any, the shop.
pub fn run(projects: &[&str]) -> Result<(), Failure> {
    setup::ensure()?;
    setup::build_release()?;
    overlay::compile_package()?;
    let shop = shell::shop().display().to_string();
    let projects = if projects.is_empty() { &[shop.as_str()][..] } else { projects };
    println!("{:20}{:>10}{:>14}{:>16}{:>16}{:>12}", "", "strategy", "mix compile", "instrument", "shadow", "beams");
    for project in projects {
        let root = std::fs::canonicalize(project).map_err(cannot(Path::new(project)))?;
        Project::new(root)?.measure()?;
    }
    Ok(())
}

/// A Mix project, compiled in a build path of ours.
struct Project {
    root: PathBuf,
    home: PathBuf,
    app: String,
}

/// The least seconds of each.
#[derive(Clone, Copy)]
struct Times {
    /// All of the project, with the start of Mix.
    mix: f64,
    /// The command, with nothing built.
    instrument: f64,
    /// Mix's compiler for the files that have probes.
    clean: f64,
    /// The step's compiler for their instrumented texts.
    shadow: f64,
}

impl Project {
    fn new(root: PathBuf) -> Result<Self, Failure> {
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let home = shell::target().join("bench-overlay").join(&name);
        // It may not be there.
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).map_err(cannot(&home))?;
        let mut project = Self { root, home, app: name };
        shell::text(&mut project.mix(&["compile"]))?;
        let ask = ["run", "--no-start", "--no-compile", "-e", "IO.puts(Mix.Project.config()[:app])"];
        let said = shell::text(&mut project.mix(&ask))?;
        project.app = said.lines().last().unwrap_or_default().to_owned();
        Ok(project)
    }

    fn mix(&self, arguments: &[&str]) -> Command {
        let mut command = shell::command("mix", &self.root, arguments);
        command.env("MIX_BUILD_PATH", self.home.join("build")).env("SHOP_SCOPE", "absent");
        command
    }

    fn measure(&self) -> Result<(), Failure> {
        for strategy in STRATEGIES {
            let out = self.home.join(strategy);
            let mut least = Times { mix: f64::MAX, instrument: f64::MAX, clean: f64::MAX, shadow: f64::MAX };
            for _ in 0..ROUNDS {
                let times = self.round(&out, strategy)?;
                // What else the machine does can only add.
                least.mix = least.mix.min(times.mix);
                least.instrument = least.instrument.min(times.instrument);
                least.clean = least.clean.min(times.clean);
                least.shadow = least.shadow.min(times.shadow);
            }
            self.print(strategy, least, &out)?;
        }
        Ok(())
    }

    fn round(&self, out: &Path, strategy: &str) -> Result<Times, Failure> {
        let _ = std::fs::remove_dir_all(out);
        let mix = seconds(&mut self.mix(&["compile", "--force"]))?;
        let instrument = seconds(&mut overlay::instrument(&self.root, out, strategy))?;
        let libraries = self.beams()?;
        // Both find what the other files define, which need not have probes.
        let mut clean = shell::command("elixir", &self.root, &[]);
        for path in &libraries {
            clean.arg("-pa").arg(path);
        }
        clean.arg(shell::root().join("tests/overlay/compile_clean.exs")).arg(&self.root).arg(out);
        let clean = overlay::microseconds(&shell::text(&mut clean)?)? / 1e6;
        let shadow = overlay::compile(&self.root, out, &libraries)? / 1e6;
        Ok(Times { mix, instrument, clean, shadow })
    }

    /// The folders of beams of the project and of its dependencies.
    fn beams(&self) -> Result<Vec<PathBuf>, Failure> {
        let lib = self.home.join("build/lib");
        let entries = std::fs::read_dir(&lib).map_err(cannot(&lib))?;
        let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path().join("ebin")).collect();
        folders.sort();
        Ok(folders)
    }

    fn print(&self, strategy: &str, times: Times, out: &Path) -> Result<(), Failure> {
        let (mut clean, mut probed) = (0, 0);
        for entry in std::fs::read_dir(out.join("overlay")).map_err(cannot(out))?.flatten() {
            probed += size(&entry.path())?;
            clean += size(&out.join("clean").join(entry.file_name()))?;
        }
        println!(
            "{:20}{strategy:>10}{:>12.2} s{:>8.3} s {:>4.1} %{:>8.2} s {:>4.2}x{:>11.2}x",
            self.app,
            times.mix,
            times.instrument,
            100.0 * times.instrument / times.mix,
            times.shadow,
            times.shadow / times.clean,
            probed as f64 / clean as f64,
        );
        Ok(())
    }
}

fn seconds(command: &mut Command) -> Result<f64, Failure> {
    let start = Instant::now();
    shell::text(command)?;
    Ok(start.elapsed().as_secs_f64())
}

fn size(file: &Path) -> Result<u64, Failure> {
    std::fs::metadata(file).map(|metadata| metadata.len()).map_err(cannot(file))
}

fn cannot(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.to_owned();
    move |error| Failure::CouldNotRun(format!("{}: {error}", path.display()))
}
