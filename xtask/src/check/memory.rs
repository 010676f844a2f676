//! Tail calls stay tail calls: peak memory of deep loops, clean and recorded.

use super::require;
use crate::{Failure, shell};
use std::collections::BTreeMap;
use std::process::Command;

/// What is run, by the function of `Shop.Memory` that runs it: its peak is in bytes.
const LOOPS: [(&str, &str); 8] = [
    ("a parser, 1 000 000 records deep", "peak_parse(1_000_000)"),
    ("a server loop, 1 000 000 messages", "peak_loop(1_000_000)"),
    ("across two modules, 1 000 000 calls deep", "peak(fn -> Shop.Loops.across(1_000_000) end)"),
    ("through apply", "peak(fn -> Shop.Loops.applied(1_000_000) end)"),
    ("through a captured function", "peak(fn -> Shop.Loops.captured(1_000_000) end)"),
    ("through a function without a name", "peak(fn -> Shop.Loops.anonymous(1_000_000) end)"),
    ("through a callback of what is used", "peak(fn -> Shop.Loops.used(1_000_000) end)"),
    ("through receive", "peak(fn -> Shop.Loops.received(1_000_000) end)"),
];

/// Within 10 % of clean, at the least strength and at the most.
pub fn run() -> Result<(), Failure> {
    let script: String = LOOPS.iter().enumerate().map(|(number, (_, call))| line(number, call)).collect();
    let arguments = ["run", "-e", &script];
    let runs = shell::target().join("check-runs");
    let clean = least(|| shell::shop_mix("absent", &arguments))?;
    for strategy in ["minimal", "full"] {
        let recorded = least(|| {
            let mut recorded = shell::shop_mix("on", &arguments);
            recorded.env("ELIXIRSCOPE_STRATEGY", strategy);
            recorded.env("ELIXIRSCOPE_RECORD", "1").env("ELIXIRSCOPE_DIR", &runs);
            recorded
        })?;
        for (number, (name, _)) in LOOPS.iter().enumerate() {
            let (clean, on) = (clean[&number], recorded[&number]);
            let ratio = on as f64 / clean as f64;
            println!("{name}: clean {clean} bytes, recorded ({strategy}) {on} bytes, ratio {ratio:.3}");
            require(ratio <= 1.10, || format!("{name}: more than 10 % more memory"))?;
        }
    }
    // Read by nobody.
    let _ = std::fs::remove_dir_all(&runs);
    Ok(())
}

fn line(number: usize, call: &str) -> String {
    format!("IO.puts(\"peak {number} #{{Shop.Memory.{call}}}\")\n")
}

/// The least of three peaks of each loop: how the processes are scheduled decides
/// how many messages wait when the VM collects garbage, which can only add.
fn least(command: impl Fn() -> Command) -> Result<BTreeMap<usize, u64>, Failure> {
    let mut least = BTreeMap::new();
    for _ in 0..3 {
        for (number, peak) in peaks(&mut command())? {
            let known = least.entry(number).or_insert(peak);
            *known = peak.min(*known);
        }
    }
    Ok(least)
}

fn peaks(command: &mut Command) -> Result<BTreeMap<usize, u64>, Failure> {
    let text = shell::text(command)?;
    let peak = |line: &str| {
        let (number, bytes) = line.strip_prefix("peak ")?.split_once(' ')?;
        Some((number.parse().ok()?, bytes.trim().parse().ok()?))
    };
    let peaks: BTreeMap<_, _> = text.lines().filter_map(peak).collect();
    let missing = || Failure::Failed(format!("not every loop has a peak in the output:\n{text}"));
    if peaks.len() == LOOPS.len() { Ok(peaks) } else { Err(missing()) }
}
