//! `POST /v1/admin/audit`.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Shop,
    refusal::{BAD_REQUEST, EMPTY_BODY, FORBIDDEN, INVALID_TOKEN},
};

#[tokio::test]
async fn administrator_runs_a_round() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    shop.sell(7).await;
    let call = shop.post("/v1/admin/audit").token(&admin.access_token);
    let answer = call.send().await.ok();
    assert_eq!(answer["state"], "OVER");
    assert_eq!(answer["round"]["violations"], 0);
    assert_eq!(answer["round"]["checked"]["orders"], 1);
    assert_eq!(answer["round"]["runs"], 1);
    let run = &answer["run"];
    assert_eq!(
        (&run["superseded"], &run["left_to_schedule"]),
        (&json!(false), &json!(false))
    );
    assert!(run["read_units"].as_f64() > Some(5.0));
    let mut seen = answer.clone();
    seen.as_object_mut().expect("an object").remove("run");
    assert_eq!(shop.get_audit(&admin).await, seen);
    // The next call begins another round.
    shop.advance(60).await;
    let next = shop.post_audit(&admin, &json!({})).await;
    assert_eq!(next["round"]["started_at"], shop.in_seconds(0));
}

#[tokio::test]
async fn call_goes_on_with_the_round_of_the_schedule_or_begins_another() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    shop.sell(7).await;
    shop.run_audit(&json!({ "read_units": 0.001 })).await;
    let went_on = shop
        .post_audit(&admin, &json!({ "from_start": false }))
        .await;
    assert_eq!(
        (&went_on["round"]["runs"], &went_on["state"]),
        (&json!(2), &json!("OVER"))
    );
    shop.run_audit(&json!({ "read_units": 0.001 })).await;
    let anew = shop
        .post_audit(&admin, &json!({ "from_start": true }))
        .await;
    assert_eq!(
        (&anew["round"]["runs"], &anew["state"]),
        (&json!(1), &json!("OVER"))
    );
    let sessions = shop.items("Sessions").await;
    let left = sessions.iter().filter(|item| item["user_id"] == "audit");
    assert_eq!(left.count(), 1, "nothing is left of what it remembered");
}

/// With more than a call reads, the client repeats it.
#[tokio::test]
async fn large_round_is_over_after_several_calls() {
    let shop = Shop::without_schedule(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    // Each is read again, for 1 RRU or more.
    for number in 0..1_700 {
        let id = format!("00000000-0000-4000-8000-{number:012x}");
        let user = json!({ "id": id, "name": "민수", "generation": 0, "created_at": 0 });
        shop.put_item("Users", user).await;
    }
    let mut calls = 0;
    let last = loop {
        let answer = shop.post_audit(&admin, &json!({})).await;
        calls += 1;
        assert!(
            answer["run"]["read_units"].as_f64() < Some(1_700.0),
            "{answer:#}"
        );
        if answer["state"] == "OVER" {
            break answer;
        }
        assert!(calls < 10, "it does not end");
    };
    assert!(calls > 1);
    assert_eq!(last["round"]["runs"], calls);
    assert_eq!(
        last["round"]["kinds"],
        json!({ "USER_WITHOUT_ACCOUNT": 1_700 })
    );
}

/// The memory of a large round would not be read in time.
#[tokio::test]
async fn round_that_remembers_too_much_is_left_to_the_schedule() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    shop.run_audit(&json!({ "read_units": 0.001 })).await;
    let before = shop.get_audit(&admin).await;
    let sessions = shop.items("Sessions").await;
    let round = sessions.iter().find(|item| item["queue_id"] == "round");
    let mut kept = round.expect("a round")["kept"].clone();
    kept["parts"] = json!(9);
    let key = json!({ "user_id": "audit", "queue_id": "round" });
    shop.change_item("Sessions", key, json!({ "kept": kept }))
        .await;
    let answer = shop.post_audit(&admin, &json!({})).await;
    assert_eq!(answer["run"]["left_to_schedule"], true);
    assert_eq!(answer["state"], "UNDER_WAY");
    assert_eq!(answer["round"], before["round"]);
    // A new round remembers nothing yet.
    let anew = shop
        .post_audit(&admin, &json!({ "from_start": true }))
        .await;
    assert_eq!(anew["run"]["left_to_schedule"], false);
    assert_eq!(anew["state"], "OVER");
}

#[tokio::test]
async fn calls_at_once_do_no_harm() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    for seat in 1..5 {
        shop.sell(seat).await;
    }
    for _ in 0..5 {
        let order = json!({ "from_start": true });
        let answers = join_all((0..3).map(|_| shop.post_audit(&admin, &order))).await;
        for answer in answers {
            assert_eq!(answer["round"]["violations"], 0, "{answer:#}");
        }
    }
    let last = shop.get_audit(&admin).await;
    assert_eq!(
        (&last["state"], &last["round"]["checked"]["orders"]),
        (&json!("OVER"), &json!(4))
    );
}

#[tokio::test]
async fn audit_is_run_by_administrators_with_a_good_body() {
    let shop = Shop::open_with(&[("AuditMinutes", "0")]).await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    let ask = async |body: &Value, token: &str| {
        let call = shop.post("/v1/admin/audit").json(body);
        call.send_as(token).await
    };
    ask(&json!({}), &buyer.access_token).await.is(FORBIDDEN);
    ask(&json!({}), &buyer.token).await.is(INVALID_TOKEN);
    let token = &admin.access_token;
    for wrong in [json!("yes"), json!(1), json!({}), json!([true])] {
        let body = json!({ "from_start": wrong });
        ask(&body, token).await.is(BAD_REQUEST);
    }
    ask(&json!([]), token).await.is(EMPTY_BODY);
    let reply = ask(&json!({ "from_strat": true }), token).await;
    reply.refused(400, "UNKNOWN_FIELD");
    assert_eq!(
        shop.get_audit(&admin).await["state"],
        "NEVER",
        "none has run"
    );
}
