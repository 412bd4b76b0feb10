//! The event that API Gateway's HTTP API makes of a request (payload format 2.0).

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HOST, USER_AGENT},
    request::Parts,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{Timestamp, tz::TimeZone};
use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The addresses that a request came by, as proxies note them.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A request, its route, and what the gateway knows about it.
pub struct RoutedRequest<'a> {
    /// The request without its body.
    pub parts: &'a Parts,
    /// Its body.
    pub body: &'a [u8],
    /// The address that it came from.
    pub source: IpAddr,
    /// When it came.
    pub now: Timestamp,
    /// The key of its route.
    pub route_key: &'a str,
    /// The variables in its path, still percent-encoded.
    pub path_parameters: &'a [(String, String)],
}

/// The event as JSON.
pub fn event(request: &RoutedRequest<'_>) -> serde_json::Result<String> {
    let parts = request.parts;
    let path = decoded(parts.uri.path());
    let query = parts.uri.query().unwrap_or_default();
    let (body, is_base64_encoded) = body(&parts.headers, request.body);
    serde_json::to_string(&Event {
        version: "2.0",
        route_key: request.route_key,
        raw_path: &path,
        raw_query_string: query,
        cookies: cookies(&parts.headers),
        headers: Headers(&parts.headers, request.source),
        query_string_parameters: joined(form_urlencoded::parse(query.as_bytes())),
        path_parameters: joined(path_pairs(request.path_parameters)),
        request_context: context(request, &path),
        body,
        is_base64_encoded,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<Cow<'a, str>>,
    headers: Headers<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    request_context: Context<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Context<'a> {
    account_id: &'static str,
    api_id: &'static str,
    domain_name: Cow<'a, str>,
    domain_prefix: &'static str,
    http: Http<'a>,
    request_id: Uuid,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: IpAddr,
    user_agent: Cow<'a, str>,
}

fn context<'a>(request: &RoutedRequest<'a>, path: &'a str) -> Context<'a> {
    let headers = &request.parts.headers;
    let text = |name| headers.get(name).map_or(Cow::Borrowed(""), lossy);
    Context {
        account_id: "000000000000",
        api_id: "local",
        domain_name: text(HOST),
        domain_prefix: "local",
        http: Http {
            method: request.parts.method.as_str(),
            path,
            protocol: "HTTP/1.1",
            source_ip: request.source,
            user_agent: text(USER_AGENT),
        },
        request_id: Uuid::new_v4(),
        route_key: request.route_key,
        stage: "$default",
        time: request
            .now
            .to_zoned(TimeZone::UTC)
            .strftime("%d/%b/%Y:%H:%M:%S %z")
            .to_string(),
        time_epoch: request.now.as_millisecond(),
    }
}

/// Headers in lower case, without the cookies, and with those that the gateway adds. Values of the
/// same name are joined. The address of the caller is added to those that proxies have noted.
struct Headers<'a>(&'a HeaderMap, IpAddr);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(headers, source) = self;
        let sent = headers
            .keys()
            .filter(|name| **name != COOKIE && !name.as_str().starts_with("x-forwarded-"))
            .map(|name| (name.as_str(), header(headers, name)));
        let added = [
            ("x-forwarded-for", forwarded_for(headers, *source)),
            ("x-forwarded-proto", Cow::Borrowed("http")),
        ];
        serializer.collect_map(sent.chain(added))
    }
}

fn forwarded_for(headers: &HeaderMap, source: IpAddr) -> Cow<'_, str> {
    let noted = header(headers, &FORWARDED_FOR);
    match &*noted {
        "" => Cow::Owned(source.to_string()),
        noted => Cow::Owned(format!("{noted}, {source}")),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Cow<'a, str> {
    let mut values = headers.get_all(name).iter().map(lossy);
    let first = values.next().unwrap_or_default();
    values.fold(first, |values, value| join(&values, &value))
}

fn lossy(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

fn join<'a>(values: &str, value: &str) -> Cow<'a, str> {
    Cow::Owned(format!("{values},{value}"))
}

fn cookies(headers: &HeaderMap) -> Vec<Cow<'_, str>> {
    let mut cookies = Vec::new();
    for value in headers.get_all(COOKIE) {
        match lossy(value) {
            Cow::Borrowed(text) => cookies.extend(text.split("; ").map(Cow::Borrowed)),
            Cow::Owned(text) => {
                cookies.extend(text.split("; ").map(|cookie| Cow::Owned(cookie.to_owned())));
            }
        }
    }
    cookies
}

/// Joins values of the same name.
fn joined<'a>(
    pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> BTreeMap<Cow<'a, str>, Cow<'a, str>> {
    let mut map: BTreeMap<_, Cow<'a, str>> = BTreeMap::new();
    for (name, value) in pairs {
        let value = match map.remove(&name) {
            Some(values) => join(&values, &value),
            None => value,
        };
        map.insert(name, value);
    }
    map
}

fn path_pairs(
    parameters: &[(String, String)],
) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    parameters
        .iter()
        .map(|(name, value)| (Cow::Borrowed(name.as_str()), decoded(value)))
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// A body, in Base64 unless its headers say that it is text.
fn body<'a>(headers: &HeaderMap, body: &'a [u8]) -> (Option<Cow<'a, str>>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    match str::from_utf8(body) {
        Ok(text) if is_text(headers) => (Some(Cow::Borrowed(text)), false),
        _ => (Some(Cow::Owned(BASE64_STANDARD.encode(body))), true),
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(lossy).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    !headers.contains_key(CONTENT_ENCODING)
        && (kind.starts_with("text/")
            || kind.ends_with("+json")
            || kind.ends_with("+xml")
            || matches!(
                kind,
                "application/json" | "application/javascript" | "application/xml"
            ))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde_json::{Value, json};
    use shared::lambda_http::{self, RequestExt};

    use super::*;

    fn made(request: Request<&[u8]>, parameters: &[(&str, &str)]) -> String {
        let (parts, body) = request.into_parts();
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        event(&RoutedRequest {
            parts: &parts,
            body,
            source: [127, 0, 0, 1].into(),
            now: "2026-02-03T04:05:06.789Z".parse().expect("a time"),
            route_key: "POST /v1/concerts/{concert_id}",
            path_parameters: &parameters,
        })
        .expect("an event")
    }

    fn request(uri: &str) -> axum::http::request::Builder {
        Request::post(uri).header("host", "127.0.0.1:3000")
    }

    fn value(event: &str) -> Value {
        serde_json::from_str(event).expect("JSON")
    }

    #[test]
    fn event_is_the_one_that_api_gateway_sends() {
        let request = request("/v1/concerts/a%20b?q=1&q=2&name=x%2By+z&flag")
            .header("content-type", "application/json")
            .header("x-two", "one")
            .header("x-two", "two")
            .header("cookie", "a=1; b=2")
            .header("user-agent", "curl")
            .body(&br#"{"a":1}"#[..])
            .expect("a request");
        let event = value(&made(request, &[("concert_id", "a%20b")]));
        let context = &event["requestContext"];
        assert!(context["requestId"].is_string());
        assert_eq!(context["time"], "03/Feb/2026:04:05:06 +0000");
        assert_eq!(context["timeEpoch"], 1_770_091_506_789_i64);
        assert_eq!(context["stage"], "$default");
        assert_eq!(context["domainName"], "127.0.0.1:3000");
        assert_eq!(
            context["http"],
            json!({
                "method": "POST", "path": "/v1/concerts/a b", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "curl",
            })
        );
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["rawPath"], "/v1/concerts/a b");
        assert_eq!(event["rawQueryString"], "q=1&q=2&name=x%2By+z&flag");
        assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
        assert_eq!(event["headers"]["x-two"], "one,two");
        assert_eq!(event["headers"].get("cookie"), None);
        assert_eq!(
            event["queryStringParameters"],
            json!({"flag": "", "name": "x+y z", "q": "1,2"})
        );
        assert_eq!(event["pathParameters"], json!({"concert_id": "a b"}));
        assert_eq!(event["body"], r#"{"a":1}"#);
        assert_eq!(event["isBase64Encoded"], false);
    }

    #[test]
    fn event_can_be_read_by_lambda_http() {
        let request = request("/v1/concerts/7?name=%ED%95%9C")
            .header("content-type", "application/json; charset=utf-8")
            .body(&b"{}"[..])
            .expect("a request");
        let request = lambda_http::request::from_str(&made(request, &[("concert_id", "7")]))
            .expect("an event of API Gateway");
        assert_eq!(request.method(), "POST");
        assert_eq!(request.raw_http_path(), "/v1/concerts/7");
        assert_eq!(request.path_parameters().first("concert_id"), Some("7"));
        assert_eq!(request.query_string_parameters().first("name"), Some("한"));
        assert!(matches!(request.body(), lambda_http::Body::Text(text) if text == "{}"));
    }

    #[test]
    fn body_that_is_not_text_is_in_base64() {
        for (kind, bytes) in [
            ("application/x-www-form-urlencoded", &b"{}"[..]),
            ("application/json", &b"\xff"[..]),
        ] {
            let request = request("/").header("content-type", kind).body(bytes);
            let event = made(request.expect("a request"), &[]);
            assert_eq!(value(&event)["isBase64Encoded"], true);
            let request = lambda_http::request::from_str(&event).expect("an event");
            assert_eq!(request.body().as_ref(), bytes);
        }
    }

    #[test]
    fn wrong_encodings_are_passed_on() {
        let request = request("/v1/%ff/%zz?%ff=%f&%")
            .header(
                "x-odd",
                HeaderValue::from_bytes(b"\xff").expect("allowed in a header"),
            )
            .body(&b""[..])
            .expect("a request");
        let event = made(request, &[("concert_id", "%ff")]);
        assert_eq!(value(&event)["pathParameters"]["concert_id"], "\u{fffd}");
        assert_eq!(value(&event).get("body"), None);
        lambda_http::request::from_str(&event).expect("an event of API Gateway");
    }
}
