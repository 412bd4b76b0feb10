//! Reads a distribution. A property that is not listed here is refused, and so is a value that means
//! something which the local stack does not do.

use std::{collections::BTreeMap, time::Duration};

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::Value as Json;
use yaml_serde::Value;

use super::{
    AddedHeaders, BehaviourPlan, CachePlan, EdgePlan, Forwarded,
    policies::{
        ALL_VIEWER_EXCEPT_HOST_HEADER, CACHING_DISABLED, CachePolicy, OriginRequestPolicy,
        ResponseHeadersPolicy,
    },
};
use crate::{Problem, template::intrinsics::Resolver};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    distribution_config: Distribution,
    #[serde(rename = "Tags", default)]
    _tags: IgnoredAny,
}

/// A distribution. What is ignored makes no difference here: who is where, who pays what, and what is
/// below HTTP.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Distribution {
    enabled: bool,
    origins: Vec<Origin>,
    default_cache_behavior: Behaviour,
    #[serde(default)]
    cache_behaviors: Vec<Behaviour>,
    #[serde(default)]
    custom_error_responses: Vec<ErrorResponse>,
    #[serde(rename = "Comment", default)]
    _comment: IgnoredAny,
    #[serde(rename = "HttpVersion", default)]
    _http_version: IgnoredAny,
    #[serde(rename = "IPV6Enabled", default)]
    _ipv6_enabled: IgnoredAny,
    #[serde(rename = "PriceClass", default)]
    _price_class: IgnoredAny,
    #[serde(rename = "Aliases", default)]
    _aliases: IgnoredAny,
    #[serde(rename = "ViewerCertificate", default)]
    _viewer_certificate: IgnoredAny,
    #[serde(rename = "WebACLId", default)]
    _web_acl_id: IgnoredAny,
}

/// The API. Local calls of it are never lost, take as long as they may, and have no TLS.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Origin {
    id: String,
    domain_name: String,
    #[serde(default)]
    origin_custom_headers: Vec<CustomHeader>,
    #[serde(rename = "ConnectionAttempts", default)]
    _connection_attempts: IgnoredAny,
    #[serde(rename = "CustomOriginConfig")]
    _custom_origin_config: IgnoredAny,
    /// The local stack has one place, which is like the shield.
    #[serde(rename = "OriginShield", default)]
    _origin_shield: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CustomHeader {
    header_name: String,
    header_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Behaviour {
    path_pattern: Option<String>,
    target_origin_id: String,
    allowed_methods: Vec<String>,
    cached_methods: Vec<String>,
    cache_policy_id: String,
    origin_request_policy_id: Option<String>,
    response_headers_policy_id: Option<String>,
    #[serde(default)]
    compress: bool,
    /// Callers of the local stack have no TLS, whatever the policy is.
    #[serde(rename = "ViewerProtocolPolicy")]
    _viewer_protocol_policy: ViewerProtocolPolicy,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ViewerProtocolPolicy {
    AllowAll,
    HttpsOnly,
    RedirectToHttps,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ErrorResponse {
    error_code: u16,
    #[serde(rename = "ErrorCachingMinTTL")]
    error_caching_min_ttl: u64,
}

/// Reads a distribution, and the policies that it names.
pub fn read(resolver: &Resolver<'_>, resource: &Value) -> Result<EdgePlan, Problem> {
    let reader = Reader { resolver };
    let Properties {
        distribution_config: distribution,
        ..
    } = reader.properties(resource)?;
    let [origin] = &*distribution.origins else {
        return Err(Problem::failure("it has not exactly one origin"));
    };
    if !distribution.enabled {
        return Err(Problem::failure("it is not enabled"));
    }
    let default = Behaviour {
        path_pattern: Some("*".to_owned()),
        ..distribution.default_cache_behavior
    };
    let behaviours = distribution.cache_behaviors.into_iter();
    let behaviours: Result<_, _> = behaviours
        .chain([default])
        .map(|behaviour| reader.behaviour(&origin.id, behaviour))
        .collect();
    let mut error_ttls = BTreeMap::new();
    for error in &distribution.custom_error_responses {
        let ttl = Duration::from_secs(error.error_caching_min_ttl);
        error_ttls.insert(error.error_code, ttl);
    }
    let headers = origin.origin_custom_headers.iter();
    Ok(EdgePlan {
        behaviours: behaviours?,
        error_ttls,
        origin: origin.domain_name.clone(),
        origin_headers: headers
            .map(|header| {
                let name = header.header_name.to_ascii_lowercase();
                (name, header.header_value.clone())
            })
            .collect(),
    })
}

struct Reader<'a> {
    resolver: &'a Resolver<'a>,
}

impl Reader<'_> {
    fn properties<T: DeserializeOwned>(&self, resource: &Value) -> Result<T, Problem> {
        let properties = resource.get("Properties").unwrap_or(&Value::Null);
        let properties = self.resolver.resolve(properties)?;
        serde_json::from_value(properties).map_err(|error| {
            Problem::failure(format!("the local stack does not know all of it: {error}"))
        })
    }

    fn behaviour(&self, origin: &str, behaviour: Behaviour) -> Result<BehaviourPlan, Problem> {
        let Some(pattern) = behaviour.path_pattern else {
            return Err(Problem::failure("a behaviour has no PathPattern"));
        };
        let wrong = |what: &str| Problem::failure(format!("the behaviour of {pattern} {what}"));
        if behaviour.target_origin_id != origin {
            return Err(wrong("has an origin that is not there"));
        }
        if behaviour.cached_methods != ["GET", "HEAD"] {
            return Err(wrong("keeps answers to other methods than GET and HEAD"));
        }
        Ok(BehaviourPlan {
            cache: self.cache(&behaviour.cache_policy_id)?,
            forwarded: self.forwarded(behaviour.origin_request_policy_id.as_deref())?,
            added: self.added(behaviour.response_headers_policy_id.as_deref())?,
            compresses: behaviour.compress,
            methods: behaviour.allowed_methods,
            pattern,
        })
    }

    fn cache(&self, id: &str) -> Result<CachePlan, Problem> {
        if id == CACHING_DISABLED {
            return Ok(CachePlan::disabled());
        }
        let policy: CachePolicy = self.policy("CachePolicy", id)?;
        policy.plan()
    }

    fn forwarded(&self, id: Option<&str>) -> Result<Forwarded, Problem> {
        match id {
            None => Ok(Forwarded::nothing()),
            Some(ALL_VIEWER_EXCEPT_HOST_HEADER) => Ok(Forwarded::all_but_the_host()),
            Some(id) => self
                .policy::<OriginRequestPolicy>("OriginRequestPolicy", id)?
                .plan(),
        }
    }

    fn added(&self, id: Option<&str>) -> Result<AddedHeaders, Problem> {
        let Some(id) = id else {
            return Ok(AddedHeaders::default());
        };
        self.policy::<ResponseHeadersPolicy>("ResponseHeadersPolicy", id)?
            .plan()
    }

    /// A policy of the template, by its logical name.
    fn policy<T: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<T, Problem> {
        let resource = self.resolver.resources.get(id).filter(|resource| {
            let is = resource.get("Type").and_then(Value::as_str);
            is == Some(&*format!("AWS::CloudFront::{kind}"))
        });
        let resource = resource.ok_or_else(|| {
            Problem::failure(format!("the local stack does not know the {kind} {id}"))
        })?;
        let mut properties: BTreeMap<String, Json> = self.properties(resource)?;
        let config = properties.remove(&format!("{kind}Config"));
        if let Some(other) = properties.keys().next() {
            return Err(Problem::failure(format!(
                "the local stack does not know {other} of the {kind} {id}"
            )));
        }
        serde_json::from_value(config.unwrap_or_default()).map_err(|error| {
            Problem::failure(format!(
                "the local stack does not know all of the {kind} {id}: {error}"
            ))
        })
    }
}
