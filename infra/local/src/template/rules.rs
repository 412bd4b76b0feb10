//! The template's rules: which values of parameters go together. `CloudFormation` refuses a deployment
//! that breaks one.

use serde::Deserialize;
use yaml_serde::{Mapping, Value};

use super::intrinsics::Resolver;
use crate::Problem;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rule {
    /// The rule counts only if this holds.
    rule_condition: Option<Value>,
    assertions: Vec<Assertion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Assertion {
    assert: Value,
    assert_description: String,
}

/// Refuses values that break a rule, in the words of the template.
pub fn check(rules: Option<&Mapping>, resolver: &Resolver<'_>) -> Result<(), Problem> {
    for (name, rule) in rules.into_iter().flatten() {
        let name = name.as_str().unwrap_or_default();
        let rule: Rule = yaml_serde::from_value(rule.clone()).map_err(|error| {
            Problem::failure(format!("the template's rule {name} is wrong: {error}"))
        })?;
        if let Some(condition) = &rule.rule_condition
            && !resolver.is_true(condition)?
        {
            continue;
        }
        for Assertion {
            assert,
            assert_description,
        } in &rule.assertions
        {
            if !resolver.is_true(assert)? {
                return Err(Problem::usage(assert_description.as_str()));
            }
        }
    }
    Ok(())
}
