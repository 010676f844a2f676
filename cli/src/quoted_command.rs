//! `elixirscope quoted`.

use clap::{Args, ValueEnum};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub struct QuotedArgs {
    /// An Elixir source file, or a folder of them
    path: PathBuf,
    /// Elixir source, or Erlang's external term format
    #[arg(long, value_enum, default_value_t = Format::Elixir)]
    format: Format,
    /// Write DIR/PATH.etf (or .exs) for each file instead of printing
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Columns beside lines
    #[arg(long)]
    columns: bool,
    /// The Elixir whose parser is meant: later ones say more, and know sigils like ~HTML
    #[arg(long, value_name = "VERSION", default_value = "1.14", value_parser = minor_version)]
    elixir: u32,
}

/// `1.18`, `1.18.4`
fn minor_version(text: &str) -> Result<u32, String> {
    let minor = text.strip_prefix("1.").and_then(|rest| rest.split('.').next()?.parse().ok());
    minor.filter(|minor| *minor >= 14).ok_or_else(|| "1.14 or later, such as 1.18".to_owned())
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Elixir,
    Etf,
}

/// Runs `elixirscope quoted`: 1 when a file has no quoted form.
pub fn run(arguments: &QuotedArgs) -> ExitCode {
    let options = driver::QuotedOptions { columns: arguments.columns, elixir: arguments.elixir };
    let files = match driver::quote(&arguments.path, options) {
        Ok(files) if files.is_empty() => {
            return could_not_run(&format!("no *.ex or *.exs below {}", arguments.path.display()));
        }
        Ok(files) => files,
        Err(error) => return could_not_run(&error.to_string()),
    };
    let mut all = true;
    for file in &files {
        match &file.quoted {
            Ok(term) => {
                let bytes = match arguments.format {
                    Format::Elixir => format!("{term}\n").into_bytes(),
                    Format::Etf => driver::encode_term(term),
                };
                if let Err(error) = put(arguments, &file.path, &bytes) {
                    return could_not_run(&error);
                }
            }
            Err(diagnostic) => {
                eprintln!("error: {diagnostic}");
                all = false;
            }
        }
    }
    if all { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn put(arguments: &QuotedArgs, path: &Path, bytes: &[u8]) -> Result<(), String> {
    let Some(out) = &arguments.out else {
        // A reader that went away is no error.
        let _ = std::io::stdout().lock().write_all(bytes);
        return Ok(());
    };
    let mut name = path.as_os_str().to_owned();
    name.push(if arguments.format == Format::Etf { ".etf" } else { ".exs" });
    let file = out.join(name);
    let written = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, bytes));
    written.map_err(|error| format!("cannot write {}: {error}", file.display()))
}

fn could_not_run(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::from(2)
}
