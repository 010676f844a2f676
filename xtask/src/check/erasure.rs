//! The erasure law, and the compiler's judgement, on code that others wrote.
//!
//! Every source of the corpus is instrumented at full strength. Elixir's own parser must
//! find the original below the probes, and Elixir's compiler must accept what has probes,
//! with no warning that the original does not have. What cannot be instrumented is counted
//! by cause.

use super::{empty, require};
use crate::{Failure, corpus, overlay, shell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Applications whose every file compiles on the Elixir that runs here, which is theirs.
const WHOLE: &[&str] = &["elixir/lib", "eex/lib", "ex_unit/lib", "iex/lib", "logger/lib", "mix/lib"];

/// What may be left clean, of files and of clauses, in percent.
const LIMIT: f64 = 0.5;

/// Causes that are rules: an inlined function is never called, and where `def` is another
/// macro than Kernel's, nobody knows what it makes of a body.
const RULES: &[&str] = &["the function is inlined", "`def` is not Kernel's here"];

/// What is known of one package, or of all.
#[derive(Default)]
struct Tally {
    /// What the judge counted: files, probes by kind.
    counts: BTreeMap<String, u64>,
    /// Clauses with probes.
    clauses: u64,
    /// Causes for which files and clauses were left clean, with an example's place.
    causes: BTreeMap<(bool, String), (u64, String)>,
    /// Whether the judge was content.
    failed: bool,
}

/// Judges the corpus; fails if a file fails or too much is refused.
pub fn run() -> Result<(), Failure> {
    let mut all = Tally::default();
    overlay::compile_package()?;
    for folder in corpus::ensure()? {
        println!("── {}", corpus::name(&folder));
        let one = judge(&folder)?;
        one.print();
        all.add(one);
    }
    println!("── all");
    all.print();
    require(!all.failed, || "an instrumented file is not its original, or does not compile: see above".into())?;
    for (what, share) in [("files", all.refused(true)), ("clauses", all.refused(false))] {
        require(share < LIMIT, || format!("{share:.2} % of the {what} are refused, more than {LIMIT} %"))?;
    }
    Ok(())
}

/// Instruments one package of the corpus and has it judged.
fn judge(folder: &Path) -> Result<Tally, Failure> {
    let name = corpus::name(folder);
    let project = shell::target().join("check-erasure").join(&name);
    empty(&project)?;
    // The command wants a Mix project; this one's only folder is the package.
    write(&project.join("mix.exs"), "defmodule Corpus.MixProject do\nend\n")?;
    std::os::unix::fs::symlink(folder, project.join("code")).map_err(cannot(&project))?;
    let out = project.join("out");
    let arguments = ["instrument", ".", "--path", "code", "--strategy", "full", "--format", "term", "--out", "out"];
    shell::text(&mut shell::command(shell::elixirscope(), &project, &arguments))?;
    let mut elixir = shell::command("elixir", &shell::root(), &["tests/erasure/judge.exs"]);
    elixir.arg(&project).arg(&out).arg(overlay::package_beams());
    if name == running_elixir()? {
        elixir.args(WHOLE.iter().map(|app| format!("code/lib/{app}")));
    }
    let output = shell::output(&mut elixir)?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !said.contains("\ncount ") {
        return Err(Failure::CouldNotRun(format!(
            "the judge gave up:\n{said}{}",
            String::from_utf8_lossy(&output.stderr)
        )));
    }
    let mut tally = Tally { failed: !output.status.success(), ..Tally::default() };
    let refused = tally.read_judgement(&said);
    tally.read_plan(&out.join("plan.json"), &refused)?;
    Ok(tally)
}

/// The name that the corpus has for the source of the Elixir that runs here.
pub(super) fn running_elixir() -> Result<String, Failure> {
    let version = shell::text(&mut shell::command("elixir", &shell::root(), &["-e", "IO.write(System.version())"]))?;
    Ok(format!("elixir-lang-{version}"))
}

impl Tally {
    /// `refused` are the files that only we refuse: Elixir rejects the others too.
    fn read_plan(&mut self, path: &Path, refused: &BTreeSet<String>) -> Result<(), Failure> {
        let text = std::fs::read_to_string(path).map_err(cannot(path))?;
        let plan: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| Failure::CouldNotRun(format!("{}: {error}", path.display())))?;
        let list = |key: &str| plan[key].as_array().cloned().unwrap_or_default();
        self.clauses = list("clauses").len() as u64;
        for refusal in list("refusals") {
            let [file, why] = ["file", "why"].map(|key| refusal[key].as_str().unwrap_or_default());
            let whole_file = refusal["whole_file"] == true;
            if !whole_file || refused.contains(file) {
                self.cause(whole_file, why.to_owned(), 1, format!("{file}:{}", refusal["line"]));
            }
        }
        Ok(())
    }

    /// Shows what the judge says, but for its counts and refused files, which are returned.
    fn read_judgement(&mut self, said: &str) -> BTreeSet<String> {
        let mut refused = BTreeSet::new();
        for line in said.lines() {
            let count = line.strip_prefix("count ").and_then(|rest| rest.rsplit_once(' '));
            if let Some((name, number)) = count.and_then(|(name, number)| Some((name, number.parse().ok()?))) {
                self.counts.insert(name.to_owned(), number);
            } else if let Some(path) = line.strip_prefix("refused ") {
                refused.insert(path.to_owned());
            } else {
                println!("{line}");
            }
        }
        refused
    }

    fn cause(&mut self, whole_file: bool, why: String, times: u64, place: String) {
        self.causes.entry((whole_file, why)).or_insert((0, place)).0 += times;
    }

    fn add(&mut self, other: Self) {
        for (name, number) in other.counts {
            *self.counts.entry(name).or_default() += number;
        }
        for ((whole_file, why), (times, place)) in other.causes {
            self.cause(whole_file, why, times, place);
        }
        self.clauses += other.clauses;
        self.failed |= other.failed;
    }

    fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    /// Files, or clauses, that are refused for another reason than a rule, in percent.
    fn refused(&self, files: bool) -> f64 {
        let counted = |whole_file: bool, why: &str| whole_file == files && !RULES.contains(&why);
        let refused = self.causes.iter().filter(|((whole_file, why), _)| counted(*whole_file, why));
        let refused: u64 = refused.map(|(_, (times, _))| times).sum();
        let all = if files { self.count("files") } else { self.clauses + refused };
        100.0 * refused as f64 / all.max(1) as f64
    }

    fn print(&self) {
        let [files, instrumented, compiled, lost] =
            ["files", "instrumented", "compiled", "lost"].map(|name| self.count(name));
        println!("{files} files, {instrumented} with probes, {compiled} of them compiled both ways");
        println!("{lost} warnings of originals are not repeated");
        let probes: Vec<_> =
            self.counts.iter().filter_map(|(name, n)| Some(format!("{} {n}", name.strip_prefix("probe ")?))).collect();
        println!("{} clauses with probes: {}", self.clauses, probes.join(", "));
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(_, (times, _))| std::cmp::Reverse(*times));
        for ((whole_file, why), (times, place)) in causes {
            println!("{times:>6} {} {why} ({place})", if *whole_file { "files:  " } else { "clauses:" });
        }
        println!(
            "refused without a rule: {:.2} % of files, {:.2} % of clauses",
            self.refused(true),
            self.refused(false)
        );
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(cannot(path))
}

fn cannot(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path: PathBuf = path.to_owned();
    move |error| Failure::CouldNotRun(format!("{}: {error}", path.display()))
}
