//! What somebody wants of a project, beside its sources.

use crate::{Diagnostic, Error, plan_file};
use codegen::Sink;
use std::path::Path;
use wire::{Request, SecretNames, Strength};

/// The names that people give strengths, weakest first.
pub const STRATEGIES: [(&str, Strength); 3] =
    [("minimal", Strength::Boundaries), ("balanced", Strength::Branches), ("full", Strength::Values)];

/// The name that people give a strength.
pub fn strategy(strength: Strength) -> &'static str {
    STRATEGIES.iter().find(|(_, own)| *own == strength).map_or("minimal", |(name, _)| name)
}

/// What to record, and with whose help.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How much of which function, and what at which lines.
    pub request: Request,
    /// Where each part of the request was written, if it came from a plan file.
    pub origin: Option<Origin>,
    /// The module that probes call.
    pub sink: Sink,
    /// Files, folders and modules that stay clean, or globs of these.
    pub exclude: Vec<String>,
    /// What secrets are called.
    pub secrets: SecretNames,
    /// Whether the plan is for other applications too, so that it may name what
    /// this one does not have.
    pub shared_plan: bool,
}

/// Where a plan stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The plan file, as it was given.
    pub file: String,
    /// The line of each rule, from 1.
    pub rules: Vec<u32>,
    /// The line of each point, from 1.
    pub points: Vec<u32>,
}

impl Settings {
    /// These settings with the request of a plan file.
    ///
    /// # Errors
    /// When the file cannot be read, or is no plan.
    pub fn with_plan(self, file: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(file).map_err(Error::io("read", file))?;
        let (request, origin) = plan_file::read(&file.display().to_string(), &text).map_err(Error::Plan)?;
        Ok(Self { request, origin: Some(origin), ..self })
    }

    /// These settings with probes that call the module `name`: `my_sink`, `:my_sink`
    /// or `My.Sink`.
    ///
    /// # Errors
    /// When that is no module's name.
    pub fn with_sink(self, name: &str) -> Result<Self, Error> {
        let sink = Sink::new(name).ok_or_else(|| Error::ModuleName(name.to_owned()))?;
        Ok(Self { sink, ..self })
    }

    /// Tells the results of one file under these settings from those under others.
    pub(crate) fn digest(&self, path: &str) -> [u8; 32] {
        let Request { strength, rules, points } = &self.request;
        let points: Vec<_> = points.iter().filter(|point| point.file == path).collect();
        // Debug writes texts with quotes and escapes: different values, different bytes.
        let all = format!("{:?}", (strength, rules, points, &self.sink, &self.exclude, &self.secrets));
        *blake3::hash(all.as_bytes()).as_bytes()
    }

    /// Tells these settings from all others.
    pub(crate) fn digest_of_all(&self) -> [u8; 32] {
        *blake3::hash(format!("{self:?}").as_bytes()).as_bytes()
    }

    /// The pattern that excludes the file, if one does.
    pub(crate) fn excluding_file(&self, path: &str) -> Option<&str> {
        self.exclude.iter().find(|pattern| planner::glob::covers(pattern, path)).map(String::as_str)
    }

    /// Why a module stays clean, if it does.
    pub(crate) fn sparing_module(&self, name: &str) -> Option<String> {
        if Sink::new(name).is_some_and(|own| own == self.sink) {
            return Some("the module is what the probes call".to_owned());
        }
        let excluding = self.exclude.iter().find(|pattern| planner::glob::matches(pattern, name));
        excluding.map(|pattern| format!("the module is excluded by `{pattern}`"))
    }

    /// A diagnostic at a line of the plan file.
    pub(crate) fn at_plan(&self, line: impl Fn(&Origin) -> Option<&u32>, message: String) -> Diagnostic {
        let file = self.origin.as_ref().map_or("the plan", |origin| &origin.file).to_owned();
        let line = self.origin.as_ref().and_then(line).copied().unwrap_or(1);
        Diagnostic { file, line, message }
    }
}

/// `, did you mean …?` when one of the names is near; else nothing.
pub(crate) fn suggestion<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let near = names.into_iter().map(|name| (strsim::jaro_winkler(wrong, name), name));
    // The first of equals: the order of the names decides, not that of a comparison.
    let best = near.reduce(|best, one| if one.0 > best.0 { one } else { best });
    best.filter(|(likeness, _)| *likeness > 0.8)
        .map(|(_, name)| format!(", did you mean `{name}`?"))
        .unwrap_or_default()
}
