//! The rules for every request before its endpoint: bodies where none is allowed, texts that are
//! not UTF-8, and the forms of numbers and parameters.

use serde_json::{Value, json};

use crate::harness::{
    Shop,
    refusal::{
        EMPTY_BODY, INVALID_CAPACITY, INVALID_LIMIT, INVALID_MAX_ACTIVE, INVALID_SEAT_NUMBER,
        NOT_FOUND, STRAY_BODY, WRONG_ENCODING,
    },
};

const MARK: &str = "\u{feff}";

/// A text in an encoding with this many bytes per character, little- or big-endian.
fn wide(text: &str, bytes: usize, is_little: bool) -> Vec<u8> {
    let wide = |character: char| {
        let mut wide = u32::from(character).to_be_bytes()[4 - bytes..].to_vec();
        if is_little {
            wide.reverse();
        }
        wide
    };
    text.chars().flat_map(wide).collect()
}

#[tokio::test]
async fn body_where_none_is_read_is_refused_and_nothing_is_done() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let held = shop.hold(&buyer, 7).await.ok();
    let admin = shop.admin().await;
    let reservation = held["reservation_id"].as_str().expect("an id");
    let mut seen = 0;
    for door in shop.guarded(&buyer.user_id, reservation) {
        if door.takes_bodies() {
            continue;
        }
        seen += 1;
        for token in [&buyer.token, &buyer.access_token, &admin.access_token] {
            for body in ["{}", "garbage", " ", MARK, "{\"reason\":\"x\"}"] {
                let call = shop.call(door.method, &door.path).token(token);
                call.body(body).send().await.is(STRAY_BODY);
            }
        }
    }
    assert!(seen > 10, "{seen}");
    for path in ["/v1/concerts", "/v1/queues/main", "/v1/auth/keys", "/docs"] {
        shop.get(path).body("{}").send().await.is(STRAY_BODY);
        let reply = shop.call("HEAD", path).body("{}").send().await;
        assert_eq!((reply.status.as_u16(), &*reply.text), (400, ""), "{path}");
    }
    assert_eq!(shop.reservation_status(&buyer, &held).await, "HELD");
    assert_eq!(shop.status(&buyer).await, "ACTIVE");
    let text = shop.get("/v1/concerts").english().body("{}").send().await;
    let text = text.refused(400, "BAD_REQUEST");
    assert_eq!(text, "This request must not have a body.");
}

#[tokio::test]
async fn body_of_no_length_is_ignored() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    for (method, path) in [
        ("GET", "/v1/auth/tokens"),
        ("HEAD", "/v1/auth/tokens"),
        ("DELETE", "/v1/auth/tokens"),
    ] {
        let call = shop.call(method, path).token(&buyer.token);
        let reply = call.header("content-length", "0").body("").send().await;
        assert_eq!(reply.status, 200, "{method}");
    }
}

/// A path that does not exist answers "not found", even with a body.
#[tokio::test]
async fn unknown_path_with_a_body_is_not_found() {
    let shop = Shop::open().await;
    for (method, path) in [("GET", "/nowhere"), ("DELETE", "/v1/queues/main")] {
        let call = shop.call(method, path).body("{}");
        call.send().await.is(NOT_FOUND);
    }
}

/// Many clients send an empty object with every POST. Such a log-out is accepted: a token that
/// stays valid would do more harm than a body that nobody reads.
#[tokio::test]
async fn log_out_ignores_its_body() {
    let shop = Shop::open().await;
    for body in ["{}", "null", "garbage"] {
        let guest = shop.guest().await;
        let log_out = shop.post("/v1/auth/logout").token(&guest.access_token);
        log_out.body(body).send().await.ok();
        let path = format!("/v1/users/{}", guest.user_id);
        let again = shop.get(&path).send_as(&guest.access_token).await;
        assert_eq!(again.status, 401);
    }
}

#[tokio::test]
async fn byte_order_mark_is_skipped() {
    let shop = Shop::open().await;
    for body in ["{\"name\":\"김민수\"}", " {\"name\":\"김민수\"}"] {
        let call = shop.post("/v1/users").body(format!("{MARK}{body}"));
        assert_eq!(call.send().await.expect(201)["name"], "김민수");
    }
    for body in [MARK.to_owned(), format!("{MARK}{MARK}{{\"name\":\"A\"}}")] {
        shop.post("/v1/users")
            .body(body)
            .send()
            .await
            .is(EMPTY_BODY);
    }
}

#[tokio::test]
async fn body_that_is_not_in_utf_8_is_refused() {
    let shop = Shop::open().await;
    let (json, marked) = ("{\"name\":\"A\"}", format!("{MARK}{{\"name\":\"A\"}}"));
    for bytes in [2, 4] {
        for is_little in [false, true] {
            for text in [json, &marked] {
                let call = shop.post("/v1/users").body(wide(text, bytes, is_little));
                call.send().await.is(WRONG_ENCODING);
            }
        }
    }
    // "김" in EUC-KR, "ü" in Latin-1, and an incomplete character.
    for name in [&b"\xb1\xe8"[..], b"\xfc", b"\xea\xb9"] {
        let body = [b"{\"name\":\"", name, b"\"}"].concat();
        shop.post("/v1/users")
            .body(body)
            .send()
            .await
            .is(WRONG_ENCODING);
    }
    let text = shop.post("/v1/users").english().body(&b"\xff"[..]);
    let text = text.send().await.refused(400, "BAD_REQUEST");
    assert_eq!(text, "The body of a request must be encoded in UTF-8.");
}

#[tokio::test]
async fn content_type_may_name_utf_8_and_no_other_encoding() {
    let shop = Shop::open().await;
    let sign_up = |kind: &str, body: &str| {
        let call = shop.post("/v1/users").with_type(kind, body.to_owned());
        call.send()
    };
    let good = "{\"name\":\"A\"}";
    for kind in [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json; charset=\"utf-8\"; profile=x",
        "application/json; charset=us-ascii",
        "text/plain; charset=utf8",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "charset",
        "",
    ] {
        sign_up(kind, good).await.expect(201);
    }
    for kind in [
        "application/json; charset=euc-kr",
        "application/json;CHARSET=EUC-KR",
        "application/json; charset=\"utf-16\"",
        "application/json; charset=iso-8859-1",
        "application/octet-stream; charset=cp949",
        "application/json; charset=utf-8; charset=euc-kr",
        "application/json; charset=",
    ] {
        sign_up(kind, good).await.is(WRONG_ENCODING);
        sign_up(kind, "").await.is(EMPTY_BODY);
    }
}

/// The forms in which clients with floating-point numbers write 7.
const SEVENS: [&str; 6] = ["7", "7.0", "7.000", "7e0", "0.7E+1", "70e-1"];

/// Numbers that are not whole, or are not in an allowed form.
const NO_WHOLES: [&str; 7] = [
    "7.5",
    "7.0000001",
    "75e-1",
    "\"7\"",
    "[7]",
    "1e-400",
    "true",
];

#[tokio::test]
async fn whole_number_may_be_written_with_a_point() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let date = &shop.dates[0];
    let wish = async |field: &str, value: &str| {
        let call = shop.post(&shop.reservations()).token(&buyer.token);
        let body = format!("{{\"date\":\"{date}\",\"{field}\":{value}}}");
        call.body(body).send().await
    };
    for value in NO_WHOLES {
        wish("seat_number", value).await.is(INVALID_SEAT_NUMBER);
        let several = format!("[8, {value}]");
        wish("seat_numbers", &several).await.is(INVALID_SEAT_NUMBER);
    }
    // The same seat again is the same hold.
    for seven in SEVENS {
        let held = wish("seat_number", seven).await.ok();
        assert_eq!(held["seat_numbers"], json!([7]), "{seven}");
        let held = wish("seat_numbers", &format!("[{seven}]")).await.ok();
        assert_eq!(held["seat_numbers"], json!([7]), "{seven}");
    }
}

#[tokio::test]
async fn whole_number_in_an_operators_command_may_be_written_with_a_point() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let create = async |capacity: &str| {
        let call = shop.post("/v1/concerts").token(&admin.access_token);
        let dated = format!("{{\"date\":\"2027-01-01\",\"price\":1,\"capacity\":{capacity}}}");
        let body = format!("{{\"name\":\"A\",\"shows\":[{dated}]}}");
        call.body(body).send().await
    };
    let set = async |method: &str, field: &str, value: &str| {
        let call = shop.call(method, "/v1/queues/rock");
        let call = call.token(&admin.access_token);
        call.body(format!("{{\"{field}\":{value}}}")).send().await
    };
    shop.put_queue(&admin, "rock", &json!({})).await.ok();
    for seven in SEVENS {
        let concert = create(seven).await.expect(201);
        assert_eq!(concert["shows"][0]["capacity"], 7, "{seven}");
        for method in ["PUT", "PATCH"] {
            for field in ["max_active", "tick_seconds"] {
                let set = set(method, field, seven).await.ok();
                assert_eq!(set["settings"][field], 7, "{field}: {seven}");
            }
        }
    }
    for method in ["PUT", "PATCH"] {
        for (field, written, seconds) in [
            ("claim_seconds", "14.0", 14),
            ("active_seconds", "3e2", 300),
        ] {
            let set = set(method, field, written).await.ok();
            assert_eq!(set["settings"][field], seconds, "{field}: {written}");
        }
    }
    for value in NO_WHOLES {
        create(value).await.is(INVALID_CAPACITY);
        set("PATCH", "max_active", value)
            .await
            .is(INVALID_MAX_ACTIVE);
    }
    // Nothing is rounded: each of these is above the limit.
    for large in ["1000000.0000000000000001", "1000001.0", "9007199254740993"] {
        set("PATCH", "max_active", large)
            .await
            .is(INVALID_MAX_ACTIVE);
    }
    let most = set("PATCH", "max_active", "1e6").await.ok();
    assert_eq!(most["settings"]["max_active"], 1_000_000);
}

#[tokio::test]
async fn number_in_the_query_is_digits() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    shop.get("/v1/concerts?limit=7").send().await.ok();
    for limit in [
        "007",
        "%2B7",
        "+7",
        "7.0",
        "7e0",
        "-7",
        "7,",
        "0x7",
        "%EF%BC%97",
    ] {
        let page = shop.get(&format!("/v1/concerts?limit={limit}"));
        page.send().await.is(INVALID_LIMIT);
    }
    let seats = format!("/v1/concerts/{}/seats", shop.concert_id);
    let ask = async |range: &str| {
        let path = format!("{seats}?date={}&{range}", shop.dates[0]);
        shop.get(&path).send_as(&buyer.token).await
    };
    let found = ask("from=7&to=8").await.ok();
    assert_eq!(found["seats"].as_array().map(Vec::len), Some(2));
    for range in ["from=07", "to=%2B8", "from=7.0", "to=8e0"] {
        ask(range).await.refused(400, "BAD_REQUEST");
    }
}

/// If a parameter has two values, neither is used.
#[tokio::test]
async fn parameter_named_twice_is_refused() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let twice = |path: &str| shop.get(path).send_as(&buyer.token);
    twice("/v1/concerts?limit=1&limit=2")
        .await
        .is(INVALID_LIMIT);
    twice("/v1/concerts?limit=1&limit=1")
        .await
        .is(INVALID_LIMIT);
    let date = &shop.dates[0];
    let seats = format!("/v1/concerts/{}/seats", shop.concert_id);
    twice(&format!("{seats}?date={date}&date={}", shop.dates[1]))
        .await
        .refused(400, "INVALID_DATE");
    for path in [
        "/v1/concerts?all=true&all=false".to_owned(),
        "/v1/concerts?cursor=a&cursor=b".to_owned(),
        format!("{seats}?date={date}&from=1&from=2"),
    ] {
        twice(&path).await.refused(400, "BAD_REQUEST");
    }
    let (one, other) = (shop.concert_id.clone(), shop.add_queue("rock").await);
    let path = format!("/v1/concerts/available-dates?concert_id={one}&concert_id={other}");
    assert_eq!(twice(&path).await.status, 404);
    // A comma in a value is a part of the value.
    let admin = shop.admin().await;
    let dated = json!({ "date": date, "price": 1 });
    for name in ["서울, 부산", "서울"] {
        let body = json!({ "name": name, "shows": [dated] });
        shop.create(&admin, &body).await.expect(201);
    }
    let found = twice("/v1/concerts?name=%EC%84%9C%EC%9A%B8,").await.ok();
    let names: Vec<&Value> = found["concerts"]
        .as_array()
        .expect("concerts")
        .iter()
        .map(|concert| &concert["name"])
        .collect();
    assert_eq!(names, ["서울, 부산"]);
}
