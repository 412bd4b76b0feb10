//! What people are told.

use super::*;

#[test]
fn free_places_fill_at_the_rate_of_the_queue() {
    let mut desk = Desk::new(1_000, 10_000).with_tail(5_000);
    desk.tick(0);
    assert_eq!(desk.queue.estimated_wait(600, at(0)), Some(60));
    // Half a tick later 25 of the thousand have come in.
    let now = time(START + 2_500);
    assert_eq!(desk.queue.estimated_wait(575, now), Some(58));
    // Behind them, 1,000 places a 300 s: one more takes 0.3 s.
    assert_eq!(desk.queue.estimated_wait(975, now), Some(98));
    assert_eq!(desk.queue.estimated_wait(975 + 100, now), Some(98 + 30));
}

#[test]
fn a_burst_that_fills_free_places_is_not_flow() {
    let mut desk = Desk::new(1_000, 50_000).with_tail(5_000);
    let guess = desk.queue.flow_milli();
    assert_eq!(guess, 3_333);
    desk.tick_through(0..=20);
    assert!(desk.queue.flow_milli().abs_diff(guess) <= 1);
}
