//! Counts seats: for the dates of a concert, for a queue, and for who calls a show off.

use std::{collections::HashSet, pin::pin, sync::Arc};

use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, Select};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::Instant;

use super::COUNTING_TIMEOUT;
use crate::{
    domain::{
        hall::{SoldAndHeld, SoldSeats, TakenByGrade, TakenSeats},
        ids::{ReservationId, ShowId},
        plan::Plan,
        queue::SeatCount,
        seat::{SeatNumber, SeatStatus, TakenSeat},
        show::{blocks, seats_in},
    },
    store::{
        Reading, Store, StoreError,
        at_once::in_time,
        item::{from_item, to_attribute},
        query, usage,
    },
};

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

/// The number of a seat and its status, without the rest of its item.
#[derive(Deserialize)]
struct SeatWithStatus {
    seat: SeatNumber,
    status: SeatStatus,
}

/// The taken seats of a block. A hold may reach into the next block, so reservations are kept to
/// count each once.
#[derive(Default)]
pub(in crate::store) struct BlockCount {
    pub sold: u64,
    pub held: u64,
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

/// The blocks of these halls: the index of the hall, the hall, and the block.
fn blocks_of(halls: &[Hall]) -> Vec<(usize, Hall, u32)> {
    let of_hall = |(index, hall): (usize, &Hall)| {
        let hall = hall.clone();
        (0..blocks(hall.capacity)).map(move |block| (index, hall.clone(), block))
    };
    halls.iter().enumerate().flat_map(of_hall).collect()
}

impl Store {
    /// Counts the taken seats of each of these halls, and those of each grade where a plan is given.
    /// 0.5 RRU per 4 KB of each block. The error is that of a busy database if it does not answer in
    /// time.
    pub async fn count_taken_seats(
        &self,
        halls: &[Hall],
        now: Timestamp,
    ) -> Result<Vec<TakenSeats>, StoreError> {
        let counts = self.at_once(
            blocks_of(halls),
            move |store, (index, hall, block)| async move {
                let count = store.count_block_by_grade(&hall, block, now);
                Ok((index, count.await?))
            },
        );
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
                by_grade: None,
            });
        };
        let mut all = 0;
        let mut by_grade = vec![0; plan.grades().len()];
        for seat in self.taken_in_block(hall.show, block, now).await? {
            all += 1;
            if let Some(grade) = plan.grade_index_of(seat) {
                by_grade[grade] += 1;
            }
        }
        Ok(TakenSeats {
            all,
            by_grade: Some(TakenByGrade::new(plan.id(), by_grade)),
        })
    }

    pub(super) async fn count_block(
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

    /// Counts the sold and the held seats of each of these halls, and those of each grade where a plan
    /// is given; they may be a moment old. 0.5 RRU per 4 KB of each block, as for the taken seats: sold
    /// seats without a plan are counted by DynamoDB, and all others are sent. The error is that of a busy
    /// database if it does not answer in time.
    pub async fn count_sold_and_held(
        &self,
        halls: &[Hall],
        now: Timestamp,
    ) -> Result<Vec<SoldSeats>, StoreError> {
        let counts = self.at_once(
            blocks_of(halls),
            move |store, (index, hall, block)| async move {
                let count = store.count_sold_in_block(&hall, block, now);
                Ok((index, count.await?))
            },
        );
        let add = async |mut sold: Vec<SoldSeats>, (index, count): (usize, SoldSeats)| {
            sold[index].add(count);
            Ok(sold)
        };
        let none = vec![SoldSeats::default(); halls.len()];
        in_time(COUNTING_TIMEOUT, counts.try_fold(none, add)).await
    }

    async fn count_sold_in_block(
        &self,
        hall: &Hall,
        block: u32,
        now: Timestamp,
    ) -> Result<SoldSeats, StoreError> {
        let Some(plan) = &hall.plan else {
            let count = self.count_block_by_status(hall.show, block, Reading::Eventual, now);
            let BlockCount { sold, held, .. } = count.await?;
            let small = |count| u32::try_from(count).unwrap_or(u32::MAX);
            let all = SoldAndHeld {
                sold: small(sold),
                held: small(held),
            };
            return Ok(SoldSeats {
                all,
                by_grade: None,
            });
        };
        let taken = self
            .taken_seats_of_block(hall.show, block, Reading::Eventual, now)?
            .projection_expression("seat, #status");
        let taken: Vec<SeatWithStatus> = query::all(taken).await?;
        let mut all = SoldAndHeld::default();
        let mut by_grade = vec![SoldAndHeld::default(); plan.grades().len()];
        for SeatWithStatus { seat, status } in taken {
            let one = match status {
                SeatStatus::Sold => SoldAndHeld { sold: 1, held: 0 },
                SeatStatus::Held => SoldAndHeld { sold: 0, held: 1 },
            };
            all.add(one);
            if let Some(grade) = plan.grade_index_of(seat) {
                by_grade[grade].add(one);
            }
        }
        Ok(SoldSeats {
            all,
            by_grade: Some((plan.id(), by_grade)),
        })
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
            let count = store.count_block_by_status(show, block, Reading::Consistent, now);
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
    pub(in crate::store) async fn count_block_by_status(
        &self,
        show: ShowId,
        block: u32,
        reading: Reading,
        now: Timestamp,
    ) -> Result<BlockCount, StoreError> {
        let mut pages = self
            .seats_of_block(show, block)
            .filter_expression("#status = :held")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":held", to_attribute(&SeatStatus::Held)?)
            .consistent_read(reading.is_consistent())
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
