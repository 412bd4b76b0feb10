//! Who counts as active.

use super::*;

/// A hundred waited, ten were let in at once and fill the queue.
fn full_desk() -> Desk {
    let mut desk = Desk::new(10, 50_000).with_issued(100);
    desk.tick_through(0..=20);
    assert_eq!(desk.served(20), 10);
    desk
}

#[test]
fn admitted_number_counts_until_five_seconds_after_the_last_claim() {
    // The cohort ends with the next one, which begins at 20 s.
    let mut desk = full_desk();
    desk.tick_at(START + (20 + 120 + 5) * 1_000);
    assert_eq!(desk.queue.line.active, 10);
    let mut desk = full_desk();
    desk.tick_at(START + (20 + 120 + 5) * 1_000 + 1);
    assert_eq!(desk.queue.line.active, 0);
}

#[test]
fn arrival_counts_until_five_seconds_after_the_window() {
    let mut desk = full_desk();
    desk.count(1).arrived = 7;
    desk.tick_at(START + (20 + 120 + 5) * 1_000 + 1);
    assert_eq!(desk.queue.line.active, 7);
    desk = full_desk();
    desk.count(1).arrived = 7;
    desk.tick_at(START + (20 + 300 + 5) * 1_000);
    assert_eq!(desk.queue.line.active, 7);
    desk = full_desk();
    desk.count(1).arrived = 7;
    desk.tick_at(START + (20 + 300 + 5) * 1_000 + 1);
    assert_eq!(desk.queue.line.active, 0);
}

#[test]
fn last_cohort_counts_however_old_it_is() {
    // Somebody who walked in hours after the last tick belongs to that tick's cohort.
    let mut desk = Desk::new(10, 50_000);
    desk.tick(0);
    desk.issued = 1;
    desk.count(1).arrived = 1;
    desk.tick(36_000);
    assert_eq!(desk.queue.line.active, 1);
    desk.tick(36_100);
    assert_eq!(desk.queue.line.active, 1);
}

#[test]
fn users_that_are_done_or_gone_do_not_count_while_claims_run() {
    let mut desk = full_desk();
    *desk.count(1) = Counts {
        arrived: 3,
        done: 1,
        gone: 2,
    };
    desk.tick(25);
    assert_eq!(desk.queue.line.active, 10 - 2 - 1);
}

#[test]
fn arrivals_count_even_if_they_outnumber_the_admissions() {
    // A number drawn after the tick had read how many were issued. It counts in the cohort before,
    // where its function saw it.
    let mut desk = full_desk();
    desk.count(1).arrived = 11;
    desk.tick(25);
    assert_eq!(desk.queue.line.active, 11);
}

#[test]
fn cohort_is_a_range_of_numbers() {
    // Five wait, and the first two come in with the first cohort. The line is not full.
    let mut desk = Desk::new(100, 400).with_issued(5);
    desk.tick_through(0..=20);
    let cohorts: Vec<_> = desk.queue.line.cohorts.iter().collect();
    assert_eq!(
        cohorts
            .iter()
            .map(|cohort| (cohort.start - START, cohort.passed))
            .collect::<Vec<_>>(),
        [(0, 0), (20_000, 5)]
    );
    for number in 1..=5 {
        assert_eq!(desk.admission(number).cohort, START, "number {number}");
    }
    assert_eq!(desk.admission(6).cohort, START + 20_000);
    // A session that walks in a moment earlier belongs to the later cohort all the same.
    assert!(desk.queue.admission(6, at(19)).is_some());
}

#[test]
fn cohort_lasts_twenty_seconds_or_a_fifteenth_of_the_window() {
    let starts = |desk: &Desk| -> Vec<_> {
        let cohorts = desk.queue.line.cohorts.iter();
        cohorts
            .map(|cohort| (cohort.start - START) / 1_000)
            .collect()
    };
    let mut desk = Desk::new(10, 1_000).with_issued(1_000);
    desk.tick_through(0..=60);
    assert_eq!(starts(&desk), [0, 20, 40, 60]);

    let mut desk = Desk::new(10, 1_000).with_issued(1_000);
    desk.queue.settings.active_seconds = 3_600;
    desk.tick_through(0..=500);
    assert_eq!(starts(&desk), [0, 240, 480]);
    // The old windows last an hour, whatever is set now.
    desk.queue.settings.active_seconds = 130;
    desk.tick_through(505..=4_200);
    assert!(desk.queue.line.cohorts.len() <= 20);
}

#[test]
fn changed_windows_apply_to_later_cohorts() {
    let mut desk = Desk::new(1_000, 10_000).with_issued(10_000);
    desk.tick_through(0..=10);
    let windows = |admission: Admission| {
        let since = |until: Timestamp| until.duration_since(admission.admitted_at).as_secs();
        (since(admission.claim_until), since(admission.active_until))
    };
    assert_eq!(windows(desk.admission(150)), (120, 300));
    desk.queue.settings.claim_seconds = 30;
    desk.queue.settings.active_seconds = 60;
    desk.tick_through(15..=40);
    assert_eq!(windows(desk.admission(150)), (120, 300));
    assert_eq!(windows(desk.admission(200)), (120, 300));
    assert_eq!(windows(desk.admission(201)), (30, 60));

    // Each cohort is counted by its own windows: 200 of the first until 20 + 120 + 5 s.
    desk.queue.settings.max_active = 0;
    desk.tick(60);
    desk.tick(145);
    assert_eq!(desk.queue.line.active, 200);
    assert_eq!(desk.queue.line.cohorts[0].start, START);
    desk.tick(148);
    assert_eq!(desk.queue.line.active, 0);
}

#[test]
fn cohort_that_is_over_early_does_not_end_an_older_one() {
    let mut desk = Desk::new(1_000, 10_000).with_issued(10_000);
    desk.tick_through(0..=15);
    desk.queue.settings.claim_seconds = 10;
    desk.queue.settings.active_seconds = 11;
    desk.tick_through(20..=100);
    desk.queue.settings.max_active = 0;
    // Nobody came. The first cohort has 200 numbers, and the windows of the later ones are over.
    desk.tick_through(105..=140);
    assert_eq!(desk.queue.line.active, 200);
    assert_eq!(desk.admission(200).cohort, START);
    assert_eq!(desk.admission(201).cohort, START + 20_000);
    assert_eq!(
        desk.session(201, -60).standing(&desk.queue, at(140)),
        Standing::Over(Ending::NoShow)
    );
    desk.tick_through(150..=400);
    assert!(desk.queue.line.cohorts.len() <= 3);
}

#[test]
fn no_show_stays_over_when_claims_become_longer() {
    let mut desk = Desk::new(1_000, 10_000).with_issued(10_000);
    desk.queue.settings.claim_seconds = 10;
    desk.queue.settings.active_seconds = 11;
    desk.tick_through(0..=20);
    desk.queue.settings = samples::queue(1_000, 10_000).settings;
    desk.queue.settings.claim_seconds = 200;
    let session = desk.session(7, -60);
    for second in (20..=300).step_by(5) {
        desk.tick(second);
        assert_eq!(
            session.standing(&desk.queue, at(second)),
            Standing::Over(Ending::NoShow),
            "at {second} s"
        );
    }
}

#[test]
fn admission_stays_as_promised_when_claims_become_shorter() {
    // The longest claim of a live cohort decides, not the one that is set now.
    let mut desk = Desk::new(100, 2_000).with_issued(10_000);
    desk.queue.settings.claim_seconds = 290;
    desk.tick_through(0..=10);
    let promised = desk.admission(7);
    desk.queue.settings.claim_seconds = 10;
    desk.tick_through(15..=290);
    assert_eq!(desk.admission(7), promised);
}
