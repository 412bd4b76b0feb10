//! What operators rely on: alarms, tables that stay when the stack is deleted, and several stacks
//! in one account.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde_json::{Value as Json, json};
use yaml_serde::Value;

use super::{STREAMS, Template, properties};

/// The resources of a type, by name, as the template has them.
fn resources(kind: &str) -> Vec<(String, Value)> {
    let template = Template::repository().expect("YAML");
    let resources = template.section("Resources").expect("resources");
    resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name.as_str().expect("a name").to_owned(), resource.clone()))
        .collect()
}

/// What the template's resources are with events, and else with the defaults of all parameters.
static USUAL: LazyLock<BTreeMap<String, Json>> =
    LazyLock::new(|| properties(&[("Events", "true")]));

/// The names of the alarms that watch Lambda's `Errors` of a function.
fn alarms_on_crashes_of(function: &str) -> Vec<String> {
    let watches = |alarm: &Json| {
        let metrics = alarm["Metrics"].as_array().into_iter().flatten();
        let mut metrics = metrics.map(|metric| &metric["MetricStat"]["Metric"]);
        let dimensions = json!([{ "Name": "FunctionName", "Value": function }]);
        metrics.any(|metric| {
            metric["Namespace"] == "AWS/Lambda"
                && metric["MetricName"] == "Errors"
                && metric["Dimensions"] == dimensions
        })
    };
    USUAL
        .iter()
        .filter(|(_, alarm)| alarm.get("AlarmDescription").is_some() && watches(alarm))
        .map(|(name, _)| name.clone())
        .collect()
}

/// A function that cannot start, or that runs out of memory or time, writes no metric of ours.
#[test]
fn crash_of_any_function_raises_an_alarm() {
    for (function, _) in resources("AWS::Serverless::Function") {
        // An audit that does not run has an alarm of its own.
        if function == "Audit" {
            continue;
        }
        assert!(!alarms_on_crashes_of(&function).is_empty(), "{function}");
    }
}

#[test]
fn most_important_functions_have_alarms_of_their_own() {
    for (function, alarm) in [
        ("Pay", "PayFails"),
        ("HoldSeats", "HoldFails"),
        ("JoinQueue", "JoinFails"),
        ("Admit", "AdmitFails"),
        ("RotateKeys", "KeysAreNotRotated"),
    ] {
        assert_eq!(alarms_on_crashes_of(function), [alarm]);
        let metrics = USUAL[alarm]["Metrics"].to_string();
        for (other, _) in resources("AWS::Serverless::Function") {
            let is_watched = metrics.contains(&format!("\"Value\":\"{other}\""));
            assert_eq!(is_watched, other == function, "{alarm} and {other}");
        }
    }
}

/// These are limits of CloudWatch, and of gradual deployments.
#[test]
fn alarm_has_ten_metrics_and_a_deployment_ten_alarms_at_most() {
    let properties = &*USUAL;
    for (name, alarm) in properties {
        let Some(metrics) = alarm["Metrics"].as_array() else {
            continue;
        };
        let read = metrics.iter().filter(|m| m.get("MetricStat").is_some());
        assert!(read.count() <= 10, "{name}");
        let shown = metrics.iter().filter(|m| m["ReturnData"] != false);
        assert_eq!(shown.count(), 1, "{name}: an alarm watches one of them");
    }
    let template = Template::repository().expect("YAML");
    let globals = template.section("Globals").expect("globals");
    let alarms = &globals["Function"]["DeploymentPreference"]["Alarms"];
    let alarms = alarms.as_sequence().expect("alarms");
    assert!(alarms.len() <= 10);
    let stops = |alarm: &str| {
        alarms.iter().any(|one| match one {
            Value::Tagged(tagged) => tagged.value.as_str() == Some(alarm),
            _ => false,
        })
    };
    for (function, _) in resources("AWS::Serverless::Function") {
        let watching = alarms_on_crashes_of(&function);
        let is_nobodys = ["Audit", "RotateKeys"].contains(&function.as_str());
        let is_operators = watching == ["OperatorFunctionsCrash"];
        assert!(
            is_nobodys || is_operators || watching.iter().any(|alarm| stops(alarm)),
            "{function}"
        );
    }
}

/// An audit that is missing is reported after two days if it is daily, and after ten minutes if it
/// runs every five.
#[test]
fn missing_audit_raises_an_alarm() {
    for (minutes, period) in [("5", 300), ("60", 3_600), ("1440", 86_400)] {
        let alarm = &properties(&[("AuditMinutes", minutes)])["AuditIsSilent"];
        assert_eq!(alarm["Period"], period);
        assert_eq!(alarm["TreatMissingData"], "breaching");
        // The longest time that CloudWatch evaluates.
        let days = if period < 3_600 { 1 } else { 7 };
        let looks_back = alarm["EvaluationPeriods"].as_i64().expect("a number") * period;
        assert!(looks_back <= days * 86_400);
    }
    let condition = &resources("AWS::CloudWatch::Alarm")
        .into_iter()
        .find(|(name, _)| name == "AuditIsSilent")
        .expect("there")
        .1["Condition"];
    assert_eq!(condition, "Audits", "nobody waits for what is switched off");
}

#[test]
fn refusals_of_the_gateway_are_counted() {
    let properties = &*USUAL;
    let filter = &properties["Refusals"];
    let format = properties["Api"]["AccessLogSettings"]["Format"].as_str();
    let format: Json = serde_json::from_str(format.expect("a text")).expect("JSON");
    // The filter names fields that the lines have.
    let pattern = filter["FilterPattern"].as_str().expect("a pattern");
    for (field, variable) in [
        ("status", "$context.status"),
        ("functionStatus", "$context.integrationStatus"),
    ] {
        assert!(pattern.contains(&format!("$.{field} = ")), "{field}");
        assert_eq!(format[field], variable);
    }
    let counted = &filter["MetricTransformations"][0];
    let alarm = &properties["RequestsAreRefused"];
    assert_eq!(counted["MetricName"], alarm["MetricName"]);
    assert_eq!(counted["MetricNamespace"], alarm["Namespace"]);
}

#[test]
fn tables_can_be_restored_and_all_but_keys_outlive_the_stack() {
    let properties = &*USUAL;
    for (name, table) in resources("AWS::DynamoDB::Table") {
        let is_kept = name != "Keys";
        let restores = &properties[&name]["PointInTimeRecoverySpecification"];
        assert_eq!(restores["PointInTimeRecoveryEnabled"], true, "{name}");
        assert_eq!(
            properties[&name]["DeletionProtectionEnabled"] == "true",
            is_kept,
            "{name}"
        );
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(table[policy] == "Retain", is_kept, "{name}: {policy}");
        }
    }
}

/// DynamoDB's report of throttled keys shows them to everybody with access to metrics.
#[test]
fn reported_keys_identify_no_person() {
    for (name, table) in &*USUAL {
        let is_watched = table.get("ContributorInsightsSpecification").is_some();
        let by_user = ["Users", "Accounts", "Sessions"].contains(&name.as_str());
        assert!(!(is_watched && by_user), "{name}");
    }
}

/// A role's rights cover the tables before and after they are replaced, and nothing else.
#[test]
fn rights_on_a_table_name_the_stack_and_the_table() {
    let tables = resources("AWS::DynamoDB::Table");
    for (function, resource) in resources("AWS::Serverless::Function") {
        let policies = yaml_serde::to_string(&resource["Properties"]["Policies"]).expect("YAML");
        for arn in policies.lines().filter(|line| line.contains("dynamodb:${")) {
            let (_, table) = arn.split_once(":table/${AWS::StackName}-").expect(arn);
            let table = table.trim_end_matches(['"', '\'']).strip_suffix("-*");
            let table = table.unwrap_or_else(|| panic!("{function}: {arn}"));
            assert!(
                tables.iter().any(|(name, _)| name == table),
                "{function}: {arn}"
            );
        }
    }
}

/// A function whose role lacks it cannot read the public keys, and does not start.
#[test]
fn every_function_may_decrypt_the_keys_that_it_reads() {
    for (encryption, has_right, is_encrypted) in [
        ("aws-owned", false, false),
        // The rights come first.
        ("prepared", true, false),
        ("customer-managed", true, true),
    ] {
        let properties = properties(&[("SigningKeyEncryption", encryption)]);
        for (function, _) in resources("AWS::Serverless::Function") {
            let policies = properties[&function]["Policies"].as_array();
            let has = policies.expect("policies").contains(&json!("DecryptsKeys"));
            assert_eq!(has, has_right, "{encryption}: {function}");
        }
        let encrypts = properties["Keys"].get("SSESpecification").is_some();
        assert_eq!(encrypts, is_encrypted, "{encryption}");
    }
}

/// SAM's own names of schedules are the same in every stack of an account and region.
#[test]
fn schedules_have_names_that_cloudformation_makes_up() {
    let mut schedules = 0;
    for (function, resource) in resources("AWS::Serverless::Function") {
        let events = resource["Properties"]
            .get("Events")
            .and_then(Value::as_mapping);
        for (name, event) in events.into_iter().flatten() {
            if event["Type"] == "ScheduleV2" {
                assert_eq!(event["Properties"]["OmitName"], true, "{function} {name:?}");
                schedules += 1;
            }
        }
    }
    assert_eq!(schedules, 3);
}

/// `sam build` compiles for the architecture of the template, and `sam deploy` configures Lambda
/// with it.
#[test]
fn processor_is_not_a_parameter() {
    let template = Template::repository().expect("YAML");
    let globals = template.section("Globals").expect("globals");
    assert_eq!(globals["Function"]["Architectures"][0], "x86_64");
    for (function, resource) in resources("AWS::Serverless::Function") {
        let own = resource["Properties"].get("Architectures");
        assert!(own.is_none(), "{function}");
    }
}

/// Without events there is nothing that has to do with them, and no alarm waits for any.
#[test]
fn everything_of_events_has_their_condition() {
    let template = Template::repository().expect("YAML");
    let all = template.section("Resources").expect("resources");
    let condition = |name: &str| all[name]["Condition"].as_str();
    for name in [
        "EventBus",
        "EventDeadLetters",
        "Publish",
        "EventsAreLate",
        "EventsAreLost",
    ] {
        assert_eq!(condition(name), Some("PublishesEvents"), "{name}");
    }
    assert_eq!(condition("EventArchive"), Some("ArchivesEvents"));
    for (name, _) in all.iter().filter(|(name, _)| {
        let name = name.as_str().expect("a name");
        name.starts_with("Webhook")
    }) {
        let name = name.as_str().expect("a name");
        assert_eq!(condition(name), Some("HasWebhook"), "{name}");
    }
    for (events, streams) in [("true", 4), ("false", 0)] {
        let properties = properties(&[("Events", events)]);
        let streamed = properties
            .values()
            .filter(|table| table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES");
        assert_eq!(streamed.count(), streams, "{events}");
    }
}

/// Without Cdn nothing of CloudFront is made.
#[test]
fn everything_of_cloudfront_has_its_condition() {
    let template = Template::repository().expect("YAML");
    let all = template.section("Resources").expect("resources");
    let of_cloudfront = all.values().filter(|resource| {
        let kind = resource["Type"].as_str().unwrap_or_default();
        kind.starts_with("AWS::CloudFront::")
    });
    let mut seen = 0;
    for resource in of_cloudfront {
        assert_eq!(resource["Condition"], "HasCdn");
        seen += 1;
    }
    assert_eq!(seen, 7);
    let outputs = template.section("Outputs").expect("outputs");
    for output in ["EdgeUrl", "EdgeDomain", "DistributionId", "DistributionArn"] {
        assert_eq!(outputs[output]["Condition"], "HasCdn", "{output}");
    }
}

/// An address of one's own needs its certificate.
#[test]
fn distribution_has_the_domain_and_the_firewall_that_are_given() {
    let arn = "arn:aws:acm:us-east-1:000000000000:certificate/019a9e1c-1111-7000-8000-000000000001";
    let acl =
        "arn:aws:wafv2:us-east-1:000000000000:global/webacl/a/019a9e1c-1111-7000-8000-000000000001";
    let config = |given: &[(&str, &str)]| {
        let given: Vec<_> = [("Cdn", "true")].iter().chain(given).copied().collect();
        properties(&given)["Distribution"]["DistributionConfig"].clone()
    };
    let bare = config(&[]);
    let own = json!({ "CloudFrontDefaultCertificate": true });
    assert_eq!(bare["ViewerCertificate"], own);
    for absent in ["Aliases", "WebACLId"] {
        assert_eq!(bare.get(absent), None);
    }
    let domain = config(&[
        ("Domain", "tickets.example.com"),
        ("CertificateArn", arn),
        ("WebAclArn", acl),
    ]);
    assert_eq!(domain["Aliases"], json!(["tickets.example.com"]));
    assert_eq!(domain["WebACLId"], acl);
    let certificate = &domain["ViewerCertificate"];
    assert_eq!(certificate["MinimumProtocolVersion"], "TLSv1.2_2021");
    assert_eq!(certificate["AcmCertificateArn"], arn);
    for config in [bare, domain] {
        let origin = &config["Origins"][0];
        let reached = &origin["CustomOriginConfig"];
        assert_eq!(reached["OriginProtocolPolicy"], "https-only");
        assert_eq!(reached["OriginSSLProtocols"], json!(["TLSv1.2"]));
        assert_eq!(origin["OriginShield"]["Enabled"], true);
        let behaviours = config["CacheBehaviors"].as_array().expect("behaviours");
        for behaviour in behaviours.iter().chain([&config["DefaultCacheBehavior"]]) {
            // The addresses that people type.
            let path = behaviour["PathPattern"].as_str().unwrap_or_default();
            let is_html = ["/", "/c/*", "/tickets", "/operator"].contains(&path);
            let policy = if is_html {
                "redirect-to-https"
            } else {
                "https-only"
            };
            assert_eq!(behaviour["ViewerProtocolPolicy"], policy, "{path}");
        }
    }
}

/// The labels are in the order of the parameter's description.
#[test]
fn events_of_restored_tables_come_from_their_own_streams() {
    let own = properties(&[]);
    let restored = properties(&[("RestoredTables", "then"), ("RestoredStreams", STREAMS)]);
    let labels = restored["Publish"]["Events"]
        .as_object()
        .expect("sources")
        .iter();
    let streams: Vec<_> = labels
        .map(|(table, source)| {
            let of_own = &own["Publish"]["Events"][table]["Properties"]["Stream"];
            assert_eq!(of_own, &json!(format!("{table}.StreamArn")));
            let stream = source["Properties"]["Stream"].as_str().expect("an ARN");
            let (_, name) = stream.split_once(":table/onsale-").expect("a table");
            name.to_owned()
        })
        .collect();
    let stream = |table: &str, number: u8| format!("{table}-then/stream/2026-11-0{number}");
    let expected = [
        stream("Accounts", 1),
        stream("Catalog", 2),
        stream("Queues", 3),
        stream("Sessions", 4),
    ];
    assert_eq!(BTreeSet::from_iter(streams), BTreeSet::from(expected));
}

#[test]
fn webhook_gets_the_events_of_the_given_types() {
    let pattern = |parameters: &[(&str, &str)]| -> Json {
        let rule = &properties(parameters)["WebhookRule"];
        let pattern = rule["EventPattern"].as_str().expect("a text");
        serde_json::from_str(pattern).expect("JSON")
    };
    assert_eq!(
        pattern(&[("WebhookEvents", "order.,hold.placed.v1")]),
        json!({
            "source": ["onsale"],
            "detail-type": [{ "prefix": "order." }, { "prefix": "hold.placed.v1" }],
        })
    );
    let usual = pattern(&[]);
    let prefixes = usual["detail-type"].as_array().expect("prefixes");
    for kind in [
        "charge.made.v1",
        "balance.corrected.v1",
        "order.paid.v1",
        "order.refunded.v1",
    ] {
        let is_of = |prefix: &Json| kind.starts_with(prefix["prefix"].as_str().expect("a text"));
        assert!(prefixes.iter().any(is_of), "{kind} is money");
    }
}

/// If versions were kept, the same build could not be deployed after a rollback.
#[test]
fn version_is_deleted_with_its_deployment() {
    let template = Template::repository().expect("YAML");
    let globals = template.section("Globals").expect("globals");
    assert_eq!(globals["Function"]["VersionDeletionPolicy"], "Delete");
}

/// By default polls and joins leave at least half of the smallest quotas to holds and payments. Some
/// regions have 2,500 requests a second, with a burst of 1,250. An account has 1,000 executions at
/// once, and Lambda keeps 100 of them unreserved.
#[test]
fn polls_and_joins_leave_room_for_paying() {
    let properties = &*USUAL;
    let limit = |limit: &Json, what: &str| -> u32 {
        let text = limit[what].as_str().expect("a number");
        text.parse().expect("a number")
    };
    let routes = properties["Api"]["RouteSettings"]
        .as_object()
        .expect("routes");
    let sum = |what: &str| routes.values().map(|route| limit(route, what)).sum::<u32>();
    assert!(sum("ThrottlingRateLimit") <= 2_500 / 2);
    assert!(sum("ThrottlingBurstLimit") < 1_250);
    let capped = ["GetPlace", "GetQueue", "JoinQueue"];
    let executions = |name: &&str| limit(&properties[*name], "ReservedConcurrentExecutions");
    assert!(capped.iter().map(executions).sum::<u32>() <= 1_000 / 2);
}
