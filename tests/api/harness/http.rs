//! HTTP, as a client uses it.

use std::net::IpAddr;

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, StatusCode, body::Bytes, header::HeaderMap};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

use super::specification::Specification;

/// A client that keeps its connections.
pub type Client = legacy::Client<HttpConnector, Full<Bytes>>;

/// A new client.
pub fn client() -> Client {
    legacy::Client::builder(TokioExecutor::new()).build_http()
}

/// A new client that calls from this address of the machine.
pub fn client_from(address: IpAddr) -> Client {
    let mut connector = HttpConnector::new();
    connector.set_local_address(Some(address));
    legacy::Client::builder(TokioExecutor::new()).build(connector)
}

/// A request to be sent.
#[derive(Clone)]
#[must_use]
pub struct Call {
    client: Client,
    method: String,
    url: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

impl Call {
    pub fn new(client: Client, method: &str, url: &str) -> Self {
        Self {
            client,
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let mut call = self;
        call.headers
            .push((name.to_owned(), value.as_ref().to_vec()));
        call
    }

    pub fn token(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With an idempotency key.
    pub fn key(self, key: impl AsRef<[u8]>) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn english(self) -> Self {
        self.header("accept-language", "en")
    }

    pub fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.with_type("application/json", body)
    }

    /// A body of this type.
    pub fn with_type(self, kind: &str, body: impl Into<Bytes>) -> Self {
        let mut call = self.header("content-type", kind);
        call.body = body.into();
        call
    }

    /// Sends it with a token, as [`Call::send`] does.
    pub fn send_as(self, token: &str) -> impl Future<Output = Reply> + use<> {
        self.token(token).send()
    }

    /// Sends it, and checks that the answer is in the specification.
    pub async fn send(self) -> Reply {
        let (method, sent) = (self.method.clone(), self.body.clone());
        let target = self.url.splitn(4, '/').nth(3).unwrap_or_default();
        let target = format!("/{target}");
        let reply = self.send_unchecked().await;
        if !reply.is_the_gateways() {
            Specification::get().check_answer(&method, &target, &sent, &reply);
        }
        reply
    }

    /// Sends it to something that is not in the specification.
    pub async fn send_unchecked(self) -> Reply {
        let what = format!("{} {}", self.method, self.url);
        let mut request = Request::builder().method(&*self.method).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        let request = request.body(Full::new(self.body)).expect("a request");
        let response = self.client.request(request).await.expect("an answer");
        Reply::of(what, response).await
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    what: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as it was sent.
    pub bytes: Bytes,
    /// The body as a text.
    pub text: String,
    /// The body as JSON; null if it is not JSON.
    pub body: Value,
}

impl Reply {
    async fn of(what: String, response: Response<hyper::body::Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.clone()));
        Self {
            what,
            status: parts.status,
            headers: parts.headers,
            bytes,
            text,
            body,
        }
    }

    /// The body, if the status is 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200)
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.what, self.body);
        self.body
    }

    /// Checks that the answer is this error, in its envelope, and returns its text.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> String {
        assert_eq!(
            (self.status.as_u16(), self.body["code"].as_str()),
            (status, Some(code)),
            "{}: {}",
            self.what,
            self.body,
        );
        assert_eq!(self.header("content-type"), "application/json");
        assert!(
            self.body["request_id"]
                .as_str()
                .is_some_and(|id| !id.is_empty()),
            "{}",
            self.body
        );
        self.body["error"].as_str().expect("a text").to_owned()
    }

    /// Whether the gateway has answered instead of a function that could not.
    pub fn is_the_gateways(&self) -> bool {
        self.status == 500 && self.body == json!({ "message": "Internal Server Error" })
    }

    /// A header; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}
