//! The sources of a Mix project.

use crate::{Error, Settings};
use std::path::{Path, PathBuf};

/// One source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Path relative to the project's root, with `/`.
    pub path: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// The sources of one application, sorted by path, and what is wanted of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Each once.
    pub sources: Vec<Source>,
    /// What to record.
    pub settings: Settings,
}

impl Project {
    /// A project of the given sources.
    pub fn of_sources(mut sources: Vec<Source>) -> Self {
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        sources.dedup_by(|a, b| a.path == b.path);
        Self { sources, settings: Settings::default() }
    }

    /// The same sources with other wishes.
    pub fn with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// The same sources, each with `folder` before its path: what a plan calls the
    /// sources of a dependency.
    pub fn below(mut self, folder: &str) -> Self {
        let folder = folder.trim_end_matches('/');
        self.sources.iter_mut().for_each(|source| source.path = format!("{folder}/{}", source.path));
        self
    }

    /// Reads the project around a file: what the nearest folder with a mix.exs has in
    /// `lib` and in the file's own folder; the file alone where there is none. Also
    /// the file's path in it.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn around(file: &Path) -> Result<(Self, String), Error> {
        let text = std::fs::read(file).map_err(Error::io("read", file))?;
        let whole = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        let root = whole.ancestors().skip(1).find(|folder| folder.join("mix.exs").is_file());
        let path = relative(&whole, root.or(whole.parent()).unwrap_or(&whole));
        let own = path.split('/').next().unwrap_or_default().to_owned();
        let mut project = match root {
            Some(root) => Self::read(root, &["lib".into(), own])?,
            None => Self::default(),
        };
        // It may be no `*.ex`, or read by other paths of mix.exs.
        if !project.sources.iter().any(|source| source.path == path) {
            project.sources.push(Source { path: path.clone(), text });
        }
        Ok((Self::of_sources(project.sources), path))
    }

    /// Reads every `*.ex` below `paths` of the Mix project at `root`. A path
    /// that does not exist is passed over, as Mix does.
    ///
    /// # Errors
    /// When `root` has no mix.exs, or something cannot be read.
    pub fn read(root: &Path, paths: &[String]) -> Result<Self, Error> {
        if !root.join("mix.exs").is_file() {
            return Err(Error::NotMix(root.to_owned()));
        }
        let mut files = Vec::new();
        for path in paths {
            collect(&root.join(path), &["ex"], &mut files)?;
        }
        let source = |file: PathBuf| {
            let text = std::fs::read(&file).map_err(Error::io("read", &file))?;
            Ok(Source { path: relative(&file, root), text })
        };
        let sources: Result<Vec<_>, Error> = files.into_iter().map(source).collect();
        Ok(Self::of_sources(sources?))
    }
}

/// The file's path relative to `root`, with `/`.
pub(crate) fn relative(file: &Path, root: &Path) -> String {
    let relative = file.strip_prefix(root).unwrap_or(file);
    let parts: Vec<_> = relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// The files below `path` with one of these extensions; `path` itself, if it is a file.
pub(crate) fn collect(path: &Path, extensions: &[&str], files: &mut Vec<PathBuf>) -> Result<(), Error> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    if !path.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(path).map_err(Error::io("list", path))? {
        let path = entry.map_err(Error::io("list", path))?.path();
        // Hidden files and directories are an editor's, not the project's.
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        match () {
            () if hidden => {}
            () if path.is_dir() => collect(&path, extensions, files)?,
            () if path.extension().is_some_and(|own| extensions.iter().any(|one| own == *one)) => files.push(path),
            () => {}
        }
    }
    Ok(())
}
