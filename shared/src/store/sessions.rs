//! `Sessions`: passages of users through queues. There is one item per user and queue. The next
//! passage replaces it, and its TTL deletes it.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{
        put_item::PutItemError,
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::{
        AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
        Update,
    },
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Reading, Rejected, Store, StoreError,
    contention::while_contended,
    item::{Item, from_item, text, time, to_attribute, to_item, ttl},
    transaction::{Transaction, is_conflict},
    usage, users,
};
use crate::{
    config::Tables,
    domain::{
        changes::{ChangeKind, Facts, LoggedChange},
        ids::{QueueId, ReservationId, UserId},
        order::Hold,
        reason::Explanation,
        session::{Arrival, EndedHold, Ending, HoldOutcome, Session},
        user::User,
    },
};

/// How long a session is kept after its token has expired. For this long, a user who is still in
/// line may stay away, and get a new token with the same number.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Cancels the hold of a session, which goes on.
const CANCELLING: &str = "SET last_hold = :ended REMOVE live_hold";
/// The session has this hold, which has not lapsed.
const HAS_LIVE_HOLD: &str =
    "live_hold.reservation_id = :reservation_id AND live_hold.held_until > :now";

/// The session that was there when a write was refused.
pub type Found = Option<Box<Session>>;

impl Store {
    /// Reads a session, consistently. 1 RRU.
    pub async fn session(
        &self,
        user_id: UserId,
        queue_id: &QueueId,
    ) -> Result<Option<Session>, StoreError> {
        self.read_session(user_id, queue_id, Reading::Consistent)
            .await
    }

    /// Reads a session; it may be a moment old. 0.5 RRU.
    pub async fn session_lately(
        &self,
        user_id: UserId,
        queue_id: &QueueId,
    ) -> Result<Option<Session>, StoreError> {
        self.read_session(user_id, queue_id, Reading::Eventual)
            .await
    }

    async fn read_session(
        &self,
        user_id: UserId,
        queue_id: &QueueId,
        reading: Reading,
    ) -> Result<Option<Session>, StoreError> {
        self.get(&self.tables.sessions, key(user_id, queue_id), reading)
            .await
    }

    /// Reads all sessions of a user. 1 RRU if consistent, else 0.5.
    pub async fn sessions_of(
        &self,
        user_id: UserId,
        reading: Reading,
    ) -> Result<Vec<Session>, StoreError> {
        let output = self
            .client
            .query()
            .table_name(&self.tables.sessions)
            .key_condition_expression("user_id = :user_id")
            .expression_attribute_values(":user_id", text(user_id))
            .consistent_read(reading.is_consistent())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        output
            .items
            .unwrap_or_default()
            .into_iter()
            .map(from_item)
            .collect()
    }

    /// Reads what a join needs, consistently: the user and their session. 2 RRU.
    pub async fn user_and_session(
        &self,
        user_id: UserId,
        queue_id: &QueueId,
    ) -> Result<(Option<User>, Option<Session>), StoreError> {
        let wanted = [
            (&*self.tables.users, vec![users::key(user_id)]),
            (&*self.tables.sessions, vec![key(user_id, queue_id)]),
        ];
        let mut found = self.read_batch(wanted, Reading::Consistent).await?;
        let mut item_of = |table: &str| found.remove(table).and_then(|mut items| items.pop());
        let user = item_of(&self.tables.users).map(from_item).transpose()?;
        let session = item_of(&self.tables.sessions).map(from_item).transpose()?;
        Ok((user, session))
    }

    /// Writes a new session, where there was none or the ended one that was read. If that one has a
    /// lapsed hold, it must still have it: a hold that was paid meanwhile must not be remembered as
    /// expired. Refused if another join was first, or if the old session has a live hold. 1 WRU.
    pub async fn join(
        &self,
        session: &Session,
        ended: Option<&Session>,
        now: Timestamp,
    ) -> Result<(), Rejected<Found>> {
        let mut item = to_item(session)?;
        item.insert("ttl".to_owned(), kept_until(session));
        let put = self
            .client
            .put_item()
            .table_name(&self.tables.sessions)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let put = match ended {
            None => put.condition_expression("attribute_not_exists(user_id)"),
            Some(Session {
                jti,
                live_hold: None,
                ..
            }) => put
                .condition_expression(
                    "attribute_not_exists(user_id) \
                     OR (jti = :ended AND attribute_not_exists(live_hold))",
                )
                .expression_attribute_values(":ended", text(jti)),
            Some(Session {
                jti,
                live_hold: Some(hold),
                ..
            }) => put
                .condition_expression(
                    "attribute_not_exists(user_id) \
                     OR (jti = :ended \
                         AND live_hold.reservation_id = :left_behind \
                         AND live_hold.held_until <= :now)",
                )
                .expression_attribute_values(":ended", text(jti))
                .expression_attribute_values(":left_behind", text(hold.reservation_id))
                .expression_attribute_values(":now", time(now)),
        };
        match while_contended(|| put.clone().send(), is_conflict).await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(())
            }
            Err(error) => {
                let found = refusal(error, |error| match error {
                    PutItemError::ConditionalCheckFailedException(refused) => Some(&refused.item),
                    _ => None,
                })?;
                // An earlier try of this very write may have been done.
                match found {
                    Some(there) if there.jti == session.jti => Ok(()),
                    found => Err(Rejected::Refused(found)),
                }
            }
        }
    }

    /// Writes what a new token of a session changes: until when the session is kept, and its
    /// concert. Refused if the session is over, or a later one has replaced it. 1 WRU.
    pub async fn issue_again(&self, session: &Session) -> Result<Session, Rejected<Found>> {
        let mut set = "SET expires_at = :expires_at, #ttl = :ttl".to_owned();
        let mut update = self
            .update(session)
            .condition_expression("jti = :jti AND attribute_not_exists(closed)")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":jti", text(session.jti))
            .expression_attribute_values(":expires_at", time(session.expires_at))
            .expression_attribute_values(":ttl", kept_until(session));
        if let Some(concert_id) = session.concert_id {
            set += ", concert_id = :concert_id";
            update = update.expression_attribute_values(":concert_id", text(concert_id));
        }
        self.send(update.update_expression(set)).await
    }

    /// Writes an arrival. Refused if the session has arrived already, or is over. 1 WRU.
    pub async fn arrive(
        &self,
        session: &Session,
        arrival: &Arrival,
    ) -> Result<Session, Rejected<Found>> {
        let update = self
            .update(session)
            .update_expression("SET arrival = :arrival")
            .condition_expression(
                "jti = :jti AND attribute_not_exists(closed) AND attribute_not_exists(arrival)",
            )
            .expression_attribute_values(":jti", text(session.jti))
            .expression_attribute_values(":arrival", to_attribute(arrival)?);
        match self.send(update).await {
            // An earlier try of this very write may have been done.
            Err(Rejected::Refused(Some(there)))
                if there
                    .arrival
                    .is_some_and(|there| there.arrival_id == arrival.arrival_id) =>
            {
                Ok(*there)
            }
            result => result,
        }
    }

    /// Closes a session that its user leaves, with its hold if there is one. Refused if the session
    /// has changed since it was read. 1 WRU.
    pub async fn leave(&self, session: &Session) -> Result<Session, Rejected<Found>> {
        let Leaving {
            update,
            condition,
            values,
        } = Leaving::of(session)?;
        let update = self
            .update(session)
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values));
        self.send(update).await
    }

    /// Cancels a hold; its session goes on. Refused if the session does not have this hold any
    /// more. 1 WRU.
    pub async fn cancel_hold(
        &self,
        session: &Session,
        hold: &Hold,
        now: Timestamp,
    ) -> Result<Session, Rejected<Found>> {
        let update = self
            .update(session)
            .update_expression(CANCELLING)
            .condition_expression(HAS_LIVE_HOLD)
            .expression_attribute_values(":reservation_id", text(hold.reservation_id))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":ended", ended(hold, HoldOutcome::Cancelled)?);
        self.send(update).await
    }

    /// Cancels a hold of a user for an administrator, as [`Store::cancel_hold`], with the record of it
    /// and their reason. 4 WRU.
    pub async fn cancel_hold_for(
        &self,
        session: &Session,
        hold: &Hold,
        explanation: &Explanation,
        now: Timestamp,
    ) -> Result<(), Rejected<Found>> {
        let update = Update::builder()
            .table_name(&self.tables.sessions)
            .set_key(Some(key(session.user_id, &session.queue_id)))
            .update_expression(CANCELLING)
            .condition_expression(HAS_LIVE_HOLD)
            .expression_attribute_values(":reservation_id", text(hold.reservation_id))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":ended", ended(hold, HoldOutcome::Cancelled)?)
            .build()?;
        let transaction = Transaction::new(&self.client).update(update, found);
        let change = self.new_change(ChangeKind::HoldCancelled).map(|change| {
            let (user_id, show) = (session.user_id, hold.show());
            LoggedChange {
                after: Facts::default().with("seat_numbers", &hold.seats),
                ..change.of_reservation(user_id, show, hold.reservation_id, explanation)
            }
        });
        self.with_change(transaction, change.as_ref(), || None)?
            .commit()
            .await
    }

    /// Closes a session whose hold has lapsed. Refused if the session does not have this hold any
    /// more, or the hold has not lapsed. 1 WRU.
    pub async fn lapse_hold(
        &self,
        session: &Session,
        hold: &Hold,
        now: Timestamp,
    ) -> Result<Session, Rejected<Found>> {
        let update = self
            .update(session)
            .update_expression("SET closed = :closed, last_hold = :ended REMOVE live_hold")
            .condition_expression(
                "live_hold.reservation_id = :reservation_id AND live_hold.held_until <= :now",
            )
            .expression_attribute_values(":reservation_id", text(hold.reservation_id))
            .expression_attribute_values(":now", time(now))
            .expression_attribute_values(":closed", to_attribute(&Ending::HoldExpired)?)
            .expression_attribute_values(":ended", ended(hold, HoldOutcome::Expired)?);
        self.send(update).await
    }

    fn update(&self, session: &Session) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.tables.sessions)
            .set_key(Some(key(session.user_id, &session.queue_id)))
    }

    /// Sends an update of a session and returns the new session.
    async fn send(&self, update: UpdateItemFluentBuilder) -> Result<Session, Rejected<Found>> {
        let update = update
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match while_contended(|| update.clone().send(), is_conflict).await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(from_item(output.attributes.unwrap_or_default())?)
            }
            Err(error) => Err(Rejected::Refused(refusal(error, |error| match error {
                UpdateItemError::ConditionalCheckFailedException(refused) => Some(&refused.item),
                _ => None,
            })?)),
        }
    }
}

/// The update that closes a session that its user leaves, with its hold if there is one.
struct Leaving {
    update: &'static str,
    condition: &'static str,
    values: Item,
}

impl Leaving {
    fn of(session: &Session) -> Result<Self, StoreError> {
        let mut values = Item::from([
            (":jti".to_owned(), text(session.jti)),
            (":left".to_owned(), to_attribute(&Ending::Left)?),
        ]);
        let Some(hold) = &session.live_hold else {
            return Ok(Self {
                update: "SET closed = :left",
                condition: "jti = :jti AND attribute_not_exists(closed) \
                            AND attribute_not_exists(live_hold)",
                values,
            });
        };
        values.extend([
            (":reservation_id".to_owned(), text(hold.reservation_id)),
            (":ended".to_owned(), ended(hold, HoldOutcome::Cancelled)?),
        ]);
        Ok(Self {
            update: "SET closed = :left, last_hold = :ended REMOVE live_hold",
            condition: "jti = :jti AND attribute_not_exists(closed) \
                        AND live_hold.reservation_id = :reservation_id",
            values,
        })
    }
}

/// Closes a session whose user leaves every queue, unless it has changed since it was read.
pub(super) fn leave(tables: &Tables, session: &Session) -> Result<Update, StoreError> {
    let Leaving {
        update,
        condition,
        values,
    } = Leaving::of(session)?;
    Update::builder()
        .table_name(&tables.sessions)
        .set_key(Some(key(session.user_id, &session.queue_id)))
        .update_expression(update)
        .condition_expression(condition)
        .set_expression_attribute_values(Some(values))
        .build()
        .map_err(StoreError::of_item)
}

/// Writes a hold into its session, which must be open and hold nothing. A reservation that has been
/// given up is not held again: a call that was given up may take effect late.
pub(super) fn place_hold(
    tables: &Tables,
    session: &Session,
    hold: &Hold,
) -> Result<Update, StoreError> {
    Update::builder()
        .table_name(&tables.sessions)
        .set_key(Some(key(session.user_id, &session.queue_id)))
        .update_expression("SET live_hold = :hold")
        .condition_expression(
            "jti = :jti AND attribute_not_exists(closed) AND attribute_not_exists(live_hold) \
             AND (attribute_not_exists(last_hold) OR last_hold.reservation_id <> :reservation_id)",
        )
        .expression_attribute_values(":jti", text(session.jti))
        .expression_attribute_values(":reservation_id", text(hold.reservation_id))
        .expression_attribute_values(":hold", to_attribute(hold)?)
        .build()
        .map_err(StoreError::of_item)
}

/// Closes a session with the payment of its hold, which must not have lapsed.
pub(super) fn close_paid(
    tables: &Tables,
    session: &Session,
    reservation_id: ReservationId,
    now: Timestamp,
) -> Result<Update, StoreError> {
    Update::builder()
        .table_name(&tables.sessions)
        .set_key(Some(key(session.user_id, &session.queue_id)))
        .update_expression("SET closed = :paid REMOVE live_hold")
        .condition_expression(
            "live_hold.reservation_id = :reservation_id AND live_hold.held_until > :now",
        )
        .expression_attribute_values(":reservation_id", text(reservation_id))
        .expression_attribute_values(":now", time(now))
        .expression_attribute_values(":paid", to_attribute(&Ending::Paid)?)
        .build()
        .map_err(StoreError::of_item)
}

/// The session in the item that a refused write returned.
pub(super) fn found(item: Option<Item>) -> Found {
    item.and_then(|item| from_item(item).ok()).map(Box::new)
}

/// The session that refused a write; an error if the write failed otherwise.
fn refusal<E, R>(
    error: SdkError<E, R>,
    item: impl FnOnce(&E) -> Option<&Option<Item>>,
) -> Result<Found, StoreError>
where
    StoreError: From<SdkError<E, R>>,
{
    match error.as_service_error().and_then(item) {
        Some(item) => Ok(found(item.clone())),
        None => Err(error.into()),
    }
}

fn ended(hold: &Hold, outcome: HoldOutcome) -> Result<AttributeValue, StoreError> {
    to_attribute(&EndedHold::new(hold, outcome))
}

/// Until when a session is kept.
fn kept_until(session: &Session) -> AttributeValue {
    let kept_until = session.expires_at.saturating_add(KEPT_FOR);
    ttl(kept_until.unwrap_or(Timestamp::MAX))
}

fn key(user_id: UserId, queue_id: &QueueId) -> Item {
    Item::from([
        ("user_id".to_owned(), text(user_id)),
        ("queue_id".to_owned(), text(queue_id)),
    ])
}
