//! Reads the resources of a template, one kind after another.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value as Json;
use yaml_serde::Value;

use super::{
    Deployment, FunctionPlan, Key, QueuePlan, RedrivePlan, RoutePlan, SchedulePlan,
    SubscriptionPlan, TablePlan, streams,
};
use crate::{
    Problem,
    template::{
        Template, edge,
        intrinsics::{AwsAccount, Resolver},
        permissions::{Permissions, Policy},
        rules,
    },
};

/// Reads what a template describes.
pub fn read(
    template: &Template,
    parameters: &BTreeMap<String, String>,
    account: &AwsAccount,
) -> Result<Deployment, Problem> {
    let resources = template
        .section("Resources")
        .ok_or_else(|| Problem::failure("the template has no Resources"))?;
    let reader = Reader {
        template,
        resolver: Resolver {
            parameters,
            resources,
            conditions: template.section("Conditions"),
            mappings: template.section("Mappings"),
            account,
        },
    };
    rules::check(template.section("Rules"), &reader.resolver)?;
    let mut deployment = Deployment::default();
    for (name, resource) in resources {
        let name = name.as_str().unwrap_or_default();
        reader
            .add(&mut deployment, name, resource)
            .map_err(|problem| {
                Problem::failure(format!("{name} in the template cannot run here: {problem}"))
            })?;
    }
    Ok(deployment)
}

pub(super) struct Reader<'a> {
    template: &'a Template,
    resolver: Resolver<'a>,
}

impl Reader<'_> {
    fn add(
        &self,
        deployment: &mut Deployment,
        name: &str,
        resource: &Value,
    ) -> Result<(), Problem> {
        if let Some(condition) = resource.get("Condition").and_then(Value::as_str)
            && !self.resolver.holds(condition)?
        {
            deployment.left_out.extend(binary(resource));
            return Ok(());
        }
        match resource.get("Type").and_then(Value::as_str) {
            Some("AWS::DynamoDB::Table") => deployment.tables.push(self.table(name, resource)?),
            Some("AWS::Events::EventBus") => deployment.buses.push(name.to_owned()),
            Some("AWS::SQS::Queue") => deployment.queues.push(self.queue(name, resource)?),
            Some("AWS::Serverless::Function") => self.function(deployment, resource)?,
            Some("AWS::Serverless::HttpApi") => {
                deployment.cors = self.property(resource, "CorsConfiguration")?;
            }
            Some("AWS::CloudFront::Distribution") => {
                if deployment.edge.is_some() {
                    return Err(Problem::failure("there are two distributions"));
                }
                deployment.edge = Some(edge::read(&self.resolver, resource)?);
            }
            // They are read with the distribution that names them.
            Some(
                "AWS::CloudFront::CachePolicy"
                | "AWS::CloudFront::OriginRequestPolicy"
                | "AWS::CloudFront::ResponseHeadersPolicy",
            ) => {}
            Some(other) if other.starts_with("AWS::CloudFront::") => {
                return Err(Problem::failure(format!(
                    "the local stack knows no {other}"
                )));
            }
            _ => {}
        }
        Ok(())
    }

    fn table(&self, name: &str, resource: &Value) -> Result<TablePlan, Problem> {
        let attributes: Vec<AttributeDefinition> = self.needed(resource, "AttributeDefinitions")?;
        let keys: Vec<KeySchema> = self.needed(resource, "KeySchema")?;
        let ttl: Option<TimeToLive> = self.property(resource, "TimeToLiveSpecification")?;
        let stream: Option<streams::Specification> =
            self.property(resource, "StreamSpecification")?;
        let key = |role: &str| {
            let name = &keys.iter().find(|key| key.key_type == role)?.attribute_name;
            let definition = attributes.iter().find(|a| a.attribute_name == *name)?;
            Some(Key {
                name: name.clone(),
                kind: definition.attribute_type.clone(),
            })
        };
        Ok(TablePlan {
            name: name.to_owned(),
            partition_key: key("HASH").ok_or_else(|| Problem::failure("it has no HASH key"))?,
            sort_key: key("RANGE"),
            ttl: ttl.filter(|ttl| ttl.enabled).map(|ttl| ttl.attribute_name),
            has_stream: stream.map_or(Ok(false), streams::Specification::has_both_images)?,
        })
    }

    fn queue(&self, name: &str, resource: &Value) -> Result<QueuePlan, Problem> {
        let seconds = |property, otherwise| -> Result<Duration, Problem> {
            let seconds = self.property(resource, property)?.unwrap_or(otherwise);
            Ok(Duration::from_secs(seconds))
        };
        let redrive: Option<RedrivePolicy> = self.property(resource, "RedrivePolicy")?;
        Ok(QueuePlan {
            name: name.to_owned(),
            delay: seconds("DelaySeconds", 0)?,
            visibility_timeout: seconds("VisibilityTimeout", 30)?,
            redrive: redrive.map(|policy| RedrivePlan {
                to: name_in(&policy.dead_letter_target_arn),
                after: policy.max_receive_count,
            }),
        })
    }

    fn function(&self, deployment: &mut Deployment, resource: &Value) -> Result<(), Problem> {
        let name =
            binary(resource).ok_or_else(|| Problem::failure("its Metadata names no Binary"))?;
        let plan = self.function_plan(resource)?;
        deployment.functions.insert(name.clone(), plan);
        let events = resource
            .get("Properties")
            .and_then(|properties| properties.get("Events"))
            .and_then(Value::as_mapping);
        for (_, event) in events.into_iter().flatten() {
            self.event(deployment, &name, event)?;
        }
        Ok(())
    }

    /// The function's own settings override those that the template has for all functions.
    fn function_plan(&self, resource: &Value) -> Result<FunctionPlan, Problem> {
        let globals = self
            .template
            .0
            .get("Globals")
            .and_then(|g| g.get("Function"));
        let mut environment = BTreeMap::new();
        let mut timeout = None;
        for layer in globals.into_iter().chain(resource.get("Properties")) {
            let own: Option<Environment> = self.value(layer, "Environment")?;
            environment.extend(own.unwrap_or_default().variables.into_iter().map(
                |(name, value)| match value {
                    Json::String(text) => (name, text),
                    other => (name, other.to_string()),
                },
            ));
            timeout = self.value(layer, "Timeout")?.or(timeout);
        }
        Ok(FunctionPlan {
            // Lambda's own default.
            timeout: Duration::from_secs(timeout.unwrap_or(3)),
            environment,
            permissions: Arc::new(Permissions::of(self.policies(resource)?)?),
        })
    }

    /// The policies that the template writes out. It names managed ones too, but those grant
    /// nothing that the local stack checks.
    fn policies(&self, resource: &Value) -> Result<Vec<Policy>, Problem> {
        let policies: Option<Vec<Json>> = self.property(resource, "Policies")?;
        let written = policies.into_iter().flatten().filter(|p| !p.is_string());
        written
            .map(|policy| {
                serde_json::from_value(policy)
                    .map_err(|error| Problem::failure(format!("its Policies are wrong: {error}")))
            })
            .collect()
    }

    fn event(
        &self,
        deployment: &mut Deployment,
        function: &str,
        event: &Value,
    ) -> Result<(), Problem> {
        let function = function.to_owned();
        match event.get("Type").and_then(Value::as_str) {
            Some("HttpApi") => {
                let method: Option<String> = self.property(event, "Method")?;
                let path: Option<String> = self.property(event, "Path")?;
                deployment.routes.push(RoutePlan {
                    method: method.map_or("ANY".to_owned(), |method| method.to_uppercase()),
                    path: path.unwrap_or_else(|| "$default".to_owned()),
                    function,
                });
            }
            Some("ScheduleV2" | "Schedule") => {
                let state: Option<String> = self.property(event, "State")?;
                if state.is_none_or(|state| state != "DISABLED") {
                    deployment.schedules.push(SchedulePlan {
                        function,
                        every: self.interval(event)?,
                        input: self.input(event)?,
                    });
                }
            }
            Some("SQS") => deployment.subscriptions.push(SubscriptionPlan {
                function,
                queue: name_in(&self.needed::<String>(event, "Queue")?),
                batch_size: self.property(event, "BatchSize")?.unwrap_or(10),
            }),
            Some("DynamoDB") => deployment
                .streams
                .extend(streams::plan(self, function, event)?),
            other => {
                return Err(Problem::failure(format!(
                    "the local stack does not know events of type {}",
                    other.unwrap_or("(none)")
                )));
            }
        }
        Ok(())
    }

    fn interval(&self, event: &Value) -> Result<Duration, Problem> {
        let expression: String = match self.property(event, "ScheduleExpression")? {
            Some(expression) => expression,
            None => self.needed(event, "Schedule")?,
        };
        rate(&expression).ok_or_else(|| {
            Problem::failure(format!(
                "the local stack does not know the schedule {expression:?}, only rate(…)"
            ))
        })
    }

    fn input(&self, event: &Value) -> Result<Option<Json>, Problem> {
        let text: Option<String> = self.property(event, "Input")?;
        text.map(|text| {
            serde_json::from_str(&text)
                .map_err(|error| Problem::failure(format!("its Input is not JSON: {error}")))
        })
        .transpose()
    }

    pub(super) fn property<T: DeserializeOwned>(
        &self,
        resource: &Value,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        match resource.get("Properties") {
            Some(properties) => self.value(properties, name),
            None => Ok(None),
        }
    }

    pub(super) fn needed<T: DeserializeOwned>(
        &self,
        resource: &Value,
        name: &str,
    ) -> Result<T, Problem> {
        self.property(resource, name)?
            .ok_or_else(|| Problem::failure(format!("it has no {name}")))
    }

    fn value<T: DeserializeOwned>(
        &self,
        properties: &Value,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = properties.get(name) else {
            return Ok(None);
        };
        let value = self.resolver.resolve(value)?;
        serde_json::from_value(value)
            .map_err(|error| Problem::failure(format!("its {name} is wrong: {error}")))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeDefinition {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeySchema {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: u32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Environment {
    variables: HashMap<String, Json>,
}

/// The name of a function's binary.
fn binary(resource: &Value) -> Option<String> {
    let properties = resource.get("Metadata")?.get("BuildProperties")?;
    properties.get("Binary")?.as_str().map(str::to_owned)
}

/// The name at the end of an ARN.
pub(super) fn name_in(arn: &str) -> String {
    arn.rsplit_once(':')
        .map_or(arn, |(_, name)| name)
        .to_owned()
}

/// The interval of a schedule such as `rate(1 minute)`.
fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression
        .strip_prefix("rate(")?
        .strip_suffix(')')?
        .split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    Some(Duration::from_secs(count.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedule_must_be_a_rate() {
        assert_eq!(rate("rate(1 minute)"), Some(Duration::from_mins(1)));
        assert_eq!(rate("rate(2 hours)"), Some(Duration::from_hours(2)));
        assert_eq!(rate("rate(0 minutes)"), None);
        assert_eq!(rate("cron(0 12 * * ? *)"), None);
    }
}
