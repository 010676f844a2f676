//! The demo: record the shop, crash and restart included, and read it.

use crate::{Failure, setup, shell};
use std::time::Instant;

/// Sets up, builds, records, shows.
pub fn run() -> Result<(), Failure> {
    let start = Instant::now();
    setup::ensure()?;
    setup::build_release()?;
    let runs = shell::target().join("demo-runs");
    if runs.exists() {
        std::fs::remove_dir_all(&runs).map_err(|error| Failure::CouldNotRun(format!("{}: {error}", runs.display())))?;
    }
    heading("record the shop: a payment gateway crashes, its supervisor restarts it");
    let mut mix = shell::shop_mix("on", &["run", "-e", "Shop.Scenario.run()"]);
    shell::show(mix.env("ELIXIRSCOPE_RECORD", "1").env("ELIXIRSCOPE_DIR", &runs))?;
    heading("elixirscope trace show last --fun Shop.PaymentGateway --limit 40");
    trace(&runs, &["show", "last", "--fun", "Shop.PaymentGateway", "--limit", "40"])?;
    heading("elixirscope trace stats last");
    trace(&runs, &["stats", "last"])?;
    eprintln!("\ndemo: {:.1} s. The recording is below {}", start.elapsed().as_secs_f32(), runs.display());
    Ok(())
}

fn trace(runs: &std::path::Path, arguments: &[&str]) -> Result<(), Failure> {
    let mut words = vec!["trace"];
    words.extend(arguments);
    shell::show(shell::command(shell::elixirscope(), &shell::root(), &words).env("ELIXIRSCOPE_DIR", runs))
}

fn heading(text: &str) {
    println!("\n── {text}\n");
}
