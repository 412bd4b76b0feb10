//! `Seats`: the seats that are not free. A free seat has no item, so creating a show with 100,000
//! seats costs nothing.

mod counting;
mod search;

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, query::builders::QueryFluentBuilder},
    types::{Delete, Put, ReturnConsumedCapacity, Update},
};
use futures_util::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

pub use self::counting::Hall;

use super::{
    Reading, Store, StoreError,
    at_once::in_time,
    contention::while_contended,
    item::{Item, number, text, time, to_attribute, to_item, ttl},
    keys, query,
    transaction::is_conflict,
    usage,
};
use crate::{
    config::Tables,
    domain::{
        ids::{ReservationId, ShowId},
        order::{Hold, Order},
        seat::{SeatNumber, SeatSet, SeatStatus, TakenSeat, lapsed_since},
        session::Session,
    },
};

/// How long a seat's item is kept after its hold, if nobody deletes it.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The time limit of a count of seats. It is below the time-out of every function that counts.
const COUNTING_TIMEOUT: Duration = Duration::from_secs(8);

/// The number of a seat, without the rest of its item.
#[derive(Deserialize)]
struct SeatOfBlock {
    seat: SeatNumber,
}

impl Store {
    /// Reads the items of some seats before a hold; it may be a moment old. 0.5 RRU a seat. If one is
    /// taken, the price of a refused transaction is saved. The transaction decides.
    pub async fn look_at_seats(
        &self,
        show: ShowId,
        seats: &SeatSet,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        self.read_seats(show, seats, Reading::Eventual).await
    }

    /// Which of some seats are taken, consistently. 1 RRU a seat.
    pub async fn taken_among(
        &self,
        show: ShowId,
        seats: &SeatSet,
        now: Timestamp,
    ) -> Result<Vec<SeatNumber>, StoreError> {
        let found = self.read_seats(show, seats, Reading::Consistent).await?;
        let taken = found.into_iter().filter(|seat| seat.is_taken(now));
        Ok(taken.map(|seat| seat.seat).collect())
    }

    /// The taken seats of each of these blocks; they may be a moment old. 0.5 RRU per 4 KB of each
    /// block. The error is that of a busy database if it does not answer in time.
    pub async fn taken_in_blocks(
        &self,
        show: ShowId,
        blocks: Vec<u32>,
        now: Timestamp,
    ) -> Result<Vec<(u32, Vec<SeatNumber>)>, StoreError> {
        let read = self.at_once(blocks, move |store, block| async move {
            let taken = store.taken_in_block(show, block, now);
            Ok((block, taken.await?))
        });
        in_time(COUNTING_TIMEOUT, read.try_collect()).await
    }

    async fn taken_in_block(
        &self,
        show: ShowId,
        block: u32,
        now: Timestamp,
    ) -> Result<Vec<SeatNumber>, StoreError> {
        let taken = self
            .taken_seats_of_block(show, block, Reading::Eventual, now)?
            .projection_expression("seat");
        let taken: Vec<SeatOfBlock> = query::all(taken).await?;
        Ok(taken.into_iter().map(|taken| taken.seat).collect())
    }

    /// Reads the items of some seats. 0.5 RRU a seat; 1 if consistent.
    pub(super) async fn read_seats(
        &self,
        show: ShowId,
        seats: &SeatSet,
        reading: Reading,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        let keys = seats.iter().map(|seat| key(show, seat)).collect();
        self.read_each(&self.tables.seats, keys, reading).await
    }

    /// Lists the items of a show's seats within a range. 0.5 RRU per 4 KB of a block.
    pub async fn list_seats(
        &self,
        show: ShowId,
        from: SeatNumber,
        to: SeatNumber,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        let blocks = from.block()..=to.block();
        let listed = self.at_once(blocks, move |store, block| async move {
            store.list_block(show, block, from, to).await
        });
        let listed = in_time(COUNTING_TIMEOUT, listed.try_collect::<Vec<_>>());
        Ok(listed.await?.concat())
    }

    async fn list_block(
        &self,
        show: ShowId,
        block: u32,
        from: SeatNumber,
        to: SeatNumber,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        let query = self
            .seats_of_block(show, block)
            .key_condition_expression("#block = :block AND seat BETWEEN :from AND :to")
            .expression_attribute_values(":from", number(from.get()))
            .expression_attribute_values(":to", number(to.get()));
        query::all(query).await
    }

    /// A query of the items of a block.
    pub(super) fn seats_of_block(&self, show: ShowId, block: u32) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.tables.seats)
            .key_condition_expression("#block = :block")
            .expression_attribute_names("#block", "block")
            .expression_attribute_values(":block", text(keys::block(show, block)))
    }

    /// A query of those that are taken.
    pub(super) fn taken_seats_of_block(
        &self,
        show: ShowId,
        block: u32,
        reading: Reading,
        now: Timestamp,
    ) -> Result<QueryFluentBuilder, StoreError> {
        Ok(self
            .seats_of_block(show, block)
            .filter_expression("#status = :sold OR held_until > :lapsed")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":sold", to_attribute(&SeatStatus::Sold)?)
            .expression_attribute_values(":lapsed", time(lapsed_since(now)))
            .consistent_read(reading.is_consistent()))
    }

    /// Frees the seats of a hold that is over, one by one, each if this reservation still holds it.
    /// 1 WRU a seat. If this fails, the seats are free all the same, because their hold has lapsed.
    pub async fn free_seats(&self, hold: &Hold) -> Result<(), StoreError> {
        let seats = hold.seats.iter().collect();
        self.free_each(hold.show(), hold.reservation_id, seats)
            .await
    }

    /// Frees seats that this reservation holds. Those that it does not hold stay as they are. 1 WRU a
    /// seat.
    pub(super) async fn free_each(
        &self,
        show: ShowId,
        reservation_id: ReservationId,
        seats: Vec<SeatNumber>,
    ) -> Result<(), StoreError> {
        let freed = self.at_once(seats, move |store, seat| async move {
            store.free_seat(show, seat, reservation_id).await
        });
        freed.try_collect().await
    }

    async fn free_seat(
        &self,
        show: ShowId,
        seat: SeatNumber,
        reservation_id: ReservationId,
    ) -> Result<(), StoreError> {
        let delete = self
            .client
            .delete_item()
            .table_name(&self.tables.seats)
            .set_key(Some(key(show, seat)))
            .condition_expression("#status = :held AND reservation_id = :reservation_id")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":held", to_attribute(&SeatStatus::Held)?)
            .expression_attribute_values(":reservation_id", text(reservation_id))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match while_contended(|| delete.clone().send(), is_conflict).await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(())
            }
            // Somebody else has it by now, or it is gone.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Takes a seat for a hold, if it is free: if it has no item, or one that has lapsed.
pub(super) fn take(
    tables: &Tables,
    session: &Session,
    hold: &Hold,
    seat: SeatNumber,
    now: Timestamp,
) -> Result<Put, StoreError> {
    let show = hold.show();
    let kept_until = hold
        .held_until
        .saturating_add(KEPT_FOR)
        .unwrap_or(Timestamp::MAX);
    let mut item = to_item(&TakenSeat {
        seat,
        status: SeatStatus::Held,
        reservation_id: hold.reservation_id,
        held_until: Some(hold.held_until),
        active_until: session.arrival.map(|arrival| arrival.active_until),
        buyer: Some(session.user_id),
    })?;
    item.extend(key(show, seat));
    item.insert("ttl".to_owned(), ttl(kept_until));
    Put::builder()
        .table_name(&tables.seats)
        .set_item(Some(item))
        .condition_expression(
            "attribute_not_exists(seat) OR (#status = :held AND held_until <= :lapsed)",
        )
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":held", to_attribute(&SeatStatus::Held)?)
        .expression_attribute_values(":lapsed", time(lapsed_since(now)))
        .build()
        .map_err(StoreError::of_item)
}

/// Frees a sold seat, if it is sold to this order.
pub(super) fn give_back(
    tables: &Tables,
    order: &Order,
    seat: SeatNumber,
) -> Result<Delete, StoreError> {
    let show = order.show();
    Delete::builder()
        .table_name(&tables.seats)
        .set_key(Some(key(show, seat)))
        .condition_expression("#status = :sold AND reservation_id = :reservation_id")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":sold", to_attribute(&SeatStatus::Sold)?)
        .expression_attribute_values(":reservation_id", text(order.reservation_id))
        .build()
        .map_err(StoreError::of_item)
}

/// Sells a seat that the hold has.
pub(super) fn sell(tables: &Tables, hold: &Hold, seat: SeatNumber) -> Result<Update, StoreError> {
    let show = hold.show();
    Update::builder()
        .table_name(&tables.seats)
        .set_key(Some(key(show, seat)))
        .update_expression("SET #status = :sold REMOVE held_until, active_until, #ttl")
        .condition_expression("#status = :held AND reservation_id = :reservation_id")
        .expression_attribute_names("#status", "status")
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":held", to_attribute(&SeatStatus::Held)?)
        .expression_attribute_values(":sold", to_attribute(&SeatStatus::Sold)?)
        .expression_attribute_values(":reservation_id", text(hold.reservation_id))
        .build()
        .map_err(StoreError::of_item)
}

pub(super) fn key(show: ShowId, seat: SeatNumber) -> Item {
    Item::from([
        ("block".to_owned(), text(keys::block(show, seat.block()))),
        ("seat".to_owned(), number(seat.get())),
    ])
}
