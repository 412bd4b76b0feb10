//! What a template describes, as far as the local stack builds it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value as Json;
use yaml_serde::Value;

use super::{
    Template,
    intrinsics::{Place, Resolver},
};
use crate::{
    Problem,
    permissions::{Grant, Permissions},
};

/// What a template describes, as far as the local stack builds it.
#[derive(Debug, Default)]
pub struct Deployment {
    /// Its tables.
    pub tables: Vec<TablePlan>,
    /// Its queues.
    pub queues: Vec<QueuePlan>,
    /// Its functions, by the names of their binaries.
    pub functions: BTreeMap<String, FunctionPlan>,
    /// What leads to a function over HTTP.
    pub routes: Vec<RoutePlan>,
    /// What is called by the clock.
    pub schedules: Vec<SchedulePlan>,
    /// What is called with the messages of a queue.
    pub subscriptions: Vec<SubscriptionPlan>,
    /// What browsers of other origins may do.
    pub cors: Option<Cors>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePlan {
    /// Its name.
    pub name: String,
    /// Partition key.
    pub partition_key: Key,
    /// Sort key.
    pub sort_key: Option<Key>,
    /// The attribute that says when an item may go.
    pub ttl: Option<String>,
}

/// An attribute of a table's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// `S`, `N` or `B`.
    pub kind: String,
}

/// A queue.
#[derive(Debug, Clone)]
pub struct QueuePlan {
    /// Its name.
    pub name: String,
    /// How long every message waits at least.
    pub delay: Duration,
    /// How long a message that was handed out stays away.
    pub visibility_timeout: Duration,
    /// Where a message goes that keeps failing.
    pub redrive: Option<RedrivePlan>,
}

/// Where a message goes that keeps failing.
#[derive(Debug, Clone)]
pub struct RedrivePlan {
    /// Name of the queue that it goes to.
    pub to: String,
    /// After having been handed out this often.
    pub after: u32,
}

/// A function.
#[derive(Debug, Clone)]
pub struct FunctionPlan {
    /// How long it may take.
    pub timeout: Duration,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// What its role may do.
    pub permissions: Arc<Permissions>,
}

/// A route of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePlan {
    /// HTTP method, or `ANY`.
    pub method: String,
    /// Path with `{variables}`, or `$default`.
    pub path: String,
    /// The function that it leads to.
    pub function: String,
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct SchedulePlan {
    /// The function that it calls.
    pub function: String,
    /// How often.
    pub every: Duration,
    /// With what, if not with the scheduler's own event.
    pub input: Option<Json>,
}

/// A function that gets the messages of a queue.
#[derive(Debug, Clone)]
pub struct SubscriptionPlan {
    /// The function.
    pub function: String,
    /// The queue.
    pub queue: String,
    /// How many messages it gets at once.
    pub batch_size: usize,
}

/// What browsers of other origins may do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    /// From where.
    pub allow_origins: Vec<String>,
    /// With which methods.
    pub allow_methods: Vec<String>,
    /// With which headers.
    pub allow_headers: Vec<String>,
    /// Which headers of an answer they may see.
    pub expose_headers: Vec<String>,
    /// For how many seconds they may remember this.
    pub max_age: Option<u32>,
}

impl Deployment {
    /// What each function's role may do.
    pub fn grants(&self) -> Vec<(String, Grant)> {
        let functions = self.functions.iter();
        functions
            .flat_map(|(name, plan)| {
                let grants = plan.permissions.grants();
                grants.map(|grant| (name.clone(), grant.clone()))
            })
            .collect()
    }
}

/// Reads what a template describes.
pub fn read(
    template: &Template,
    parameters: &BTreeMap<String, String>,
    place: &Place,
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
            place,
        },
    };
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

struct Reader<'a> {
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
            return Ok(());
        }
        match resource.get("Type").and_then(Value::as_str) {
            Some("AWS::DynamoDB::Table") => deployment.tables.push(self.table(name, resource)?),
            Some("AWS::SQS::Queue") => deployment.queues.push(self.queue(name, resource)?),
            Some("AWS::Serverless::Function") => self.function(deployment, resource)?,
            Some("AWS::Serverless::HttpApi") => {
                deployment.cors = self.property(resource, "CorsConfiguration")?;
            }
            _ => {}
        }
        Ok(())
    }

    fn table(&self, name: &str, resource: &Value) -> Result<TablePlan, Problem> {
        let attributes: Vec<AttributeDefinition> = self.needed(resource, "AttributeDefinitions")?;
        let keys: Vec<KeySchema> = self.needed(resource, "KeySchema")?;
        let ttl: Option<TimeToLive> = self.property(resource, "TimeToLiveSpecification")?;
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
        let name = resource
            .get("Metadata")
            .and_then(|metadata| metadata.get("BuildProperties"))
            .and_then(|properties| properties.get("Binary"))
            .and_then(Value::as_str)
            .ok_or_else(|| Problem::failure("its Metadata names no Binary"))?;
        let plan = self.function_plan(resource)?;
        deployment.functions.insert(name.to_owned(), plan);
        let events = resource
            .get("Properties")
            .and_then(|properties| properties.get("Events"))
            .and_then(Value::as_mapping);
        for (_, event) in events.into_iter().flatten() {
            self.event(deployment, name, event)?;
        }
        Ok(())
    }

    /// What the function says itself goes before what the template says for all of them.
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
            permissions: Arc::new(Permissions::of(
                self.property(resource, "Policies")?.unwrap_or_default(),
            )?),
        })
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

    fn property<T: DeserializeOwned>(
        &self,
        resource: &Value,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        match resource.get("Properties") {
            Some(properties) => self.value(properties, name),
            None => Ok(None),
        }
    }

    fn needed<T: DeserializeOwned>(&self, resource: &Value, name: &str) -> Result<T, Problem> {
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

/// The name at the end of an ARN.
fn name_in(arn: &str) -> String {
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
    use crate::template::parameters;

    fn place() -> Place {
        Place {
            region: "ap-northeast-2".to_owned(),
            account: "000000000000".to_owned(),
            queues: "http://127.0.0.1:3000/000000000000".to_owned(),
        }
    }

    fn repository(overrides: &[(&str, &str)]) -> Result<Deployment, Problem> {
        let overrides: Vec<_> = overrides
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Template::repository()?.deployment(&overrides, &place())
    }

    #[test]
    fn the_tables_have_the_keys_of_the_data_model() {
        let deployment = repository(&[]).expect("runs here");
        let key = |name: &str| Key {
            name: name.to_owned(),
            kind: "S".to_owned(),
        };
        assert_eq!(deployment.tables.len(), 7);
        let sessions = deployment.tables.iter().find(|t| t.name == "Sessions");
        assert_eq!(
            sessions,
            Some(&TablePlan {
                name: "Sessions".to_owned(),
                partition_key: key("user_id"),
                sort_key: Some(key("queue_id")),
                ttl: Some("ttl".to_owned()),
            })
        );
    }

    #[test]
    fn every_function_can_read_its_configuration() {
        let deployment = repository(&[("HoldSeconds", "5")]).expect("runs here");
        assert!(!deployment.functions.is_empty());
        for (name, function) in &deployment.functions {
            let variable = |variable: &str| function.environment.get(variable).cloned();
            let config = shared::config::Config::read(variable).expect(name);
            assert_eq!(config.hold_seconds, 5);
            assert_eq!(config.tables.seats, "Seats");
        }
    }

    #[test]
    fn the_release_messages_have_their_function_and_their_dead_letters() {
        let deployment = repository(&[]).expect("runs here");
        let [subscription] = &deployment.subscriptions[..] else {
            panic!("one subscription: {:?}", deployment.subscriptions);
        };
        assert_eq!(subscription.function, "release-hold");
        let queue = deployment
            .queues
            .iter()
            .find(|q| q.name == subscription.queue);
        let redrive = queue.and_then(|queue| queue.redrive.as_ref());
        assert_eq!(redrive.map(|redrive| redrive.after), Some(5));
        let timeout = deployment.functions["release-hold"].timeout;
        assert!(queue.is_some_and(|queue| queue.visibility_timeout >= 6 * timeout));
    }

    #[test]
    fn the_default_route_is_the_one_without_a_path() {
        let deployment = repository(&[]).expect("runs here");
        assert!(deployment.routes.contains(&RoutePlan {
            method: "ANY".to_owned(),
            path: "$default".to_owned(),
            function: "not-found".to_owned(),
        }));
    }

    #[test]
    fn schedules_are_rates() {
        assert_eq!(rate("rate(1 minute)"), Some(Duration::from_mins(1)));
        assert_eq!(rate("rate(2 hours)"), Some(Duration::from_hours(2)));
        assert_eq!(rate("rate(0 minutes)"), None);
        assert_eq!(rate("cron(0 12 * * ? *)"), None);
    }

    #[test]
    fn what_an_operator_may_not_set_is_named() {
        for (name, value) in [
            ("LogRetentionDays", "31"),
            ("AlarmTopicArn", "onsale-alarms"),
            ("PollsPerSecond", "0"),
            ("JoinsPerSecond", "100001"),
            ("RequestsPerSecond", "many"),
            ("PayConcurrency", "-1"),
            ("HoldConcurrency", "10001"),
            ("AdmitConcurrency", "101"),
            ("WarmReads", "1000001"),
            ("WarmWrites", "-1"),
            ("DeletionProtection", "yes"),
        ] {
            let problem = repository(&[(name, value)]).expect_err(name);
            assert_eq!(problem.exit_code(), 2);
            let sentence = format!("the parameter {name} is {value:?}, but must be ");
            assert!(problem.to_string().starts_with(&sentence), "{problem}");
        }
    }

    /// The properties of every resource of the repository's template, by its name.
    fn properties(overrides: &[(&str, &str)]) -> BTreeMap<String, Json> {
        let overrides: Vec<_> = overrides
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let template = Template::repository().expect("YAML");
        let declared = template.section("Parameters");
        let resources = template.section("Resources").expect("resources");
        let resolver = Resolver {
            parameters: &parameters::resolve(declared, &overrides).expect("allowed"),
            resources,
            conditions: template.section("Conditions"),
            place: &place(),
        };
        let mut properties = BTreeMap::new();
        for (name, resource) in resources {
            let name = name.as_str().expect("a name");
            let value = resource
                .get("Properties")
                .map(|value| resolver.resolve(value).expect(name));
            properties.insert(name.to_owned(), value.unwrap_or_default());
        }
        properties
    }

    #[test]
    fn what_the_local_stack_does_not_build_refers_to_what_is_there() {
        let usual = properties(&[]);
        assert_eq!(usual["Pay"].get("ReservedConcurrentExecutions"), None);
        assert_eq!(usual["Seats"].get("WarmThroughput"), None);
        assert_eq!(usual["AdmitIsSilent"].get("AlarmActions"), None);

        let topic = "arn:aws:sns:ap-northeast-2:000000000000:night";
        let large = properties(&[
            ("PayConcurrency", "50"),
            ("WarmReads", "40000"),
            ("WarmWrites", "20000"),
            ("AlarmTopicArn", topic),
        ]);
        assert_eq!(large["Pay"]["ReservedConcurrentExecutions"], "50");
        assert_eq!(
            large["Seats"]["WarmThroughput"],
            serde_json::json!({ "ReadUnitsPerSecond": "40000", "WriteUnitsPerSecond": "20000" })
        );
        for (name, alarm) in large
            .iter()
            .filter(|(_, p)| p.get("AlarmDescription").is_some())
        {
            assert_eq!(alarm["AlarmActions"], serde_json::json!([topic]), "{name}");
            assert_ne!(alarm["TreatMissingData"], Json::Null, "{name}");
        }
    }

    /// Otherwise a deployment that changes nothing but a parameter would publish no version.
    #[test]
    fn the_version_of_a_function_has_every_parameter_in_its_name() {
        let template = Template::repository().expect("YAML");
        let resources = template.section("Resources").expect("resources");
        let deployment = repository(&[]).expect("runs here");
        let functions: Vec<_> = resources
            .values()
            .filter(|resource| resource["Type"] == "AWS::Serverless::Function")
            .collect();
        assert_eq!(functions.len(), deployment.functions.len());
        let environment = &deployment.functions["pay"].environment;
        let parameters = environment
            .keys()
            .filter_map(|variable| template.parameter_behind(variable));
        for parameter in parameters {
            for function in &functions {
                let description = &function["Properties"]["VersionDescription"];
                let description = yaml_serde::to_string(description).expect("YAML");
                let value = format!("${{{parameter}}}");
                assert!(description.contains(&value), "{parameter} in {description}");
            }
        }
        for properties in properties(&[]).values() {
            if let Some(description) = properties["VersionDescription"].as_str() {
                assert!(description.len() <= 256, "Lambda takes no more");
            }
        }
    }

    /// API Gateway refuses to deploy settings of a route that it does not have.
    #[test]
    fn the_routes_that_have_a_limit_of_their_own_are_there() {
        let api = &properties(&[])["Api"];
        let limited = api["RouteSettings"].as_object().expect("settings");
        let deployment = repository(&[]).expect("runs here");
        for route in limited.keys() {
            let (method, path) = route.split_once(' ').expect("a method and a path");
            let is_there = |plan: &RoutePlan| plan.method == method && plan.path == path;
            assert!(deployment.routes.iter().any(is_there), "{route}");
        }
    }

    /// Otherwise the dashboard is refused when the stack is deployed.
    #[test]
    fn the_dashboard_and_the_access_log_are_json() {
        let properties = properties(&[]);
        let body = properties["Dashboard"]["DashboardBody"].as_str();
        let body: Json = serde_json::from_str(body.expect("a text")).expect("JSON");
        let alarms = body["widgets"][0]["properties"]["alarms"].as_array();
        let there = properties
            .values()
            .filter(|p| p.get("AlarmDescription").is_some());
        assert_eq!(alarms.map(Vec::len), Some(there.count()), "every alarm");

        let format = properties["Api"]["AccessLogSettings"]["Format"].as_str();
        let format: Json = serde_json::from_str(format.expect("a text")).expect("JSON");
        for never in ["$context.path", "$context.http", "$context.identity"] {
            assert!(!format.to_string().contains(never), "{never} in {format}");
        }
    }

    #[test]
    fn the_parameter_behind_a_variable_is_known() {
        let template = Template::repository().expect("YAML");
        assert_eq!(template.parameter_behind("TIME_ZONE"), Some("TimeZone"));
        assert_eq!(template.parameter_behind("USERS_TABLE"), None);
    }
}
