//! One line of `trace show` about what happened within a call.

use super::text;
use trace::outline::{DetailView, Named};
use trace::value::inspect;

/// Columns that even the longest name leaves for a value.
const LEAST: usize = 5;

/// What happened, in `room` columns where that is possible: values cut to a limit may
/// exceed it a little, then they get less.
pub fn fitting(view: &DetailView, room: usize) -> String {
    let (mut said, mut limit) = (String::new(), room);
    for _ in 0..4 {
        said = text(view, limit);
        match text::width(&said).checked_sub(room) {
            Some(over @ 1..) => limit = limit.saturating_sub(over + 2),
            _ => return said,
        }
    }
    cut(&said, room.saturating_sub(1))
}

/// What happened, in about `room` columns.
pub fn text(view: &DetailView, room: usize) -> String {
    let room = room.saturating_sub(2);
    let said = match &view.exception {
        Some(exception) => {
            let before = format!("caught {}: ", exception.kind);
            let reason = inspect(&exception.term, room.saturating_sub(text::width(&before)).max(LEAST));
            before + &reason
        }
        None if view.kind == "branch" => cut(format!("branch {}", view.label).trim_end(), room),
        None => {
            let share = room / view.values.len().max(1);
            let values: Vec<_> = view.values.iter().map(|value| named(value, share.saturating_sub(2))).collect();
            let mark = if view.kind == "mark" { "mark " } else { "" };
            format!("{mark}{}", values.join(", "))
        }
    };
    format!("· {said}")
}

// A variable has a value, a call gives one.
fn named(value: &Named, room: usize) -> String {
    let before = match value.name.as_str() {
        "" => String::new(),
        name if is_callee(name) => format!("{name} → "),
        name => format!("{name} = "),
    };
    let shown = inspect(&value.term, room.saturating_sub(text::width(&before)).max(LEAST));
    before + &shown
}

fn is_callee(name: &str) -> bool {
    let arity = name.rsplit_once('/').map_or("", |(_, arity)| arity);
    !arity.is_empty() && arity.bytes().all(|byte| byte.is_ascii_digit())
}

fn cut(text: &str, room: usize) -> String {
    match text.char_indices().nth(room.max(LEAST)) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trace::Value;
    use trace::outline::Exception;

    #[test]
    fn a_line_says_what_happened_in_its_room() {
        let view = |kind, label: &str, values: &[(&str, i64)], exception| DetailView {
            frame: None,
            pid: String::new(),
            at_ns: 0,
            kind,
            function: String::new(),
            file: String::new(),
            line: 0,
            label: label.to_owned(),
            values: values.iter().map(|(name, n)| one(name, *n)).collect(),
            exception,
        };
        let one_line = |view: DetailView| text(&view, 60);
        let thrown = Exception { kind: "throw".to_owned(), reason: String::new(), term: Value::Int(7) };
        assert_eq!(one_line(view("branch", "", &[], None)), "· branch");
        assert_eq!(one_line(view("branch", "{:ok, cart}", &[], None)), "· branch {:ok, cart}");
        assert_eq!(one_line(view("bind", "", &[("total", 3)], None)), "· total = 3");
        assert_eq!(one_line(view("bind", "", &[("Shop.Cart.add/3", 3)], None)), "· Shop.Cart.add/3 → 3");
        assert_eq!(one_line(view("bind", "", &[("", 3)], None)), "· 3");
        assert_eq!(one_line(view("locals", "", &[("a", 1), ("b", 2)], None)), "· a = 1, b = 2");
        assert_eq!(one_line(view("mark", "", &[("", 1), ("", 2)], None)), "· mark 1, 2");
        assert_eq!(one_line(view("caught", "", &[], Some(thrown))), "· caught throw: 7");
        let long = view("branch", &"x".repeat(100), &[], None);
        assert!((15..=20).contains(&text::width(&fitting(&long, 20))));
        let wide = view("locals", "", &[("a", 123_456_789), ("b", 123_456_789), ("c", 123_456_789)], None);
        assert!(text::width(&fitting(&wide, 36)) <= 36);
    }

    fn one(name: &str, n: i64) -> Named {
        Named { name: name.to_owned(), value: n.to_string(), term: Value::Int(n) }
    }
}
