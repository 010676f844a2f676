//! What a recording says about itself (`run.json` in its folder).
//!
//! One JSON object (RFC 8259, UTF-8), with the keys of [`RunInfo`] in any order:
//!
//! | key | value |
//! |---|---|
//! | `format` | 1 |
//! | `id` | text: 32 hexadecimal digits |
//! | `started_ns`, `os_pid` | unsigned 64-bit integers |
//! | `otp`, `elixir`, `app` | texts |
//! | `keep` | `"all"` or `"newest"`; absent: `"all"` |
//! | `maps` | list of objects with the texts `file` (a name in the folder) and `digest` (32 hexadecimal digits) |
//! | `failure` | text or `null`; absent: `null` |
//!
//! A reader passes over keys that it does not know. A recording of a higher `format` is
//! refused: its folder may have another layout.

use serde::{Deserialize, Serialize};

/// The format of `run.json` and of the folder that this version writes and reads.
pub const FORMAT: u32 = 1;

/// Metadata of one recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of this file and of the folder's layout: [`FORMAT`].
    pub format: u32,
    /// 32 hexadecimal digits, the run id in every segment's header.
    pub id: String,
    /// When the recording started, in ns since 1970.
    pub started_ns: u64,
    /// The VM's process id in the operating system.
    pub os_pid: u64,
    /// OTP release, such as `25`.
    pub otp: String,
    /// Elixir version, such as `1.14.0`.
    pub elixir: String,
    /// What was recorded, such as the Mix project's application.
    pub app: String,
    /// What was kept; recordings before there was a choice kept all, and do not say so.
    #[serde(default)]
    pub keep: Keep,
    /// Node maps copied into the folder.
    pub maps: Vec<RunMap>,
    /// Why the recording ended before the program did.
    #[serde(default)]
    pub failure: Option<String>,
}

/// What a recording keeps when it has all the bytes it may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Everything up to then.
    #[default]
    All,
    /// The newest events: a ring's first segments may be gone.
    Newest,
}

/// A node map of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunMap {
    /// File name within the run's folder.
    pub file: String,
    /// The map's digest, 32 hexadecimal digits, as in its header.
    pub digest: String,
}
