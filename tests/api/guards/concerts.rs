//! Concerts and their shows: a change requires what it has read.

use std::time::Duration;

use local::Fault;
use shared::{
    app::App,
    domain::{
        hall::{self, TakenSeats},
        ids::{ConcertId, QueueId},
        money::Money,
        programme::{Change, PricingChange, ProgrammeChange, ShowChange},
        show::{Concert, Show},
        texts::DetailsChange,
        user::Name,
    },
    futures_util::future::join_all,
    jiff::tz::TimeZone,
    store::{Reading, usage::metered},
};

use super::store;
use crate::harness::{PRICE, Shop, show, text};

guarded! {
    concert_is_not_replaced: ("Catalog", "attribute_not_exists(entry)");
    two_changes_of_a_concert_are_both_done: ("Catalog", "version = :seen");
    nothing_is_left_of_a_deleted_concert: ("Catalog", "version = :seen");
    show_added_meanwhile_is_not_left_behind: ("Catalog", "version = :seen");
    concerts_of_a_queue_at_once_all_count: ("Queues", "version = :shows_seen");
    first_concerts_of_a_queue_at_once_all_count: ("Queues", "attribute_not_exists(id)");
    named_creation_happens_once: ("Catalog", "attribute_not_exists(entry)");
    named_creation_is_over_when_it_is_done: ("Catalog", "attribute_not_exists(done)");
    listing_of_an_earlier_version_is_put_in_order_first: ("Catalog", "attribute_exists(folded)");
    entry_is_moved_once: ("Catalog", "attribute_exists(entry)");
    hall_is_counted_by_one_of_many: ("Queues", "counting_until <= :counting_now");
    late_count_replaces_no_newer_one: ("Queues", "counting_until = :until");
}

async fn concert_is_not_replaced(shop: &Shop) -> bool {
    let concert = Concert {
        concert_id: ConcertId::new(),
        name: Name::parse("콘서트").expect("a name"),
        queue_id: QueueId::main(),
        most_seats_a_person: None,
        left: Vec::new(),
    };
    let store = store(shop).await;
    let shows = [show("2026-12-24")];
    store
        .create_concert(&concert, &shows)
        .await
        .expect("a new concert");
    store.create_concert(&concert, &shows).await.is_err()
}

/// Two administrators read a concert at the same time, and then write it one after the other.
async fn two_changes_of_a_concert_are_both_done(shop: &Shop) -> bool {
    let changes = (1..=8).map(|day| {
        let date = format!("2027-01-0{day}");
        change(shop, &shop.concert_id, vec![show_on(&date)])
    });
    let all_done = join_all(changes).await.into_iter().all(|done| done);
    all_done && shop.listed_concerts().await[0]["shows"] == 10
}

/// One administrator deletes a concert while another adds a show to it.
async fn nothing_is_left_of_a_deleted_concert(shop: &Shop) -> bool {
    let id = shop.concert_id.parse().expect("an id");
    let store = store(shop).await;
    let now = shop.now();
    let deleted = store.delete_concert(id, None, now);
    let changed = change(shop, &shop.concert_id, vec![show_on("2027-01-01")]);
    let (deleted, _) = shared::futures_util::join!(deleted, changed);
    let read = store.programme(id, Reading::Consistent).await;
    let shows = store.shows(id).await.expect("an answer");
    let nothing = read.expect("an answer").is_none() && shows.is_empty();
    deleted.is_ok() && nothing && shop.listed_concerts().await.is_empty()
}

async fn show_added_meanwhile_is_not_left_behind(shop: &Shop) -> bool {
    let id = shop.concert_id.parse().expect("an id");
    let store = store(shop).await;
    let date = shop.dates[0].parse().expect("a date");
    let deleted = store.delete_concert(id, Some(date), shop.now());
    let changed = change(shop, &shop.concert_id, vec![show_on("2027-01-01")]);
    let (deleted, changed) = shared::futures_util::join!(deleted, changed);
    let listed = &shop.listed_concerts().await[0];
    deleted.is_ok() && changed && listed["shows"] == 2 && listed["last_date"] == "2027-01-01"
}

async fn concerts_of_a_queue_at_once_all_count(shop: &Shop) -> bool {
    count_concerts_at_once(shop, 1).await
}

async fn first_concerts_of_a_queue_at_once_all_count(shop: &Shop) -> bool {
    count_concerts_at_once(shop, 0).await
}

/// Creates concerts of a queue that has `earlier` concerts already. It does so more than once,
/// because the connections are open only the second time.
async fn count_concerts_at_once(shop: &Shop, earlier: usize) -> bool {
    let shows = [show("2026-12-24")];
    let concerts = ["A", "B", "C", "D", "E", "F"];
    let mut all = true;
    for queue in ["rock", "jazz", "folk"] {
        if earlier > 0 {
            shop.add_queue(queue).await;
        }
        join_all(concerts.map(|name| shop.add_concert(name, queue, &shows))).await;
        let counted = shop.queue_shows(queue).await;
        let counted = counted.as_object().map(serde_json::Map::len);
        all &= counted == Some(earlier + concerts.len());
    }
    all
}

async fn change(shop: &Shop, concert_id: &str, shows: Vec<ShowChange>) -> bool {
    let change = ProgrammeChange {
        shows,
        ..ProgrammeChange::default()
    };
    let id = concert_id.parse().expect("an id");
    let store = store(shop).await;
    let zone = TimeZone::UTC;
    store.change_concert(id, &change, &zone).await.is_ok()
}

fn show_on(date: &str) -> ShowChange {
    ShowChange {
        key: date.parse().expect("a date"),
        pricing: PricingChange::Same(Money::won(PRICE)),
        capacity: None,
        opens_at: Change::Keep,
        closes_at: Change::Keep,
        details: DetailsChange::default(),
    }
}

/// Many instances find at the same time that the counts of a hall are old.
async fn hall_is_counted_by_one_of_many(shop: &Shop) -> bool {
    let hall = Show {
        capacity: 10_000,
        ..show("2027-01-01")
    };
    let id = shop.add_concert("Hall", "main", &[hall]).await;
    let id: ConcertId = id.parse().expect("an id");
    let mut instances = Vec::new();
    for _ in 0..4 {
        instances.push(shop.stack.operator().await);
    }
    let look = async |app: &App| {
        let shows = app.cached_shows(id, shop.now()).await.expect("shows");
        let shows: Vec<_> = shows.iter().collect();
        let (looked, usage) = metered(app.taken_seats(&shows, shop.now())).await;
        looked.expect("an answer");
        usage.read
    };
    look(&instances[0]).await;
    shop.advance(2).await;
    for app in &instances {
        app.cached_shows(id, shop.now()).await.expect("shows");
    }
    let read: f64 = join_all(instances.iter().map(look)).await.into_iter().sum();
    let (blocks, kept) = (20.0 * 0.5, 4.0 * 0.5);
    (read - blocks - kept).abs() < f64::EPSILON
}

/// An instance counts so slowly that another one has counted meanwhile.
async fn late_count_replaces_no_newer_one(shop: &Shop) -> bool {
    let id: ConcertId = shop.concert_id.parse().expect("an id");
    let date = shop.dates[0].parse().expect("a date");
    let store = store(shop).await;
    let begin = async || {
        let until = hall::counting_until(shop.now());
        let begun = store.begin_to_count(id, until, shop.now()).await;
        (until, begun.expect("an answer").expect("nobody counts"))
    };
    let (slow, mut old) = begin().await;
    let seats = |all| TakenSeats {
        all,
        by_grade: None,
    };
    old.note([(date, seats(1))], shop.now());
    shop.advance(10).await;
    let (quick, mut new) = begin().await;
    new.note([(date, seats(2))], shop.now());
    let end = async |counts, until| store.end_count(id, counts, until).await.expect("an answer");
    end(&new, quick).await;
    end(&old, slow).await;
    store.hall_counts(id).await.expect("counts").taken(date) == Some(seats(2))
}

async fn named_creation_happens_once(shop: &Shop) -> bool {
    create_at_once(shop).await
}

/// Two tries of the same creation have begun. One is done, and its concert is deleted. The other
/// one must not create it again.
async fn named_creation_is_over_when_it_is_done(shop: &Shop) -> bool {
    tokio::time::pause();
    let admin = shop.admin().await;
    let body = serde_json::json!({
        "name": "A", "shows": [{ "date": "2026-12-24", "price": 1 }],
    });
    let call = shop.post("/v1/concerts").token(&admin.access_token);
    let call = call.key("once").json(&body);
    shop.stack.app("create-concert").await;
    let faults = shop.stack.faults();
    faults.meet("create-concert", "TransactWriteItems", Fault::Slow, 1);
    let (late, id) = shared::futures_util::join!(call.clone().send(), async {
        // By now the first one is under way.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let created = call.clone().send().await.expect(201);
        let id = text(&created["concert_id"]);
        shop.remove(&admin, &id).await.ok();
        id
    });
    tokio::time::resume();
    late.status == 201 && late.body["concert_id"] == id && shop.listed_names().await.len() == 1
}

/// The same creation several times at once. Each must have the same answer.
async fn create_at_once(shop: &Shop) -> bool {
    let admin = shop.admin().await;
    let body = serde_json::json!({
        "name": "A", "shows": [{ "date": "2026-12-24", "price": 1 }],
    });
    let call = shop.post("/v1/concerts").token(&admin.access_token);
    let call = call.key("once").json(&body);
    let replies = join_all((0..6).map(|_| call.clone().send())).await;
    let all_done = replies.iter().all(|reply| reply.status == 201);
    let first = &replies[0].body["concert_id"];
    let all_same = replies
        .iter()
        .all(|reply| reply.body["concert_id"] == *first);
    all_done && all_same && shop.listed_names().await.len() == 2
}

/// A concert that an earlier version of the code has listed.
async fn listing_of_an_earlier_version_is_put_in_order_first(shop: &Shop) -> bool {
    let wide = "\u{ff37}inter";
    let id = shop.add_concert(wide, "main", &[show("2026-12-24")]).await;
    shop.list_as_before(wide, &id).await;
    shop.add_concert("Summer", "main", &[show("2026-12-24")])
        .await;
    let found = shop.get("/v1/concerts?name=winter").send().await.ok();
    let entries = shop.items("Catalog").await;
    let in_order = entries
        .iter()
        .any(|item| item["entry"] == format!("winter#{id}"));
    in_order
        && found["concerts"]
            .as_array()
            .is_some_and(|found| found.len() == 1)
}

/// Two calls put the listing in order. One has read an entry that the other one has moved, and that
/// was deleted afterwards.
async fn entry_is_moved_once(shop: &Shop) -> bool {
    let wide = "\u{ff37}inter";
    let id = shop.add_concert(wide, "main", &[show("2026-12-24")]).await;
    shop.list_as_before(wide, &id).await;
    let store = store(shop).await;
    let (misplaced, _) = store.misplaced(None).await.expect("a page");
    let slow = misplaced.first().expect("one").clone();
    let admin = shop.admin().await;
    shop.remove(&admin, &id).await.ok();
    store.put_in_place(&slow).await.expect("an answer");
    shop.listed_names().await == ["겨울 콘서트"]
}
