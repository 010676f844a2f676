//! How a site is called where events are shown.

use syntax::SyntaxNode;
use wire::map::capture::SEPARATOR;

/// Characters of a label.
const WIDTH: usize = 40;

/// A node's text on one line, cut short.
pub fn short(node: &SyntaxNode) -> String {
    let text = node.text().to_string();
    let words: Vec<_> = text.split_whitespace().collect();
    let line = words.join(" ").replace(SEPARATOR, " ");
    match line.char_indices().nth(WIDTH) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}
