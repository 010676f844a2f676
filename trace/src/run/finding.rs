//! What is wrong with a recording, where, and what to do about it.

use serde::Serialize;
use std::fmt;

/// One fault in a recording's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// File name within the run's folder.
    pub file: String,
    /// Where in the file, in bytes from its start.
    pub offset: Option<u64>,
    /// What is wrong.
    pub problem: String,
    /// What to do next.
    pub advice: String,
}

impl Finding {
    /// A finding about a whole file.
    pub fn file(file: &str, problem: impl fmt::Display, advice: &str) -> Self {
        Self { file: file.to_owned(), offset: None, problem: problem.to_string(), advice: advice.to_owned() }
    }

    /// A finding at a place in a file.
    pub fn at(file: &str, offset: u64, problem: impl fmt::Display, advice: &str) -> Self {
        Self { offset: Some(offset), ..Self::file(file, problem, advice) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}; {}", self.problem, self.advice)
    }
}
