//! Concerts and their shows.

use std::{collections::BTreeMap, ops::RangeInclusive};

use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ids::{ChangeId, ConcertId, PlanId, QueueId, ShowDate, ShowId, ShowKey, UserId},
    money::Money,
    plan::{Grade, Plan},
    reason::Reason,
    seat::{SEATS_A_BLOCK, SeatNumber, SeatSet},
    texts::ShowDetails,
    user::Name,
};

/// The number of seats of a show that does not name one.
pub const USUAL_CAPACITY: u32 = 50;

/// One performance of a concert, with its price and its seats 1 to `capacity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// The concert.
    pub concert_id: ConcertId,
    /// Which show of the concert: its date, and its start if the day has several.
    #[serde(rename = "date")]
    pub key: ShowKey,
    /// The concert's name, so that a hold of its seats need not read the concert too. A show that
    /// an earlier version wrote has none until its concert is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concert_name: Option<Name>,
    /// The queue of its buyers.
    pub queue_id: QueueId,
    /// How many seats it has.
    pub capacity: u32,
    /// What its seats cost, and which plan they have.
    #[serde(flatten)]
    pub pricing: Pricing,
    /// The most seats of the concert that one user may have, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_seats_a_person: Option<u32>,
    /// When its seats are sold.
    #[serde(flatten)]
    pub sale: SalesWindow,
    /// When `sale` was last changed. `None` if it is as it was when the show was created, or if an
    /// earlier version changed it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub sale_set_at: Option<Timestamp>,
    /// Whether the show was called off. Its sale has closed then, so that a version of the code that
    /// does not know this field sells nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_off: Option<CalledOff>,
    /// The queues that it has left. Those who were in one of them by then may still buy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Left>,
    /// What people want to know of it.
    #[serde(flatten)]
    pub details: ShowDetails,
}

/// That a show does not take place. It cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalledOff {
    /// When it was called off.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// The administrator.
    pub by: UserId,
    /// The reason, for everybody to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The record of it in the log of changes, which each of its refunds names too. What an earlier
    /// version stored has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_id: Option<ChangeId>,
}

/// What the seats of a show cost.
///
/// A show with a plan has no `price`. So a version of the code that does not know plans cannot read
/// it, and cannot sell its seats at a wrong price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Pricing {
    /// Its seats have a plan, and each grade of the plan has its price.
    ByGrade {
        /// The plan.
        plan_id: PlanId,
        /// The price of a seat of each grade.
        prices: BTreeMap<Grade, Money>,
    },
    /// Its seats have no plan, and all cost the same.
    Same {
        /// The price of a seat.
        price: Money,
    },
}

impl Pricing {
    /// The price of the cheapest seats.
    pub fn lowest(&self) -> Money {
        match self {
            Self::ByGrade { prices, .. } => prices.values().min().copied().unwrap_or_default(),
            Self::Same { price } => *price,
        }
    }

    /// The plan of the seats.
    pub fn plan_id(&self) -> Option<PlanId> {
        match self {
            Self::ByGrade { plan_id, .. } => Some(*plan_id),
            Self::Same { .. } => None,
        }
    }

    /// The price of each grade, if the seats have a plan.
    pub fn grades(&self) -> Option<&BTreeMap<Grade, Money>> {
        match self {
            Self::ByGrade { prices, .. } => Some(prices),
            Self::Same { .. } => None,
        }
    }

    /// The price of each of these seats, in order. `None` without the plan of the seats, or if the
    /// plan has another number of seats or other grades.
    pub fn of_seats(&self, seats: &SeatSet, plan: Option<&Plan>) -> Option<Vec<Money>> {
        let price = |seat| match self {
            Self::Same { price } => Some(*price),
            Self::ByGrade { plan_id, prices } => {
                let plan = plan.filter(|plan| plan.id() == *plan_id)?;
                prices.get(plan.grade_of(seat)?).copied()
            }
        };
        seats.iter().map(price).collect()
    }
}

/// A queue that a concert has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// The queue.
    pub queue_id: QueueId,
    /// When the concert left it.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
}

/// The limits of a limit: how many seats of a concert one user may be allowed to have.
pub const PERSON_LIMITS: RangeInclusive<u32> = 1..=100;

/// How long an instance believes its copy of the catalog. So it may still send a buyer to a queue
/// this long after a concert has left it.
pub const CATALOG_GOOD_FOR: SignedDuration = SignedDuration::from_secs(5);

/// How long after the end of a sale no new hold of its seats can appear any more: an instance
/// believes its copy of the show for 5 s ([`CATALOG_GOOD_FOR`]), a request that holds seats lasts up
/// to 10 s (its function is ended then), and clocks differ by up to 2 s. The other 3 s are for the
/// write that sets the sale's times, which comes a moment after the time that it names.
///
/// A change that is made before a sale opens keeps the same distance. It looks for taken seats for up
/// to 8 s, is written within 5 s, and is known 5 s later. Clocks differ by up to 2 s here too.
pub const HOLDS_SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(20);

/// The most queues that are remembered as left.
const MAX_LEFT: usize = 4;

impl Left {
    /// Whether a buyer joined this queue before every instance knew that the concert had left it.
    fn takes(&self, queue_id: &QueueId, joined_at: Timestamp) -> bool {
        let known_at = self.at.saturating_add(CATALOG_GOOD_FOR);
        self.queue_id == *queue_id && known_at.is_ok_and(|known_at| joined_at <= known_at)
    }
}

/// The sales window of a show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesWindow {
    /// When the sale opens; at once if not given.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub opens_at: Option<Timestamp>,
    /// When it closes. If not given: when the show starts, or at the end of its day if its key has no
    /// start.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub closes_at: Option<Timestamp>,
}

/// The state of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleState {
    /// It has not opened yet.
    Upcoming {
        /// When it opens.
        opens_at: Timestamp,
    },
    /// Seats can be held.
    Open,
    /// It has closed.
    Over,
}

impl SalesWindow {
    /// Whether it opens before it closes; always true if one of them is not given.
    pub fn is_possible(self) -> bool {
        match (self.opens_at, self.closes_at) {
            (Some(opens_at), Some(closes_at)) => opens_at < closes_at,
            _ => true,
        }
    }

    /// The window of a sale that is closed at this time, if it has not closed before.
    #[must_use]
    pub fn closed_at(self, at: Timestamp) -> Self {
        Self {
            opens_at: self.opens_at.filter(|opens_at| *opens_at < at),
            closes_at: Some(self.closes_at.map_or(at, |closes_at| closes_at.min(at))),
        }
    }

    /// Whether seats of the show with this key may be held now. Its times are those of `zone`.
    pub fn is_open(self, key: ShowKey, now: Timestamp, zone: &TimeZone) -> bool {
        self.state(key, now, zone) == SaleState::Open
    }

    /// The state of the sale of the show with this key. Its times are those of `zone`.
    pub fn state(self, key: ShowKey, now: Timestamp, zone: &TimeZone) -> SaleState {
        match self.opens_at {
            _ if self.ends_at(key, zone) <= now => SaleState::Over,
            Some(opens_at) if now < opens_at => SaleState::Upcoming { opens_at },
            _ => SaleState::Open,
        }
    }

    /// When the sale of the show with this key ends. Its times are those of `zone`.
    pub fn ends_at(self, key: ShowKey, zone: &TimeZone) -> Timestamp {
        self.closes_at.unwrap_or_else(|| match key.start() {
            Some(start) => at_local_time(start, zone),
            None => end_of_day(key.date(), zone),
        })
    }
}

/// New holds of a show's seats may appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSettled {
    /// The seconds until that is over, if the sale is closed already. `None` while it is open, or
    /// about to open.
    pub retry_after: Option<u64>,
}

impl Show {
    /// Requires that no new hold of its seats can appear, whatever instances know of it: the sale has
    /// been closed for [`HOLDS_SETTLED_AFTER`], its times are as old, and it does not open within the
    /// same time from now. The last one is for a change that is made now: until every instance knows
    /// it, the sale stays closed. The show's times are those of `zone`.
    pub fn require_settled(&self, now: Timestamp, zone: &TimeZone) -> Result<(), NotSettled> {
        let closed_at = match self.sale_state(now, zone) {
            SaleState::Over => Some(self.sale.ends_at(self.key, zone)),
            SaleState::Upcoming { opens_at }
                if opens_at.duration_since(now) >= HOLDS_SETTLED_AFTER =>
            {
                None
            }
            SaleState::Upcoming { .. } | SaleState::Open => {
                return Err(NotSettled { retry_after: None });
            }
        };
        let Some(since) = closed_at.max(self.sale_set_at) else {
            return Ok(());
        };
        match settles_in(since, now) {
            None => Ok(()),
            retry_after => Err(NotSettled { retry_after }),
        }
    }

    /// The seconds until [`HOLDS_SETTLED_AFTER`] the show was called off. `None` if it was not called
    /// off, or longer ago.
    pub fn called_off_within(&self, now: Timestamp) -> Option<u64> {
        let called_off = self.called_off.as_ref()?;
        settles_in(called_off.at, now)
    }

    /// Its id.
    pub fn id(&self) -> ShowId {
        ShowId {
            concert_id: self.concert_id,
            key: self.key,
        }
    }

    /// The day on which it plays.
    pub fn date(&self) -> ShowDate {
        self.key.date()
    }

    /// Whether seats may be held now. The show's times are those of `zone`.
    pub fn is_on_sale(&self, now: Timestamp, zone: &TimeZone) -> bool {
        self.sale.is_open(self.key, now, zone)
    }

    /// The state of its sale. The show's times are those of `zone`.
    pub fn sale_state(&self, now: Timestamp, zone: &TimeZone) -> SaleState {
        self.sale.state(self.key, now, zone)
    }

    /// Whether the show is today or later.
    pub fn is_to_come(&self, now: Timestamp, zone: &TimeZone) -> bool {
        now < end_of_day(self.date(), zone)
    }

    /// Whether it is sold to buyers who joined this queue at that time: it is the show's own queue,
    /// or was when they joined.
    pub fn is_sold_to(&self, queue_id: &QueueId, joined_at: Timestamp) -> bool {
        let takes = |left: &Left| left.takes(queue_id, joined_at);
        self.queue_id == *queue_id || self.left.iter().any(takes)
    }

    /// Whether it has this seat.
    pub fn has(&self, seat: SeatNumber) -> bool {
        seat.get() <= self.capacity
    }

    /// How many blocks its seats are stored in.
    pub fn blocks(&self) -> u32 {
        blocks(self.capacity)
    }
}

/// The seconds until [`HOLDS_SETTLED_AFTER`] `since`, rounded up. `None` if that is over.
fn settles_in(since: Timestamp, now: Timestamp) -> Option<u64> {
    let left = (HOLDS_SETTLED_AFTER - now.duration_since(since)).as_millis();
    let seconds = left.unsigned_abs().div_ceil(1_000);
    (left > 0).then(|| u64::try_from(seconds).unwrap_or(u64::MAX))
}

/// How many blocks this many seats of a show are stored in.
pub fn blocks(capacity: u32) -> u32 {
    capacity.div_ceil(SEATS_A_BLOCK)
}

/// How many seats there are in block `block` of a show with this capacity.
pub fn seats_in(capacity: u32, block: u32) -> u32 {
    capacity
        .saturating_sub(block * SEATS_A_BLOCK)
        .min(SEATS_A_BLOCK)
}

/// Midnight at the beginning of a day in a time zone.
pub(super) fn start_of_day(date: ShowDate, zone: &TimeZone) -> Timestamp {
    date.day()
        .to_zoned(zone.clone())
        .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

/// A time of day in a time zone. A time that the zone skips counts as the time as long after the
/// gap; the first of two equal times counts.
fn at_local_time(time: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_zoned(time)
        .compatible()
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// Midnight at the end of a day in a time zone.
fn end_of_day(date: ShowDate, zone: &TimeZone) -> Timestamp {
    date.day()
        .checked_add(1.day())
        .map_or(Timestamp::MAX, |next| start_of_day(next.into(), zone))
}

/// Reads a time of RFC 3339 in whole milliseconds. `None` if it is written in any other way. (The
/// library's own parser also reads years of six digits and names of time zones.)
pub fn time(text: &str) -> Option<Timestamp> {
    let has_a_year = text.len() > 4
        && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
        && text.as_bytes()[4] == b'-';
    let time: Timestamp = text.parse().ok()?;
    (has_a_year && !text.contains('['))
        .then(|| Timestamp::from_millisecond(time.as_millisecond()).ok())
        .flatten()
}

/// A concert in a list, without its shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedConcert {
    /// The concert's id.
    pub concert_id: ConcertId,
    /// The concert's name.
    pub name: Name,
    /// The date of the first show.
    pub first_date: ShowDate,
    /// The date of the last show.
    pub last_date: ShowDate,
    /// The number of shows.
    pub shows: u32,
    /// The number of seats of the largest show.
    pub max_capacity: u32,
}

/// A concert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concert {
    /// Its id.
    pub concert_id: ConcertId,
    /// Its name.
    pub name: Name,
    /// The queue of its buyers.
    pub queue_id: QueueId,
    /// The most seats of the concert that one user may have, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_seats_a_person: Option<u32>,
    /// The queues that it has left, the latest at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Left>,
}

impl Concert {
    /// Moves it to another queue. Buyers in the line of `main` may still buy it. The line of any
    /// other queue must be empty.
    pub(super) fn move_to(&mut self, queue_id: &QueueId, now: Timestamp) {
        if self.queue_id == *queue_id {
            return;
        }
        let queue_id = std::mem::replace(&mut self.queue_id, queue_id.clone());
        let earlier = |left: &Left| left.queue_id != queue_id && left.queue_id != self.queue_id;
        self.left.retain(earlier);
        self.left.push(Left { queue_id, at: now });
        if self.left.len() > MAX_LEFT {
            self.left.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seoul() -> TimeZone {
        TimeZone::get("Asia/Seoul").expect("bundled")
    }

    fn show() -> Show {
        Show {
            concert_id: ConcertId::new(),
            key: "2026-12-24".parse().expect("a date"),
            concert_name: None,
            queue_id: QueueId::main(),
            capacity: 1_001,
            pricing: Pricing::Same {
                price: Money::won(50_000),
            },
            most_seats_a_person: None,
            sale: SalesWindow::default(),
            sale_set_at: None,
            called_off: None,
            left: Vec::new(),
            details: ShowDetails::default(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn sale_ends_with_the_day_of_the_show_where_it_plays() {
        let last_moment = at("2026-12-24T14:59:59.999Z");
        assert!(show().is_on_sale(last_moment, &seoul()));
        assert!(!show().is_on_sale(at("2026-12-24T15:00:00Z"), &seoul()));
        assert!(show().is_on_sale(at("2026-12-24T15:00:00Z"), &TimeZone::UTC));
    }

    #[test]
    fn sale_of_a_show_with_a_start_ends_when_it_starts() {
        let matinee = Show {
            key: "2026-12-24T14:00".parse().expect("a key"),
            ..show()
        };
        assert!(matinee.is_on_sale(at("2026-12-24T04:59:59.999Z"), &seoul()));
        assert!(!matinee.is_on_sale(at("2026-12-24T05:00:00Z"), &seoul()));
        // It stays in the list for its whole day.
        assert!(matinee.is_to_come(at("2026-12-24T14:59:59Z"), &seoul()));
        let still_sold = Show {
            sale: SalesWindow {
                opens_at: None,
                closes_at: Some(at("2026-12-24T05:30:00Z")),
            },
            ..matinee
        };
        assert!(still_sold.is_on_sale(at("2026-12-24T05:29:59Z"), &seoul()));
        assert!(!still_sold.is_on_sale(at("2026-12-24T05:30:00Z"), &seoul()));
    }

    #[test]
    fn start_that_summer_time_skips_or_repeats_is_a_moment_too() {
        let berlin = TimeZone::get("Europe/Berlin").expect("bundled");
        for (key, ends_at) in [
            ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ] {
            let key = key.parse().expect("a key");
            assert_eq!(SalesWindow::default().ends_at(key, &berlin), at(ends_at));
        }
    }

    #[test]
    fn sale_opens_and_closes_at_its_times() {
        let show = Show {
            sale: SalesWindow {
                opens_at: Some(at("2026-11-01T11:00:00Z")),
                closes_at: Some(at("2026-11-02T11:00:00Z")),
            },
            ..show()
        };
        assert!(!show.is_on_sale(at("2026-11-01T10:59:59.999Z"), &seoul()));
        assert!(show.is_on_sale(at("2026-11-01T11:00:00Z"), &seoul()));
        assert!(!show.is_on_sale(at("2026-11-02T11:00:00Z"), &seoul()));
        assert!(show.is_to_come(at("2026-11-02T11:00:00Z"), &seoul()));
    }

    #[test]
    fn sale_state_says_whether_it_is_too_early_or_too_late() {
        let (opens_at, closes_at) = (at("2026-11-01T11:00:00Z"), at("2026-11-02T11:00:00Z"));
        let show = Show {
            sale: SalesWindow {
                opens_at: Some(opens_at),
                closes_at: Some(closes_at),
            },
            ..show()
        };
        let state = |time: &str| show.sale_state(at(time), &seoul());
        assert_eq!(
            state("2026-11-01T10:59:59.999Z"),
            SaleState::Upcoming { opens_at }
        );
        assert_eq!(state("2026-11-01T11:00:00Z"), SaleState::Open);
        assert_eq!(state("2026-11-02T11:00:00Z"), SaleState::Over);
        // A sale that would open after the show is over never opens.
        let never = Show {
            sale: SalesWindow {
                opens_at: Some(at("2027-01-01T00:00:00Z")),
                closes_at: None,
            },
            ..show.clone()
        };
        let after = at("2026-12-25T00:00:00Z");
        assert_eq!(never.sale_state(after, &seoul()), SaleState::Over);
    }

    #[test]
    fn show_is_settled_when_its_sale_is_closed_for_20_seconds_before_and_after() {
        let (opens_at, closes_at) = (at("2026-11-01T11:00:00Z"), at("2026-11-02T11:00:00Z"));
        let show = Show {
            sale: SalesWindow {
                opens_at: Some(opens_at),
                closes_at: Some(closes_at),
            },
            ..show()
        };
        let of = |show: &Show, time: &str| {
            let settled = show.require_settled(at(time), &seoul());
            settled.map_err(|not| not.retry_after)
        };
        assert_eq!(of(&show, "2026-11-01T10:59:40Z"), Ok(()));
        assert_eq!(of(&show, "2026-11-01T10:59:40.001Z"), Err(None));
        assert_eq!(of(&show, "2026-11-01T11:00:00Z"), Err(None));
        assert_eq!(of(&show, "2026-11-02T10:59:59.999Z"), Err(None));
        assert_eq!(of(&show, "2026-11-02T11:00:00Z"), Err(Some(20)));
        assert_eq!(of(&show, "2026-11-02T11:00:19.001Z"), Err(Some(1)));
        assert_eq!(of(&show, "2026-11-02T11:00:20Z"), Ok(()));
        // A sale that was open for a few seconds, between two looks of 20 seconds.
        let short = Show {
            sale: SalesWindow {
                opens_at: Some(closes_at - SignedDuration::from_secs(5)),
                ..show.sale
            },
            ..show.clone()
        };
        assert_eq!(of(&short, "2026-11-02T11:00:10Z"), Err(Some(10)));
        // Times that were set a moment ago: until then the sale may have been open.
        let just_set = |time| Show {
            sale_set_at: Some(at(time)),
            ..show.clone()
        };
        let postponed = just_set("2026-10-31T11:00:00Z");
        assert_eq!(of(&postponed, "2026-10-31T11:00:07Z"), Err(Some(13)));
        assert_eq!(of(&postponed, "2026-10-31T11:00:20Z"), Ok(()));
        let closed_in_the_past = just_set("2026-11-03T11:00:00Z");
        assert_eq!(
            of(&closed_in_the_past, "2026-11-03T11:00:05.5Z"),
            Err(Some(15))
        );
        assert_eq!(of(&closed_in_the_past, "2026-11-03T11:00:20Z"), Ok(()));
    }

    #[test]
    fn time_is_read_only_in_the_form_of_rfc_3339() {
        let noon = at("2026-11-01T11:00:00Z");
        for good in [
            "2026-11-01T11:00:00Z",
            "2026-11-01T20:00:00+09:00",
            "2026-11-01t11:00:00.000999z",
        ] {
            assert_eq!(time(good), Some(noon), "{good}");
        }
        for bad in [
            "",
            "2026",
            "2026-11-01",
            "2026-11-01T11:00:00",
            "2026-11-01T20:00:00+09:00[Asia/Seoul]",
            "+002026-11-01T11:00:00Z",
            "-002026-11-01T11:00:00Z",
            "2026-11-31T11:00:00Z",
            "내일",
        ] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }

    #[test]
    fn seats_end_at_the_capacity() {
        assert!(show().has(SeatNumber::new(1_001).expect("a seat")));
        assert!(!show().has(SeatNumber::new(1_002).expect("a seat")));
        assert_eq!(show().blocks(), 3);
        assert_eq!(
            [0, 1, 2, 3].map(|block| seats_in(1_001, block)),
            [500, 500, 1, 0]
        );
    }
}
