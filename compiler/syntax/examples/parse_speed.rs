//! How fast sources become trees: `parse_speed THREADS time|hold PATH…`.
//!
//! `time` parses everything twice and prints the seconds of the second pass; `hold` keeps
//! every tree and prints by how many bytes the process grew. Linux only.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [threads, mode, paths @ ..] = arguments.as_slice() else {
        return Err(std::io::Error::other("usage: parse_speed THREADS time|hold PATH…"));
    };
    let threads: usize = threads.parse().map_err(std::io::Error::other)?;
    let mut sources = Vec::new();
    for path in paths {
        collect(Path::new(path), &mut sources)?;
    }
    let bytes: usize = sources.iter().map(Vec::len).sum();
    if mode == "hold" {
        let before = peak()?;
        let trees: Vec<_> = sources.iter().map(|source| syntax::parse(source)).collect();
        println!("bytes {bytes} grew {}", peak()? - before);
        drop(trees);
        return Ok(());
    }
    pass(&sources, threads);
    let start = Instant::now();
    pass(&sources, threads);
    println!("bytes {bytes} seconds {}", start.elapsed().as_secs_f64());
    Ok(())
}

fn pass(sources: &[Vec<u8>], threads: usize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(source) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
                    std::hint::black_box(syntax::parse(source));
                }
            });
        }
    });
}

/// The most bytes that the process ever had in memory.
fn peak() -> std::io::Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim_end_matches("kB").trim().parse::<usize>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| std::io::Error::other("no VmHWM in /proc/self/status"))
}

fn collect(path: &Path, sources: &mut Vec<Vec<u8>>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries.iter().filter(|entry| !entry.is_symlink() && !hidden(entry)) {
        if entry.is_dir() {
            collect(entry, sources)?;
        } else if entry.extension().is_some_and(|extension| extension == "ex" || extension == "exs") {
            sources.push(std::fs::read(entry)?);
        }
    }
    Ok(())
}

/// Elixir's wildcards pass over these too.
fn hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}
