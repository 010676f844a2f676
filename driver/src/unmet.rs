//! What a plan asks for and the project has not.

use crate::file_result::{FileResult, Outcome};
use crate::settings::suggestion;
use crate::{Built, Diagnostic, Project};
use std::collections::BTreeSet;
use wire::map::DETACHED;
use wire::{NodeKind, Point};

/// A diagnostic for each rule that names nothing and each point that captures nothing.
pub fn unmet(project: &Project, built: &Built) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if !project.settings.shared_plan {
        found.extend(rules(project, built));
    }
    for (at, point) in project.settings.request.points.iter().enumerate() {
        let tell = |message| project.settings.at_plan(|origin| origin.points.get(at), message);
        match built.files.iter().find(|file| file.path == point.file) {
            Some(file) => found.extend(misplaced(file, point).map(tell)),
            None if project.settings.shared_plan => {}
            None => {
                let near = suggestion(&point.file, project.sources.iter().map(|source| source.path.as_str()));
                found.push(tell(format!("the project has no source {}{near}", point.file)));
            }
        }
    }
    found
}

fn rules(project: &Project, built: &Built) -> Vec<Diagnostic> {
    let met: BTreeSet<u32> = built.files.iter().flat_map(|file| file.rules.iter().copied()).collect();
    let rules = project.settings.request.rules.iter().enumerate();
    let unmet = rules.filter(|(at, _)| !met.contains(&(*at as u32 + 1)));
    let diagnostic = |(at, rule): (usize, &wire::Rule)| {
        let clauses = built.files.iter().flat_map(|file| &file.clauses);
        let names: BTreeSet<String> =
            clauses.flat_map(|clause| [clause.module.clone(), format!("{}.{}", clause.module, clause.name)]).collect();
        let near = suggestion(&rule.functions, names.iter().map(String::as_str));
        let message = format!("no function of the project is named by `{}`{near}", rule.functions);
        project.settings.at_plan(|origin| origin.rules.get(at), message)
    };
    unmet.map(diagnostic).collect()
}

/// Why nothing is captured at a point of the file, if nothing is.
fn misplaced(file: &FileResult, point: &Point) -> Option<String> {
    let here = format!("{}:{}", file.path, point.line);
    if let Outcome::Instrumented(done) = &file.outcome {
        let is_it = |site: &codegen::Site| {
            site.kind == NodeKind::Point
                && file.lines.line(site.range.start()) == point.line
                && site.label.trim_start_matches(DETACHED) == point.capture.join("\x1f")
        };
        if done.sites.iter().any(is_it) {
            return None;
        }
    }
    let refusal = file.refusals.iter().find(|refusal| refusal.whole_file || refusal.line == point.line);
    let why = refusal.map_or("no statement begins there whose function has probes", |refusal| &refusal.why);
    Some(format!("nothing is captured at {here}: {why}"))
}
