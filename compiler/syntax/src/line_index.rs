//! Offsets to lines and columns.

use rowan::TextSize;

/// A position: line and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line.
    pub line: u32,
    /// The column in UTF-8 bytes.
    pub utf8: u32,
    /// The column in UTF-16 units, as editors count.
    pub utf16: u32,
}

/// Where each line of a text starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// For each character beyond ASCII, where it ends, and by how much the text up to
    /// there is shorter in UTF-16 units than in bytes.
    shorter: Vec<(u32, u32)>,
}

impl LineIndex {
    /// Indexes `text`; lines end with `\n` (a `\r` before it belongs to the line).
    /// A byte that is not UTF-8 counts as one unit.
    pub fn new(text: &[u8]) -> Self {
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at as u32 + 1);
        Self { starts: std::iter::once(0).chain(ends).collect(), shorter: shorter(text) }
    }

    /// The position of `offset`.
    pub fn position(&self, offset: TextSize) -> LineColumn {
        let offset = u32::from(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        // partition_point is at least 1, since the first line starts at 0.
        let start = self.starts[line - 1];
        let utf8 = offset - start + 1;
        let utf16 = utf8 - (self.shorter_by(offset) - self.shorter_by(start));
        LineColumn { line: line as u32, utf8, utf16 }
    }

    /// The line of `offset`.
    pub fn line(&self, offset: TextSize) -> u32 {
        self.position(offset).line
    }

    fn shorter_by(&self, offset: u32) -> u32 {
        let before = self.shorter.partition_point(|(end, _)| *end <= offset);
        before.checked_sub(1).map_or(0, |last| self.shorter[last].1)
    }
}

fn shorter(text: &[u8]) -> Vec<(u32, u32)> {
    let (mut at, mut sum, mut out) = (0, 0, Vec::new());
    for chunk in text.utf8_chunks() {
        for (place, c) in chunk.valid().char_indices().filter(|(_, c)| !c.is_ascii()) {
            sum += (c.len_utf8() - c.len_utf16()) as u32;
            out.push(((at + place + c.len_utf8()) as u32, sum));
        }
        at += chunk.valid().len() + chunk.invalid().len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], expected: &[(u32, (u32, u32, u32))]) {
        let index = LineIndex::new(text);
        for (offset, place) in expected {
            let position = index.position(TextSize::from(*offset));
            assert_eq!((position.line, position.utf8, position.utf16), *place, "offset {offset}");
        }
    }

    #[test]
    fn positions_count_from_one_at_every_edge() {
        let places = [(0, (1, 1, 1)), (2, (1, 3, 3)), (3, (2, 1, 1)), (5, (2, 3, 2)), (6, (3, 1, 1))];
        check("ab\nä\n".as_bytes(), &places);
    }

    #[test]
    fn editors_count_two_units_beyond_the_first_plane() {
        // a é 🍵 z, twice: the second line counts for itself.
        let text = "aé🍵z\naé🍵z".as_bytes();
        let places = [(1, (1, 2, 2)), (3, (1, 4, 3)), (7, (1, 8, 5)), (8, (1, 9, 6)), (16, (2, 8, 5))];
        check(text, &places);
        check(b"\xff\xc3\xa4b", &[(1, (1, 2, 2)), (3, (1, 4, 3))]);
    }

    #[test]
    fn columns_are_those_of_the_text_re_encoded() {
        let text = "x = \"ä🍵\" # ß\ny𝔘 = 'é'\n";
        let index = LineIndex::new(text.as_bytes());
        for (at, _) in text.char_indices() {
            let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
            let expected = line.encode_utf16().count() as u32 + 1;
            assert_eq!(index.position(TextSize::from(at as u32)).utf16, expected, "offset {at}");
        }
    }
}
