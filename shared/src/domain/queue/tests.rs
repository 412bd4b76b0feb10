//! The promises of the line, each under its name. What ordinary waiting rooms get wrong comes
//! first (design: the end of queue.md), then the rules one by one, then whole evenings.

use std::collections::HashMap;

use proptest::prelude::*;

use super::{simulation::*, *};
use crate::domain::{
    ids::UserId,
    session::{Ending, Session, Standing},
};

/// When the first tick is. Seconds are counted from here.
const START: i64 = 1_700_000_000_000;

/// A queue, ticked by hand.
struct Desk {
    queue: Queue,
    tail: u64,
    counts: HashMap<i64, Counts>,
}

impl Desk {
    fn new(max_active: u32, rate_milli: u64) -> Self {
        Self {
            queue: Queue {
                id: QueueId::main(),
                settings: settings(max_active, rate_milli),
                line: Line::default(),
                opening: Opening::Always,
            },
            tail: 0,
            counts: HashMap::new(),
        }
    }

    fn with_tail(mut self, tail: u64) -> Self {
        self.tail = tail;
        self
    }

    /// Whether the tick changed anything.
    fn tick(&mut self, second: i64) -> bool {
        self.tick_at(START + second * 1_000)
    }

    fn tick_at(&mut self, milliseconds: i64) -> bool {
        let counts = |cohort| self.counts.get(&cohort).copied().unwrap_or_default();
        let line = self.queue.tick(time(milliseconds), self.tail, counts, None);
        let ticked = line.is_some();
        self.queue.line = line.unwrap_or_else(|| self.queue.line.clone());
        ticked
    }

    /// Ticks every five seconds, both ends included.
    fn tick_through(&mut self, seconds: RangeInclusive<i64>) {
        for second in seconds.step_by(5) {
            self.tick(second);
        }
    }

    fn served(&self, second: i64) -> u64 {
        self.queue.served(at(second))
    }

    /// Numbers let in ahead of the tail.
    fn credit(&self) -> u64 {
        let last = self.queue.line.schedule.last().expect("a tick");
        (last.served / PERSON).saturating_sub(self.tail)
    }

    fn admission(&self, number: u64) -> Admission {
        let admission = self.queue.admission(number, time(START));
        admission.expect("an admission")
    }

    fn session(&self, number: u64, joined_second: i64) -> Session {
        let joined_at = at(joined_second);
        Session::join(UserId::new(), &self.queue, None, number, 300, joined_at)
    }

    fn count(&mut self, number: u64) -> &mut Counts {
        let cohort = self.admission(number).cohort;
        self.counts.entry(cohort).or_default()
    }
}

fn at(second: i64) -> Timestamp {
    time(START + second * 1_000)
}

/// An evening with what usually goes on.
fn ordinary(max_active: u32, rate_milli: u64) -> Evening {
    let mut evening = Evening::new(max_active, rate_milli);
    evening.crowd.no_shows = 10;
    evening.crowd.tire = 2;
    evening.troubles.late = 50;
    evening
}

mod faults_of_other_waiting_rooms {
    use super::*;

    #[test]
    fn admission_credit_that_piles_up_while_nobody_waits() {
        let mut desk = Desk::new(1_000, 10_000);
        desk.tick_through(0..=7_200);
        assert_eq!(desk.credit(), 50, "one step");

        desk.tail = 5_000;
        desk.tick(7_205);
        assert_eq!(desk.served(7_205), 50);
        assert_eq!(desk.served(7_210), 100);
    }

    #[test]
    fn everyone_of_a_minute_released_in_the_same_second() {
        let evening = Evening::new(5_000, 10_000).wave(2_000, 10, 60).play();
        // The first step walks in; ten a second is the rate, and seconds have edges.
        assert!(evening.busiest_second <= 11, "{}", evening.busiest_second);
        assert_eq!(evening.admitted, 2_000);
    }

    #[test]
    fn a_slow_line_that_loses_its_fractions_and_never_moves() {
        for (rate_milli, admitted) in [(200, 7_200), (1, 36)] {
            let mut desk = Desk::new(100_000, rate_milli).with_tail(10_000);
            desk.tick_through(0..=36_000);
            assert_eq!(
                desk.served(36_000),
                admitted,
                "at {rate_milli} thousandths a second"
            );
        }
    }

    #[test]
    fn a_served_number_that_goes_back_when_capacity_is_lowered() {
        let mut desk = Desk::new(300, 10_000).with_tail(1_000);
        desk.tick_through(0..=10);
        let promised = desk.admission(150);
        desk.queue.settings.max_active = 1;
        desk.tick_through(11..=120);
        assert_eq!(desk.served(15), 150);
        assert_eq!(desk.admission(150), promised);
        assert_eq!(desk.served(125), 150, "nobody more while 150 are in");
    }

    #[test]
    fn a_token_that_is_expired_when_it_is_born() {
        let mut desk = Desk::new(100, 10_000);
        desk.tick_through(0..=10);
        // Hours later, with the credit of that time; the sleeping line was not ticked since.
        let session = desk.session(1, 36_000);
        let Standing::Admitted(admission) = session.standing(&desk.queue, at(36_000)) else {
            panic!("{:?}", session.standing(&desk.queue, at(36_000)));
        };
        assert_eq!(admission.admitted_at, at(36_000));
        assert_eq!(admission.claim_until, at(36_120));
        assert_eq!(admission.active_until, at(36_300));
    }

    #[test]
    fn expiry_that_stalls_at_a_gap() {
        // The first three numbers were drawn by calls that died.
        let mut desk = Desk::new(1, 10_000).with_tail(5);
        desk.tick_through(0..=1_000);
        assert!(desk.served(1_005) >= 5);
    }

    #[test]
    fn a_signed_token_that_is_accepted_although_its_owner_is_still_waiting() {
        let mut desk = Desk::new(10, 10_000).with_tail(100);
        desk.tick(0);
        let session = desk.session(11, -60);
        for second in [-60, 0, 5, 3_600] {
            let standing = session.standing(&desk.queue, at(second));
            assert!(matches!(standing, Standing::Waiting { place } if place >= 1));
        }
    }

    #[test]
    fn a_user_lost_between_removed_from_waiting_and_added_to_active() {
        let mut desk = Desk::new(10, 2_000).with_tail(100);
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
    fn finished_users_who_keep_their_slot_until_a_timer() {
        let mut desk = Desk::new(10, 10_000).with_tail(100);
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
    fn capacity_exceeded_because_each_tick_adds_blindly() {
        let mut desk = Desk::new(100, 50_000).with_tail(1_000);
        for millisecond in (START..START + 100_000).step_by(777) {
            desk.tick_at(millisecond);
            desk.tick_at(millisecond);
        }
        assert_eq!(desk.served(200), 100);
    }

    #[test]
    fn capacity_exceeded_because_a_crash_lost_a_count() {
        let mut evening = ordinary(50, 10_000).wave(1_500, 0, 600);
        evening.troubles.crashes = 20;
        let outcome = evening.play();
        assert!(outcome.peak <= 50);
        assert!(outcome.finished > 100);
    }
}

mod ticking {
    use super::*;

    #[test]
    fn nothing_is_to_be_done_more_than_half_a_tick_ahead() {
        let mut desk = Desk::new(100, 1_000).with_tail(1_000);
        assert!(desk.tick_at(START));
        assert!(!desk.tick_at(START));
        assert!(!desk.tick_at(START + 2_499));
        assert!(desk.tick_at(START + 2_500));
        assert_eq!(desk.queue.line.version, 2);
        let last = desk.queue.line.schedule.last().expect("a point");
        assert_eq!(last.at, START + 10_000);
    }

    #[test]
    fn a_tick_begins_where_the_last_one_ends() {
        let mut desk = Desk::new(100, 1_000).with_tail(1_000);
        desk.tick(0);
        desk.tick(3);
        assert_eq!(desk.served(5), 5);
        assert_eq!(desk.served(10), 10);
        assert_eq!(desk.queue.line.ticked_at, START + 5_000);
    }

    #[test]
    fn a_newcomer_walks_straight_in_while_nobody_waits() {
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
    fn a_newcomer_walks_into_a_slow_line_that_has_had_the_time() {
        // A step is half a person, and the credit for one may gather.
        let mut desk = Desk::new(100, 100);
        desk.tick_through(0..=0);
        assert_eq!(desk.credit(), 0);
        desk.tick_through(5..=600);
        assert_eq!(desk.credit(), 1);
    }

    #[test]
    fn credit_that_nobody_has_used_takes_up_room() {
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
    fn a_part_of_a_person_is_not_counted() {
        // A step is one and a half: the half that is in already takes up no place.
        let mut desk = Desk::new(2, 300).with_tail(10);
        desk.tick_through(0..=5);
        assert_eq!(desk.queue.line.schedule.served_milli(START + 10_000), 2_500);
        assert_eq!(desk.served(10), 2);
    }

    #[test]
    fn an_older_count_of_numbers_takes_nothing_back() {
        let mut desk = Desk::new(100, 10_000).with_tail(100);
        desk.tick_through(0..=5);
        let before = desk.queue.line.clone();
        desk.tail = 3;
        desk.tick(30);
        assert_eq!(desk.queue.line.tail, 100);
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
        let mut desk = Desk::new(1_000, 10_000).with_tail(1_000);
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
        // Twelve have walked in by then; eight may still.
        let void = smaller.void_credit(at(1), 12, no_counts, None);
        assert_eq!(void.map(|void| void.numbers), Some(30));

        let mut paused = desk.queue.clone();
        paused.settings.state = QueueState::Paused;
        let void = paused.void_credit(at(1), 12, no_counts, None);
        assert_eq!(void.map(|void| void.numbers), Some(38));
        assert_eq!(paused.void_credit(at(1), 50, no_counts, None), None);
    }

    #[test]
    fn a_session_that_was_promised_to_come_in_does_so_although_the_queue_closes() {
        let mut desk = Desk::new(1_000, 10_000).with_tail(1_000);
        desk.tick(0);
        desk.queue.settings.state = QueueState::Closed;
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
    fn a_line_is_idle_when_a_tick_would_change_nothing() {
        let mut desk = Desk::new(10, 1_000);
        assert!(!desk.queue.is_idle(0), "never ticked");
        desk.tick(0);
        assert!(desk.queue.is_idle(0));
        assert!(!desk.queue.is_idle(1), "somebody has come");
        desk.tail = 1;
        desk.tick(30);
        assert!(!desk.queue.is_idle(1), "somebody is in");
        desk.tick_through(60..=600);
        assert!(desk.queue.is_idle(1));
        desk.tail = 100;
        desk.tick(605);
        assert!(!desk.queue.is_idle(100), "somebody waits");
    }

    #[test]
    fn a_line_is_stalled_when_people_wait_and_its_ticks_are_missed() {
        let mut desk = Desk::new(1, 50_000);
        assert!(!desk.queue.is_stalled(at(0)), "nobody waits");
        desk.tail = 3;
        desk.tick(0);
        desk.tick(5);
        assert_eq!(desk.queue.waiting(at(5)), 2);
        assert!(!desk.queue.is_stalled(at(15)), "full, and ticked");
        assert!(desk.queue.is_stalled(at(16)), "nobody ticks");
        desk.queue.settings.state = QueueState::Paused;
        assert!(!desk.queue.is_stalled(at(16)), "as the operator wants it");
    }

    #[test]
    fn a_line_is_stalled_when_there_is_room_and_a_tick_lets_nobody_in() {
        let mut desk = Desk::new(10, 1).with_tail(3);
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
    fn a_line_is_stale_after_two_ticks() {
        let mut desk = Desk::new(10, 1_000);
        assert!(desk.queue.is_stale(at(0)));
        desk.tick(0);
        assert!(!desk.queue.is_stale(at(10)));
        assert!(desk.queue.is_stale(time(START + 10_001)));
    }
}

mod counting {
    use super::*;

    /// A hundred waited, ten were let in at once and fill the queue.
    fn full_desk() -> Desk {
        let mut desk = Desk::new(10, 50_000).with_tail(100);
        desk.tick_through(0..=20);
        assert_eq!(desk.served(20), 10);
        desk
    }

    #[test]
    fn who_may_still_come_counts_until_five_seconds_after_the_last_claim() {
        // The cohort ends with the next one, which begins at 20 s.
        let mut desk = full_desk();
        desk.tick_at(START + (20 + 120 + 5) * 1_000);
        assert_eq!(desk.queue.line.active, 10);
        let mut desk = full_desk();
        desk.tick_at(START + (20 + 120 + 5) * 1_000 + 1);
        assert_eq!(desk.queue.line.active, 0);
    }

    #[test]
    fn who_has_arrived_counts_until_five_seconds_after_the_window() {
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
    fn the_last_cohort_counts_however_old_it_is() {
        // Somebody who walked in hours after the last tick belongs to its cohort.
        let mut desk = Desk::new(10, 50_000);
        desk.tick(0);
        desk.tail = 1;
        desk.count(1).arrived = 1;
        desk.tick(36_000);
        assert_eq!(desk.queue.line.active, 1);
        desk.tick(36_100);
        assert_eq!(desk.queue.line.active, 1);
    }

    #[test]
    fn who_is_gone_does_not_count_while_claims_run() {
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
    fn more_arrivals_than_admissions_count() {
        // A number that was drawn after the tick had read the tail counts where its function
        // saw it, in the cohort before.
        let mut desk = full_desk();
        desk.count(1).arrived = 11;
        desk.tick(25);
        assert_eq!(desk.queue.line.active, 11);
    }

    #[test]
    fn a_cohort_is_a_range_of_numbers() {
        // Five wait, of whom the first two come in with the first cohort; the line is not full.
        let mut desk = Desk::new(100, 400).with_tail(5);
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
        // Whoever walks in a moment before belongs to the later one all the same.
        assert!(desk.queue.admission(6, at(19)).is_some());
    }

    #[test]
    fn a_cohort_takes_in_twenty_seconds_or_a_fifteenth_of_the_window() {
        let starts = |desk: &Desk| -> Vec<_> {
            let cohorts = desk.queue.line.cohorts.iter();
            cohorts
                .map(|cohort| (cohort.start - START) / 1_000)
                .collect()
        };
        let mut desk = Desk::new(10, 1_000).with_tail(1_000);
        desk.tick_through(0..=60);
        assert_eq!(starts(&desk), [0, 20, 40, 60]);

        let mut desk = Desk::new(10, 1_000).with_tail(1_000);
        desk.queue.settings.active_seconds = 3_600;
        desk.tick_through(0..=500);
        assert_eq!(starts(&desk), [0, 240, 480]);
        // The old ones are live for an hour, whatever is set now.
        desk.queue.settings.active_seconds = 130;
        desk.tick_through(505..=4_200);
        assert!(desk.queue.line.cohorts.len() <= 20);
    }

    #[test]
    fn changed_windows_apply_to_later_cohorts() {
        let mut desk = Desk::new(1_000, 10_000).with_tail(10_000);
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

        // Each is counted by its own: 200 of the first until 20 + 120 + 5 s.
        desk.queue.settings.max_active = 0;
        desk.tick(60);
        desk.tick(145);
        assert_eq!(desk.queue.line.active, 200);
        assert_eq!(desk.queue.line.cohorts[0].start, START);
        desk.tick(148);
        assert_eq!(desk.queue.line.active, 0);
    }

    #[test]
    fn a_cohort_that_is_over_before_an_older_one_leaves_it_its_end() {
        let mut desk = Desk::new(1_000, 10_000).with_tail(10_000);
        desk.tick_through(0..=15);
        desk.queue.settings.claim_seconds = 10;
        desk.queue.settings.active_seconds = 11;
        desk.tick_through(20..=100);
        desk.queue.settings.max_active = 0;
        // Nobody came. The first cohort has 200 numbers, and the later ones have had their time.
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
    fn who_did_not_come_in_time_may_not_come_once_claims_are_longer() {
        let mut desk = Desk::new(1_000, 10_000).with_tail(10_000);
        desk.queue.settings.claim_seconds = 10;
        desk.queue.settings.active_seconds = 11;
        desk.tick_through(0..=20);
        desk.queue.settings = settings(1_000, 10_000);
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
    fn claims_outlive_the_points_that_are_forgotten() {
        // The longest claim of a live cohort decides, not the one that is set now.
        let mut desk = Desk::new(100, 2_000).with_tail(10_000);
        desk.queue.settings.claim_seconds = 290;
        desk.tick_through(0..=10);
        let promised = desk.admission(7);
        desk.queue.settings.claim_seconds = 10;
        desk.tick_through(15..=290);
        assert_eq!(desk.admission(7), promised);
    }
}

mod estimates {
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

    #[test]
    fn nobody_is_told_nonsense() {
        let outcome = ordinary(300, 50_000).wave(10_000, 0, 60).play();
        for Estimate {
            asked_at,
            told,
            actual,
        } in outcome.estimates
        {
            let (least, most) = if asked_at < 600 { (50, 300) } else { (75, 133) };
            assert!(
                (actual * least / 100 - 15..=actual * most / 100 + 15).contains(&told),
                "told {told} s at {asked_at} s, and it was {actual} s"
            );
        }
    }
}

mod evenings {
    use super::*;

    #[test]
    fn few_places_are_idle_while_people_wait() {
        for (no_shows, walk_away, tire, most) in [(0, 0, 0, 40), (10, 0, 2, 65), (30, 30, 2, 90)] {
            let mut evening = ordinary(300, 50_000).wave(12_000, 0, 60);
            evening.crowd.no_shows = no_shows;
            evening.crowd.walk_away = walk_away;
            evening.crowd.tire = tire;
            let outcome = evening.play();
            println!(
                "{no_shows} % no-shows, {walk_away} % go away: {} thousandths idle",
                outcome.idle
            );
            assert!(outcome.idle <= most, "{} thousandths", outcome.idle);
            assert_eq!(outcome.peak, 300);
            assert!(
                outcome.largest_item < 2_000,
                "{} bytes",
                outcome.largest_item
            );
        }
    }

    #[test]
    fn a_queue_of_one_moves() {
        let mut evening = Evening::new(1, 50_000).wave(200, 0, 10);
        evening.crowd.session_seconds = 30..=30;
        let outcome = evening.play();
        assert_eq!(outcome.peak, 1);
        assert!(
            (65..=75).contains(&outcome.admitted),
            "{}",
            outcome.admitted
        );
        assert!(outcome.idle < 160, "{}", outcome.idle);
    }

    #[test]
    fn a_slow_line_lets_in_what_its_rate_says() {
        let mut evening = Evening::new(100, 200).wave(2_000, 0, 10);
        evening.crowd.session_seconds = 10..=20;
        let outcome = evening.play();
        assert!(
            (718..=721).contains(&outcome.admitted),
            "{}",
            outcome.admitted
        );
    }

    #[test]
    fn nobody_comes_in_after_the_queue_was_paused_while_nobody_waited() {
        let outcome = ordinary(100, 10_000)
            .wave(20, 0, 60)
            .wave(200, 601, 60)
            .change(600, |settings| settings.state = QueueState::Paused)
            .play();
        assert_eq!(outcome.admitted, 20);
    }

    #[test]
    fn nobody_comes_in_above_a_capacity_that_was_lowered_while_nobody_waited() {
        // `play` asserts it.
        let outcome = ordinary(100, 10_000)
            .wave(20, 0, 60)
            .wave(200, 601, 60)
            .change(600, |settings| settings.max_active = 3)
            .play();
        assert!(outcome.admitted > 30);
    }

    #[test]
    fn a_queue_that_opens_again_goes_on_at_once() {
        let outcome = ordinary(100, 10_000)
            .wave(100, 610, 60)
            .change(600, |settings| settings.state = QueueState::Paused)
            .change(700, |settings| settings.state = QueueState::Open)
            .play();
        assert!(outcome.admissions.values().all(|at| *at >= 700_000));
        assert!(
            outcome
                .admissions
                .values()
                .filter(|at| **at < 712_000)
                .count()
                >= 90
        );
    }

    #[test]
    fn a_dead_scheduler_stops_nobody() {
        let mut evening = ordinary(50, 10_000).wave(600, 300, 600);
        evening.troubles.outage = Some((100, 3_000));
        let outcome = evening.play();
        assert!(outcome.admitted > 500, "{}", outcome.admitted);
    }

    #[test]
    fn a_line_of_weeks_stays_under_two_kilobytes() {
        let mut desk = Desk::new(1_000_000, 50_000).with_tail(10_000_000);
        // Number ten million, and ticks that are never on time.
        for tick in 0..4_000 {
            desk.tick_at(START + tick * 5_050);
            desk.tail += 300;
        }
        desk.queue.settings.max_active = 1_000_000;
        assert!(desk.served(20_000) > 900_000);
        let size = item_size(&desk.queue.line);
        assert!(size < 2_000, "{size} bytes");
    }
}

mod properties {
    use super::*;

    fn any_settings() -> impl Strategy<Value = Settings> {
        let state = prop_oneof![
            6 => Just(QueueState::Open),
            1 => Just(QueueState::Paused),
            1 => Just(QueueState::Closed),
        ];
        let rate = prop_oneof![Just(1_u64), Just(200), Just(5_000), Just(50_000)];
        let max_active = prop_oneof![Just(1_u32), Just(2), 1_u32..30, Just(400)];
        (max_active, rate, 10_u32..200, 1_u32..300, 1_u32..=10, state).prop_map(
            |(max_active, rate_milli, claim_seconds, longer, tick_seconds, state)| Settings {
                max_active,
                rate_milli,
                claim_seconds,
                active_seconds: claim_seconds + longer,
                tick_seconds,
                state,
                default_concert_id: None,
                opens_at: None,
                version: 0,
            },
        )
    }

    /// A tick: how long after the last one (milliseconds), by how much the clock is off, how many
    /// have come since, what the operator has set meanwhile, what is counted.
    type AnyTick = (i64, i64, u64, Option<Settings>, Counts);

    fn any_ticks() -> impl Strategy<Value = Vec<AnyTick>> {
        let wait = prop_oneof![8 => 0_i64..11_000, 1 => 0_i64..10_000_000];
        let counts = (0_u64..50, 0_u64..50, 0_u64..50).prop_map(|(arrived, done, gone)| Counts {
            arrived,
            done,
            gone,
        });
        let settings = prop::option::weighted(0.1, any_settings());
        let tick = (wait, -2_000_i64..2_000, 0_u64..200, settings, counts);
        prop::collection::vec(tick, 1..60)
    }

    /// The queue after each of the ticks, with the time of the tick.
    fn history(first: Settings, ticks: Vec<AnyTick>) -> Vec<(i64, Queue)> {
        let mut desk = Desk::new(1, 1);
        desk.queue.settings = first;
        let mut now = START;
        let tick = |(wait, off, came, settings, counts)| {
            now += wait;
            desk.tail += came;
            if let Some(settings) = settings {
                desk.queue.settings = settings;
            }
            let line = desk
                .queue
                .tick(time(now + off), desk.tail, |_| counts, None);
            desk.queue.line = line.unwrap_or_else(|| desk.queue.line.clone());
            (now, desk.queue.clone())
        };
        ticks.into_iter().map(tick).collect()
    }

    fn any_evening() -> impl Strategy<Value = Evening> {
        let crowd = (0_u32..50, 0_u32..50, 0_u32..30, 0_u32..30, 5_i64..400).prop_map(
            |(no_shows, walk_away, tire, decline, longest)| Crowd {
                no_shows,
                walk_away,
                tire,
                decline,
                session_seconds: 1..=longest,
            },
        );
        let troubles = (
            prop_oneof![Just(0), Just(50), Just(1_000)],
            prop_oneof![Just(0_u32), Just(30)],
            prop_oneof![Just(0_u32), Just(30)],
            prop_oneof![Just(0_i64), Just(2_000)],
            prop_oneof![Just(0_i64), Just(1_000)],
            prop_oneof![Just(0_i64), Just(1_000)],
            prop_oneof![Just(0_u32), Just(10)],
            prop::option::weighted(0.2, (0_i64..1_000, 0_i64..1_000)),
        )
            .prop_map(
                |(late, lost, doubled, clocks, documents, writes, crashes, outage)| Troubles {
                    late,
                    lost,
                    doubled,
                    clocks,
                    documents,
                    writes,
                    crashes,
                    outage: outage.map(|(from, length)| (from, from + length)),
                },
            );
        let steady = (1_u32..600).prop_map(|people| Wave {
            people,
            from_second: 0,
            over_seconds: 2_000,
        });
        // After the line has long been asleep.
        let burst = (1_u32..600, 900_i64..1_500, 1_i64..600).prop_map(
            |(people, from_second, over_seconds)| Wave {
                people,
                from_second,
                over_seconds,
            },
        );
        let waves = prop_oneof![
            steady.clone().prop_map(|wave| vec![wave]),
            burst.clone().prop_map(|wave| vec![wave]),
            (steady, burst).prop_map(|(steady, burst)| vec![steady, burst]),
        ];
        let changes = prop::collection::vec((1_i64..2_400, any_settings()), 0..4);
        (
            any::<u64>(),
            any_settings(),
            changes,
            waves,
            crowd,
            troubles,
        )
            .prop_map(|(seed, settings, mut changes, waves, crowd, troubles)| {
                changes.sort_by_key(|(second, _)| *second);
                Evening {
                    seed,
                    seconds: 2_400,
                    settings,
                    changes,
                    waves,
                    crowd,
                    troubles,
                }
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Never above `max_active`, never back, nobody twice, no reader contradicts another: all
        /// of it is asserted as the evening goes on.
        #[test]
        fn an_evening_keeps_the_promises_of_the_line(evening in any_evening()) {
            evening.play();
        }

        #[test]
        fn no_line_stalls(mut evening in any_evening()) {
            evening.changes.clear();
            evening.settings.state = QueueState::Open;
            // Whoever leaves while waiting, as far as is known, is waited for in vain, and in a
            // queue of one that may happen several times in a row.
            evening.crowd.tire = 0;
            evening.crowd.decline = 0;
            evening.troubles.crashes = 0;
            // A cohort, the slack, a few lost ticks and the time that a person takes.
            let person = 1_000 / i64::try_from(evening.settings.rate_milli).expect("a small number");
            let longest = 120 + 2 * person;
            let outcome = evening.play();
            prop_assert!(outcome.longest_stall <= longest * 1_000, "{} ms", outcome.longest_stall);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn served_never_goes_back(first in any_settings(), ticks in any_ticks()) {
            let history = history(first, ticks);
            for pair in history.windows(2) {
                let [(earlier, older), (later, newer)] = pair else { unreachable!() };
                prop_assert!(older.served(time(*earlier)) <= newer.served(time(*later)));
                prop_assert!(older.line.passed <= newer.line.passed);
                // Whatever the older document says of its own time stands.
                let last = older.line.schedule.last().expect("a tick").at;
                for t in (*later..last).step_by(500) {
                    prop_assert_eq!(older.served(time(t)), newer.served(time(t)));
                }
            }
        }

        #[test]
        fn no_credit_piles_up(
            settings in any_settings(),
            waits in prop::collection::vec(0_i64..100_000, 1..60),
        ) {
            let step = settings.rate_milli * u64::from(settings.tick_seconds);
            let most = u64::from(settings.max_active).min(step.max(PERSON) / PERSON);
            let mut desk = Desk::new(1, 1);
            desk.queue.settings = settings;
            let mut now = START;
            for wait in waits {
                now += wait;
                desk.tick_at(now);
                prop_assert!(desk.credit() <= most, "{} of {most}", desk.credit());
            }
        }

        #[test]
        fn a_session_only_moves_on(
            first in any_settings(),
            ticks in any_ticks(),
            number in 1_u64..300,
            joined_after in 0_usize..60,
        ) {
            let mut history = history(first, ticks);
            for (_, queue) in &mut history {
                // Closing and opening again is the operator's word.
                if queue.settings.state == QueueState::Closed {
                    queue.settings.state = QueueState::Paused;
                }
            }
            let joined = joined_after.min(history.len() - 1);
            let (joined_at, queue) = &history[joined];
            let joined_at = time(*joined_at);
            // Who draws a number draws one that no tick has known.
            let number = queue.line.tail + number;
            let session = Session::join(UserId::new(), queue, None, number, 300, joined_at);
            let born = session.standing(queue, joined_at);
            prop_assert!(!matches!(born, Standing::Over(_)), "{born:?}");
            let mut before = (0, u64::MAX);
            for (now, queue) in &history[joined..] {
                let (stage, place) = match session.standing(queue, time(*now)) {
                    Standing::Waiting { place } => (0, place),
                    Standing::Admitted(_) => (1, 0),
                    _ => (2, 0),
                };
                prop_assert!(before.0 <= stage && before.1 >= place);
                before = (stage, place);
            }
        }
    }
}
