//! Every function starts with each value that the template allows for a parameter. If one did not,
//! a deployment could be accepted and not work.

use std::sync::LazyLock;

use proptest::{
    prelude::*,
    string::string_regex,
    test_runner::{TestRng, TestRunner},
};
use shared::config::{Config, WhoCharges};
use yaml_serde::{Mapping, Value};

use super::{Resolver, Template, account, given, parameters, repository};

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::repository().expect("YAML"));

/// The defaults of all parameters.
static DEFAULTS: LazyLock<std::collections::BTreeMap<String, String>> =
    LazyLock::new(|| parameters::resolve(Some(declared()), &[]).expect("defaults"));

fn declared() -> &'static Mapping {
    TEMPLATE.section("Parameters").expect("parameters")
}

/// Whether CloudFormation accepts this value.
fn is_allowed(name: &str, value: &str) -> bool {
    let mut only = Mapping::new();
    let parameter = declared().get(name).unwrap_or_else(|| panic!("no {name}"));
    only.insert(Value::from(name), parameter.clone());
    parameters::resolve(Some(&only), &given(&[(name, value)])).is_ok()
}

/// The configuration of a function with these values, without CloudFormation's checks.
fn start(values: &[(&str, &str)]) -> Result<Config, String> {
    let mut parameters = DEFAULTS.clone();
    parameters.extend(given(values));
    let resolver = Resolver {
        parameters: &parameters,
        resources: TEMPLATE.section("Resources").expect("resources"),
        conditions: TEMPLATE.section("Conditions"),
        mappings: TEMPLATE.section("Mappings"),
        account: &account(),
    };
    let globals = TEMPLATE.section("Globals").expect("globals");
    let variables = &globals["Function"]["Environment"]["Variables"];
    let variables = resolver.resolve(variables).expect("values");
    Config::read(|name| variables[name].as_str().map(str::to_owned)).map_err(|e| e.to_string())
}

/// The parameters that have a pattern, and their patterns.
fn patterns() -> Vec<(&'static str, &'static str)> {
    let parameters = declared().iter();
    parameters
        .filter_map(|(name, parameter)| {
            Some((name.as_str()?, parameter.get("AllowedPattern")?.as_str()?))
        })
        .collect()
}

/// Generates the same values each time.
fn runner() -> TestRunner {
    let config = ProptestConfig::with_cases(64);
    let algorithm = config.rng_algorithm;
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(algorithm))
}

/// These are names, not numbers.
const NAMES: [&str; 11] = [
    "AlarmTopicArn",
    "RestoredTables",
    "RestoredStreams",
    "WebhookUrl",
    "WebhookSecret",
    "WebhookEvents",
    "Domain",
    "CertificateArn",
    "WebAclArn",
    "OriginSecret",
    "OriginSecretBefore",
];

#[test]
fn every_function_starts_with_each_listed_value() {
    for (name, parameter) in declared() {
        let name = name.as_str().expect("a name");
        let listed = parameter.get("AllowedValues").and_then(Value::as_sequence);
        for value in listed.into_iter().flatten() {
            let value = value.as_str().expect("text");
            start(&[(name, value)]).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        }
    }
}

#[test]
fn every_function_starts_with_values_that_a_pattern_allows() {
    for (name, pattern) in patterns() {
        let values = string_regex(pattern).expect("a pattern");
        let outcome = runner().run(&values, |value| {
            prop_assert!(is_allowed(name, &value), "{name}={value}");
            let started = start(&[(name, &value)]);
            prop_assert!(started.is_ok(), "{name}={value}: {started:?}");
            Ok(())
        });
        outcome.unwrap_or_else(|problem| panic!("{name}: {problem}"));
    }
}

/// A pattern cannot compare two parameters.
#[test]
fn claim_of_any_length_goes_with_any_window() {
    let (claims, windows) = (["10", "290", "300", "3590"], ["20", "300", "3600"]);
    for (claim, active) in claims.iter().flat_map(|claim| windows.map(|w| (*claim, w))) {
        let config = start(&[("ClaimSeconds", claim), ("ActiveSeconds", active)]).expect("starts");
        assert!(config.claim_seconds + 10 <= config.active_seconds);
    }
}

#[test]
fn text_that_only_looks_like_a_number_is_refused_by_cloudformation() {
    for (name, _) in patterns().iter().filter(|(name, _)| !NAMES.contains(name)) {
        for odd in [
            "300.5",
            "50.0001",
            "3e2",
            "0x20",
            "+20",
            "-20",
            " 20",
            "20 ",
            "020",
            ".5",
            "20.",
            "1,000",
            "２０",
            "many",
            "",
            "99999999999",
        ] {
            // A rate may have decimals.
            let may = *name == "MainRate" && odd == "300.5";
            assert_eq!(is_allowed(name, odd), may, "{name}={odd}");
        }
    }
}

#[test]
fn range_allows_both_its_ends_and_nothing_beyond() {
    for (name, least, most, beyond) in [
        ("HoldSeconds", "1", "840", ["0", "841"]),
        ("ClaimSeconds", "10", "3590", ["9", "3591"]),
        ("ActiveSeconds", "20", "3600", ["19", "3601"]),
        ("TickSeconds", "1", "30", ["0", "31"]),
        ("MainRate", "0.001", "10000", ["0.000", "10000.001"]),
        ("MainMaxActive", "1", "1000000", ["0", "1000001"]),
        ("RefundCutoffHours", "0", "8760", ["-1", "8761"]),
        ("KeyRotationDays", "1", "365", ["0", "366"]),
        ("AuditReadUnits", "10", "10000000", ["9", "10000001"]),
        ("PollsPerSecond", "1", "100000", ["0", "100001"]),
        ("JoinsPerSecond", "1", "100000", ["0", "100001"]),
        ("RequestsPerSecond", "1", "100000", ["0", "100001"]),
        ("PlaceConcurrency", "0", "10000", ["-1", "10001"]),
        ("QueueConcurrency", "0", "10000", ["-1", "10001"]),
        ("JoinConcurrency", "0", "10000", ["-1", "10001"]),
        ("PayConcurrency", "0", "10000", ["-1", "10001"]),
        ("HoldConcurrency", "0", "10000", ["-1", "10001"]),
        ("AdmitConcurrency", "0", "100", ["-1", "101"]),
        ("WarmReads", "12000", "1000000", ["11999", "1000001"]),
        ("WarmWrites", "4000", "1000000", ["3999", "1000001"]),
        ("EventArchiveDays", "0", "3650", ["-1", "3651"]),
    ] {
        assert!(is_allowed(name, least) && is_allowed(name, most), "{name}");
        for value in beyond {
            assert!(!is_allowed(name, value), "{name}={value}");
        }
    }
}

/// A Number may have decimals, whatever its bounds are.
#[test]
fn parameters_are_strings_to_cloudformation() {
    for (name, parameter) in declared() {
        assert_eq!(parameter["Type"], "String", "{name:?}");
    }
}

#[test]
fn time_zone_of_every_place_is_allowed() {
    let areas = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    ];
    let known = jiff::tz::db().available().map(|zone| zone.to_string());
    let places = known.filter(|zone| {
        let area = zone.split_once('/').map(|(area, _)| area);
        area.is_some_and(|area| areas.contains(&area))
    });
    for zone in places.chain(["UTC".to_owned()]) {
        assert!(is_allowed("TimeZone", &zone), "{zone}");
    }
    for wrong in ["Asia/Seul", "asia/seoul", "KST", ""] {
        assert!(!is_allowed("TimeZone", wrong), "{wrong}");
    }
}

#[test]
fn users_charge_themselves_here_and_not_when_deployed() {
    let deployed = start(&[]).expect("starts");
    assert_eq!(deployed.who_charges, WhoCharges::Admins);

    let here = repository(&[]).expect("runs here");
    assert_eq!(here.functions["charge"].environment["WHO_CHARGES"], "users");
    let here = repository(&[("WhoCharges", "admins")]).expect("runs here");
    assert_eq!(
        here.functions["charge"].environment["WHO_CHARGES"],
        "admins"
    );
}

#[test]
fn restored_tables_are_refused_here_and_used_when_deployed() {
    let problem = repository(&[("RestoredTables", "20261128T2100")]).expect_err("not here");
    assert_eq!(problem.exit_code(), 2);
    assert!(problem.to_string().contains("RestoredTables"));

    let deployed = start(&[("RestoredTables", "20261128T2100")]).expect("starts");
    assert_eq!(deployed.tables.seats, "onsale-Seats-20261128T2100");
    assert_eq!(deployed.tables.keys, "Keys", "keys are never restored");
}
