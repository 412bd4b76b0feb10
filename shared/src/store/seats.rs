//! `Seats`: those that are not free. A free seat has no item, so a show with 100,000 seats costs
//! nothing to create.

use std::collections::HashSet;

use aws_sdk_dynamodb::{
    operation::delete_item::DeleteItemError,
    types::{Delete, KeysAndAttributes, Put, ReturnConsumedCapacity, Select, Update},
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use jiff::{SignedDuration, Timestamp};

use super::{
    Reading, Store, StoreError,
    contention::while_contended,
    item::{Item, from_item, number, text, time, to_attribute, to_item, ttl},
    keys,
    transaction::is_conflict,
    usage,
};
use crate::{
    config::Tables,
    domain::{
        ids::{ReservationId, ShowId},
        order::{Hold, Order},
        queue::SeatCount,
        seat::{SeatNumber, SeatSet, SeatStatus, TakenSeat, lapsed_since},
        session::Session,
        show::{Show, blocks},
    },
};

/// How long a seat item that nobody deletes is kept after its hold.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);

/// So many blocks of a concert are counted at once: large halls have hundreds.
const BLOCKS_AT_ONCE: usize = 32;

/// What is taken of a block. A hold may reach into the next one, and counts once.
#[derive(Default)]
struct BlockCount {
    sold: u64,
    held: u64,
    /// The reservations of those who hold seats and are active.
    holding: HashSet<ReservationId>,
}

impl Store {
    /// Looks at seats before a hold, as they were a moment ago at the latest, and returns those
    /// that have an item. 0.5 RRU a seat. It saves the price of a transaction that would be
    /// refused; the decision is the transaction's.
    pub async fn look_at_seats(
        &self,
        show: ShowId,
        seats: &SeatSet,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        self.read_seats(show, seats, Reading::Lately).await
    }

    /// Reads those of some seats that have an item: 0.5 RRU a seat, twice that consistently.
    pub(super) async fn read_seats(
        &self,
        show: ShowId,
        seats: &SeatSet,
        reading: Reading,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        let keys = seats.iter().map(|seat| key(show, seat)).collect();
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(reading.is_consistent())
            .build()?;
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.tables.seats, keys)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        let items = output
            .responses
            .unwrap_or_default()
            .remove(&self.tables.seats);
        items
            .unwrap_or_default()
            .into_iter()
            .map(from_item)
            .collect()
    }

    /// Lists the seats of a show in a range that have an item. 0.5 RRU per 4 KB of a block.
    pub async fn list_seats(
        &self,
        show: ShowId,
        from: SeatNumber,
        to: SeatNumber,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        let blocks =
            (from.block()..=to.block()).map(|block| self.list_block(show, block, from, to));
        Ok(try_join_all(blocks).await?.into_iter().flatten().collect())
    }

    /// Finds the seat of a show that a reservation has, as it was a moment ago at the latest;
    /// `None` when it has none. 0.5 RRU per 4 KB of each block that it looks at, some 32 of which
    /// it looks at at once; it ends with the block in which it is found.
    pub async fn seat_of_reservation(
        &self,
        show: ShowId,
        capacity: u32,
        reservation_id: ReservationId,
    ) -> Result<Option<TakenSeat>, StoreError> {
        let blocks: Vec<_> = (0..blocks(capacity))
            .map(|block| self.search_block(show, block, reservation_id))
            .collect();
        let found = stream::iter(blocks)
            .buffer_unordered(BLOCKS_AT_ONCE)
            .try_filter_map(async |seat| Ok(seat));
        std::pin::pin!(found).try_next().await
    }

    async fn search_block(
        &self,
        show: ShowId,
        block: u32,
        reservation_id: ReservationId,
    ) -> Result<Option<TakenSeat>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.seats)
            .key_condition_expression("#block = :block")
            .filter_expression("reservation_id = :reservation_id")
            .expression_attribute_names("#block", "block")
            .expression_attribute_values(":block", text(keys::block(show, block)))
            .expression_attribute_values(":reservation_id", text(reservation_id))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        while let Some(page) = pages.try_next().await? {
            usage::read(page.consumed_capacity());
            if let Some(item) = page.items.unwrap_or_default().pop() {
                return from_item(item).map(Some);
            }
        }
        Ok(None)
    }

    async fn list_block(
        &self,
        show: ShowId,
        block: u32,
        from: SeatNumber,
        to: SeatNumber,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.seats)
            .key_condition_expression("#block = :block AND seat BETWEEN :from AND :to")
            .expression_attribute_names("#block", "block")
            .expression_attribute_values(":block", text(keys::block(show, block)))
            .expression_attribute_values(":from", number(from.get()))
            .expression_attribute_values(":to", number(to.get()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        let mut seats = Vec::new();
        while let Some(page) = pages.try_next().await? {
            usage::read(page.consumed_capacity());
            for item in page.items.unwrap_or_default() {
                seats.push(from_item(item)?);
            }
        }
        Ok(seats)
    }

    /// Counts the seats of a show that are taken. 0.5 RRU per 4 KB of each block.
    pub async fn count_taken_seats(&self, show: &Show, now: Timestamp) -> Result<u32, StoreError> {
        let blocks = (0..show.blocks())
            .map(|block| self.count_block(show.id(), block, Reading::Lately, now));
        Ok(try_join_all(blocks).await?.into_iter().sum())
    }

    /// Whether a seat of any of these shows is taken, consistently. 1 RRU per 4 KB of each block
    /// that it looks at; it ends with the first seat found.
    pub async fn any_seat_is_taken(
        &self,
        shows: &[&Show],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let blocks = shows
            .iter()
            .flat_map(|show| (0..show.blocks()).map(|block| (show.id(), block)));
        let counts: Vec<_> = blocks
            .map(|(show, block)| self.count_block(show, block, Reading::Consistent, now))
            .collect();
        stream::iter(counts)
            .buffer_unordered(BLOCKS_AT_ONCE)
            .try_any(async |taken| taken > 0)
            .await
    }

    async fn count_block(
        &self,
        show: ShowId,
        block: u32,
        reading: Reading,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.seats)
            .key_condition_expression("#block = :block")
            .filter_expression("#status = :sold OR held_until > :lapsed")
            .expression_attribute_names("#block", "block")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":block", text(keys::block(show, block)))
            .expression_attribute_values(":sold", to_attribute(&SeatStatus::Sold)?)
            .expression_attribute_values(":lapsed", time(lapsed_since(now)))
            .consistent_read(reading.is_consistent())
            .select(Select::Count)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        let mut taken = 0;
        while let Some(page) = pages.try_next().await? {
            usage::read(page.consumed_capacity());
            taken += u32::try_from(page.count).unwrap_or_default();
        }
        Ok(taken)
    }

    /// Counts the seats of shows that have so many each, consistently. 1 RRU per 4 KB of each
    /// block.
    pub async fn count_seats(
        &self,
        shows: impl IntoIterator<Item = (ShowId, u32)>,
        now: Timestamp,
    ) -> Result<SeatCount, StoreError> {
        let shows: Vec<_> = shows.into_iter().collect();
        let blocks: Vec<_> = shows
            .iter()
            .flat_map(|(show, capacity)| (0..blocks(*capacity)).map(|block| (*show, block)))
            .map(|(show, block)| self.count_block_by_status(show, block, now))
            .collect();
        let counts: Vec<_> = stream::iter(blocks)
            .buffer_unordered(BLOCKS_AT_ONCE)
            .try_collect()
            .await?;
        let holding: HashSet<_> = counts.iter().flat_map(|count| &count.holding).collect();
        Ok(SeatCount {
            capacity: shows.iter().map(|(_, seats)| u64::from(*seats)).sum(),
            sold: counts.iter().map(|count| count.sold).sum(),
            held: counts.iter().map(|count| count.held).sum(),
            holding: holding.len() as u64,
        })
    }

    /// What is taken of a block. Of what is sold only the number is sent.
    async fn count_block_by_status(
        &self,
        show: ShowId,
        block: u32,
        now: Timestamp,
    ) -> Result<BlockCount, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.seats)
            .key_condition_expression("#block = :block")
            .filter_expression("#status = :held")
            .expression_attribute_names("#block", "block")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":block", text(keys::block(show, block)))
            .expression_attribute_values(":held", to_attribute(&SeatStatus::Held)?)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        let mut count = BlockCount::default();
        while let Some(page) = pages.try_next().await? {
            usage::read(page.consumed_capacity());
            count.sold += u64::from((page.scanned_count - page.count).unsigned_abs());
            for item in page.items.unwrap_or_default() {
                let seat: TakenSeat = from_item(item)?;
                if seat.is_taken(now) {
                    count.held += 1;
                    if seat.active_until.is_some_and(|until| until > now) {
                        count.holding.insert(seat.reservation_id);
                    }
                }
            }
        }
        Ok(count)
    }

    /// Frees the seats of a hold that is over, one by one, each if it is still held by that
    /// reservation. 1 WRU a seat. What fails here changes nothing but tidiness: a lapsed seat
    /// is free by the rule.
    pub async fn free_seats(&self, hold: &Hold) -> Result<(), StoreError> {
        let show = hold.show();
        try_join_all(
            hold.seats
                .iter()
                .map(|seat| self.free_seat(show, seat, hold.reservation_id)),
        )
        .await
        .map(drop)
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
            // It is somebody else's by now, or gone.
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

/// Takes a seat for a hold, if it is free: without an item, or with one that has lapsed.
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

/// Gives a sold seat back, if it is that order's.
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

fn key(show: ShowId, seat: SeatNumber) -> Item {
    Item::from([
        ("block".to_owned(), text(keys::block(show, seat.block()))),
        ("seat".to_owned(), number(seat.get())),
    ])
}
