//! Floats as Elixir prints them.

/// The shortest text that reads back as the same float: whole numbers below
/// 10¹⁶ in full, else the shorter of decimal and scientific notation.
pub(super) fn float_text(float: f64) -> String {
    if !float.is_finite() {
        return "NaN or infinity".to_owned(); // no term of the VM's
    }
    if float.trunc() == float && (1.0..1.0e16).contains(&float.abs()) {
        return format!("{float:.1}");
    }
    let scientific = format!("{:e}", float.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = even(float.abs(), digits.chars().filter(char::is_ascii_digit).collect());
    let sign = if float.is_sign_negative() { "-" } else { "" };
    format!("{sign}{}", place(&digits, exponent.parse().unwrap_or(0)))
}

// Where the float lies half way between two shortest texts, Rust takes the
// upper and OTP the one that ends in an even digit.
fn even(float: f64, digits: String) -> String {
    let exact: String =
        format!("{float:.40e}").chars().take_while(|c| *c != 'e').filter(char::is_ascii_digit).collect();
    let (lower, rest) = exact.split_at_checked(digits.len()).unwrap_or((&digits, ""));
    let is_half_way = rest.strip_prefix('5').is_some_and(|zeros| zeros.bytes().all(|digit| digit == b'0'));
    let is_even = lower.ends_with(['0', '2', '4', '6', '8']);
    if is_half_way && is_even { lower.to_owned() } else { digits }
}

// As OTP's io_lib_format does it: `point` digits stand before the point. Whole
// numbers come here from 10¹⁶ on, where it always chooses the scientific form.
fn place(digits: &str, exponent: i64) -> String {
    let (len, point) = (digits.len() as i64, exponent + 1);
    if digits == "0" {
        return "0.0".to_owned();
    }
    if (1..len).contains(&point) {
        let (whole, part) = digits.split_at(point as usize);
        return format!("{whole}.{part}");
    }
    if point == 0 {
        return format!("0.{digits}");
    }
    let cost = exponent.to_string().len() as i64 + if len == 1 { 3 } else { 2 };
    if point < 0 && 2 - point <= cost {
        return format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize));
    }
    let (first, rest) = digits.split_at(1);
    format!("{first}.{}e{exponent}", if rest.is_empty() { "0" } else { rest })
}

#[cfg(test)]
mod tests {
    #[test]
    fn floats_read_as_elixir_1_14_prints_them() {
        for text in [
            "1.0",
            "-1.5",
            "1000.0",
            "123456.0",
            "10000000000.0",
            "1000000000000000.0",
            "1.0e16",
            "1.2345678901234568e17",
            "0.001",
            "0.0001",
            "1.0e-5",
            "1.5e-7",
            "-0.0",
            "0.0",
            "0.1",
            "3.14",
            "1.0e100",
            "1.2345e-10",
            "9007199254740991.0",
            "9007199254740992.0",
            "120000.0",
            "1.2e-4",
            "1.23e-4",
            "123456.5",
            "227175239351830.62",
            "-820808514873437.2",
            "0.5",
            "2.5",
        ] {
            assert_eq!(super::float_text(text.parse().unwrap()), text);
        }
    }
}
