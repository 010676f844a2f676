//! Full segments: what a flight recorder recycles, the oldest first, and what still
//! needs its sums.
//!
//! Must never know why one is recycled, or what it holds. Sums read all of a segment, so
//! one is summed at a time, the newest first; what nobody found the time for is summed
//! when the recording ends.

use crate::segment::Segment;
use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

/// How many that are not recycled stay mapped until they are summed.
const MOST_WAITING: usize = 8;

/// Full segments.
#[derive(Default)]
pub struct Full {
    /// Those that stay mapped until they are recycled, the oldest first.
    kept: VecDeque<Kept>,
    /// Those that are done with when they are summed.
    waiting: VecDeque<Segment>,
}

struct Kept {
    segment: Segment,
    since: Instant,
    is_summed: bool,
}

impl Full {
    /// Takes a segment that is recycled some day.
    pub fn keep(&mut self, segment: Segment) {
        self.kept.push_back(Kept { segment, since: Instant::now(), is_summed: false });
    }

    /// Takes a segment that is not recycled: unmaps it when it is summed.
    pub fn finish(&mut self, segment: Segment) {
        self.waiting.push_back(segment);
        if self.waiting.len() > MOST_WAITING {
            self.waiting.pop_front();
        }
    }

    /// Sums one of them.
    pub fn sum_one(&mut self) {
        if let Some(mut segment) = self.waiting.pop_back() {
            segment.sum();
        } else if let Some(kept) = self.kept.iter_mut().rev().find(|kept| !kept.is_summed) {
            kept.segment.sum();
            kept.is_summed = true;
        }
    }

    /// The oldest of those that are recycled.
    pub fn take_oldest(&mut self) -> Option<Segment> {
        self.kept.pop_front().map(|kept| kept.segment)
    }

    /// Whether the oldest was full longer ago than this.
    pub fn is_older(&self, age: Duration) -> bool {
        self.kept.front().is_some_and(|kept| kept.since.elapsed() > age)
    }

    /// How many are recycled some day.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

/// Sums every segment below `dir` that has no sums, at a recording's end. What cannot be
/// opened has none: readers say so.
pub fn sum_rest(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "seg") {
            let _ = Segment::sum_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::segment::SEGMENT_HEADER;
    use wire::{Kind, SegmentHeader, Sums};

    fn segment(dir: &Path, name: &str) -> Segment {
        let mut segment = Segment::create(&dir.join(name), 4096).unwrap();
        segment.open(&SegmentHeader { capacity: 4096, ..Default::default() }, [0; 4]);
        segment.record(Kind::Tail, 0, [9, 10, 11], &[]);
        segment
    }

    #[test]
    fn each_is_summed_once_and_the_rest_at_the_end() {
        let dir = std::env::temp_dir().join(format!("escope-full-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let is_summed = |name: &str| {
            let bytes = std::fs::read(dir.join(name)).unwrap();
            Sums::read(&bytes[..SEGMENT_HEADER]).unwrap().is_some()
        };
        let mut full = Full::default();
        full.keep(segment(&dir, "old.seg"));
        full.keep(segment(&dir, "new.seg"));
        full.finish(segment(&dir, "done.seg"));
        let steps = ["done.seg", "new.seg"];
        for name in steps {
            assert!(!is_summed(name));
            full.sum_one();
            assert!(is_summed(name) && !is_summed("old.seg"));
        }
        assert_eq!((full.len(), full.take_oldest().unwrap().path()), (2, dir.join("old.seg").as_path()));
        sum_rest(&dir);
        assert!(is_summed("old.seg"));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
