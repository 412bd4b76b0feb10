//! The secret by which the API knows CloudFront, and the address of a caller behind it.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
};

use functions::routes;
use serde_json::{Value, json};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::{OLD_SECRET, SECRET};
use crate::harness::{Call, Client, PASSWORD, Shop, client_from};

impl Shop {
    /// A request to the API itself, around the edge.
    pub fn around_without_secret(&self, method: &str, path: &str) -> Call {
        let api = self.stack.api_url().expect("an API of its own");
        self.call_at(&api, method, path)
    }
}

impl Shop {
    /// Everything that callers can change.
    async fn everything(&self) -> Vec<Vec<Value>> {
        let mut everything = Vec::new();
        for table in [
            "Users", "Accounts", "Catalog", "Queues", "Sessions", "Seats", "Changes",
        ] {
            everything.push(self.items(table).await);
        }
        everything
    }
}

/// A path of a route.
fn path_of(route: &str, shop: &Shop, user_id: &str) -> String {
    let path = route
        .replace("{user_id}", user_id)
        .replace("{concert_id}", &shop.concert_id)
        .replace("{queue_id}", "main")
        .replace("{date}", &shop.dates[0])
        .replace("$default", "/nowhere");
    let parts = path.split('/').map(|part| match part.strip_prefix('{') {
        Some(_) => "0123456789abcdef",
        None => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn without_the_secret_every_route_is_refused() {
    let shop = Shop::behind_the_edge().await;
    let buyer = shop.buyer().await;
    let admin = shop.admin().await;
    let before = shop.everything().await;
    let mut seen = 0;
    for route in routes() {
        let path = path_of(route.path, &shop, &buyer.user_id);
        let method = if route.method == "ANY" {
            "PUT"
        } else {
            route.method
        };
        for secret in ["", "0123abcd", &SECRET[1..], OLD_SECRET] {
            for token in [&buyer.token, &admin.access_token] {
                let call = shop.around_without_secret(method, &path).token(token);
                let call = match secret {
                    "" => call,
                    secret => call.header("x-origin-secret", secret),
                };
                let refused = call.send_unchecked().await;
                assert_eq!(refused.status, 403, "{method} {path}");
                assert_eq!(refused.header("cache-control"), "private, no-store");
                if method == "HEAD" {
                    assert_eq!(refused.text, "");
                } else {
                    refused.refused(403, "FORBIDDEN");
                }
            }
        }
        seen += 1;
    }
    assert!(seen > 80, "{seen}");
    assert_eq!(shop.everything().await, before);
}

#[tokio::test]
async fn secret_of_before_is_good_until_it_is_left_out() {
    for (before, old_status) in [(OLD_SECRET, 200), ("", 403)] {
        let shop = Shop::open_with(&[
            ("Cdn", "true"),
            ("OriginSecret", SECRET),
            ("OriginSecretBefore", before),
        ])
        .await;
        for (secret, status) in [(SECRET, 200), (OLD_SECRET, old_status)] {
            let call = shop.around_without_secret("GET", "/v1/concerts");
            let call = call.header("x-origin-secret", secret);
            assert_eq!(call.send_unchecked().await.status, status, "{before}");
        }
        shop.get("/v1/concerts").send().await.ok();
    }
}

/// A caller cannot send the secret through the edge, and needs none.
#[tokio::test]
async fn secret_of_a_caller_is_replaced_by_the_edge() {
    let shop = Shop::behind_the_edge().await;
    let guest = shop.guest().await;
    let path = format!("/v1/users/{}", guest.user_id);
    let call = shop.get(&path).header("x-origin-secret", "forged");
    call.send_as(&guest.access_token).await.ok();
}

/// What a test has logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .expect("not poisoned")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn secret_is_in_no_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("shared=trace,functions=trace,local=trace")
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber, a line that another test reaches first would be off for all of them.
    let other = tracing_subscriber::fmt().with_writer(io::sink).finish();
    let logs = (other.set_default(), subscriber.set_default());
    let shop = Shop::behind_the_edge().await;
    let (buyer, _) = shop.sell(7).await;
    for secret in [SECRET, OLD_SECRET] {
        let call = shop.around_without_secret("GET", "/v1/auth/tokens");
        let call = call.header("x-origin-secret", secret).token(&buyer.token);
        call.send_unchecked().await;
    }
    let (other, own) = logs;
    drop(own);
    drop(other);
    let log = log.0.lock().expect("not poisoned").clone();
    let log = String::from_utf8(log).expect("a text");
    assert!(log.contains("GET /v1/auth/tokens"), "the log has requests");
    assert!(log.contains("FORBIDDEN"), "and the refused one");
    for secret in [SECRET, OLD_SECRET] {
        let (_, behind) = secret.split_once('.').expect("a point");
        assert!(!log.contains(behind));
    }
}

/// Otherwise everybody whom the same place of CloudFront serves would share their wrong passwords.
#[tokio::test]
async fn wrong_passwords_are_counted_by_the_address_of_the_caller() {
    let shop = Shop::behind_the_edge().await;
    let account = shop.account("mina@example.com").await;
    let from = |last: u8| client_from(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)));
    let (attacker, owner) = (from(9), from(10));
    let log_in = async |client: &Client, password: &str, forwarded: &str| {
        let url = format!("{}/v1/auth/login", shop.stack.url());
        let call = Call::new(client.clone(), "POST", &url);
        let call = call.header("x-forwarded-for", forwarded);
        let body = json!({ "email": account.email, "password": password });
        call.json(&body).send().await.status.as_u16()
    };
    for guess in 0..10 {
        // Whatever it says of itself.
        let forwarded = format!("203.0.113.{guess}");
        assert_eq!(log_in(&attacker, "wrong password", &forwarded).await, 401);
    }
    assert_eq!(log_in(&attacker, PASSWORD, "203.0.113.99").await, 429);
    assert_eq!(log_in(&owner, PASSWORD, "127.0.0.9").await, 200);
}
