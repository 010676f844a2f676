//! Where results, warnings and errors go.

use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

/// Prints to standard output; a reader that went away is no error.
pub fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Prints a warning to standard error.
pub fn warn(diagnostic: &driver::Diagnostic) {
    eprintln!("warning: {diagnostic}");
}

/// Says why a command could not run.
pub fn could_not_run(error: &dyn Display) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}
