//! Elixir code that others wrote, to measure ourselves by: Debian's source packages.
//!
//! Everything is fetched below `target/corpus` by an apt that keeps its lists and its
//! cache there too: nothing of the system's own configuration is changed. The archive is
//! the one the system itself uses.

use crate::{Failure, setup, shell};
use std::path::{Path, PathBuf};

/// A source package of one release of Debian.
struct Wanted {
    package: &'static str,
    suite: &'static str,
}

/// Elixir 1.14, and 1.18, with their own tests; RabbitMQ with its vendored libraries.
const WANTED: &[Wanted] = &[
    Wanted { package: "elixir-lang", suite: "bookworm" },
    Wanted { package: "elixir-lang", suite: "trixie" },
    Wanted { package: "rabbitmq-server", suite: "bookworm" },
];

/// In the folder of a package, once it is whole: package, suite, archive.
const STAMP: &str = ".corpus";

/// Fetches what is missing, and prints what there is.
pub fn run() -> Result<(), Failure> {
    println!("{:24} {:>6} {:>8} {:>10}", "", "files", "lines", "bytes");
    for folder in ensure()? {
        let (mut files, mut lines, mut bytes) = (0, 0, 0);
        for path in sources(&folder)? {
            let text = std::fs::read(&path).map_err(cannot("read", &path))?;
            files += 1;
            lines += text.iter().filter(|byte| **byte == b'\n').count();
            bytes += text.len();
        }
        println!("{:24} {files:>6} {lines:>8} {bytes:>10}", name(&folder));
    }
    Ok(())
}

/// The folders of all packages. Needs no network once they are there.
pub fn ensure() -> Result<Vec<PathBuf>, Failure> {
    WANTED.iter().map(|wanted| present(wanted).map_or_else(|| fetch(wanted), Ok)).collect()
}

/// The folders of those packages that are there.
pub fn already_present() -> Vec<PathBuf> {
    WANTED.iter().filter_map(present).collect()
}

/// The last part of a package's path: `elixir-lang-1.14.0`.
pub fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Every `*.ex` and `*.exs` below a folder, in order.
pub fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(cannot("list", folder))?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        if entry.is_symlink() || name(&entry).starts_with('.') {
            continue;
        }
        if entry.is_dir() {
            files.extend(sources(&entry)?);
        } else if entry.extension().is_some_and(|extension| extension == "ex" || extension == "exs") {
            files.push(entry);
        }
    }
    Ok(files)
}

fn home() -> PathBuf {
    shell::target().join("corpus")
}

fn present(wanted: &Wanted) -> Option<PathBuf> {
    let start = format!("{} {} ", wanted.package, wanted.suite);
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(home()).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    folders
        .into_iter()
        .find(|folder| std::fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp.starts_with(&start)))
}

fn fetch(wanted: &Wanted) -> Result<PathBuf, Failure> {
    let Wanted { package, suite } = wanted;
    eprintln!("corpus: fetching {package} of {suite}");
    setup::ensure_debian("xz", &["xz-utils"])?;
    // What an interrupted run left is of no use.
    let work = home().join(format!(".{package}-{suite}"));
    empty(&work)?;
    let [download, unpacked] = ["download", "unpacked"].map(|below| work.join(below));
    empty(&download)?;
    empty(&unpacked)?;
    let options = apt_options(&work.join("apt"), suite)?;
    apt(&download, &options, &["update"])?;
    // As its authors published it: Debian's changes to it are not asked for.
    apt(&download, &options, &["source", "--download-only", "--tar-only", package])?;
    let archive = only_file(&download)?;
    let unpack = ["--extract", "--strip-components=1", "--directory", "../unpacked", "--file", &archive];
    shell::text(&mut shell::command("tar", &download, &unpack))?;
    let stamp = unpacked.join(STAMP);
    std::fs::write(&stamp, format!("{package} {suite} {archive}\n")).map_err(cannot("write", &stamp))?;
    let folder = home().join(format!("{package}-{}", upstream(&archive)));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(cannot("remove", &folder))?;
    }
    std::fs::rename(&unpacked, &folder).map_err(cannot("write", &folder))?;
    std::fs::remove_dir_all(&work).map_err(cannot("remove", &work))?;
    Ok(folder)
}

/// `1.14.0` of `elixir-lang_1.14.0.dfsg.orig.tar.xz`.
fn upstream(archive: &str) -> &str {
    let version = archive.split_once('_').map_or(archive, |(_, version)| version);
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    version[..end].trim_end_matches('.')
}

fn empty(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(cannot("remove", folder))?;
    }
    std::fs::create_dir_all(folder).map_err(cannot("write", folder))
}

/// The name of the archive, which is all that apt leaves.
fn only_file(folder: &Path) -> Result<String, Failure> {
    let mut entries = std::fs::read_dir(folder).map_err(cannot("list", folder))?.flatten();
    match (entries.next(), entries.next()) {
        (Some(archive), None) => Ok(name(&archive.path())),
        _ => Err(Failure::Failed(format!("apt-get left not one archive in {}", folder.display()))),
    }
}

/// apt shows its progress on a terminal, and says nothing elsewhere unless it fails.
fn apt(work: &Path, options: &[String], arguments: &[&str]) -> Result<(), Failure> {
    use std::io::IsTerminal as _;
    let mut command = shell::command("apt-get", work, &[]);
    command.args(options).args(arguments);
    let done = if std::io::stderr().is_terminal() {
        shell::show(&mut command)
    } else {
        shell::text(command.arg("-qq")).map(|_| ())
    };
    done.map_err(|failure| match failure {
        Failure::Failed(why) => Failure::CouldNotRun(format!(
            "{why}\nIs there a network? A machine without one can be given another's {}.",
            home().display()
        )),
        other => other,
    })
}

/// An apt of its own for a suite: its list of sources, its state, its cache.
fn apt_options(own: &Path, suite: &str) -> Result<Vec<String>, Failure> {
    empty(own)?;
    let (list, text) = source_list(suite)?;
    let list = own.join(list);
    std::fs::write(&list, text).map_err(cannot("write", &list))?;
    for folder in ["lists/partial", "cache/archives/partial"] {
        let folder = own.join(folder);
        std::fs::create_dir_all(&folder).map_err(cannot("write", &folder))?;
    }
    let option = |key: &str, value: String| ["-o".to_owned(), format!("{key}={value}")];
    let at = |below: &str| own.join(below).display().to_string();
    let options = [
        option("Dir::Etc::sourcelist", list.display().to_string()),
        option("Dir::Etc::sourceparts", "-".into()),
        option("Dir::State::lists", at("lists")),
        option("Dir::Cache", at("cache")),
        // apt's own user may not be allowed to write where we build.
        option("APT::Sandbox::User", "root".into()),
    ];
    Ok(options.concat())
}

/// The system's own list of Debian's archive, for the sources of `suite`, and the name
/// whose extension tells apt its format.
fn source_list(suite: &str) -> Result<(&'static str, String), Failure> {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let codename = release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME=")).unwrap_or_default();
    let folder = Path::new("/etc/apt/sources.list.d");
    let mut lists: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    lists.push("/etc/apt/sources.list".into());
    lists.sort();
    for list in lists {
        let text = std::fs::read_to_string(&list).unwrap_or_default();
        let found = match list.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => stanza(&text, codename, suite).map(|text| ("corpus.sources", text)),
            Some("list") => one_line(&text, codename, suite).map(|text| ("corpus.list", text)),
            _ => None,
        };
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Err(Failure::CouldNotRun(
        "the corpus is made of Debian's source packages, and no list below /etc/apt names Debian's archive. Run \
         `cargo xtask corpus` on Debian, and copy its target/corpus here."
            .into(),
    ))
}

/// The stanza for the system's release, turned to the sources of `suite`.
fn stanza(text: &str, codename: &str, suite: &str) -> Option<String> {
    let names = |line: &str, field: &str, word: &str| {
        line.strip_prefix(field).is_some_and(|values| values.split_whitespace().any(|value| value == word))
    };
    let mine = text.split("\n\n").find(|stanza| {
        stanza.lines().any(|line| names(line, "Suites:", codename))
            && stanza.lines().any(|line| names(line, "Types:", "deb"))
    })?;
    let turned = mine.lines().map(|line| match line.split_once(':') {
        Some(("Types", _)) => "Types: deb-src\n".to_owned(),
        Some(("Suites", _)) => format!("Suites: {suite}\n"),
        _ => format!("{line}\n"),
    });
    Some(turned.collect())
}

/// The same of the older format: `deb [options] archive suite components`.
fn one_line(text: &str, codename: &str, suite: &str) -> Option<String> {
    let mine = |line: &&str| line.starts_with("deb ") && line.split_whitespace().any(|word| word == codename);
    let words = text.lines().find(mine)?.split_whitespace().skip(1);
    let turned = words.map(|word| if word == codename { suite } else { word });
    Some(format!("deb-src {}\n", turned.collect::<Vec<_>>().join(" ")))
}

fn cannot(action: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let what = format!("cannot {action} {}", path.display());
    move |cause| Failure::CouldNotRun(format!("{what}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_turned_to_sources_of_another_suite() {
        let list =
            "Types: deb\nURIs: x://y\nSuites: old old-updates\nSigned-By: /k\n\nTypes: deb\nSuites: old-security\n";
        let turned = "Types: deb-src\nURIs: x://y\nSuites: new\nSigned-By: /k\n";
        assert_eq!(stanza(list, "old", "new").as_deref(), Some(turned));
        assert_eq!(stanza(list, "other", "new"), None);
        let list = "# deb x://y old main\ndeb [signed-by=/k] x://y old main\n";
        assert_eq!(one_line(list, "old", "new").as_deref(), Some("deb-src [signed-by=/k] x://y new main\n"));
    }

    #[test]
    fn versions_lose_what_debian_added() {
        assert_eq!(upstream("elixir-lang_1.14.0.dfsg.orig.tar.xz"), "1.14.0");
        assert_eq!(upstream("rabbitmq-server_3.10.8.orig.tar.xz"), "3.10.8");
    }
}
