//! Estimates. The simulator shows that they come true.

use serde_json::json;

use super::*;

const HOUR: i64 = 3_600;

/// A line in which many wait, and everybody comes.
struct Busy {
    desk: Desk,
    second: i64,
    let_in: u64,
    /// Who is inside, and until when.
    inside: Vec<(u64, i64)>,
}

impl Busy {
    /// After an hour of people who take up a place for 150 seconds on average.
    fn new(max_active: u32) -> Self {
        let mut busy = Self {
            desk: Desk::new(max_active, 50_000).with_issued(100_000),
            second: 0,
            let_in: 0,
            inside: Vec::new(),
        };
        busy.go_on(HOUR, 150);
        busy
    }

    /// Ticks on until `until`, with people who take up a place for `seconds` on average, half a
    /// minute more or less.
    fn go_on(&mut self, until: i64, seconds: i64) {
        let Self { desk, inside, .. } = self;
        while self.second <= until {
            for (number, _) in inside.extract_if(.., |(_, until)| *until <= self.second) {
                desk.count(number).done += 1;
            }
            desk.tick(self.second);
            self.second += 5;
            for number in self.let_in + 1..=desk.served(self.second) {
                desk.count(number).arrived += 1;
                // A place is filled again five seconds after the tick has seen that it is free.
                let more = [-30, 0, 30, -15, 15][usize::try_from(number % 5).expect("small")];
                inside.push((number, self.second + seconds + more - 5));
                self.let_in = number;
            }
        }
    }
}

#[test]
fn estimate_of_a_promised_admission_is_its_time() {
    let mut desk = Desk::new(1_000, 10_000).with_issued(5_000);
    desk.tick(0);
    assert_eq!(desk.queue.estimated_wait(0, at(0)), Some(0));
    assert_eq!(desk.queue.estimated_wait(50, at(0)), Some(5));
    assert_eq!(desk.queue.estimated_wait(31, at(1)), Some(4));
}

#[test]
fn free_places_fill_at_the_rate_of_the_queue() {
    let mut desk = Desk::new(1_000, 10_000).with_issued(5_000);
    desk.tick(0);
    assert_eq!(desk.queue.estimated_wait(600, at(0)), Some(60));
    // Half a tick later 25 of the thousand have come in.
    let now = time(START + 2_500);
    assert_eq!(desk.queue.estimated_wait(575, now), Some(58));
    assert_eq!(desk.queue.estimated_wait(975, now), Some(98));
    // Another thousand later. On average a place was filled after 50 seconds. The person in it
    // stays for 150 seconds, 56 more than a random person inside would.
    assert_eq!(desk.queue.estimated_wait(2_000, at(0)), Some(257));
}

#[test]
fn estimate_behind_a_burst_is_when_the_first_of_it_finish() {
    let mut desk = Desk::new(1_000, 1_000_000).with_issued(5_000);
    desk.tick(0);
    // A thousand come in within a second. Stays are not known, so half a window is assumed. The
    // first of them will finish after three eighths of that.
    assert_eq!(desk.queue.estimated_wait(1_000, at(0)), Some(5));
    let behind = |place: u64| desk.queue.estimated_wait(1_000 + place, at(0));
    assert_eq!(behind(10), Some(61));
    assert_eq!(behind(510), Some(61 + 75));
    assert_eq!(behind(1_010), Some(61 + 150));
}

#[test]
fn burst_that_fills_free_places_is_not_flow() {
    let mut desk = Desk::new(1_000, 50_000).with_issued(5_000);
    // Half a window each, until stays are known.
    assert_eq!(desk.queue.flow_micro(), 6_666_666);
    desk.tick_through(0..=20);
    assert_eq!(desk.served(20), 1_000);
    let flow = desk.queue.flow_micro();
    assert!((6_500_000..=6_700_000).contains(&flow), "{flow}");
}

#[test]
fn flow_is_how_fast_people_finish() {
    // A hundred in 150 seconds.
    let desk = Busy::new(100).desk;
    let flow = desk.queue.flow_micro();
    assert!((660_000..=672_000).contains(&flow), "{flow}");
    let wait = desk.queue.estimated_wait(1_000, at(HOUR));
    let wait = wait.expect("an estimate");
    assert!((1_400..=1_550).contains(&wait), "{wait}");
}

#[test]
fn flow_follows_people_that_become_faster() {
    let mut busy = Busy::new(100);
    busy.go_on(HOUR + 900, 75);
    let flow = busy.desk.queue.flow_micro();
    assert!((1_200_000..=1_400_000).contains(&flow), "{flow}");
}

#[test]
fn flow_follows_the_capacity_at_once() {
    let mut desk = Busy::new(100).desk;
    let before = desk.queue.flow_micro();
    desk.queue.settings.max_active = 200;
    assert!(desk.queue.flow_micro().abs_diff(2 * before) <= 2);
    desk.queue.settings.max_active = 10;
    assert!(desk.queue.flow_micro().abs_diff(before / 10) <= 2);
}

#[test]
fn flow_is_never_more_than_the_rate() {
    let mut desk = Busy::new(100).desk;
    desk.queue.settings.rate_milli = 500;
    assert_eq!(desk.queue.flow_micro(), 500_000);
    assert_eq!(desk.queue.estimated_wait(1_000, at(HOUR + 5)), Some(2_000));
}

#[test]
fn estimate_in_a_lowered_queue_includes_the_time_until_there_is_room() {
    let mut desk = Busy::new(100).desk;
    let wait = |desk: &Desk| {
        let wait = desk.queue.estimated_wait(40, at(HOUR));
        wait.expect("an estimate")
    };
    let before = wait(&desk);
    assert!((45..=60).contains(&before), "{before}");
    desk.queue.settings.max_active = 50;
    // Half of a hundred have to finish first, at the pace of 75. Then it is half as fast.
    let lowered = wait(&desk);
    assert!((190..=220).contains(&lowered), "{lowered}");
}

#[test]
fn queue_of_one_does_not_lose_the_fractions_of_its_flow() {
    let mut desk = Desk::new(1, 50_000).with_issued(1_000);
    desk.queue.settings.active_seconds = 600;
    desk.tick_through(0..=5);
    let flow = desk.queue.flow_micro();
    assert!((3_300..=3_334).contains(&flow), "{flow}");
    let told = |place| {
        let wait = desk.queue.estimated_wait(place, at(5));
        wait.expect("an estimate") / place
    };
    assert!((300..=303).contains(&told(1)), "{} s", told(1));
    assert!((300..=303).contains(&told(100)), "{} s", told(100));
}

#[test]
fn estimate_is_missing_while_nobody_is_let_in() {
    let desk = Busy::new(100).desk;
    let refuses = |change: fn(&mut Settings)| {
        let mut queue = desk.queue.clone();
        change(&mut queue.settings);
        queue.estimated_wait(10, at(HOUR)).is_none()
    };
    assert!(!refuses(|_| {}));
    assert!(refuses(|settings| settings.state = QueueState::Paused));
    assert!(refuses(|settings| settings.state = QueueState::Closed));
    assert!(refuses(|settings| settings.max_active = 0));
    assert!(refuses(|settings| settings.rate_milli = 0));
}

#[test]
fn estimate_is_sensible_however_large_the_numbers_are() {
    let mut desk = Desk::new(u32::MAX, 10_000_000).with_issued(1 << 40);
    desk.queue.settings.active_seconds = 86_400;
    desk.tick_through(0..=600);
    let wait = desk.queue.estimated_wait(1 << 40, at(600));
    assert!(wait.is_some_and(|wait| wait > 1_000_000), "{wait:?}");
    let mut slow = Desk::new(1, 1).with_issued(1 << 40);
    slow.tick_through(0..=600);
    let wait = slow.queue.estimated_wait(1 << 40, at(600));
    assert!(wait.is_some_and(|wait| wait > 1 << 49), "{wait:?}");
}

#[test]
fn flow_starts_anew_in_a_line_that_was_stored_with_another_one() {
    let line: Line = serde_json::from_value(json!({
        "version": 7, "tail": 12, "flow": { "admitted": 900_000, "milliseconds": 180_000 },
    }))
    .expect("a line");
    assert_eq!((line.version, line.issued), (7, 12));
    assert_eq!(line.flow, Flow::default());
}
