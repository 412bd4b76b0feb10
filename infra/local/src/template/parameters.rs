//! The template's parameters: their defaults, the values given instead, and whether those are
//! allowed.

use std::collections::BTreeMap;

use regex::Regex;
use serde::Deserialize;
use yaml_serde::{Mapping, Value};

use super::intrinsics::scalar;
use crate::Problem;

/// What a template says about one of its parameters.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    #[serde(rename = "Type")]
    kind: String,
    default: Option<Value>,
    allowed_values: Option<Vec<Value>>,
    allowed_pattern: Option<String>,
    min_value: Option<f64>,
    max_value: Option<f64>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    constraint_description: Option<String>,
    #[serde(default)]
    no_echo: bool,
}

/// The value of every parameter.
pub fn resolve(
    declared: Option<&Mapping>,
    overrides: &[(String, String)],
) -> Result<BTreeMap<String, String>, Problem> {
    let declared = declarations(declared)?;
    if let Some((unknown, _)) = overrides
        .iter()
        .find(|(name, _)| !declared.contains_key(name))
    {
        let known: Vec<_> = declared.keys().map(String::as_str).collect();
        return Err(Problem::usage(format!(
            "the template has no parameter {unknown}; it has {}",
            known.join(", ")
        )));
    }
    declared
        .iter()
        .map(|(name, parameter)| {
            let given = overrides.iter().rev().find(|(given, _)| given == name);
            parameter
                .value(name, given.map(|(_, value)| value.as_str()))
                .map(|value| (name.clone(), value))
        })
        .collect()
}

fn declarations(section: Option<&Mapping>) -> Result<BTreeMap<String, Parameter>, Problem> {
    section.map_or_else(
        || Ok(BTreeMap::new()),
        |section| {
            yaml_serde::from_value(Value::Mapping(section.clone())).map_err(|error| {
                Problem::failure(format!("the template's parameters are wrong: {error}"))
            })
        },
    )
}

impl Parameter {
    fn value(&self, name: &str, given: Option<&str>) -> Result<String, Problem> {
        let Some(value) = given
            .map(str::to_owned)
            .or_else(|| self.default.as_ref().and_then(scalar))
        else {
            return Err(Problem::usage(format!(
                "the parameter {name} has no default and was not given"
            )));
        };
        if self.allows(&value)? {
            Ok(value)
        } else {
            let value = if self.no_echo {
                "not shown".to_owned()
            } else {
                format!("{value:?}")
            };
            Err(Problem::usage(format!(
                "the parameter {name} is {value}, but {}",
                self.constraint()
            )))
        }
    }

    fn allows(&self, value: &str) -> Result<bool, Problem> {
        Ok(self.allows_number(value)
            && self.allows_length(value.chars().count())
            && self.allows_listed(value)
            && self.allows_pattern(value)?)
    }

    fn allows_number(&self, value: &str) -> bool {
        self.kind != "Number"
            || value.parse::<f64>().is_ok_and(|number| {
                number.is_finite()
                    && self.min_value.is_none_or(|least| number >= least)
                    && self.max_value.is_none_or(|most| number <= most)
            })
    }

    fn allows_length(&self, length: usize) -> bool {
        self.min_length.is_none_or(|least| length >= least)
            && self.max_length.is_none_or(|most| length <= most)
    }

    fn allows_listed(&self, value: &str) -> bool {
        self.allowed_values.as_ref().is_none_or(|allowed| {
            allowed
                .iter()
                .any(|one| scalar(one).as_deref() == Some(value))
        })
    }

    /// Whether the pattern matches the whole value, as CloudFormation requires.
    fn allows_pattern(&self, value: &str) -> Result<bool, Problem> {
        let Some(pattern) = &self.allowed_pattern else {
            return Ok(true);
        };
        Regex::new(&format!("^(?:{pattern})$"))
            .map(|pattern| pattern.is_match(value))
            .map_err(|error| {
                Problem::failure(format!(
                    "an AllowedPattern of the template is wrong: {error}"
                ))
            })
    }

    fn constraint(&self) -> String {
        self.constraint_description
            .clone()
            .unwrap_or_else(|| format!("it must be a {} as the template wants it", self.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::given;

    const PARAMETERS: &str = r#"
        HoldSeconds: { Type: Number, Default: 300, MinValue: 1, MaxValue: 840,
                       ConstraintDescription: must be a number of seconds from 1 to 840 }
        Architecture: { Type: String, Default: x86_64, AllowedValues: [x86_64, arm64] }
        TimeZone: { Type: String, Default: Asia/Seoul, AllowedPattern: "[A-Z][a-z]+/[A-Z][a-z]+" }
        Secret: { Type: String, Default: "", AllowedPattern: "[a-z]*", NoEcho: true }
    "#;

    fn resolved(overrides: &[(&str, &str)]) -> Result<BTreeMap<String, String>, Problem> {
        let section: Mapping = yaml_serde::from_str(PARAMETERS).expect("YAML");
        resolve(Some(&section), &given(overrides))
    }

    #[test]
    fn parameter_that_is_not_given_has_its_default() {
        let values = resolved(&[("HoldSeconds", "5")]).expect("allowed");
        assert_eq!(values["HoldSeconds"], "5");
        assert_eq!(values["Architecture"], "x86_64");
        assert_eq!(values["TimeZone"], "Asia/Seoul");
    }

    #[test]
    fn parameter_that_is_given_twice_has_its_last_value() {
        let values = resolved(&[("HoldSeconds", "5"), ("HoldSeconds", "6")]).expect("allowed");
        assert_eq!(values["HoldSeconds"], "6");
    }

    #[test]
    fn unknown_names_and_forbidden_values_are_refused_by_name() {
        for (name, value) in [
            ("HoldSecond", "5"),
            ("HoldSeconds", "0"),
            ("HoldSeconds", "841"),
            ("HoldSeconds", "five"),
            ("HoldSeconds", "NaN"),
            ("Architecture", "riscv"),
            ("TimeZone", "Asia/Seoul "),
        ] {
            let problem = resolved(&[(name, value)]).expect_err(value);
            assert_eq!(problem.exit_code(), 2);
            assert!(problem.to_string().contains(name), "{problem}");
        }
    }

    #[test]
    fn refusal_shows_no_secret() {
        let problem = resolved(&[("Secret", "hidden 1")]).expect_err("not allowed");
        let text = problem.to_string();
        assert!(
            text.contains("Secret") && !text.contains("hidden"),
            "{text}"
        );
    }

    #[test]
    fn refusal_has_the_words_of_the_template() {
        assert_eq!(
            resolved(&[("HoldSeconds", "0")])
                .expect_err("too short")
                .to_string(),
            "the parameter HoldSeconds is \"0\", but must be a number of seconds from 1 to 840"
        );
    }
}
