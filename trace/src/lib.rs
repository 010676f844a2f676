//! Reads recordings: finds runs, reads their segments however they ended,
//! orders the events of all rings, names what they refer to and derives frames
//! (activations of functions), pairs of messages, outlines and statistics.
//!
//! Owns: what a run's folder means, the order of events, the derivation of
//! frames, the display of terms as Elixir prints them, and what is said about
//! damage. Must never know: Elixir syntax, the compiler's database, terminals
//! (colours, widths and layouts belong to the command line).
//!
//! Nothing is mapped: the published part of each segment is copied by plain
//! reads, so a recording may grow, be recycled or be truncated meanwhile.
//! Damage is a [`Finding`] beside everything that could be read, never an error
//! that hides it.
//!
//! ```no_run
//! use trace::{Frames, Recording, Runs};
//!
//! let runs = Runs::under(".elixir_scope/runs".into());
//! let recording = Recording::open(&runs.resolve("last")?)?;
//! let frames = Frames::build(&recording);
//! println!("{} events, {} frames", recording.events().len(), frames.all().len());
//! # Ok::<(), trace::OpenError>(())
//! ```

pub mod frames;
pub mod messages;
pub mod outline;
pub mod run;
pub mod states;
pub mod stats;
pub mod value;

pub use frames::{Closing, Detail, Frame, Frames, Process};
pub use messages::Messages;
pub use run::{Clock, Event, Finding, OpenError, Recording, RunState, RunSummary, Runs, Site, Sites};
pub use states::History;
pub use stats::Stats;
pub use value::{AtomNames, Value};
