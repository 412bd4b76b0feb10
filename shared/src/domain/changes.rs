//! The log of changes: what administrators have done, when, to what, and what it was before.
//!
//! A record is written in the transaction of the change that it tells, so neither is there without
//! the other. It is never changed. It names everything by ids: no name and no e-mail address of a
//! user is in it.

mod facts;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::IntoDeserializer as _};
use utoipa::ToSchema;

pub use self::facts::{Facts, MAX_SHOWS_TOLD, MAX_TEXT_LENGTH};
use super::{
    ids::{
        ChangeId, ConcertId, CorrectionId, PlanId, QueueId, ReservationId, ShowId, ShowKey, UserId,
    },
    reason::{Explanation, Reason},
};

/// Who makes a change, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author {
    /// The administrator. `None` is an operator of the AWS account, who has no user.
    pub by: Option<UserId>,
    /// The time of their request.
    pub at: Timestamp,
}

/// Who changed something last, and when. What an early version stored does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChange {
    /// The administrator.
    pub by: UserId,
    /// When they changed it.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
}

impl From<LastChange> for Author {
    fn from(change: LastChange) -> Self {
        Self {
            by: Some(change.by),
            at: change.at,
        }
    }
}

impl Author {
    /// The last change, once this author has made it.
    pub fn last_change(self) -> Option<LastChange> {
        self.by.map(|by| LastChange { by, at: self.at })
    }
}

/// What an administrator has done.
///
/// - `QUEUE_SETTINGS`: set a queue, or made one.
/// - `CONCERT_CREATED`, `CONCERT_CHANGED`, `CONCERT_DELETED`: created, changed, deleted a concert.
/// - `SHOW_DELETED`: deleted a show of a concert that has others.
/// - `SHOW_CALLED_OFF`: called a show off. Its refunds have no records of their own.
/// - `PLAN_STORED`: stored the plan of a hall.
/// - `REFUND`: refunded seats of an order.
/// - `HOLD_CANCELLED`: gave back seats that a user held.
/// - `CORRECTION`: corrected a balance.
/// - `CHARGE_BY_ADMIN`: topped up a balance.
/// - `ROLE`: gave a user the role of an administrator, or took it.
/// - `SESSIONS_ENDED`: ended the tokens and sessions of another user.
/// - `USER_DELETED`: deleted another user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// Set a queue, or made one.
    QueueSettings,
    /// Created a concert.
    ConcertCreated,
    /// Changed a concert.
    ConcertChanged,
    /// Deleted a concert.
    ConcertDeleted,
    /// Deleted a show of a concert that has others.
    ShowDeleted,
    /// Called a show off. Its refunds have no records of their own.
    ShowCalledOff,
    /// Stored the plan of a hall.
    PlanStored,
    /// Refunded seats of an order.
    Refund,
    /// Gave back seats that a user held.
    HoldCancelled,
    /// Corrected a balance.
    Correction,
    /// Topped up a balance.
    ChargeByAdmin,
    /// Gave a user the role of an administrator, or took it.
    Role,
    /// Ended the tokens and sessions of another user.
    SessionsEnded,
    /// Deleted another user.
    UserDeleted,
}

impl ChangeKind {
    /// Reads the name that answers have.
    pub fn parse(text: &str) -> Option<Self> {
        let deserializer: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            text.into_deserializer();
        Self::deserialize(deserializer).ok()
    }

    /// Whether a change of this kind makes one entry of a user's account.
    pub fn moves_money(self) -> bool {
        matches!(self, Self::Refund | Self::Correction | Self::ChargeByAdmin)
    }
}

/// A record of the log: a change, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedChange {
    /// Its id, which begins with the time. So records are in the order of their times.
    pub change_id: ChangeId,
    /// The time of the request that made it.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    /// The administrator. `None` is an operator of the AWS account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// What was done.
    pub kind: ChangeKind,
    /// The queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<QueueId>,
    /// The concert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concert_id: Option<ConcertId>,
    /// The show of the concert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<ShowKey>,
    /// The user that it happened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The reservation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<ReservationId>,
    /// The correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction_id: Option<CorrectionId>,
    /// The plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<PlanId>,
    /// What the fields that changed were before.
    #[serde(
        default,
        with = "facts::as_text",
        skip_serializing_if = "Facts::is_empty"
    )]
    pub before: Facts,
    /// What they are now.
    #[serde(
        default,
        with = "facts::as_text",
        skip_serializing_if = "Facts::is_empty"
    )]
    pub after: Facts,
    /// The reason that the administrator gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl LoggedChange {
    /// A change by `author`, of which nothing else is known.
    pub fn new(author: Author, kind: ChangeKind) -> Self {
        let Author { by, at } = author;
        Self {
            change_id: ChangeId::made_at(at),
            at,
            by,
            kind,
            queue_id: None,
            concert_id: None,
            show: None,
            user_id: None,
            reservation_id: None,
            correction_id: None,
            plan_id: None,
            before: Facts::default(),
            after: Facts::default(),
            reason: None,
        }
    }

    /// The change, which was made to a user's reservation of a show.
    #[must_use]
    pub fn of_reservation(
        self,
        user_id: UserId,
        show: ShowId,
        reservation_id: ReservationId,
        explanation: &Explanation,
    ) -> Self {
        Self {
            user_id: Some(user_id),
            concert_id: Some(show.concert_id),
            show: Some(show.key),
            reservation_id: Some(reservation_id),
            reason: Some(explanation.reason.clone()),
            ..self
        }
    }

    /// The change, with those facts of before and after that differ.
    #[must_use]
    pub fn from_to(self, before: &Facts, after: &Facts) -> Self {
        let (before, after) = before.differing(after);
        Self {
            before,
            after,
            ..self
        }
    }
}
