//! Whether a request came through CloudFront, which sends a secret in a header. API Gateway's HTTP
//! APIs have neither a firewall nor resource policies, so the functions check it themselves.

use std::{fmt, net::IpAddr};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use lambda_http::http::HeaderMap;

/// The header that CloudFront sends the secret in.
pub const SECRET_HEADER: &str = "x-origin-secret";

/// Each proxy adds the address of who called it to the end of this list.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of a caller that came through CloudFront: an extension of a request.
#[derive(Debug, Clone, Copy)]
pub struct Viewer(pub IpAddr);

/// The secrets by which the functions know CloudFront.
#[derive(Clone)]
pub struct OriginSecrets {
    current: String,
    /// The one of before, for as long as some places of CloudFront still send it.
    before: Option<String>,
}

impl OriginSecrets {
    /// The secrets of a deployment. An empty text is none. Without a current secret there are none,
    /// and everybody may call.
    pub fn new(current: Option<String>, before: Option<String>) -> Option<Self> {
        let given = |secret: Option<String>| secret.filter(|secret| !secret.is_empty());
        Some(Self {
            current: given(current)?,
            before: given(before),
        })
    }

    /// Whether a request has one of the secrets. The time that it takes does not depend on how much of
    /// a secret was guessed, and both are compared in any case.
    pub fn admit(&self, headers: &HeaderMap) -> bool {
        let Some(sent) = headers.get(SECRET_HEADER) else {
            return false;
        };
        let is = |secret: &str| verify_slices_are_equal(sent.as_bytes(), secret.as_bytes()).is_ok();
        let is_current = is(&self.current);
        let is_before = self.before.as_deref().is_some_and(is);
        is_current | is_before
    }
}

/// Shows no secret: the configuration may get into a log.
impl fmt::Debug for OriginSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OriginSecrets")
    }
}

/// The address from which a request came to CloudFront. CloudFront adds it to the end of
/// `X-Forwarded-For`, and API Gateway adds that of CloudFront (`gateway`). All before it is what the
/// caller wrote.
///
/// `None` if the header does not have it. To be called only for requests that were admitted.
pub fn viewer(headers: &HeaderMap, gateway: Option<IpAddr>) -> Option<IpAddr> {
    let values = headers.get_all(FORWARDED_FOR).into_iter();
    // The caller may have written anything before it.
    let values: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let addresses = values.iter().flat_map(|value| value.split(','));
    let mut addresses: Vec<&str> = addresses.map(str::trim).collect();
    let last = addresses.last().and_then(|last| last.parse().ok());
    if gateway.is_some() && last == gateway {
        addresses.pop();
    }
    addresses.last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;

    #[test]
    fn viewer_is_found_behind_bytes_that_are_no_text() {
        let mut headers = HeaderMap::new();
        let sent = HeaderValue::from_bytes(b"\xff, 203.0.113.7, 192.0.2.1").expect("a value");
        headers.append(FORWARDED_FOR, sent);
        let edge = "192.0.2.1".parse().expect("an address");
        let home = "203.0.113.7".parse().expect("an address");
        assert_eq!(viewer(&headers, Some(edge)), Some(home));
    }

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().expect("a value"));
        }
        headers
    }

    fn secrets(current: &str, before: &str) -> Option<OriginSecrets> {
        OriginSecrets::new(Some(current.to_owned()), Some(before.to_owned()))
    }

    #[test]
    fn both_secrets_are_taken_and_nothing_else() {
        let both = secrets("new", "old").expect("secrets");
        for (sent, is_admitted) in [
            (&["new"][..], true),
            (&["old"], true),
            (&[], false),
            (&[""], false),
            (&["ne"], false),
            (&["newer"], false),
            (&["NEW"], false),
            (&["wrong", "new"], false),
        ] {
            assert_eq!(
                both.admit(&headers(SECRET_HEADER, sent)),
                is_admitted,
                "{sent:?}"
            );
        }
        let one = secrets("new", "").expect("a secret");
        for sent in ["", "old"] {
            assert!(!one.admit(&headers(SECRET_HEADER, &[sent])), "{sent:?}");
        }
    }

    #[test]
    fn without_a_current_secret_there_are_none() {
        assert!(secrets("", "old").is_none());
        assert!(OriginSecrets::new(None, None).is_none());
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(
            format!("{:?}", secrets("new", "old")),
            "Some(OriginSecrets)"
        );
    }

    #[test]
    fn viewer_is_the_last_but_the_gateways_own() {
        let (edge, home) = ("192.0.2.1", "203.0.113.7");
        for (forwarded, found) in [
            (&["203.0.113.7, 192.0.2.1"][..], Some(home)),
            // What the caller wrote comes before.
            (&["198.51.100.1, 203.0.113.7,192.0.2.1"], Some(home)),
            (&["198.51.100.1", "203.0.113.7, 192.0.2.1"], Some(home)),
            (&["203.0.113.7"], Some(home)),
            (&["192.0.2.1"], None),
            (&["unknown, 192.0.2.1"], None),
            (&[], None),
        ] {
            let headers = headers(FORWARDED_FOR, forwarded);
            let found = found.map(|address| address.parse().expect("an address"));
            let edge = Some(edge.parse().expect("an address"));
            assert_eq!(viewer(&headers, edge), found, "{forwarded:?}");
        }
    }
}
