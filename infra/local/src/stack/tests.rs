//! The stack with the repository's template, and small functions instead of the repository's.

mod overload;
mod requests;
mod streams;

use std::collections::HashMap;

use serde_json::{Value as Json, json};
use shared::{
    aws_sdk_dynamodb::{Client, types::AttributeValue},
    aws_sdk_sqs,
    config::Config,
    error::ApiError,
    lambda_http::{self, Body, RequestExt, Response, request::RequestContext},
    messages::ReleaseHold,
    runtime::Answer,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::{
    gateway::INTEGRATION_TIMEOUT,
    template::{AwsAccount, Deployment, Template},
};

/// Returns the request that it got. Panics or never answers if the query says so.
fn echo(_: App, request: lambda_http::Request) -> Answer<Result<Response<Body>, ApiError>> {
    Box::pin(async move {
        if request.uri().query() == Some("hang") {
            std::future::pending::<()>().await;
        }
        assert!(
            request.uri().query() != Some("panic"),
            "panicking, as it was asked to"
        );
        let variables: HashMap<_, _> = request
            .path_parameters_ref()
            .into_iter()
            .flat_map(|parameters| parameters.iter())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let route = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.route_key.clone(),
            _ => None,
        };
        let said = json!({
            "route": route,
            "method": request.method().as_str(),
            "path": request.raw_http_path(),
            "variables": variables,
            "body": String::from_utf8_lossy(request.body().as_ref()),
        });
        Ok(Response::new(Body::Text(said.to_string())))
    })
}

fn forget(_: App, _: ReleaseHold) -> Answer<Result<(), ApiError>> {
    Box::pin(async { Ok(()) })
}

fn repeat(_: App, event: Json, _: Timestamp) -> Answer<Result<Json, ApiError>> {
    Box::pin(async move { Ok(event) })
}

fn deployment() -> Deployment {
    let account = AwsAccount {
        region: "local".to_owned(),
        id: "0".to_owned(),
        queues_url: "http://localhost/0".to_owned(),
    };
    let template = Template::repository().expect("the repository's template");
    template.deployment(&[], &account).expect("it runs here")
}

/// A small function for each function of the template.
fn handlers() -> Handlers {
    let deployment = deployment();
    let keep = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let listens: Vec<_> = deployment
        .subscriptions
        .iter()
        .map(|s| &s.function)
        .collect();
    let streamed: Vec<_> = deployment.streams.iter().map(|s| &s.function).collect();
    let routed: Vec<_> = deployment.routes.iter().map(|r| &r.function).collect();
    Handlers {
        routes: deployment
            .routes
            .iter()
            .map(|route| functions::Route {
                method: keep(&route.method),
                path: keep(&route.path),
                function: keep(&route.function),
                handler: echo,
            })
            .collect(),
        background: deployment
            .functions
            .keys()
            .filter(|name| !routed.contains(name))
            .map(|name| functions::Background {
                function: keep(name),
                handler: if listens.contains(&name) {
                    functions::BackgroundHandler::Messages(forget)
                } else if streamed.contains(&name) {
                    functions::BackgroundHandler::Event(streams::take)
                } else {
                    functions::BackgroundHandler::Event(repeat)
                },
            })
            .collect(),
    }
}

#[test]
fn function_with_a_route_ends_before_the_gateway_gives_up() {
    let deployment = deployment();
    for route in &deployment.routes {
        let timeout = deployment.functions[&route.function].timeout;
        assert!(timeout < INTEGRATION_TIMEOUT, "{}", route.function);
    }
}

async fn start(options: Options) -> Stack {
    assembly::assemble(options, &handlers())
        .await
        .expect("it starts")
}

/// Sends a request as it is written. Returns the status, the head and the body of the answer.
async fn send(stack: &Stack, head: &str, body: &str) -> (u16, String, String) {
    let mut connection = TcpStream::connect(stack.address).await.expect("it listens");
    let length = body.len();
    let request = format!(
        "{head}\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}",
        stack.address
    );
    connection
        .write_all(request.as_bytes())
        .await
        .expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head[9..12].parse().expect("a status");
    (status, head.to_lowercase(), body.to_owned())
}

async fn said(stack: &Stack, head: &str, body: &str) -> Json {
    let (status, _, body) = send(stack, head, body).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

#[tokio::test]
async fn request_reaches_the_function_of_its_route() {
    let stack = start(Options::default()).await;
    let said = said(
        &stack,
        "POST /v1/concerts/a%20b/reservations HTTP/1.1\r\ncontent-type: application/json",
        r#"{"date":"2026-10-01"}"#,
    )
    .await;
    assert_eq!(
        said,
        json!({
            "route": "POST /v1/concerts/{concert_id}/reservations",
            "method": "POST", "path": "/v1/concerts/a b/reservations",
            "variables": {"concert_id": "a b"}, "body": r#"{"date":"2026-10-01"}"#,
        })
    );
    stack.stop().await;
}

#[tokio::test]
async fn most_specific_route_wins_and_the_default_one_takes_the_rest() {
    let stack = start(Options::default()).await;
    for head in [
        "GET /v1/concerts/available-dates HTTP/1.1",
        "DELETE /v1/concerts HTTP/1.1",
        "GET /v1/%ff/%zz?%ff HTTP/1.1",
        "OPTIONS / HTTP/1.1",
        "GET / HTTP/1.1",
    ] {
        let said = said(&stack, head, "").await;
        assert_eq!(said["variables"], json!({}), "{head}");
    }
}

#[tokio::test]
async fn stack_outlives_a_function_that_panics() {
    let stack = start(Options::default()).await;
    let (status, _, body) = send(&stack, "GET /v1/concerts?panic HTTP/1.1", "").await;
    assert_eq!(
        (status, body.as_str()),
        (500, r#"{"message":"Internal Server Error"}"#)
    );
    said(&stack, "GET /v1/concerts HTTP/1.1", "").await;
}

#[tokio::test]
async fn body_above_ten_megabytes_is_refused() {
    let stack = start(Options::default()).await;
    let body = "x".repeat(10 * 1024 * 1024 + 1);
    let (status, _, body) = send(&stack, "POST /v1/users HTTP/1.1", &body).await;
    assert_eq!(
        (status, body.as_str()),
        (413, r#"{"message":"Request Entity Too Large"}"#)
    );
}

#[tokio::test]
async fn pages_of_other_origins_may_use_the_api() {
    let stack = start(Options::default()).await;
    let ask = "OPTIONS /v1/users HTTP/1.1\r\norigin: http://shop.example\r\naccess-control-request-method: POST";
    let (status, head, _) = send(&stack, ask, "").await;
    assert_eq!(status, 204);
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
    let get = "GET /v1/concerts HTTP/1.1\r\norigin: http://shop.example";
    let (_, head, _) = send(&stack, get, "").await;
    assert!(head.contains("access-control-allow-origin: *"), "{head}");
}

#[tokio::test]
async fn clock_is_read_and_moved_over_http() {
    let start_time = "2026-01-01T00:00:00Z".parse().expect("a time");
    let stack = start(Options {
        time: crate::Time::FrozenAt(start_time),
        ..Options::default()
    })
    .await;
    let read = said(&stack, "GET /_local/clock HTTP/1.1", "").await;
    assert_eq!(read, json!({"now": "2026-01-01T00:00:00Z"}));
    let moved = said(
        &stack,
        "POST /_local/clock HTTP/1.1",
        r#"{"advance_seconds":301}"#,
    )
    .await;
    assert_eq!(moved, json!({"now": "2026-01-01T00:05:01Z"}));
    assert_eq!(stack.now(), "2026-01-01T00:05:01Z".parse().expect("a time"));
    for wrong in [
        "",
        "{}",
        r#"{"advance_seconds":-1}"#,
        r#"{"advance_seconds":1e9}"#,
        r#"{"advance_seconds":9999999}"#,
    ] {
        let (status, _, body) = send(&stack, "POST /_local/clock HTTP/1.1", wrong).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(body.contains("advance_seconds"), "{body}");
    }
}

#[tokio::test]
async fn every_function_can_be_invoked() {
    let stack = start(Options::default()).await;
    let invoke = |name: &str| format!("POST /2015-03-31/functions/{name}/invocations HTTP/1.1");
    let ticks = r#"{"ticks":1}"#;
    assert_eq!(
        said(&stack, &invoke("admit"), ticks).await,
        json!({"ticks": 1})
    );
    assert_eq!(
        said(&stack, &invoke("release-hold"), r#"{"Records":[]}"#).await,
        json!({"batchItemFailures": []})
    );

    let (status, head, body) = send(&stack, &invoke("list-concerts"), "{}").await;
    assert_eq!(status, 200);
    assert!(head.contains("x-amz-function-error: unhandled"), "{head}");
    assert!(body.contains("errorMessage"), "{body}");

    let (status, head, body) = send(&stack, &invoke("nobody"), "{}").await;
    assert_eq!(status, 404);
    assert!(
        head.contains("x-amzn-errortype: resourcenotfoundexception"),
        "{head}"
    );
    assert!(body.contains("Function not found: nobody"), "{body}");

    let later = format!("{}\r\nx-amz-invocation-type: Event", invoke("admit"));
    assert_eq!(send(&stack, &later, ticks).await.0, 202);
    assert_eq!(send(&stack, &invoke("admit"), "{").await.0, 400);
}

/// Sends a message to the release queue.
async fn send_message(stack: &Stack, body: &str, delay_seconds: i32) {
    aws_sdk_sqs::Client::new(&stack.operator.sdk)
        .send_message()
        .queue_url(&stack.operator.config.release_queue_url)
        .message_body(body)
        .delay_seconds(delay_seconds)
        .send()
        .await
        .expect("sent");
}

#[tokio::test]
async fn message_waits_for_its_time() {
    let stack = start(Options::default()).await;
    let message = json!({
        "user_id": uuid::Uuid::new_v4(), "queue_id": "main", "reservation_id": uuid::Uuid::now_v7(),
    });
    send_message(&stack, &message.to_string(), 302).await;
    stack.advance(Duration::from_secs(301)).await;
    assert_eq!(stack.pending_messages().len(), 1);
    stack.advance(Duration::from_secs(1)).await;
    assert!(stack.pending_messages().is_empty());
    assert!(stack.dead_letters().is_empty());
}

#[tokio::test]
async fn message_that_fails_too_often_becomes_a_dead_letter() {
    let stack = start(Options::default()).await;
    send_message(&stack, "no message of ours", 0).await;
    stack.advance(Duration::from_secs(4 * 180 - 1)).await;
    assert_eq!(stack.pending_messages()[0].receive_count, 4);
    stack.advance(Duration::from_secs(1)).await;
    assert!(stack.pending_messages().is_empty());
    assert_eq!(stack.dead_letters()[0].receive_count, 5);
}

#[tokio::test]
async fn sqs_takes_messages_over_http() {
    let stack = start(Options::default()).await;
    let url = &stack.operator.config.release_queue_url;
    let message = json!({"QueueUrl": url, "MessageBody": "hello", "DelaySeconds": 9});
    let head = "POST / HTTP/1.1\r\nx-amz-target: AmazonSQS.SendMessage";
    let answer = said(&stack, head, &message.to_string()).await;
    assert_eq!(
        answer["MD5OfMessageBody"],
        "5d41402abc4b2a76b9719d911017c592"
    );
    assert_eq!(stack.pending_messages().len(), 1);
}

fn number(number: &str) -> AttributeValue {
    AttributeValue::N(number.to_owned())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// Sets a counter in `Queues`, which `pay` may update, to 1. Its value must be `seen`, or it must
/// be new.
async fn count(client: &Client, seen: &str) -> Result<(), String> {
    client
        .update_item()
        .table_name("Queues")
        .key("id", text("q"))
        .update_expression("SET #n = :next")
        .condition_expression("attribute_not_exists(#n) OR #n = :seen")
        .expression_attribute_names("#n", "n")
        .expression_attribute_values(":next", number("1"))
        .expression_attribute_values(":seen", number(seen))
        .return_consumed_capacity("TOTAL".into())
        .send()
        .await
        .map(drop)
        .map_err(|error| error.into_service_error().to_string())
}

#[tokio::test]
async fn calls_are_counted_by_function_and_conditions_can_be_stripped() {
    let stack = start(Options::default()).await;
    let client = Client::new(&stack.functions["pay"].start.sdk);
    stack.forget_consumed();
    count(&client, "0").await.expect("the first");
    let refused = count(&client, "0").await.expect_err("the condition");
    assert!(refused.contains("ConditionalCheckFailed"), "{refused}");
    let consumed = stack.consumed();
    assert_eq!(consumed.by("pay").calls, 2);
    assert!(
        (consumed.total.write - 1.0).abs() < f64::EPSILON,
        "{consumed:?}"
    );
    assert_eq!(consumed.by("charge"), Units::default());

    stack.strip_condition("Queues", "#n = :seen");
    count(&client, "0").await.expect("without its condition");
    assert_eq!(stack.stripped_conditions(), 1);
}

#[tokio::test]
async fn imported_items_are_read_as_they_were() {
    let stack = start(Options::default()).await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let list = AttributeValue::L(vec![
        AttributeValue::N("1.5".to_owned()),
        AttributeValue::Null(true),
        AttributeValue::Bool(false),
        AttributeValue::B(b"bytes".as_slice().into()),
    ]);
    let map = HashMap::from([
        ("list".to_owned(), list),
        ("texts".to_owned(), AttributeValue::Ss(vec!["a".to_owned()])),
        (
            "numbers".to_owned(),
            AttributeValue::Ns(vec!["2".to_owned()]),
        ),
        (
            "bytes".to_owned(),
            AttributeValue::Bs(vec![b"b".as_slice().into()]),
        ),
    ]);
    let items = ["1", "2"].map(|id| {
        HashMap::from([
            ("id".to_owned(), text(id)),
            ("map".to_owned(), AttributeValue::M(map.clone())),
        ])
    });
    let import = |table: &str| stack.import(table, items.to_vec());
    import("Queues").expect("the items are put");
    for item in items.clone() {
        let read = stack.database().get_item().table_name("Queues");
        let read = read.key("id", item["id"].clone()).send().await;
        assert_eq!(read.expect("an answer").item, Some(item));
    }
    assert!(import("Seats").is_err(), "the items have other keys");
}

#[tokio::test]
async fn function_may_do_only_what_the_template_grants_it() {
    let stack = start(Options::default()).await;
    let of = |function: &str| Client::new(&stack.functions[function].start.sdk);
    count(&of("pay"), "0").await.expect("granted");
    let denied = count(&of("get-balance"), "1")
        .await
        .expect_err("not granted");
    assert!(denied.contains("AccessDenied"), "{denied}");
    count(&Client::new(&stack.operator.sdk), "1")
        .await
        .expect("the operator may do everything");
}

#[tokio::test]
async fn data_file_keeps_the_data_and_serves_one_stack_at_a_time() {
    let file = std::env::temp_dir().join(format!("onsale-{}.db", uuid::Uuid::new_v4()));
    let options = || Options {
        database: crate::Storage::File(file.clone()),
        ..Options::default()
    };
    let stack = start(options()).await;
    count(&Client::new(&stack.operator.sdk), "0")
        .await
        .expect("written");
    let second = refusal(options()).await;
    assert!(
        second.to_string().contains("another stack runs on it"),
        "{second}"
    );
    stack.stop().await;
    let stack = start(options()).await;
    let refused = count(&Client::new(&stack.operator.sdk), "0").await;
    assert!(refused.is_err(), "it is still there");
    stack.stop().await;
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}

/// A start that was killed may have created the tables and nothing else.
#[tokio::test]
async fn data_file_without_users_gets_the_demo_data() {
    let file = std::env::temp_dir().join(format!("onsale-{}.db", uuid::Uuid::new_v4()));
    let options = |demo_shows| Options {
        database: crate::Storage::File(file.clone()),
        demo_shows,
        ..Options::default()
    };
    for (demo_shows, makes) in [(None, false), (Some(1), true), (Some(1), false)] {
        let stack = start(options(demo_shows)).await;
        assert_eq!(stack.demo().is_some(), makes, "{demo_shows:?}");
        stack.stop().await;
    }
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", file.display()));
    }
}

/// The environment of a function that the stack returns.
async fn environment(stack: &Stack, function: &str) -> HashMap<String, String> {
    let ask = format!("GET /_local/environment/{function} HTTP/1.1");
    let (status, _, lines) = send(stack, &ask, "").await;
    assert_eq!(status, 200, "{lines}");
    lines
        .lines()
        .map(|line| line.split_once('=').expect("NAME=value"))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[tokio::test]
async fn function_that_runs_alone_finds_the_same_tables_and_queues() {
    let stack = start(Options {
        parameters: vec![("HoldSeconds".to_owned(), "7".to_owned())],
        database_port: true,
        ..Options::default()
    })
    .await;
    let variables = environment(&stack, "hold-seats").await;
    let config = Config::read(|name| variables.get(name).cloned()).expect("all that it needs");
    assert_eq!(config.hold_seconds, 7);
    assert!(config.release_queue_url.starts_with(&stack.url()));
    assert_eq!(variables["AWS_ENDPOINT_URL_SQS"], stack.url());
    assert!(
        variables.contains_key("AWS_REGION") && variables.contains_key("AWS_SECRET_ACCESS_KEY")
    );

    let elsewhere = start(Options {
        database: crate::Storage::Endpoint {
            url: variables["AWS_ENDPOINT_URL_DYNAMODB"].clone(),
            access_key: variables["AWS_ACCESS_KEY_ID"].clone(),
        },
        ..Options::default()
    })
    .await;
    let signs = |stack: &Stack| stack.operator.sdk.auth_scheme_preference().is_none();
    assert!(!signs(&stack) && signs(&elsewhere), "signed to endpoints");
    count(&Client::new(&elsewhere.operator.sdk), "0")
        .await
        .expect("the first");
    let again = count(&Client::new(&stack.operator.sdk), "0").await;
    assert!(again.is_err(), "it is the same table");
    let variables_elsewhere = environment(&elsewhere, "hold-seats").await;
    for name in ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ACCESS_KEY_ID"] {
        assert_eq!(variables_elsewhere[name], variables[name], "{name}");
    }
}

#[tokio::test]
async fn environment_that_would_not_work_is_refused() {
    let stack = start(Options::default()).await;
    for (function, why) in [
        ("hold-seats", "in its own process only"),
        ("nobody", "Function not found: nobody"),
    ] {
        let ask = format!("GET /_local/environment/{function} HTTP/1.1");
        let (status, _, body) = send(&stack, &ask, "").await;
        assert_eq!(status, 404, "{function}");
        assert!(body.contains(why), "{body}");
    }
}

async fn refusal(options: Options) -> Problem {
    match assembly::assemble(options, &handlers()).await {
        Ok(_) => panic!("it started"),
        Err(problem) => problem,
    }
}

#[tokio::test]
async fn stack_that_cannot_start_says_why() {
    let parameter = |name: &str, value: &str| Options {
        parameters: vec![(name.to_owned(), value.to_owned())],
        ..Options::default()
    };
    let database = |database| Options {
        database,
        ..Options::default()
    };
    let template = |text: &str| Options {
        template: Some(text.to_owned()),
        ..Options::default()
    };
    let stack = start(Options::default()).await;
    let garbage = std::env::temp_dir().join(format!("onsale-{}.txt", uuid::Uuid::new_v4()));
    std::fs::write(
        &garbage,
        "no database, but long enough to be looked at\n".repeat(40),
    )
    .expect("written");
    for (options, code, part) in [
        (parameter("HoldSecond", "5"), 2, "HoldSecond"),
        (parameter("TimeZone", "Asia/Atlantis"), 2, "TimeZone"),
        (parameter("MainRate", "1.23456"), 2, "MainRate"),
        (
            Options {
                port: stack.address.port(),
                ..Options::default()
            },
            1,
            "port",
        ),
        (
            database(crate::Storage::File(garbage.clone())),
            1,
            "data file",
        ),
        (
            database(crate::Storage::File(std::env::temp_dir())),
            1,
            "it is a directory",
        ),
        (
            database(crate::Storage::File(garbage.join("below"))),
            1,
            "Not a directory",
        ),
        (template("Resources: ["), 1, "YAML"),
        (template("Resources: {}"), 1, "no route"),
        (
            database(crate::Storage::Endpoint {
                url: "localhost".to_owned(),
                access_key: "a".to_owned(),
            }),
            2,
            "URL",
        ),
    ] {
        let problem = refusal(options).await;
        assert!(problem.to_string().contains(part), "{problem}");
        assert_eq!(problem.exit_code(), code, "{problem}");
    }
    for suffix in ["", ".lock"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", garbage.display()));
    }
}
