//! Elixir's quoted form of files, as our parser understands them.

use crate::{Diagnostic, Error};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use syntax::LineIndex;
use syntax::quoted::{Options, Term};

/// One file's quoted form, or why it has none.
#[derive(Debug)]
pub struct QuotedFile {
    /// The path below the folder that was asked for; the file's name for a file.
    pub path: PathBuf,
    /// The term.
    pub quoted: Result<Term, Diagnostic>,
}

/// The quoted form of a file, or of every `*.ex` and `*.exs` below a folder, in
/// the order of their paths.
///
/// # Errors
/// When something cannot be read.
pub fn quote(path: &Path, options: Options) -> Result<Vec<QuotedFile>, Error> {
    let mut files = Vec::new();
    crate::project::collect(path, &["ex", "exs"], &mut files)?;
    files.sort();
    files.par_iter().map(|file| quote_file(path, file, options)).collect()
}

fn quote_file(root: &Path, file: &Path, options: Options) -> Result<QuotedFile, Error> {
    let text = std::fs::read(file).map_err(Error::io("read", file))?;
    let name = match file.strip_prefix(root) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => file.file_name().map(PathBuf::from).unwrap_or_default(),
    };
    let quoted = syntax::quoted::quoted(&syntax::parse(&text), options).map_err(|error| Diagnostic {
        file: name.display().to_string(),
        line: LineIndex::new(&text).line(error.range.start()),
        message: error.why,
    });
    Ok(QuotedFile { path: name, quoted })
}
