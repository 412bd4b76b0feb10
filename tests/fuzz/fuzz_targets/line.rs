//! The line. Whatever happens to it, promises are kept, a place only gets smaller, and a stored
//! line reads the same again.

#![no_main]

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use shared::{
    domain::{
        ids::QueueId,
        queue::{Counts, Line, Opening, Queue, QueueState, SeatCount, Settings, WhoJoins},
        schedule::PERSON,
    },
    jiff::Timestamp,
};

const START: i64 = 1_700_000_000_000;

/// A tick: the time since the last one, how far its clock is off, and what it counts.
#[derive(Debug, Arbitrary)]
struct Tick {
    wait: u16,
    off: i16,
    came: u16,
    counts: [u16; 3],
    seats: Option<[u16; 4]>,
    set: Option<Set>,
}

/// New settings of an operator, limited to the allowed values.
#[derive(Debug, Arbitrary)]
struct Set {
    max_active: u32,
    rate_milli: u64,
    claim_seconds: u32,
    active_seconds: u32,
    tick_seconds: u32,
    state: u8,
}

impl Set {
    fn settings(&self) -> Settings {
        let longest = *Settings::ACTIVE_SECONDS.end();
        let claim_seconds = within(self.claim_seconds, &Settings::CLAIM_SECONDS);
        Settings {
            max_active: within(self.max_active, &Settings::MAX_ACTIVE),
            rate_milli: within(self.rate_milli, &Settings::RATE_MILLI),
            claim_seconds,
            active_seconds: self.active_seconds.clamp(claim_seconds + 1, longest),
            tick_seconds: within(self.tick_seconds, &Settings::TICK_SECONDS),
            state: match self.state % 4 {
                0 => QueueState::Paused,
                1 => QueueState::Closed,
                _ => QueueState::Open,
            },
            who: WhoJoins::Everybody,
            notice: None,
            default_concert_id: None,
            opens_at: None,
            version: 0,
        }
    }
}

fn within<T: Ord + Copy>(value: T, limits: &std::ops::RangeInclusive<T>) -> T {
    value.clamp(*limits.start(), *limits.end())
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).expect("a time")
}

fuzz_target!(|input: (Set, Vec<Tick>)| {
    let (first, ticks) = input;
    let mut queue = Queue {
        id: "arena".parse::<QueueId>().expect("an id"),
        settings: first.settings(),
        line: Line::default(),
        opening: Opening::Always,
    };
    let (mut now, mut issued) = (START, 0);
    for tick in ticks {
        now += i64::from(tick.wait);
        issued += u64::from(tick.came);
        if let Some(set) = &tick.set {
            queue.settings = set.settings();
        }
        let [arrived, done, gone] = tick.counts.map(u64::from);
        let counts = |_| Counts {
            arrived,
            done,
            gone,
        };
        let seats = tick.seats.map(|seats| {
            let [capacity, sold, held, holding] = seats.map(u64::from);
            SeatCount {
                capacity,
                sold,
                held,
                holding,
                ..SeatCount::default()
            }
        });
        let clock = time(now + i64::from(tick.off) / 16);
        let void = queue.void_credit(clock, issued, counts, seats);
        issued += void.map_or(0, |void| void.numbers);
        let Some(line) = queue.tick(clock, issued, counts, seats) else {
            continue;
        };

        let older = queue.clone();
        queue.line = line;
        let promised = older.line.schedule.last().map_or(now, |last| last.at);
        for t in [now, now + 100, promised - 1, promised] {
            let (before, after) = (older.served(time(t)), queue.served(time(t)));
            assert!(before <= after, "{before} were served at {t}, now {after}");
            // When everything is sold, the rest of the line is over at that moment.
            let is_over = older.line.closed_through != queue.line.closed_through;
            assert!(t < now || t >= promised || is_over || before == after);
        }
        let reached = queue.line.schedule.last().expect("a tick").served / PERSON;
        for number in [1, issued.max(1), reached.max(1)] {
            if let Some(at) = queue.line.schedule.served_at(number) {
                assert!(queue.line.schedule.served(at) >= number);
                assert!(queue.line.schedule.served(at - 1) < number || at <= now);
            }
            let _ = (queue.place(number, clock), queue.admission(number, clock));
            let _ = queue.is_beyond_seats(number);
        }
        let stored = serde_json::to_string(&queue.line).expect("JSON");
        let read: Line = serde_json::from_str(&stored).expect("a line");
        assert_eq!(read, queue.line);
        assert!(stored.len() < 8_000, "{} bytes", stored.len());
    }
});
