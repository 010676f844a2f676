//! Tail calls stay tail calls: peak memory of deep loops, clean and recorded.

use super::require;
use crate::{Failure, shell};

const LOOPS: [(&str, &str); 2] = [
    ("a parser, 1 000 000 records deep", "Shop.Memory.peak_parse(1_000_000)"),
    ("a server loop, 1 000 000 messages", "Shop.Memory.peak_loop(1_000_000)"),
];

/// Within 10 % of clean.
pub fn run() -> Result<(), Failure> {
    for (name, call) in LOOPS {
        let script = format!("IO.puts(\"peak #{{{call}}}\")");
        let runs = shell::target().join("check-runs");
        let clean = least(|| shell::shop_mix("absent", &["run", "-e", &script]))?;
        let on = least(|| {
            let mut recorded = shell::shop_mix("on", &["run", "-e", &script]);
            recorded.env("ELIXIRSCOPE_RECORD", "1").env("ELIXIRSCOPE_DIR", &runs);
            recorded
        })?;
        println!("{name}: clean {clean} bytes, recorded {on} bytes, ratio {:.3}", on as f64 / clean as f64);
        require(on as f64 <= clean as f64 * 1.10, || format!("{name} needs more than 10 % more memory"))?;
    }
    Ok(())
}

/// The least of three peaks: how the processes are scheduled decides how many
/// messages wait when the VM collects garbage, which can only add.
fn least(command: impl Fn() -> std::process::Command) -> Result<u64, Failure> {
    let mut least = u64::MAX;
    for _ in 0..3 {
        least = least.min(peak(&mut command())?);
    }
    Ok(least)
}

fn peak(command: &mut std::process::Command) -> Result<u64, Failure> {
    let text = shell::text(command)?;
    let line = text.lines().find_map(|line| line.strip_prefix("peak "));
    line.and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| Failure::Failed(format!("no peak in the output:\n{text}")))
}
