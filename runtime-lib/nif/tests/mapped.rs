//! The modules that need no VM, with their unit tests. The library as a whole
//! links only inside the VM, which provides the `enif_*` functions; the package's
//! `capture_test.exs` tests it there.
#![allow(dead_code, unsafe_code, reason = "the library's own modules, of which tests use a part")]

#[path = "../src/clock.rs"]
mod clock;
#[path = "../src/full.rs"]
mod full;
#[path = "../src/latency.rs"]
mod latency;
#[path = "../src/limits.rs"]
mod limits;
#[path = "../src/names.rs"]
mod names;
#[path = "../src/runs.rs"]
mod runs;
#[path = "../src/segment.rs"]
mod segment;
#[path = "../src/shelf.rs"]
mod shelf;

#[path = "../src/filter"]
mod filter {
    mod keys;
    mod level;
    mod masks;
    mod rules;

    pub use level::Level;
}
