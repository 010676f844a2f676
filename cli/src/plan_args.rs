//! What to record: the arguments that several commands share.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use driver::{Error, STRATEGIES, Settings};
use std::path::PathBuf;

#[derive(Args)]
pub struct PlanArgs {
    /// How much to record: boundaries of functions, branches too, values too
    /// [default: the plan's, else minimal]
    #[arg(long, value_name = "NAME", value_parser = strategies())]
    strategy: Option<String>,
    /// A plan in TOML: rules for functions, points at which variables are captured
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// The module that probes call, for a sink of your own [default: :scope_probe]
    #[arg(long, value_name = "NAME")]
    probe_module: Option<String>,
    /// A file, folder or module that stays clean, or a glob of these; may be repeated
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
}

fn strategies() -> impl clap::builder::TypedValueParser<Value = String> {
    PossibleValuesParser::new(STRATEGIES.map(|(name, _)| name)).map(String::from)
}

impl PlanArgs {
    /// Reads the plan; flags come before what it says.
    pub fn settings(&self) -> Result<Settings, Error> {
        let mut settings = Settings { exclude: self.exclude.clone(), ..Settings::default() };
        if let Some(plan) = &self.plan {
            settings = settings.with_plan(plan)?;
        }
        if let Some(name) = &self.probe_module {
            settings = settings.with_sink(name)?;
        }
        let strength = STRATEGIES.iter().find(|(name, _)| self.strategy.as_deref() == Some(name));
        if let Some((_, strength)) = strength {
            settings.request.strength = *strength;
        }
        Ok(settings)
    }
}
