//! Looks for a seat: of a reservation, or any that is taken.

use std::{pin::pin, time::Duration};

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;

use super::COUNTING_TIMEOUT;
use crate::{
    domain::{
        ids::{ReservationId, ShowId},
        seat::{SeatStatus, TakenSeat, before_payments_under_way, lapsed_since},
        show::{Show, blocks},
    },
    store::{
        Reading, Store, StoreError,
        at_once::in_time,
        item::{Item, from_item, text, time, to_attribute},
        keys, usage,
    },
};

/// The time limit of the search for a taken seat of a concert. It is below the time-out of the
/// function that deletes concerts.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(22);

/// If a search concerns more blocks than this, scanning the whole table may be shorter.
const MANY_BLOCKS: usize = 1_000;

/// A page of a scan is 1 MB, and costs as much as this many blocks without an item.
const BLOCKS_A_PAGE: usize = 256;

impl Store {
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
        let now = before_payments_under_way(now);
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
}
