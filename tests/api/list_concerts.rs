//! `GET /v1/concerts`.

use serde_json::{Value, json};

use crate::harness::{
    Reply, Shop,
    refusal::{BAD_REQUEST, INVALID_LIMIT, INVALID_NAME},
    show, text,
};

fn names_in(page: &Value) -> Vec<String> {
    let concerts = page["concerts"].as_array().expect("concerts").iter();
    concerts.map(|concert| text(&concert["name"])).collect()
}

impl Shop {
    async fn page(&self, query: &str) -> Value {
        self.get(&format!("/v1/concerts{query}")).send().await.ok()
    }

    /// The names on each page of a list, from the first to the last.
    async fn pages(&self, query: &str) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.page(&format!("?{query}{cursor}")).await;
            pages.push(names_in(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return pages,
            }
        }
    }
}

#[tokio::test]
async fn lists_what_is_to_come_to_anybody() {
    let shop = Shop::open().await;
    assert_eq!(
        shop.page("").await,
        json!({ "concerts": [{
            "concert_id": shop.concert_id,
            "name": "겨울 콘서트",
            "first_date": "2026-12-24",
            "last_date": "2026-12-25",
            "shows": 2,
            "max_capacity": 50,
        }] })
    );
}

#[tokio::test]
async fn concerts_come_in_the_order_of_their_names() {
    let shop = Shop::open().await;
    for name in ["beta", "Alpha", "가을 콘서트"] {
        shop.add_concert(name, "main", &[show("2026-12-31")]).await;
    }
    assert_eq!(
        shop.listed_names().await,
        ["Alpha", "beta", "가을 콘서트", "겨울 콘서트"]
    );
}

#[tokio::test]
async fn concert_is_over_when_its_last_day_is_in_the_deployments_time_zone() {
    // The same time in three zones: noon, midnight, an hour before midnight.
    for (zone, today, over) in [
        ("Asia/Seoul", "2026-11-20", "2026-11-19"),
        ("America/Sao_Paulo", "2026-11-20", "2026-11-19"),
        ("America/Puerto_Rico", "2026-11-19", "2026-11-18"),
    ] {
        let shop = Shop::open_with(&[("TimeZone", zone)]).await;
        shop.add_concert("Over", "main", &[show(over)]).await;
        shop.add_concert("Today", "main", &[show(over), show(today)])
            .await;
        assert_eq!(
            shop.listed_names().await,
            ["Today", "겨울 콘서트"],
            "{zone}"
        );
        assert_eq!(
            names_in(&shop.page("?all=true").await),
            ["Over", "Today", "겨울 콘서트"],
            "{zone}"
        );
    }
}

/// A new day changes the list, although nothing in the catalog has changed.
#[tokio::test]
async fn new_day_changes_the_list_and_its_etag() {
    let shop = Shop::open().await;
    shop.add_concert("Today", "main", &[show("2026-11-20")])
        .await;
    let tag = |reply: &Reply| reply.header("etag").to_owned();
    let first = shop.get("/v1/concerts").send().await;
    let today = tag(&first);
    assert_eq!(names_in(&first.ok()), ["Today", "겨울 콘서트"]);
    shop.advance(12 * 3_600).await;
    let call = shop.get("/v1/concerts").header("if-none-match", &today);
    let next = call.send().await;
    assert_ne!(tag(&next), today);
    assert_eq!(names_in(&next.ok()), ["겨울 콘서트"]);
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps() {
    let shop = Shop::open().await;
    for n in 0..44 {
        shop.add_concert(&format!("Concert {n:02}"), "main", &[show("2026-12-31")])
            .await;
    }
    for (limit, lengths) in [
        ("", vec![20, 20, 5]),
        ("limit=15", vec![15; 3]),
        ("limit=100", vec![45]),
    ] {
        for all in ["", "&all=1"] {
            let pages = shop.pages(&format!("{limit}{all}")).await;
            let found: Vec<_> = pages.iter().map(Vec::len).collect();
            assert_eq!(found, lengths, "{limit}{all}");
            let names = pages.concat();
            assert!(names.is_sorted() && names[44] == "겨울 콘서트");
        }
    }
}

/// Concerts that are added or deleted meanwhile do not shift a page.
#[tokio::test]
async fn pages_are_stable() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let mut ids = Vec::new();
    for name in ["B", "D", "F", "H"] {
        ids.push(shop.add_concert(name, "main", &[show("2026-12-31")]).await);
    }
    let first = shop.page("?limit=2").await;
    assert_eq!(names_in(&first), ["B", "D"]);
    for name in ["A", "C", "G"] {
        shop.add_concert(name, "main", &[show("2026-12-31")]).await;
    }
    shop.remove(&admin, &ids[1]).await.ok();
    let cursor = text(&first["next_cursor"]);
    let second = shop.page(&format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(names_in(&second), ["F", "G"]);
}

#[tokio::test]
async fn search_finds_names_by_their_beginning() {
    let shop = Shop::open().await;
    for name in [
        "Über Nacht",
        "über alles",
        "U-Bahn",
        "ΟΔΟΣΑ",
        "A#1",
        "A",
        "가을",
        "\u{ff37}\u{ff29}\u{ff2e}\u{ff34}\u{ff25}\u{ff32}",
        "winter",
        "\u{ff76}\u{ff9e}\u{ff97}",
        "Straße",
    ] {
        shop.add_concert(name, "main", &[show("2026-12-31")]).await;
    }
    for (query, found) in [
        ("%C3%9CBER", vec!["über alles", "Über Nacht"]),
        // The same letter as two characters.
        ("u%CC%88ber%20n", vec!["Über Nacht"]),
        ("%20U-%20", vec!["U-Bahn"]),
        ("%CE%9F%CE%94%CE%9F%CE%A3", vec!["ΟΔΟΣΑ"]),
        ("%EA%B2%A8", vec!["겨울 콘서트"]),
        ("a%23", vec!["A#1"]),
        ("%23", vec![]),
        ("nothing", vec![]),
        (
            "wINT",
            vec!["\u{ff37}\u{ff29}\u{ff2e}\u{ff34}\u{ff25}\u{ff32}", "winter"],
        ),
        // The same in full width.
        (
            "%EF%BC%B7%EF%BD%89",
            vec!["\u{ff37}\u{ff29}\u{ff2e}\u{ff34}\u{ff25}\u{ff32}", "winter"],
        ),
        // Hangul in its parts, as some systems write it, and in half width.
        (
            "%E1%84%80%E1%85%A1%E1%84%8B%E1%85%B3%E1%86%AF",
            vec!["가을"],
        ),
        ("%EF%BE%A1%EF%BF%82", vec!["가을"]),
        // Katakana in full width.
        ("%E3%82%AC%E3%83%A9", vec!["\u{ff76}\u{ff9e}\u{ff97}"]),
        ("STRASSE", vec!["Straße"]),
    ] {
        let page = shop.page(&format!("?name={query}")).await;
        assert_eq!(names_in(&page), found, "{query}");
    }
    for everything in ["?name=", "?name=%20%20"] {
        assert_eq!(names_in(&shop.page(everything).await).len(), 12);
    }
    let pages = shop.pages("name=%C3%BCber&limit=1").await;
    assert_eq!(pages, [["über alles"], ["Über Nacht"]]);
}

/// So many are over that a page cannot look past them all, so it may be short.
#[tokio::test]
async fn concerts_that_are_over_hide_none_that_is_to_come() {
    let shop = Shop::open().await;
    for n in 0..130 {
        let name = format!("Before {n:03}");
        shop.add_concert(&name, "main", &[show("2026-11-19")]).await;
    }
    for n in [40, 110] {
        let name = format!("Before {n:03} now");
        shop.add_concert(&name, "main", &[show("2026-11-20")]).await;
    }
    let pages = shop.pages("").await;
    assert_eq!(
        pages,
        [
            vec!["Before 040 now"],
            vec!["Before 110 now", "겨울 콘서트"]
        ]
    );
    let all = shop.pages("all=true&limit=100").await;
    assert_eq!((all.len(), all[0].len(), all[1].len()), (2, 100, 33));
}

#[tokio::test]
async fn refuses_malformed_parameters() {
    let shop = Shop::open().await;
    for n in 0..3 {
        shop.add_concert(&format!("Über {n}"), "main", &[show("2026-12-31")])
            .await;
    }
    let ask = async |query: &str| shop.get(&format!("/v1/concerts?{query}")).send().await;
    for all in ["yes", "TRUE", "2", "%00", "true,false"] {
        ask(&format!("all={all}")).await.is(BAD_REQUEST);
    }
    for all in ["false", "0", ""] {
        assert_eq!(names_in(&ask(&format!("all={all}")).await.ok()).len(), 4);
    }
    for limit in ["0", "101", "-1", "x", "1.5", "99999999999"] {
        ask(&format!("limit={limit}")).await.is(INVALID_LIMIT);
    }
    let long = "x".repeat(101);
    for name in [long.as_str(), "a%0Ab", "%00"] {
        ask(&format!("name={name}")).await.is(INVALID_NAME);
    }
    let cursor = text(&shop.page("?limit=1").await["next_cursor"]);
    let of_all = text(&shop.page("?limit=1&all=1").await["next_cursor"]);
    let of_uber = text(&shop.page("?limit=1&name=%C3%BCber").await["next_cursor"]);
    // Made up, but with a valid checksum.
    let made_up = |position: &str| shared::http::cursor("concerts false ", position);
    let outside = shared::http::cursor(
        "concerts false über",
        "a#0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b",
    );
    let long = format!("{}#0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b", "x".repeat(2_000));
    ask(&format!("cursor={cursor}")).await.ok();
    for query in [
        "cursor=x".to_owned(),
        "cursor=%00".to_owned(),
        format!("cursor={cursor}x"),
        format!("cursor={of_all}"),
        format!("cursor={of_uber}"),
        format!("cursor={cursor}&all=1"),
        format!("cursor={cursor}&name=%C3%BCber"),
        format!("cursor={}", made_up("")),
        format!("cursor={}", made_up("concert")),
        format!("cursor={}", made_up(&long)),
        format!("cursor={outside}&name=%C3%BCber"),
    ] {
        ask(&query).await.is(BAD_REQUEST);
    }
}

#[tokio::test]
async fn answers_304_to_a_client_that_has_the_page() {
    let shop = Shop::open().await;
    let first = shop.get("/v1/concerts").send().await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10);
    assert_eq!(first.header("cache-control"), "public, max-age=2");
    for has in [
        tag.clone(),
        format!("W/{tag}"),
        "*".to_owned(),
        format!("\"x\", {tag} ,\"y\""),
    ] {
        let call = shop.get("/v1/concerts").header("if-none-match", &has);
        let reply = call.send().await;
        assert_eq!(
            (reply.status.as_u16(), reply.text.as_str()),
            (304, ""),
            "{has}"
        );
        assert_eq!(reply.header("etag"), tag);
        assert_eq!(reply.header("cache-control"), "public, max-age=2");
    }
    for has_not in ["\"x\"", "", tag.trim_matches('"')] {
        let call = shop.get("/v1/concerts").header("if-none-match", has_not);
        assert_eq!(call.send().await.status, 200, "{has_not}");
    }
    for other in ["?limit=1", "?all=1", "?name=a"] {
        let call = shop.get(&format!("/v1/concerts{other}"));
        let reply = call.header("if-none-match", &tag).send().await;
        assert_eq!(reply.status, 200, "{other}");
    }
}

/// One instance caches the list, and others change it.
#[tokio::test]
async fn any_change_is_seen_at_once() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let mut tags = std::collections::BTreeSet::new();
    let mut look = async || {
        let first = shop.get("/v1/concerts").send().await;
        let second = shop.get("/v1/concerts").send().await;
        assert_eq!(first.text, second.text);
        assert!(tags.insert(first.header("etag").to_owned()), "a new tag");
        names_in(&first.body)
    };
    assert_eq!(look().await, ["겨울 콘서트"]);
    let body = json!({ "name": "A", "shows": [{ "date": "2026-12-31", "price": 1 }] });
    let created = shop.create(&admin, &body).await.expect(201);
    assert_eq!(look().await, ["A", "겨울 콘서트"]);
    let id = text(&created["concert_id"]);
    shop.change(&admin, &id, &json!({ "name": "Z" })).await.ok();
    assert_eq!(look().await, ["Z", "겨울 콘서트"]);
    let path = format!("{}/dates/2026-12-25", shop.concert_id);
    shop.remove(&admin, &path).await.ok();
    assert_eq!(look().await, ["Z", "겨울 콘서트"]);
    shop.remove(&admin, &id).await.ok();
    assert_eq!(look().await, ["겨울 콘서트"]);
    // A change of nothing leaves the list as it is.
    let before = shop.get("/v1/concerts").send().await;
    shop.change(&admin, &shop.concert_id, &json!({})).await.ok();
    let call = shop.get("/v1/concerts");
    let reply = call
        .header("if-none-match", before.header("etag"))
        .send()
        .await;
    assert_eq!(reply.status, 304);
}

/// Entries of an earlier version of the code are found before and after they are put in order.
#[tokio::test]
async fn search_finds_what_was_listed_in_another_way() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let wide = "\u{ff37}\u{ff29}\u{ff2e}\u{ff34}\u{ff25}\u{ff32}";
    for n in 0..110 {
        let name = format!("Concert {n:03}");
        shop.add_concert(&name, "main", &[show("2026-12-31")]).await;
    }
    let id = shop.add_concert(wide, "main", &[show("2026-12-31")]).await;
    shop.list_as_before(wide, &id).await;
    for all in ["", "&all=1"] {
        let pages = shop.pages(&format!("name=winter{all}")).await;
        assert_eq!(pages, [vec![], vec![wide.to_owned()]], "it is looked for");
        let pages = shop.pages(&format!("name=concert&limit=60{all}")).await;
        assert_eq!(pages.concat().len(), 110);
    }
    let first = shop.page("?limit=100").await;
    let cursor = text(&first["next_cursor"]);
    let searched = shop.page("?name=concert%200&limit=7").await;
    let searching = text(&searched["next_cursor"]);

    let body = json!({ "name": "Summer", "shows": [{ "date": "2026-12-31", "price": 1 }] });
    shop.create(&admin, &body).await.expect(201);
    for _ in 0..2 {
        let pages = shop.pages("name=winter").await;
        assert_eq!(pages, [vec![wide.to_owned()]]);
    }
    let items = shop.items("Catalog").await;
    let places: Vec<_> = items
        .iter()
        .filter(|item| item["group"] == "listing" && item["concert_id"] == id)
        .map(|item| text(&item["entry"]))
        .collect();
    assert_eq!(places, [format!("winter#{id}")]);
    // Earlier cursors still continue at their place.
    let rest = names_in(&shop.page(&format!("?limit=100&cursor={cursor}")).await);
    assert_eq!(rest.len(), 14);
    let path = format!("?name=concert%200&limit=7&cursor={searching}");
    assert_eq!(names_in(&shop.page(&path).await)[0], "Concert 007");

    shop.change(&admin, &id, &json!({ "name": "겨울" }))
        .await
        .ok();
    assert_eq!(shop.pages("name=winter").await, [Vec::<String>::new()]);
    shop.audit().await;
}

/// Letters that are folded into more than a key has room for.
#[tokio::test]
async fn search_finds_the_longest_names() {
    let shop = Shop::empty().await;
    let admin = shop.admin().await;
    let [one, other] = ["\u{fdfa}", "\u{fdfb}"].map(|letter| letter.repeat(100));
    for name in [&one, &other] {
        let body = json!({ "name": name, "shows": [{ "date": "2026-12-31", "price": 1 }] });
        shop.create(&admin, &body).await.expect(201);
    }
    let search = async |letter: &str, times: usize| {
        let pages = shop.pages(&format!("name={}", letter.repeat(times))).await;
        pages.concat()
    };
    for times in [1, 50, 100] {
        assert_eq!(search("%EF%B7%BA", times).await, [one.as_str()], "{times}");
        assert_eq!(
            search("%EF%B7%BB", times).await,
            [other.as_str()],
            "{times}"
        );
    }
    let pages = shop.pages("limit=1").await;
    assert_eq!(pages.concat().len(), 2);
}
