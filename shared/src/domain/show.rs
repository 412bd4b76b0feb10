//! Concerts and their shows.

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ids::{ConcertId, QueueId, ShowDate, ShowId},
    money::Money,
    seat::{SEATS_A_BLOCK, SeatNumber},
    user::Name,
};

/// The seats of a show that does not say how many it has.
pub const USUAL_CAPACITY: u32 = 50;

/// A concert on one date, with its price and its seats 1 to `capacity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Show {
    /// The concert.
    pub concert_id: ConcertId,
    /// The date.
    pub date: ShowDate,
    /// What the concert is called, so that who holds a seat of it need not read the concert too.
    /// One that an earlier version has written does not say it until its concert is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concert_name: Option<Name>,
    /// The queue that its buyers come through.
    pub queue_id: QueueId,
    /// How many seats it has.
    pub capacity: u32,
    /// What one seat costs.
    pub price: Money,
    /// When its seats are sold.
    #[serde(flatten)]
    pub sale: SalesWindow,
}

/// When the seats of a show are sold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesWindow {
    /// When the sale opens; at once when it does not say.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub opens_at: Option<Timestamp>,
    /// When it closes; with the day of the show when it does not say.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub closes_at: Option<Timestamp>,
}

impl SalesWindow {
    /// Whether it opens before it closes, as far as it says.
    pub fn is_possible(self) -> bool {
        match (self.opens_at, self.closes_at) {
            (Some(opens_at), Some(closes_at)) => opens_at < closes_at,
            _ => true,
        }
    }

    /// Whether seats of a show on that date may be held now. The day of a show ends at midnight in
    /// `zone`.
    pub fn is_open(self, date: ShowDate, now: Timestamp, zone: &TimeZone) -> bool {
        let closes_at = self.closes_at.unwrap_or_else(|| end_of_day(date, zone));
        self.opens_at.is_none_or(|opens_at| opens_at <= now) && now < closes_at
    }
}

impl Show {
    /// Its id.
    pub fn id(&self) -> ShowId {
        ShowId {
            concert_id: self.concert_id,
            date: self.date,
        }
    }

    /// Whether seats may be held now. The day of a show ends at midnight in `zone`.
    pub fn is_on_sale(&self, now: Timestamp, zone: &TimeZone) -> bool {
        self.sale.is_open(self.date, now, zone)
    }

    /// Whether the show is still to come, or today.
    pub fn is_to_come(&self, now: Timestamp, zone: &TimeZone) -> bool {
        now < end_of_day(self.date, zone)
    }

    /// Whether it has that seat.
    pub fn has(&self, seat: SeatNumber) -> bool {
        seat.get() <= self.capacity
    }

    /// How many blocks its seats are stored in.
    pub fn blocks(&self) -> u32 {
        blocks(self.capacity)
    }
}

/// How many blocks so many seats of a show are stored in.
pub fn blocks(capacity: u32) -> u32 {
    capacity.div_ceil(SEATS_A_BLOCK)
}

/// Midnight at the beginning of a day in a time zone.
pub(super) fn start_of_day(date: ShowDate, zone: &TimeZone) -> Timestamp {
    date.day()
        .to_zoned(zone.clone())
        .map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

/// Midnight at the end of a day in a time zone.
fn end_of_day(date: ShowDate, zone: &TimeZone) -> Timestamp {
    date.day()
        .checked_add(1.day())
        .map_or(Timestamp::MAX, |next| start_of_day(next.into(), zone))
}

/// A time that an operator names, as RFC 3339 has it, in whole milliseconds; `None` when it is
/// written in another way. The calendar's own parser also reads years of six digits and the names
/// of time zones.
pub fn time(text: &str) -> Option<Timestamp> {
    let has_a_year = text.len() > 4
        && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
        && text.as_bytes()[4] == b'-';
    let time: Timestamp = text.parse().ok()?;
    (has_a_year && !text.contains('['))
        .then(|| Timestamp::from_millisecond(time.as_millisecond()).ok())
        .flatten()
}

/// A concert as it is listed: what a list of concerts shows without reading its shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedConcert {
    /// The concert.
    pub concert_id: ConcertId,
    /// Its name.
    pub name: Name,
    /// The date of its first show.
    pub first_date: ShowDate,
    /// The date of its last show.
    pub last_date: ShowDate,
    /// How many shows it has.
    pub shows: u32,
    /// How many seats its largest show has.
    pub max_capacity: u32,
}

/// A concert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concert {
    /// Its id.
    pub concert_id: ConcertId,
    /// Its name.
    pub name: Name,
    /// The queue that its buyers come through.
    pub queue_id: QueueId,
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
            date: "2026-12-24".parse().expect("a date"),
            concert_name: None,
            queue_id: QueueId::main(),
            capacity: 1_001,
            price: Money::won(50_000),
            sale: SalesWindow::default(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_sale_ends_with_the_day_of_the_show_where_it_plays() {
        let last_moment = at("2026-12-24T14:59:59.999Z");
        assert!(show().is_on_sale(last_moment, &seoul()));
        assert!(!show().is_on_sale(at("2026-12-24T15:00:00Z"), &seoul()));
        assert!(show().is_on_sale(at("2026-12-24T15:00:00Z"), &TimeZone::UTC));
    }

    #[test]
    fn a_sale_opens_and_closes_when_it_says_so() {
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
    fn a_time_is_written_as_rfc_3339_has_it() {
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
    }
}
