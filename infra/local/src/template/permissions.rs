//! The permissions of a function: exactly what the policies of its role in the template grant.

use std::{
    collections::BTreeMap,
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Deserialize;

use super::STACK_NAME;
use crate::Problem;

/// The condition that a statement may have.
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// Something that a role allows: an action on a resource. If the policy names keys, it is allowed
/// on the items with that partition key only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Such as `dynamodb:GetItem`.
    pub action: String,
    /// The table or the queue.
    pub resource: String,
    /// The partition key.
    pub key: Option<String>,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)?;
        match &self.key {
            Some(key) => write!(f, " of {key}"),
            None => Ok(()),
        }
    }
}

/// The grants of a function's role, and which of them it has used.
#[derive(Debug, Default)]
pub struct Permissions(Vec<(Grant, AtomicBool)>);

/// A policy as the template writes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Policy {
    #[serde(rename = "Version")]
    _version: String,
    statement: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    effect: String,
    action: OneOrMany<String>,
    resource: OneOrMany<String>,
    condition: Option<Condition>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(rename = "ForAllValues:StringEquals")]
    all_equal: BTreeMap<String, OneOrMany<String>>,
}

/// AWS writes a list of one element without brackets.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One element.
    One(T),
    /// A list.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All elements.
    pub fn all(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

impl Permissions {
    /// What policies grant. Their statements must allow named actions on named resources; the only
    /// condition may be one of named keys.
    pub fn of(policies: Vec<Policy>) -> Result<Self, Problem> {
        let mut grants = Vec::new();
        for statement in policies.into_iter().flat_map(|policy| policy.statement) {
            grants.extend(statement.grants()?);
        }
        grants.sort();
        grants.dedup();
        Ok(Self(
            grants
                .into_iter()
                .map(|grant| (grant, AtomicBool::default()))
                .collect(),
        ))
    }

    /// All grants.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter().map(|(grant, _)| grant)
    }

    /// Whether a call is granted. Calls `first_use` with each grant that is used for the first
    /// time.
    pub fn allow(&self, access: &Access, mut first_use: impl FnMut(&Grant)) -> bool {
        let matching: Vec<_> = self
            .0
            .iter()
            .filter(|(grant, _)| access.is_covered_by(grant))
            .collect();
        for (grant, used) in &matching {
            if !used.swap(true, Ordering::Relaxed) {
                first_use(grant);
            }
        }
        !matching.is_empty()
    }
}

impl Statement {
    fn grants(self) -> Result<Vec<Grant>, Problem> {
        if self.effect != "Allow" {
            return Err(not_understood(&self.effect));
        }
        let keys = match self.condition {
            None => vec![None],
            Some(mut condition) => {
                let keys = condition.all_equal.remove(LEADING_KEYS);
                if let Some(other) = condition.all_equal.keys().next() {
                    return Err(not_understood(other));
                }
                let keys = keys.ok_or_else(|| not_understood("a condition of nothing"))?;
                keys.all().into_iter().map(Some).collect()
            }
        };
        let actions = self.action.all();
        let mut grants = Vec::new();
        for resource in self.resource.all() {
            let resource = resource_of(&resource);
            for action in &actions {
                if action.contains('*') || resource.contains('*') {
                    return Err(not_understood(&format!("{action} on {resource}")));
                }
                grants.extend(keys.iter().map(|key| Grant {
                    action: action.clone(),
                    resource: resource.clone(),
                    key: key.clone(),
                }));
            }
        }
        Ok(grants)
    }
}

/// The resource that a policy's ARN names. It may be a resource of the template by its name. It may
/// also be a table by the prefix of its name on AWS, as in `table/onsale-Users-*`, which is `Users`
/// here.
fn resource_of(arn: &str) -> String {
    let name = arn.rsplit(':').next().unwrap_or_default();
    let table = name
        .strip_prefix("table/")
        .and_then(|name| name.strip_prefix(STACK_NAME)?.strip_prefix('-'))
        .and_then(|name| name.strip_suffix("-*"));
    table.unwrap_or(name).to_owned()
}

fn not_understood(what: &str) -> Problem {
    Problem::failure(format!(
        "the local stack does not understand {what} in a policy, only statements that allow named \
         actions on named resources"
    ))
}

/// What a call accesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Such as `dynamodb:GetItem`.
    pub action: String,
    /// The table or the queue.
    pub resource: String,
    /// The partition key, if the request has one.
    pub key: Option<String>,
}

impl Access {
    fn is_covered_by(&self, grant: &Grant) -> bool {
        let key_is_right = grant.key.is_none() || grant.key == self.key;
        grant.action == self.action && grant.resource == self.resource && key_is_right
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn policy_with_a_denial_wildcard_or_other_condition_is_refused() {
        for statement in [
            json!({ "Effect": "Deny", "Action": "a:B", "Resource": "r" }),
            json!({ "Effect": "Allow", "Action": "dynamodb:*", "Resource": "r" }),
            json!({ "Effect": "Allow", "Action": "a:B", "Resource": "*" }),
            json!({ "Effect": "Allow", "Action": "a:B", "Resource": "r",
                "Condition": { "ForAllValues:StringEquals": { "aws:Tag": "t" } } }),
        ] {
            let policy = json!([{ "Version": "2012-10-17", "Statement": [statement] }]);
            let policies = serde_json::from_value(policy).expect("well-formed");
            assert!(Permissions::of(policies).is_err(), "{statement}");
        }
    }
}
