//! Mutates recordings and reads them: no panic, no wrong event, no more memory or time
//! than the files are worth.
//!
//! ```text
//! fuzz [--seed S] [--seconds N] [--from I] [--count N] [--out DIR] RUN...
//! ```
//!
//! The same seed and runs give the same executions, each from a number of its own, so that
//! one can be repeated alone. Half of them are damage: whatever is shown must have been
//! written. The other half are forgeries, with lengths, checksums and digests that are
//! right, to reach what lies behind those: there, anything may be shown. What fails is
//! made as small as possible, and put out with the command that repeats it.
#![allow(clippy::unwrap_used, reason = "a fuzzer that cannot set itself up has failed")]

mod corpus;
mod edit;
mod execution;
mod forge;
mod judge;
mod mutate;
mod random;
mod smaller;

use corpus::Run;
use execution::{Limits, Workshop};
use judge::Verdict;
use random::Random;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// After this many different failures there is enough to do.
const ENOUGH: usize = 8;

/// A run of fewer bytes is small.
const SMALL: usize = 128 << 10;

struct Arguments {
    seed: u64,
    seconds: u64,
    from: u64,
    count: u64,
    out: PathBuf,
    runs: Vec<PathBuf>,
}

fn arguments() -> Option<Arguments> {
    let mut parsed = Arguments {
        seed: 1,
        seconds: 5,
        from: 0,
        count: u64::MAX,
        out: std::env::temp_dir().join("elixirscope-fuzz"),
        runs: Vec::new(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seed" => parsed.seed = words.next()?.parse().ok()?,
            "--seconds" => parsed.seconds = words.next()?.parse().ok()?,
            "--from" => parsed.from = words.next()?.parse().ok()?,
            "--count" => parsed.count = words.next()?.parse().ok()?,
            "--out" => parsed.out = words.next()?.into(),
            run => parsed.runs.push(run.into()),
        }
    }
    (!parsed.runs.is_empty()).then_some(parsed)
}

/// What came of all executions.
#[derive(Default)]
struct Tally {
    executions: u64,
    forgeries: u64,
    /// Of damage: with a finding, refused as a whole, without any trace.
    found: u64,
    refused: u64,
    silent: u64,
    /// Events that were not written, where nothing could vouch for them.
    unverifiable: u64,
    /// The first number of each failure.
    failures: BTreeMap<String, u64>,
}

fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        eprintln!("usage: fuzz [--seed S] [--seconds N] [--from I] [--count N] [--out DIR] RUN...");
        return ExitCode::from(2);
    };
    let runs: Vec<Run> = arguments.runs.iter().map(|path| Run::load(path)).collect();
    let mut workshop = Workshop::new(&arguments.out, Limits::default());
    if !execution::measures_memory() {
        println!("how much memory is used cannot be measured here");
    }
    let tally = fuzz(&arguments, &runs, &mut workshop);
    report(&tally, &workshop);
    if tally.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn fuzz(arguments: &Arguments, runs: &[Run], workshop: &mut Workshop) -> Tally {
    let (mut tally, end) = (Tally::default(), Instant::now() + Duration::from_secs(arguments.seconds));
    for number in arguments.from..arguments.from.saturating_add(arguments.count) {
        if Instant::now() >= end || tally.failures.len() >= ENOUGH {
            break;
        }
        let mut random = Random::new(arguments.seed, number);
        let run = choose(runs, &mut random);
        let mutation = mutate::mutation(run, &mut random);
        workshop.announce(arguments.seed, number);
        let verdict = workshop.execute(run, &mutation);
        tally.add(&verdict, mutation.is_forged);
        if let Verdict::Failed(why) = verdict
            && !tally.failures.contains_key(&kind(&why))
        {
            let small = smaller::smaller(workshop, run, mutation, &kind(&why));
            let place = workshop.keep(run, &small, &why, arguments.seed, number);
            println!("failure: {why}\n  {small}\n  {}", place.display());
            tally.failures.insert(kind(&why), number);
        }
    }
    tally
}

/// Mostly a small one: a large one takes as long as many of those.
fn choose<'a>(runs: &'a [Run], random: &mut Random) -> &'a Run {
    let small: Vec<&Run> = runs.iter().filter(|run| run.bytes() < SMALL).collect();
    if small.is_empty() || random.one_in(16) { random.of(runs) } else { small[random.below(small.len())] }
}

/// The first line of what went wrong: equal for equal causes.
fn kind(why: &str) -> String {
    why.lines().next().unwrap_or_default().to_owned()
}

impl Tally {
    fn add(&mut self, verdict: &Verdict, is_forged: bool) {
        self.executions += 1;
        self.forgeries += u64::from(is_forged);
        match verdict {
            Verdict::Refused if !is_forged => self.refused += 1,
            Verdict::Read { findings: 0, .. } if !is_forged => self.silent += 1,
            Verdict::Read { .. } if !is_forged => self.found += 1,
            _ => {}
        }
        if let Verdict::Read { unverifiable, .. } = verdict {
            self.unverifiable += unverifiable;
        }
    }
}

fn report(tally: &Tally, workshop: &Workshop) {
    let Tally { executions, forgeries, found, refused, silent, unverifiable, failures } = tally;
    println!("{executions} executions: {forgeries} forgeries, {} of damage", executions - forgeries);
    println!("damage: {found} with findings, {refused} refused as a whole, {silent} that changed no event");
    println!("{unverifiable} changed events in data that nothing vouches for, none elsewhere");
    println!("the slowest took {} ms, the largest {} MiB", workshop.slowest.as_millis(), workshop.largest >> 20);
    println!("{} failures", failures.len());
}
