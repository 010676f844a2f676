//! Every node of a project: one id each, the same whatever runs it, in a map
//! that is small.
//!
//! `ELIXIRSCOPE_CORPUS=DIR` adds a project of every `*.ex` and `*.exs` below a
//! folder; the figures are printed with `-- --nocapture`.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use driver::{Nodes, Project, Source};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every source below `dir`, its path relative to `root`.
fn collect(root: &Path, dir: &Path, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("_build") {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|own| own == "ex" || own == "exs") {
            let text = std::fs::read(&path).unwrap();
            sources.push(Source { path: path.strip_prefix(root).unwrap().display().to_string(), text });
        }
    }
}

/// The shop, and the corpus, by name.
fn projects() -> Vec<(String, Project)> {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/apps/shop");
    let corpus = std::env::var_os("ELIXIRSCOPE_CORPUS").map(PathBuf::from);
    let read = |dir: PathBuf| {
        let mut sources = Vec::new();
        collect(&dir, &dir, &mut sources);
        (dir.display().to_string(), Project::of_sources(sources))
    };
    std::iter::once(shop).chain(corpus).map(read).collect()
}

fn with_threads(threads: usize, project: &Project) -> Nodes {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| driver::nodes(project))
}

#[test]
fn a_map_of_every_node_is_the_same_on_any_number_of_threads_and_small() {
    for (name, project) in projects() {
        let nodes = with_threads(1, &project);
        let map = nodes.map().unwrap();
        for threads in [2, 7] {
            assert!(with_threads(threads, &project).map().unwrap() == map, "{name}: {threads} threads");
        }
        let per_node = map.len() as f64 / nodes.count() as f64;
        println!(
            "{name}: {} files, {} nodes, {} ids parted, {per_node:.1} bytes a node",
            project.sources.len(),
            nodes.count(),
            nodes.parted
        );
        let ids: BTreeSet<_> = nodes.files.iter().flat_map(|file| &file.nodes).map(|node| node.id).collect();
        assert_eq!(ids.len(), nodes.count(), "{name}: unresolved");
        assert!(per_node <= 48.0, "{name}: {per_node} bytes a node");
        let read = wire::NodeMap::open(map.as_slice()).unwrap();
        assert!(nodes.files.iter().flat_map(|file| &file.nodes).all(|node| {
            read.get(node.id).is_some_and(|read| read.line == node.start.0 && read.parent == node.parent)
        }));
    }
}

#[test]
fn a_map_of_probes_is_small() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/apps/shop");
    let project = Project::read(&shop, &["lib".to_owned()]).unwrap();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("map-of-probes");
    let summary = driver::emit(&project, &driver::build(&project, &|| {}), &out).unwrap();
    let bytes = std::fs::metadata(out.join("nodes.esmap")).unwrap().len();
    let per_node = bytes as f64 / summary.nodes as f64;
    println!("the shop's probes: {} nodes, {per_node:.1} bytes a node", summary.nodes);
    assert!(per_node <= 48.0, "{per_node} bytes a node");
}

#[test]
fn scripts_that_share_a_line_get_ids_by_their_paths() {
    let script = |path: &str| Source { path: path.into(), text: b"IO.puts(1)\n".to_vec() };
    let one = driver::nodes(&Project::of_sources(vec![script("b.exs")]));
    let two = driver::nodes(&Project::of_sources(vec![script("b.exs"), script("c.exs")]));
    assert_eq!((one.parted, two.parted), (0, 3));
    // A file behind it in the order of paths changes nothing; nor does another name.
    assert_eq!(two.files[0], one.files[0]);
    let renamed = driver::nodes(&Project::of_sources(vec![script("a.exs")]));
    assert_eq!(renamed.files[0].nodes, one.files[0].nodes);
}
