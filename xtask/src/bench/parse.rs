//! Text to trees, against `Code.string_to_quoted` on the same files in the same run.

use crate::{Failure, corpus, setup, shell};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How often each of the four is run, in turn.
const ROUNDS: usize = 5;

/// Prints MB/s and peak memory on one core and on two, both as ratios to Elixir's on one.
pub fn run() -> Result<(), Failure> {
    setup::ensure()?;
    let build = ["build", "--release", "-p", "elixirscope-syntax", "--example", "parse_speed"];
    shell::show(&mut shell::command("cargo", &shell::root(), &build))?;
    let sources = sources();
    println!("sources: {}", sources.display());
    let mut seconds = [const { Vec::new() }; 4];
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        for (seconds, (parser, cores)) in seconds.iter_mut().zip(RUNS) {
            let (read, took) = measure(parser, cores, "time", &sources)?;
            // Both must have read the same files.
            if bytes != 0 && bytes != read as u64 {
                return Err(Failure::Failed(format!("one parser read {bytes} bytes, the other {read}")));
            }
            bytes = read as u64;
            seconds.push(took);
        }
    }
    let peer = least(&seconds[1]);
    println!("{:32} {:>7} {:>20}", "", "MB/s", "Elixir on one core");
    for (seconds, (parser, cores)) in seconds.iter().zip(RUNS) {
        let took = least(seconds);
        println!(
            "{:32} {:>7.1} {:>19.2}x",
            format!("{}, {cores} core(s)", parser.0),
            bytes as f64 / took / 1e6,
            peer / took
        );
    }
    for parser in [OURS, ELIXIR] {
        let (read, grew) = measure(parser, 1, "hold", &sources)?;
        println!("{}: {:.1} bytes of memory for each byte of source", parser.0, grew / read);
    }
    Ok(())
}

/// A parser, by the name it is printed under.
#[derive(Clone, Copy, PartialEq)]
struct Parser(&'static str);

const OURS: Parser = Parser("syntax::parse");
const ELIXIR: Parser = Parser("Code.string_to_quoted");
const RUNS: [(Parser, usize); 4] = [(OURS, 1), (ELIXIR, 1), (OURS, 2), (ELIXIR, 2)];

/// Elixir's own source where the corpus is there, else what the repository has.
fn sources() -> PathBuf {
    corpus::already_present().into_iter().next().unwrap_or_else(|| shell::root().join("tests"))
}

/// The bytes read, and the seconds or bytes that they took.
fn measure(parser: Parser, cores: usize, mode: &str, sources: &Path) -> Result<(f64, f64), Failure> {
    let cores = cores.to_string();
    let mut command = if parser == OURS {
        Command::new(shell::target().join("release/examples/parse_speed"))
    } else {
        let mut elixir = shell::command("elixir", &shell::root(), &["--erl"]);
        elixir.arg(format!("+S {cores}")).arg("tests/quoted/speed.exs");
        elixir
    };
    let text = shell::text(command.args([&cores, mode]).arg(sources))?;
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["bytes", bytes, "seconds" | "grew", cost] => Ok((number(bytes)?, number(cost)?)),
        _ => Err(Failure::Failed(format!("not a measurement: {text}"))),
    }
}

fn number(text: &str) -> Result<f64, Failure> {
    text.parse().map_err(|_| Failure::Failed(format!("not a number: {text}")))
}

/// The least: what else the machine does can only add.
fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}
