//! Numbers that nobody has take up nobody's time.

use super::*;

impl Desk {
    /// A tick learns that nobody has the numbers above the first and up to the second.
    fn learn(&mut self, ranges: &[(u64, u64)]) {
        let ranges = ranges.iter().copied().map(Range::from);
        let now = time(self.queue.line.ticked_at);
        let (line, elsewhere) = self.queue.with_joins(now, self.issued, ranges);
        self.queue.line = line;
        assert!(elsewhere.is_empty());
    }

    fn active(&self) -> u64 {
        self.queue.line.active
    }
}

#[test]
fn line_passes_them_and_lets_in_as_many_people() {
    let mut desk = Desk::new(10, 10_000).with_issued(1_000);
    desk.learn(&[(4, 500), (502, 900)]);
    desk.tick(0);
    desk.tick(5);
    // 1 to 4, 501, 502, and 901 to 904.
    assert_eq!(desk.served(5), 904);
    assert_eq!(desk.active(), 10);
    desk.tick(10);
    assert_eq!((desk.served(60), desk.active()), (904, 10), "it is full");
}

/// They were passed as people, who might still come. Then the line learns that nobody will.
#[test]
fn place_of_one_that_was_passed_is_free_at_once() {
    let mut desk = Desk::new(10, 10_000).with_issued(1_000);
    desk.tick(0);
    desk.tick(5);
    assert_eq!((desk.served(5), desk.active()), (10, 10));
    desk.learn(&[(3, 8)]);
    desk.tick(10);
    assert_eq!(desk.active(), 5);
    assert_eq!(desk.served(15), 15);
}

/// The rate is about people, too, within a tick as well.
#[test]
fn they_do_not_count_for_the_rate() {
    let mut desk = Desk::new(1_000, 2_000).with_issued(1_000);
    desk.learn(&[(4, 500)]);
    desk.tick(0);
    let served = [0, 1, 2, 3, 4, 5].map(|second| desk.served(second));
    assert_eq!(served, [0, 2, 500, 502, 504, 506]);
}

#[test]
fn they_do_not_wait() {
    let mut desk = Desk::new(2, 10_000).with_issued(100);
    desk.learn(&[(10, 90)]);
    desk.tick(0);
    desk.tick(5);
    assert_eq!(desk.queue.waiting(at(5)), 18);
    // Nobody is behind the two who are inside.
    let mut desk = Desk::new(2, 10_000).with_issued(100);
    desk.learn(&[(2, 100)]);
    desk.tick(0);
    desk.tick(5);
    assert_eq!((desk.served(5), desk.queue.waiting(at(5))), (100, 0));
}

#[test]
fn estimates_are_about_people() {
    let wait = |unused: &[(u64, u64)], place| {
        let mut desk = Desk::new(10, 10_000).with_issued(2_000);
        desk.learn(unused);
        desk.tick(0);
        desk.tick(5);
        desk.queue.estimated_wait(place, at(5)).expect("seconds")
    };
    assert_eq!(wait(&[(100, 1_100)], 1_190), wait(&[], 190));
}

#[test]
fn end_of_a_line_leaves_them_out() {
    let mut desk = Desk::new(10, 10_000).with_issued(100);
    desk.tick(0);
    desk.queue.settings.state = QueueState::Closed;
    desk.tick(5);
    // The line has ended for the numbers from 11 on. It learns of these too late.
    desk.learn(&[(8, 30), (40, 60)]);
    assert_eq!(desk.queue.line.numbers_between(0, 100), 8);
    desk.queue.settings.state = QueueState::Open;
    desk.issued = 120;
    desk.tick(10);
    desk.tick(15);
    assert_eq!(desk.active(), 10);
}

/// The people who were let in are those who could buy.
#[test]
fn they_were_not_let_in() {
    let mut desk = Desk::new(10, 10_000).with_issued(1_000);
    desk.learn(&[(5, 500)]);
    for round in 0..100 {
        let second = round * 60;
        desk.tick(second);
        let cohorts: Vec<_> = desk.queue.line.cohorts.clone();
        for cohort in cohorts {
            let counts = desk.counts.entry(cohort.start).or_default();
            counts.gone = 1_000;
        }
    }
    let passed = desk.queue.line.passed;
    assert!(passed > 600, "{passed}");
    assert_eq!(desk.queue.line.let_in(), passed - 495);
}

proptest! {
    /// Whatever the line learns and when, no more are inside than may be.
    #[test]
    fn no_more_are_inside_than_may_be(
        lengths in prop::collection::vec((1_u64..40, 1_u64..40), 1..12),
        learnt in prop::collection::vec(0_usize..14, 1..12),
    ) {
        let mut at = 0;
        let ranges: Vec<_> = lengths.iter().map(|(people, unused)| {
            let after = at + people;
            at = after + unused;
            (after, at)
        }).collect();
        let mut desk = Desk::new(7, 1_700).with_issued(at + 50);
        let mut second = 0;
        for index in learnt {
            desk.tick(second);
            if let Some(range) = ranges.get(index) {
                desk.learn(&[*range]);
            } else {
                desk.queue.settings.state = match desk.queue.settings.state {
                    QueueState::Open => QueueState::Paused,
                    _ => QueueState::Open,
                };
            }
            second += 5;
            desk.tick(second);
            let served = desk.served(second);
            let nobody: u64 = ranges
                .iter()
                .map(|(after, through)| through.min(&served).saturating_sub(*after))
                .sum();
            // Everybody who was let in is still inside.
            prop_assert!(served.min(desk.issued) - nobody <= 7);
            let points = desk.queue.line.schedule.points();
            prop_assert!(points.is_sorted_by_key(|point| (point.at, point.served)));
        }
    }
}
