//! Frames chosen and ordered for reading: which calls to show, how deep they
//! stand, and what is left out. Says what to print, never how it looks.

mod call;
mod detail;
mod fold;
mod report;
mod select;
mod view;
mod weave;

pub use call::call_text;
pub use detail::{DetailView, Named};
pub use report::Report;
pub use select::{Outline, Selection, is_function, is_process, outline};
pub use view::{Argument, Exception, FrameView, ProcessView, callee, exception, exit_reason, result};

/// One line of an outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// What follows belongs to this process of [`crate::Frames::processes`].
    Process(u32),
    /// A call.
    Call {
        /// Its number in [`crate::Frames::all`].
        frame: u32,
        /// How many shown calls enclose it.
        indent: u32,
    },
    /// What happened within the call above that encloses it.
    Detail {
        /// Its process, in [`crate::Frames::processes`].
        process: u32,
        /// Its number in the process's details.
        detail: u32,
        /// How many shown calls enclose it.
        indent: u32,
    },
    /// Turns of a loop (tail calls of a function to itself) that are left out.
    Folded {
        /// How many shown calls enclose them.
        indent: u32,
        /// Number of turns.
        turns: u64,
        /// Number of calls that they made.
        inside: u64,
    },
    /// Calls left out for their depth.
    Deeper {
        /// How many shown calls enclose them.
        indent: u32,
        /// Number of calls.
        calls: u64,
    },
}
