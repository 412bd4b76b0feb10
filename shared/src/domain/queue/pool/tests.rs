use std::time::Duration;

use serde_json::json;

use super::*;

const START: i64 = 1_790_000_000_000;

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(START + milliseconds).expect("a time")
}

/// A pool with the numbers 101 to 150.
fn filled() -> Pool {
    Pool::first(MOST_POOLS, at(-10)).filled(50, 150, at(0))
}

fn drawn(pool: &Pool, numbers: u64) -> Pool {
    Pool {
        drawn: pool.drawn + numbers,
        ..pool.clone()
    }
}

#[test]
fn new_pool_is_claimed_and_filled() {
    let claimed = Pool::first(MOST_POOLS, at(0));
    assert!(!claimed.has_numbers());
    assert!(!claimed.may_be_claimed(at(500)));
    assert!(claimed.may_be_claimed(at(501)));
    assert_eq!(claimed.time_to_take(at(100)), Duration::from_millis(150));
    assert_eq!(claimed.time_to_take(at(250)), Duration::ZERO);
    let sizes = [1, 16, 17, 64].map(|pools| Pool::first(pools, at(0)).size);
    assert_eq!(sizes, [8, 8, 32, 32]);
    let pool = claimed.filled(32, 132, at(20));
    assert_eq!((pool.drawn, pool.end, pool.size), (100, 132, 32));
    assert_eq!((pool.since, pool.until), (START + 20, START + 1_520));
    assert!(pool.has_numbers() && !pool.claimed);
}

#[test]
fn pool_is_left_alone_for_a_second_after_its_time() {
    let pool = filled();
    assert!(!pool.is_left_over(at(2_500)));
    assert!(pool.is_left_over(at(2_501)));
    let empty = drawn(&pool, 50);
    assert!(!empty.may_be_claimed(at(2_500)));
    assert!(empty.may_be_claimed(at(2_501)));
    assert!(!empty.is_left_over(at(2_501)));
    // The join that drew the last number has time until half of that second is over.
    assert_eq!(empty.time_to_take(at(1_999)), Duration::from_millis(1));
    assert_eq!(empty.time_to_take(at(2_000)), Duration::ZERO);
}

/// Its clock was far ahead when it was filled. Its numbers would be given out for hours.
#[test]
fn pool_with_a_wrong_time_may_be_claimed() {
    let ahead = Pool::first(MOST_POOLS, at(0)).filled(50, 150, at(6_000));
    assert!(ahead.is_left_over(at(0)));
    assert!(!ahead.is_left_over(at(1_000)));
}

#[test]
fn numbers_that_were_not_drawn_are_unused() {
    let pool = drawn(&filled(), 20);
    let claimed = pool.claimed(at(2_501));
    let unused = vec![Range::from((120, 150))];
    assert_eq!((claimed.drawn, claimed.end), (150, 150));
    assert_eq!(claimed.unused, unused);
    // The next pool remembers them, and so does one that is claimed again.
    let next = claimed.filled(5, 400, at(2_510));
    assert_eq!(next.unused, unused);
    let empty = drawn(&next, 5);
    assert_eq!(empty.claimed(at(5_100)).unused, unused);
    assert_eq!(pool.emptied().unused, unused);
}

#[test]
fn pool_remembers_its_latest_unused_numbers() {
    let mut pool = filled();
    for round in 1..=20 {
        pool = pool.emptied().filled(10, 1_000 * round, at(0));
    }
    let remembered: Vec<_> = pool.unused.iter().map(|range| range.through).collect();
    assert_eq!(remembered.len(), RANGES_REMEMBERED);
    assert_eq!(remembered.last(), Some(&19_000));
}

#[test]
fn next_pool_lasts_half_a_second() {
    let pool = filled();
    let size = |numbers: u64, lasted: i64| drawn(&pool, numbers).next_size(at(lasted));
    assert_eq!(size(50, 500), 50);
    assert_eq!(size(50, 250), 100);
    assert_eq!(size(50, 1_000), 25);
    assert_eq!(size(50, 1), 200, "at most four times as many");
    assert_eq!(size(1, 2_501), 12, "at least a quarter");
    // Only what was drawn counts, and only until its time was over.
    assert_eq!(size(40, 9_000), 13);
    assert_eq!(size(50, 0), 200);
    let largest = Pool::first(MOST_POOLS, at(0)).filled(256, 256, at(0));
    assert_eq!(drawn(&largest, 256).next_size(at(10)), 256);
    let smallest = Pool::first(MOST_POOLS, at(0)).filled(2, 2, at(0));
    assert_eq!(smallest.next_size(at(2_500)), 2);
}

#[test]
fn size_is_decided_once() {
    let empty = drawn(&filled(), 50);
    let claimed = empty.claimed(at(2_501));
    let again = claimed.claimed(at(9_000));
    assert_eq!((claimed.size, again.size), (16, 16));
}

#[test]
fn queue_uses_as_many_pools_as_its_joins_need() {
    let pools = |before, a_second: u64| pools_for(before, a_second * 5, 5_000);
    assert_eq!(pools(0, 499), 0);
    assert_eq!(pools(0, 500), 5);
    assert_eq!(pools(0, 701), 8);
    assert_eq!(pools(0, 20_000), 64);
    assert_eq!(pools(0, u64::MAX / 5), 64);
    // It goes on for longer than it would begin.
    assert_eq!([499, 300, 299].map(|joins| pools(6, joins)), [6, 6, 0]);
    // They become fewer only if half would do.
    assert_eq!(
        [3_300, 3_200, 3_100].map(|joins| pools(64, joins)),
        [64, 64, 31]
    );
    assert_eq!(pools(8, 1_000), 10);
}

#[test]
fn time_since_the_last_tick_counts_as_a_second_at_least() {
    assert_eq!(pools_for(0, 1_000, 0), 10);
    assert_eq!(pools_for(0, 1_000, -2_000), 10);
}

#[test]
fn queue_opens_with_pools_after_a_large_draw() {
    let entries = [0, 9_999, 10_000, 25_000, 1_000_000];
    assert_eq!(entries.map(pools_after_draw), [0, 0, 10, 25, 64]);
}

/// Each write of a pool replaces every attribute.
#[test]
fn every_attribute_of_a_pool_is_stored() {
    let pool = drawn(&filled(), 20);
    let stored = serde_json::to_value(&pool).expect("json");
    let expected = json!({
        "drawn": 120, "end": 150, "size": 50, "since": START, "until": START + 1_500,
        "claimed": false, "unused": [],
    });
    assert_eq!(stored, expected);
    let claimed = serde_json::to_value(pool.claimed(at(2_501))).expect("json");
    assert_eq!(claimed["unused"], json!([[120, 150]]));
}
