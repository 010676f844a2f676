//! What a recording says about itself (`run.json` in its folder).

use serde::{Deserialize, Serialize};

/// Metadata of one recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Version of this file and of the folder's layout: 1.
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
