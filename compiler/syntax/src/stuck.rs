//! The token at which the grammar gave up.

use crate::green::{parser, shown, with_holes};
use crate::repair::Repairs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the grammar first could not go on: the byte behind the last token that
/// fitted. The tree does not tell, since recovery may give up what came before;
/// the parser's log does.
pub(crate) fn stuck_at(text: &str, repairs: &Repairs) -> Option<usize> {
    let bytes = shown(text, &repairs.patches);
    let bytes = with_holes(&bytes, 0..text.len(), &repairs.holes);
    let stuck = Arc::new(Mutex::new(Stuck::default()));
    let log = Arc::clone(&stuck);
    let mut parser = parser();
    parser.set_logger(Some(Box::new(move |_, message| lock(&log).hear(message))));
    parser.parse(&*bytes, None)?;
    let (row, column) = lock(&stuck).at?;
    let line = text.split_inclusive('\n').take(row).map(str::len).sum::<usize>();
    Some(line + column)
}

/// Nothing panics while it holds the lock.
fn lock(stuck: &Mutex<Stuck>) -> MutexGuard<'_, Stuck> {
    stuck.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the parser's log said so far.
#[derive(Default)]
struct Stuck {
    /// Where the version stands that is being tried.
    process: (usize, usize),
    /// The furthest that a version came which could not go on.
    furthest: Option<(usize, usize)>,
    /// The same, once all versions were stuck and one was taken up again.
    at: Option<(usize, usize)>,
}

impl Stuck {
    fn hear(&mut self, message: &str) {
        if self.at.is_some() {
            return;
        }
        if let Some(process) = message.strip_prefix("process ") {
            let number = |name: &str| process.split(", ").find_map(|part| part.strip_prefix(name)?.parse().ok());
            if let (Some(row), Some(column)) = (number("row:"), number("col:")) {
                self.process = (row, column);
            }
        } else if message.starts_with("detect_error") {
            self.furthest = self.furthest.max(Some(self.process));
        } else if message.starts_with("resume ") {
            self.at = self.furthest;
        }
    }
}
