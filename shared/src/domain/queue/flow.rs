//! How fast a line moves: what is measured at each tick, and what people are told.
//!
//! What is measured is how long one person takes up a place: a **stay**. It is a matter of the
//! people and not of the line, so it is the same with twice the places, and can be watched while
//! the queue is paused or half empty. What the line does follows from it and from the places that
//! there are.
//!
//! A stay is taken to be half certain and half chance: in its first half nobody is through, in the
//! second the end may come at any moment. People who do the same in their own time are much like
//! that. So those who have come in together are not through at once, nor all together.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    COHORT_MILLISECONDS, COHORTS_IN_A_WINDOW, COUNTING_SLACK_MILLISECONDS, Line, Queue, QueueState,
    Settings,
};
use crate::domain::schedule::PERSON;

/// Until a stay has been watched, it is taken to be this part of the active window: an operator
/// sets a window so that nearly everybody is through before it ends.
const GUESSED_PART_OF_WINDOW: i128 = 2;

/// The guess counts for so many people at least, and else for one in each place.
const MIN_GUESSED: u32 = 2;

/// Stays are remembered for about one window of every place, and for so many windows at least: of
/// a few people, the last one says little about the next.
const MIN_WINDOWS_REMEMBERED: u32 = 16;

/// How much longer, in eighths of a stay, somebody stays who has just come in than somebody who is
/// met at random: half a stay, of which the other has a quarter left on average.
const FRESH_EIGHTHS: i128 = 3;

/// How fast places become free, as far as it has been watched: how many people were through in
/// how much time of taken places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Flow {
    /// People who were through, in thousandths.
    through: i64,
    /// How long places were taken meanwhile (milliseconds, added up over the places), less the
    /// time in which those could not be through who came into free places. It is negative right
    /// after many have.
    taken: i64,
    /// How long people stayed (milliseconds) when a whole stay in every place had last been
    /// watched; 0 is not known.
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
        let most = u128::from(settings.rate_milli) * 1_000;
        u64::try_from(flow.min(most)).unwrap_or(u64::MAX)
    }

    /// How long `place` people ahead will take from `now`, in whole seconds; `None` while nobody
    /// is let in.
    pub fn estimated_wait(&self, place: u64, now: Timestamp) -> Option<u64> {
        let settings = &self.settings;
        let lets_in = settings.max_active > 0 && settings.rate_milli > 0;
        if settings.state != QueueState::Open || !lets_in {
            return None;
        }
        let now = now.as_millisecond();
        let schedule = &self.line.schedule;
        let number = schedule.served(now).saturating_add(place);
        // While every seat that is on sale is sold, the line waits for those to come.
        let resumes_in = self
            .sale_opens_at()
            .map_or(0, |at| at.as_millisecond() - now);
        let milliseconds = schedule.served_at(number).map_or_else(
            || {
                let (until, reached) = self.promised();
                let ahead = i128::from((until - now).max(0));
                let beyond = ahead + self.wait_beyond(number.saturating_sub(reached));
                beyond.max(i128::from(resumes_in))
            },
            |at| i128::from(at - now),
        );
        let seconds = milliseconds.max(0).unsigned_abs().div_ceil(1_000);
        u64::try_from(seconds).ok()
    }

    /// Until when the schedule says who comes in, and the last one who does.
    fn promised(&self) -> (i64, u64) {
        let last = self.line.schedule.last();
        last.map_or((0, 0), |last| (last.at, last.served / PERSON))
    }

    /// How many milliseconds after all that is promised another `place` people will be in.
    ///
    /// Free places fill at the queue's rate. Everybody else needs somebody to be through: so many
    /// stays have to pass, over as many places as there are.
    fn wait_beyond(&self, place: u64) -> i128 {
        let line = &self.line;
        let rate = i128::from(self.settings.rate_milli);
        let at_rate = |people: i128| people * 1_000_000 / rate;

        let (until, reached) = self.promised();
        let promised = reached.saturating_sub(line.passed);
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
        // Lowered, the queue first has to lose those who are too many.
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
    /// Adds to the line that a tick has just made of `before` what the time in between says about
    /// how long people stay.
    pub(super) fn watch_flow(&mut self, before: &Line, settings: &Settings) {
        let elapsed = self.ticked_at - before.ticked_at;
        let taken = before.active + self.passed.saturating_sub(before.passed);
        // Over a longer time than that, people have come and gone unseen. Without anybody waiting,
        // numbers may have been skipped that nobody had.
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
    /// watched, the rest counts as if they stayed for as long as is guessed.
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

    /// How long a person takes up a place, before they have been watched (milliseconds): for as
    /// long as those before them.
    fn guessed_stay(&self, settings: &Settings) -> i128 {
        let stay = match self.flow.stay {
            0 => i128::from(settings.active_seconds) * 1_000 / GUESSED_PART_OF_WINDOW,
            known => i128::from(known),
        };
        stay.clamp(1, longest_stay(settings))
    }

    /// How much time of taken places is enough to know how long people stay (milliseconds).
    fn enough(&self, settings: &Settings) -> i128 {
        let places = settings.max_active.max(MIN_GUESSED);
        self.guessed_stay(settings) * i128::from(places)
    }

    /// How much of it has been watched. The whole of the time in which newcomers are not through
    /// was taken off when they came; what is still before them is not to be missed yet.
    fn watched(&self, settings: &Settings) -> i128 {
        let guess = self.guessed_stay(settings);
        let owed = self.freshness(self.ticked_at, self.passed, self.active, guess);
        (i128::from(self.flow.taken) + owed.max(0)).max(0)
    }

    /// How much longer those who are inside at `now` will stay than as many people who are met at
    /// random (milliseconds, added up over them); `last` is the number that came in last.
    fn freshness(&self, now: i64, last: u64, inside: u64, stay: i128) -> i128 {
        let half = stay / 2;
        let mut owed = 0;
        // Who of a cohort is still inside is not known; that the last to come in are, likely.
        let (mut end, mut upto, mut left) = (now, last, inside);
        for cohort in self.cohorts.iter().rev() {
            let came = self.numbers_between(cohort.passed, upto).min(left);
            // They came in one after another.
            let ago = i128::from(now - i64::midpoint(cohort.start, end));
            owed += i128::from(came) * (half - ago).max(0);
            (end, upto, left) = (cohort.start, cohort.passed, left - came);
        }
        owed - i128::from(inside) * half / 4
    }
}

/// The longest time for which anybody takes up a place (milliseconds): a cohort is counted until
/// the window of its last one is over.
fn longest_stay(settings: &Settings) -> i128 {
    let window = i64::from(settings.active_seconds) * 1_000;
    let cohort = COHORT_MILLISECONDS.max(window / COHORTS_IN_A_WINDOW);
    i128::from(window + cohort + COUNTING_SLACK_MILLISECONDS)
}
