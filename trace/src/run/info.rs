//! What `run.json` says, as far as it can be read.

use super::{Finding, OpenError};
use serde::Deserialize;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use wire::RunInfo;
use wire::run::FORMAT;

/// Longer files are not read: a recording has few maps.
const MOST_BYTES: u64 = 16 << 20;
const ADVICE: &str = "events are shown without the run's metadata; restore the file if you have it";

/// All that is looked at before the format is known.
#[derive(Deserialize)]
struct Versioned {
    format: u64,
}

/// Reads `run.json` of the run in `dir`. Damage is a finding.
///
/// # Errors
/// When it is of a later format: what else is in the folder cannot be known.
pub(super) fn read_info(dir: &Path, findings: &mut Vec<Finding>) -> Result<Option<RunInfo>, OpenError> {
    let mut damaged = |problem: String| {
        findings.push(Finding::file("run.json", problem, ADVICE));
        Ok(None)
    };
    let mut text = Vec::new();
    let read = File::open(dir.join("run.json")).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut text));
    if let Err(error) = read {
        return damaged(format!("cannot be read: {error}"));
    }
    match serde_json::from_slice::<Versioned>(&text) {
        Ok(Versioned { format }) if format > u64::from(FORMAT) => Err(OpenError::Later(dir.to_owned(), format)),
        _ => match serde_json::from_slice::<RunInfo>(&text) {
            Ok(info) => Ok(Some(info)),
            Err(error) => damaged(format!("is damaged: {error}")),
        },
    }
}
