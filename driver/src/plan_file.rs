//! A plan as people write it: TOML, with a place for every complaint.
//!
//! ```toml
//! strategy = "minimal"            # for every function that no rule names
//!
//! [[rules]]                       # the last rule that names a function decides
//! functions = "Shop.Ledger.*"
//! strategy = "full"               # or "none"
//! depth = 3                       # of its values: also items, binary_bytes, payload_bytes
//!
//! [[points]]
//! file = "lib/shop/ledger.ex"
//! line = 31
//! capture = ["amount", "account"]
//! if = "amount > 1000"
//! ```

use crate::Diagnostic;
use crate::settings::{Origin, STRATEGIES, suggestion};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use wire::limits::RANGES;
use wire::{Point, Request, Rule, Strength, TermLimits};

/// The most variables that one event holds.
const MOST_VARIABLES: usize = 10;

/// Reads a plan; `file` is its path, for messages.
///
/// # Errors
/// The first thing that is wrong, with its line and what would be right.
pub fn read(file: &str, text: &str) -> Result<(Request, Origin), Diagnostic> {
    let table = DeTable::parse(text).map_err(|error| Wrong::at(error.span(), error.message()));
    table
        .and_then(|table| plan(text, table.get_ref()))
        .map_err(|wrong| wrong.diagnostic(file, text))
        .map(|(request, origin)| (request, Origin { file: file.to_owned(), ..origin }))
}

/// What is wrong, and where in the text.
struct Wrong(usize, String);

impl Wrong {
    fn at(span: Option<Range<usize>>, what: &str) -> Self {
        // A message of several lines would not stand behind one place.
        Self(span.map_or(0, |span| span.start), what.lines().collect::<Vec<_>>().join(", "))
    }

    fn diagnostic(self, file: &str, text: &str) -> Diagnostic {
        Diagnostic { file: file.to_owned(), line: line(text, self.0), message: self.1 }
    }
}

fn line(text: &str, at: usize) -> u32 {
    let before = text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    u32::try_from(before + 1).unwrap_or(u32::MAX)
}

fn plan(text: &str, table: &DeTable<'_>) -> Result<(Request, Origin), Wrong> {
    let top = Table::of(table, 0, "the plan", &["strategy", "rules", "points"])?;
    let (mut request, mut origin) = (Request::default(), Origin::default());
    if let Some(value) = top.get("strategy") {
        request.strength = strategy(value)?.ok_or_else(|| {
            Wrong::at(Some(value.span()), "`none` is for rules: a plan leaves clean what its rules leave clean")
        })?;
    }
    for (at, table) in top.tables("rules")? {
        request.rules.push(rule(&Table::of(table, at, "a rule", &limited(&["functions", "strategy"]))?)?);
        origin.rules.push(line(text, at));
    }
    for (at, table) in top.tables("points")? {
        request.points.push(point(&Table::of(table, at, "a point", &limited(&["file", "line", "capture", "if"]))?)?);
        origin.points.push(line(text, at));
    }
    Ok((request, origin))
}

fn rule(table: &Table<'_>) -> Result<Rule, Wrong> {
    let (functions, strength) = (table.text("functions")?, strategy(table.need("strategy")?)?);
    let limits = limits(table)?;
    let first = RANGES.iter().filter_map(|(key, ..)| Some((table.get(key)?.span().start, key))).min();
    match (strength, first) {
        (None, Some((at, key))) => Err(Wrong(at, format!("`{key}` limits values, and `none` records none"))),
        _ => Ok(Rule { functions, strength, limits }),
    }
}

/// These keys, and those of limits.
fn limited(keys: &[&'static str]) -> Vec<&'static str> {
    keys.iter().copied().chain(RANGES.map(|(key, ..)| key)).collect()
}

/// The limits of values that a rule or a point sets.
fn limits(table: &Table<'_>) -> Result<TermLimits, Wrong> {
    let mut limits = [0; RANGES.len()];
    for ((key, least, most), limit) in RANGES.iter().zip(&mut limits) {
        let Some(value) = table.get(key) else { continue };
        *limit = number(value).filter(|number| (least..=most).contains(&number)).ok_or_else(|| {
            let found = article(value.get_ref().type_str());
            let found = number(value).map_or(found, |number| number.to_string());
            Wrong::at(Some(value.span()), &format!("`{key}` must be a number from {least} to {most}, and is {found}"))
        })?;
    }
    Ok(limits.into())
}

fn point(table: &Table<'_>) -> Result<Point, Wrong> {
    let place = table.need("line")?;
    let line = number(place).filter(|line| *line > 0).ok_or_else(|| {
        let found = place.get_ref().type_str();
        Wrong::at(Some(place.span()), &format!("`line` must be a line's number, from 1, and is {}", article(found)))
    })?;
    let condition = table.get("if").map(|value| string(value, "if")).transpose()?;
    let (file, capture) = (table.text("file")?, variables(table.need("capture")?)?);
    Ok(Point { file, line, capture, condition, limits: limits(table)? })
}

fn variables(value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Wrong> {
    let wrong = |what: String| Err(Wrong::at(Some(value.span()), &what));
    let Some(list) = value.get_ref().as_array() else {
        return wrong("`capture` must be a list of names, such as [\"amount\"]".to_owned());
    };
    let names = list.iter().map(|one| string(one, "capture")).collect::<Result<Vec<_>, _>>()?;
    if let Some(name) = names.iter().find(|name| !is_variable(name)) {
        return wrong(format!("`{name}` is no variable's name; a plan captures variables, not expressions"));
    }
    match names.len() {
        0 => wrong("`capture` names no variable".to_owned()),
        1..=MOST_VARIABLES => Ok(names),
        count => wrong(format!("`capture` names {count} variables; a point holds {MOST_VARIABLES}")),
    }
}

fn is_variable(name: &str) -> bool {
    let body = name.strip_suffix(['?', '!']).unwrap_or(name);
    body.starts_with(|c: char| c == '_' || c.is_lowercase()) && body.chars().all(|c| c == '_' || c.is_alphanumeric())
}

/// A strength by its strategy's name; none for `none`.
fn strategy(value: &Spanned<DeValue<'_>>) -> Result<Option<Strength>, Wrong> {
    let name = string(value, "strategy")?;
    if name == "none" {
        return Ok(None);
    }
    let found = STRATEGIES.iter().find(|(own, _)| *own == name);
    found.map(|(_, strength)| Some(*strength)).ok_or_else(|| {
        let near = suggestion(&name, STRATEGIES.iter().map(|(own, _)| *own));
        let near = if near.is_empty() { ": there are minimal, balanced, full and none".to_owned() } else { near };
        Wrong::at(Some(value.span()), &format!("no strategy `{name}`{near}"))
    })
}

fn number(value: &Spanned<DeValue<'_>>) -> Option<u32> {
    let integer = value.get_ref().as_integer()?;
    u32::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn string(value: &Spanned<DeValue<'_>>, key: &str) -> Result<String, Wrong> {
    value.get_ref().as_str().map(str::to_owned).ok_or_else(|| {
        let found = article(value.get_ref().type_str());
        Wrong::at(Some(value.span()), &format!("`{key}` must be a text in quotes, and is {found}"))
    })
}

fn article(kind: &str) -> String {
    format!("{} {kind}", if kind.starts_with(['a', 'i']) { "an" } else { "a" })
}

/// A table whose keys are all known.
struct Table<'a> {
    table: &'a DeTable<'a>,
    at: usize,
    what: &'static str,
}

impl<'a> Table<'a> {
    fn of(table: &'a DeTable<'a>, at: usize, what: &'static str, known: &[&str]) -> Result<Self, Wrong> {
        let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        match unknown.min_by_key(|key| key.span().start) {
            None => Ok(Self { table, at, what }),
            Some(key) => {
                let name = key.get_ref().as_ref();
                let near = suggestion(name, known.iter().copied());
                let near = if near.is_empty() { format!("; {what} has {}", known.join(", ")) } else { near };
                Err(Wrong::at(Some(key.span()), &format!("unknown key `{name}`{near}")))
            }
        }
    }

    fn get(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    fn need(&self, key: &str) -> Result<&'a Spanned<DeValue<'a>>, Wrong> {
        self.get(key).ok_or_else(|| Wrong(self.at, format!("{} needs `{key}`", self.what)))
    }

    fn text(&self, key: &str) -> Result<String, Wrong> {
        string(self.need(key)?, key)
    }

    /// The tables of a list, each with its place.
    fn tables(&self, key: &str) -> Result<Vec<(usize, &'a DeTable<'a>)>, Wrong> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let wrong = |span| Wrong::at(Some(span), &format!("`{key}` must be tables: begin each with [[{key}]]"));
        let list = value.get_ref().as_array().ok_or_else(|| wrong(value.span()))?;
        let table = |one: &'a Spanned<DeValue<'a>>| {
            let table = one.get_ref().as_table().ok_or_else(|| wrong(one.span()))?;
            Ok((one.span().start, table))
        };
        list.iter().map(table).collect()
    }
}

#[cfg(test)]
mod tests;
