//! `audit`: the data as it has to be, and each way in which it is not.

use serde_json::json;

use crate::harness::{PRICE, Shop};

/// A shop in which everything happens that may: purchases, a refund, a lapse, somebody who leaves,
/// somebody who waits, somebody who holds, an account with an address.
async fn lively() -> Shop {
    let shop = Shop::open().await;
    shop.account("mina@example.com").await;
    let (refunded, receipt) = shop.sold(1).await;
    let cancelled = shop.delete(&shop.reservation(&receipt));
    cancelled.token(&refunded.access_token).send().await.ok();
    shop.hold(&shop.buyer().await, 2).await.ok();
    shop.advance(302).await;
    for seat in 3..6 {
        shop.sold(seat).await;
    }
    let leaver = shop.buyer().await;
    shop.hold_all(&leaver, &[6, 7]).await.ok();
    shop.leave(&leaver).await;
    let holder = shop.buyer().await;
    shop.hold_all(&holder, &[8, 9]).await.ok();
    shop.charge(&holder, PRICE).await.ok();
    shop.advance(10).await;
    shop
}

#[tokio::test]
async fn nothing_is_wrong_with_what_people_do() {
    let shop = lively().await;
    let report = shop.audit().await;
    assert_eq!(
        report["checked"],
        json!({
            "users": 8, "seats": 5, "sessions": 7, "queues": 1,
            "accounts": 8, "entries": 10, "orders": 4,
        })
    );
}
