//! Offsets to lines and columns.

use rowan::TextSize;

/// A position: line and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line.
    pub line: u32,
    /// The column in UTF-8 bytes.
    pub utf8: u32,
}

/// Where each line of a text starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`; lines end with `\n` (a `\r` before it belongs to the line).
    pub fn new(text: &[u8]) -> Self {
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u32 + 1);
        Self { starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The position of `offset`.
    pub fn position(&self, offset: TextSize) -> LineColumn {
        let offset = u32::from(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        // partition_point is at least 1, since the first line starts at 0.
        LineColumn { line: line as u32, utf8: offset - self.starts[line - 1] + 1 }
    }

    /// The line of `offset`.
    pub fn line(&self, offset: TextSize) -> u32 {
        self.position(offset).line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_at_every_edge() {
        let index = LineIndex::new("ab\nä\n".as_bytes());
        let at = |offset: u32| {
            let position = index.position(TextSize::from(offset));
            (position.line, position.utf8)
        };
        assert_eq!([at(0), at(2), at(3), at(5), at(6)], [(1, 1), (1, 3), (2, 1), (2, 3), (3, 1)]);
    }
}
