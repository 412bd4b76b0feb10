//! CloudFormation's intrinsic functions, such as `!Ref`, `!Sub`, `!GetAtt` and `!If`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use yaml_serde::{Mapping, Value};

use super::STACK_NAME;
use crate::Problem;

/// The account that the stack says it runs in.
#[derive(Debug, Clone)]
pub struct AwsAccount {
    /// Its region.
    pub region: String,
    /// Its id.
    pub id: String,
    /// The prefix of every queue's URL, without the last slash.
    pub queues_url: String,
}

/// Computes the values of a template.
pub struct Resolver<'a> {
    pub parameters: &'a BTreeMap<String, String>,
    pub resources: &'a Mapping,
    pub conditions: Option<&'a Mapping>,
    pub mappings: Option<&'a Mapping>,
    pub account: &'a AwsAccount,
}

/// A scalar as CloudFormation writes it.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(string) => Some(string.clone()),
        _ => None,
    }
}

impl Resolver<'_> {
    /// Computes every function in a value. Leaves out what becomes `AWS::NoValue`.
    pub fn resolve(&self, value: &Value) -> Result<Json, Problem> {
        match value {
            Value::Tagged(tagged) => self.call(
                tagged.tag.to_string().trim_start_matches('!'),
                &tagged.value,
            ),
            Value::Mapping(mapping) => self.resolve_mapping(mapping),
            Value::Sequence(sequence) => sequence
                .iter()
                .map(|item| self.resolve(item))
                .filter(|item| !matches!(item, Ok(Json::Null)))
                .collect(),
            other => serde_json::to_value(other)
                .map_err(|error| Problem::failure(format!("the template cannot be read: {error}"))),
        }
    }

    /// Whether a condition of the template holds.
    pub fn holds(&self, name: &str) -> Result<bool, Problem> {
        let condition = self
            .conditions
            .and_then(|conditions| conditions.get(name))
            .ok_or_else(|| Problem::failure(format!("the template has no condition {name}")))?;
        self.is_true(condition)
    }

    /// Whether a condition holds that is written out.
    pub fn is_true(&self, condition: &Value) -> Result<bool, Problem> {
        Ok(self.resolve(condition)? == Json::Bool(true))
    }

    fn resolve_mapping(&self, mapping: &Mapping) -> Result<Json, Problem> {
        if let Some((Value::String(key), argument)) =
            mapping.iter().next().filter(|_| mapping.len() == 1)
            && let Some(function) = long_form(key, argument)
        {
            return self.call(function, argument);
        }
        let mut resolved = Map::new();
        for (key, value) in mapping {
            let value = self.resolve(value)?;
            if let Some(key) = scalar(key).filter(|_| !value.is_null()) {
                resolved.insert(key, value);
            }
        }
        Ok(Json::Object(resolved))
    }

    fn call(&self, function: &str, argument: &Value) -> Result<Json, Problem> {
        match (function, argument) {
            ("Ref", Value::String(name)) => self.reference(name),
            ("Sub", Value::String(text)) => self.substitute(text, &Map::new()),
            ("Sub", Value::Sequence(parts)) => self.substitute_with(parts),
            ("GetAtt", argument) => self.attribute(argument),
            ("If", Value::Sequence(parts)) => self.choose(parts),
            ("Condition", Value::String(name)) => self.holds(name).map(Json::Bool),
            ("Equals", Value::Sequence(parts)) => {
                let sides = self.resolve_all(parts)?;
                Ok(Json::Bool(
                    sides.len() == 2 && text(&sides[0]) == text(&sides[1]),
                ))
            }
            ("Not", Value::Sequence(parts)) => {
                let parts = self.resolve_all(parts)?;
                Ok(Json::Bool(parts != [Json::Bool(true)]))
            }
            ("And", Value::Sequence(parts)) => {
                let parts = self.resolve_all(parts)?;
                Ok(Json::Bool(
                    parts.iter().all(|part| *part == Json::Bool(true)),
                ))
            }
            ("Or", Value::Sequence(parts)) => {
                let parts = self.resolve_all(parts)?;
                Ok(Json::Bool(parts.contains(&Json::Bool(true))))
            }
            ("Contains", Value::Sequence(parts)) => {
                let sides = self.resolve_all(parts)?;
                let [Json::Array(list), value] = &*sides else {
                    return Err(Problem::failure("a !Contains of the template is malformed"));
                };
                Ok(Json::Bool(list.iter().any(|one| text(one) == text(value))))
            }
            ("Join", Value::Sequence(parts)) => self.join(parts),
            ("Split", Value::Sequence(parts)) => self.split(parts),
            ("Select", Value::Sequence(parts)) => self.select(parts),
            ("FindInMap", Value::Sequence(parts)) => self.find_in_map(parts),
            _ => Err(Problem::failure(format!(
                "the template uses !{function} in a way that the local stack does not know"
            ))),
        }
    }

    fn resolve_all(&self, values: &[Value]) -> Result<Vec<Json>, Problem> {
        values.iter().map(|value| self.resolve(value)).collect()
    }

    fn reference(&self, name: &str) -> Result<Json, Problem> {
        let known = match name {
            "AWS::NoValue" => return Ok(Json::Null),
            "AWS::Region" => Some(self.account.region.clone()),
            "AWS::AccountId" => Some(self.account.id.clone()),
            "AWS::Partition" => Some("aws".to_owned()),
            "AWS::URLSuffix" => Some("amazonaws.com".to_owned()),
            "AWS::StackName" => Some(STACK_NAME.to_owned()),
            name => self
                .parameters
                .get(name)
                .cloned()
                .or_else(|| self.resource_reference(name)),
        };
        known.map(Json::String).ok_or_else(|| {
            Problem::failure(format!(
                "the template refers to {name}, which it does not have"
            ))
        })
    }

    /// The value of `!Ref` for a resource: the URL of a queue, the name of any other.
    fn resource_reference(&self, name: &str) -> Option<String> {
        let resource = self.resources.get(name)?;
        let is_queue = resource.get("Type").and_then(Value::as_str) == Some("AWS::SQS::Queue");
        Some(if is_queue {
            format!("{}/{name}", self.account.queues_url)
        } else {
            name.to_owned()
        })
    }

    /// The value of `!GetAtt`. Only `Arn` is computed, by which the resources of a template refer
    /// to each other. Others stay as they are written.
    fn attribute(&self, argument: &Value) -> Result<Json, Problem> {
        let path = match argument {
            Value::String(path) => path.clone(),
            other => self
                .resolve(other)?
                .as_array()
                .map(|parts| parts.iter().map(text).collect::<Vec<_>>().join("."))
                .unwrap_or_default(),
        };
        let (name, attribute) = path.split_once('.').unwrap_or((&path, ""));
        if !self.resources.contains_key(name) {
            return Err(Problem::failure(format!(
                "the template refers to {path}, which it does not have"
            )));
        }
        Ok(Json::String(if attribute == "Arn" {
            self.arn(name)
        } else {
            path
        }))
    }

    fn arn(&self, name: &str) -> String {
        let AwsAccount { region, id, .. } = self.account;
        format!("arn:aws:local:{region}:{id}:{name}")
    }

    fn choose(&self, parts: &[Value]) -> Result<Json, Problem> {
        let [Value::String(condition), then, otherwise] = parts else {
            return Err(Problem::failure("an !If of the template is malformed"));
        };
        let chosen = if self.holds(condition)? {
            then
        } else {
            otherwise
        };
        self.resolve(chosen)
    }

    fn find_in_map(&self, parts: &[Value]) -> Result<Json, Problem> {
        let path = self.resolve_all(parts)?;
        let found = match path.as_slice() {
            [map, key, name] => self.mappings.and_then(|mappings| {
                let map = mappings.get(text(map))?;
                map.get(text(key))?.get(text(name))
            }),
            _ => None,
        };
        let found = found
            .ok_or_else(|| Problem::failure(format!("the template has no mapping for {path:?}")))?;
        self.resolve(found)
    }

    fn join(&self, parts: &[Value]) -> Result<Json, Problem> {
        let [Value::String(between), list] = parts else {
            return Err(Problem::failure("a !Join of the template is malformed"));
        };
        let list = self.resolve(list)?;
        let items: Vec<_> = list.as_array().into_iter().flatten().map(text).collect();
        Ok(Json::String(items.join(between)))
    }

    fn select(&self, parts: &[Value]) -> Result<Json, Problem> {
        let [index, list] = parts else {
            return Err(Problem::failure("a !Select of the template is malformed"));
        };
        let index = scalar(index).and_then(|index| index.parse().ok());
        let list = self.resolve(list)?;
        let selected = index.and_then(|index: usize| list.get(index).cloned());
        selected.ok_or_else(|| Problem::failure("a !Select of the template finds nothing"))
    }

    fn split(&self, parts: &[Value]) -> Result<Json, Problem> {
        let [Value::String(between), whole] = parts else {
            return Err(Problem::failure("a !Split of the template is malformed"));
        };
        let whole = text(&self.resolve(whole)?);
        Ok(whole.split(between).map(Json::from).collect())
    }

    fn substitute_with(&self, parts: &[Value]) -> Result<Json, Problem> {
        match parts {
            [Value::String(text), variables] => match self.resolve(variables)? {
                Json::Object(variables) => self.substitute(text, &variables),
                _ => Err(Problem::failure("a !Sub of the template is malformed")),
            },
            _ => Err(Problem::failure("a !Sub of the template is malformed")),
        }
    }

    fn substitute(&self, pattern: &str, variables: &Map<String, Json>) -> Result<Json, Problem> {
        let mut result = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| Problem::failure("a !Sub of the template does not end"))?;
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str("${");
                result.push_str(literal);
                result.push('}');
            } else {
                result.push_str(&text(&self.variable(name, variables)?));
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(Json::String(result))
    }

    fn variable(&self, name: &str, variables: &Map<String, Json>) -> Result<Json, Problem> {
        match variables.get(name) {
            Some(value) => Ok(value.clone()),
            None if name.contains('.') => self.attribute(&Value::String(name.to_owned())),
            None => self.reference(name),
        }
    }
}

fn long_form<'k>(key: &'k str, argument: &Value) -> Option<&'k str> {
    match key {
        "Ref" | "Condition" if argument.is_string() => Some(key),
        _ => key.strip_prefix("Fn::"),
    }
}

/// A value as text. CloudFormation compares and joins numbers as if they were strings.
fn text(value: &Json) -> String {
    match value {
        Json::String(string) => string.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(yaml: &str) -> Result<Json, Problem> {
        let parameters = BTreeMap::from([("Stage".to_owned(), "live".to_owned())]);
        let resources: Mapping =
            yaml_serde::from_str("{Q: {Type: AWS::SQS::Queue}, T: {Type: AWS::DynamoDB::Table}}")
                .expect("YAML");
        let conditions: Mapping = yaml_serde::from_str(
            "{Live: !Equals [!Ref Stage, live], Test: !Not [!Condition Live]}",
        )
        .expect("YAML");
        let account = AwsAccount {
            region: "ap-northeast-2".to_owned(),
            id: "000000000000".to_owned(),
            queues_url: "http://127.0.0.1:3000/000000000000".to_owned(),
        };
        Resolver {
            parameters: &parameters,
            resources: &resources,
            conditions: Some(&conditions),
            mappings: None,
            account: &account,
        }
        .resolve(&yaml_serde::from_str(yaml).expect("YAML"))
    }

    #[test]
    fn functions_are_computed_in_both_their_forms() {
        for (yaml, expected) in [
            ("!Ref Stage", "live"),
            ("Ref: Stage", "live"),
            ("!Ref T", "T"),
            ("!Ref Q", "http://127.0.0.1:3000/000000000000/Q"),
            (
                "!GetAtt Q.Arn",
                "arn:aws:local:ap-northeast-2:000000000000:Q",
            ),
            (
                "Fn::GetAtt: [Q, Arn]",
                "arn:aws:local:ap-northeast-2:000000000000:Q",
            ),
            (
                "!Sub \"${Stage}/${T}/${!Kept}/${AWS::Region}\"",
                "live/T/${Kept}/ap-northeast-2",
            ),
            ("!Sub [\"${A}-${Stage}\", {A: !Ref T}]", "T-live"),
            ("!If [Live, yes!, no!]", "yes!"),
            ("!If [Test, yes!, no!]", "no!"),
            ("!Join [\"-\", [a, !Ref Stage]]", "a-live"),
            ("!Join [\"+\", !Split [\"i\", !Ref Stage]]", "l+ve"),
            ("!Select [1, !Split [\"i\", !Ref Stage]]", "ve"),
        ] {
            assert_eq!(resolved(yaml).expect(yaml), Json::from(expected), "{yaml}");
        }
    }

    #[test]
    fn aws_no_value_is_left_out() {
        assert_eq!(
            resolved("{A: !Ref AWS::NoValue, B: [!Ref AWS::NoValue, 1]}").expect("known"),
            serde_json::json!({"B": [1]})
        );
    }

    #[test]
    fn missing_name_is_in_the_message() {
        for yaml in [
            "!Ref Nowhere",
            "!GetAtt Nowhere.Arn",
            "!Sub \"${Nowhere}\"",
            "!If [Nowhere, 1, 2]",
        ] {
            let problem = resolved(yaml).expect_err(yaml);
            assert!(problem.to_string().contains("Nowhere"), "{problem}");
        }
    }
}
