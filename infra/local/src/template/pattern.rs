//! The filters of an event source, as far as the local stack knows them: patterns of EventBridge
//! with exact values, `prefix` and `exists`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::Problem;

/// What a record must be like for its function to get it.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// It is an object, and what it has under these names fits.
    Fields(BTreeMap<String, Pattern>),
    /// It is a leaf, and one of these allows it.
    AnyOf(Vec<Rule>),
}

/// What a leaf may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// This value.
    Exactly(Json),
    /// A text that begins with this.
    Prefix(String),
    /// Anything, or nothing at all.
    Exists(bool),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Named {
    Prefix(String),
    Exists(bool),
}

impl Pattern {
    /// Reads a pattern. Refuses what the local stack does not know, because a filter that is read
    /// wrongly would lose records.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let json: Json = serde_json::from_str(text)
            .map_err(|error| Problem::failure(format!("a filter is not JSON: {error}")))?;
        match Self::of(&json)? {
            pattern @ Self::Fields(_) => Ok(pattern),
            Self::AnyOf(_) => Err(not_understood(&json)),
        }
    }

    fn of(json: &Json) -> Result<Self, Problem> {
        match json {
            Json::Object(fields) if !fields.is_empty() => fields
                .iter()
                .map(|(name, value)| match name.strip_prefix('$') {
                    Some(_) => Err(not_understood(json)),
                    None => Ok((name.clone(), Self::of(value)?)),
                })
                .collect::<Result<_, _>>()
                .map(Self::Fields),
            Json::Array(rules) if !rules.is_empty() => rules
                .iter()
                .map(Rule::of)
                .collect::<Result<_, _>>()
                .map(Self::AnyOf),
            _ => Err(not_understood(json)),
        }
    }

    /// Whether a record fits. `None` is what a record does not have.
    pub fn fits(&self, record: Option<&Json>) -> bool {
        match self {
            Self::Fields(fields) => fields
                .iter()
                .all(|(name, pattern)| pattern.fits(record.and_then(|record| record.get(name)))),
            // Lambda asks for leaves only.
            Self::AnyOf(rules) => {
                let leaf = record.filter(|record| !record.is_object());
                rules.iter().any(|rule| rule.allows(leaf))
            }
        }
    }
}

impl Rule {
    fn of(json: &Json) -> Result<Self, Problem> {
        match json {
            Json::Object(_) => match serde_json::from_value(json.clone()) {
                Ok(Named::Prefix(prefix)) => Ok(Self::Prefix(prefix)),
                Ok(Named::Exists(exists)) => Ok(Self::Exists(exists)),
                Err(_) => Err(not_understood(json)),
            },
            Json::Array(_) => Err(not_understood(json)),
            value => Ok(Self::Exactly(value.clone())),
        }
    }

    fn allows(&self, leaf: Option<&Json>) -> bool {
        match self {
            Self::Exactly(value) => leaf == Some(value),
            Self::Prefix(prefix) => leaf
                .and_then(Json::as_str)
                .is_some_and(|text| text.starts_with(prefix)),
            Self::Exists(exists) => leaf.is_some() == *exists,
        }
    }
}

fn not_understood(what: &Json) -> Problem {
    Problem::failure(format!(
        "the local stack does not understand {what} in a filter, only objects, and lists of exact \
         values, prefix and exists"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(pattern: &Json, record: &Json) -> bool {
        let pattern = Pattern::parse(&pattern.to_string()).expect("known");
        pattern.fits(Some(record))
    }

    #[test]
    fn every_field_must_fit_and_one_rule_of_a_leaf() {
        let pattern = json!({
            "eventName": ["INSERT", "MODIFY"],
            "dynamodb": { "Keys": { "entry": { "S": [{ "prefix": "order#" }, "concert"] } } },
        });
        let record = |name: &str, entry: &str| json!({ "eventName": name, "dynamodb": { "Keys": { "entry": { "S": entry } } } });
        assert!(fits(&pattern, &record("INSERT", "order#1")));
        assert!(fits(&pattern, &record("MODIFY", "concert")));
        assert!(!fits(&pattern, &record("REMOVE", "order#1")));
        assert!(!fits(&pattern, &record("INSERT", "concert#1")));
        assert!(!fits(&pattern, &json!({ "eventName": "INSERT" })));
    }

    #[test]
    fn exists_asks_for_a_leaf() {
        let pattern = |exists: bool| json!({ "New": { "hold": { "S": [{ "exists": exists }] } } });
        let with = json!({ "New": { "hold": { "S": "x" } } });
        let deeper = json!({ "New": { "hold": { "S": { "deeper": 1 } } } });
        for without in [json!({ "New": {} }), json!({}), deeper] {
            assert!(!fits(&pattern(true), &without), "{without}");
            assert!(fits(&pattern(false), &without), "{without}");
        }
        assert!(fits(&pattern(true), &with));
        assert!(!fits(&pattern(false), &with));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for pattern in [
            r#"{"a": [{"suffix": "x"}]}"#,
            r#"{"a": [{"prefix": "x", "exists": true}]}"#,
            r#"{"$or": [{"a": ["x"]}]}"#,
            r#"{"a": "x"}"#,
            r#"{"a": []}"#,
            r#"["x"]"#,
            "{",
        ] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
