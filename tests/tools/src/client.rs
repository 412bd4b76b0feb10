//! A client with one connection.

use std::{
    mem,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::{Failure, Request};

/// A connection to a shop, which sends one request after the other.
pub struct Client {
    sender: http1::SendRequest<Full<Bytes>>,
    host: String,
    times: Vec<Duration>,
}

impl Client {
    /// Connects to a shop. The address is a host and a port.
    pub async fn open(address: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: address.to_owned(),
            times: Vec::new(),
        })
    }

    /// Sends a request and returns the body, if the status is the expected one. Any other status is
    /// a failure. If the connection breaks, the failure is one of `hyper` or `io`.
    pub async fn ask(&mut self, request: Request) -> Result<Value, Failure> {
        Ok(json(&self.ask_for_bytes(request).await?))
    }

    /// The same for a body that is not JSON.
    pub async fn ask_for_text(&mut self, request: Request) -> Result<String, Failure> {
        let body = self.ask_for_bytes(request).await?;
        Ok(String::from_utf8(body.into())?)
    }

    /// Sends a request and returns status and body; `null` if that is not JSON.
    pub async fn send(&mut self, request: Request) -> Result<(u16, Value), Failure> {
        let (status, body) = self.exchange(request).await?;
        Ok((status, json(&body)))
    }

    async fn ask_for_bytes(&mut self, request: Request) -> Result<Bytes, Failure> {
        let (what, expected) = (request.to_string(), request.status);
        let (status, body) = self.exchange(request).await?;
        if status == expected {
            Ok(body)
        } else {
            let body = String::from_utf8_lossy(&body);
            Err(format!("{what} answers {status}, not {expected}: {body}").into())
        }
    }

    async fn exchange(&mut self, request: Request) -> Result<(u16, Bytes), Failure> {
        let mut sent = hyper::Request::builder()
            .method(request.method)
            .uri(request.path)
            .header("host", &self.host);
        if !request.token.is_empty() {
            sent = sent.header("authorization", format!("Bearer {}", request.token));
        }
        if !request.key.is_empty() {
            sent = sent.header("idempotency-key", request.key);
        }
        if request.body.is_some() {
            sent = sent.header("content-type", "application/json");
        }
        let body = request.body.map(|body| body.to_string());
        let sent = sent.body(Full::from(body.unwrap_or_default()))?;
        let started = Instant::now();
        self.sender.ready().await?;
        let response = self.sender.send_request(sent).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        self.times.push(started.elapsed());
        Ok((status, body))
    }

    /// How long each request took that was answered since the last call of this.
    pub fn take_times(&mut self) -> Vec<Duration> {
        mem::take(&mut self.times)
    }
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or(Value::Null)
}
