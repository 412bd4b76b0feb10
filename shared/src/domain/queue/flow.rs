//! How fast a line moves: what each tick measures, and the estimates made of it.
//!
//! A tick measures how long one person takes up a place: a **stay**. A stay depends on the people
//! and not on the line. So it is the same with twice the places, and can be measured while the
//! queue is paused or half empty. The speed of the line follows from the stay and the number of
//! places.
//!
//! The model of a stay: nobody finishes in its first half, and in the second half the end may come
//! at any moment. People who do the same thing at their own pace behave much like that. So those
//! who come in together neither finish at once nor all together.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    COHORT_MILLISECONDS, COHORTS_IN_A_WINDOW, COUNTING_SLACK_MILLISECONDS, Line, Queue, QueueState,
    Settings,
};
use crate::domain::schedule::PERSON;

/// Until stays have been measured, one is assumed to be the active window divided by this. An
/// operator sets a window so that nearly everybody finishes before it ends.
const GUESSED_PART_OF_WINDOW: i128 = 2;

/// The assumption has the weight of one person in each place, and of at least this many people.
const MIN_GUESSED: u32 = 2;

/// Stays are remembered for about one window of every place, and for at least this many windows,
/// because a few people say little about the next ones.
const MIN_WINDOWS_REMEMBERED: u32 = 16;

/// Somebody who has just come in stays this many eighths of a stay longer than a random person
/// inside. The random person has 5/8 of a stay left on average.
const FRESH_EIGHTHS: i128 = 3;

/// How fast places become free, as measured: how many people finished in how much time of taken
/// places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    /// People who finished, in thousandths.
    through: i64,
    /// How long places were taken meanwhile (milliseconds, summed over the places), minus the time
    /// in which people who came into free places could not finish. It is negative right after many
    /// have come in.
    taken: i64,
    /// How long people stayed (milliseconds) when a whole stay in every place had last been
    /// measured; 0 if not known.
    stay: u64,
}

impl Flow {
    fn add(&mut self, through: i128, taken: i128, remembered: i128) {
        let (mut through, mut taken) = (
            i128::from(self.through) + through,
            i128::from(self.taken) + taken,
        );
        if taken > remembered {
            through = through * remembered / taken;
            taken = remembered;
        }
        let narrow = |number: i128| i64::try_from(number).unwrap_or(i64::MAX);
        (self.through, self.taken) = (narrow(through), narrow(taken));
    }
}

impl Queue {
    /// How many people a second the line can let in while it is full, in millionths.
    pub fn flow_micro(&self) -> u64 {
        let settings = &self.settings;
        let places = u128::from(settings.max_active);
        let flow = places * 1_000_000_000 / u128::from(self.line.stay(settings));
        let max = u128::from(settings.rate_milli) * 1_000;
        u64::try_from(flow.min(max)).unwrap_or(u64::MAX)
    }

    /// In how many seconds from `now` a session with `place` will come in; `None` while nobody is
    /// let in.
    pub fn estimated_wait(&self, place: u64, now: Timestamp) -> Option<u64> {
        let settings = &self.settings;
        let lets_in = settings.max_active > 0 && settings.rate_milli > 0;
        if settings.state != QueueState::Open || !lets_in {
            return None;
        }
        let now = now.as_millisecond();
        let schedule = &self.line.schedule;
        let number = schedule.served(now).saturating_add(place);
        // While every seat on sale is sold, the line waits for the next sale to open.
        let resumes_in = self
            .sale_opens_at()
            .map_or(0, |at| at.as_millisecond() - now);
        let milliseconds = schedule.served_at(number).map_or_else(
            || {
                let (until, reached) = self.promised();
                let ahead = i128::from((until - now).max(0));
                let place = self.line.numbers_between(reached, number);
                let beyond = ahead + self.wait_beyond(place);
                beyond.max(i128::from(resumes_in))
            },
            |at| i128::from(at - now),
        );
        let seconds = milliseconds.max(0).unsigned_abs().div_ceil(1_000);
        u64::try_from(seconds).ok()
    }

    /// Until when the schedule promises admissions, and the last number promised.
    fn promised(&self) -> (i64, u64) {
        let last = self.line.schedule.last();
        last.map_or((0, 0), |last| (last.at, last.served / PERSON))
    }

    /// How many milliseconds after everything that is promised `place` more people will be in.
    ///
    /// Free places fill at the queue's rate. Everybody else needs somebody to finish: that takes
    /// one stay for each person, divided by the number of places.
    fn wait_beyond(&self, place: u64) -> i128 {
        let line = &self.line;
        let rate = i128::from(self.settings.rate_milli);
        let at_rate = |people: i128| people * 1_000_000 / rate;

        let (until, reached) = self.promised();
        let promised = line.numbers_between(line.passed, reached);
        let inside = line.active + promised;
        let places = i128::from(self.settings.max_active);
        let taken = i128::from(inside);
        let room = i128::from(line.room.saturating_sub(promised));
        let free = room.min(places - taken).max(0);
        let place = i128::from(place);
        if place <= free {
            return at_rate(place);
        }

        let stay = i128::from(self.line.stay(&self.settings));
        let fresh = stay * FRESH_EIGHTHS / 8;
        // If `max_active` was lowered, too many are inside, and those must finish first.
        let too_many = (taken - places).max(0);
        let emptying = 2 * stay * too_many / (taken + places);
        let staying =
            line.freshness(until, reached, inside, stay) * places.min(taken) / taken.max(1);
        let filling = free * (fresh + at_rate(free) / 2);
        let ends = (place - free) * stay - fresh;
        at_rate(place).max(emptying + (ends + staying + filling).max(0) / places)
    }
}

impl Line {
    /// Measures stays. `self` is the line that a tick has just made of `before`. It gets what the
    /// time in between says about how long people stay.
    pub(super) fn watch_flow(&mut self, before: &Line, settings: &Settings) {
        let elapsed = self.ticked_at - before.ticked_at;
        let taken = before.active + self.numbers_between(before.passed, self.passed);
        // Over a longer time, people have come and gone unseen. While nobody waits, numbers may
        // have been skipped that nobody had.
        let is_seen = elapsed <= 2_000 * i64::from(settings.tick_seconds);
        let people_wait = before.waiting_since.or(self.waiting_since).is_some();
        let grown = i128::from(self.active) - i128::from(before.active);
        let grown = if is_seen { grown } else { grown.max(0) };
        let mut time = -grown * before.guessed_stay(settings) * FRESH_EIGHTHS / 8;
        let mut through = 0;
        if is_seen && people_wait {
            time += i128::from(taken) * i128::from(elapsed);
            through = i128::from(taken.saturating_sub(self.active)) * i128::from(PERSON);
        }
        let places = i128::from(settings.max_active.max(MIN_WINDOWS_REMEMBERED));
        let window = i128::from(settings.active_seconds) * 1_000;
        self.flow.add(through, time, places * window);
        if self.watched(settings) >= self.enough(settings) {
            self.flow.stay = self.stay(settings);
        }
    }

    /// How long a person takes up a place, in milliseconds, at least 1. Until enough time has been
    /// measured, the missing time counts with assumed stays.
    fn stay(&self, settings: &Settings) -> u64 {
        let watched = self.watched(settings);
        let unwatched = (self.enough(settings) - watched).max(0);
        let person = i128::from(PERSON);
        let guessed = unwatched * person / self.guessed_stay(settings);
        let through = i128::from(self.flow.through) + guessed;
        let stay = (watched + unwatched) * person / through.max(1);
        let stay = stay.clamp(1, longest_stay(settings));
        u64::try_from(stay).unwrap_or(u64::MAX)
    }

    /// The assumed stay (milliseconds): the last one measured, or a part of the window.
    fn guessed_stay(&self, settings: &Settings) -> i128 {
        let stay = match self.flow.stay {
            0 => i128::from(settings.active_seconds) * 1_000 / GUESSED_PART_OF_WINDOW,
            known => i128::from(known),
        };
        stay.clamp(1, longest_stay(settings))
    }

    /// How much time of taken places must be measured to know how long people stay (milliseconds).
    fn enough(&self, settings: &Settings) -> i128 {
        let places = settings.max_active.max(MIN_GUESSED);
        self.guessed_stay(settings) * i128::from(places)
    }

    /// How much of that time has been measured. When people came in, the whole time in which they
    /// cannot finish was subtracted. What is still ahead of them is added back here.
    fn watched(&self, settings: &Settings) -> i128 {
        let guess = self.guessed_stay(settings);
        let owed = self.freshness(self.ticked_at, self.passed, self.active, guess);
        (i128::from(self.flow.taken) + owed.max(0)).max(0)
    }

    /// How much longer those inside at `now` will stay than as many random people (milliseconds,
    /// summed over them). `last` is the number that came in last.
    fn freshness(&self, now: i64, last: u64, inside: u64, stay: i128) -> i128 {
        let half = stay / 2;
        let mut owed = 0;
        // It is not known who of a cohort is still inside. It is likely that those who came in last
        // are.
        let (mut end, mut upto, mut left) = (now, last, inside);
        for cohort in self.cohorts.iter().rev() {
            let came = self.numbers_between(cohort.passed, upto).min(left);
            // The people of a cohort came in one after another.
            let ago = i128::from(now - i64::midpoint(cohort.start, end));
            owed += i128::from(came) * (half - ago).max(0);
            (end, upto, left) = (cohort.start, cohort.passed, left - came);
        }
        owed - i128::from(inside) * half / 4
    }
}

/// The longest time for which anybody takes up a place (milliseconds). A cohort is counted until
/// the window of its last person is over.
fn longest_stay(settings: &Settings) -> i128 {
    let window = i64::from(settings.active_seconds) * 1_000;
    let cohort = COHORT_MILLISECONDS.max(window / COHORTS_IN_A_WINDOW);
    i128::from(window + cohort + COUNTING_SLACK_MILLISECONDS)
}
