//! Segment files, read by copying what their writers have published.

use super::Finding;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{Ordering, fence};
use wire::segment::{CURSOR_AT, SEGMENT_HEADER, SUMMED_AT, SegmentCounters, SegmentHeader};
use wire::sums::{Stretch, SumsError};
use wire::{Kind, Record, Sums};

const RERECORD: &str = "record again; if it persists, check the disk";

/// One segment: its header as last published, and its data up to the cursor.
#[derive(Clone, Debug)]
pub struct Segment {
    /// File name within the run's folder.
    pub file: String,
    /// Whether it holds names rather than events.
    pub names: bool,
    /// The fixed part of the header.
    pub header: SegmentHeader,
    /// The counters at the time of reading.
    pub counters: SegmentCounters,
    /// What vouches for the data, if anything does.
    pub sums: Option<Sums>,
    /// The published data that the file really holds.
    pub data: Vec<u8>,
    /// How far the data is what was written.
    pub stretches: Vec<Stretch>,
}

/// The headers of every segment of `dir`, without data, in the order of
/// `(names, ring, ordinal)`. All cursors are read before any data, so that the
/// rings of a running program are cut at nearly the same moment.
pub(super) fn headers(dir: &Path, findings: &mut Vec<Finding>) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for path in segment_files(dir, findings)? {
        let file = file_name(&path);
        match read_header(&path) {
            Ok(None) => {} // stands ready, unused
            Ok(Some(Ok((header, mut counters, sums)))) => {
                let names = file.starts_with("names-");
                let sums = checked(&file, sums, &mut counters, findings);
                segments.push(Segment { file, names, header, counters, sums, data: Vec::new(), stretches: Vec::new() });
            }
            Ok(Some(Err(error))) => findings.push(Finding::at(&file, 0, error, advice(error))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {} // recycled since it was listed
            Err(error) => findings.push(unreadable(&file, &error)),
        }
    }
    segments.sort_by(|a, b| {
        let key = |s: &Segment| (s.names, s.header.ring, s.header.ordinal);
        key(a).cmp(&key(b)).then_with(|| a.file.cmp(&b.file))
    });
    Ok(segments)
}

const fn advice(error: wire::SegmentError) -> &'static str {
    use wire::SegmentError::{Capacity, Checksum, Length, Magic, Short, Version};
    match error {
        Version(_) => "upgrade elixirscope to the version that recorded it",
        Short(_) => "copy the run again from where it was recorded",
        Magic | Checksum | Length(_) | Capacity(_) => RERECORD,
    }
}

/// The sums, which know better than the cursor how much was published at least.
fn checked(
    file: &str,
    sums: Result<Option<Sums>, SumsError>,
    counters: &mut SegmentCounters,
    findings: &mut Vec<Finding>,
) -> Option<Sums> {
    match sums {
        Ok(sums) => {
            let summed = sums.as_ref().map_or(0, Sums::summed) as u64;
            if counters.cursor < summed {
                let problem = format!("the cursor ({}) lies before the end of what was published", counters.cursor);
                findings.push(Finding::at(file, CURSOR_AT as u64, problem, "none: the checksums say where it ends"));
                counters.cursor = summed;
            }
            sums
        }
        Err(error) => {
            let problem = format!("{error}; what it holds cannot be verified");
            findings.push(Finding::at(file, SUMMED_AT as u64, problem, RERECORD));
            None
        }
    }
}

fn segment_files(dir: &Path, findings: &mut Vec<Finding>) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let name = file_name(&path);
        let ours = (name.starts_with("ring-") || name.starts_with("names-")) && name.ends_with(".seg");
        if ours && path.is_file() {
            files.push(path);
        } else if ours && path.symlink_metadata().is_ok() {
            let advice = "move it away, or copy the run again from where it was recorded";
            findings.push(Finding::file(&name, "is no file, or a link that leads to none", advice));
        }
    }
    files.sort();
    Ok(files)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn unreadable(file: &str, error: &io::Error) -> Finding {
    Finding::file(file, format_args!("cannot be read: {error}"), "check the file's permissions and the disk")
}

type Header = Result<(SegmentHeader, SegmentCounters, Result<Option<Sums>, SumsError>), wire::SegmentError>;

// The writer may be publishing: of two readings of the cursor the smaller is
// certainly published, even if one reading was torn.
fn read_header(path: &Path) -> io::Result<Option<Header>> {
    let mut file = File::open(path)?;
    let first = header_page(&mut file)?;
    let second = header_page(&mut file)?;
    // The magic is written before the first record: without both, nothing was.
    if first.len() == SEGMENT_HEADER && u64_at(&first, 0) == 0 && u64_at(&first, CURSOR_AT) == 0 {
        return Ok(None);
    }
    Ok(Some(match (SegmentHeader::decode(&first), SegmentHeader::decode(&second)) {
        (Ok((_, old)), Ok((header, mut counters))) => {
            counters.cursor = counters.cursor.min(old.cursor);
            // They were whole before the second reading if the first has them.
            let has_sums = u64_at(&first, SUMMED_AT) != 0;
            Ok((header, counters, if has_sums { Sums::read(&second) } else { Ok(None) }))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }))
}

/// Loads the data of all segments; those that are gone are left out. `false` when names
/// are among them: they stand elsewhere now.
///
/// A flight recorder recycles the oldest ones meanwhile. The newest are read first, so
/// that what is missing then is missing at the beginning.
pub(super) fn load(dir: &Path, segments: &mut Vec<Segment>, findings: &mut Vec<Finding>) -> bool {
    let mut newest_first: Vec<_> = segments.iter_mut().collect();
    newest_first.sort_by_key(|segment| std::cmp::Reverse(segment.header.ticks));
    let gone: Vec<_> = newest_first
        .into_iter()
        .filter_map(|segment| (!segment.load(dir, findings)).then(|| segment.file.clone()))
        .collect();
    segments.retain(|segment| !gone.contains(&segment.file));
    !gone.iter().any(|file| file.starts_with("names-"))
}

fn u64_at(page: &[u8], at: usize) -> u64 {
    page.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |word| u64::from_le_bytes(*word))
}

fn header_page(file: &mut File) -> io::Result<Vec<u8>> {
    let mut page = Vec::with_capacity(SEGMENT_HEADER);
    file.seek(SeekFrom::Start(0))?;
    file.take(SEGMENT_HEADER as u64).read_to_end(&mut page)?;
    Ok(page)
}

impl Segment {
    /// Copies the data up to the cursor; `false` when the segment is gone, or was
    /// recycled since its header was read.
    fn load(&mut self, dir: &Path, findings: &mut Vec<Finding>) -> bool {
        match self.copy(&dir.join(&self.file)) {
            Ok(true) => {
                self.check_extent(findings);
                self.stretches = self.verify();
                self.names = self.holds_names().unwrap_or(self.names);
                true
            }
            Ok(false) => false,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => {
                findings.push(unreadable(&self.file, &error));
                false
            }
        }
    }

    fn copy(&mut self, path: &Path) -> io::Result<bool> {
        let mut file = File::open(path)?;
        let start = u64::from(self.header.length);
        let held = file.metadata()?.len().saturating_sub(start);
        let len = self.counters.cursor.min(held).min(self.header.capacity);
        self.data.clear();
        let room = usize::try_from(len).map_err(io::Error::other)?;
        self.data.try_reserve_exact(room).map_err(io::Error::other)?;
        file.seek(SeekFrom::Start(start))?;
        (&mut file).take(len).read_to_end(&mut self.data)?;
        // What stands there after the data was copied was there all the time.
        fence(Ordering::Acquire);
        Ok(SegmentHeader::decode(&header_page(&mut file)?).is_ok_and(|(header, _)| header == self.header))
    }

    fn verify(&self) -> Vec<Stretch> {
        match &self.sums {
            Some(sums) => sums.stretches(&self.data),
            None => vec![Stretch::Unsummed(0..self.data.len())],
        }
    }

    /// What it holds, whatever its file is called; none when nothing vouches for that.
    fn holds_names(&self) -> Option<bool> {
        let first = self.stretches.iter().find_map(|stretch| match stretch {
            Stretch::Sound(range) => self.data.get(range.start..),
            _ => None,
        });
        let (record, _) = Record::read_from(first?).ok()?;
        Some(matches!(record.kind, Kind::NameAtom | Kind::NameProcess))
    }

    fn check_extent(&mut self, findings: &mut Vec<Finding>) {
        let (cursor, held) = (self.counters.cursor, self.data.len() as u64);
        let end = u64::from(self.header.length) + held;
        if cursor > self.header.capacity {
            let problem = format!("the cursor ({cursor}) lies beyond the capacity ({})", self.header.capacity);
            findings.push(Finding::at(&self.file, CURSOR_AT as u64, problem, RERECORD));
        }
        let cursor = cursor.min(self.header.capacity);
        if cursor > held {
            let problem = format!("the file ends {} bytes before what was published", cursor - held);
            findings.push(Finding::at(&self.file, end, problem, "copy the run again from where it was recorded"));
        } else if !cursor.is_multiple_of(8) {
            let problem = format!("the cursor ({cursor}) does not stand between records");
            findings.push(Finding::at(&self.file, CURSOR_AT as u64, problem, RERECORD));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of two segments whose second is changed after the headers were read.
    fn check(left: &[&str], change: impl FnOnce(&Path)) {
        let dir = std::env::temp_dir().join(format!("escope-load-{}-{}", std::process::id(), left.len()));
        std::fs::create_dir_all(&dir).unwrap();
        for (file, ordinal) in [("ring-000001.seg", 4), ("ring-000002.seg", 5)] {
            let header = SegmentHeader { ring: 1, ordinal, ticks: ordinal, capacity: 64, ..Default::default() };
            let mut bytes = vec![0; SEGMENT_HEADER + 64];
            bytes[..104].copy_from_slice(&header.encode());
            std::fs::write(dir.join(file), bytes).unwrap();
        }
        let mut findings = Vec::new();
        let mut segments = headers(&dir, &mut findings).unwrap();
        change(&dir.join("ring-000001.seg"));
        load(&dir, &mut segments, &mut findings);
        let files: Vec<_> = segments.iter().map(|segment| segment.file.as_str()).collect();
        assert_eq!((files.as_slice(), findings.len()), (left, 0));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_segment_that_is_recycled_while_it_is_read_is_gone() {
        let both = ["ring-000001.seg", "ring-000002.seg"];
        check(&both, |_| {});
        let edit = |path: &Path, change: fn(&mut Vec<u8>)| {
            let mut bytes = std::fs::read(path).unwrap();
            change(&mut bytes);
            std::fs::write(path, bytes).unwrap();
        };
        check(&both[1..], |path| std::fs::remove_file(path).unwrap());
        check(&both[1..], |path| edit(path, |bytes| bytes[..8].fill(0)));
        check(&both[1..], |path| {
            edit(path, |bytes| {
                let header = SegmentHeader { ring: 1, ordinal: 9, capacity: 64, ..Default::default() };
                bytes[..104].copy_from_slice(&header.encode());
            })
        });
    }
}
