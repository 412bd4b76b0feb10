//! `GET /v1/concerts/{concert_id}`.

use serde_json::json;

use crate::harness::{Call, NOBODY, PRICE, Reply, Shop, refusal::CONCERT_NOT_FOUND, show};

#[tokio::test]
async fn answers_anybody_with_all_shows() {
    let shop = Shop::open().await;
    let shows = [show("2026-12-25"), show("2026-11-19")];
    let id = shop.add_concert("가을 콘서트", "main", &shows).await;
    assert_eq!(
        shop.concert(&id).await,
        json!({
            "concert_id": id,
            "name": "가을 콘서트",
            "queue_id": "main",
            "version": 1,
            "shows": [
                { "date": "2026-11-19", "show": "2026-11-19", "price": PRICE, "capacity": 50 },
                { "date": "2026-12-25", "show": "2026-12-25", "price": PRICE, "capacity": 50 },
            ],
        }),
        "the first one was yesterday",
    );
}

#[tokio::test]
async fn unknown_concert_is_not_found() {
    let shop = Shop::open().await;
    for id in [NOBODY, "x", "%00", "listing", "version"] {
        let path = format!("/v1/concerts/{id}");
        shop.get(&path).send().await.is(CONCERT_NOT_FOUND);
    }
}

impl Shop {
    fn get_concert(&self) -> Call {
        self.get(&format!("/v1/concerts/{}", self.concert_id))
    }
}

fn tag(reply: &Reply) -> String {
    let tag = reply.header("etag");
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10);
    tag.to_owned()
}

/// A CDN may keep one answer for all callers.
#[tokio::test]
async fn answer_is_the_same_for_everybody_and_may_be_kept_for_two_seconds() {
    let shop = Shop::open().await;
    let (admin, buyer) = (shop.admin().await, shop.buyer().await);
    let texts = json!({ "venue": { "ko": "올림픽홀", "en": "Olympic Hall" } });
    shop.change(&admin, &shop.concert_id, &texts).await.ok();
    let first = shop.get_concert().send().await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("cache-control"), "public, max-age=2");
    shop.advance(60).await;
    for call in [
        shop.get_concert(),
        shop.get_concert().english(),
        shop.get_concert().token(&buyer.token),
        shop.get_concert().token(&admin.access_token).english(),
    ] {
        let reply = call.send().await;
        assert_eq!(reply.bytes, first.bytes);
        assert_eq!(tag(&reply), tag(&first));
    }
}

#[tokio::test]
async fn answers_304_to_a_client_that_has_the_concert() {
    let shop = Shop::open().await;
    let tag = tag(&shop.get_concert().send().await);
    for has in [
        tag.clone(),
        format!("W/{tag}"),
        "*".to_owned(),
        format!("\"x\", {tag} ,\"y\""),
    ] {
        let call = shop.get_concert().header("if-none-match", &has);
        let reply = call.send().await;
        assert_eq!((reply.status.as_u16(), &*reply.text), (304, ""), "{has}");
        assert_eq!(reply.header("etag"), tag);
        assert_eq!(reply.header("cache-control"), "public, max-age=2");
    }
    for has_not in ["\"x\"", "", "W/\"x\"", tag.trim_matches('"')] {
        let call = shop.get_concert().header("if-none-match", has_not);
        assert_eq!(call.send().await.status, 200, "{has_not}");
    }
}

#[tokio::test]
async fn any_change_of_the_concert_is_another_tag() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mut last = tag(&shop.get_concert().send().await);
    let date = &shop.dates[0];
    for change in [
        json!({ "name": "Opera" }),
        json!({ "venue": { "ko": "올림픽홀" } }),
        json!({ "shows": [{ "date": date, "price": 1 }] }),
        json!({ "shows": [{ "date": "2027-01-01", "price": 1 }] }),
        json!({ "shows": [{ "date": date, "doors_at": "18:30" }] }),
    ] {
        shop.change(&admin, &shop.concert_id, &change).await.ok();
        let call = shop.get_concert().header("if-none-match", &last);
        let reply = call.send().await;
        assert_eq!(reply.status, 200, "{change}");
        assert_ne!(tag(&reply), last, "{change}");
        last = tag(&reply);
    }
    let call_off = format!("/v1/concerts/{}/dates/{date}/call-off", shop.concert_id);
    let call_off = shop.post(&call_off).send_as(&admin.access_token).await;
    call_off.ok();
    let call = shop.get_concert().header("if-none-match", &last);
    let reply = call.send().await;
    assert_eq!(reply.status, 200);
    let last = tag(&reply);
    // A change of nothing leaves the answer as it is.
    let nothing = json!({});
    shop.change(&admin, &shop.concert_id, &nothing).await.ok();
    let call = shop.get_concert().header("if-none-match", &last);
    assert_eq!(call.send().await.status, 304);
}

/// A client that has a concert is told that it was deleted.
#[tokio::test]
async fn deleted_concert_is_not_found_whatever_the_client_has() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let tag = tag(&shop.get_concert().send().await);
    shop.remove(&admin, &shop.concert_id).await.ok();
    for has in [&tag, "*"] {
        let call = shop.get_concert().header("if-none-match", has);
        call.send().await.is(CONCERT_NOT_FOUND);
    }
}
