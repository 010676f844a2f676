//! Numbers, times and tables as text.

use std::io::{self, Write};
use trace::Clock;

/// Of a process whose reason to end is not known: it ended before it was watched.
pub const ENDED: &str = "ended (reason unknown)";

/// `999_998`, as Elixir writes it.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// `1 call`, `2 calls`.
pub fn counted(n: u64, what: &str) -> String {
    let plural = if what.ends_with('s') { "es" } else { "s" };
    format!("{} {what}{}", count(n), if n == 1 { "" } else { plural })
}

/// `3.2 MB`
pub fn bytes(n: u64) -> String {
    let units = ["B", "KB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (n as f64, 0);
    while size >= 1000.0 && unit + 1 < units.len() {
        (size, unit) = (size / 1000.0, unit + 1);
    }
    if unit == 0 { format!("{n} B") } else { format!("{size:.1} {}", units[unit]) }
}

/// A length of time with three digits that count: `41.2µs`, `1.50s`, `2m03s`.
pub fn duration(ns: u64) -> String {
    let scaled = |unit: f64, name: &str| {
        let value = ns as f64 / unit;
        let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
        format!("{value:.digits$}{name}")
    };
    match ns {
        0..1_000 => format!("{ns}ns"),
        1_000..999_500 => scaled(1e3, "µs"),
        999_500..999_500_000 => scaled(1e6, "ms"),
        999_500_000..60_000_000_000 => scaled(1e9, "s"),
        _ => format!("{}m{:02}s", ns / 60_000_000_000, ns / 1_000_000_000 % 60),
    }
}

/// A moment from the start, precise enough for `--from` and `--to`.
pub fn moment(ns: i64) -> String {
    let value = ns as f64;
    match ns.unsigned_abs() {
        0..1_000_000_000 => format!("{:.3}ms", value / 1e6),
        1_000_000_000..100_000_000_000 => format!("{:.5}s", value / 1e9),
        _ => format!("{:.3}s", value / 1e9),
    }
}

/// A moment that somebody asks for, in ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// From the recording's start.
    FromStart(i64),
    /// Since 1970, by the clock of the system that recorded.
    System(u64),
}

impl Moment {
    /// In ns from the recording's start.
    pub fn since_start(self, clock: &Clock) -> i64 {
        match self {
            Self::FromStart(ns) => ns,
            Self::System(ns) => clock.at_system(ns),
        }
    }
}

/// A time from the start, or `@1790000000.25`: seconds since 1970, as `date +@%s.%N` has them.
pub fn parse_moment(text: &str) -> Result<Moment, String> {
    let Some(seconds) = text.trim().strip_prefix('@') else { return parse_time(text).map(Moment::FromStart) };
    let (whole, part) = seconds.split_once('.').unwrap_or((seconds, ""));
    let is_number = [whole, part].iter().all(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    // Not a float: that has no room for the nanoseconds of today.
    let number = format!("{whole}{part:0<9.9}").parse().ok().filter(|_| is_number && !whole.is_empty());
    number
        .map(Moment::System)
        .ok_or_else(|| format!("{text:?} is no number of seconds since 1970, such as @1790000000.25"))
}

/// `1.5s`, `200ms`, `40us`, `1m30s`, `-3ns`; a bare number counts seconds.
fn parse_time(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no time from the start, such as 1.5s, 200ms, 40us or 2m");
    let (sign, text) = text.trim().strip_prefix('-').map_or((1.0, text), |text| (-1.0, text));
    let (mut rest, mut total) = (text.trim(), 0.0);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
        let units = [("ms", 1e6), ("us", 1e3), ("µs", 1e3), ("ns", 1.0), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)];
        let unit = units.iter().find_map(|(unit, ns)| Some((rest[end..].strip_prefix(unit)?, *ns)));
        let (after, ns) = unit.or_else(|| rest[end..].is_empty().then_some(("", 1e9))).ok_or_else(wrong)?;
        (rest, total) = (after, total + number * ns);
    }
    if text.trim().is_empty() { Err(wrong()) } else { Ok((sign * total).round() as i64) }
}

/// `2026-11-21 08:00:01Z`
pub fn date(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days from 1970 to a date of the Gregorian calendar, by eras of 400 years
    // that begin on 1 March.
    let shifted = days + 719_468;
    let (era, day) = (shifted / 146_097, shifted % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year + u64::from(month >= 10), if month < 10 { month + 3 } else { month - 9 });
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day_of_month:02} {hour:02}:{minute:02}:{second:02}Z")
}

/// Characters, which is what columns count.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// Columns as wide as their widest cell; `right` says which are aligned right.
pub fn table(out: &mut dyn Write, indent: &str, rows: &[Vec<String>], right: &[bool]) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max();
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::from(indent);
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column] - width(cell));
            let (before, after) =
                if right.get(column).copied().unwrap_or(false) { (pad.as_str(), "") } else { ("", pad.as_str()) };
            line.push_str(if column > 0 { "  " } else { "" });
            line.extend([before, cell, after]);
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well_and_parse_back() {
        let durations: Vec<_> =
            [7, 1_000, 41_234, 999_499, 999_500, 1_500_000_000, 123_000_000_000].map(duration).into();
        assert_eq!(durations, ["7ns", "1.00µs", "41.2µs", "999µs", "1.00ms", "1.50s", "2m03s"]);
        let moments =
            [("1.5s", 1_500_000_000), ("200ms", 200_000_000), ("1m30s", 90_000_000_000), ("2", 2_000_000_000)];
        for (text, ns) in moments {
            assert_eq!(parse_moment(text), Ok(Moment::FromStart(ns)));
        }
        assert_eq!(parse_moment("-3ns"), Ok(Moment::FromStart(-3)));
        assert_eq!(parse_moment(&moment(12_031_000)), Ok(Moment::FromStart(12_031_000)));
        for (text, ns) in
            [("@7", 7_000_000_000), ("@1790000000.000000001", 1_790_000_000_000_000_001), ("@0.25", 250_000_000)]
        {
            assert_eq!(parse_moment(text), Ok(Moment::System(ns)));
        }
        assert!(
            ["", "x", "1.2.3s", "5 parsecs", "-", "--1s", "@", "@-1", "@1.x", "@.5", "@99999999999"]
                .iter()
                .all(|text| parse_moment(text).is_err())
        );
    }

    #[test]
    fn dates_and_counts() {
        assert_eq!(date(0), "1970-01-01 00:00:00Z");
        assert_eq!(date(1_709_210_096_000_000_000), "2024-02-29 12:34:56Z");
        assert_eq!(date(4_102_444_799_000_000_000), "2099-12-31 23:59:59Z");
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1_000", "1_234_567"]);
        assert_eq!((bytes(999), bytes(1_234_567)), ("999 B".to_owned(), "1.2 MB".to_owned()));
        assert_eq!((counted(1, "call"), counted(2, "process")), ("1 call".to_owned(), "2 processes".to_owned()));
    }
}
