//! Places in the source by node id, from the run's node maps.

use super::Finding;
use rustc_hash::FxHashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use wire::map::{self, DETACHED};
use wire::{MapError, NodeEntry, NodeKind, NodeMap, RunInfo};

/// Index of a [`Site`] in [`Sites`].
pub type SiteIndex = u32;

/// A node that events refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The node's id.
    pub id: u64,
    /// What the node is; `None` when no map knows it.
    pub kind: Option<NodeKind>,
    /// The clause that holds it: itself for clauses and for unknown nodes.
    pub clause: SiteIndex,
    /// Whether it may run when its clause's frame is not the innermost one, or in
    /// another process: see [`wire::map::DETACHED`].
    pub detached: bool,
    /// Line in the file, from 1; 0 when unknown.
    pub line: u32,
    module: u32,
    function: u32,
    file: u32,
    label: u32,
}

/// Every known node, and those that events named and no map knows.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    all: Vec<Site>,
    by_id: FxHashMap<u64, SiteIndex>,
    texts: Vec<Box<str>>,
    by_text: FxHashMap<Box<str>, u32>,
    known: usize,
}

impl Sites {
    /// Reads the maps that `info` names, or without it every map of the folder.
    pub(super) fn load(dir: &Path, info: Option<&RunInfo>, findings: &mut Vec<Finding>) -> Self {
        let mut sites = Self::default();
        for (file, digest) in wanted(dir, info) {
            if let Some(map) = open_map(dir, &file, digest.as_deref(), findings) {
                sites.add_map(&map);
            }
        }
        sites.known = sites.all.len();
        sites
    }

    fn add_map(&mut self, map: &NodeMap<Vec<u8>>) {
        let mut parents = Vec::new();
        for entry in map.iter() {
            let index = self.all.len() as SiteIndex;
            if let std::collections::hash_map::Entry::Vacant(vacant) = self.by_id.entry(entry.id.raw()) {
                vacant.insert(index);
                self.push(&entry, index);
                parents.extend(entry.parent.map(|parent| (index, parent.raw())));
            }
        }
        for (index, parent) in parents {
            if let Some(&clause) = self.by_id.get(&parent) {
                self.all[index as usize].clause = clause;
            }
        }
    }

    fn push(&mut self, entry: &NodeEntry<'_>, clause: SiteIndex) {
        let function = format!("{}.{}/{}", entry.module, entry.name, entry.arity);
        let plain = entry.label.strip_prefix(DETACHED);
        let site = Site {
            id: entry.id.raw(),
            kind: Some(entry.kind),
            clause,
            detached: plain.is_some(),
            line: entry.line,
            module: self.intern(entry.module),
            function: self.intern(&function),
            file: self.intern(entry.file),
            label: self.intern(plain.unwrap_or(entry.label)),
        };
        self.all.push(site);
    }

    fn intern(&mut self, text: &str) -> u32 {
        if let Some(&index) = self.by_text.get(text) {
            return index;
        }
        let index = self.texts.len() as u32;
        self.texts.push(text.into());
        self.by_text.insert(text.into(), index);
        index
    }

    /// The site with this id; an id that no map knows gets a site of its own.
    pub(super) fn resolve(&mut self, id: u64) -> SiteIndex {
        if let Some(&index) = self.by_id.get(&id) {
            return index;
        }
        let (index, none) = (self.all.len() as SiteIndex, self.intern(""));
        let function = self.intern(&format!("#{id:015x}"));
        let (kind, detached) = (None, false);
        let site = Site { id, kind, clause: index, detached, line: 0, module: none, function, file: none, label: none };
        self.all.push(site);
        self.by_id.insert(id, index);
        index
    }

    /// A site for a function without probes.
    pub(super) fn named(&mut self, module: &str, name: &str, arity: i64) -> SiteIndex {
        let (clause, none) = (self.all.len() as SiteIndex, self.intern(""));
        let (kind, function) = (Some(NodeKind::Clause), self.intern(&format!("{module}.{name}/{arity}")));
        let (id, detached, line, module) = (0, false, 0, self.intern(module));
        self.all.push(Site { id, kind, clause, detached, line, module, function, file: none, label: none });
        clause
    }

    /// The index of a node id that some event or map named.
    pub fn find(&self, id: u64) -> Option<SiteIndex> {
        self.by_id.get(&id).copied()
    }

    /// A site by its index.
    pub fn get(&self, index: SiteIndex) -> &Site {
        &self.all[index as usize]
    }

    /// Every site, by index.
    pub fn iter(&self) -> std::slice::Iter<'_, Site> {
        self.all.iter()
    }

    /// Number of sites that came from maps.
    pub fn known(&self) -> usize {
        self.known
    }

    /// The ids that events named and no map knows, sorted.
    pub fn unresolved(&self) -> Vec<u64> {
        let mut ids: Vec<u64> =
            self.all[self.known..].iter().filter(|site| site.kind.is_none()).map(|site| site.id).collect();
        ids.sort_unstable();
        ids
    }

    /// The module's name; empty when unknown.
    pub fn module(&self, site: &Site) -> &str {
        &self.texts[site.module as usize]
    }

    /// `Module.name/arity`, or `#` and the id when unknown.
    pub fn function(&self, site: &Site) -> &str {
        &self.texts[site.function as usize]
    }

    /// A number that is equal for sites of the same function.
    pub fn function_of(&self, index: SiteIndex) -> u32 {
        self.get(index).function
    }

    /// Path relative to the project's root; empty when unknown.
    pub fn file(&self, site: &Site) -> &str {
        &self.texts[site.file as usize]
    }

    /// What the tail call at a site calls, as far as the source says:
    /// `Module.name/arity`, `name/arity`, or empty.
    pub fn callee(&self, site: &Site) -> &str {
        if site.kind == Some(NodeKind::TailCall) { self.label(site) } else { "" }
    }

    /// What the map says of a site beyond its place: see [`NodeEntry::label`].
    pub fn label(&self, site: &Site) -> &str {
        &self.texts[site.label as usize]
    }
}

fn wanted(dir: &Path, info: Option<&RunInfo>) -> Vec<(String, Option<String>)> {
    if let Some(info) = info {
        return info.maps.iter().map(|map| (map.file.clone(), Some(map.digest.clone()))).collect();
    }
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".esmap"))
        .map(|name| (name, None))
        .collect();
    files.sort();
    files
}

fn open_map(dir: &Path, file: &str, digest: Option<&str>, findings: &mut Vec<Finding>) -> Option<NodeMap<Vec<u8>>> {
    let advice =
        "calls are shown by node id; copy the map of that build from the project's _build into the run's folder";
    if Path::new(file).file_name().is_none_or(|name| name != file) {
        findings.push(Finding::file("run.json", format_args!("names a map outside the folder ({file})"), advice));
        return None;
    }
    match read_map(&dir.join(file)) {
        Ok(map) => {
            if digest.is_some_and(|digest| !digest.eq_ignore_ascii_case(&map.digest())) {
                let problem =
                    format!("foreign: the node map of another build ({}), not the one run.json names", map.digest());
                findings.push(Finding::file(
                    file,
                    problem,
                    "names may be missing and lines may be off; restore the map",
                ));
            }
            Some(map)
        }
        Err(error) => {
            let is_later = matches!(error, Unreadable::Map(MapError::Version(_)));
            findings.push(Finding::file(file, error, if is_later { LATER } else { advice }));
            None
        }
    }
}

const LATER: &str = "calls are shown by node id; upgrade elixirscope to the version that recorded it";

/// Why a map is not there.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("the node map cannot be read: {0}")]
    File(#[from] io::Error),
    #[error(transparent)]
    Map(#[from] MapError),
}

/// The largest map that is read: tens of millions of nodes.
const MOST_BYTES: u64 = 2 << 30;

/// Copied and not mapped: a file that shrinks while it is mapped ends the program. Its
/// header is looked at first, so that a file of no such length is not read.
fn read_map(path: &Path) -> Result<NodeMap<Vec<u8>>, Unreadable> {
    let mut file = File::open(path)?;
    let held = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&mut file).take(map::HEADER as u64).read_to_end(&mut bytes)?;
    let length = map::length(&bytes)?;
    if length != held || length > MOST_BYTES {
        return Err(MapError::Damaged("length").into());
    }
    bytes.try_reserve_exact(length as usize).map_err(io::Error::other)?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(NodeMap::open(bytes)?)
}
