//! The example events of `functions/events` are events that their functions get.

use std::{collections::BTreeMap, fs, path::Path};

use functions::ROUTES;
use local::{Options, Stack, Time};
use serde_json::{Value, json};
use shared::{aws_lambda_events::sqs::SqsEvent, messages::ReleaseHold};

use crate::harness::{Call, NOON, Shop, text};

/// The prefix of the headers that the gateway adds to a request.
const ADDED: &str = "x-forwarded-";

/// The events by the names of their functions.
fn examples() -> BTreeMap<String, Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/events");
    fs::read_dir(directory)
        .expect("the examples")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            let event = fs::read(&path).expect("a file");
            let event = serde_json::from_slice(&event).expect("JSON");
            (name.into_owned(), event)
        })
        .collect()
}

/// The examples of functions with a route.
fn http_examples() -> impl Iterator<Item = (String, Value)> {
    let is_routed = |name: &str| ROUTES.iter().any(|route| route.function == name);
    let examples = examples().into_iter();
    examples.filter(move |(function, _)| is_routed(function))
}

/// The demo data of `cargo local`.
async fn demo() -> Shop {
    let options = Options {
        time: Time::FrozenAt(NOON.parse().expect("a time")),
        demo_shows: Some(1),
        ..Options::default()
    };
    Shop::on(Stack::start(options).await.expect("the stack starts"))
}

impl Shop {
    /// The request that an event was made of.
    fn as_it_came(&self, event: &Value) -> Call {
        let method = text(&event["requestContext"]["http"]["method"]);
        let query = match &*text(&event["rawQueryString"]) {
            "" => String::new(),
            query => format!("?{query}"),
        };
        let path = format!("/_local/event{}{query}", text(&event["rawPath"]));
        let mut call = self.call(&method, &path);
        // A request with a body has the type of the body.
        let body = event.get("body").map(text);
        for (name, value) in event["headers"].as_object().expect("headers") {
            let comes_anyway =
                name.starts_with(ADDED) || (name == "content-type" && body.is_some());
            if !comes_anyway {
                call = call.header(name, text(value));
            }
        }
        match body {
            Some(body) => call.body(body),
            None => call,
        }
    }
}

#[tokio::test]
async fn http_example_is_what_the_gateway_makes_of_its_request() {
    let shop = demo().await;
    for (function, mut example) in http_examples() {
        let mut made = shop.as_it_came(&example).send().await.ok();
        for event in [&mut example, &mut made] {
            let request_id = event["requestContext"]["requestId"].take();
            assert!(request_id.is_string(), "{function}: {request_id}");
        }
        assert_eq!(example, made, "{function}");
        let key = text(&example["routeKey"]);
        let leads_to = ROUTES
            .iter()
            .find(|route| format!("{} {}", route.method, route.path) == key)
            .map(|route| route.function);
        assert_eq!(leads_to, Some(&*function), "{key}");
    }
}

#[tokio::test]
async fn function_understands_its_example() {
    let shop = demo().await;
    let mut understood = Vec::new();
    // The order is reversed, so that the sign-up comes before the rotation and there is a key to
    // rotate.
    for (function, event) in examples().into_iter().rev() {
        let reply = shop.invoke(&function, &event).await;
        assert_eq!(reply.header("x-amz-function-error"), "", "{}", reply.body);
        let answer = reply.ok();
        match &*function {
            "admit" => assert_eq!(answer, json!({ "queues": 1, "ticks": 0 })),
            "audit" => assert_eq!(
                (&answer["violations"], &answer["is_over"]),
                (&json!(0), &json!(true))
            ),
            "get-queue" => assert_eq!(body(&answer, 200)["queue_id"], "main"),
            "list-concerts" => assert_eq!(
                body(&answer, 200)["concerts"].as_array().map(Vec::len),
                Some(1)
            ),
            "make-admin" => {
                let (email, password) = (text(&event["email"]), text(&event["password"]));
                let logged_in = shop.log_in(&email, &password).await.ok();
                assert_eq!(logged_in["user_id"], answer["user_id"]);
            }
            "name-owners" => assert_eq!(answer, json!({ "looked_at": 0, "named": 0 })),
            "publish" | "release-hold" => {
                assert_eq!(answer, json!({ "batchItemFailures": [] }));
            }
            "rotate-keys" => assert!(answer["next"].is_object(), "{answer}"),
            "sign-up" => assert_eq!(body(&answer, 201)["name"], "김민수"),
            _ => panic!("{function} answers its example with {answer}"),
        }
        understood.push(function);
    }
    understood.reverse();
    assert_eq!(
        understood,
        [
            "admit",
            "audit",
            "get-queue",
            "list-concerts",
            "make-admin",
            "name-owners",
            "publish",
            "release-hold",
            "rotate-keys",
            "sign-up",
        ]
    );
}

/// The body of an answer to the gateway.
#[track_caller]
fn body(answer: &Value, status: u16) -> Value {
    assert_eq!(answer["statusCode"], status, "{answer}");
    serde_json::from_str(&text(&answer["body"])).expect("JSON")
}

#[test]
fn message_example_is_that_of_a_hold_without_unknown_fields() {
    let example = &examples()["release-hold"];
    let read: SqsEvent = serde_json::from_value(example.clone()).expect("messages");
    let known = serde_json::to_value(read).expect("JSON");
    let (example, known) = (&example["Records"][0], &known["Records"][0]);
    for (name, value) in example.as_object().expect("a message") {
        assert_eq!(&known[name], value, "{name}");
    }
    let body = text(&example["body"]);
    let message: ReleaseHold = serde_json::from_str(&body).expect("the message of a hold");
    assert_eq!(serde_json::to_string(&message).expect("JSON"), body);
}
