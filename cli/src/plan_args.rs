//! What to record: the arguments that several commands share.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use driver::{Error, STRATEGIES, Settings};
use std::path::PathBuf;
use wire::SecretNames;

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
    /// A name of what is secret, beside the usual ones; `*` at its ends stands for
    /// anything; may be repeated
    #[arg(long, value_name = "NAME", value_parser = secret_name)]
    redact: Vec<String>,
    /// The names given by --redact are all: without any, nothing is a secret
    #[arg(long)]
    redact_only: bool,
}

fn secret_name(text: &str) -> Result<String, String> {
    SecretNames::none().with([text]).map(|_| text.to_owned()).map_err(|error| error.to_string())
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
        let usual = if self.redact_only { SecretNames::none() } else { SecretNames::default() };
        // Each of them was read as an argument already.
        settings.secrets = usual.with(self.redact.iter().map(String::as_str)).unwrap_or_default();
        let strength = STRATEGIES.iter().find(|(name, _)| self.strategy.as_deref() == Some(name));
        if let Some((_, strength)) = strength {
            settings.request.strength = *strength;
        }
        Ok(settings)
    }
}
