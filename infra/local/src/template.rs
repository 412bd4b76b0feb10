//! Reads `template.yaml`, so that the same stack runs locally and on AWS.

mod deployment;
pub mod edge;
pub mod handlers;
mod intrinsics;
pub mod page;
mod parameters;
pub mod pattern;
pub mod permissions;
mod rules;

use std::{collections::BTreeMap, sync::LazyLock};

use yaml_serde::{Mapping, Value};

use crate::Problem;

pub use deployment::{
    Cors, Deployment, FunctionPlan, Key, QueuePlan, RedrivePlan, RoutePlan, StreamPlan, TablePlan,
};
pub use intrinsics::AwsAccount;

/// The name of the stack, as in `samconfig.toml`.
pub const STACK_NAME: &str = "onsale";

/// The values of parameters that are not given, where the local stack differs from the template:
/// users may charge their own balances, so that a whole purchase can be tried, and facts are sent as
/// events, so that they can be watched.
const LOCAL_DEFAULTS: [(&str, &str); 2] = [("WhoCharges", "users"), ("Events", "true")];

/// A SAM template.
#[derive(Debug, Clone)]
pub struct Template(Value);

/// The repository's own template. It is compiled in, so the program can be moved.
static REPOSITORY: LazyLock<Result<Template, String>> = LazyLock::new(|| {
    Template::parse(include_str!("../../../template.yaml")).map_err(|problem| problem.to_string())
});

impl Template {
    /// The repository's own template.
    pub fn repository() -> Result<Self, Problem> {
        REPOSITORY.clone().map_err(Problem::Failure)
    }

    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        yaml_serde::from_str(text)
            .map(Self)
            .map_err(|error| Problem::failure(format!("the template is not YAML: {error}")))
    }

    /// What the template describes, with these parameters.
    pub fn deployment(
        &self,
        overrides: &[(String, String)],
        account: &AwsAccount,
    ) -> Result<Deployment, Problem> {
        let declared = self.section("Parameters");
        let local = LOCAL_DEFAULTS
            .iter()
            .filter(|(name, _)| declared.is_some_and(|declared| declared.contains_key(*name)))
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let overrides: Vec<_> = local.chain(overrides.iter().cloned()).collect();
        let parameters = parameters::resolve(declared, &overrides)?;
        require_own_tables(&parameters)?;
        deployment::read(self, &parameters, account)
    }

    /// The parameter whose value is this variable of every function's environment. `None` if the
    /// variable is computed in another way.
    pub fn parameter_behind(&self, variable: &str) -> Option<&str> {
        let value = self
            .0
            .get("Globals")?
            .get("Function")?
            .get("Environment")?
            .get("Variables")?
            .get(variable)?;
        let Value::Tagged(tagged) = value else {
            return None;
        };
        let name = tagged.value.as_str().filter(|_| tagged.tag == "Ref")?;
        self.section("Parameters")?.get(name).and(Some(name))
    }

    /// A section of the template by its name.
    fn section(&self, name: &str) -> Option<&Mapping> {
        self.0.get(name).and_then(Value::as_mapping)
    }
}

/// Refuses tables that were restored from a backup. The local stack has none.
fn require_own_tables(parameters: &BTreeMap<String, String>) -> Result<(), Problem> {
    match parameters.get("RestoredTables") {
        Some(name) if !name.is_empty() => Err(Problem::usage(format!(
            "the parameter RestoredTables is {name:?}, but the local stack has only tables of its own"
        ))),
        _ => Ok(()),
    }
}

/// Parameters in the form in which a command line gives them.
#[cfg(test)]
fn given(overrides: &[(&str, &str)]) -> Vec<(String, String)> {
    overrides
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
