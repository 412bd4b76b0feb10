//! `Seats`: the seats that are not free. A free seat has no item, so creating a show with 100,000
//! seats costs nothing.

use std::{collections::HashSet, pin::pin, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    operation::{delete_item::DeleteItemError, query::builders::QueryFluentBuilder},
    types::{Delete, Put, ReturnConsumedCapacity, Select, Update},
};
use futures_util::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    Reading, Store, StoreError,
    at_once::in_time,
    contention::while_contended,
    item::{Item, from_item, number, text, time, to_attribute, to_item, ttl},
    keys, query,
    transaction::is_conflict,
    usage,
};
use crate::{
    config::Tables,
    domain::{
        hall::TakenSeats,
        ids::{ReservationId, ShowId},
        order::{Hold, Order},
        plan::Plan,
        queue::SeatCount,
        seat::{SeatNumber, SeatSet, SeatStatus, TakenSeat, lapsed_since},
        session::Session,
        show::{Show, blocks, seats_in},
    },
};

/// How long a seat's item is kept after its hold, if nobody deletes it.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The time limit of a count of seats. It is below the time-out of every function that counts.
const COUNTING_TIMEOUT: Duration = Duration::from_secs(8);

/// The time limit of the search for a taken seat of a concert. It is below the time-out of the
/// function that deletes concerts.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(22);

/// If a search concerns more blocks than this, scanning the whole table may be shorter.
const MANY_BLOCKS: usize = 1_000;

/// A page of a scan is 1 MB, and costs as much as this many blocks without an item.
const BLOCKS_A_PAGE: usize = 256;

/// A count for a queue ends when it has found this many free seats. No queue lets in more people at
/// once, so any further seats do not matter.
const ENOUGH_FREE: u64 = 1_000_000;

/// Each second, counts begin this many blocks further on.
const A_PRIME: usize = 7_919;

/// The seats of a show that are counted.
#[derive(Debug, Clone)]
pub struct Hall {
    /// The show.
    pub show: ShowId,
    /// How many seats it has.
    pub capacity: u32,
    /// The plan whose grades are counted.
    pub plan: Option<Arc<Plan>>,
}

/// The number of a seat, without the rest of its item.
#[derive(Deserialize)]
struct SeatOfBlock {
    seat: SeatNumber,
}

/// The taken seats of a block. A hold may reach into the next block, so reservations are kept to
/// count each once.
#[derive(Default)]
struct BlockCount {
    sold: u64,
    held: u64,
    /// The reservations that hold seats, and whose sessions are active.
    holding: HashSet<ReservationId>,
}

/// A count under way.
#[derive(Default)]
struct Counting {
    capacity: u64,
    looked_at: u64,
    sold: u64,
    held: u64,
    holding: HashSet<ReservationId>,
}

impl Counting {
    /// A count of blocks with these numbers of seats.
    fn of(blocks: impl Iterator<Item = u32>) -> Self {
        Self {
            capacity: blocks.map(u64::from).sum(),
            ..Self::default()
        }
    }

    fn add(&mut self, seats: u32, count: BlockCount) {
        self.looked_at += u64::from(seats);
        self.sold += count.sold;
        self.held += count.held;
        self.holding.extend(count.holding);
    }

    /// How many free seats it has found.
    fn free(&self) -> u64 {
        self.looked_at.saturating_sub(self.sold + self.held)
    }

    /// Whether it has found enough.
    fn has_enough(&self) -> bool {
        self.free() >= ENOUGH_FREE
    }

    fn so_far(self) -> SeatCount {
        SeatCount {
            capacity: self.capacity,
            sold: self.sold,
            held: self.held + (self.capacity - self.looked_at),
            holding: self.holding.len() as u64,
            ..SeatCount::default()
        }
    }
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

    /// Finds a seat of a show that a reservation has; it may be a moment old. `None` if it has none.
    /// 0.5 RRU per 4 KB of each block that it reads. It stops at the block in which it finds one.
    pub async fn seat_of_reservation(
        &self,
        show: ShowId,
        capacity: u32,
        reservation_id: ReservationId,
    ) -> Result<Option<TakenSeat>, StoreError> {
        let found = self.at_once(0..blocks(capacity), move |store, block| async move {
            store.search_block(show, block, reservation_id).await
        });
        let found = found.try_filter_map(async |seat| Ok(seat));
        in_time(COUNTING_TIMEOUT, pin!(found).try_next()).await
    }

    async fn search_block(
        &self,
        show: ShowId,
        block: u32,
        reservation_id: ReservationId,
    ) -> Result<Option<TakenSeat>, StoreError> {
        let mut pages = self
            .seats_of_block(show, block)
            .filter_expression("reservation_id = :reservation_id")
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
        let query = self
            .seats_of_block(show, block)
            .key_condition_expression("#block = :block AND seat BETWEEN :from AND :to")
            .expression_attribute_values(":from", number(from.get()))
            .expression_attribute_values(":to", number(to.get()));
        query::all(query).await
    }

    /// Counts the taken seats of each of these halls, and those of each grade where a plan is given.
    /// 0.5 RRU per 4 KB of each block. The error is that of a busy database if it does not answer in
    /// time.
    pub async fn count_taken_seats(
        &self,
        halls: &[Hall],
        now: Timestamp,
    ) -> Result<Vec<TakenSeats>, StoreError> {
        let all: Vec<_> = halls
            .iter()
            .enumerate()
            .flat_map(|(index, hall)| {
                (0..blocks(hall.capacity)).map(move |block| (index, hall.clone(), block))
            })
            .collect();
        let counts = self.at_once(all, move |store, (index, hall, block)| async move {
            let count = store.count_block_by_grade(&hall, block, now);
            Ok((index, count.await?))
        });
        let add = async |mut taken: Vec<TakenSeats>, (index, count): (usize, TakenSeats)| {
            taken[index].add(&count);
            Ok(taken)
        };
        let none = vec![TakenSeats::default(); halls.len()];
        in_time(COUNTING_TIMEOUT, counts.try_fold(none, add)).await
    }

    /// Counts the taken seats of a block. With a plan, it reads which seats are taken: DynamoDB
    /// charges as much for that as for their number.
    async fn count_block_by_grade(
        &self,
        hall: &Hall,
        block: u32,
        now: Timestamp,
    ) -> Result<TakenSeats, StoreError> {
        let Some(plan) = &hall.plan else {
            let all = self.count_block(hall.show, block, Reading::Eventual, now);
            return Ok(TakenSeats {
                all: all.await?,
                by_grade: Vec::new(),
            });
        };
        let mut taken = TakenSeats {
            all: 0,
            by_grade: vec![0; plan.grades().len()],
        };
        for seat in self.taken_in_block(hall.show, block, now).await? {
            taken.all += 1;
            if let Some(grade) = plan.grade_index_of(seat) {
                taken.by_grade[grade] += 1;
            }
        }
        Ok(taken)
    }

    /// Whether any seat of these shows of a concert is taken, consistently. 1 RRU per 4 KB of each
    /// block that it reads. It stops at the first seat found. The error is that of a busy database
    /// if it does not answer in time.
    ///
    /// For more than a thousand blocks it first scans the table, for at most as much as the blocks
    /// would cost if all of them were empty. The table may have fewer seats than the concert has
    /// blocks.
    pub async fn any_seat_is_taken(
        &self,
        shows: &[&Show],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        in_time(SEARCH_TIMEOUT, self.search(shows, now)).await
    }

    async fn search(&self, shows: &[&Show], now: Timestamp) -> Result<bool, StoreError> {
        let max = shows.iter().map(|show| show.blocks()).max().unwrap_or(0);
        // The first block of every show, then the second one, and so on. If anything is sold, this
        // finds it early.
        let blocks: Vec<_> = (0..max)
            .flat_map(|block| shows.iter().map(move |show| (*show, block)))
            .filter(|(show, block)| *block < show.blocks())
            .map(|(show, block)| (show.id(), block))
            .collect();
        if blocks.len() > MANY_BLOCKS {
            let most_pages = blocks.len() / BLOCKS_A_PAGE;
            if let Some(found) = self.search_table(shows, most_pages, now).await? {
                return Ok(found);
            }
        }
        let counts = self.at_once(blocks, move |store, (show, block)| async move {
            let count = store.count_block(show, block, Reading::Consistent, now);
            count.await
        });
        counts.try_any(async |taken| taken > 0).await
    }

    /// Looks for a taken seat of these shows in at most `pages` pages of the table; `None` if the
    /// table has more. 256 RRU a page.
    async fn search_table(
        &self,
        shows: &[&Show],
        most_pages: usize,
        now: Timestamp,
    ) -> Result<Option<bool>, StoreError> {
        let Some(concert_id) = shows.first().map(|show| show.concert_id) else {
            return Ok(Some(false));
        };
        let mut pages = self
            .client
            .scan()
            .table_name(&self.tables.seats)
            .filter_expression(
                "begins_with(#block, :concert) AND (#status = :sold OR held_until > :lapsed)",
            )
            .projection_expression("#block")
            .expression_attribute_names("#block", "block")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":concert", text(keys::blocks_of(concert_id)))
            .expression_attribute_values(":sold", to_attribute(&SeatStatus::Sold)?)
            .expression_attribute_values(":lapsed", time(lapsed_since(now)))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        let is_searched = |item: &Item| {
            let block = item.get("block").and_then(|block| block.as_s().ok());
            let show = block.and_then(|block| keys::show_of_block(block));
            show.is_some_and(|(found, _)| shows.iter().any(|show| show.id() == found))
        };
        for _ in 0..most_pages {
            let Some(page) = pages.try_next().await? else {
                return Ok(Some(false));
            };
            usage::read(page.consumed_capacity());
            if page.items().iter().any(is_searched) {
                return Ok(Some(true));
            }
        }
        Ok(None)
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
    fn taken_seats_of_block(
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

    async fn count_block(
        &self,
        show: ShowId,
        block: u32,
        reading: Reading,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut pages = self
            .taken_seats_of_block(show, block, reading, now)?
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

    /// Counts the seats of shows with these capacities, consistently. 1 RRU per 4 KB of each block
    /// that it reads.
    ///
    /// It ends when it has found a million free seats, more than any queue needs, or when its time
    /// is over and it has found at least one. What it has not read then counts as held: neither
    /// sold nor offered. Each count begins at another block. The error is that of a busy database
    /// if its time is over and it has found none.
    pub async fn count_seats(
        &self,
        shows: impl IntoIterator<Item = (ShowId, u32)>,
        now: Timestamp,
    ) -> Result<SeatCount, StoreError> {
        let mut all: Vec<_> = shows
            .into_iter()
            .flat_map(|(show, capacity)| {
                (0..blocks(capacity)).map(move |block| (show, block, seats_in(capacity, block)))
            })
            .collect();
        let mut counting = Counting::of(all.iter().map(|(.., seats)| *seats));
        let second = usize::try_from(now.as_second()).unwrap_or_default();
        let first = second.wrapping_mul(A_PRIME) % all.len().max(1);
        all.rotate_left(first);

        let counts = self.at_once(all, move |store, (show, block, seats)| async move {
            let count = store.count_block_by_status(show, block, now);
            Ok((seats, count.await?))
        });
        let mut counts = pin!(counts);
        let end = Instant::now() + COUNTING_TIMEOUT;
        while !counting.has_enough() {
            match tokio::time::timeout_at(end, counts.try_next()).await {
                Ok(counted) => match counted? {
                    Some((seats, count)) => counting.add(seats, count),
                    None => break,
                },
                Err(_) if counting.free() > 0 => break,
                Err(_) => return Err(StoreError::TooSlow),
            }
        }
        Ok(counting.so_far())
    }

    /// The taken seats of a block. Of sold seats, DynamoDB sends only the number.
    async fn count_block_by_status(
        &self,
        show: ShowId,
        block: u32,
        now: Timestamp,
    ) -> Result<BlockCount, StoreError> {
        let mut pages = self
            .seats_of_block(show, block)
            .filter_expression("#status = :held")
            .expression_attribute_names("#status", "status")
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

    /// Frees the seats of a hold that is over, one by one, each if this reservation still holds it.
    /// 1 WRU a seat. If this fails, the seats are free all the same, because their hold has lapsed.
    pub async fn free_seats(&self, hold: &Hold) -> Result<(), StoreError> {
        let (show, reservation_id) = (hold.show(), hold.reservation_id);
        let seats: Vec<_> = hold.seats.iter().collect();
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

fn key(show: ShowId, seat: SeatNumber) -> Item {
    Item::from([
        ("block".to_owned(), text(keys::block(show, seat.block()))),
        ("seat".to_owned(), number(seat.get())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(sold: u64, held: u64) -> BlockCount {
        BlockCount {
            sold,
            held,
            holding: HashSet::from([ReservationId::new()]),
        }
    }

    #[test]
    fn complete_count_has_all_seats_of_each_state() {
        let mut counting = Counting::of([500, 1].into_iter());
        counting.add(500, block(3, 2));
        counting.add(1, block(1, 0));
        let count = counting.so_far();
        let expected = SeatCount {
            capacity: 501,
            sold: 4,
            held: 2,
            holding: 2,
            ..SeatCount::default()
        };
        assert_eq!(count, expected);
        assert_eq!(count.free(), 495);
    }

    #[test]
    fn count_that_ends_early_offers_what_it_has_found() {
        let mut counting = Counting::of([500; 3].into_iter());
        counting.add(500, block(499, 0));
        let count = counting.so_far();
        assert_eq!((count.free(), count.is_all_sold()), (1, false));
        let mut counting = Counting::of([500; 3].into_iter());
        counting.add(500, block(500, 0));
        let count = counting.so_far();
        assert_eq!((count.free(), count.is_all_sold()), (0, false));
    }

    #[test]
    fn count_ends_with_a_million_free_seats() {
        let mut counting = Counting::of([500; 4_000].into_iter());
        let mut looks = 0;
        while !counting.has_enough() {
            counting.add(500, block(0, 0));
            looks += 1;
        }
        assert_eq!(looks, 2_000);
    }
}
