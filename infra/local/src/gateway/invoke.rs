//! `POST /2015-03-31/functions/{function}/invocations`: the Lambda Invoke API.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Map, Value as Json, json};
use shared::lambda_http;

use super::{Gateway, json_answer};
use crate::{
    lambda::function::{Function, FunctionError},
    template::handlers::Code,
};

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");

/// Invokes a function.
pub async fn invoke(
    State(gateway): State<Arc<Gateway>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(function) = gateway.functions.get(&name).map(Arc::clone) else {
        return refused(
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
            &format!("Function not found: {name}"),
        );
    };
    let payload = match payload(&body) {
        Ok(payload) => payload,
        Err(error) => {
            return refused(
                StatusCode::BAD_REQUEST,
                "InvalidRequestContentException",
                &format!("Could not parse request body into json: {error}"),
            );
        }
    };
    match kind(&headers) {
        "Event" => {
            gateway.timeline.board.spawn(run_and_log(function, payload));
            StatusCode::ACCEPTED.into_response()
        }
        "DryRun" => StatusCode::NO_CONTENT.into_response(),
        "RequestResponse" => invoke_and_wait(&gateway, function, payload).await,
        other => refused(
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
            &format!("there is no invocation type {other}"),
        ),
    }
}

fn payload(body: &[u8]) -> serde_json::Result<Json> {
    if body.is_empty() {
        Ok(json!({}))
    } else {
        serde_json::from_slice(body)
    }
}

fn kind(headers: &HeaderMap) -> &str {
    headers
        .get("x-amz-invocation-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("RequestResponse")
}

/// Invokes a function and waits for its result. It runs in the background, so that a move of the
/// clock wakes it when it sleeps.
async fn invoke_and_wait(gateway: &Gateway, function: Arc<Function>, payload: Json) -> Response {
    let (done, result) = tokio::sync::oneshot::channel();
    gateway.timeline.board.spawn(async move {
        // An error means that the caller has hung up.
        let _ = done.send(run(&function, payload).await);
    });
    match result.await {
        Ok(Ok(result)) => {
            ([(VERSION, "$LATEST")], json_answer(StatusCode::OK, &result)).into_response()
        }
        Ok(Err(failure)) => unhandled(&failure.to_string()),
        Err(_) => unhandled("the stack has stopped"),
    }
}

async fn run_and_log(function: Arc<Function>, payload: Json) {
    if let Err(failure) = run(&function, payload).await {
        tracing::error!(function = function.name, "{failure}");
    }
}

async fn run(function: &Function, payload: Json) -> Result<Json, FunctionError> {
    match function.code {
        Code::Http(_) => function.answer(&payload.to_string()).await.map(answer),
        Code::Messages(_) => {
            let event = serde_json::from_value(payload)?;
            Ok(serde_json::to_value(function.deliver(event).await?)?)
        }
        Code::Event(_) => function.run(payload).await,
    }
}

/// An answer as Lambda returns it to API Gateway.
fn answer(response: lambda_http::Response<lambda_http::Body>) -> Json {
    let (parts, body) = response.into_parts();
    let (body, is_base64_encoded) = match body {
        lambda_http::Body::Text(text) => (Some(text), false),
        lambda_http::Body::Binary(bytes) => (Some(BASE64_STANDARD.encode(bytes)), true),
        _ => (None, false),
    };
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers = Map::new();
    let mut cookies = Vec::new();
    for (name, value) in &parts.headers {
        if *name == axum::http::header::SET_COOKIE {
            cookies.push(text(value));
        } else {
            headers.insert(name.to_string(), Json::String(text(value)));
        }
    }
    json!({
        "statusCode": parts.status.as_u16(),
        "headers": headers,
        "body": body,
        "isBase64Encoded": is_base64_encoded,
        "cookies": cookies,
    })
}

fn unhandled(why: &str) -> Response {
    let headers = [(FUNCTION_ERROR, "Unhandled"), (VERSION, "$LATEST")];
    let body = json!({"errorType": "Unhandled", "errorMessage": why});
    (headers, json_answer(StatusCode::OK, &body)).into_response()
}

fn refused(status: StatusCode, kind: &'static str, why: &str) -> Response {
    let body = json!({"Type": "User", "Message": why, "message": why});
    let mut response = json_answer(status, &body).map(Body::new);
    response
        .headers_mut()
        .insert(ERROR_TYPE, HeaderValue::from_static(kind));
    response
}
