//! What somebody wants of a project: rules, exclusions, points, and what is said
//! of a plan that asks in vain.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use driver::{Origin, Outcome, Project, Settings, Source};
use std::path::{Path, PathBuf};
use wire::{Point, Reason, Request, Rule, Strength, TermLimits};

const SHOP: &str = "\
defmodule Shop do
  def start(x), do: x

  defmodule Ledger do
    def post(a), do: a
  end
end
";
const QUIET: &str = "\
defmodule Quiet do
  @compile {:elixir_scope,  false}
  def f(x), do: x

  defmodule Inner do
    @compile :debug_info
    def g(x), do: x
  end
end
";

fn project(settings: Settings) -> Project {
    let files = [("lib/shop.ex", SHOP), ("lib/quiet.ex", QUIET), ("lib/broken.ex", "def f(")];
    let source = |(path, text): (&str, &str)| Source { path: path.into(), text: text.into() };
    Project::of_sources(files.into_iter().map(source).collect()).with(settings)
}

fn rules(rules: &[(&str, Option<Strength>)]) -> Settings {
    let rule = |(functions, strength): &(&str, Option<Strength>)| Rule {
        functions: (*functions).to_owned(),
        strength: *strength,
        limits: TermLimits::default(),
    };
    let request = Request { rules: rules.iter().map(rule).collect(), ..Request::default() };
    Settings { request, ..Settings::default() }
}

fn excluding(patterns: &[&str]) -> Settings {
    Settings { exclude: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(), ..Settings::default() }
}

/// What has probes, with its strength and reason, and what has none and why.
#[track_caller]
fn check(settings: Settings, probed: &[(&str, Strength, Reason)], clean: &[&str]) {
    let plan = driver::build(&project(settings), &|| {}).plan();
    let found: Vec<_> =
        plan.clauses.iter().map(|clause| (clause.function.as_str(), clause.strength, clause.reason)).collect();
    assert_eq!(found, probed);
    let refusals = plan.refusals.iter().filter(|refusal| refusal.file != "lib/broken.ex");
    let why: Vec<_> = refusals.map(|one| format!("{}:{} {}", one.file, one.line, one.why)).collect();
    assert_eq!(why, clean);
}

const QUIET_F: &str = "lib/quiet.ex:3 the module has `@compile {:elixir_scope, false}`";
const ALL: [&str; 3] = ["Quiet.Inner.g/1", "Shop.start/1", "Shop.Ledger.post/1"];

fn named(strength: Strength) -> [(&'static str, Strength, Reason); 3] {
    ALL.map(|name| (name, strength, Reason::NamedFunction))
}

#[test]
fn limits_are_those_of_the_rule_that_decides() {
    let mut settings = rules(&[("Shop.*", Some(Strength::Boundaries)), ("Shop.Ledger", Some(Strength::Boundaries))]);
    settings.request.rules[1].limits = TermLimits::from([1, 2, 8, 64]);
    let built = driver::build(&project(settings), &|| {});
    let limits: Vec<_> = built.plan().clauses.iter().map(|clause| (clause.function.clone(), clause.limits)).collect();
    let expected = [TermLimits::default(), TermLimits::default(), TermLimits::from([1, 2, 8, 64])];
    assert_eq!(limits, ALL.map(str::to_owned).into_iter().zip(expected).collect::<Vec<_>>());
    let text = built.files.iter().find_map(|file| match &file.outcome {
        Outcome::Instrumented(done) if file.path == "lib/shop.ex" => Some(done.text.as_str()),
        _ => None,
    });
    let lines: Vec<_> = text.unwrap().lines().filter(|line| line.contains("def ")).collect();
    let limited = |line: &str| line.matches(", 1, 2, 8, 64}, ").count();
    assert_eq!(lines.iter().map(|line| limited(line)).collect::<Vec<_>>(), [0, 2], "{lines:?}");
}

#[test]
fn each_clause_has_its_strength_and_its_reason() {
    check(Settings::default(), &named(Strength::Boundaries), &[QUIET_F]);
    let mut full = Settings::default();
    full.request.strength = Strength::Values;
    check(full, &named(Strength::Values), &[QUIET_F]);
    let mut expected = named(Strength::Boundaries);
    expected[2] = (ALL[2], Strength::Branches, Reason::Rule(2));
    check(
        rules(&[("Shop.*", None), ("Shop.Ledger", Some(Strength::Branches))]),
        &[expected[0], expected[2]],
        &[QUIET_F, "lib/shop.ex:2 rule 1 of the plan"],
    );
}

#[test]
fn what_is_excluded_stays_clean_and_is_not_complained_of() {
    let [inner, start, post] = named(Strength::Boundaries);
    check(excluding(&["lib/shop.ex"]), &[inner], &[QUIET_F, "lib/shop.ex:1 the file is excluded by `lib/shop.ex`"]);
    check(excluding(&["Shop"]), &[inner, post], &[QUIET_F, "lib/shop.ex:2 the module is excluded by `Shop`"]);
    let ledger = "lib/shop.ex:5 the module is excluded by `Shop.*`";
    check(excluding(&["Shop.*"]), &[inner, start], &[QUIET_F, ledger]);
    let sink = Settings::default().with_sink("Shop.Ledger").unwrap();
    check(sink, &[inner, start], &[QUIET_F, "lib/shop.ex:5 the module is what the probes call"]);
    for (settings, refused) in [(excluding(&[]), true), (excluding(&["lib/b*"]), false)] {
        let built = driver::build(&project(settings), &|| {});
        assert_eq!(matches!(built.files[0].outcome, Outcome::Refused(_)), refused, "a broken file");
    }
}

/// Every diagnostic of a plan.
fn unmet(settings: Settings) -> Vec<String> {
    let project = project(settings);
    driver::unmet(&project, &driver::build(&project, &|| {})).iter().map(ToString::to_string).collect()
}

#[test]
fn what_a_plan_asks_for_in_vain_is_said_at_its_line() {
    let point = |file: &str, line| Point {
        file: file.into(),
        line,
        capture: vec!["x".into()],
        condition: None,
        limits: TermLimits::default(),
    };
    let mut settings = rules(&[("Shop", None), ("Shop.Legder.*", None), ("Nowhere", None)]);
    settings.request.points = vec![point("lib/shopp.ex", 2), point("lib/shop.ex", 3), point("lib/broken.ex", 1)];
    settings.origin = Some(Origin { file: "p.toml".into(), rules: vec![1, 5, 9], points: vec![20, 30, 40] });
    let found = unmet(settings.clone());
    let expected = [
        "p.toml:5: no function of the project is named by `Shop.Legder.*`, did you mean `Shop.Ledger`?",
        "p.toml:9: no function of the project is named by `Nowhere`",
        "p.toml:20: the project has no source lib/shopp.ex, did you mean `lib/shop.ex`?",
        "p.toml:30: nothing is captured at lib/shop.ex:3: no statement begins there whose function has probes",
    ];
    assert_eq!(found[..4], expected);
    assert!(found[4].starts_with("p.toml:40: nothing is captured at lib/broken.ex:1: "), "{found:?}");
    let shared = unmet(Settings { shared_plan: true, ..settings });
    assert_eq!(shared, found[3..], "what is not of this application is not complained of");
}

fn out(name: &str) -> PathBuf {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // It may not be there.
    let _ = std::fs::remove_dir_all(&out);
    out
}

/// Settings of which each asks for another result.
fn different() -> Vec<Settings> {
    let mut full = Settings::default();
    full.request.strength = Strength::Values;
    let mut point = Settings::default();
    let capture = vec!["x".into()];
    point.request.points =
        vec![Point { file: "lib/shop.ex".into(), line: 2, capture, condition: None, limits: TermLimits::default() }];
    let mut other_point = point.clone();
    other_point.request.points[0].condition = Some("x > 1".into());
    let rule = rules(&[("Shop", None)]);
    let sink = Settings::default().with_sink("sink").unwrap();
    vec![Settings::default(), full, point, other_point, rule, sink, excluding(&["Shop"])]
}

#[test]
fn no_result_of_other_settings_is_used_again() {
    let out = out("other-settings");
    for settings in different().into_iter().chain(different().into_iter().rev()) {
        let project = project(settings);
        let built = driver::build_cached(&project, &out, &|| {}).unwrap();
        assert_eq!(built.files, driver::build(&project, &|| {}).files);
    }
}

#[test]
fn the_stamp_is_of_the_settings_too() {
    let out = out("stamp-settings");
    let all = different();
    for settings in &all {
        let project = project(settings.clone());
        assert_eq!(driver::unchanged(&project, &out), None, "{settings:?}");
        driver::emit(&project, &driver::build(&project, &|| {}), &out).unwrap();
        assert!(driver::unchanged(&project, &out).is_some());
    }
}

#[test]
fn names_of_sinks_are_checked() {
    let error = Settings::default().with_sink("My sink").unwrap_err().to_string();
    assert_eq!(error, "`My sink` is no module's name; write it as in my_sink, :my_sink or My.Sink");
}
