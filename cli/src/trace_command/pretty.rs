//! Values over several lines, as Elixir's formatter would break them.

use trace::Value;
use trace::value::{End, inspect};

/// A value, broken where it exceeds `width` columns, with `indent` before each new line.
pub fn pretty(value: &Value, width: usize, indent: usize) -> String {
    behind(0, value, width, indent)
}

/// A value that stands behind `before` columns of its first line.
fn behind(before: usize, value: &Value, width: usize, indent: usize) -> String {
    let line = inspect(value, usize::MAX);
    if line.chars().count() + indent + before <= width {
        return line;
    }
    let broken = |open: &str, close: &str, items: Vec<String>| {
        let pad = " ".repeat(indent + 2);
        let items: Vec<_> = items.into_iter().map(|item| format!("{pad}{item}")).collect();
        format!("{open}\n{}\n{}{close}", items.join(",\n"), " ".repeat(indent))
    };
    let each = |items: &[Value]| items.iter().map(|item| pretty(item, width, indent + 2)).collect::<Vec<_>>();
    match value {
        Value::Tuple(items, size) if *size == items.len() as u64 => broken("{", "}", each(items)),
        Value::List(items, End::Proper) if !line.starts_with(['\'', '"', '~']) => {
            let pair = |item: &Value| match item {
                Value::Tuple(pair, 2) if line.starts_with('[') && is_keyword(&pair[0]) => {
                    Some(association(&pair[0], &pair[1], true, width, indent + 2))
                }
                _ => None,
            };
            let keywords: Option<Vec<_>> = items.iter().map(pair).collect();
            broken("[", "]", keywords.unwrap_or_else(|| each(items)))
        }
        Value::Map(pairs, size) if *size == pairs.len() as u64 && line.starts_with('%') => {
            let open = &line[..=line.find('{').unwrap_or(0)];
            let is_struct = open.len() > 2;
            let shown: Vec<_> = pairs.iter().filter(|(key, _)| !(is_struct && is_hidden(key))).collect();
            let all = shown.iter().all(|(key, _)| is_keyword(key));
            broken(
                open,
                "}",
                shown.iter().map(|(key, value)| association(key, value, all, width, indent + 2)).collect(),
            )
        }
        _ => line,
    }
}

fn association(key: &Value, value: &Value, keywords: bool, width: usize, indent: usize) -> String {
    let key = match key {
        Value::Atom(_) if keywords => {
            let text = inspect(key, usize::MAX);
            format!("{}: ", text.trim_start_matches(':'))
        }
        _ => format!("{} => ", inspect(key, usize::MAX)),
    };
    format!("{key}{}", behind(key.chars().count(), value, width, indent))
}

fn is_keyword(key: &Value) -> bool {
    matches!(key, Value::Atom(_)) && inspect(key, usize::MAX).starts_with(':')
}

fn is_hidden(key: &Value) -> bool {
    matches!(key, Value::Atom(text) if text == "__struct__" || text == "__exception__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_a_line() {
        let atom = |text: &str| Value::Atom(text.to_owned());
        let numbers = Value::List((1000..1006).map(Value::Int).collect(), End::Proper);
        let inner = Value::Map(vec![(atom("numbers"), numbers.clone()), (atom("b"), Value::Int(1))], 2);
        let map = Value::Map(vec![(atom("__struct__"), atom("Elixir.Shop.Cart")), (atom("state"), inner)], 2);
        let expected = "%Shop.Cart{\n  state: %{\n    numbers: [1000, 1001, 1002, 1003, 1004, 1005],\n    b: 1\n  }\n}";
        assert_eq!(pretty(&map, 52, 0), expected);
        assert_eq!(pretty(&numbers, 80, 0), "[1000, 1001, 1002, 1003, 1004, 1005]");
        let text = Value::Map(vec![(Value::text("a"), numbers)], 1);
        assert!(pretty(&text, 20, 0).starts_with("%{\n  \"a\" => [\n    1000,\n"));
    }
}
