//! What the repository's template deploys.

mod operations;
mod ranges;

use super::*;
use crate::{
    Problem,
    template::{
        Template, given,
        intrinsics::{AwsAccount, Resolver},
        parameters,
    },
};

pub fn account() -> AwsAccount {
    AwsAccount {
        region: "ap-northeast-2".to_owned(),
        id: "000000000000".to_owned(),
        queues_url: "http://127.0.0.1:3000/000000000000".to_owned(),
    }
}

fn repository(overrides: &[(&str, &str)]) -> Result<Deployment, Problem> {
    Template::repository()?.deployment(&given(overrides), &account())
}

#[test]
fn tables_have_the_keys_of_the_data_model() {
    let deployment = repository(&[]).expect("runs here");
    let key = |name: &str| Key {
        name: name.to_owned(),
        kind: "S".to_owned(),
    };
    assert_eq!(deployment.tables.len(), 8);
    let sessions = deployment.tables.iter().find(|t| t.name == "Sessions");
    assert_eq!(
        sessions,
        Some(&TablePlan {
            name: "Sessions".to_owned(),
            partition_key: key("user_id"),
            sort_key: Some(key("queue_id")),
            ttl: Some("ttl".to_owned()),
            has_stream: true,
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
fn release_messages_have_a_function_and_a_queue_for_dead_letters() {
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
fn default_route_leads_to_not_found() {
    let deployment = repository(&[]).expect("runs here");
    assert!(deployment.routes.contains(&RoutePlan {
        method: "ANY".to_owned(),
        path: "$default".to_owned(),
        function: "not-found".to_owned(),
    }));
}

#[test]
fn parameter_with_a_forbidden_value_is_refused_by_name() {
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

/// Secrets such as the template wants.
const SECRET: &str = "0123abcd.0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "4567abcd.0123456789abcdef0123456789abcdef";

/// The labels of the streams of restored tables.
const STREAMS: &str = "2026-11-01,2026-11-02,2026-11-03,2026-11-04";

/// The properties of every resource of the repository's template, by its name.
pub fn properties(overrides: &[(&str, &str)]) -> BTreeMap<String, Json> {
    let template = Template::repository().expect("YAML");
    let declared = template.section("Parameters");
    let resources = template.section("Resources").expect("resources");
    let resolver = Resolver {
        parameters: &parameters::resolve(declared, &given(overrides)).expect("allowed"),
        resources,
        conditions: template.section("Conditions"),
        mappings: template.section("Mappings"),
        account: &account(),
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
fn resources_that_the_local_stack_does_not_build_follow_parameters() {
    let usual = properties(&[]);
    assert_eq!(usual["Pay"].get("ReservedConcurrentExecutions"), None);
    for (capped, at) in [
        ("GetPlace", "200"),
        ("GetQueue", "100"),
        ("JoinQueue", "200"),
    ] {
        assert_eq!(usual[capped]["ReservedConcurrentExecutions"], at);
    }
    assert_eq!(usual["Seats"].get("WarmThroughput"), None);
    assert_eq!(usual["Keys"].get("SSESpecification"), None);
    assert_eq!(usual["AdmitIsSilent"].get("AlarmActions"), None);

    let topic = "arn:aws:sns:ap-northeast-2:000000000000:night";
    let large = properties(&[
        ("PayConcurrency", "50"),
        ("WarmReads", "40000"),
        ("WarmWrites", "20000"),
        ("AlarmTopicArn", topic),
        ("PlaceConcurrency", "0"),
        ("SigningKeyEncryption", "customer-managed"),
    ]);
    assert_eq!(large["GetPlace"].get("ReservedConcurrentExecutions"), None);
    assert_eq!(large["Keys"]["SSESpecification"]["SSEType"], "KMS");
    assert_eq!(large["Pay"]["ReservedConcurrentExecutions"], "50");
    for table in ["Users", "Accounts", "Queues", "Sessions", "Seats"] {
        assert_eq!(
            large[table]["WarmThroughput"],
            serde_json::json!({ "ReadUnitsPerSecond": "40000", "WriteUnitsPerSecond": "20000" })
        );
    }
    for (name, alarm) in large
        .iter()
        .filter(|(_, p)| p.get("AlarmDescription").is_some())
    {
        assert_eq!(alarm["AlarmActions"], serde_json::json!([topic]), "{name}");
        assert_ne!(alarm["TreatMissingData"], Json::Null, "{name}");
    }
}

/// CloudFormation cannot compare them with the tables that exist.
#[test]
fn restored_tables_are_those_that_alarms_and_dashboard_name() {
    let restored = properties(&[
        ("RestoredTables", "20261128T2100"),
        ("RestoredStreams", STREAMS),
    ]);
    let text = |name: &str| restored[name].to_string();
    for alarm in ["ReadsAreThrottled", "WritesAreThrottled", "WritesCollide"] {
        // Records are put under ids of their own, so no two writes of them collide.
        let log = (alarm != "WritesCollide").then_some("Changes");
        let tables = [
            "Users", "Accounts", "Catalog", "Queues", "Sessions", "Seats",
        ];
        for table in tables.into_iter().chain(log) {
            let name = format!("\"onsale-{table}-20261128T2100\"");
            assert!(text(alarm).contains(&name), "{name} in {alarm}");
            assert!(
                text("Dashboard").contains(&name.replace('"', "\\\"")),
                "{name}"
            );
        }
    }
}

/// Otherwise a deployment that changes only a parameter would publish no version.
#[test]
fn version_description_of_a_function_has_every_parameter() {
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
        .filter_map(|variable| template.parameter_behind(variable))
        // The first decides the tables' names. The second is not a variable.
        .chain(["RestoredTables", "Tracing"]);
    for parameter in parameters {
        for function in &functions {
            let description = &function["Properties"]["VersionDescription"];
            let description = yaml_serde::to_string(description).expect("YAML");
            let value = format!("${{{parameter}}}");
            assert!(description.contains(&value), "{parameter} in {description}");
        }
    }
}

/// With the longest value of each parameter.
#[test]
fn version_description_has_256_letters_at_most() {
    let long = properties(&[
        ("HoldSeconds", "840"),
        ("ClaimSeconds", "3590"),
        ("ActiveSeconds", "3600"),
        ("TickSeconds", "30"),
        ("MainRate", "10000.000"),
        ("MainMaxActive", "1000000"),
        ("RefundCutoffHours", "8760"),
        ("TimeZone", "America/Argentina/ComodRivadavia"),
        ("KeyRotationDays", "365"),
        ("Tracing", "Disabled"),
        ("RestoredTables", "1234567890123456789012345678901234567890"),
        ("RestoredStreams", STREAMS),
        ("PollsPerSecond", "100000"),
        ("JoinsPerSecond", "100000"),
        ("RequestsPerSecond", "100000"),
        ("PlaceConcurrency", "10000"),
        ("QueueConcurrency", "10000"),
        ("JoinConcurrency", "10000"),
        ("PayConcurrency", "10000"),
        ("HoldConcurrency", "10000"),
        ("AdmitConcurrency", "100"),
        ("WarmReads", "1000000"),
        ("WarmWrites", "1000000"),
        ("AuditMinutes", "1440"),
        ("AuditReadUnits", "10000000"),
        ("DeletionProtection", "false"),
        ("LogRetentionDays", "3653"),
        ("AccessLogRetentionDays", "3653"),
        ("OriginSecret", SECRET),
        ("OriginSecretBefore", OTHER_SECRET),
    ]);
    for properties in long.values() {
        if let Some(description) = properties["VersionDescription"].as_str() {
            assert!(
                description.len() <= 256,
                "Lambda takes no more: {description}"
            );
        }
    }
}

/// A new secret makes new versions, and its secret part is in no description.
#[test]
fn version_description_has_the_names_of_the_secrets() {
    let described = |current: &str, before: &str| {
        let all = properties(&[("OriginSecret", current), ("OriginSecretBefore", before)]);
        let functions = ["Pay", "GetService"].map(|function| {
            let description = all[function]["VersionDescription"].as_str();
            description.expect("a text").to_owned()
        });
        functions.join("; ")
    };
    let all = [
        ("", ""),
        (SECRET, ""),
        (OTHER_SECRET, SECRET),
        (OTHER_SECRET, ""),
    ];
    let all = all.map(|(current, before)| described(current, before));
    for (index, description) in all.iter().enumerate() {
        for secret in [SECRET, OTHER_SECRET] {
            let (_, behind) = secret.split_once('.').expect("a point");
            assert!(!description.contains(behind), "{description}");
        }
        assert!(!all[..index].contains(description), "{description}");
    }
}

/// What `get-service` says of the deployment. Otherwise it would say what was set before.
#[test]
fn version_of_get_service_is_another_one_for_each_value_that_it_shows() {
    let description = |given: &[(&str, &str)]| {
        let all = properties(given);
        let description = all["GetService"]["VersionDescription"].as_str();
        description.expect("a text").to_owned()
    };
    let usual = description(&[]);
    let topic = "arn:aws:sns:ap-northeast-2:123456789012:alarms";
    for (parameter, other) in [
        ("AlarmTopicArn", topic),
        ("PollsPerSecond", "401"),
        ("JoinsPerSecond", "301"),
        ("RequestsPerSecond", "401"),
        ("PlaceConcurrency", "0"),
        ("QueueConcurrency", "0"),
        ("JoinConcurrency", "0"),
        ("PayConcurrency", "1"),
        ("HoldConcurrency", "1"),
        ("AdmitConcurrency", "2"),
        ("WarmReads", "20000"),
        ("WarmWrites", "20000"),
        ("AuditMinutes", "0"),
        ("AuditReadUnits", "1000"),
        ("DeletionProtection", "false"),
        ("Deployment", "Canary10Percent5Minutes"),
        ("SigningKeyEncryption", "prepared"),
        ("LogRetentionDays", "60"),
        ("AccessLogRetentionDays", "60"),
    ] {
        assert_ne!(description(&[(parameter, other)]), usual, "{parameter}");
    }
}

/// API Gateway refuses to deploy settings of a route that it does not have.
#[test]
fn routes_with_a_limit_of_their_own_exist() {
    let api = &properties(&[])["Api"];
    let limited = api["RouteSettings"].as_object().expect("settings");
    let deployment = repository(&[]).expect("runs here");
    for route in limited.keys() {
        let (method, path) = route.split_once(' ').expect("a method and a path");
        let is_there = |plan: &RoutePlan| plan.method == method && plan.path == path;
        assert!(deployment.routes.iter().any(is_there), "{route}");
    }
}

/// Otherwise CloudFormation refuses the dashboard when the stack is deployed.
#[test]
fn dashboard_and_access_log_are_json() {
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
    // A path may contain a guest's secret, and a user agent may identify a person.
    for never in [
        "$context.path",
        "$context.http",
        "$context.identity.userAgent",
    ] {
        assert!(!format.to_string().contains(never), "{never} in {format}");
    }
    assert_eq!(format["sourceIp"], "$context.identity.sourceIp");
    assert_eq!(format["functionError"], "$context.integrationErrorMessage");
}

#[test]
fn parameter_behind_a_variable_is_found() {
    let template = Template::repository().expect("YAML");
    assert_eq!(template.parameter_behind("TIME_ZONE"), Some("TimeZone"));
    assert_eq!(template.parameter_behind("USERS_TABLE"), None);
}
