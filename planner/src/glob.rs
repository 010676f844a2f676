//! Patterns for paths and for names.

/// Whether `pattern` describes the whole of `text`: `*` stands for any text
/// without a `/`, `**/` for any folders or none, `?` for one character but `/`.
pub fn matches(pattern: &str, text: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("**/") {
        return tails(text).any(|tail| matches(rest, tail));
    }
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let end = text.find('/').unwrap_or(text.len());
            (0..=end).filter(|at| text.is_char_boundary(*at)).any(|at| matches(letters.as_str(), &text[at..]))
        }
        Some(letter) => {
            let mut found = text.chars();
            let same = |found: char| found == letter || letter == '?' && found != '/';
            found.next().is_some_and(same) && matches(letters.as_str(), found.as_str())
        }
    }
}

/// The text, and what is left of it behind each `/`.
fn tails(text: &str) -> impl Iterator<Item = &str> {
    std::iter::once(text).chain(text.match_indices('/').map(|(at, _)| &text[at + 1..]))
}

/// Whether `pattern` describes the path, or a folder that holds it.
pub fn covers(pattern: &str, path: &str) -> bool {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let pattern = pattern.trim_end_matches('/');
    matches(pattern, path) || path.match_indices('/').any(|(end, _)| matches(pattern, &path[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_describes_the_whole() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern, text), expected, "{pattern} against {text}");
        };
        check("lib/a.ex", "lib/a.ex", true);
        check("lib/a.ex", "lib/a.exs", false);
        check("lib/*.ex", "lib/a.ex", true);
        check("lib/*.ex", "lib/a/b.ex", false);
        check("lib/**/*_pb.ex", "lib/a_pb.ex", true);
        check("lib/**/*_pb.ex", "lib/a/b/c_pb.ex", true);
        check("lib/?.ex", "lib/ä.ex", true);
        check("lib?a.ex", "lib/a.ex", false);
        check("Shop.*", "Shop.Ledger.post", true);
        check("*", "", true);
        check("", "a", false);
    }

    #[test]
    fn a_folder_covers_what_it_holds() {
        let check = |pattern: &str, expected: bool| assert_eq!(covers(pattern, "lib/gen/a.ex"), expected, "{pattern}");
        for pattern in ["lib", "lib/", "./lib/gen", "lib/g*", "lib/gen/a.ex", "**/gen"] {
            check(pattern, true);
        }
        for pattern in ["li", "gen", "lib/gen/a", ""] {
            check(pattern, false);
        }
    }
}
