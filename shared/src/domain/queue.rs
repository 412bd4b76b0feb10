//! The line: its settings, the tick that lets people in, and what everybody computes from it
//! (`ARCHITECTURE.md#walk-1-the-line`).
//!
//! Admission writes nothing per person. A tick appends to the queue's schedule how many more people
//! may come in. Every reader computes the same answers from that. `flow` estimates how long
//! somebody will wait.

mod closures;
mod cohort;
mod flow;
mod joins;
mod opening;
pub mod pool;
mod seats;
mod unused;

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    closures::{Closure, ClosureReason, EarlyClosure},
    cohort::{Cohort, Counter, Counts},
    flow::Flow,
    opening::{MAX_AHEAD, Opening, Ticket},
    seats::{SeatCount, SeatsLeft},
    unused::{Range, Unused},
};
use super::{
    ids::{ConcertId, QueueId},
    schedule::{PERSON, Schedule},
    texts::{InLanguages, Notice},
};

/// A cohort has the people admitted within this time, or within a fifteenth of the longest active
/// window, whichever is longer. So about twenty cohorts are live at most, and the item that lists
/// them stays small.
const COHORT_MILLISECONDS: i64 = 20_000;
const COHORTS_IN_A_WINDOW: i64 = 15;

/// A cohort is counted this much longer than its window, for calls that are still under way.
const COUNTING_SLACK_MILLISECONDS: i64 = 5_000;

/// Points are kept this much longer than a claim, for readers whose clocks are behind.
const MEMORY_SLACK_MILLISECONDS: i64 = 15_000;

/// A queue is looked at on each tick until this long after its last tick. Then it is looked at once
/// a minute.
const AWAKE_MILLISECONDS: i64 = 600_000;

/// The settings that an operator makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How many sessions may be active at once.
    pub max_active: u32,
    /// Admissions a second, in thousandths.
    pub rate_milli: u64,
    /// How long after its admission a session may make its first protected call.
    pub claim_seconds: u32,
    /// How long an admitted session stays active. New settings require that it is at least ten
    /// seconds longer than `claim_seconds`.
    pub active_seconds: u32,
    /// Time between two ticks.
    pub tick_seconds: u32,
    /// Whether people may join and come in.
    pub state: QueueState,
    /// Who may join. Settings from before this was stored mean everybody. It is stored only if it
    /// is somebody else, so that earlier versions of the code read what they wrote.
    #[serde(default, skip_serializing_if = "WhoJoins::is_everybody")]
    pub who: WhoJoins,
    /// What the operator tells those who wait. Settings from before this was stored have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<InLanguages<Notice>>,
    /// The concert of those who join without naming one. It is stored beside the other settings,
    /// because `main` may have one and take everything else from the template.
    #[serde(skip)]
    pub default_concert_id: Option<ConcertId>,
    /// When it opens or has opened, unless it was open from the beginning.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub opens_at: Option<Timestamp>,
    /// How many times an operator has made them; 0 for those of the template.
    #[serde(default)]
    pub version: u64,
}

/// The limits of settings, both of a queue's and of the template's parameters.
impl Settings {
    /// How many may be active at once.
    pub const MAX_ACTIVE: RangeInclusive<u32> = 1..=1_000_000;
    /// Admissions a second, in thousandths.
    pub const RATE_MILLI: RangeInclusive<u64> = 1..=10_000_000;
    /// How long a claim lasts. With less than ten seconds, people could not arrive in time.
    pub const CLAIM_SECONDS: RangeInclusive<u32> = 10..=3_600 - Self::MIN_SECONDS_LEFT;
    /// How long an admitted session is active.
    pub const ACTIVE_SECONDS: RangeInclusive<u32> = 10 + Self::MIN_SECONDS_LEFT..=3_600;
    /// A session that arrives at the very end of its claim is still active for at least this long.
    pub const MIN_SECONDS_LEFT: u32 = 10;
    /// Time between two ticks.
    pub const TICK_SECONDS: RangeInclusive<u32> = 1..=30;

    /// The smallest and the largest rate, in admissions a second.
    #[expect(clippy::cast_precision_loss, reason = "both are small")]
    pub fn rate_bounds() -> (f64, f64) {
        let (min, max) = (Self::RATE_MILLI.start(), Self::RATE_MILLI.end());
        (*min as f64 / 1_000.0, *max as f64 / 1_000.0)
    }

    /// Whether every session that arrives is active for at least [`Settings::MIN_SECONDS_LEFT`].
    pub const fn leave_time(claim_seconds: u32, active_seconds: u32) -> bool {
        claim_seconds <= Self::longest_claim(active_seconds)
    }

    /// The longest claim that leaves that time.
    pub const fn longest_claim(active_seconds: u32) -> u32 {
        active_seconds.saturating_sub(Self::MIN_SECONDS_LEFT)
    }
}

/// Whether people may join a queue, and are let in.
///
/// - `OPEN`: people join and are let in.
/// - `PAUSED`: people join and wait. Those inside may finish.
/// - `CLOSED`: nobody may join, and the line ends for those who wait. Those inside may finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum QueueState {
    /// People join and are let in.
    Open,
    /// People join and wait.
    Paused,
    /// Nobody may join, and the line ends for those who wait.
    Closed,
}

/// Who may join a queue. Those who are in its line stay, whoever they are.
///
/// - `everybody`: guests, and users with an account.
/// - `accounts`: only users with an account: an e-mail address, which is not verified, and a
///   password.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WhoJoins {
    /// Guests, and users with an account.
    #[default]
    Everybody,
    /// Only users with an account.
    Accounts,
}

impl WhoJoins {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_everybody(&self) -> bool {
        *self == Self::Everybody
    }
}

/// The line of a queue as the last tick left it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// Counts up with each tick. A write requires that it is the one that was read.
    pub version: u64,
    /// When the queue lets in how many.
    pub schedule: Schedule,
    /// The cohorts that may still have active members.
    pub cohorts: Vec<Cohort>,
    /// How many numbers have been issued.
    #[serde(rename = "tail")]
    pub issued: u64,
    /// How many are admitted and not finished, as far as the tick knew.
    pub active: u64,
    /// How many more could have come in at once.
    pub room: u64,
    /// When the last tick began (milliseconds).
    pub ticked_at: i64,
    /// How many issued numbers were served by then.
    pub passed: u64,
    /// Since when somebody has been waiting without a break (milliseconds).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<i64>,
    /// How fast places become free.
    pub flow: Flow,
    /// The seats left when they were last counted, if admission depends on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats: Option<SeatsLeft>,
    /// The last number for which the seats ended: all were sold, or nothing is sold any more. A
    /// session with a number up to this one can buy nothing, unless it holds seats.
    #[serde(skip_serializing_if = "is_default")]
    pub closed_through: u64,
    /// How many pools a join may draw its number from, if the queue is rushed; 0: from the counter.
    #[serde(skip_serializing_if = "is_default")]
    pub pools: u8,
    /// Until when pools were filled whose numbers are all drawn or known to be unused
    /// (milliseconds).
    #[serde(skip_serializing_if = "is_default")]
    pub pools_settled: i64,
    /// The numbers that nobody has.
    #[serde(skip_serializing_if = "Unused::is_none")]
    pub unused: Unused,
    /// The closures: where the line ended and why, the smallest numbers first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub closures: Vec<Closure>,
    /// Where it ended before the opening, the earliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub early_closures: Vec<EarlyClosure>,
}

/// Whether a value is left out where it is stored, because a reader without it takes the same.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A queue: its settings and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub id: QueueId,
    /// What the operator set.
    pub settings: Settings,
    /// The state of its line.
    pub line: Line,
    /// How it opens.
    pub opening: Opening,
}

/// An admission: when it was, and the windows that follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// When the number was served, or when its session joined, if that was later.
    pub admitted_at: Timestamp,
    /// Until when the session may make its first protected call.
    pub claim_until: Timestamp,
    /// Until when the session is active.
    pub active_until: Timestamp,
    /// The cohort that counts it.
    pub cohort: i64,
    /// How many items have the counts of that cohort.
    pub counters: u8,
}

impl Admission {
    /// One of the items that may count it.
    pub fn any_counter(&self) -> Counter {
        Counter::any(self.cohort, self.counters)
    }
}

/// Credit that nobody may use any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoidCredit {
    /// How many numbers, right after the last number issued.
    pub numbers: u64,
    /// The cohort that counts them.
    pub cohort: i64,
}

impl Queue {
    /// How many numbers have been served at `now`.
    pub fn served(&self, now: Timestamp) -> u64 {
        self.line.schedule.served(now.as_millisecond())
    }

    /// How far `number` is from being served; 0 when it has been.
    pub fn place(&self, number: u64, now: Timestamp) -> u64 {
        number.saturating_sub(self.served(now))
    }

    /// The admission of a session with this number; `None` if the schedule does not reach it yet. A
    /// number for which the line ended has none either, although the schedule has passed it.
    pub fn admission(&self, number: u64, joined_at: Timestamp) -> Option<Admission> {
        if self.ended_for(number).is_some() {
            return None;
        }
        let served_at = self.line.schedule.served_at(number)?;
        let admitted_at = Timestamp::from_millisecond(served_at).ok()?.max(joined_at);
        let cohort = self.cohort_of(number)?;
        Some(Admission {
            admitted_at,
            claim_until: after(admitted_at, cohort.claim_seconds),
            active_until: after(admitted_at, cohort.active_seconds),
            cohort: cohort.start,
            counters: cohort.counters,
        })
    }

    /// The cohort of `number`. If that cohort is forgotten, its windows ended long ago, so the
    /// windows are 0.
    fn cohort_of(&self, number: u64) -> Option<Cohort> {
        let cohorts = &self.line.cohorts;
        let later = cohorts.partition_point(|cohort| cohort.passed < number);
        let known = later.checked_sub(1).map(|i| cohorts[i]);
        known.or_else(|| {
            cohorts.first().map(|oldest| Cohort {
                claim_seconds: 0,
                active_seconds: 0,
                ..*oldest
            })
        })
    }

    /// Whether a caller should tick: two ticks have been missed, or what the queue sells has
    /// changed since the last one. Before the opening, the tick that is due first is the one at the
    /// opening.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        if self.offer_has_changed(now) {
            return true;
        }
        let opened_at = self.opens_at().map(Timestamp::as_millisecond);
        let ticked_at = self.line.schedule.last().map(|_| self.line.ticked_at);
        let ticked_at = opened_at.or(ticked_at);
        ticked_at.is_none_or(|at| at + 2 * self.tick_milliseconds() < now.as_millisecond())
    }

    /// How many were waiting at `now`, among the numbers that the last tick knew of.
    pub fn waiting(&self, now: Timestamp) -> u64 {
        self.line
            .numbers_between(self.served(now), self.line.issued)
    }

    /// Whether people wait for nothing: two ticks have been missed, so nobody knows whether there
    /// is room. Or the last tick found room, but let nobody in.
    pub fn is_stalled(&self, now: Timestamp) -> bool {
        let line = &self.line;
        let reached = line.schedule.last().map_or(0, |last| last.served);
        let stands = reached <= line.schedule.served_milli(line.ticked_at);
        let lets_in = self.settings.state == QueueState::Open;
        lets_in && self.waiting(now) > 0 && (self.is_stale(now) || line.room > 0 && stands)
    }

    /// Whether nobody waits or is active, if `issued` numbers have been issued.
    pub fn is_empty(&self, now: Timestamp, issued: u64, counts: impl Fn(i64) -> Counts) -> bool {
        let served = self.served(now);
        let mut line = self.line.clone();
        issued <= served && line.count_active(now.as_millisecond(), served.min(issued), counts) == 0
    }

    /// Whether a tick can be skipped: at the last tick nobody was active or waiting, and no number
    /// has been issued since.
    pub fn is_idle(&self, issued: u64) -> bool {
        self.is_quiet() && self.line.issued == issued
    }

    /// Whether nobody was active or waiting at the last tick, and the settings still cover the
    /// credit that it left. Then another tick is worth its price only if a number has been issued
    /// since.
    pub fn is_quiet(&self) -> bool {
        let line = &self.line;
        let reached = line.schedule.last().map_or(0, |last| last.served / PERSON);
        let covered = reached.saturating_sub(line.issued) <= self.places_free(0, None);
        let ticked = line.schedule.last().is_some();
        let calm = line.waiting_since.is_none() && line.pools == 0;
        ticked && line.active == 0 && calm && covered
    }

    /// Whether the last tick was so long ago that the queue need not be looked at each time.
    pub fn has_slept_in(&self, now: Timestamp) -> bool {
        now.as_millisecond() - self.line.ticked_at >= AWAKE_MILLISECONDS
    }

    /// Lets people in: returns the line after a tick at `now`. `issued` is how many numbers have
    /// been issued, `counts` are the counts of the live cohorts, and `seats` those of the seats,
    /// where they matter. `None` if the schedule already reaches more than half a tick ahead,
    /// unless the line ends.
    ///
    /// In doubt fewer people come in: somebody counts as active unless they are known to have
    /// finished or not to have come.
    pub fn tick(
        &self,
        now: Timestamp,
        issued: u64,
        counts: impl Fn(i64) -> Counts,
        seats: Option<SeatCount>,
    ) -> Option<Line> {
        let now = now.as_millisecond();
        let tick = self.tick_milliseconds();
        // The schedule is only appended to: an admission is never taken back.
        let start = self
            .line
            .schedule
            .last()
            .map_or(now, |last| last.at.max(now));
        // Numbers are never taken back, but this count may be older than the last tick's.
        let issued = issued.max(self.line.issued);
        let ends = self.ends(start, issued, seats);
        if start - now > tick / 2 && !ends {
            return self.with_new_offer(now, seats);
        }

        let mut line = self.line.clone();
        let served = line.schedule.served_milli(start);
        let passed = (served / PERSON).min(issued);
        // The credit that nobody has used yet.
        let ahead = (served / PERSON).saturating_sub(issued);
        line.begin_cohort(start, passed, &self.settings);
        line.active = line.count_active(now, passed, counts);
        let anybody_waits = line.numbers_between(passed, issued) > 0;
        line.waiting_since = anybody_waits.then_some(line.waiting_since.unwrap_or(start));
        line.room = self.places_free(line.active, seats).saturating_sub(ahead);

        let step = self.settings.rate_milli * u64::from(self.settings.tick_seconds);
        let target = line
            .unused
            .beyond(served, (line.room * PERSON).min(step))
            .min(issued * PERSON + step.max(PERSON))
            .max(served);
        line.passed = passed;
        if let Some(seats) = seats {
            line.remember(seats, now);
        }
        line.schedule.append(start, served);
        if self.settings.state == QueueState::Closed {
            line.end_for_waiting(start, issued);
        }
        let seats_end = seats.and_then(SeatCount::ending);
        if let Some(reason) = seats_end {
            line.end_for_all(start, issued, reason);
        } else {
            // While nobody waits, newcomers walk straight in, so the credit is there at once.
            let served = line.schedule.served_milli(start);
            let anybody_waits = line.numbers_between(served / PERSON, issued) > 0;
            if anybody_waits {
                line.pass_unused(start, tick, served, target);
            }
            line.schedule.append(
                if anybody_waits { start + tick } else { start },
                target.max(served),
            );
        }
        line.forget(now);
        line.version += 1;
        // Another look at a line that is still over must not keep it awake.
        let still_over = self.has_no_seats() && line.closed_through == self.line.closed_through;
        if !(still_over && line.closed_through == issued) {
            line.ticked_at = start;
        }
        line.issued = issued;
        if !ends && seats_end.is_none() {
            line.watch_flow(&self.line, &self.settings);
        }
        Some(line)
    }

    /// Whether a tick that begins at `start` ends the line for somebody in it.
    fn ends(&self, start: i64, issued: u64, seats: Option<SeatCount>) -> bool {
        let reached = self.line.schedule.served_milli(start) / PERSON;
        let closes = self.settings.state == QueueState::Closed && reached < issued;
        let seats_end = seats.is_some_and(|seats| seats.ending().is_some());
        closes || seats_end && self.line.closed_through < issued
    }

    /// The line of a tick that comes too early to let people in; `None` if what the queue sells has
    /// not changed. `now` is in milliseconds.
    pub fn with_new_offer(&self, now: i64, seats: Option<SeatCount>) -> Option<Line> {
        let mut line = self.line.clone();
        line.remember(seats?, now);
        let offer = |line: &Line| line.seats.as_ref().map(SeatsLeft::offer);
        line.version += 1;
        (offer(&line) != offer(&self.line)).then_some(line)
    }

    /// The credit that nothing covers any more, because the queue was paused, `max_active` was
    /// lowered, or the last seat was sold while nobody waited. The number served never decreases.
    /// So the tick first skips these numbers. It adds them to the numbers issued, on condition that
    /// those are still `issued`, and then to the `gone` of the cohort.
    pub fn void_credit(
        &self,
        now: Timestamp,
        issued: u64,
        counts: impl Fn(i64) -> Counts,
        seats: Option<SeatCount>,
    ) -> Option<VoidCredit> {
        let reached = self.line.schedule.last()?.served / PERSON;
        let ahead = reached.saturating_sub(issued);
        let mut line = self.line.clone();
        let active = line.count_active(now.as_millisecond(), reached.min(issued), counts);
        let numbers = ahead.saturating_sub(self.places_free(active, seats));
        (numbers > 0).then_some(VoidCredit {
            numbers,
            cohort: self.cohort_of(reached)?.start,
        })
    }

    /// How many more may come in, while this many are active and these seats are left.
    fn places_free(&self, active: u64, seats: Option<SeatCount>) -> u64 {
        match self.settings.state {
            QueueState::Open => u64::from(self.settings.max_active)
                .saturating_sub(active)
                .min(self.seats_offered(active, seats)),
            QueueState::Paused | QueueState::Closed => 0,
        }
    }

    fn tick_milliseconds(&self) -> i64 {
        i64::from(self.settings.tick_seconds) * 1_000
    }
}

impl Line {
    fn begin_cohort(&mut self, start: i64, passed: u64, settings: &Settings) {
        let windows = self.cohorts.iter().map(|cohort| cohort.active_seconds);
        let longest = i64::from(windows.max().unwrap_or(0)) * 1_000;
        let length = COHORT_MILLISECONDS.max(longest / COHORTS_IN_A_WINDOW);
        let due = self
            .cohorts
            .last()
            .is_none_or(|last| start - last.start >= length);
        if due {
            self.cohorts.push(Cohort {
                start,
                passed,
                claim_seconds: settings.claim_seconds,
                active_seconds: settings.active_seconds,
                counters: Cohort::counters_for(settings.rate_milli),
            });
        }
    }

    /// Counts those admitted and not finished, and forgets the cohorts that can have none.
    ///
    /// While a cohort's claims run, everybody admitted counts who has not left. Afterwards only
    /// those count who have arrived.
    fn count_active(&mut self, now: i64, passed: u64, counts: impl Fn(i64) -> Counts) -> u64 {
        let mut active = 0;
        let mut over = 0;
        for (i, cohort) in self.cohorts.iter().enumerate() {
            let next = self.cohorts.get(i + 1);
            let runs = |seconds: u32| {
                next.is_none_or(|next| {
                    let end = next.start + i64::from(seconds) * 1_000;
                    now <= end + COUNTING_SLACK_MILLISECONDS
                })
            };
            if !runs(cohort.active_seconds) {
                // A cohort with shorter windows may be over before an older one. It stays as long
                // as the older one needs it as its end.
                over += usize::from(over == i);
                continue;
            }
            let Counts {
                arrived,
                done,
                gone,
            } = counts(cohort.start);
            let upto = next.map_or(passed, |next| next.passed);
            let came = self.numbers_between(cohort.passed, upto);
            let expected = came.saturating_sub(gone);
            let admitted = if runs(cohort.claim_seconds) {
                expected.max(arrived)
            } else {
                arrived
            };
            active += admitted.saturating_sub(done);
        }
        self.cohorts.drain(..over);
        if let Some(oldest) = self.cohorts.first() {
            self.unused.forget_through(oldest.passed);
        }
        active
    }

    /// Forgets the points that no running claim needs.
    fn forget(&mut self, now: i64) {
        let longest_claim = self
            .cohorts
            .iter()
            .map(|cohort| cohort.claim_seconds)
            .max()
            .unwrap_or(0);
        self.schedule
            .forget_before(now - i64::from(longest_claim) * 1_000 - MEMORY_SLACK_MILLISECONDS);
    }
}

fn after(time: Timestamp, seconds: u32) -> Timestamp {
    time.saturating_add(SignedDuration::from_secs(i64::from(seconds)))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
