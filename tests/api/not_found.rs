//! `$default`: paths that do not exist.

use crate::harness::{Shop, refusal::NOT_FOUND};

#[tokio::test]
async fn unknown_path_or_method_is_404_in_the_envelope() {
    let shop = Shop::open().await;
    for (method, path) in [
        ("POST", "/"),
        ("GET", "/c"),
        ("GET", "/c/"),
        ("GET", "/index.html"),
        ("GET", "/v1"),
        ("GET", "/v2/concerts"),
        ("GET", "/v1/concerts/"),
        ("GET", "/v1/CONCERTS"),
        ("GET", "/v1//concerts"),
        ("GET", "/v1/auth/login"),
        ("PUT", "/v1/users"),
        ("PATCH", "/v1/auth/tokens"),
        ("DELETE", "/v1/queues/main"),
        ("POST", "/v1/concerts/available-dates"),
        ("TRACE", "/v1/concerts"),
        ("PURGE", "/v1/concerts"),
        ("GET", "/v1/concerts/..%2fauth/keys/x"),
        ("GET", "/getConcert"),
    ] {
        shop.call(method, path).send().await.is(NOT_FOUND);
    }
}

#[tokio::test]
async fn unknown_path_has_its_english_text() {
    let shop = Shop::open().await;
    let text = shop
        .get("/nowhere")
        .english()
        .send()
        .await
        .refused(404, "NOT_FOUND");
    assert_eq!(
        text,
        "This path does not exist, or does not have this method."
    );
}

/// An error is an answer about a moment. A cache that kept it, as it may keep a 404 by default, would
/// give it to others.
#[tokio::test]
async fn error_is_kept_by_no_cache() {
    let shop = Shop::open().await;
    for path in ["/nowhere", "/v1/users", "/v1/plans/none"] {
        let refused = shop.get(path).send().await;
        assert!(refused.status.is_client_error(), "{path}");
        assert_eq!(
            refused.header("cache-control"),
            "private, no-store",
            "{path}"
        );
    }
}
