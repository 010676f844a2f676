//! One line of `trace show` about what happened within a call.

use super::text;
use trace::Value;
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
            let before = format!("{}: ", format!("caught {}", exception.kind).trim_end());
            let reason = inspect(&exception.term, room.saturating_sub(text::width(&before)).max(LEAST));
            before + &reason
        }
        None if is_told(view.kind) => told(view, room),
        None if view.kind == "branch" => cut(format!("branch {}", view.label).trim_end(), room),
        None if view.kind == "switch" => cut(&switched(view), room),
        None => {
            let share = room / view.values.len().max(1);
            let values: Vec<_> = view.values.iter().map(|value| named(value, share.saturating_sub(2))).collect();
            let before = match view.kind {
                "mark" => "mark ",
                "level" => "level of detail: ",
                _ => "",
            };
            format!("{before}{}", values.join(", "))
        }
    };
    format!("· {said}")
}

// `trace started: Shop.Cart.add/2: values`
fn switched(view: &DetailView) -> String {
    let said = |value: &Named| match &value.term {
        Value::Atom(what) => what.replace('_', " "),
        Value::Bits { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
        _ => value.value.clone(),
    };
    view.values.iter().map(said).filter(|said| !said.is_empty()).collect::<Vec<_>>().join(": ")
}

fn is_told(kind: &str) -> bool {
    wire::Kind::ALL.into_iter().any(|told| told.is_told() && told.name() == kind)
}

// `send to #PID<0.1.0>: {:ok, 1}`
fn told(view: &DetailView, room: usize) -> String {
    let peer = view.peer.as_deref().unwrap_or_default();
    let before = match view.kind {
        "send" => format!("send to {peer}"),
        "receive" => format!("receive from {peer}"),
        "spawned" => format!("spawned by {peer}"),
        kind if peer.is_empty() => kind.to_owned(),
        kind => format!("{kind} {peer}"),
    };
    let remark = match (view.kind, view.remark) {
        ("send" | "receive", "") if view.other_end.is_none() => " ?".to_owned(),
        (_, "") => String::new(),
        (_, remark) => format!(" ({remark})"),
    };
    let Some(value) = view.values.first() else { return cut(&(before + &remark), room) };
    let used = text::width(&before) + text::width(&remark) + 2;
    format!("{before}: {}{remark}", inspect(&value.term, room.saturating_sub(used).max(LEAST)))
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
            event: 0,
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
            peer: None,
            other_end: None,
            remark: "",
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
        let peer = Some("#PID<0.1.0>".to_owned());
        let sent = DetailView { peer, ..view("send", "", &[("", 3)], None) };
        assert_eq!(one_line(sent.clone()), "· send to #PID<0.1.0>: 3 ?");
        assert_eq!(one_line(DetailView { other_end: Some(1), ..sent.clone() }), "· send to #PID<0.1.0>: 3");
        let nobody = DetailView { remark: "no such process", ..sent };
        assert_eq!(one_line(nobody), "· send to #PID<0.1.0>: 3 (no such process)");
        let long = view("branch", &"x".repeat(100), &[], None);
        assert!((15..=20).contains(&text::width(&fitting(&long, 20))));
        let wide = view("locals", "", &[("a", 123_456_789), ("b", 123_456_789), ("c", 123_456_789)], None);
        assert!(text::width(&fitting(&wide, 36)) <= 36);
    }

    fn one(name: &str, n: i64) -> Named {
        Named { name: name.to_owned(), value: n.to_string(), term: Value::Int(n) }
    }
}
