//! What probes do to a `receive` that waits for one answer among many messages.
//!
//! Such a receive begins behind the messages that were there before its reference was
//! made, where the compiler can follow the reference. A probe in its way would make each
//! call as slow as the mailbox is long.

use crate::{Failure, overlay, setup, shell};
use std::path::Path;

/// Microseconds of a call.
struct Shape {
    name: String,
    /// With an empty mailbox.
    alone: f64,
    /// With 100 000 messages that are not for it.
    among_many: f64,
}

/// How much more a full mailbox may slow the recorded call than the clean one.
const LIMIT: f64 = 1.2;

/// Compares the shapes of `tests/receive/shapes.ex`, clean, switched off and recorded at
/// full strength; fails if the mailbox slows one more than it slows the clean one.
pub fn run() -> Result<(), Failure> {
    setup::ensure()?;
    setup::build_release()?;
    overlay::compile_package()?;
    let home = shell::target().join("bench-projects/receive");
    prepare(&home)?;
    let out = home.join("out");
    shell::text(&mut overlay::instrument(&home, &out, "full"))?;
    overlay::compile(&home, &out, &[])?;
    shell::text(shell::command("elixirc", &home, &["lib/shapes.ex", "-o"]).arg(&out))?;
    let clean = measure(&out, &home, "")?;
    let off = measure(&out.join("overlay"), &home, "")?;
    let recorded = measure(&out.join("overlay"), &home, &overlay::recording(&out))?;
    println!("{} events", overlay::events(&out)?);
    println!("{:15}{:>30}{:>30}{:>30}", "", "clean, µs", "off, µs", "recorded, µs");
    println!("{:15}{}", "", format!("{:>14}{:>16}", "alone", "among 100 000").repeat(3));
    let mut slowed = Vec::new();
    for ((clean, off), recorded) in clean.iter().zip(&off).zip(&recorded) {
        print!("{:15}", clean.name);
        for shape in [clean, off, recorded] {
            print!("{:>14.2}{:>9.2} ({:>3.1}x)", shape.alone, shape.among_many, shape.slower());
        }
        println!();
        if recorded.slower() > LIMIT * clean.slower() {
            slowed.push(clean.name.clone());
        }
    }
    if slowed.is_empty() { Ok(()) } else { Err(Failure::Failed(format!("slow among many: {}", slowed.join(", ")))) }
}

impl Shape {
    fn slower(&self) -> f64 {
        self.among_many / self.alone
    }
}

fn prepare(home: &Path) -> Result<(), Failure> {
    let could_not = |error: std::io::Error| Failure::CouldNotRun(format!("{}: {error}", home.display()));
    // It may not be there.
    let _ = std::fs::remove_dir_all(home);
    std::fs::create_dir_all(home.join("lib")).map_err(could_not)?;
    std::fs::write(home.join("mix.exs"), "defmodule Receive.MixProject do\nend\n").map_err(could_not)?;
    let shapes = shell::root().join("tests/receive/shapes.ex");
    std::fs::copy(shapes, home.join("lib/shapes.ex")).map(|_| ()).map_err(could_not)
}

fn measure(beams: &Path, home: &Path, first: &str) -> Result<Vec<Shape>, Failure> {
    let script = shell::root().join("tests/receive/measure.exs");
    let said = shell::text(overlay::elixir_on(beams, home).args(["-e", first, "-r"]).arg(script))?;
    let shape = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next()?.to_owned();
        Some(Shape { name, alone: words.next()?.parse().ok()?, among_many: words.next()?.parse().ok()? })
    };
    let shapes: Option<Vec<_>> = said.lines().map(shape).collect();
    shapes.ok_or_else(|| Failure::Failed(format!("not a measurement:\n{said}")))
}
