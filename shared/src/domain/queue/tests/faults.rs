//! Mistakes that are easily made with a line. Those that take a whole evening to show are tested in
//! the simulator.

use super::*;

#[test]
fn credit_does_not_pile_up_while_nobody_waits() {
    let mut desk = Desk::new(1_000, 10_000);
    desk.tick_through(0..=7_200);
    assert_eq!(desk.credit(), 50, "one step");

    desk.issued = 5_000;
    desk.tick(7_205);
    assert_eq!(desk.served(7_205), 50);
    assert_eq!(desk.served(7_210), 100);
}

#[test]
fn slow_line_moves_and_does_not_lose_its_fractions() {
    for (rate_milli, admitted) in [(200, 7_200), (1, 36)] {
        let mut desk = Desk::new(100_000, rate_milli).with_issued(10_000);
        desk.tick_through(0..=36_000);
        assert_eq!(
            desk.served(36_000),
            admitted,
            "at {rate_milli} thousandths a second"
        );
    }
}

#[test]
fn served_number_does_not_go_back_when_capacity_is_lowered() {
    let mut desk = Desk::new(300, 10_000).with_issued(1_000);
    desk.tick_through(0..=10);
    let promised = desk.admission(150);
    desk.queue.settings.max_active = 1;
    desk.tick_through(11..=120);
    assert_eq!(desk.served(15), 150);
    assert_eq!(desk.admission(150), promised);
    assert_eq!(desk.served(125), 150, "nobody more while 150 are in");
}

#[test]
fn admission_by_old_credit_begins_when_the_session_does() {
    let mut desk = Desk::new(100, 10_000);
    desk.tick_through(0..=10);
    // Hours later. The line slept, so the credit that serves this number is that old.
    let session = desk.session(1, 36_000);
    let Standing::Admitted(admission) = session.standing(&desk.queue, at(36_000)) else {
        panic!("{:?}", session.standing(&desk.queue, at(36_000)));
    };
    assert_eq!(admission.admitted_at, at(36_000));
    assert_eq!(admission.claim_until, at(36_120));
    assert_eq!(admission.active_until, at(36_300));
}

#[test]
fn expiry_does_not_stall_at_a_gap() {
    // The first three numbers were drawn by calls that died.
    let mut desk = Desk::new(1, 10_000).with_issued(5);
    desk.tick_through(0..=1_000);
    assert!(desk.served(1_005) >= 5);
}

#[test]
fn session_beyond_the_served_numbers_goes_on_waiting() {
    let mut desk = Desk::new(10, 10_000).with_issued(100);
    desk.tick(0);
    let session = desk.session(11, -60);
    for second in [-60, 0, 5, 3_600] {
        let standing = session.standing(&desk.queue, at(second));
        assert!(matches!(standing, Standing::Waiting { place } if place >= 1));
    }
}

#[test]
fn session_goes_from_waiting_to_admitted_without_a_gap() {
    let mut desk = Desk::new(10, 2_000).with_issued(100);
    desk.tick(0);
    let session = desk.session(7, -60);
    let admitted_at = desk.admission(7).admitted_at;
    assert_eq!(admitted_at, time(START + 3_500));
    let just_before = time(START + 3_499);
    assert_eq!(
        session.standing(&desk.queue, just_before),
        Standing::Waiting { place: 1 }
    );
    assert_eq!(
        session.standing(&desk.queue, admitted_at),
        Standing::Admitted(desk.admission(7))
    );
}

#[test]
fn finished_users_give_up_their_places_at_the_next_tick() {
    let mut desk = Desk::new(10, 10_000).with_issued(100);
    desk.tick_through(0..=10);
    assert_eq!(desk.served(15), 10);
    *desk.count(1) = Counts {
        arrived: 10,
        done: 4,
        gone: 0,
    };
    desk.tick(15);
    assert_eq!(desk.served(20), 14);
}

#[test]
fn capacity_is_not_exceeded_however_often_the_line_is_ticked() {
    let mut desk = Desk::new(100, 50_000).with_issued(1_000);
    for millisecond in (START..START + 100_000).step_by(777) {
        desk.tick_at(millisecond);
        desk.tick_at(millisecond);
    }
    assert_eq!(desk.served(200), 100);
}
