//! Node maps: for each node id, where it stands in the source.
//!
//! A file of 64 bytes of header, entries sorted by id, tables of functions and of
//! modules, and strings. It is read in place, mapped or not: opening it and
//! looking up an id allocate nothing.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 8 | magic: `45 53 43 4f 50 45 1a 4d` |
//! | 8 | 4 | format version: 2 |
//! | 12 | 4 | number of entries |
//! | 16 | 4 | number of functions |
//! | 20 | 4 | number of modules |
//! | 24 | 4 | bytes of strings |
//! | 28 | 4 | zero |
//! | 32 | 16 | digest: first half of blake3 over all that follows the header |
//! | 48 | 16 | zero |
//! | 64 | 28 each | entries, by id |
//! | | 12 each | functions |
//! | | 8 each | modules |
//! | | | strings |
//!
//! The file is as long as these counts say. A version has all of this; a map of any other
//! version is refused, since it is made anew by the next build.
//!
//! | entry | size | content |
//! |---|---|---|
//! | 0 | 8 | node id, below 2⁵⁹ |
//! | 8 | 4 | number of the parent's entry, from 0; all ones: none |
//! | 12 | 4 | bits 0–23: number of the function; 24–31: kind, the codes of [`NodeKind`] |
//! | 16 | 4 | label: what it says depends on the kind, see [`NodeEntry::label`] |
//! | 20 | 4 | bits 0–11: column; 12–31: line, both from 1 |
//! | 24 | 4 | bits 0–11: column of the end, which is exclusive; 12–31: its line less the first |
//!
//! | function | size | content |
//! |---|---|---|
//! | 0 | 4 | number of the module |
//! | 4 | 4 | name |
//! | 8 | 4 | arity, up to 255 |
//!
//! | module | size | content |
//! |---|---|---|
//! | 0 | 4 | full name, as Elixir shows it |
//! | 4 | 4 | path of the file, relative to the project's root |
//!
//! Names, files and labels are offsets into the strings: there stand a varint
//! ([`crate::varint`]) of the length in bytes, and UTF-8.

mod build;
mod read;

pub use build::MapBuilder;
pub use read::{NodeMap, length};

use crate::NodeId;

const MAGIC: [u8; 8] = *b"ESCOPE\x1aM";
const VERSION: u32 = 2;
/// Bytes of a map's header.
pub const HEADER: usize = 64;
const DIGEST: std::ops::Range<usize> = 32..48;
const ENTRY: usize = 28;
const FUNCTION: usize = 12;
const MODULE: usize = 8;
const NO_PARENT: u32 = u32::MAX;
/// Bits of a column; a line has the rest of the word.
const COLUMN_BITS: u32 = 12;
const MAX_COLUMN: u32 = (1 << COLUMN_BITS) - 1;
const MAX_LINE: u32 = u32::MAX >> COLUMN_BITS;

/// What a node of the map is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum NodeKind {
    /// A clause of a named function; where `enter` stands.
    Clause = 1,
    /// A value in tail position; where `leave` stands.
    Value = 2,
    /// A call in tail position; where `tail` stands.
    TailCall = 3,
    /// The value of a body whose frame ends later, in `after`.
    BodyValue = 4,
    /// A node without a probe, in maps that list every node.
    Node = 5,
    /// A clause, body or step of a branching form; where `branch` stands.
    Branch = 6,
    /// An expression whose value is recorded; where `bind` stands.
    Bound = 7,
    /// A clause of `rescue` or `catch`, or a callback's whole body; where `caught` stands.
    Handler = 8,
    /// A statement before which variables are captured; where `locals` stands.
    Point = 9,
}

impl NodeKind {
    /// The kind that is written as this byte.
    pub fn from_code(code: u8) -> Option<Self> {
        use NodeKind::{BodyValue, Bound, Branch, Clause, Handler, Node, Point, TailCall, Value};
        let all = [Clause, Value, TailCall, BodyValue, Node, Branch, Bound, Handler, Point];
        all.into_iter().find(|kind| *kind as u8 == code)
    }

    /// Lower-case name, as commands print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clause => "clause",
            Self::Value => "value",
            Self::TailCall => "tail_call",
            Self::BodyValue => "body_value",
            Self::Node => "node",
            Self::Branch => "branch",
            Self::Bound => "bound",
            Self::Handler => "handler",
            Self::Point => "point",
        }
    }
}

/// How an argument of a clause reaches its `enter` probe; the first byte of
/// each of the label's parts (which `\x1f` separates).
pub mod capture {
    /// The whole argument is the next payload term.
    pub const WHOLE: char = 'w';
    /// A part of an argument (of a binary taken apart) is the next payload term.
    pub const PART: char = 'p';
    /// Not captured: no payload term.
    pub const SKIPPED: char = 's';
    /// Between the parts of a label.
    pub const SEPARATOR: char = '\x1f';
}

/// First byte of the label of a site that may run when the frame of its clause is
/// not the innermost one, or not in its process: inside an anonymous function, or
/// wherever else other code decides when it runs. Such an event says nothing about
/// the frames that are open.
pub const DETACHED: char = '\x1e';

/// Label of a handler that is a callback's whole body: it lets the exception
/// pass, so that the frame ends with it. Other handlers' labels are empty.
pub const PASSING: &str = "passing";

/// One node. Lines and columns (UTF-8 bytes) count from 1; ends are exclusive.
/// The file has 20 bits for lines and 12 for columns: the last number stands for
/// anything beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeEntry<'a> {
    /// The node's id.
    pub id: NodeId,
    /// The node around it: of probes, the clause; `None` for clauses.
    pub parent: Option<NodeId>,
    /// The module's full name.
    pub module: &'a str,
    /// The function's name.
    pub name: &'a str,
    /// The function's arity.
    pub arity: u8,
    /// What the node is.
    pub kind: NodeKind,
    /// Path relative to the project's root.
    pub file: &'a str,
    /// For clauses, the captured arguments: see [`capture`]. For tail calls, the
    /// callee. For values, the name they are matched with, or the callee. For
    /// points, the names of the variables, separated likewise. For handlers, see
    /// [`PASSING`]. For nodes without a probe, what they are called. In front of it
    /// may stand [`DETACHED`].
    pub label: &'a str,
    /// Start line.
    pub line: u32,
    /// Start column.
    pub column: u16,
    /// End line.
    pub end_line: u32,
    /// End column.
    pub end_column: u16,
}

/// Why bytes are not a node map.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// Too short, or other magic.
    #[error("not an ElixirScope node map")]
    Foreign,
    /// A version this reader does not know.
    #[error("node map format {0}, this reader knows {VERSION}")]
    Version(u32),
    /// Sizes or digest contradict the content.
    #[error("the node map is damaged ({0})")]
    Damaged(&'static str),
    /// Two nodes have one id: ids are parted before they are written.
    #[error("two nodes share the id {0}")]
    Collision(NodeId),
    /// More nodes, functions or bytes of strings than the format counts.
    #[error("the node map is too large")]
    TooLarge,
}
