//! Plans that are right, and what is said of those that are not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

#[test]
fn a_plan_is_read_with_the_lines_of_its_parts() {
    let text = r#"
strategy = "balanced"
[[rules]]
functions = "Shop.*"
strategy = "full"
items = 127
payload_bytes = 64

[[rules]]
functions = "Shop.Secrets"
strategy = "none"

[[points]]
file = "lib/shop.ex"
line = 31
capture = ["amount", "ok?", "_rest"]
if = "amount > 1000"
depth = 1
"#;
    let (request, origin) = read("p.toml", text).unwrap();
    let rule = |functions: &str, strength, limits| Rule { functions: functions.into(), strength, limits };
    let limits = TermLimits { items: 127, payload_bytes: 64, ..TermLimits::default() };
    let point = Point {
        file: "lib/shop.ex".into(),
        line: 31,
        capture: ["amount", "ok?", "_rest"].map(String::from).to_vec(),
        condition: Some("amount > 1000".into()),
        limits: TermLimits { depth: 1, ..TermLimits::default() },
    };
    let values = rule("Shop.*", Some(Strength::Values), limits);
    let rules = vec![values, rule("Shop.Secrets", None, TermLimits::default())];
    assert_eq!(request, Request { strength: Strength::Branches, rules, points: vec![point] });
    assert_eq!(origin, Origin { file: "p.toml".into(), rules: vec![3, 9], points: vec![13] });
    assert_eq!(read("p.toml", "").unwrap().0, Request::default());
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    let check = |text: &str, expected: &str| {
        assert_eq!(read("p.toml", text).unwrap_err().to_string(), format!("p.toml:{expected}"));
    };
    check("\nstrategie = \"full\"", "2: unknown key `strategie`, did you mean `strategy`?");
    check("x = 1", "1: unknown key `x`; the plan has strategy, rules, points");
    check("strategy = \"ful\"", "1: no strategy `ful`, did you mean `full`?");
    check("strategy = \"x\"", "1: no strategy `x`: there are minimal, balanced, full and none");
    check("strategy = 1", "1: `strategy` must be a text in quotes, and is an integer");
    check("strategy = \"none\"", "1: `none` is for rules: a plan leaves clean what its rules leave clean");
    check("\nrules = 1", "2: `rules` must be tables: begin each with [[rules]]");
    check("\n[rules]\nfunctions = \"A\"", "2: `rules` must be tables: begin each with [[rules]]");
    check("\n[[rules]]\nfunctions = \"A\"", "2: a rule needs `strategy`");
    check("[[rules]]\nfunction = \"A\"", "2: unknown key `function`, did you mean `functions`?");
    let point = |rest: &str| format!("[[points]]\nfile = \"a.ex\"\n{rest}");
    check(&point("line = 0\ncapture = [\"x\"]"), "3: `line` must be a line's number, from 1, and is an integer");
    check(&point("line = \"9\"\ncapture = [\"x\"]"), "3: `line` must be a line's number, from 1, and is a string");
    check(&point("line = 9"), "1: a point needs `capture`");
    check(&point("line = 9\ncapture = []"), "4: `capture` names no variable");
    check(&point("line = 9\ncapture = \"x\""), "4: `capture` must be a list of names, such as [\"amount\"]");
    let no_variable = "is no variable's name; a plan captures variables, not expressions";
    check(&point("line = 9\ncapture = [\"x + 1\"]"), &format!("4: `x + 1` {no_variable}"));
    let eleven = "\"x\", ".repeat(11);
    check(&point(&format!("line = 9\ncapture = [{eleven}]")), "4: `capture` names 11 variables; a point holds 10");
    let rule = |rest: &str| format!("[[rules]]\nfunctions = \"A\"\nstrategy = \"full\"\n{rest}");
    check(&rule("depth = 0"), "4: `depth` must be a number from 1 to 32, and is 0");
    check(&rule("binary_bytes = 0x1_0001"), "4: `binary_bytes` must be a number from 1 to 65536, and is 65537");
    check(&rule("\nitems = 128"), "5: `items` must be a number from 1 to 127, and is 128");
    check(&rule("payload_bytes = -1"), "4: `payload_bytes` must be a number from 64 to 32768, and is an integer");
    check(&rule("binary_bytes = \"8\""), "4: `binary_bytes` must be a number from 1 to 65536, and is a string");
    check(&rule("dept = 1"), "4: unknown key `dept`, did you mean `depth`?");
    check(&point("line = 9\ncapture = [\"x\"]\ndepth = 33"), "5: `depth` must be a number from 1 to 32, and is 33");
    let none = "[[rules]]\nfunctions = \"A\"\nitems = 1\ndepth = 1\nstrategy = \"none\"";
    check(none, "3: `items` limits values, and `none` records none");
    check("[[points]\n", "1: unclosed array table, expected `]`");
}
