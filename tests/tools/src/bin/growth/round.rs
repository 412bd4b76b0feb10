//! One round. It calls every function at least once, and leaves the shop as it was, except for users,
//! sessions and entries of accounts.

use serde_json::json;
use shared::{aws_sdk_dynamodb::types::AttributeValue, http::cursor};
use tools::{Failure, Request, expect, text};

use crate::{
    comparison::WHOLE_HISTORY,
    copies::{import, stripes, uuid},
    shop::{ADMIN_EMAIL, Buyer, LINE, OPENING, PASSWORD, Shop},
};

/// Seats of the concert that are free at the beginning of each round.
const SEATS: [u64; 4] = [1, 2, 3, 4];

/// What a seat costs.
const PRICE: u64 = 50_000;

/// When a hold is over, and its message has come.
const AFTER_HOLD: u64 = 303;

impl Shop {
    /// One round. `number` is the round's own.
    pub async fn round(&mut self, number: u32) -> Result<(), Failure> {
        // Instances forget what they have read.
        self.advance(61).await;
        self.logs_in().await?;
        self.ticks().await?;
        self.documents().await?;
        self.account(number).await?;
        self.purchase().await?;
        self.refunds().await?;
        self.regular_customer().await?;
        self.line().await?;
        self.draw().await?;
        self.catalog().await?;
        self.plans().await?;
        self.listings().await?;
        self.audits().await?;
        self.names_owners().await?;
        self.opening().await?;
        let buyer = self.buyer_of_concert().await?;
        self.hold(&buyer, SEATS[3]).await?;
        self.measure_advance("release-hold", AFTER_HOLD).await;
        Ok(())
    }

    async fn logs_in(&mut self) -> Result<(), Failure> {
        let credentials = json!({ "email": ADMIN_EMAIL, "password": PASSWORD });
        let log_in = Request::post("/v1/auth/login", credentials);
        self.admin = text(&self.measure("log-in", log_in).await?["token"])?;
        Ok(())
    }

    async fn ticks(&mut self) -> Result<(), Failure> {
        let ticks = Request::invoke("admit", json!({ "ticks": 1 }));
        let answer = self.measure("admit, a tick of all queues", ticks).await?;
        expect(answer["queues"] == 3, "there are three queues", &answer)
    }

    /// What does not depend on data.
    async fn documents(&mut self) -> Result<(), Failure> {
        for (name, path) in [
            ("get-docs, specification", "/openapi.json"),
            ("get-docs, page", "/docs"),
            ("get-docs, module", "/line.js"),
            ("get-page", "/"),
            ("get-keys", "/v1/auth/keys"),
            ("get-settings", "/v1/settings"),
        ] {
            self.measure(name, Request::get(path)).await?;
        }
        let nothing = Request::get("/nothing").expecting(404);
        self.measure("not-found", nothing).await?;
        let rotate = Request::invoke("rotate-keys", json!({}));
        self.measure("rotate-keys", rotate).await?;
        Ok(())
    }

    /// A user with an e-mail address, from signing up to being deleted.
    async fn account(&mut self, number: u32) -> Result<(), Failure> {
        let email = format!("round{number:06}@example.com");
        let user = json!({ "name": "손님", "email": email, "password": PASSWORD });
        let sign_up = Request::create("/v1/users", user);
        let user = self.measure("sign-up, with an address", sign_up).await?;
        let (id, token) = (text(&user["user_id"])?, text(&user["token"])?);
        let path = format!("/v1/users/{id}");
        let get = Request::get(&path).token(&token);
        self.measure("get-user", get).await?;
        let other_name = Request::patch(&path, json!({ "name": "손" })).token(&token);
        self.measure("update-user, name", other_name).await?;
        let other = json!({
            "email": format!("other{number:06}@example.com"),
            "current_password": PASSWORD,
        });
        let other_email = Request::patch(&path, other).token(&token);
        self.measure("update-user, address", other_email).await?;
        let by_email = Request::get(format!("/v1/users?email=other{number:06}@example.com"));
        let by_email = self.by_admin(by_email);
        let found = self.measure("list-users, an address", by_email).await?;
        expect(
            found["users"][0]["user_id"] == *id,
            "they are found",
            &found,
        )?;

        let role = Request::put(format!("{path}/role"), json!({ "role": "admin" }));
        let role = self.by_admin(role);
        self.measure("set-role", role).await?;

        let log_in = async |shop: &mut Self| {
            let credentials = json!({ "user_id": id, "password": PASSWORD });
            let answer = shop
                .ask(Request::post("/v1/auth/login", credentials))
                .await?;
            text(&answer["token"])
        };
        let token = log_in(self).await?;
        let log_out = Request::post("/v1/auth/logout", json!({})).token(&token);
        self.measure("log-out", log_out).await?;
        let token = log_in(self).await?;
        let join = Request::join(&id, Some(&self.line_concert_id)).token(&token);
        self.ask(join).await?;
        let end = Request::delete(format!("{path}/sessions")).token(&token);
        let ended = self.measure("end-sessions, one waits", end).await?;
        expect(ended["ended"] == 1, "one session is ended", &ended)?;
        let role = Request::invoke("make-admin", json!({ "user_id": self.admin_id }));
        self.measure("make-admin", role).await?;
        let delete = self.by_admin(Request::delete(&path));
        self.measure("delete-user", delete).await?;
        Ok(())
    }

    /// A guest who buys a seat, and gives it back.
    async fn purchase(&mut self) -> Result<(), Failure> {
        let buyer = self.joins().await?;
        let Buyer { user_id, token } = &buyer;
        let (concert, price) = (self.concert_id.clone(), json!(PRICE));
        let place = self.measure("get-place, one's turn", Request::place(token));
        let place = place.await?;
        expect(place["status"] == "ACTIVE", "it is their turn", &place)?;
        let available = format!("/v1/concerts/available-dates?concert_id={concert}");
        let available = Request::get(available).token(token);
        self.measure("list-available-dates", available).await?;
        let dates = Request::dates(token, &concert);
        self.measure("list-dates", dates).await?;
        let seats = Request::seats(token, &concert, &self.dates[0]);
        self.measure("list-seats", seats).await?;
        let hold = self.hold_seat(&buyer, SEATS[0]);
        let reservation = self.measure("hold-seats", hold).await?;
        let reservation = text(&reservation["reservation_id"])?;
        let get = Request::reservation(token, &concert, &reservation);
        self.measure("get-reservation, held", get.clone()).await?;
        let charge = Request::charge(token, user_id, &price);
        self.measure("charge", charge).await?;
        let pay = Request::pay(token, &concert, &reservation, &price);
        self.measure("pay", pay).await?;
        self.measure("get-reservation, paid", get).await?;
        for (name, what) in [
            ("get-balance", "balance"),
            ("list-payments", "payments"),
            ("get-statement", "statement"),
        ] {
            let get = Request::get(format!("/v1/users/{user_id}/{what}")).token(token);
            self.measure(name, get).await?;
        }
        let cancel = Request::cancel(token, &concert, &reservation);
        self.measure("cancel-reservation, paid", cancel).await?;

        let buyer = self.buyer_of_concert().await?;
        let reservation = self.hold(&buyer, SEATS[1]).await?;
        let cancel = Request::cancel(&buyer.token, &concert, &reservation);
        self.measure("cancel-reservation, held", cancel).await?;
        let leave = Request::delete("/v1/auth/tokens").token(&buyer.token);
        self.measure("leave-queue, one's turn", leave).await?;
        Ok(())
    }

    async fn joins(&mut self) -> Result<Buyer, Failure> {
        let sign_up = Request::sign_up("손님");
        let user = self.measure("sign-up, a guest", sign_up).await?;
        let user_id = text(&user["user_id"])?;
        let again = Request::post("/v1/auth/login", json!({ "user_id": user_id }));
        self.measure("log-in, a guest", again).await?;
        let join = Request::join(&user_id, Some(&self.concert_id));
        let joined = self.measure("join-queue, and walk in", join).await?;
        let token = text(&joined["token"])?;
        Ok(Buyer { user_id, token })
    }

    /// A new guest in queue `main`. This is not measured.
    async fn buyer_of_concert(&mut self) -> Result<Buyer, Failure> {
        let concert = self.concert_id.clone();
        self.buyer(&concert).await
    }

    /// What an administrator does with an order.
    async fn refunds(&mut self) -> Result<(), Failure> {
        let buyer = self.buyer_of_concert().await?;
        let Buyer { user_id, token } = &buyer;
        let (concert, price) = (self.concert_id.clone(), json!(PRICE));
        let charge = Request::charge(token, user_id, &price);
        self.ask(charge).await?;
        let reservation = self.hold(&buyer, SEATS[2]).await?;
        self.ask(Request::pay(token, &concert, &reservation, &price))
            .await?;
        let path = format!("/v1/concerts/{concert}/reservations");
        for (name, by) in [
            (
                "look-up-reservation, by seat",
                format!("seat_number={}", SEATS[2]),
            ),
            (
                "look-up-reservation, by id",
                format!("reservation_id={reservation}"),
            ),
        ] {
            let date = &self.dates[0];
            let look_up = Request::get(format!("{path}?date={date}&{by}"));
            let look_up = self.by_admin(look_up);
            self.measure(name, look_up).await?;
        }
        let path_of_orders = format!("/v1/admin/concerts/{concert}/orders");
        for (name, form) in [
            ("list-show-orders", ""),
            ("list-show-orders, as a table", "&format=csv"),
        ] {
            let date = &self.dates[0];
            let list = Request::get(format!("{path_of_orders}?date={date}{form}"));
            let list = self.by_admin(list);
            self.measure(name, list).await?;
        }
        let reason = json!({ "amount": 100, "reason": "사과" });
        let correct = format!("/v1/users/{user_id}/balance/corrections");
        let correct = self.by_admin(Request::post(correct, reason));
        self.measure("correct-balance", correct).await?;
        let refund = json!({ "user_id": user_id, "reason": "취소" });
        let refund = Request::post(format!("{path}/{reservation}/refund"), refund);
        let refund = self.by_admin(refund);
        self.measure("refund", refund).await?;
        Ok(())
    }

    /// A customer with many orders.
    async fn regular_customer(&mut self) -> Result<(), Failure> {
        let id = self.regular_id.clone();
        let log_in = Request::post("/v1/auth/login", json!({ "user_id": id }));
        let token = text(&self.ask(log_in).await?["token"])?;
        let charge = Request::charge(&token, &id, &json!(PRICE));
        self.measure("charge, a regular customer", charge).await?;
        let path = format!("/v1/users/{id}");
        let get = |what: &str| Request::get(format!("{path}/{what}")).token(&token);
        self.measure("get-balance, a regular customer", get("balance"))
            .await?;
        let page = self.measure("list-payments, a regular customer", get("payments"));
        let cursor = text(&page.await?["next_cursor"])?;
        let next = get(&format!("payments?cursor={cursor}"));
        self.measure("list-payments, next page", next).await?;
        self.measure(WHOLE_HISTORY, get("statement")).await?;
        Ok(())
    }

    /// The line in which many wait.
    async fn line(&mut self) -> Result<(), Failure> {
        let user = self.ask(Request::sign_up("손님")).await?;
        let join = Request::join(&text(&user["user_id"])?, Some(&self.line_concert_id));
        let joined = self.measure("join-queue, and wait", join).await?;
        let user_id = text(&user["user_id"])?;
        let sessions = self.by_admin(Request::get(format!("/v1/users/{user_id}/sessions")));
        self.measure("list-sessions", sessions).await?;
        expect(joined["status"] == "WAITING", "they wait", &joined)?;
        let token = text(&joined["token"])?;
        let place = Request::place(&token);
        self.measure("get-place, waiting", place).await?;
        let path = format!("/v1/queues/{LINE}");
        self.measure("get-queue", Request::get(&path)).await?;
        let settings = self.by_admin(Request::get(format!("{path}/settings")));
        let settings = self.measure("get-queue-settings", settings).await?;
        let watch = self.by_admin(Request::get(format!("/v1/admin/queues/{LINE}")));
        self.measure("get-queue-state, many wait", watch).await?;
        let queues = self.by_admin(Request::get("/v1/admin/queues"));
        self.measure("list-queues", queues).await?;
        let rate = self.by_admin(Request::patch(&path, json!({ "rate": settings["rate"] })));
        self.measure("update-queue", rate).await?;
        let same = json!({
            "max_active": 5, "rate": 1, "claim_seconds": 30, "active_seconds": 60,
        });
        let put = self.by_admin(Request::put(&path, same));
        self.measure("put-queue, many wait", put).await?;
        let leave = Request::delete("/v1/auth/tokens").token(&token);
        self.measure("leave-queue, waiting", leave).await?;
        Ok(())
    }

    /// The queue with many entries before its opening.
    async fn draw(&mut self) -> Result<(), Failure> {
        let user = self.ask(Request::sign_up("손님")).await?;
        let join = Request::join(&text(&user["user_id"])?, Some(&self.draw_concert_id));
        let joined = self.measure("join-queue, before the opening", join).await?;
        expect(joined["status"] == "EARLY", "they are early", &joined)?;
        let token = text(&joined["token"])?;
        let place = Request::place(&token);
        self.measure("get-place, before the opening", place).await?;
        let leave = Request::delete("/v1/auth/tokens").token(&token);
        self.measure("leave-queue, before the opening", leave)
            .await?;
        Ok(())
    }

    /// A concert, from its creation to its end.
    async fn catalog(&mut self) -> Result<(), Failure> {
        for (queue, names) in [
            (
                "main",
                [
                    "create-concert",
                    "get-concert",
                    "update-concert",
                    "delete-concert, a date",
                    "delete-concert",
                ],
            ),
            (
                LINE,
                [
                    "create-concert, many wait",
                    "get-concert, many wait",
                    "update-concert, many wait",
                    "delete-concert, a date, many wait",
                    "delete-concert, many wait",
                ],
            ),
        ] {
            let create = self.new_concert("측정", queue);
            let concert = self.measure(names[0], create).await?;
            let path = format!("/v1/concerts/{}", text(&concert["concert_id"])?);
            self.measure(names[1], Request::get(&path)).await?;
            let shows = json!([{ "date": self.dates[1], "price": PRICE + 1 }]);
            let change = json!({ "name": "새 이름", "shows": shows });
            let change = self.by_admin(Request::patch(&path, change));
            self.measure(names[2], change).await?;
            let date = Request::delete(format!("{path}/dates/{}", self.dates[0]));
            let date = self.by_admin(date);
            self.measure(names[3], date).await?;
            let delete = self.by_admin(Request::delete(&path));
            self.measure(names[4], delete).await?;
        }
        self.calling_off().await
    }

    /// A show that nobody has bought. Its concert is after all others in the list, and stays.
    async fn calling_off(&mut self) -> Result<(), Failure> {
        let create = self.new_concert("취소", "main");
        let concert = self.ask(create).await?;
        let path = format!("/v1/concerts/{}", text(&concert["concert_id"])?);
        let path = format!("{path}/dates/{}/call-off", self.dates[0]);
        for name in ["call-off", "call-off, again"] {
            let call = self.by_admin(Request::post(&path, json!({})));
            let answer = self.measure(name, call).await?;
            expect(answer["sold"] == 0, "nothing is sold", &answer)?;
        }
        Ok(())
    }

    /// The plan of a hall. Each has a name of its own, so each is new.
    async fn plans(&mut self) -> Result<(), Failure> {
        let user = self.ask(Request::sign_up("손님")).await?;
        let plan = json!({
            "name": text(&user["user_id"])?,
            "grades": ["R"],
            "sections": [{
                "name": "A",
                "grade": "R",
                "rows": [{ "label": "1", "seats": "1-50" }],
            }],
        });
        let create = self.by_admin(Request::create("/v1/plans", plan));
        let plan = self.measure("create-plan", create).await?;
        let path = format!("/v1/plans/{}", text(&plan["plan_id"])?);
        self.measure("get-plan", Request::get(path)).await?;
        let list = self.by_admin(Request::get("/v1/plans"));
        self.measure("list-plans", list).await?;
        Ok(())
    }

    /// Pages of lists.
    async fn listings(&mut self) -> Result<(), Failure> {
        let path = "/v1/concerts";
        let first = self
            .measure("list-concerts, first page", Request::get(path))
            .await?;
        let cursor = text(&first["next_cursor"])?;
        let next = Request::get(format!("{path}?cursor={cursor}"));
        self.measure("list-concerts, next page", next).await?;
        // The beginning of a hundred names: "공연 00000".
        let name = "%EA%B3%B5%EC%97%B0%2000000";
        let all = Request::get(format!("{path}?name={name}"));
        self.measure("list-concerts, a name", all).await?;
        let all = Request::get(format!("{path}?all=true&limit=100"));
        self.measure("list-concerts, a hundred", all).await?;

        let users = self.by_admin(Request::get("/v1/users"));
        let first = self.measure("list-users, first page", users).await?;
        let cursor = text(&first["next_cursor"])?;
        let users = self.by_admin(Request::get(format!("/v1/users?cursor={cursor}")));
        self.measure("list-users, next page", users).await?;
        let log = self.by_admin(Request::get("/v1/admin/changes?limit=1"));
        self.measure("list-changes, the last one", log).await?;
        Ok(())
    }

    async fn audits(&mut self) -> Result<(), Failure> {
        let one = Request::invoke("audit", json!({ "user_id": uuid(1) }));
        self.measure("audit, one user", one).await?;
        let run = json!({ "from_start": true, "read_units": 5 });
        let run = Request::invoke("audit", run);
        let audited = self.measure("audit, a run of five units", run).await?;
        expect(audited["is_over"] == false, "it goes on", &audited)?;
        self.left_to_the_schedule().await?;
        let found = self.by_admin(Request::get("/v1/admin/audit"));
        self.measure("get-audit", found).await?;
        let service = self.by_admin(Request::get("/v1/admin/service"));
        self.measure("get-service", service).await?;
        let buyer = self.buyer_in_events().await?;
        let buyer = self.by_admin(Request::get(format!("/v1/admin/buyers/{buyer}")));
        self.measure("get-buyer", buyer).await?;
        Ok(())
    }

    /// An administrator's run of a round that remembers too much for a request. Another one would read
    /// what the shop has.
    async fn left_to_the_schedule(&mut self) -> Result<(), Failure> {
        let name = |name: &str| AttributeValue::S(name.to_owned());
        let update = self.stack.database().update_item();
        let update = update
            .table_name("Sessions")
            .key("user_id", name("audit"))
            .key("queue_id", name("round"))
            .update_expression("SET kept.parts = :many")
            .expression_attribute_values(":many", AttributeValue::N("9".to_owned()));
        update.send().await?;
        let run = self.by_admin(Request::post("/v1/admin/audit", json!({})));
        let answer = self.measure("run-audit, a large round", run).await?;
        let run = &answer["run"];
        expect(run["left_to_schedule"] == true, "it is left", &answer)
    }

    /// The order of the first user. The shops have different items after it, so no more is read.
    async fn names_owners(&mut self) -> Result<(), Failure> {
        let before_its_order = format!("{} charge#~", uuid(1));
        let after = cursor("name-owners", &before_its_order);
        let order = json!({ "after": after, "read_units": 0.1 });
        let order = Request::invoke("name-owners", order);
        let answer = self.measure("name-owners, one order", order).await?;
        expect(answer["looked_at"] == 1, "it looks at the order", &answer)
    }

    /// A queue with as many entries as [`Shop::draw`] has opens, and is taken away again.
    async fn opening(&mut self) -> Result<(), Failure> {
        let path = format!("/v1/queues/{OPENING}");
        let opens_at = self.stack.now() + crate::seconds(60);
        let put_queue = Request::put(&path, json!({ "opens_at": opens_at.to_string() }));
        let put_queue = self.by_admin(put_queue);
        self.measure("put-queue, a new one", put_queue).await?;
        let entries = stripes(&OPENING.parse()?, self.entries).collect();
        import(&self.stack, "Queues", entries)?;
        self.advance(61).await;
        let tick = Request::invoke("admit", json!({ "ticks": 1 }));
        self.measure("admit, at an opening", tick).await?;
        let document = self
            .measure("get-queue, after a draw", Request::get(&path))
            .await?;
        expect(document["draw"].is_object(), "they are drawn", &document)?;
        for mut item in self.queue_items(OPENING).await? {
            let id = item.remove("id").ok_or("no id")?;
            let database = self.stack.database();
            let delete = database.delete_item().table_name("Queues").key("id", id);
            delete.send().await?;
        }
        import(&self.stack, "Queues", self.registry.clone())
    }
}
