//! `POST /v1/plans`, `GET /v1/plans`, `GET /v1/plans/{plan_id}`.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::harness::{
    Guest, Reply, Shop,
    halls::{CLUB, THEATRE},
    refusal::{
        BAD_REQUEST, EMPTY_BODY, FORBIDDEN, INVALID_LIMIT, INVALID_PLAN, INVALID_TOKEN,
        MISSING_AUTHORIZATION, PLAN_NOT_FOUND, WRONG_ENCODING,
    },
    text,
};

impl Shop {
    async fn plan(&self, plan_id: &str) -> Reply {
        self.get(&format!("/v1/plans/{plan_id}")).send().await
    }

    async fn plans(&self, admin: &Guest, query: &str) -> Reply {
        let path = format!("/v1/plans{query}");
        self.get(&path).send_as(&admin.access_token).await
    }
}

/// A plan with one row of seats.
fn row(name: &str, seats: u32) -> Value {
    json!({
        "name": name,
        "grades": ["R"],
        "sections": [{
            "name": "A",
            "grade": "R",
            "rows": [{ "label": "1", "seats": format!("1-{seats}") }],
        }],
    })
}

#[tokio::test]
async fn plan_is_named_by_its_content_however_it_is_written() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let new = shop.ask_to_add_plan(&admin, CLUB).await.expect(201);
    assert_eq!(new["seats"], 300);
    let plan_id = text(&new["plan_id"]);

    let reply = shop.plan(&plan_id).await;
    assert_eq!(
        reply.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let document = reply.text.clone();
    assert_eq!(reply.ok()["name"], new["name"]);
    // The canonical document is another text than the one that was sent, and the same plan.
    assert_ne!(document, CLUB);
    for same in [CLUB, &document] {
        let again = shop.ask_to_add_plan(&admin, same).await.expect(200);
        assert_eq!(again, new);
    }
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, document.as_bytes());
    assert_eq!(
        BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]),
        plan_id,
        "anybody can compute it"
    );
}

#[tokio::test]
async fn document_comes_compressed_to_a_client_that_takes_it() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let plan_id = shop.add_plan(&admin, THEATRE).await;
    let plain = shop.plan(&plan_id).await;
    assert_eq!(plain.header("content-encoding"), "");
    let path = format!("/v1/plans/{plan_id}");
    let call = shop.get(&path).header("accept-encoding", "br, gzip;q=0.5");
    let compressed = call.send_unchecked().await;
    assert_eq!(compressed.header("content-encoding"), "gzip");
    let mut document = String::new();
    let mut gzip = flate2::read::GzDecoder::new(&*compressed.bytes);
    std::io::Read::read_to_string(&mut gzip, &mut document).expect("gzip");
    assert_eq!(document, plain.text);
    for refused in ["identity", "gzip;q=0", "br"] {
        let call = shop.get(&path).header("accept-encoding", refused);
        let reply = call.send().await;
        assert_eq!(reply.text, plain.text, "{refused}");
    }
}

#[tokio::test]
async fn first_mistake_is_named_with_its_place() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let mut wrong = row("A", 10);
    wrong["sections"][0]["grade"] = json!("S");
    let reply = shop.ask_to_add_plan(&admin, &wrong.to_string()).await;
    assert_eq!(reply.body["at"], "/sections/0/grade");
    reply.is(INVALID_PLAN);
    for (document, at) in [
        ("{", ""),
        ("[]", ""),
        ("null", ""),
        (
            "{\"grades\":[\"R\"],\"grades\":[\"R\"],\"name\":\"A\",\"sections\":[]}",
            "/grades",
        ),
        (
            &row("A", 10).to_string().replace("1-10", "1-4000000000"),
            "/sections/0/rows/0/seats",
        ),
    ] {
        let reply = shop.ask_to_add_plan(&admin, document).await;
        assert_eq!(reply.status, 400, "{document}: {}", reply.text);
        assert_eq!(reply.body["code"], "INVALID_PLAN", "{document}");
        assert_eq!(reply.body["at"], at, "{document}");
    }
    shop.ask_to_add_plan(&admin, "").await.is(EMPTY_BODY);
    let call = shop.post("/v1/plans").token(&admin.access_token);
    let utf_16 = call.with_type("application/json; charset=utf-16", CLUB);
    utf_16.send().await.is(WRONG_ENCODING);
    // More than a plan may have, and less than the gateway takes.
    let long = format!("{}{}", " ".repeat(262_145), row("A", 1));
    let reply = shop.ask_to_add_plan(&admin, &long).await;
    assert_eq!(reply.body["code"], "INVALID_PLAN", "{}", reply.text);
    assert_eq!(shop.plans(&admin, "").await.ok()["plans"], json!([]));
}

#[tokio::test]
async fn plan_that_nobody_has_stored_is_not_found() {
    let shop = Shop::empty().await;
    for id in [
        "AAAAAAAAAAAAAAAAAAAAAA",
        "x",
        "..",
        "AAAAAAAAAAAAAAAAAAAAAB",
    ] {
        shop.plan(id).await.is(PLAN_NOT_FOUND);
    }
}

#[tokio::test]
async fn only_administrators_store_and_list_plans() {
    let shop = Shop::empty().await;
    let guest = shop.guest().await;
    shop.ask_to_add_plan(&guest, CLUB).await.is(FORBIDDEN);
    shop.plans(&guest, "").await.is(FORBIDDEN);
    shop.post("/v1/plans")
        .body(CLUB)
        .send()
        .await
        .is(MISSING_AUTHORIZATION);
    let buyer = shop.buyer().await;
    shop.get("/v1/plans")
        .send_as(&buyer.token)
        .await
        .is(INVALID_TOKEN);
}

#[tokio::test]
async fn plans_are_listed_by_name_in_pages() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    for (name, seats) in [("b", 1), ("A", 2), ("C", 3), ("A", 4)] {
        shop.add_plan(&admin, &row(name, seats).to_string()).await;
    }
    let names = |page: &Value| -> Vec<String> {
        let plans = page["plans"].as_array().expect("plans");
        plans.iter().map(|plan| text(&plan["name"])).collect()
    };
    let all = shop.plans(&admin, "").await.ok();
    assert_eq!(names(&all), ["A", "A", "b", "C"]);
    assert!(all.get("next_cursor").is_none());
    let first = shop.plans(&admin, "?limit=3").await.ok();
    assert_eq!(names(&first), ["A", "A", "b"]);
    let cursor = text(&first["next_cursor"]);
    let rest = shop.plans(&admin, &format!("?cursor={cursor}")).await.ok();
    assert_eq!(names(&rest), ["C"]);
    shop.plans(&admin, "?limit=0").await.is(INVALID_LIMIT);
    shop.plans(&admin, "?cursor=x").await.is(BAD_REQUEST);
}
