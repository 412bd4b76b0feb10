//! What a tick does, and what follows from it.

use super::*;

#[test]
fn tick_does_nothing_more_than_half_a_tick_ahead() {
    let mut desk = Desk::new(100, 1_000).with_issued(1_000);
    assert!(desk.tick_at(START));
    assert!(!desk.tick_at(START));
    assert!(!desk.tick_at(START + 2_499));
    assert!(desk.tick_at(START + 2_500));
    assert_eq!(desk.queue.line.version, 2);
    let last = desk.queue.line.schedule.last().expect("a point");
    assert_eq!(last.at, START + 10_000);
}

#[test]
fn tick_begins_where_the_last_one_ends() {
    let mut desk = Desk::new(100, 1_000).with_issued(1_000);
    desk.tick(0);
    desk.tick(3);
    assert_eq!(desk.served(5), 5);
    assert_eq!(desk.served(10), 10);
    assert_eq!(desk.queue.line.ticked_at, START + 5_000);
}

#[test]
fn newcomer_walks_straight_in_while_nobody_waits() {
    let mut desk = Desk::new(100, 1_000);
    desk.tick(0);
    for number in 1..=5 {
        let session = desk.session(number, 0);
        let standing = session.standing(&desk.queue, at(0));
        assert!(matches!(standing, Standing::Admitted(_)), "{standing:?}");
    }
    let sixth = desk.session(6, 0).standing(&desk.queue, at(0));
    assert_eq!(sixth, Standing::Waiting { place: 1 });
}

#[test]
fn newcomer_walks_into_a_slow_line_that_has_had_the_time() {
    // A step is half a person, and the credit for one person may gather.
    let mut desk = Desk::new(100, 100);
    desk.tick_through(0..=0);
    assert_eq!(desk.credit(), 0);
    desk.tick_through(5..=600);
    assert_eq!(desk.credit(), 1);
}

#[test]
fn unused_credit_takes_up_room() {
    let mut desk = Desk::new(8, 1_000);
    desk.tick(0);
    assert_eq!((desk.credit(), desk.queue.line.room), (5, 8));
    desk.tick(5);
    assert_eq!((desk.credit(), desk.queue.line.room), (5, 3));
    desk.queue.settings.rate_milli = 10_000;
    desk.tick(10);
    assert_eq!((desk.credit(), desk.queue.line.room), (8, 3));
    desk.tick(15);
    assert_eq!((desk.credit(), desk.queue.line.room), (8, 0));
}

#[test]
fn part_of_a_person_takes_up_no_place() {
    // A step is one and a half persons. The half that is in already takes up no place.
    let mut desk = Desk::new(2, 300).with_issued(10);
    desk.tick_through(0..=5);
    assert_eq!(desk.queue.line.schedule.served_milli(START + 10_000), 2_500);
    assert_eq!(desk.served(10), 2);
}

#[test]
fn older_count_of_numbers_takes_nothing_back() {
    let mut desk = Desk::new(100, 10_000).with_issued(100);
    desk.tick_through(0..=5);
    let before = desk.queue.line.clone();
    desk.issued = 3;
    desk.tick(30);
    assert_eq!(desk.queue.line.issued, 100);
    assert_eq!(desk.queue.line.passed, before.passed + 50);
    assert!(
        desk.queue
            .line
            .cohorts
            .is_sorted_by_key(|cohort| cohort.passed)
    );
}

#[test]
fn pausing_stops_the_schedule_and_keeps_what_it_promised() {
    let mut desk = Desk::new(1_000, 10_000).with_issued(1_000);
    desk.tick_through(0..=10);
    desk.queue.settings.state = QueueState::Paused;
    desk.tick_through(11..=60);
    assert_eq!(desk.served(15), 150);
    assert_eq!(desk.served(3_600), 150);
    assert_eq!(desk.queue.estimated_wait(1, at(60)), None);
    desk.queue.settings.state = QueueState::Open;
    desk.tick(61);
    assert_eq!(desk.served(66), 200);
}

#[test]
fn credit_is_void_once_the_queue_is_paused_or_smaller() {
    let no_counts = |_| Counts::default();
    let mut desk = Desk::new(100, 10_000);
    desk.tick(0);
    assert_eq!(desk.credit(), 50);
    assert_eq!(desk.queue.void_credit(at(1), 0, no_counts, None), None);

    let mut smaller = desk.queue.clone();
    smaller.settings.max_active = 20;
    let void = smaller
        .void_credit(at(1), 0, no_counts, None)
        .expect("void credit");
    assert_eq!((void.numbers, void.cohort), (30, START));
    // Twelve have walked in by then, and eight more may.
    let void = smaller.void_credit(at(1), 12, no_counts, None);
    assert_eq!(void.map(|void| void.numbers), Some(30));

    let mut paused = desk.queue.clone();
    paused.settings.state = QueueState::Paused;
    let void = paused.void_credit(at(1), 12, no_counts, None);
    assert_eq!(void.map(|void| void.numbers), Some(38));
    assert_eq!(paused.void_credit(at(1), 50, no_counts, None), None);
}

#[test]
fn promised_admission_happens_although_the_queue_closes() {
    let mut desk = Desk::new(1_000, 10_000).with_issued(1_000);
    desk.tick(0);
    desk.queue.settings.state = QueueState::Closed;
    desk.tick(1);
    let promised = desk.session(50, -60);
    assert_eq!(
        promised.standing(&desk.queue, at(1)),
        Standing::Waiting { place: 40 }
    );
    assert_eq!(
        promised.standing(&desk.queue, at(5)),
        Standing::Admitted(desk.admission(50))
    );
    assert_eq!(
        desk.session(51, -60).standing(&desk.queue, at(1)),
        Standing::Over(Ending::QueueClosed)
    );
}

#[test]
fn line_is_idle_when_a_tick_would_change_nothing() {
    let mut desk = Desk::new(10, 1_000);
    assert!(!desk.queue.is_idle(0), "never ticked");
    desk.tick(0);
    assert!(desk.queue.is_idle(0));
    assert!(!desk.queue.is_idle(1), "somebody has come");
    desk.issued = 1;
    desk.tick(30);
    assert!(!desk.queue.is_idle(1), "somebody is in");
    desk.tick_through(60..=600);
    assert!(desk.queue.is_idle(1));
    desk.issued = 100;
    desk.tick(605);
    assert!(!desk.queue.is_idle(100), "somebody waits");
}

#[test]
fn line_is_stalled_when_people_wait_and_its_ticks_are_missed() {
    let mut desk = Desk::new(1, 50_000);
    assert!(!desk.queue.is_stalled(at(0)), "nobody waits");
    desk.issued = 3;
    desk.tick(0);
    desk.tick(5);
    assert_eq!(desk.queue.waiting(at(5)), 2);
    assert!(!desk.queue.is_stalled(at(15)), "full, and ticked");
    assert!(desk.queue.is_stalled(at(16)), "nobody ticks");
    desk.queue.settings.state = QueueState::Paused;
    assert!(!desk.queue.is_stalled(at(16)), "as the operator wants it");
}

#[test]
fn line_is_stalled_when_there_is_room_and_a_tick_lets_nobody_in() {
    let mut desk = Desk::new(10, 1).with_issued(3);
    desk.tick(0);
    assert!(
        !desk.queue.is_stalled(at(0)),
        "slow: a thousandth of a person a second"
    );
    desk.queue.settings.rate_milli = 0;
    desk.tick(5);
    assert!(desk.queue.is_stalled(at(5)), "no rate at all");
}

#[test]
fn line_is_stale_after_two_ticks() {
    let mut desk = Desk::new(10, 1_000);
    assert!(desk.queue.is_stale(at(0)));
    desk.tick(0);
    assert!(!desk.queue.is_stale(at(10)));
    assert!(desk.queue.is_stale(time(START + 10_001)));
}
