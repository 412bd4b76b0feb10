//! A user's passage through one queue: waiting, active, holding, over.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ids::{ArrivalId, ConcertId, QueueId, SessionId, UserId},
    order::Hold,
    queue::{Admission, Counter, Queue, Ticket},
};

/// How long a queue token is valid. Its session may last longer: then a new token is issued.
pub const QUEUE_TOKEN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A join gets a new token if the last one has less than this left.
const RENEWED_BELOW: SignedDuration = SignedDuration::from_hours(15 * 24);

/// A session as stored. [`Session::standing`] returns its state at a given time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The user that it belongs to.
    pub user_id: UserId,
    /// The queue.
    pub queue_id: QueueId,
    /// Which passage of the user through the queue it is. This is the `jti` of its token.
    pub jti: SessionId,
    /// The number or early entry that it has drawn. It never changes.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// The concert that it was joined for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concert_id: Option<ConcertId>,
    /// The `Idempotency-Key` of the join. The join may be repeated as long as the session is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_key: Option<String>,
    /// When it joined.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub joined_at: Timestamp,
    /// When the last token issued expires. The session itself goes on.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub expires_at: Timestamp,
    /// Its arrival, once it has arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Arrival>,
    /// The seats that it holds. The hold may have lapsed; once it is paid it is not here any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_hold: Option<Hold>,
    /// The last hold that was cancelled or lapsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_hold: Option<EndedHold>,
    /// Why it is over, if a write has closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Ending>,
}

/// The arrival: the first protected call after the admission. From then on the schedule is not
/// asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The id of the write that made it.
    pub arrival_id: ArrivalId,
    /// When it was.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub arrived_at: Timestamp,
    /// When the session was admitted.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub admitted_at: Timestamp,
    /// Until when the session is active.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub active_until: Timestamp,
    /// The cohort that counts it.
    pub cohort: i64,
    /// Which item of the cohort counts it.
    #[serde(default, skip_serializing_if = "is_first")]
    pub stripe: u8,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_first(stripe: &u8) -> bool {
    *stripe == 0
}

impl Arrival {
    /// The arrival at `now` after this admission.
    pub fn new(admission: Admission, now: Timestamp) -> Self {
        let Counter { cohort, stripe } = admission.any_counter();
        Self {
            arrival_id: ArrivalId::new(),
            arrived_at: now,
            admitted_at: admission.admitted_at,
            active_until: admission.active_until,
            cohort,
            stripe,
        }
    }

    /// The item that counts it.
    pub fn counter(&self) -> Counter {
        Counter {
            cohort: self.cohort,
            stripe: self.stripe,
        }
    }
}

/// A hold that was not paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedHold {
    /// The hold.
    #[serde(flatten)]
    pub hold: Hold,
    /// How it ended.
    pub outcome: HoldOutcome,
}

impl EndedHold {
    /// What a session remembers of a hold. The concert's name, the plan, the price of each seat and
    /// the limit are left out, because nobody needs them for a reservation that was not paid, and a session
    /// should stay below 1 KB.
    pub fn new(hold: &Hold, outcome: HoldOutcome) -> Self {
        Self {
            hold: Hold {
                concert_name: None,
                plan_id: None,
                prices: None,
                limit: None,
                ..hold.clone()
            },
            outcome,
        }
    }
}

/// How a hold that was not paid ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum HoldOutcome {
    /// Its time was over.
    Expired,
    /// Its owner gave it up.
    Cancelled,
}

/// The reason why a session is over.
///
/// - `NO_SHOW`: the arrival did not come in time.
/// - `WINDOW_OVER`: the time to choose ended without a hold.
/// - `HOLD_EXPIRED`: a hold was not paid in time.
/// - `PAID`: the session has paid.
/// - `LEFT`: the user left, or the session was ended for them.
/// - `SOLD_OUT`: every seat was sold before it was served.
/// - `SALE_OVER`: nothing that the queue sells could be bought any more.
/// - `QUEUE_CLOSED`: an administrator closed the queue while it waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ending {
    /// The arrival did not come in time.
    NoShow,
    /// The time to choose ended without a hold.
    WindowOver,
    /// A hold was not paid in time.
    HoldExpired,
    /// The session has paid.
    Paid,
    /// The user left, or the session was ended for them.
    Left,
    /// Every seat was sold before it was served.
    SoldOut,
    /// Nothing that the queue sells could be bought any more.
    SaleOver,
    /// An administrator closed the queue while it waited.
    QueueClosed,
}

/// The state of a session at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has an early entry. The queue has not opened, and the draw will decide its number.
    Early,
    /// Its number has not been served. `place` people, including itself, must be served first.
    Waiting {
        /// At least 1.
        place: u64,
    },
    /// Its number has been served, and it has not made a protected call yet.
    Admitted(Admission),
    /// It may do everything until then.
    Active {
        /// End of the window.
        until: Timestamp,
    },
    /// Its window is over. Until the hold ends, it may pay, cancel, and read what it holds.
    Holding {
        /// End of the hold.
        until: Timestamp,
    },
    /// Closed or expired, which is final.
    Over(Ending),
}

impl Standing {
    /// Whether it is over, which is final.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Over(_))
    }
}

impl Session {
    /// A session that joins now.
    pub fn join(
        user_id: UserId,
        queue: &Queue,
        concert_id: Option<ConcertId>,
        ticket: impl Into<Ticket>,
        now: Timestamp,
    ) -> Self {
        Self {
            user_id,
            queue_id: queue.id.clone(),
            jti: SessionId::new(),
            ticket: ticket.into(),
            concert_id,
            join_key: None,
            joined_at: now,
            expires_at: token_expires_at(now),
            arrival: None,
            live_hold: None,
            last_hold: None,
            closed: None,
        }
    }

    /// The session with a new token, if the last one does not last much longer. So anyone who may
    /// have the token again can always go on.
    pub fn renewed(&self, now: Timestamp) -> Option<Self> {
        (self.expires_at.duration_since(now) < RENEWED_BELOW).then(|| Self {
            expires_at: token_expires_at(now),
            ..self.clone()
        })
    }

    /// Whether no token of it is valid any more.
    pub fn has_no_good_token(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }

    /// When the last token was issued.
    pub fn issued_at(&self) -> Timestamp {
        let issued_at = self.expires_at.saturating_sub(QUEUE_TOKEN);
        issued_at.unwrap_or(self.joined_at).max(self.joined_at)
    }

    /// Its state, if it can be known without its queue: once it has arrived or is closed.
    pub fn standing_by_itself(&self, now: Timestamp) -> Option<Standing> {
        if let Some(ending) = self.closed {
            return Some(Standing::Over(ending));
        }
        if self
            .live_hold
            .as_ref()
            .is_some_and(|hold| !hold.is_live(now))
        {
            return Some(Standing::Over(Ending::HoldExpired));
        }
        let until = self.arrival?.active_until;
        Some(match &self.live_hold {
            _ if now < until => Standing::Active { until },
            Some(hold) => Standing::Holding {
                until: hold.held_until,
            },
            None => Standing::Over(Ending::WindowOver),
        })
    }

    /// Its state. If it holds nothing, it is over as soon as its queue has no seats any more. If it
    /// waits, it is over when the queue is closed.
    pub fn standing(&self, queue: &Queue, now: Timestamp) -> Standing {
        match self.standing_by_itself(now) {
            Some(Standing::Active { until }) if self.live_hold.is_none() => {
                let number = queue.number_of(self.ticket);
                let ended = number.and_then(|number| queue.ended_inside(number));
                ended.map_or(Standing::Active { until }, Standing::Over)
            }
            Some(standing) => standing,
            None => self.standing_in_line(queue, now),
        }
    }

    fn standing_in_line(&self, queue: &Queue, now: Timestamp) -> Standing {
        if let Ticket::Early(entry) = self.ticket
            && let Some(ending) = queue.ended_early_for(entry)
        {
            return Standing::Over(ending);
        }
        let Some(number) = queue.number_of(self.ticket) else {
            return Standing::Early;
        };
        if let Some(ending) = queue.ended_for(number) {
            return Standing::Over(ending);
        }
        match queue.admission(number, self.joined_at) {
            Some(admission) if admission.admitted_at <= now => {
                if now < admission.claim_until {
                    Standing::Admitted(admission)
                } else {
                    Standing::Over(Ending::NoShow)
                }
            }
            _ => Standing::Waiting {
                place: queue.place(number, now).max(1),
            },
        }
    }

    /// The last hold of a session that is over. The next session keeps it, so that the user's
    /// latest lapsed or cancelled reservation in a queue can be looked up.
    pub fn hold_left_behind(&self) -> Option<EndedHold> {
        let lapsed = self.live_hold.as_ref();
        let lapsed = lapsed.map(|hold| EndedHold::new(hold, HoldOutcome::Expired));
        lapsed.or_else(|| self.last_hold.clone())
    }

    /// Why this session is over, according to `found`, the item that was there when a write to the
    /// session was refused. `None` if a later session was found, or none.
    pub fn why_over(&self, found: Option<&Self>, now: Timestamp) -> Option<Ending> {
        let same = found.filter(|found| found.jti == self.jti)?;
        match same.standing_by_itself(now) {
            Some(Standing::Over(ending)) => Some(ending),
            _ => None,
        }
    }

    /// The live hold, if it may still be paid.
    pub fn payable_hold(&self, now: Timestamp) -> Option<&Hold> {
        self.live_hold
            .as_ref()
            .filter(|hold| self.closed.is_none() && hold.is_live(now))
    }
}

fn token_expires_at(now: Timestamp) -> Timestamp {
    now.saturating_add(QUEUE_TOKEN).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{PaymentId, ReservationId},
        money::Money,
        queue::samples,
        seat::{SeatNumber, SeatSet},
    };

    const JOINED: i64 = 1_700_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(JOINED + second).expect("a time")
    }

    fn queue() -> Queue {
        samples::queue(10, 1_000)
    }

    /// Admitted at 10 s, arrived at 60 s.
    fn active() -> Session {
        let mut session = Session::join(UserId::new(), &queue(), None, 7, at(0));
        let admission = Admission {
            admitted_at: at(10),
            claim_until: at(130),
            active_until: at(310),
            cohort: 0,
            counters: 1,
        };
        session.arrival = Some(Arrival::new(admission, at(60)));
        session
    }

    fn hold_until(second: i64) -> Hold {
        let seat = SeatNumber::new(1).expect("a seat");
        Hold {
            reservation_id: ReservationId::new(),
            payment_id: PaymentId::new(),
            concert_id: ConcertId::new(),
            show_key: "2030-05-01".parse().expect("a date"),
            concert_name: None,
            seats: SeatSet::new(vec![seat]).expect("a set"),
            amount: Money::ZERO,
            plan_id: None,
            prices: None,
            limit: None,
            held_until: at(second),
        }
    }

    #[test]
    fn session_that_has_arrived_is_active_until_its_window_ends() {
        let session = active();
        let standing = |second| session.standing(&queue(), at(second));
        assert_eq!(standing(60), Standing::Active { until: at(310) });
        assert_eq!(standing(309), Standing::Active { until: at(310) });
        assert_eq!(standing(310), Standing::Over(Ending::WindowOver));
    }

    #[test]
    fn hold_that_outlasts_the_window_can_be_paid_until_it_ends() {
        let mut session = active();
        session.live_hold = Some(hold_until(400));
        let standing = |second| session.standing(&queue(), at(second));
        assert_eq!(standing(309), Standing::Active { until: at(310) });
        assert_eq!(standing(310), Standing::Holding { until: at(400) });
        assert!(session.payable_hold(at(399)).is_some());
        assert_eq!(standing(400), Standing::Over(Ending::HoldExpired));
        assert!(session.payable_hold(at(400)).is_none());
    }

    #[test]
    fn lapsed_hold_ends_the_session() {
        let mut session = active();
        session.live_hold = Some(hold_until(200));
        let standing = session.standing(&queue(), at(200));
        assert_eq!(standing, Standing::Over(Ending::HoldExpired));
    }

    #[test]
    fn ending_is_read_from_the_item_found_unless_it_is_a_later_session() {
        let session = active();
        let mut found = session.clone();
        let why = |found: &Session, second| session.why_over(Some(found), at(second));
        assert_eq!(why(&found, 100), None);
        assert_eq!(why(&found, 310), Some(Ending::WindowOver));
        found.live_hold = Some(hold_until(200));
        assert_eq!(why(&found, 200), Some(Ending::HoldExpired));
        found.closed = Some(Ending::Left);
        assert_eq!(why(&found, 100), Some(Ending::Left));
        let later = Session {
            jti: SessionId::new(),
            ..found
        };
        assert_eq!(why(&later, 100), None);
        assert_eq!(session.why_over(None, at(100)), None);
    }

    #[test]
    fn closed_session_is_over_although_it_has_a_hold() {
        let mut session = active();
        session.live_hold = Some(hold_until(400));
        session.closed = Some(Ending::Paid);
        let standing = session.standing(&queue(), at(100));
        assert_eq!(standing, Standing::Over(Ending::Paid));
        assert!(session.payable_hold(at(100)).is_none());
    }

    #[test]
    fn token_is_renewed_when_less_than_half_of_its_time_is_left() {
        const DAY: i64 = 24 * 3_600;
        let session = Session::join(UserId::new(), &queue(), None, 7, at(0));
        assert_eq!(session.expires_at, at(30 * DAY));
        assert_eq!(session.issued_at(), at(0));
        assert_eq!(session.renewed(at(15 * DAY)), None);
        for day in [16, 29, 30, 400] {
            let renewed = session.renewed(at(day * DAY)).expect("a new token");
            assert_eq!(renewed.expires_at, at((30 + day) * DAY));
            assert_eq!(renewed.issued_at(), at(day * DAY));
            assert_eq!(renewed.ticket, session.ticket);
        }
        assert!(!session.has_no_good_token(at(30 * DAY - 1)));
        assert!(session.has_no_good_token(at(30 * DAY)));
    }
}
