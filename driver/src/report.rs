//! What the driver says: diagnostics, and the report that the Mix step reads.

use crate::Project;
use crate::build::Built;
use crate::file_result::Outcome;
use std::fmt::{self, Write as _};

/// Something the user should know about a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    /// Path relative to the project's root.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// What was met, and what became of the file.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// The report as Erlang terms, for `file:consult/1`; `unmet` is what the plan asks
/// for in vain.
pub fn erlang_terms(project: &Project, built: &Built, map: &[u8], unmet: &[Diagnostic]) -> String {
    let digest = wire::NodeMap::open(map).map(|map| map.digest()).unwrap_or_default();
    let mut out = format!("{{report, 1}}.\n{{node_map, <<\"nodes.esmap\">>, <<\"{digest}\">>}}.\n");
    for (source, file) in project.sources.iter().zip(&built.files) {
        let original = blake3::hash(&source.text).to_hex();
        let (status, instrumented, probes) = match &file.outcome {
            Outcome::Instrumented(result) => {
                ("instrumented", blake3::hash(result.text.as_bytes()).to_hex().to_string(), result.sites.len())
            }
            Outcome::Clean | Outcome::Refused(_) => ("clean", String::new(), 0),
        };
        let path = binary(&file.path);
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{{file, {path}, {status}, <<\"{original}\">>, <<\"{instrumented}\">>, {probes}}}.");
        if let Outcome::Refused(diagnostic) = &file.outcome {
            out.push_str(&diagnostic_term(diagnostic));
        }
    }
    out.extend(unmet.iter().map(diagnostic_term));
    out
}

fn diagnostic_term(diagnostic: &Diagnostic) -> String {
    let (path, message) = (binary(&diagnostic.file), binary(&diagnostic.message));
    format!("{{diagnostic, {path}, {}, warning, {message}}}.\n", diagnostic.line)
}

fn binary(text: &str) -> String {
    let mut out = String::from("<<\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\x{{{:x}}}", c as u32);
            }
        }
    }
    out.push_str("\"/utf8>>");
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn binaries_are_quoted_for_erlang() {
        assert_eq!(super::binary("a\"b\\ä\n"), "<<\"a\\\"b\\\\\\x{e4}\\x{a}\"/utf8>>");
    }
}
