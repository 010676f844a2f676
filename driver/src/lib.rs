//! A Mix project end to end: find the sources, plan, instrument, write.
//!
//! Owns: the order of the stages, outputs on disk, reports. It must never know:
//! how a probe is placed, what a terminal looks like. Everything it says is a
//! value; the command renders it.
//!
//! ```
//! let preview = driver::preview("lib/a.ex", b"defmodule A do\n  def f, do: 1\nend\n").unwrap();
//! assert!(preview.contains(":scope_probe.enter"));
//! ```

mod build;
mod cache;
mod draft;
mod emit;
mod file_result;
mod nodes;
mod opt_out;
mod plan_file;
mod project;
mod proposal;
mod queries;
mod quote;
mod report;
mod review;
mod session;
mod settings;
mod stamp;
mod unmet;

pub use build::{Built, build, build_cached};
pub use emit::{Summary, emit};
pub use file_result::{FileResult, Instrumented, Outcome, ProbedClause};
pub use nodes::{FileNodes, Node, Nodes, nodes};
pub use project::{Project, Source};
pub use queries::Wanted;
pub use quote::{QuotedFile, quote};
pub use report::{Diagnostic, erlang_terms};
pub use review::{Difference, DifferenceKind, Review, Snapshots};
pub use session::{Session, Snapshot};
pub use settings::{Origin, STRATEGIES, Settings, strategy};
pub use stamp::unchanged;
pub use syntax::quoted::{Options as QuotedOptions, encode as encode_term};
pub use unmet::unmet;

use std::path::PathBuf;

/// Why a command could not run. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No `mix.exs`.
    #[error("{0} is no Mix project: it has no mix.exs. Give the directory that holds mix.exs.")]
    NotMix(PathBuf),
    /// A file or directory could not be read or written.
    #[error("cannot {action} {path}: {cause}")]
    Io {
        /// `read`, `write`, `remove` or `list`.
        action: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file stays clean.
    #[error("{0}")]
    Refused(Diagnostic),
    /// The plan is wrong.
    #[error("{0}")]
    Plan(Diagnostic),
    /// Nothing that a module may be called.
    #[error("`{0}` is no module's name; write it as in my_sink, :my_sink or My.Sink")]
    ModuleName(String),
    /// A glob that describes no file.
    #[error("the project has no source `{0}`; give a path, a folder or a glob relative to it, such as 'lib/shop/*.ex'")]
    NoSuchSource(String),
    /// The node map could not be written.
    #[error("the node map could not be built: {0}")]
    Map(#[from] wire::MapError),
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::Io { action, path, cause }
    }
}

/// The instrumented text of one file on its own.
///
/// # Errors
/// When the file is refused as a whole.
pub fn preview(path: &str, text: &[u8]) -> Result<String, Error> {
    // Nothing is written, so that it may lie anywhere.
    let preview = preview_with("preview.ex", text, Settings::default());
    preview.map(|preview| preview.text).map_err(|error| match error {
        Error::Refused(diagnostic) => Error::Refused(Diagnostic { file: path.into(), ..diagnostic }),
        other => other,
    })
}

/// One file, instrumented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Its text, with probes or without.
    pub text: String,
    /// What the plan asks for and the file has not.
    pub diagnostics: Vec<Diagnostic>,
}

/// The instrumented text of one file on its own; `path` is relative to its
/// project's root, as a plan names it.
///
/// # Errors
/// When the file is refused as a whole.
pub fn preview_with(path: &str, text: &[u8], settings: Settings) -> Result<Preview, Error> {
    let project = Project::of_sources(vec![Source { path: path.into(), text: text.to_vec() }]).with(settings);
    preview_in(project, path)
}

/// The instrumented text of one file of a project, which is what a build writes.
///
/// # Errors
/// When the file is refused as a whole, or the project has none of this path.
pub fn preview_in(mut project: Project, path: &str) -> Result<Preview, Error> {
    // The plan of a project names more than this file.
    project.settings.shared_plan = true;
    let result = Session::open(&project).build_one(path);
    let source = project.sources.iter().find(|source| source.path == path);
    let (Some(result), Some(source)) = (result, source) else {
        return Err(Error::io("read", std::path::Path::new(path))(std::io::ErrorKind::NotFound.into()));
    };
    let text = match &result.outcome {
        Outcome::Instrumented(instrumented) => instrumented.text.clone(),
        Outcome::Clean => String::from_utf8_lossy(&source.text).into_owned(),
        Outcome::Refused(diagnostic) => return Err(Error::Refused(diagnostic.clone())),
    };
    Ok(Preview { text, diagnostics: unmet::unmet(&project, &Built { files: vec![result] }) })
}

/// A unified diff of the two texts; empty when they are equal.
pub fn diff(path: &str, original: &str, instrumented: &str) -> String {
    let diff = similar::TextDiff::from_lines(original, instrumented);
    diff.unified_diff().context_radius(2).header(path, path).to_string()
}
