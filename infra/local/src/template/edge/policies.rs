//! The policies that a behaviour names. A property that is not listed here is refused: the local stack
//! would not do what it says.

use std::time::Duration;

use serde::{Deserialize, de::IgnoredAny};

use super::{AddedHeader, AddedHeaders, CachePlan, Forwarded, Selection};
use crate::Problem;

/// The id of AWS's own policy that keeps nothing.
pub const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/// The id of AWS's own policy that sends the API all but the host.
pub const ALL_VIEWER_EXCEPT_HOST_HEADER: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

impl CachePlan {
    /// AWS's policy `CachingDisabled`.
    pub fn disabled() -> Self {
        Self {
            min: Duration::ZERO,
            default: Duration::ZERO,
            max: Duration::ZERO,
            codings: Vec::new(),
            query: Selection::None,
            headers: Selection::None,
        }
    }
}

impl Forwarded {
    /// AWS's policy `AllViewerExceptHostHeader`.
    pub fn all_but_the_host() -> Self {
        Self {
            headers: Selection::Except(vec!["host".to_owned()]),
            query: Selection::All,
            cookies: true,
        }
    }

    /// What the API gets without a policy.
    pub fn nothing() -> Self {
        Self {
            headers: Selection::None,
            query: Selection::None,
            cookies: false,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CachePolicy {
    #[serde(rename = "Name")]
    _name: IgnoredAny,
    #[serde(rename = "Comment", default)]
    _comment: IgnoredAny,
    #[serde(rename = "MinTTL")]
    min_ttl: u64,
    #[serde(rename = "DefaultTTL")]
    default_ttl: u64,
    #[serde(rename = "MaxTTL")]
    max_ttl: u64,
    parameters_in_cache_key_and_forwarded_to_origin: Key,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Key {
    enable_accept_encoding_brotli: bool,
    enable_accept_encoding_gzip: bool,
    cookies_config: Cookies,
    headers_config: Headers,
    query_strings_config: Queries,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct OriginRequestPolicy {
    #[serde(rename = "Name")]
    _name: IgnoredAny,
    #[serde(rename = "Comment", default)]
    _comment: IgnoredAny,
    cookies_config: Cookies,
    headers_config: Headers,
    query_strings_config: Queries,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Cookies {
    cookie_behavior: Behaviour,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Headers {
    header_behavior: Behaviour,
    #[serde(default)]
    headers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Queries {
    query_string_behavior: Behaviour,
    #[serde(default)]
    query_strings: Vec<String>,
}

/// `allViewerAndWhitelistCloudFront` is not among them, because the local stack has none of the headers
/// that CloudFront itself can add.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Behaviour {
    None,
    Whitelist,
    AllViewer,
    All,
    AllExcept,
}

impl Behaviour {
    fn selects(self, names: Vec<String>) -> Result<Selection, Problem> {
        match (self, names.is_empty()) {
            (Self::None, true) => Ok(Selection::None),
            (Self::All | Self::AllViewer, true) => Ok(Selection::All),
            (Self::Whitelist, false) => Ok(Selection::Only(names)),
            (Self::AllExcept, false) => Ok(Selection::Except(names)),
            _ => Err(Problem::failure(
                "a policy names headers or parameters that it does not need, or none",
            )),
        }
    }
}

impl Headers {
    fn selection(self) -> Result<Selection, Problem> {
        let names = self.headers.iter().map(|name| name.to_ascii_lowercase());
        self.header_behavior.selects(names.collect())
    }
}

impl Queries {
    fn selection(self) -> Result<Selection, Problem> {
        self.query_string_behavior.selects(self.query_strings)
    }
}

impl CachePolicy {
    /// What it says.
    pub fn plan(self) -> Result<CachePlan, Problem> {
        let key = self.parameters_in_cache_key_and_forwarded_to_origin;
        if !matches!(key.cookies_config.cookie_behavior, Behaviour::None) {
            return Err(Problem::failure(
                "the local stack does not know keys with cookies",
            ));
        }
        let codings = [
            ("br", key.enable_accept_encoding_brotli),
            ("gzip", key.enable_accept_encoding_gzip),
        ];
        let [min, default, max] =
            [self.min_ttl, self.default_ttl, self.max_ttl].map(Duration::from_secs);
        if min > default || default > max {
            return Err(Problem::failure("its times are not in order"));
        }
        Ok(CachePlan {
            min,
            default,
            max,
            codings: codings
                .iter()
                .filter_map(|(name, is_on)| is_on.then_some(*name))
                .collect(),
            query: key.query_strings_config.selection()?,
            headers: key.headers_config.selection()?,
        })
    }
}

impl OriginRequestPolicy {
    /// What it says.
    pub fn plan(self) -> Result<Forwarded, Problem> {
        let headers = self.headers_config.selection()?;
        let named = match &headers {
            Selection::Only(names) => names.as_slice(),
            _ => &[],
        };
        // CloudFront refuses a policy that names one of these.
        let forbidden = ["authorization", "accept-encoding", "host", "cookie"];
        if let Some(name) = named.iter().find(|name| forbidden.contains(&&***name)) {
            return Err(Problem::failure(format!(
                "a policy for requests cannot name the header {name}"
            )));
        }
        Ok(Forwarded {
            headers,
            query: self.query_strings_config.selection()?,
            cookies: match self.cookies_config.cookie_behavior {
                Behaviour::None => false,
                Behaviour::All => true,
                _ => {
                    return Err(Problem::failure(
                        "the local stack knows no policy for some cookies",
                    ));
                }
            },
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ResponseHeadersPolicy {
    #[serde(rename = "Name")]
    _name: IgnoredAny,
    #[serde(rename = "Comment", default)]
    _comment: IgnoredAny,
    cors_config: Option<Cors>,
    security_headers_config: Option<Security>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names)]
struct Cors {
    access_control_allow_credentials: bool,
    access_control_allow_origins: Items,
    access_control_allow_methods: Items,
    access_control_allow_headers: Items,
    #[serde(default)]
    access_control_expose_headers: Items,
    access_control_max_age_sec: Option<u32>,
    origin_override: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Items {
    items: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Security {
    content_type_options: Option<Overriding>,
    referrer_policy: Option<Referrer>,
    strict_transport_security: Option<Transport>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Overriding {
    r#override: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Referrer {
    referrer_policy: String,
    r#override: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Transport {
    access_control_max_age_sec: u32,
    r#override: bool,
}

impl ResponseHeadersPolicy {
    /// What it says.
    pub fn plan(self) -> Result<AddedHeaders, Problem> {
        let mut added = AddedHeaders::default();
        if let Some(cors) = self.cors_config {
            cors.add_to(&mut added)?;
        }
        let security = self.security_headers_config.into_iter();
        added.always = security.flat_map(Security::headers).collect();
        Ok(added)
    }
}

impl Cors {
    fn add_to(self, added: &mut AddedHeaders) -> Result<(), Problem> {
        if self.access_control_allow_credentials || self.access_control_allow_origins.items != ["*"]
        {
            return Err(Problem::failure(
                "the local stack knows only headers for all other origins, without cookies",
            ));
        }
        let all = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"];
        let methods = match &*self.access_control_allow_methods.items {
            [one] if one == "ALL" => all.join(", "),
            methods => methods.join(", "),
        };
        let wins = self.origin_override;
        let header = |name, value| AddedHeader { name, value, wins };
        added.foreign = vec![
            header("access-control-allow-origin", "*".to_owned()),
            header(
                "access-control-expose-headers",
                self.access_control_expose_headers.items.join(", "),
            ),
        ];
        added.preflight = vec![
            header("access-control-allow-methods", methods),
            header(
                "access-control-allow-headers",
                self.access_control_allow_headers.items.join(", "),
            ),
        ];
        let age = self.access_control_max_age_sec.into_iter();
        added
            .preflight
            .extend(age.map(|age| header("access-control-max-age", age.to_string())));
        Ok(())
    }
}

impl Security {
    fn headers(self) -> impl Iterator<Item = AddedHeader> {
        let options = self.content_type_options.map(|options| AddedHeader {
            name: "x-content-type-options",
            value: "nosniff".to_owned(),
            wins: options.r#override,
        });
        let referrer = self.referrer_policy.map(|policy| AddedHeader {
            name: "referrer-policy",
            value: policy.referrer_policy,
            wins: policy.r#override,
        });
        let transport = self.strict_transport_security.map(|policy| AddedHeader {
            name: "strict-transport-security",
            value: format!("max-age={}", policy.access_control_max_age_sec),
            wins: policy.r#override,
        });
        [options, referrer, transport].into_iter().flatten()
    }
}
