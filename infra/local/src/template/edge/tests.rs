//! What the repository's distribution says, and that nothing of a distribution is ignored.

use functions::ROUTES;

use super::*;
use crate::{
    Problem,
    template::{AwsAccount, Template, given},
};

pub const TEMPLATE: &str = include_str!("../../../../../template.yaml");

/// A secret such as the template wants.
const SECRET: &str = "0123abcd.0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "4567abcd.0123456789abcdef0123456789abcdef";

/// The distribution of a template.
pub fn plan_of(template: &str, parameters: &[(&str, &str)]) -> Result<Option<EdgePlan>, Problem> {
    let account = AwsAccount {
        region: "ap-northeast-2".to_owned(),
        id: "000000000000".to_owned(),
        queues_url: "http://127.0.0.1:3000/000000000000".to_owned(),
    };
    let deployment = Template::parse(template)?.deployment(&given(parameters), &account)?;
    Ok(deployment.edge)
}

/// The distribution of a template with Cdn.
pub fn plan_with_cdn(template: &str) -> EdgePlan {
    let plan = plan_of(template, &[("Cdn", "true"), ("OriginSecret", SECRET)]);
    plan.expect("runs here").expect("a distribution")
}

fn repository() -> EdgePlan {
    plan_with_cdn(TEMPLATE)
}

impl BehaviourPlan {
    /// Whether any answer that is no error can be kept here.
    fn keeps_answers(&self) -> bool {
        !self.cache.max.is_zero()
    }
}

#[test]
fn patterns_match_as_cloudfront_does() {
    for (pattern, path, is_match) in [
        ("/", "/", true),
        ("/", "/c", false),
        ("/c/*", "/c/", true),
        ("/c/*", "/c", false),
        ("/c/*", "/c/a/b", true),
        ("c/*", "/c/a", true),
        ("/v1/queues/*/settings", "/v1/queues/main/settings", true),
        ("/v1/queues/*/settings", "/v1/queues/settings", false),
        ("/docs", "/docs/", false),
        ("/a?c", "/abc", true),
        ("/a?c", "/ac", false),
        ("/A", "/a", false),
        ("*", "/anything?", true),
        ("*.js", "/line.js", true),
    ] {
        assert_eq!(matches(pattern, path), is_match, "{pattern} {path}");
    }
}

#[test]
fn without_cdn_there_is_no_edge() {
    assert!(plan_of(TEMPLATE, &[]).expect("runs here").is_none());
}

/// The answers that everybody may keep, by route.
const SHARED: [&str; 15] = [
    "/",
    "/c/{concert_id}",
    "/docs",
    "/docs/{file}",
    "/line.js",
    "/openapi.json",
    "/operator",
    "/page/{version}/{file}",
    "/tickets",
    "/v1/auth/keys",
    "/v1/concerts",
    "/v1/concerts/{concert_id}",
    "/v1/plans/{plan_id}",
    "/v1/queues/{queue_id}",
    "/v1/settings",
];

/// A path of a route, with ids that are as long as real ones. A queue may have any of these names.
fn path_of(route: &str, queue: &str) -> String {
    let id = "019a9e1c-1111-7000-8000-000000000001";
    let plan = "0123456789abcdefABCDEF0123456789abcdefABCDEF";
    [
        ("{user_id}", id),
        ("{concert_id}", id),
        ("{reservation_id}", id),
        ("{buyer}", "9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f"),
        ("{plan_id}", plan),
        ("{queue_id}", queue),
        ("{date}", "2026-12-24"),
        ("{version}", "abc"),
        ("{file}", "main.mjs"),
    ]
    .into_iter()
    .fold(route.to_owned(), |path, (variable, value)| {
        path.replace(variable, value)
    })
}

/// No answer that depends on who asks can be kept, and all others can.
#[test]
fn only_paths_that_are_the_same_for_everybody_are_kept() {
    let plan = repository();
    let gets = || ROUTES.iter().filter(|route| route.method == "GET");
    assert!(gets().count() > 30);
    for route in gets() {
        for queue in [
            "main",
            "settings",
            "a",
            "019a9e1c-1111-7000-8000-000000000001",
        ] {
            let path = path_of(route.path, queue);
            assert!(!path.contains('{'), "{path}: an unknown variable");
            let behaviour = plan.behaviour(&path);
            let is_shared = SHARED.contains(&route.path);
            assert_eq!(behaviour.keeps_answers(), is_shared, "{path}");
            let patterns = plan.behaviours.iter();
            let first = patterns
                .clone()
                .position(|one| one.pattern == behaviour.pattern);
            let kept = patterns.filter(|one| one.keeps_answers() && matches(&one.pattern, &path));
            if !is_shared && kept.clone().next().is_some() {
                // Only one path is shadowed by an earlier behaviour.
                assert_eq!(route.path, "/v1/queues/{queue_id}/settings");
                assert_eq!(first, Some(0));
            }
        }
    }
}

/// Where nothing depends on the caller, nothing of the caller is sent that is not needed.
#[test]
fn public_paths_send_no_token_no_cookie_and_no_query() {
    let plan = repository();
    for path in ["/", "/tickets", "/v1/settings", "/page/a/main.mjs", "/docs"] {
        let Forwarded {
            headers,
            query,
            cookies,
        } = &plan.behaviour(path).forwarded;
        assert!(
            !headers.has("authorization") && !headers.has("if-match"),
            "{path}"
        );
        assert!(
            headers.has("accept-language") && headers.has("origin"),
            "{path}"
        );
        assert_eq!((query, *cookies), (&Selection::None, false), "{path}");
    }
}

/// All methods pass everywhere, so that errors are those of the API.
#[test]
fn behaviours_pass_every_method() {
    for behaviour in &repository().behaviours {
        for route in ROUTES {
            assert!(
                behaviour
                    .methods
                    .iter()
                    .any(|method| method == route.method)
            );
        }
        assert!(behaviour.methods.iter().any(|method| method == "OPTIONS"));
    }
}

/// A browser must get the same headers whether an answer was kept or not.
#[test]
fn headers_for_other_origins_are_those_of_the_api() {
    let account = AwsAccount {
        region: "ap-northeast-2".to_owned(),
        id: "000000000000".to_owned(),
        queues_url: String::new(),
    };
    let template = Template::repository().expect("YAML");
    let deployment = template.deployment(&[], &account).expect("runs here");
    let cors = deployment.cors.expect("headers for other origins");
    for behaviour in repository().behaviours {
        let added = behaviour.added;
        let value = |name: &str| {
            let mut all = added.foreign.iter().chain(&added.preflight);
            let header = all.find(|header| header.name == name).expect(name);
            assert!(header.wins, "{name}");
            header.value.clone()
        };
        assert_eq!(
            value("access-control-allow-origin"),
            cors.allow_origins.join(",")
        );
        assert_eq!(
            value("access-control-allow-headers"),
            cors.allow_headers.join(", ")
        );
        assert_eq!(
            value("access-control-expose-headers"),
            cors.expose_headers.join(", ")
        );
        let age = cors.max_age.map(|age| age.to_string());
        assert_eq!(Some(value("access-control-max-age")), age);
        let always: Vec<_> = added
            .always
            .iter()
            .map(|header| (header.name, &*header.value))
            .collect();
        assert_eq!(
            always,
            [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("strict-transport-security", "max-age=31536000"),
            ]
        );
    }
}

#[test]
fn the_api_gets_the_secret() {
    let headers = repository().origin_headers;
    assert_eq!(headers, [("x-origin-secret".to_owned(), SECRET.to_owned())]);
}

/// `CloudFormation` refuses the same, by the template's rules.
#[test]
fn parameters_that_do_not_go_together_are_refused() {
    let arn = "arn:aws:acm:us-east-1:000000000000:certificate/019a9e1c-1111-7000-8000-000000000001";
    let acl =
        "arn:aws:wafv2:us-east-1:000000000000:global/webacl/a/019a9e1c-1111-7000-8000-000000000001";
    let (cdn, secret) = (("Cdn", "true"), ("OriginSecret", SECRET));
    for (parameters, said) in [
        (&[cdn][..], "Cdn needs an OriginSecret"),
        (&[secret], "OriginSecret needs Cdn"),
        (
            &[("OriginSecretBefore", SECRET)],
            "OriginSecretBefore needs Cdn",
        ),
        (
            &[("Domain", "a.example.com"), ("CertificateArn", arn)],
            "Domain needs Cdn",
        ),
        (&[("CertificateArn", arn)], "CertificateArn needs Cdn"),
        (&[("WebAclArn", acl)], "WebAclArn needs Cdn"),
        (
            &[cdn, secret, ("Domain", "a.example.com")],
            "both, or neither",
        ),
        (&[cdn, secret, ("CertificateArn", arn)], "both, or neither"),
        (
            &[cdn, secret, ("OriginSecretBefore", SECRET)],
            "two secrets",
        ),
        (&[cdn, ("OriginSecret", "short")], "OriginSecret"),
        (
            &[cdn, ("OriginSecret", &SECRET.replace('.', "-"))],
            "OriginSecret",
        ),
        (
            &[
                cdn,
                secret,
                (
                    "CertificateArn",
                    &arn.replace("us-east-1", "ap-northeast-2"),
                ),
            ],
            "us-east-1",
        ),
        (
            &[
                cdn,
                secret,
                ("WebAclArn", &acl.replace("global", "regional")),
            ],
            "us-east-1",
        ),
        (&[cdn, secret, ("Domain", "Example.com")], "lower case"),
    ] {
        let problem = plan_of(TEMPLATE, parameters).expect_err(said);
        assert_eq!(problem.exit_code(), 2, "{problem}");
        assert!(problem.to_string().contains(said), "{said}: {problem}");
    }
    let all = [
        cdn,
        secret,
        ("OriginSecretBefore", OTHER_SECRET),
        ("Domain", "a.example.com"),
        ("CertificateArn", arn),
        ("WebAclArn", acl),
    ];
    assert!(plan_of(TEMPLATE, &all).expect("goes together").is_some());
}

/// A region without Origin Shield would have more than one request a second.
#[test]
fn region_must_have_a_shield() {
    let without = TEMPLATE.replace("ap-northeast-1, ap-northeast-2,", "ap-northeast-1,");
    let problem = plan_of(&without, &[("Cdn", "true"), ("OriginSecret", SECRET)]);
    let problem = problem.expect_err("no shield").to_string();
    assert!(problem.contains("Origin Shield"), "{problem}");
}

/// What the local stack does not know might keep what must not be kept.
#[test]
fn what_is_not_known_is_refused_and_not_ignored() {
    for (known, unknown) in [
        (
            "            OriginShield:",
            "            OriginPath: /stage\n            OriginShield:",
        ),
        (
            "        HttpVersion: http2and3",
            "        HttpVersion: http2and3\n        Staging: true",
        ),
        (
            "        Enabled: true\n        HttpVersion",
            "        Enabled: false\n        HttpVersion",
        ),
        (
            "          Compress: false\n        # The first",
            "          Compress: false\n          FieldLevelEncryptionId: a\n        # The first",
        ),
        (
            "&cached_methods [GET, HEAD]",
            "&cached_methods [GET, HEAD, OPTIONS]",
        ),
        (
            "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            "658327ea-f89d-4fab-a63d-7e88639e58f6",
        ),
        (
            "b689b0a8-53d0-40ab-baf2-68738e2966ac",
            "216adef6-5c7f-47e4-b989-5492eafa07d3",
        ),
        (
            "{ ErrorCode: 403, ErrorCachingMinTTL: 0 }",
            "{ ErrorCode: 403, ErrorCachingMinTTL: 0, ResponseCode: 200, ResponsePagePath: / }",
        ),
        (
            "CookiesConfig: { CookieBehavior: none }\n          HeadersConfig",
            "CookiesConfig: { CookieBehavior: all }\n          HeadersConfig",
        ),
        (
            "Headers: [accept-language, origin,",
            "Headers: [accept-language, authorization,",
        ),
        (
            "HeaderBehavior: whitelist",
            "HeaderBehavior: allViewerAndWhitelistCloudFront",
        ),
        (
            "AccessControlAllowCredentials: false",
            "AccessControlAllowCredentials: true",
        ),
        (
            "ContentTypeOptions: { Override: true }",
            "ContentTypeOptions: { Override: true }\n          XSSProtection: { Protection: true, Override: true }",
        ),
        (
            "ViewerProtocolPolicy: https-only\n",
            "ViewerProtocolPolicy: sometimes\n",
        ),
        (
            "  EdgeHeaders:\n    Type: AWS::CloudFront::ResponseHeadersPolicy",
            "  EdgeHeaders:\n    Type: AWS::CloudFront::Function",
        ),
        ("        MinTTL: 0\n", ""),
        ("        DefaultTTL: 0\n", ""),
        ("        MaxTTL: 60\n", ""),
    ] {
        assert!(TEMPLATE.contains(known), "the template has no {known}");
        let changed = TEMPLATE.replace(known, unknown);
        let refused = plan_of(&changed, &[("Cdn", "true"), ("OriginSecret", SECRET)]);
        assert!(refused.is_err(), "{unknown}");
    }
}
