//! Points of a plan: where they come to stand, and what is said of those that cannot.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use driver::{Outcome, Project, Settings, Source};
use wire::{NodeKind, Point, Rule, TermLimits};

const TEXT: &str = "\
defmodule Cart do
  def total(items) do
    sum = Enum.reduce(items, 0, fn {name, n}, acc ->
      price = price(name)
      acc + price * n
    end)
    _tax = sum * 2
    sum
  end

  defp price(_name), do: 3

  @rate 2
end
";

/// The line of the text once `point` was asked for, and what is said.
fn instrumented(point: Point) -> (String, Vec<String>) {
    let clean = Rule { functions: "Cart".into(), strength: None, limits: TermLimits::default() };
    let mut settings = Settings::default();
    settings.request.rules = vec![clean];
    settings.request.points = vec![point.clone()];
    let source = Source { path: "lib/cart.ex".into(), text: TEXT.into() };
    let project = Project::of_sources(vec![source]).with(settings);
    let built = driver::build(&project, &|| {});
    let said: Vec<String> = driver::unmet(&project, &built).iter().map(ToString::to_string).collect();
    let text = match &built.files[0].outcome {
        Outcome::Instrumented(done) => {
            let points = done.sites.iter().filter(|site| site.kind == NodeKind::Point).count();
            assert_eq!(points, usize::from(Vec::is_empty(&said)));
            done.text.clone()
        }
        _ => TEXT.to_owned(),
    };
    (text.lines().nth(point.line as usize - 1).unwrap_or_default().trim().to_owned(), said)
}

fn point(line: u32, capture: &[&str], condition: Option<&str>) -> Point {
    let capture = capture.iter().map(|name| (*name).to_owned()).collect();
    Point {
        file: "lib/cart.ex".into(),
        line,
        capture,
        condition: condition.map(str::to_owned),
        limits: TermLimits::default(),
    }
}

#[test]
fn a_point_stands_before_its_statement_in_a_function_that_is_else_clean() {
    let check = |point: Point, before: &str, after: &str| {
        let (line, said) = instrumented(point);
        assert!(line.contains(before) && line.ends_with(after), "{line}");
        assert_eq!(said, Vec::<String>::new());
    };
    check(point(7, &["sum"], None), ", sum); _tax =", "_tax = sum * 2");
    check(point(5, &["price", "acc"], None), ", price, acc); acc +", "acc + price * n");
    check(point(5, &["n"], Some("acc > 0")), "case [] do _ when (acc > 0) -> :scope_probe.locals(", "acc + price * n");
}

#[test]
fn a_point_that_cannot_stand_is_said() {
    let check = |point: Point, why: &str| {
        let (_, said) = instrumented(point);
        assert!(said.len() == 1 && said[0].contains(why), "{said:?}");
    };
    check(point(13, &["x"], None), "nothing is captured at lib/cart.ex:13");
    check(point(99, &["x"], None), "nothing is captured at lib/cart.ex:99");
    check(point(7, &["sums"], None), "there is no variable `sums`");
    check(point(8, &["_tax"], None), "underscored");
    check(point(7, &[], None), "captures 1 to 10 variables");
    check(point(7, &["sum"], Some("f(sum)")), "may not have `f(sum)`");
    check(point(7, &["sum"], Some("sum >")), "syntax error");
    check(point(7, &["sum"], Some("other > 1")), "there is no variable `other`");
}
