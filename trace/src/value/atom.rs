//! Atoms as Elixir prints them.

/// Names that are atoms without quotes though they are no identifiers.
const OPERATORS: &[&str] = &[
    "!", "!=", "!==", "%", "%{}", "&", "&&", "&&&", "*", "**", "+", "++", "+++", "-", "--", "---", "->", ".", "..",
    "...", "..//", "/", "<", "<-", "<<<", "<<>>", "<<~", "<=", "<>", "<|>", "<~", "<~>", "=", "==", "===", "=~", ">",
    ">=", ">>>", "@", "\\\\", "^", "{}", "|", "|>", "||", "|||", "~>", "~>>",
];

/// `:ok`, `Shop.Cart`, `nil`, `:"odd atom"`.
pub fn atom_text(text: &str) -> String {
    if matches!(text, "nil" | "true" | "false") {
        return text.to_owned();
    }
    if let Some(alias) = alias(text) {
        return alias.to_owned();
    }
    if is_bare(text) { format!(":{text}") } else { format!(":{}", super::inspect::quote(text)) }
}

/// Whether a list of pairs with this key may be written as keywords.
pub(super) fn is_keyword(text: &str) -> bool {
    !text.starts_with("Elixir.")
}

/// The key of a keyword, with its colon: `a:`, `"odd key":`.
pub(super) fn keyword_text(text: &str) -> String {
    if is_bare(text) { format!("{text}:") } else { format!("{}:", super::inspect::quote(text)) }
}

/// The alias that an atom's text is, without its `Elixir.`.
pub(super) fn alias(text: &str) -> Option<&str> {
    if text == "Elixir" {
        return Some(text);
    }
    let alias = text.strip_prefix("Elixir.")?;
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    alias.split('.').all(is_part).then_some(alias)
}

fn is_bare(text: &str) -> bool {
    if OPERATORS.binary_search(&text).is_ok() {
        return true;
    }
    if text == "Elixir" || text.starts_with("Elixir.") {
        return false;
    }
    let body = text.strip_suffix(['?', '!']).unwrap_or(text);
    let starts = body.starts_with(|c: char| c == '_' || c.is_alphabetic());
    starts && body.chars().all(|c| c == '_' || c == '@' || c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn atoms_read_as_elixir_1_14_prints_them() {
        let check = |text: &str, printed: &str, key: &str| {
            assert_eq!(atom_text(text), printed);
            assert_eq!(keyword_text(text), key);
        };
        check("ok", ":ok", "ok:");
        check("odd atom", r#":"odd atom""#, r#""odd atom":"#);
        check("foo?", ":foo?", "foo?:");
        check("foo@bar", ":foo@bar", "foo@bar:");
        check("é", ":é", "é:");
        check("日本", ":日本", "日本:");
        check("1a", r#":"1a""#, r#""1a":"#);
        check("", r#":"""#, r#""":"#);
        check("Foo", ":Foo", "Foo:");
        check("a-b", r#":"a-b""#, r#""a-b":"#);
        check("a\nb", r#":"a\nb""#, r#""a\nb":"#);
        check("#{a}", r##":"\#{a}""##, r##""\#{a}":"##);
        check("foo?a", r#":"foo?a""#, r#""foo?a":"#);
        check("nil.x", r#":"nil.x""#, r#""nil.x":"#);
        check("[]", r#":"[]""#, r#""[]":"#);
        check("=>", r#":"=>""#, r#""=>":"#);
        check("not in", r#":"not in""#, r#""not in":"#);
        for operator in OPERATORS {
            check(operator, &format!(":{operator}"), &format!("{operator}:"));
        }
        check("and", ":and", "and:");
        check("Elixir", "Elixir", r#""Elixir":"#);
        assert!(OPERATORS.is_sorted());
    }

    #[test]
    fn aliases_lose_their_prefix() {
        for (text, printed) in [
            ("Elixir.Foo.Bar", "Foo.Bar"),
            ("Elixir.foo", r#":"Elixir.foo""#),
            ("Elixir.Foo.1", r#":"Elixir.Foo.1""#),
            ("Elixir.É", r#":"Elixir.É""#),
            ("nil", "nil"),
            ("true", "true"),
        ] {
            assert_eq!(atom_text(text), printed);
        }
        assert!(!is_keyword("Elixir.Foo"));
    }
}
