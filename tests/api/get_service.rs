//! `GET /v1/admin/service`.

use serde_json::{Value, json};

use crate::harness::{Shop, refusal::FORBIDDEN};

async fn service(shop: &Shop) -> Value {
    let admin = shop.admin().await;
    let call = shop.get("/v1/admin/service");
    call.send_as(&admin.access_token).await.ok()
}

#[tokio::test]
async fn service_says_what_is_set_for_the_deployment() {
    let shop = Shop::open().await;
    let mut seen = service(&shop).await;
    let region = seen["region"].take();
    assert!(region.is_string());
    assert_eq!(
        seen,
        json!({
            "is_local": true,
            "stack": "onsale",
            "region": null,
            "has_alarm_topic": false,
            "polls_per_second": 400,
            "joins_per_second": 300,
            "requests_per_second": 400,
            "place_concurrency": 200,
            "queue_concurrency": 100,
            "join_concurrency": 200,
            "audit_minutes": 60,
            "audit_read_units": 100_000,
            "deletion_protection": true,
            "deployment": "AllAtOnce",
            "uses_restored_tables": false,
            "signing_key_encryption": "aws-owned",
            "log_retention_days": 30,
            "access_log_retention_days": 7,
            "key_rotation_days": 30,
            "server_time": shop.now(),
        })
    );
}

#[tokio::test]
async fn service_says_what_an_operator_has_set() {
    let topic = "arn:aws:sns:ap-northeast-2:123456789012:alarms";
    let shop = Shop::open_with(&[
        ("AlarmTopicArn", topic),
        ("PollsPerSecond", "5000"),
        ("PlaceConcurrency", "0"),
        ("PayConcurrency", "50"),
        ("AdmitConcurrency", "2"),
        ("WarmReads", "20000"),
        ("WarmWrites", "8000"),
        ("AuditMinutes", "0"),
        ("DeletionProtection", "false"),
        ("Deployment", "Canary10Percent5Minutes"),
    ])
    .await;
    let seen = service(&shop).await;
    for (field, value) in [
        ("has_alarm_topic", json!(true)),
        ("polls_per_second", json!(5_000)),
        ("place_concurrency", Value::Null),
        ("pay_concurrency", json!(50)),
        ("admit_concurrency", json!(2)),
        ("warm_reads", json!(20_000)),
        ("warm_writes", json!(8_000)),
        ("audit_minutes", Value::Null),
        ("deletion_protection", json!(false)),
        ("deployment", json!("Canary10Percent5Minutes")),
    ] {
        assert_eq!(seen[field], value, "{field}");
    }
    assert!(
        !seen.to_string().contains("arn:"),
        "only whether there is one"
    );
}

#[tokio::test]
async fn service_is_shown_to_administrators() {
    let shop = Shop::open().await;
    let buyer = shop.buyer().await;
    let call = shop.get("/v1/admin/service");
    call.send_as(&buyer.access_token).await.is(FORBIDDEN);
}
