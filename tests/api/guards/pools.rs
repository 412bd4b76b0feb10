//! The pools of a rushed queue: no number is drawn twice, or too late, or passed although somebody
//! has it.

use shared::{
    domain::{
        ids::QueueId,
        queue::pool::{MOST_POOLS, Pool},
    },
    jiff::{SignedDuration, Timestamp},
    store::{Store, pools::DrawnFrom},
};

use super::store;
use crate::harness::Shop;

guarded! {
    pool_gives_out_its_own_numbers_only: ("Queues", "drawn < #end");
    old_number_is_not_drawn: ("Queues", "#until > :now");
    new_pool_is_claimed_once: ("Queues", "attribute_not_exists(id)");
    pool_is_claimed_once: ("Queues", "#until = :until");
    number_that_somebody_has_is_not_unused: ("Queues", "drawn = :drawn");
    pool_that_others_have_filled_is_not_filled: ("Queues", "drawn = :drawn");
}

const SIZE: u64 = 3;

/// Fills the first pool of `main`, and returns it.
async fn fill(shop: &Shop, store: &Store) -> Pool {
    let now = shop.now();
    let claimed = Pool::first(MOST_POOLS, now);
    assert!(replace(store, None, &claimed).await);
    let end = store.take_numbers(&QueueId::main(), SIZE, now).await;
    let end = end.expect("an answer").expect("an open queue");
    let filled = claimed.filled(SIZE, end, now);
    assert!(replace(store, Some(&claimed), &filled).await);
    filled
}

async fn replace(store: &Store, seen: Option<&Pool>, next: &Pool) -> bool {
    store
        .replace_pool(&QueueId::main(), 0, seen, next)
        .await
        .expect("an answer")
}

async fn draw(store: &Store, now: Timestamp) -> DrawnFrom {
    store
        .draw_from_pool(&QueueId::main(), 0, now)
        .await
        .expect("an answer")
}

fn later(now: Timestamp, milliseconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_millis(milliseconds))
        .expect("a time")
}

async fn pool_gives_out_its_own_numbers_only(shop: &Shop) -> bool {
    let store = store(shop).await;
    fill(shop, &store).await;
    for _ in 0..SIZE {
        let drawn = draw(&store, shop.now()).await;
        assert!(matches!(drawn, DrawnFrom::Number(_)), "{drawn:?}");
    }
    matches!(draw(&store, shop.now()).await, DrawnFrom::Nothing(_))
}

async fn old_number_is_not_drawn(shop: &Shop) -> bool {
    let store = store(shop).await;
    let filled = fill(shop, &store).await;
    let until = Timestamp::from_millisecond(filled.until).expect("a time");
    draw(&store, later(until, -1)).await;
    matches!(draw(&store, until).await, DrawnFrom::Nothing(_))
}

/// Two joins find no pool.
async fn new_pool_is_claimed_once(shop: &Shop) -> bool {
    let store = store(shop).await;
    let claim = async |at| replace(&store, None, &Pool::first(MOST_POOLS, at)).await;
    claim(shop.now()).await && !claim(later(shop.now(), 1)).await
}

/// Two joins find a pool whose time is over.
async fn pool_is_claimed_once(shop: &Shop) -> bool {
    let store = store(shop).await;
    fill(shop, &store).await;
    for _ in 0..SIZE {
        draw(&store, shop.now()).await;
    }
    let over = later(shop.now(), 10_000);
    let DrawnFrom::Nothing(seen) = draw(&store, over).await else {
        return false;
    };
    let claim = async |at| replace(&store, Some(&seen), &seen.claimed(at)).await;
    claim(over).await && !claim(later(over, 1)).await
}

/// A tick takes what a pool has left out of it. Meanwhile somebody whose clock is behind draws.
async fn number_that_somebody_has_is_not_unused(shop: &Shop) -> bool {
    let store = store(shop).await;
    let seen = fill(shop, &store).await;
    let drawn = draw(&store, shop.now()).await;
    assert!(matches!(drawn, DrawnFrom::Number(_)), "{drawn:?}");
    !replace(&store, Some(&seen), &seen.emptied()).await
}

/// The one that drew the last number is so late that somebody else has claimed and filled the pool.
async fn pool_that_others_have_filled_is_not_filled(shop: &Shop) -> bool {
    let store = store(shop).await;
    fill(shop, &store).await;
    let mut last = draw(&store, shop.now()).await;
    for _ in 1..SIZE {
        last = draw(&store, shop.now()).await;
    }
    let DrawnFrom::Number(seen) = last else {
        return false;
    };
    let over = later(shop.now(), 10_000);
    let claimed = seen.claimed(over);
    assert!(replace(&store, Some(&seen), &claimed).await);
    let next = claimed.filled(SIZE, 3 * SIZE, over);
    assert!(replace(&store, Some(&claimed), &next).await);
    !replace(&store, Some(&seen), &seen.filled(SIZE, 2 * SIZE, over)).await
}
