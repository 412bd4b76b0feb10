//! The notice of a queue: what the operator tells everybody who waits.

use serde_json::{Value, json};

use crate::harness::{Guest, Shop, refusal::INVALID_NOTICE};

impl Shop {
    /// The notice in the public document of `main`; null if there is none.
    async fn notice(&self) -> Value {
        let document = self.get("/v1/queues/main").english().send().await.ok();
        assert_ne!(document.get("notice"), Some(&Value::Null));
        document["notice"].clone()
    }

    /// Changes the notice of `main` with this method, and checks that it is then this one wherever
    /// it is shown.
    async fn notify(&self, admin: &Guest, method: &str, body: Value, expected: Value) {
        let what = format!("{method} {body}");
        let call = self.call(method, "/v1/queues/main").json(&body);
        let answer = call.send_as(&admin.access_token).await.ok();
        assert_eq!(answer["notice"], expected, "{what}");
        assert_eq!(answer["settings"]["notice"], expected, "{what}");
        let settings = self.settings(admin, "main").await.ok();
        assert_eq!(settings["notice"], expected, "{what}");
        // An instance of another function keeps the document for a second.
        self.advance(1).await;
        assert_eq!(self.notice().await, expected, "{what}");
    }
}

#[tokio::test]
async fn notice_is_shown_to_everybody_in_all_its_languages() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    assert_eq!(shop.notice().await, Value::Null);
    let body = json!({ "notice": { "ko": " 첫째 줄\r\n<b>둘째</b> ", "en": "Late" } });
    let notice = json!({ "ko": "첫째 줄\n<b>둘째</b>", "en": "Late" });
    shop.notify(&admin, "PATCH", body, notice).await;
    let longest = json!({ "ko": "가".repeat(300), "en": "x".repeat(300) });
    let body = json!({ "notice": longest });
    shop.notify(&admin, "PUT", body, longest).await;
}

/// With PATCH, what is left out stays.
#[tokio::test]
async fn patch_changes_each_language_by_itself() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let notice = |notice: Value| json!({ "notice": notice });
    for (body, expected) in [
        (notice(json!({ "ko": "늦음" })), json!({ "ko": "늦음" })),
        (
            notice(json!({ "en": "Late" })),
            json!({ "ko": "늦음", "en": "Late" }),
        ),
        (
            json!({ "max_active": 7 }),
            json!({ "ko": "늦음", "en": "Late" }),
        ),
        (notice(json!({})), json!({ "ko": "늦음", "en": "Late" })),
        (
            notice(json!({ "ko": null, "en": "Soon" })),
            json!({ "en": "Soon" }),
        ),
        (notice(json!({ "en": null })), Value::Null),
        (notice(json!({ "ko": "늦음" })), json!({ "ko": "늦음" })),
        (notice(Value::Null), Value::Null),
    ] {
        shop.notify(&admin, "PATCH", body, expected).await;
    }
}

/// With PUT, what is left out is gone.
#[tokio::test]
async fn put_replaces_the_notice() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let both = json!({ "ko": "늦음", "en": "Late" });
    for (body, expected) in [
        (json!({ "notice": both }), both.clone()),
        (
            json!({ "notice": { "en": "Late" } }),
            json!({ "en": "Late" }),
        ),
        (json!({ "max_active": 7 }), Value::Null),
        (json!({ "notice": both }), both.clone()),
        (json!({ "notice": null }), Value::Null),
        (json!({ "notice": both }), both.clone()),
        (json!({ "notice": {} }), Value::Null),
    ] {
        shop.notify(&admin, "PUT", body, expected).await;
    }
    shop.notify(&admin, "PUT", json!({ "notice": both }), both.clone())
        .await;
    let seen = shop.settings(&admin, "main").await.ok();
    shop.notify(&admin, "PUT", seen, both).await;
}

#[tokio::test]
async fn notice_is_checked() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let kept = json!({ "ko": "늦음" });
    shop.notify(&admin, "PUT", json!({ "notice": kept }), kept.clone())
        .await;
    for wrong in [
        json!("Late"),
        json!(["Late"]),
        json!(7),
        json!({ "ko": "" }),
        json!({ "ko": " \n " }),
        json!({ "ko": "\u{3164}" }),
        json!({ "ko": "가".repeat(301) }),
        json!({ "en": "x".repeat(301) }),
        json!({ "en": 7 }),
        json!({ "en": ["Late"] }),
        json!({ "en": "a\tb" }),
        json!({ "en": "a\u{202e}b" }),
        json!({ "ko": "늦음", "jp": "遅れ" }),
    ] {
        for method in ["PUT", "PATCH"] {
            let call = shop.call(method, "/v1/queues/main");
            let call = call.token(&admin.access_token);
            let call = call.json(&json!({ "max_active": 7, "notice": wrong }));
            call.clone().send().await.is(INVALID_NOTICE);
            let text = call.english().send().await.refused(400, "BAD_REQUEST");
            assert_eq!(
                text,
                "A notice has texts in ko and en, each of 1 to 300 characters. None may be a control \
                 character other than a line break, or change the direction of a text."
            );
        }
    }
    let settings = shop.settings(&admin, "main").await.ok();
    assert_eq!(settings["notice"], kept);
    assert_eq!(settings["version"], 1);
}

/// The stored settings of `main`.
async fn stored(shop: &Shop) -> Value {
    let mut items = shop.items("Queues").await.into_iter();
    let main = items.find(|item| item["id"] == "main");
    main.expect("main")["settings"].clone()
}

/// Settings without a notice are stored as an earlier version wrote them, and read.
#[tokio::test]
async fn settings_of_an_earlier_version_have_no_notice() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.notify(&admin, "PUT", json!({}), Value::Null).await;
    let fields = stored(&shop).await;
    let fields: Vec<_> = fields.as_object().expect("settings").keys().collect();
    assert_eq!(
        fields,
        [
            "active_seconds",
            "claim_seconds",
            "max_active",
            "rate_milli",
            "state",
            "tick_seconds",
            "version"
        ]
    );
    let notice = json!({ "ko": "늦음" });
    shop.notify(&admin, "PATCH", json!({ "notice": notice }), notice.clone())
        .await;
    assert_eq!(stored(&shop).await["notice"], notice);
}

/// It stays when the line moves, closes and sells.
#[tokio::test]
async fn notice_stays_while_the_line_moves() {
    let shop = Shop::with_room_for_one().await;
    let admin = shop.admin().await;
    let notice = json!({ "ko": "늦음", "en": "Late" });
    let inside = shop.buyer().await;
    let waiting = shop.buyer().await;
    shop.notify(&admin, "PATCH", json!({ "notice": notice }), notice.clone())
        .await;
    shop.leave(&inside).await;
    shop.advance(10).await;
    assert_eq!(shop.status(&waiting).await, "ACTIVE");
    assert_eq!(shop.notice().await, notice);
}
