//! `GET /v1/admin/concerts/{concert_id}/orders?date=`.

use serde_json::{Value, json};

use crate::harness::{
    Account, Buyer, Guest, PASSWORD, PRICE, Reply, Shop,
    halls::{HALL_DATE, small_hall},
    refusal::{
        BAD_REQUEST, CONCERT_NOT_FOUND, FORBIDDEN, INVALID_DATE, INVALID_LIMIT, INVALID_TOKEN,
        MISSING_AUTHORIZATION, MISSING_DATE, SHOW_NOT_FOUND,
    },
    show, text,
};

const COLUMNS: &str =
    "reservation_id,section,row,seat,seat_number,grade,price,paid_at,name,email\r\n";

impl Shop {
    async fn ask_for_orders(&self, admin: &Guest, query: &str) -> Reply {
        let path = format!("/v1/admin/concerts/{}/orders?{query}", self.concert_id);
        self.get(&path).send_as(&admin.access_token).await
    }

    async fn orders(&self, admin: &Guest, query: &str) -> Value {
        self.ask_for_orders(admin, query).await.ok()["orders"].clone()
    }

    /// The seats of each order of the first date, on each page.
    async fn order_pages(&self, admin: &Guest, limit: u32) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        let mut query = format!("date={}&limit={limit}", self.dates[0]);
        loop {
            let page = self.ask_for_orders(admin, &query).await.ok();
            let orders = page["orders"].as_array().expect("orders").iter();
            pages.push(orders.map(|order| order["seat_numbers"].clone()).collect());
            let Some(cursor) = page["next_cursor"].as_str() else {
                return pages;
            };
            query = format!("date={}&limit={limit}&cursor={cursor}", self.dates[0]);
        }
    }

    async fn table(&self, admin: &Guest, query: &str) -> Reply {
        self.ask_for_orders(admin, &format!("format=csv&{query}"))
            .await
    }

    /// A user with this name and address who has joined the queue.
    async fn named_buyer(&self, name: &str, email: &str) -> Buyer {
        let body = json!({ "name": name, "email": email, "password": PASSWORD });
        let user = self.post("/v1/users").json(&body).send().await.expect(201);
        self.join_with(&Account {
            user_id: text(&user["user_id"]),
            email: email.to_owned(),
            access_token: text(&user["token"]),
        })
        .await
    }

    async fn join_with(&self, account: &Account) -> Buyer {
        let guest = account.as_guest();
        let body = json!({ "user_id": guest.user_id });
        let join = self.post("/v1/auth/tokens").token(&guest.access_token);
        let joined = join.json(&body).send().await.ok();
        Buyer {
            user_id: guest.user_id,
            access_token: guest.access_token,
            token: text(&joined["token"]),
            joined,
        }
    }
}

#[tokio::test]
async fn order_is_listed_with_its_buyer_and_only_while_it_is_paid() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    assert_eq!(shop.orders(&admin, "date=2026-12-24").await, json!([]));
    let mina = shop.named_buyer("미나", "mina@example.com").await;
    let bought = shop.buy(&mina, &[30, 7]).await;
    let guest = shop.buyer().await;
    let guests = shop.buy(&guest, &[9]).await;
    shop.hold(&shop.buyer().await, 8).await.ok();
    let order = |receipt: &Value, buyer: &Buyer, seats: &[u32]| {
        let of = seats
            .iter()
            .map(|seat| json!({ "seat_number": seat, "price": PRICE }));
        json!({
            "reservation_id": receipt["reservation_id"],
            "concert_id": shop.concert_id,
            "concert_name": "겨울 콘서트",
            "date": "2026-12-24",
            "show": "2026-12-24",
            "seat_numbers": seats,
            "seats": of.collect::<Vec<_>>(),
            "amount": receipt["amount"],
            "paid_at": shop.now(),
            "user_id": buyer.user_id,
        })
    };
    let mut of_mina = order(&bought, &mina, &[7, 30]);
    of_mina["name"] = json!("미나");
    of_mina["email"] = json!("mina@example.com");
    let mut of_guest = order(&guests, &guest, &[9]);
    of_guest["name"] = json!("김민수");
    let listed = shop.orders(&admin, "date=2026-12-24").await;
    assert_eq!(listed, json!([of_mina, of_guest]));
    assert_eq!(shop.orders(&admin, "date=2026-12-25").await, json!([]));

    // A user that was deleted has no name any more, and a refunded order is gone.
    let path = format!("/v1/users/{}", mina.user_id);
    let deleted = shop.delete(&path).send_as(&mina.access_token).await;
    deleted.ok();
    shop.cancel(&guest, &guests).await.ok();
    let fields = of_mina.as_object_mut().expect("an order");
    fields.retain(|field, _| field != "name" && field != "email");
    let listed = shop.orders(&admin, "date=2026-12-24").await;
    assert_eq!(listed, json!([of_mina]));
}

/// Each order is on one page, although its seats are on several.
#[tokio::test]
async fn each_order_stands_at_its_lowest_seat() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    for seats in [&[20, 1, 40][..], &[2], &[3, 30], &[25, 35]] {
        let buyer = shop.buyer().await;
        shop.buy(&buyer, seats).await;
    }
    let orders = [
        json!([1, 20, 40]),
        json!([2]),
        json!([3, 30]),
        json!([25, 35]),
    ];
    for limit in 1..=5 {
        let pages = shop.order_pages(&admin, limit).await;
        let all = pages.concat();
        assert_eq!(all, orders, "{limit} a page: {pages:?}");
        let most = usize::try_from(limit).expect("small");
        assert!(pages.iter().all(|page| page.len() <= most), "{pages:?}");
    }
    assert_eq!(shop.order_pages(&admin, 4).await.len(), 1);
}

#[tokio::test]
async fn pages_pass_over_blocks_in_which_nothing_is_sold() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let large = shared::domain::show::Show {
        capacity: 40_000,
        ..show("2027-01-01")
    };
    shop.concert_id = shop.add_concert("Large", "main", &[large]).await;
    shop.dates = vec!["2027-01-01".to_owned()];
    for seat in [500, 501, 12_345, 40_000] {
        shop.sell(seat).await;
    }
    for limit in [1, 2, 3, 100] {
        let pages = shop.order_pages(&admin, limit).await;
        let seats: Vec<_> = [500, 501, 12_345, 40_000].map(|seat| json!([seat])).into();
        assert_eq!(pages.concat(), seats, "{limit} a page");
    }
}

/// A page never loses an order: it only moves to a higher seat.
#[tokio::test]
async fn refunded_seats_are_no_longer_listed() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, &[1, 20, 40]).await;
    shop.sell(2).await;
    let first = shop.ask_for_orders(&admin, "date=2026-12-24&limit=1").await;
    let cursor = text(&first.ok()["next_cursor"]);
    let path = shop.reservation(&receipt);
    for (seat, left) in [(1, &[20, 40][..]), (40, &[20])] {
        let refund = shop.delete(&format!("{path}?seat_numbers={seat}"));
        refund.send_as(&buyer.token).await.ok();
        let orders = shop.orders(&admin, "date=2026-12-24").await;
        assert_eq!(orders[0]["seat_numbers"], json!([2]));
        let order = &orders[1];
        assert_eq!(order["seat_numbers"], json!(left));
        let seats = left
            .iter()
            .map(|seat| json!({ "seat_number": seat, "price": PRICE }));
        assert_eq!(order["seats"], json!(seats.collect::<Vec<_>>()));
        let prices = PRICE * u32::try_from(left.len()).expect("few");
        assert_eq!(order["amount"], prices);
        let next = format!("date=2026-12-24&cursor={cursor}");
        let next = shop.orders(&admin, &next).await;
        assert_eq!(next, orders, "it is on the next page, from seat 2 on");
    }
}

/// The order itself says what is left of it. The seats may be read a moment earlier or later.
#[tokio::test]
async fn seat_whose_order_is_refunded_or_not_there_yet_is_left_out() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let (buyer, receipt) = shop.sell(7).await;
    let (other, others) = shop.sell(8).await;
    let entry = |buyer: &Buyer, receipt: &Value| {
        let entry = format!("order#{}", text(&receipt["reservation_id"]));
        json!({ "user_id": buyer.user_id, "entry": entry })
    };
    let refunded = json!({
        "status": "REFUNDED",
        "refunded_at": 0,
        "refunded_seq": 3,
        "refunded_balance_after": 0,
    });
    shop.change_item("Accounts", entry(&buyer, &receipt), refunded)
        .await;
    shop.take_item("Accounts", entry(&other, &others)).await;
    assert_eq!(shop.orders(&admin, "date=2026-12-24").await, json!([]));
}

/// Its buyer is not known, so nothing but the reservation is.
#[tokio::test]
async fn seats_that_an_early_version_sold_have_only_their_reservation() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let buyer = shop.buyer().await;
    let receipt = shop.buy(&buyer, &[7, 40]).await;
    shop.sell(8).await;
    for seat in [7, 40] {
        shop.forget_buyer(seat).await;
    }
    let id = &receipt["reservation_id"];
    let listed = shop.orders(&admin, "date=2026-12-24").await;
    let bare = json!({
        "reservation_id": id,
        "concert_id": shop.concert_id,
        "date": "2026-12-24",
        "show": "2026-12-24",
        "seat_numbers": [7, 40],
    });
    assert_eq!(listed[0], bare);
    assert_eq!(listed[1]["seat_numbers"], json!([8]));
    // No seat is in two pages, and none is missing.
    let pages = shop.order_pages(&admin, 1).await;
    assert_eq!(pages, [[json!([7])], [json!([8])], [json!([40])]]);
    let table = shop.table(&admin, "date=2026-12-24&limit=1").await;
    assert_eq!(
        table.text,
        format!("\u{feff}{COLUMNS}{},,,,7,,,,,\r\n", text(id))
    );
}

#[tokio::test]
async fn table_has_a_line_for_each_seat_and_no_formula() {
    let prices = json!({ "VIP": 90_000, "R": 50_000 });
    let (shop, admin) = Shop::in_hall(&small_hall().to_string(), prices).await;
    let query = format!("date={HALL_DATE}");
    let empty = shop.table(&admin, &query).await;
    assert_eq!(empty.status, 200);
    assert_eq!(empty.text, format!("\u{feff}{COLUMNS}"));
    assert_eq!(empty.bytes[..3], [0xef, 0xbb, 0xbf]);
    assert_eq!(empty.header("content-type"), "text/csv; charset=utf-8");
    let name = "attachment; filename=\"orders-2027-05-01.csv\"";
    assert_eq!(empty.header("content-disposition"), name);

    let mut ids = Vec::new();
    for (name, email, seats) in [
        ("=1+1, \"김\"", "+82@example.com", &[4, 5][..]),
        ("@SUM(A1)", "mina@example.com", &[1]),
    ] {
        let buyer = shop.named_buyer(name, email).await;
        let held = shop.hold_all(&buyer, seats).await.ok();
        let receipt = shop.pay_in_full(&buyer, &held).await;
        ids.push(text(&receipt["reservation_id"]));
    }
    let at = "2026-11-20T03:00:00Z";
    let first = format!(
        "{},1층,가,1,1,VIP,90000,{at},'@SUM(A1),mina@example.com\r\n",
        ids[1]
    );
    let buyer = "\"'=1+1, \"\"김\"\"\",'+82@example.com";
    let others = [
        format!("{},1층,가,4,4,VIP,90000,{at},{buyer}\r\n", ids[0]),
        format!("{},1층,나,11,5,R,50000,{at},{buyer}\r\n", ids[0]),
    ];
    let table = shop.table(&admin, &query).await;
    assert_eq!(
        table.text,
        format!("\u{feff}{COLUMNS}{first}{}", others.concat())
    );
    assert!(!table.headers.contains_key("link"));

    let page = shop.table(&admin, &format!("{query}&limit=1")).await;
    assert_eq!(page.text, format!("\u{feff}{COLUMNS}{first}"));
    let link = page.header("link");
    let next = link
        .strip_prefix("<?")
        .and_then(|link| link.strip_suffix(">; rel=\"next\""));
    let next = shop.ask_for_orders(&admin, next.expect("a link")).await;
    assert_eq!(next.text, format!("\u{feff}{COLUMNS}{}", others.concat()));
}

#[tokio::test]
async fn show_with_a_start_is_named_by_its_day_or_its_key() {
    let mut shop = Shop::open().await;
    let admin = shop.admin().await;
    let evening = show("2027-01-01T19:30");
    shop.concert_id = shop.add_concert("Evening", "main", &[evening]).await;
    shop.dates = vec!["2027-01-01T19:30".to_owned()];
    shop.sell(1).await;
    shop.sell(2).await;
    let by_day = shop.orders(&admin, "date=2027-01-01").await;
    assert_eq!(by_day[0]["show"], "2027-01-01T19:30");
    assert_eq!(shop.orders(&admin, "date=2027-01-01T19:30").await, by_day);
    let table = shop.table(&admin, "date=2027-01-01T19:30&limit=1").await;
    assert!(
        table
            .header("content-disposition")
            .contains("2027-01-01T1930.csv")
    );
    let link = table.header("link");
    let next = link.trim_start_matches("<?").split('>').next();
    let next = shop.ask_for_orders(&admin, next.expect("a link")).await;
    assert_eq!(next.text.lines().count(), 2, "{}", next.text);
}

#[tokio::test]
async fn request_for_orders_is_checked() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let ask = async |query: &str| shop.ask_for_orders(&admin, query).await;
    ask("").await.is(MISSING_DATE);
    ask("date=24.12.2026").await.is(INVALID_DATE);
    ask("date=2026-12-26").await.is(SHOW_NOT_FOUND);
    ask("date=2026-12-24&limit=101").await.is(INVALID_LIMIT);
    ask("date=2026-12-24&cursor=x").await.is(BAD_REQUEST);
    ask("date=2026-12-24&format=xls").await.is(BAD_REQUEST);
    let nowhere = shop.get("/v1/admin/concerts/x/orders?date=2026-12-24");
    let nowhere = nowhere.send_as(&admin.access_token).await;
    nowhere.is(CONCERT_NOT_FOUND);

    // The cursor of another show.
    shop.sell(7).await;
    shop.sell(8).await;
    let page = ask("date=2026-12-24&limit=1").await.ok();
    let cursor = text(&page["next_cursor"]);
    ask(&format!("date=2026-12-24&cursor={cursor}")).await.ok();
    let other = ask(&format!("date=2026-12-25&cursor={cursor}")).await;
    other.is(BAD_REQUEST);
}

#[tokio::test]
async fn orders_of_a_show_are_for_administrators_only() {
    let shop = Shop::open().await;
    let (buyer, _) = shop.sell(7).await;
    let path = format!(
        "/v1/admin/concerts/{}/orders?date=2026-12-24",
        shop.concert_id
    );
    let ask = async |token: &str| shop.get(&path).send_as(token).await;
    ask(&buyer.access_token).await.is(FORBIDDEN);
    ask(&buyer.token).await.is(INVALID_TOKEN);
    shop.get(&path).send().await.is(MISSING_AUTHORIZATION);
}
