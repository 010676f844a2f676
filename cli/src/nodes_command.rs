//! `elixirscope nodes`.

use clap::{Args, ValueEnum};
use driver::{FileNodes, Node, Nodes};
use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 a file has syntax errors (what the parser made out is listed), 2 could not run.";

#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub struct NodesArgs {
    /// The directory that holds mix.exs
    project: PathBuf,
    /// Only the nodes of one function, or of a module's body
    #[arg(long, value_name = "Mod.name/2 or Mod")]
    function: Option<String>,
    /// A directory of sources, relative to PROJECT; may be repeated [default: lib]
    #[arg(long = "path", value_name = "DIR")]
    paths: Vec<String>,
    /// For people, or for programs: an array with one node a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Runs `elixirscope nodes`.
pub fn run(arguments: &NodesArgs) -> ExitCode {
    let default = ["lib".to_owned()];
    let paths = if arguments.paths.is_empty() { &default[..] } else { &arguments.paths };
    let mut nodes = match driver::Project::read(&arguments.project, paths) {
        Ok(project) => driver::nodes(&project),
        Err(error) => return could_not_run(&error.to_string()),
    };
    if let Some(function) = &arguments.function {
        let wanted = |node: &Node| node.owner.to_string() == *function;
        nodes.files.iter_mut().for_each(|file| file.nodes.retain(wanted));
        if nodes.count() == 0 {
            let project = arguments.project.display();
            return could_not_run(&format!("{project} has no {function}; `elixirscope nodes {project}` lists all"));
        }
    }
    for diagnostic in &nodes.diagnostics {
        eprintln!("warning: {diagnostic}");
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    // A reader that went away is no error.
    let _ = match arguments.format {
        Format::Text => text(&mut out, &nodes),
        Format::Json => json(&mut out, &nodes),
    };
    let _ = out.flush();
    ExitCode::from(u8::from(!nodes.diagnostics.is_empty()))
}

/// A heading for each function, its nodes below, indented as they are nested.
fn text(out: &mut impl Write, nodes: &Nodes) -> std::io::Result<()> {
    let width = width();
    for (file, node, is_first) in each(nodes) {
        if is_first {
            let owner = node.owner.to_string();
            writeln!(out, "{}{}{}", owner, if owner.is_empty() { "" } else { "  " }, file.path)?;
        }
        let place = format!("{}:{}", node.start.0, node.start.1);
        let indent = " ".repeat((node.depth as usize).min(12));
        let line = format!("  {:?}  {place:<8} {indent}{}: {}", node.id, node.role, node.label);
        writeln!(out, "{}", cut(&line, width))?;
    }
    Ok(())
}

/// Each node, and whether it begins a run of nodes of one function.
fn each(nodes: &Nodes) -> impl Iterator<Item = (&FileNodes, &Node, bool)> {
    nodes.files.iter().flat_map(|file| {
        let before = std::iter::once(None).chain(file.nodes.iter().map(|node| Some(&node.owner)));
        file.nodes.iter().zip(before).map(move |(node, before)| (file, node, before != Some(&node.owner)))
    })
}

/// The columns of a terminal; whatever reads a pipe has room for all.
fn width() -> Option<usize> {
    let columns = || std::env::var("COLUMNS").ok()?.parse().ok();
    std::io::stdout().is_terminal().then(|| columns().unwrap_or(80).max(40))
}

fn cut(line: &str, width: Option<usize>) -> String {
    // A key may hold a text with any character.
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match width {
        Some(width) if line.chars().count() > width => line.chars().take(width - 1).chain(['…']).collect(),
        _ => line,
    }
}

fn json(out: &mut impl Write, nodes: &Nodes) -> std::io::Result<()> {
    let mut separator = "[\n";
    for (file, node, _) in each(nodes) {
        let value = serde_json::json!({
            "id": node.id.raw(),
            "parent": node.parent.map(|parent| parent.raw()),
            "kind": node.kind,
            "role": node.role,
            "label": node.label,
            "clause": node.is_clause,
            "module": node.owner.module,
            "function": if node.owner.name.is_empty() { None } else { Some(node.owner.to_string()) },
            "file": file.path,
            "start": {"line": node.start.0, "column": node.start.1},
            "end": {"line": node.end.0, "column": node.end.1},
        });
        write!(out, "{separator}{value}")?;
        separator = ",\n";
    }
    writeln!(out, "{}", if separator == "[\n" { "[]" } else { "\n]" })
}

fn could_not_run(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}
