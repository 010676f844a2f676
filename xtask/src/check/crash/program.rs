//! Running `tests/crash/program.exs`, and hearing what it acknowledges.

use super::Keep;
use crate::{Failure, shell};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Far longer than any program takes: one that hangs must not hang the check.
const LONGEST: Duration = Duration::from_secs(60);

/// Events that a writer acknowledged: writer, first, last.
pub type Batch = (u64, u64, u64);

/// What the program was told by `ElixirScope.status/0`.
pub struct Status {
    pub lost_events: u64,
    pub failure: String,
}

/// What a program said while it ran.
#[derive(Default)]
pub struct Run {
    /// The VM's process.
    pub vm: String,
    /// The recording's folder.
    folder: Option<PathBuf>,
    /// Why no recording started.
    pub refused: Option<String>,
    pub acknowledged: Vec<Batch>,
    pub status: Option<Status>,
    pub ended_well: bool,
}

/// How the program is started.
pub struct Start {
    arguments: Vec<String>,
    before: Option<String>,
}

impl Start {
    pub fn new(runs: &Path, keep: Keep, max_bytes: u64, what: &[&str]) -> Self {
        let ebin = shell::shop().join("_build/on/dev/lib/elixir_scope/ebin");
        let script = shell::root().join("tests/crash/program.exs");
        let paths = ["-pa".into(), ebin.display().to_string(), script.display().to_string()];
        let options = [runs.display().to_string(), keep.name().into(), max_bytes.to_string()];
        let what = what.iter().map(|&word| word.to_owned());
        Self { arguments: paths.into_iter().chain(options).chain(what).collect(), before: None }
    }

    /// A command that its shell is given first.
    pub fn inside(&mut self, command: Option<&str>) {
        self.before = command.map(str::to_owned);
    }

    /// Runs it to its end.
    pub fn to_its_end(&self) -> Result<Run, Failure> {
        self.until(usize::MAX, |_| Ok(()))
    }

    /// Runs it to its end; once `enough` events are acknowledged, does `then`.
    pub fn until(&self, enough: usize, then: impl FnOnce(&Run) -> Result<(), Failure>) -> Result<Run, Failure> {
        let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("cannot run the program: {error}"));
        let complaints = shell::target().join("crash-program.log");
        let complaints = std::fs::File::create(complaints).map_err(could_not)?;
        let mut child = self.command().stderr(complaints).spawn().map_err(could_not)?;
        let _watched = watch(child.id());
        let Some(out) = child.stdout.take() else { return Err(Failure::CouldNotRun("no standard output".into())) };
        let (mut run, mut then, mut done, mut count) = (Run::default(), Some(then), Ok(()), 0);
        // Lines that arrive after a kill were acknowledged before it.
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            run.hear(&line);
            if let Some((_, from, to)) = run.acknowledged.last().filter(|_| line.starts_with("ack ")) {
                count += to - from + 1;
            }
            if count >= enough as u64
                && let Some(then) = then.take()
            {
                done = then(&run);
                if done.is_err() {
                    super::kill(&run.vm)?;
                }
            }
        }
        run.ended_well = child.wait().map_err(could_not)?.success();
        done.map(|()| run)
    }

    fn command(&self) -> Command {
        let mut command = match &self.before {
            None => shell::command("elixir", &shell::root(), &[]),
            Some(before) => {
                shell::command("sh", &shell::root(), &["-c", &format!("{before}; exec elixir \"$@\""), "sh"])
            }
        };
        command.args(&self.arguments).env("ERL_CRASH_DUMP_SECONDS", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }
}

impl Run {
    /// # Errors
    /// When the program did not come so far.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        let missing = || Failure::Failed("nothing was recorded; see target/crash-program.log".into());
        self.folder.clone().ok_or_else(missing)
    }

    /// How many events were acknowledged.
    pub fn count(&self) -> usize {
        self.acknowledged.iter().map(|(_, from, to)| (to - from + 1) as usize).sum()
    }

    fn hear(&mut self, line: &str) {
        let Some((word, rest)) = line.split_once(' ') else { return };
        match word {
            "vm" => self.vm = rest.to_owned(),
            "run" => self.folder = Some(rest.into()),
            "refused" => self.refused = Some(rest.to_owned()),
            "ack" => self.acknowledged.extend(batch(rest)),
            "status" => self.status = status(rest),
            _ => {}
        }
    }
}

/// Kills a process that does not end by itself, unless what this gives is dropped before.
fn watch(process: u32) -> Sender<()> {
    let (ended, end) = channel();
    std::thread::spawn(move || {
        if end.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
            // It is seen to have ended, and not well.
            let _ = super::kill(&process.to_string());
        }
    });
    ended
}

fn batch(text: &str) -> Option<Batch> {
    let mut numbers = text.split(' ').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn status(text: &str) -> Option<Status> {
    let mut words = text.splitn(3, ' ').skip(1);
    Some(Status { lost_events: words.next()?.parse().ok()?, failure: words.next()?.to_owned() })
}
