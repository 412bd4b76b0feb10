//! The service behind CloudFront (`Cdn`), and the API itself, which then answers CloudFront only.

mod origin;

use functions::ROUTES;
use local::Fault;
use serde_json::{Value, json};
use shared::futures_util::future::{join, join_all};

use crate::{
    harness::{Call, Reply, Shop, halls, in_virtual_time, refusal::INVALID_LIMIT, show},
    head::Gets,
};

/// Secrets such as the template wants.
const SECRET: &str = "0123abcd.0123456789abcdef0123456789abcdef";
const OLD_SECRET: &str = "4567abcd.0123456789abcdef0123456789abcdef";

impl Shop {
    /// A shop behind CloudFront.
    async fn behind_the_edge() -> Self {
        Self::open_with(&[("Cdn", "true"), ("OriginSecret", SECRET)]).await
    }

    /// A request to the API itself, around the edge, with what the edge sends.
    fn around(&self, method: &str, path: &str) -> Call {
        let call = self.around_without_secret(method, path);
        call.header("x-origin-secret", SECRET)
    }
}

/// What an answer says, without what differs each time.
fn said(reply: &Reply) -> (u16, Value) {
    let mut body = reply.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
    }
    (reply.status.as_u16(), body)
}

fn is_from_the_cache(reply: &Reply) -> bool {
    reply.header("x-cache") == "Hit from cloudfront"
}

/// A page asks again after one second at the soonest, so a million pages that wait are up to a million
/// polls a second. However many they are, the service answers one.
#[tokio::test]
async fn thousand_polls_in_a_second_reach_the_service_once() {
    let shop = Shop::behind_the_edge().await;
    let poll = || shop.get("/v1/queues/main").send();
    let polls = join_all((0..1_000).map(|_| poll())).await;
    assert!(polls.iter().all(|poll| poll.status == 200));
    assert_eq!(shop.invocations("get-queue").len(), 1);
    for second in 1..=10 {
        shop.advance(1).await;
        for poll in join_all((0..100).map(|_| poll())).await {
            assert_eq!(poll.status, 200);
        }
        // The old document was sent until the new one was there.
        let mut last = poll().await;
        while last.header("age") != "0" {
            last = poll().await;
        }
        assert_eq!(last.body["server_time"], shop.in_seconds(0));
        assert_eq!(shop.invocations("get-queue").len(), 1 + second);
    }
}

/// A queue that moves is seen to move, as late as its document may be old.
#[tokio::test]
async fn document_through_the_edge_is_two_seconds_old_at_most() {
    let shop = Shop::behind_the_edge().await;
    let admin = shop.admin().await;
    let state = async || shop.get("/v1/queues/main").send().await.ok()["state"].clone();
    assert_eq!(state().await, "OPEN");
    let paused = json!({ "state": "PAUSED" });
    shop.put_queue(&admin, "main", &paused).await.ok();
    shop.advance(2).await;
    assert_eq!(state().await, "PAUSED");
}

#[tokio::test]
async fn service_that_is_busy_for_one_is_not_for_another() {
    let shop = Shop::behind_the_edge().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    in_virtual_time();
    for (fault, status) in [(Fault::Throughput, 503), (Fault::Missing, 500)] {
        let place = |token: &str| shop.get("/v1/auth/tokens").send_as(token);
        shop.stack.faults().meet_naming("Sessions", fault);
        assert_eq!(place(&one.token).await.status, status);
        shop.stack.faults().end();
        assert_eq!(place(&other.token).await.status, 200, "after {status}");
        // The same where good answers are kept. An old one would stand in for an error.
        shop.advance(61).await;
        shop.stack.faults().meet_naming("Queues", fault);
        let queue = || shop.get("/v1/queues/main").send();
        assert_eq!(queue().await.status, status);
        shop.stack.faults().end();
        assert_eq!(queue().await.status, 200, "after {status}");
    }
}

#[tokio::test]
async fn queue_that_is_made_is_there_at_once() {
    let shop = Shop::behind_the_edge().await;
    let admin = shop.admin().await;
    let queue = || shop.get("/v1/queues/rock").send();
    assert_eq!(queue().await.status, 404);
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    assert_eq!(queue().await.status, 200);
}

/// Everybody asks for everything at the same time, and each gets what the API itself would say to them.
#[tokio::test]
async fn everybody_gets_their_own_answer_on_every_path() {
    let shop = Shop::behind_the_edge().await;
    let gets = Gets::of(&shop).await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold(&other, 9).await.ok();
    let admin = shop.admin().await;
    let routes = ROUTES.iter().filter(|route| route.method == "GET").count();
    assert_eq!(gets.paths.len(), routes, "a route is missing");
    let mut personal = 0;
    for (path, owner) in &gets.paths {
        let tokens = ["", owner, &buyer.token, &other.token, &admin.access_token];
        let with = |call: Call, token: &str| match token {
            "" => call,
            token => call.token(token),
        };
        let mut own = Vec::new();
        for token in tokens {
            let reply = with(shop.around("GET", path), token).send_unchecked().await;
            own.push(said(&reply));
        }
        let asked = tokens.iter().cycle().take(3 * tokens.len());
        let asked = asked.map(|token| with(shop.get(path), token).send());
        let replies = join_all(asked).await;
        for (reply, own) in replies.iter().zip(own.iter().cycle()) {
            assert_eq!(said(reply), *own, "{path}");
        }
        let is_kept = replies.iter().any(is_from_the_cache);
        if own.iter().any(|one| *one != own[0]) {
            personal += 1;
            assert!(!is_kept, "{path}");
            assert!(
                replies
                    .iter()
                    .all(|reply| reply.header("cache-control") == "private, no-store"),
                "{path}"
            );
        } else {
            assert!(is_kept, "{path}: everybody gets the same");
        }
    }
    assert_eq!(personal, 21);
}

/// What is kept answers callers with any token, and without one.
#[tokio::test]
async fn token_makes_no_difference_where_answers_are_kept() {
    let shop = Shop::behind_the_edge().await;
    for path in ["/v1/queues/main", "/v1/settings", "/v1/concerts"] {
        shop.get(path).send_as("garbage").await.ok();
        let next = shop.get(path).send_as("other garbage").await;
        assert!(is_from_the_cache(&next), "{path}");
    }
}

#[tokio::test]
async fn query_tells_lists_apart_and_nothing_else() {
    let shop = Shop::behind_the_edge().await;
    let later = [show("2027-01-01")];
    shop.add_concert("다른 콘서트", "main", &later).await;
    let all = shop.get("/v1/concerts?all=true").send().await.ok();
    assert_eq!(all["concerts"].as_array().map(Vec::len), Some(2));
    let first = shop.get("/v1/concerts?all=true&limit=1").send().await.ok();
    let cursor = first["next_cursor"].as_str().expect("another page");
    let next = format!("/v1/concerts?all=true&limit=1&cursor={cursor}");
    let next = shop.get(&next).send().await.ok();
    assert_ne!(first["concerts"], next["concerts"]);
    let other = shop.get("/v1/concerts?all=true&limit=1&utm_source=mail");
    assert!(is_from_the_cache(&other.send_unchecked().await));
    for limit in [2, 0] {
        let twice = format!("/v1/concerts?limit=1&limit={limit}");
        shop.get(&twice).send().await.is(INVALID_LIMIT);
    }
}

/// A parameter that is not in the key does not reach the API, however it is written.
#[tokio::test]
async fn nobody_can_put_another_list_into_the_cache() {
    let shop = Shop::behind_the_edge().await;
    let usual = shop.get("/v1/concerts").send().await.ok();
    assert_eq!(usual["concerts"].as_array().map(Vec::len), Some(1));
    for query in ["n%61me=zzz", "l%69mit=1&%61ll=true", "name%00=zzz"] {
        shop.advance(10).await;
        let disguised = shop.get(&format!("/v1/concerts?{query}"));
        let disguised = disguised.send_unchecked().await.ok();
        assert_eq!(disguised, usual, "{query}");
        assert_eq!(shop.get("/v1/concerts").send().await.ok(), usual, "{query}");
    }
}

#[tokio::test]
async fn caller_that_has_an_answer_gets_304_from_the_edge() {
    let shop = Shop::behind_the_edge().await;
    let concert = format!("/v1/concerts/{}", shop.concert_id);
    for (path, function) in [("/v1/concerts", "list-concerts"), (&concert, "get-concert")] {
        let first = shop.get(path).send().await;
        let tag = first.header("etag").to_owned();
        let again = || shop.get(path).header("if-none-match", &tag).send();
        for _ in 0..3 {
            assert_eq!(again().await.status, 304);
        }
        assert_eq!(shop.invocations(function).len(), 1);
        // What is old is confirmed by the service.
        shop.advance(2).await;
        let confirmed = shop.get(path).send().await;
        assert_eq!(confirmed.header("x-cache"), "RefreshHit from cloudfront");
        assert_eq!(confirmed.body, first.body);
        assert_eq!(shop.invocations(function).len(), 2);
    }
}

#[tokio::test]
async fn texts_are_compressed_and_plans_stay_as_they_are() {
    let shop = Shop::behind_the_edge().await;
    let admin = shop.admin().await;
    let plan = shop.add_plan(&admin, halls::CLUB).await;
    for path in [
        format!("/v1/plans/{plan}"),
        "/openapi.json".to_owned(),
        "/line.js".to_owned(),
    ] {
        let whole = shop.get(&path).send().await;
        assert_eq!(whole.header("content-encoding"), "", "{path}");
        let call = || shop.get(&path).header("accept-encoding", "gzip");
        for _ in 0..2 {
            let small = call().send_unchecked().await;
            assert_eq!(small.header("content-encoding"), "gzip", "{path}");
            assert_eq!(small.header("vary"), "accept-encoding", "{path}");
            assert_eq!(inflated(&small), whole.text, "{path}");
        }
        let next = call().send_unchecked().await;
        assert!(is_from_the_cache(&next), "{path}");
    }
}

fn inflated(reply: &Reply) -> String {
    let mut text = String::new();
    let mut gzip = flate2::read::GzDecoder::new(&*reply.bytes);
    std::io::Read::read_to_string(&mut gzip, &mut text).expect("gzip");
    text
}

#[tokio::test]
async fn head_through_the_edge_is_the_get_without_its_body() {
    let shop = Shop::behind_the_edge().await;
    let gets = Gets::of(&shop).await;
    for (path, token) in &gets.paths {
        let ask = |method: &str| shop.call(method, path).token(token).send();
        let (get, head) = (ask("GET").await, ask("HEAD").await);
        let length = |reply: &Reply| reply.header("content-length").to_owned();
        assert_eq!((head.status, &*head.text), (get.status, ""), "{path}");
        assert_eq!(length(&head), length(&get), "{path}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_ask_through_the_edge() {
    let shop = Shop::behind_the_edge().await;
    for path in ["/v1/queues/main", "/v1/users", "/v1/settings", "/line.js"] {
        let preflight = shop.call("OPTIONS", path);
        let preflight = preflight.header("origin", "https://tickets.example");
        let preflight = preflight.header("access-control-request-method", "GET");
        let preflight = preflight.header("access-control-request-headers", "authorization");
        let preflight = preflight.send_unchecked().await;
        assert_eq!(preflight.status, 204, "{path}");
        assert!(
            preflight
                .header("access-control-allow-headers")
                .contains("authorization")
        );
        let answer = shop.get(path).header("origin", "https://tickets.example");
        let answer = answer.send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(
            answer
                .header("access-control-expose-headers")
                .contains("retry-after")
        );
    }
}

#[tokio::test]
async fn seat_is_bought_and_given_back_through_the_edge() {
    let shop = Shop::behind_the_edge().await;
    let (buyer, receipt) = shop.sell(7).await;
    assert_eq!(receipt["seat_number"], 7);
    let again = shop.rejoin(&buyer).await;
    assert_eq!(shop.seats(&again).await[&7], "SOLD");
    shop.cancel(&again, &receipt).await.ok();
    assert_eq!(shop.reservation_status(&again, &receipt).await, "REFUNDED");
    assert_eq!(shop.seats(&again).await[&7], "FREE");
}

/// Two who buy at the same time each get their own seat and their own money back.
#[tokio::test]
async fn two_buy_at_once_through_the_edge() {
    let shop = Shop::behind_the_edge().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let (first, second) = join(shop.buy(&one, &[1]), shop.buy(&other, &[2])).await;
    assert_eq!(
        (&first["seat_number"], &second["seat_number"]),
        (&json!(1), &json!(2))
    );
}

#[tokio::test]
async fn without_cdn_there_is_no_edge() {
    let shop = Shop::open().await;
    assert_eq!(shop.stack.api_url(), None);
    let reply = shop.get("/v1/queues/main").send().await;
    for header in ["x-cache", "via", "age", "strict-transport-security"] {
        assert_eq!(reply.header(header), "", "{header}");
    }
    shop.get("/v1/queues/main").send().await.ok();
    assert_eq!(shop.invocations("get-queue").len(), 2);
}
