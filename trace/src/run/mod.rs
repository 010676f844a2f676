//! A run's folder: what is in it, whatever state it is in.

mod called;
mod clock;
mod contexts;
mod finding;
mod gaps;
mod info;
mod names;
mod open;
mod plausible;
mod records;
mod runs;
mod segments;
mod sites;
mod state;
mod summary;

pub(crate) use called::{is_of_function, terms};
pub use clock::Clock;
pub use contexts::Contexts;
pub use finding::Finding;
pub use gaps::{RingTotals, ring_totals, sum};
pub use names::Names;
pub use open::{Event, OpenError, Recording};
pub use runs::Runs;
pub use segments::Segment;
pub use sites::{Site, SiteIndex, Sites};
pub use state::RunState;
pub use summary::{RunSummary, summarize};
