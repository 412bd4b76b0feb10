//! `PATCH /v1/concerts/{concert_id}`: more seats, fewer seats and another plan for a show.

use serde_json::{Value, json};
use shared::futures_util::future::join_all;

use crate::harness::{
    Guest, PRICE, Reply, Shop,
    halls::{HALL_DATE, small_hall},
    refusal::{
        INVALID_CAPACITY, INVALID_PLAN_ID, INVALID_PRICES, PLAN_NOT_FOUND, SALE_OPEN, SEATS_TAKEN,
        SOLD_OUT,
    },
    show,
};

impl Shop {
    /// Changes the first show.
    async fn change_show(&self, admin: &Guest, mut fields: Value) -> Reply {
        fields["date"] = json!(self.dates[0]);
        let body = json!({ "shows": [fields] });
        self.change(admin, &self.concert_id, &body).await
    }

    /// Closes the sale of the first show, and waits until no new hold can appear.
    async fn close_sale(&self, admin: &Guest) {
        let closed = json!({ "closes_at": self.in_seconds(0) });
        self.change_show(admin, closed).await.ok();
        self.advance(20).await;
    }

    /// Opens it again. Every instance knows it five seconds later.
    async fn reopen_sale(&self, admin: &Guest) {
        let open = json!({ "closes_at": null });
        self.change_show(admin, open).await.ok();
        self.advance(5).await;
    }

    /// The first show, as everybody reads it.
    async fn first_show(&self) -> Value {
        self.concert(&self.concert_id).await["shows"][0].clone()
    }

    /// The seats that are taken beyond the capacity of the first show.
    async fn taken_beyond_capacity(&self) -> usize {
        let capacity = self.first_show().await["capacity"].as_u64();
        let block = format!("{}#{}#", self.concert_id, self.dates[0]);
        let seats = self.items("Seats").await;
        let of_show = seats.iter().filter(|seat| {
            let found = seat["block"].as_str();
            found.is_some_and(|found| found.starts_with(&block))
        });
        of_show
            .filter(|seat| seat["seat"].as_u64() > capacity)
            .count()
    }
}

/// Checks that a change was refused because seats may still be held, and when to ask again.
#[track_caller]
fn is_too_early(reply: Reply, retry_after: &str) {
    assert_eq!(reply.header("retry-after"), retry_after);
    assert_eq!(reply.body["shows"].as_array().map(Vec::len), Some(1));
    assert_eq!(reply.body.get("seat_numbers"), None);
    reply.is(SALE_OPEN);
}

/// Checks that a change was refused because of these seats.
#[track_caller]
fn is_taken(reply: Reply, show: &str, seats: &[u32]) {
    assert_eq!(reply.body["shows"], json!([show]));
    assert_eq!(reply.body["seat_numbers"], json!(seats));
    assert_eq!(reply.header("retry-after"), "");
    reply.is(SEATS_TAKEN);
}

fn prices() -> Value {
    json!({ "VIP": 90_000, "R": 50_000 })
}

async fn hall() -> (Shop, Guest) {
    Shop::in_hall(&small_hall().to_string(), prices()).await
}

/// The small hall after a change of its document.
fn hall_with(change: impl FnOnce(&mut Value)) -> String {
    let mut hall = small_hall();
    change(&mut hall);
    hall.to_string()
}

/// One more row of a new grade, which is the best one. The seats that were there before are the same.
fn larger_hall() -> String {
    hall_with(|hall| {
        hall["grades"] = json!(["S", "VIP", "R"]);
        let rows = hall["sections"][0]["rows"].as_array_mut().expect("rows");
        rows.push(json!({ "label": "다", "seats": "1-2", "grade": "S" }));
    })
}

/// Another label for seat 2.
fn relabelled_hall() -> String {
    hall_with(|hall| {
        let row = &mut hall["sections"][0]["rows"][0];
        *row = json!({ "label": "가", "seats": "1 2A _1 3-4", "accessible": "4" });
    })
}

#[tokio::test]
async fn more_seats_are_on_sale_within_five_seconds() {
    let shop = Shop::open().await;
    let (admin, buyer, other) = (shop.admin().await, shop.buyer().await, shop.buyer().await);
    shop.hold(&other, 50).await.ok();
    let changed = shop.change_show(&admin, json!({ "capacity": 600 })).await;
    assert_eq!(changed.ok()["shows"][0]["capacity"], 600);
    assert_eq!(shop.first_show().await["capacity"], 600);
    assert_eq!(shop.listed_concerts().await[0]["max_capacity"], 600);
    // The instance that has just sold a seat knows the show as it was.
    let reply = shop.hold(&buyer, 51).await;
    reply.refused(400, "INVALID_SEAT_NUMBER");
    shop.advance(5).await;
    let held = shop.hold_all(&buyer, &[51, 600]).await.ok();
    assert_eq!(held["payment"]["amount"], PRICE * 2);
    let dates = shop.ask_for_dates(&buyer).send().await.ok();
    let date = &dates["dates"][0];
    assert_eq!(
        (&date["capacity"], &date["seats_left"]),
        (&json!(600), &json!(597))
    );
    let path = format!("/v1/concerts/{}/seats", shop.concert_id);
    let line = format!("{path}?date={}&form=line&from=599", shop.dates[0]);
    let line = shop.get(&line).send_as(&buyer.token).await.ok();
    assert_eq!(line["states"], "FM");
    shop.pay_in_full(&buyer, &held).await;
    shop.audit().await;
}

#[tokio::test]
async fn more_seats_open_a_queue_that_is_sold_out() {
    let (shop, _, waited) = Shop::sold_out().await;
    let admin = shop.admin().await;
    shop.ask_for_a_place().await.send().await.is(SOLD_OUT);
    shop.change_show(&admin, json!({ "capacity": 3 }))
        .await
        .ok();
    let sold = shop.queue_shows("rock").await;
    assert_eq!(sold[&shop.concert_id][&shop.dates[0]], 3);
    shop.advance(2).await;
    let document = shop.queue("rock").await;
    assert_eq!(
        (&document["state"], &document["seats_left"]),
        (&json!("OPEN"), &json!(1))
    );
    assert_eq!(shop.get_place(&waited[0]).await["reason"], "SOLD_OUT");
    let late = [shop.fan().await, shop.fan().await];
    shop.advance(10).await;
    assert_eq!(shop.statuses(&late).await, ["ACTIVE", "WAITING"]);
    shop.buy(&late[0], &[3]).await;
    shop.advance(10).await;
    shop.ask_for_a_place().await.send().await.is(SOLD_OUT);
    shop.audit().await;
}

#[tokio::test]
async fn fewer_seats_need_a_sale_that_is_closed_for_20_seconds() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let fewer = json!({ "capacity": 10 });
    is_too_early(shop.change_show(&admin, fewer.clone()).await, "");
    // Closing it in the same call is too late: until now seats were held.
    let both = json!({ "capacity": 10, "closes_at": shop.in_seconds(-60) });
    is_too_early(shop.change_show(&admin, both).await, "");
    assert_eq!(shop.first_show().await.get("closes_at"), None, "unchanged");

    // It says when the sale closed, and that is not believed: it was open until now.
    let closed = json!({ "closes_at": shop.in_seconds(-60) });
    shop.change_show(&admin, closed).await.ok();
    is_too_early(shop.change_show(&admin, fewer.clone()).await, "20");
    shop.advance(19).await;
    is_too_early(shop.change_show(&admin, fewer.clone()).await, "1");
    assert_eq!(shop.first_show().await["capacity"], 50);
    shop.advance(1).await;
    shop.change_show(&admin, fewer.clone()).await.ok();
    assert_eq!(shop.first_show().await["capacity"], 10);
    shop.change_show(&admin, fewer).await.ok();
    // The other show has 50 seats.
    assert_eq!(shop.listed_concerts().await[0]["max_capacity"], 50);
    shop.reopen_sale(&admin).await;
    let buyer = shop.buyer().await;
    let reply = shop.hold(&buyer, 11).await;
    reply.refused(400, "INVALID_SEAT_NUMBER");
    shop.hold(&buyer, 10).await.ok();
}

#[tokio::test]
async fn fewer_seats_are_possible_before_the_sale_opens() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let fewer = |capacity: u32| json!({ "capacity": capacity });
    let later = json!({ "date": "2027-01-01", "price": 1, "opens_at": shop.in_seconds(100) });
    let change = json!({ "shows": [later] });
    shop.change(&admin, &shop.concert_id, &change).await.ok();
    shop.dates = vec!["2027-01-01".to_owned()];
    // For 20 seconds, there may be instances with a deleted show of this name.
    shop.change_show(&admin, fewer(40)).await.is(SALE_OPEN);
    shop.advance(20).await;
    shop.change_show(&admin, fewer(40)).await.ok();
    shop.advance(60).await;
    shop.change_show(&admin, fewer(30)).await.ok();
    // Instances may believe for five seconds that it has 30 seats, and it opens before.
    shop.advance(1).await;
    is_too_early(shop.change_show(&admin, fewer(20)).await, "");
    // If it opens later, until now it was about to open.
    let postponed = json!({ "opens_at": shop.in_seconds(3_600) });
    shop.change_show(&admin, postponed).await.ok();
    is_too_early(shop.change_show(&admin, fewer(20)).await, "20");
    shop.advance(20).await;
    shop.change_show(&admin, fewer(20)).await.ok();
}

#[tokio::test]
async fn seats_that_are_sold_or_held_stay() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (owner, receipt) = shop.sell(40).await;
    let below = shop.buyer().await;
    shop.hold(&below, 10).await.ok();
    let holder = shop.buyer().await;
    shop.hold_all(&holder, &[11, 50]).await.ok();
    shop.close_sale(&admin).await;
    let fewer = |capacity: u32| json!({ "capacity": capacity });
    let date = shop.dates[0].clone();
    is_taken(
        shop.change_show(&admin, fewer(10)).await,
        &date,
        &[11, 40, 50],
    );
    is_taken(shop.change_show(&admin, fewer(11)).await, &date, &[40, 50]);
    is_taken(shop.change_show(&admin, fewer(49)).await, &date, &[50]);
    assert_eq!(shop.first_show().await["capacity"], 50);
    // A hold that has lapsed takes no seat. Whoever pays has two seconds less.
    shop.advance(300 + 2 - 20 - 1).await;
    is_taken(shop.change_show(&admin, fewer(40)).await, &date, &[50]);
    shop.advance(1).await;
    shop.change_show(&admin, fewer(40)).await.ok();
    is_taken(shop.change_show(&admin, fewer(39)).await, &date, &[40]);
    shop.cancel(&owner, &receipt).await.ok();
    // Fewer seats and an open sale in one call: no instance can know only one of them.
    let both = json!({ "capacity": 1, "closes_at": null });
    shop.change_show(&admin, both).await.ok();
    shop.advance(5).await;
    let late = shop.buyer().await;
    let reply = shop.hold(&late, 2).await;
    reply.refused(400, "INVALID_SEAT_NUMBER");
    shop.hold(&late, 1).await.ok();
    shop.audit().await;
}

#[tokio::test]
async fn first_hundred_taken_seats_of_the_first_show_are_named() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    shop.change_show(&admin, json!({ "capacity": 1_200 }))
        .await
        .ok();
    for first in (481..584).step_by(4) {
        let seats: Vec<_> = (first..first + 4).collect();
        shop.hold_all(&shop.buyer().await, &seats).await.ok();
    }
    let close = |date: &String| json!({ "date": date, "closes_at": shop.in_seconds(0) });
    let closed: Vec<_> = shop.dates.iter().map(close).collect();
    let body = json!({ "shows": closed });
    shop.change(&admin, &shop.concert_id, &body).await.ok();
    shop.advance(20).await;
    let fewer = |date: &String| json!({ "date": date, "capacity": 5 });
    let fewer: Vec<_> = shop.dates.iter().rev().map(fewer).collect();
    let body = json!({ "shows": fewer });
    let reply = shop.change(&admin, &shop.concert_id, &body).await;
    let seats: Vec<_> = (481..581).collect();
    is_taken(reply, &shop.dates[0], &seats);
    let shows = shop.concert(&shop.concert_id).await["shows"].clone();
    assert_eq!(shows[1]["capacity"], 50, "all or nothing");
}

#[tokio::test]
async fn plan_that_agrees_on_all_seats_is_changed_at_any_time() {
    let (shop, admin) = hall().await;
    let (buyer, other) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_all(&buyer, &[1, 5]).await.ok();
    let redrawn = hall_with(|hall| {
        hall["name"] = json!("다시 그린 홀");
        hall["sections"][0]["at"] = json!([100, 200]);
        hall["sections"][0]["rows"][0]["seats"] = json!("1-4");
    });
    let redrawn = shop.add_plan(&admin, &redrawn).await;
    let changed = shop
        .change_show(&admin, json!({ "plan_id": redrawn }))
        .await;
    let changed = changed.ok()["shows"][0].clone();
    assert_eq!(
        (&changed["plan_id"], &changed["prices"]),
        (&json!(redrawn), &prices())
    );
    // More seats, of a new grade. Now all prices are needed.
    let larger = shop.add_plan(&admin, &larger_hall()).await;
    shop.change_show(&admin, json!({ "plan_id": larger }))
        .await
        .is(INVALID_PRICES);
    let more = json!({ "S": 99_000, "VIP": 90_000, "R": 50_000 });
    for wrong in [6, 7, 9] {
        let body = json!({ "plan_id": larger, "prices": more, "capacity": wrong });
        shop.change_show(&admin, body).await.is(INVALID_CAPACITY);
    }
    let body = json!({ "plan_id": larger, "prices": more, "capacity": 8 });
    shop.change_show(&admin, body).await.ok();
    assert_eq!(shop.listed_concerts().await[0]["max_capacity"], 8);
    shop.advance(5).await;
    let best = json!({ "count": 2, "grade": "S" });
    let of_other = shop.hold_best(&other, best).await.ok();
    assert_eq!(of_other["seat_numbers"], json!([7, 8]));
    assert_eq!(of_other["payment"]["amount"], 198_000);
    let receipt = shop.pay_in_full(&buyer, &held).await;
    assert_eq!(
        (&receipt["plan_id"], &receipt["seats"]),
        (&held["plan_id"], &held["seats"])
    );
    // Back to fewer seats: seats 7 and 8 would go.
    is_too_early(
        shop.change_show(&admin, json!({ "plan_id": redrawn, "prices": prices() }))
            .await,
        "",
    );
    shop.audit().await;
}

#[tokio::test]
async fn plan_that_changes_seats_needs_them_free() {
    let (shop, admin) = hall().await;
    let plan = shop.add_plan(&admin, &relabelled_hall()).await;
    let another = json!({ "plan_id": plan });
    is_too_early(shop.change_show(&admin, another.clone()).await, "");
    let (buyer, neighbour) = (shop.buyer().await, shop.buyer().await);
    let held = shop.hold_all(&buyer, &[2, 3]).await.ok();
    let receipt = shop.pay_in_full(&buyer, &held).await;
    let of_neighbour = shop.hold_all(&neighbour, &[1, 5]).await.ok();
    shop.pay_in_full(&neighbour, &of_neighbour).await;
    shop.close_sale(&admin).await;
    is_taken(
        shop.change_show(&admin, another.clone()).await,
        HALL_DATE,
        &[2],
    );
    let path = format!("{}?seat_numbers=2", shop.reservation(&receipt));
    shop.delete(&path).send_as(&buyer.access_token).await.ok();
    let changed = shop.change_show(&admin, another).await.ok();
    assert_eq!(changed["shows"][0]["plan_id"], plan);
    shop.reopen_sale(&admin).await;
    let other = shop.buyer().await;
    let again = shop.hold(&other, 2).await.ok();
    assert_eq!(
        (&again["seats"][0]["seat"], &again["plan_id"]),
        (&json!("2A"), &json!(plan))
    );
    // The order names the plan under which it was bought.
    let path = shop.reservation(&receipt);
    let order = shop.get(&path).send_as(&buyer.access_token).await.ok();
    assert_eq!(order["seats"], held["seats"]);
    assert_eq!(order["seats"][0]["seat"], "2");
    assert_eq!(order["plan_id"], held["plan_id"]);
    shop.audit().await;
}

#[tokio::test]
async fn seat_of_another_grade_and_a_seat_that_goes_are_changed_seats() {
    let (shop, admin) = hall().await;
    let dearer = hall_with(|hall| {
        hall["sections"][0]["rows"][1] = json!({ "label": "나", "seats": "11", "grade": "R" });
        let rows = hall["sections"][0]["rows"].as_array_mut().expect("rows");
        rows.push(json!({ "label": "다", "seats": "1" }));
    });
    let shorter = hall_with(|hall| hall["sections"][0]["rows"][1]["seats"] = json!("11"));
    let (dearer, shorter) = (
        shop.add_plan(&admin, &dearer).await,
        shop.add_plan(&admin, &shorter).await,
    );
    let buyer = shop.buyer().await;
    let held = shop.hold_all(&buyer, &[5, 6]).await.ok();
    shop.close_sale(&admin).await;
    for plan in [&dearer, &shorter] {
        let reply = shop.change_show(&admin, json!({ "plan_id": plan })).await;
        is_taken(reply, HALL_DATE, &[6]);
    }
    shop.cancel(&buyer, &held).await.ok();
    let shorter = shop.change_show(&admin, json!({ "plan_id": shorter }));
    assert_eq!(shorter.await.ok()["shows"][0]["capacity"], 5);
}

#[tokio::test]
async fn show_without_a_plan_gets_one_when_no_seat_is_taken() {
    let shop = Shop::open().await;
    let (admin, buyer) = (shop.admin().await, shop.buyer().await);
    let plan = shop.add_plan(&admin, &small_hall().to_string()).await;
    let planned = json!({ "plan_id": plan, "prices": prices() });
    shop.change_show(&admin, json!({ "plan_id": plan }))
        .await
        .is(INVALID_PLAN_ID);
    let unknown = json!({ "plan_id": "AAAAAAAAAAAAAAAAAAAAAA", "prices": prices() });
    shop.change_show(&admin, unknown).await.is(PLAN_NOT_FOUND);
    is_too_early(shop.change_show(&admin, planned.clone()).await, "");
    let held = shop.hold(&buyer, 1).await.ok();
    shop.close_sale(&admin).await;
    is_taken(
        shop.change_show(&admin, planned.clone()).await,
        &shop.dates[0],
        &[1],
    );
    shop.cancel(&buyer, &held).await.ok();
    let changed = shop.change_show(&admin, planned).await.ok();
    let changed = &changed["shows"][0];
    assert_eq!(
        (&changed["capacity"], &changed["price"], &changed["plan_id"]),
        (&json!(6), &json!(50_000), &json!(plan))
    );
    shop.change_show(&admin, json!({ "price": 1 }))
        .await
        .is(INVALID_PRICES);
    for wrong in [5, 7, 50] {
        shop.change_show(&admin, json!({ "capacity": wrong }))
            .await
            .is(INVALID_CAPACITY);
    }
    shop.reopen_sale(&admin).await;
    let held = shop.hold(&shop.buyer().await, 4).await.ok();
    assert_eq!(held["payment"]["amount"], 90_000);
    assert_eq!(held["seats"][0]["section"], "1층");
}

/// What an instance remembers of a show's seats and their counts says nothing wrong of another plan.
#[tokio::test]
async fn best_seats_and_counts_are_those_of_the_new_plan_at_once() {
    let (shop, admin) = hall().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    let first = shop.hold_best(&one, json!({ "count": 2 })).await.ok();
    assert_eq!(first["seat_numbers"], json!([1, 2]));
    shop.advance(4).await;
    let larger = shop.add_plan(&admin, &larger_hall()).await;
    let more = json!({ "S": 99_000, "VIP": 90_000, "R": 50_000 });
    let body = json!({ "plan_id": larger, "prices": more });
    shop.change_show(&admin, body).await.ok();
    // By the old plan, which instances that sell believe for five seconds.
    let grades = async || {
        let dates = shop.ask_for_dates(&other).send().await.ok();
        dates["dates"][0]["grades"].clone()
    };
    let left = |grade: &str, price: u32, left: u32| json!({ "grade": grade, "price": price, "seats_left": left });
    let vip_and_r = [left("VIP", 90_000, 2), left("R", 50_000, 2)];
    shop.advance(1).await;
    let s = left("S", 99_000, 2);
    assert_eq!(grades().await, json!([s, vip_and_r[0], vip_and_r[1]]));
    let best = shop.hold_best(&other, json!({ "count": 2 })).await.ok();
    assert_eq!(best["seat_numbers"], json!([7, 8]));
    let seat = &best["seats"][0];
    assert_eq!(
        (&seat["row"], &seat["grade"], &seat["price"]),
        (&json!("다"), &json!("S"), &json!(99_000))
    );
}

/// The count that an instance keeps for two seconds was made with the plan before. Its grades are
/// those of another order, so they are left out.
#[tokio::test]
async fn kept_count_of_the_plan_before_is_not_taken_for_one_of_the_new_grades() {
    let (shop, admin) = hall().await;
    let (one, other) = (shop.buyer().await, shop.buyer().await);
    shop.hold_all(&one, &[1, 2, 3]).await.ok();
    let dates = async || shop.ask_for_dates(&other).send().await.ok()["dates"][0].clone();
    dates().await;
    shop.advance(4).await;
    // The show is kept for another second, and its count, made now, for two.
    let of_old = dates().await["grades"].clone();
    assert_eq!(of_old[0]["seats_left"], 1);
    let larger = shop.add_plan(&admin, &larger_hall()).await;
    let more = json!({ "S": 99_000, "VIP": 90_000, "R": 50_000 });
    let body = json!({ "plan_id": larger, "prices": more });
    shop.change_show(&admin, body).await.ok();
    shop.advance(1).await;
    let date = dates().await;
    assert_eq!(
        (&date["capacity"], &date["seats_left"]),
        (&json!(8), &json!(5))
    );
    for grade in date["grades"].as_array().expect("grades") {
        assert_eq!(grade.get("seats_left"), None, "{grade}");
    }
    shop.advance(1).await;
    let left: Vec<_> = (dates().await["grades"].as_array().expect("grades").iter())
        .map(|grade| grade["seats_left"].clone())
        .collect();
    assert_eq!(left, [json!(2), json!(1), json!(2)]);
}

#[tokio::test]
async fn show_that_was_called_off_keeps_its_seats() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let key = json!({
        "group": shop.concert_id,
        "entry": format!("show#{}", shop.dates[0]),
    });
    let at = shop.now().as_millisecond();
    let called_off = json!({
        "called_off": { "at": at, "by": admin.user_id },
        "closes_at": at,
    });
    shop.change_item("Catalog", key, called_off).await;
    shop.advance(60).await;
    let plan = shop.add_plan(&admin, &small_hall().to_string()).await;
    for change in [
        json!({ "capacity": 49 }),
        json!({ "capacity": 51 }),
        json!({ "plan_id": plan, "prices": prices() }),
    ] {
        let reply = shop.change_show(&admin, change).await;
        reply.refused(410, "SHOW_CALLED_OFF");
    }
    shop.change_show(&admin, json!({ "capacity": 50 }))
        .await
        .ok();
}

#[tokio::test]
async fn changes_at_once_leave_one_whole_show() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let plan = shop.add_plan(&admin, &small_hall().to_string()).await;
    shop.close_sale(&admin).await;
    let changes = [
        json!({ "capacity": 10 }),
        json!({ "capacity": 700 }),
        json!({ "plan_id": plan, "prices": prices() }),
        json!({ "closes_at": null }),
    ];
    let replies = join_all(changes.map(|change| shop.change_show(&admin, change))).await;
    // What takes seats away is refused once the sale is open, and a plan has its own capacity.
    for reply in &replies {
        let code = reply.body["code"].as_str();
        assert!(
            reply.status.is_success() || matches!(code, Some("SALE_OPEN" | "BAD_REQUEST")),
            "{}",
            reply.body
        );
    }
    assert!(replies[3].status.is_success(), "the sale is open");
    let left = shop.first_show().await;
    assert_eq!(left.get("closes_at"), None);
    let capacity = left["capacity"].as_u64().expect("a number");
    if left.get("plan_id").is_some() {
        assert_eq!((capacity, &left["prices"]), (6, &prices()));
    } else {
        assert!([10, 50, 700].contains(&capacity), "{left}");
    }
}

/// A change lowers the capacity while another one opens the sale, and a buyer holds a seat at once.
#[tokio::test]
async fn sale_that_opens_at_once_sells_no_seat_that_goes() {
    crate::harness::in_virtual_time();
    let shop = Shop::open().await;
    let (admin, buyer) = (shop.admin().await, shop.buyer().await);
    shop.close_sale(&admin).await;
    let fewer = shop.change_show(&admin, json!({ "capacity": 10 }));
    let opened = shop.change_show(&admin, json!({ "closes_at": null }));
    let held = shop.hold(&buyer, 50);
    let (fewer, opened, _) = shared::futures_util::join!(fewer, opened, held);
    opened.ok();
    if fewer.status.is_success() {
        assert_eq!(shop.taken_beyond_capacity().await, 0);
    } else {
        fewer.is(SALE_OPEN);
    }
}

/// An instance that has just sold a seat believes for five seconds that the sale is open. Meanwhile
/// the sale is closed and the capacity lowered, and a buyer wants the last seat. Returns the shop, and
/// how many seats are taken beyond the capacity.
async fn lower_while_an_instance_is_behind(is_guarded: bool) -> (Shop, usize) {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (first, late) = (shop.buyer().await, shop.buyer().await);
    shop.hold(&first, 1).await.ok();
    let closed = json!({ "closes_at": shop.in_seconds(0) });
    shop.change_show(&admin, closed).await.ok();
    if !is_guarded {
        // As if it had been closed long ago.
        let key = json!({
            "group": shop.concert_id,
            "entry": format!("show#{}", shop.dates[0]),
        });
        let long_ago = shop.now().as_millisecond() - 60_000;
        let change = json!({ "sale_set_at": null, "closes_at": long_ago });
        shop.change_item("Catalog", key, change).await;
    }
    let lowered = shop.change_show(&admin, json!({ "capacity": 10 })).await;
    assert_eq!(lowered.status.is_success(), !is_guarded);
    let held = shop.hold(&late, 50).await.ok();
    shop.pay_in_full(&late, &held).await;
    shop.advance(20).await;
    let lowered = shop.change_show(&admin, json!({ "capacity": 10 })).await;
    assert_eq!(lowered.status.is_success(), !is_guarded);
    if is_guarded {
        is_taken(lowered, &shop.dates[0], &[50]);
    }
    let beyond = shop.taken_beyond_capacity().await;
    (shop, beyond)
}

#[tokio::test]
async fn hold_of_an_instance_that_is_behind_is_seen_by_the_change() {
    let (shop, beyond) = lower_while_an_instance_is_behind(true).await;
    assert_eq!(beyond, 0);
    shop.audit().await;
    let (_, beyond) = lower_while_an_instance_is_behind(false).await;
    assert_eq!(beyond, 1, "without the twenty seconds");
}

/// A sale is about to open, and an instance has read the show already.
#[tokio::test]
async fn sale_that_is_about_to_open_keeps_its_seats() {
    for is_guarded in [true, false] {
        let shop = Shop::open().await;
        let (admin, buyer) = (shop.admin().await, shop.buyer().await);
        let opens = json!({ "opens_at": shop.in_seconds(60) });
        shop.change_show(&admin, opens).await.ok();
        shop.advance(58).await;
        shop.hold(&buyer, 50).await.refused(409, "SALE_NOT_OPEN");
        let key = json!({
            "group": shop.concert_id,
            "entry": format!("show#{}", shop.dates[0]),
        });
        if !is_guarded {
            // As if it opened much later.
            let later = shop.now().as_millisecond() + 60_000;
            let change = json!({ "opens_at": later });
            shop.change_item("Catalog", key, change).await;
        }
        let lowered = shop.change_show(&admin, json!({ "capacity": 10 })).await;
        assert_eq!(lowered.status.is_success(), !is_guarded);
        shop.advance(2).await;
        shop.hold(&buyer, 50).await.ok();
        let beyond = shop.taken_beyond_capacity().await;
        assert_eq!(beyond, usize::from(!is_guarded));
    }
}

/// Two hundred blocks are read.
#[tokio::test]
async fn largest_show_is_lowered_in_one_call() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let largest = shared::domain::show::Show {
        capacity: 100_000,
        ..show("2027-01-01")
    };
    shop.concert_id = shop.add_concert("A", "main", &[largest]).await;
    shop.dates = vec!["2027-01-01".to_owned()];
    shop.close_sale(&admin).await;
    shop.change_show(&admin, json!({ "capacity": 1 }))
        .await
        .ok();
    assert_eq!(shop.first_show().await["capacity"], 1);
}
