//! HEAD: every path that answers GET answers it too.

use functions::ROUTES;
use hyper::header::{CONTENT_LENGTH, DATE, HeaderMap};

use crate::{
    harness::{Call, Reply, Shop, halls},
    page,
};

/// A good request to each path with a GET, with this method.
pub struct Gets<'a> {
    shop: &'a Shop,
    /// The paths, and a token that is good there.
    pub paths: Vec<(String, String)>,
}

impl<'a> Gets<'a> {
    pub async fn of(shop: &'a Shop) -> Self {
        let (buyer, receipt) = shop.sell(7).await;
        let buyer = shop.rejoin(&buyer).await;
        let admin = shop.admin().await;
        let plan = shop.add_plan(&admin, halls::CLUB).await;
        let in_events = shop.buyer_in_events(&buyer.user_id).await;
        let (user, concert) = (
            format!("/v1/users/{}", buyer.user_id),
            format!("/v1/concerts/{}", shop.concert_id),
        );
        let paths = [
            ("/v1/users".to_owned(), &admin.access_token),
            ("/v1/admin/changes".to_owned(), &admin.access_token),
            (user.clone(), &buyer.token),
            ("/v1/auth/keys".to_owned(), &buyer.token),
            ("/v1/auth/tokens".to_owned(), &buyer.token),
            ("/v1/queues/main".to_owned(), &buyer.token),
            ("/v1/queues/main/settings".to_owned(), &admin.access_token),
            ("/v1/concerts".to_owned(), &buyer.token),
            (concert.clone(), &buyer.token),
            ("/v1/concerts/available-dates".to_owned(), &buyer.token),
            (format!("{concert}/dates"), &buyer.token),
            (
                format!("{concert}/seats?date={}", shop.dates[0]),
                &buyer.token,
            ),
            (
                format!(
                    "{}?date={}&seat_number=1",
                    shop.reservations(),
                    shop.dates[0]
                ),
                &admin.access_token,
            ),
            (
                format!("/v1/admin{}/orders?date={}", &concert[3..], shop.dates[0]),
                &admin.access_token,
            ),
            ("/v1/admin/queues".to_owned(), &admin.access_token),
            ("/v1/admin/queues/main".to_owned(), &admin.access_token),
            ("/v1/admin/service".to_owned(), &admin.access_token),
            ("/v1/admin/audit".to_owned(), &admin.access_token),
            (format!("/v1/admin/buyers/{in_events}"), &admin.access_token),
            (format!("{user}/sessions"), &admin.access_token),
            (shop.reservation(&receipt), &buyer.token),
            (format!("{user}/balance"), &buyer.token),
            (format!("{user}/payments"), &buyer.token),
            (format!("{user}/statement"), &buyer.token),
            ("/v1/plans".to_owned(), &admin.access_token),
            (format!("/v1/plans/{plan}"), &buyer.token),
            ("/v1/settings".to_owned(), &buyer.token),
            ("/openapi.json".to_owned(), &buyer.token),
            ("/docs".to_owned(), &buyer.token),
            ("/docs/swagger-initializer.js".to_owned(), &buyer.token),
            ("/line.js".to_owned(), &buyer.token),
            ("/".to_owned(), &buyer.token),
            (format!("/c/{}", shop.concert_id), &buyer.token),
            ("/tickets".to_owned(), &buyer.token),
            ("/operator".to_owned(), &buyer.token),
            (page::file(shop, "main.mjs").await, &buyer.token),
        ];
        let paths = paths.map(|(path, token)| (path, token.clone())).into();
        Self { shop, paths }
    }

    fn calls(&self, method: &str) -> impl Iterator<Item = (&str, Call)> {
        self.paths.iter().map(move |(path, token)| {
            let call = self.shop.call(method, path).token(token);
            (path.as_str(), call)
        })
    }
}

/// The headers without the date.
fn headers(reply: &Reply) -> HeaderMap {
    let mut headers = reply.headers.clone();
    headers.remove(DATE);
    headers
}

/// Checks that an answer is the GET's without its body.
#[track_caller]
fn is_the_head_of(head: &Reply, get: &Reply) {
    assert_eq!(head.status, get.status, "{head:?}");
    assert_eq!(headers(head), headers(get), "{get:?}");
    assert_eq!(head.text, "", "{head:?}");
}

#[tokio::test]
async fn head_is_answered_wherever_get_is() {
    let shop = Shop::open().await;
    let gets = Gets::of(&shop).await;
    let routes = ROUTES.iter().filter(|route| route.method == "GET").count();
    assert_eq!(gets.paths.len(), routes, "a route is missing");
    for ((path, get), (_, head)) in gets.calls("GET").zip(gets.calls("HEAD")) {
        let (get, head) = (get.send().await, head.send().await);
        assert_eq!(get.status, 200, "{path}");
        let length = get.text.len().to_string();
        assert_eq!(get.headers[CONTENT_LENGTH], *length, "{path}");
        is_the_head_of(&head, &get);
    }
}

#[tokio::test]
async fn head_is_refused_as_get_is() {
    let shop = Shop::with_room_for_one().await;
    shop.buyer().await;
    let waiting = shop.buyer().await;
    let dates = format!("/v1/concerts/{}/dates", shop.concert_id);
    for (path, token, status) in [
        ("/nowhere", "", 404),
        ("/v1/auth/login", "", 404),
        ("/v1/auth/tokens", "", 401),
        ("/v1/users", &waiting.access_token, 403),
        ("/v1/queues/rock", "", 404),
        ("/v1/concerts?limit=0", "", 400),
        (&dates, &waiting.token, 403),
    ] {
        let call = |method: &str| {
            let call = shop.call(method, path);
            match token {
                "" => call,
                token => call.token(token),
            }
        };
        let (get, head) = (call("GET").send().await, call("HEAD").send().await);
        assert_eq!(get.status, status, "{path}");
        is_the_head_of(&head, &get);
    }
}

/// A client with the current version gets 304 and no length.
#[tokio::test]
async fn head_answers_304_to_a_client_that_has_the_page() {
    let shop = Shop::open().await;
    let concert = format!("/v1/concerts/{}", shop.concert_id);
    for path in ["/v1/concerts", &concert] {
        let tag = shop.get(path).send().await;
        let tag = tag.header("etag").to_owned();
        let ask = |method: &str| {
            let call = shop.call(method, path);
            call.header("if-none-match", &tag).send()
        };
        let (get, head) = (ask("GET").await, ask("HEAD").await);
        assert_eq!(get.status, 304, "{path}");
        is_the_head_of(&head, &get);
    }
}

/// Behind the doors where the first call is the arrival, a HEAD is an arrival too.
#[tokio::test]
async fn head_is_an_arrival_where_get_is() {
    let shop = Shop::with_room_for_one().await;
    let (inside, waiting) = (shop.buyer().await, shop.buyer().await);
    shop.leave(&inside).await;
    shop.advance(10).await;
    let dates = format!("/v1/concerts/{}/dates", shop.concert_id);
    let head = shop.call("HEAD", &dates).send_as(&waiting.token).await;
    assert_eq!(head.status, 200);
    shop.advance(150).await;
    assert_eq!(shop.status(&waiting).await, "ACTIVE");
}

/// Pages of other origins may send HEAD too.
#[tokio::test]
async fn head_is_allowed_to_other_origins() {
    let shop = Shop::open().await;
    let ask = |method: &str| {
        let call = shop.call(method, "/v1/queues/main");
        call.header("origin", "https://tickets.example").send()
    };
    let (get, head) = (ask("GET").await, ask("HEAD").await);
    assert_eq!(head.header("access-control-allow-origin"), "*");
    is_the_head_of(&head, &get);
}
