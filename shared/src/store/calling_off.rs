//! Gives everybody their money back for a show that was called off.
//!
//! What is left to do is what `Seats` still has. So nothing else is stored: a pass that is cut off
//! loses nothing, passes may overlap, and each order is refunded by the transaction that refunds any
//! order.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{Reading, Rejected, Store, StoreError, at_once::in_time, query};
use crate::domain::{
    ids::{ReservationId, ShowId, UserId},
    money::Money,
    order::Order,
    reason::Explanation,
    seat::{SeatNumber, SeatSet, SeatStatus, TakenSeat, before_payments_under_way},
    show::{Show, blocks},
};

/// How many reservations are given back at the same moment.
const AT_ONCE: usize = 16;

/// How many blocks are read before their reservations are given back.
const BLOCKS_AT_ONCE: u32 = 8;

/// The time limit of the reads of one pass. With the work itself it is below the time-out of the
/// function.
const READING_TIMEOUT: Duration = Duration::from_secs(8);

/// What a pass over the seats of a show has done, and what it has left.
#[derive(Debug, Default)]
pub struct Pass {
    /// The orders that are refunded now. Of two passes at once, both may list an order. It was
    /// refunded once.
    pub refunded: Vec<RefundedOrder>,
    /// How many holds the pass has ended.
    pub released: u32,
    /// What it cannot give back, by reservations. Their seats are among `sold` and `held`.
    pub failed: BTreeMap<ReservationId, FailedReservation>,
    /// How many seats are still sold.
    pub sold: u64,
    /// How many seats are still held.
    pub held: u64,
    /// Whether some blocks could not be read in time. Then there may be more than `sold` and `held`.
    pub is_cut_off: bool,
}

/// An order that was refunded.
#[derive(Debug)]
pub struct RefundedOrder {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// Who gets the money.
    pub user_id: UserId,
    /// What this refund has given back.
    pub amount: Money,
}

/// A reservation that cannot be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedReservation {
    /// Who bought or holds the seats. `None` if they were sold by a version of the code that did not
    /// store it.
    pub user_id: Option<UserId>,
    /// The seats.
    pub seats: Vec<SeatNumber>,
}

/// The seats of a reservation that were read together.
struct Taken {
    reservation_id: ReservationId,
    status: SeatStatus,
    buyer: Option<UserId>,
    seats: Vec<SeatNumber>,
}

/// What became of a reservation.
enum Outcome {
    Refunded(RefundedOrder),
    /// Its hold is over, and its seats are free.
    Released,
    /// It can never be refunded as things are.
    Failed,
    /// The time of the pass was over, or something else was writing it.
    Left,
}

impl Pass {
    fn add(&mut self, taken: Taken, outcome: Outcome) {
        match outcome {
            Outcome::Refunded(order) => self.refunded.push(order),
            Outcome::Released => self.released += 1,
            Outcome::Left => self.count(&taken),
            Outcome::Failed => {
                self.count(&taken);
                let failed = FailedReservation {
                    user_id: taken.buyer,
                    seats: Vec::new(),
                };
                let failed = self.failed.entry(taken.reservation_id).or_insert(failed);
                failed.seats.extend(taken.seats);
            }
        }
    }

    /// Counts seats that are left.
    fn count(&mut self, taken: &Taken) {
        let seats = taken.seats.len() as u64;
        match taken.status {
            SeatStatus::Held => self.held += seats,
            SeatStatus::Sold => self.sold += seats,
        }
    }

    /// The pass, whose reading has failed. What it has given back is worth an answer.
    fn cut_off(mut self, error: StoreError) -> Result<Self, StoreError> {
        if !self.has_given_back() {
            return Err(error);
        }
        tracing::warn!(%error, "not all seats of a show that was called off were read");
        self.is_cut_off = true;
        Ok(self)
    }

    /// Whether the pass has found every seat free. What it has released does not count as free: it
    /// may have been paid at that moment.
    pub fn found_nothing(&self) -> bool {
        self.sold == 0 && self.held == 0 && !self.is_cut_off && !self.has_given_back()
    }

    /// Whether the pass has given anything back.
    pub fn has_given_back(&self) -> bool {
        self.released > 0 || !self.refunded.is_empty()
    }

    /// Whether another pass could do more.
    pub fn has_more_to_do(&self) -> bool {
        let failed: usize = self.failed.values().map(|failed| failed.seats.len()).sum();
        self.is_cut_off || self.held + self.sold > failed as u64
    }
}

impl Store {
    /// Refunds the orders of a show and ends its holds, until `end`. After that it only counts what is
    /// left. No session gets another hold of a show that was called off some time ago, so passes come
    /// to an end.
    ///
    /// 1 RRU per 4 KB of each block of seats; 2 RRU and 4 + 2n WRU for each order of n seats; 1 RRU per 4
    /// KB of the user's sessions and 1 + n WRU for each hold. The error is that of a busy database if it
    /// does not answer in time, and nothing was given back.
    pub async fn give_back_show(
        &self,
        show: &Show,
        explanation: &Explanation,
        now: Timestamp,
        end: Instant,
    ) -> Result<Pass, StoreError> {
        let now_of_seats = before_payments_under_way(now);
        let mut pass = Pass::default();
        let mut left = 0..blocks(show.capacity);
        while !left.is_empty() && Instant::now() < end {
            let next = left.start..left.end.min(left.start + BLOCKS_AT_ONCE);
            left.start = next.end;
            let found = match self.reservations_in(show.id(), next, now_of_seats).await {
                Ok(found) => found,
                Err(error) => return pass.cut_off(error),
            };
            let given_back = found.into_iter().map(|taken| async move {
                let outcome = if Instant::now() < end {
                    self.give_back_taken(show.id(), &taken, explanation, now)
                        .await
                } else {
                    Outcome::Left
                };
                (taken, outcome)
            });
            let mut given_back = stream::iter(given_back).buffer_unordered(AT_ONCE);
            while let Some((taken, outcome)) = given_back.next().await {
                pass.add(taken, outcome);
            }
        }
        let show = show.id();
        let counts = self.at_once(left, move |store, block| async move {
            store
                .count_block_by_status(show, block, Reading::Consistent, now_of_seats)
                .await
        });
        match in_time(READING_TIMEOUT, counts.try_collect::<Vec<_>>()).await {
            Ok(counts) => {
                for count in counts {
                    pass.sold += count.sold;
                    pass.held += count.held;
                }
                Ok(pass)
            }
            Err(error) => pass.cut_off(error),
        }
    }

    /// The taken seats of some blocks by their reservations, consistently.
    async fn reservations_in(
        &self,
        show: ShowId,
        blocks: std::ops::Range<u32>,
        now: Timestamp,
    ) -> Result<Vec<Taken>, StoreError> {
        let read = self.at_once(blocks, move |store, block| async move {
            let query = store.taken_seats_of_block(show, block, Reading::Consistent, now);
            query::all::<TakenSeat>(query?).await
        });
        let read = in_time(READING_TIMEOUT, read.try_collect::<Vec<_>>()).await?;
        let mut found: BTreeMap<ReservationId, Taken> = BTreeMap::new();
        for seat in read.into_iter().flatten() {
            match found.entry(seat.reservation_id) {
                Entry::Vacant(entry) => {
                    entry.insert(Taken {
                        reservation_id: seat.reservation_id,
                        status: seat.status,
                        buyer: seat.buyer,
                        seats: vec![seat.seat],
                    });
                }
                Entry::Occupied(mut entry) => entry.get_mut().seats.push(seat.seat),
            }
        }
        Ok(found.into_values().collect())
    }

    async fn give_back_taken(
        &self,
        show: ShowId,
        taken: &Taken,
        explanation: &Explanation,
        now: Timestamp,
    ) -> Outcome {
        let outcome = match (taken.status, taken.buyer) {
            (SeatStatus::Sold, None) => Ok(Outcome::Failed),
            (SeatStatus::Sold, Some(buyer)) => {
                self.refund_taken(show, buyer, taken, explanation, now)
                    .await
            }
            // An earlier version did not store who holds a seat. Its hold is over within minutes.
            (SeatStatus::Held, None) => Ok(Outcome::Left),
            (SeatStatus::Held, Some(holder)) => self.end_hold(show, holder, taken, now).await,
        };
        // Whatever is wrong with one reservation does not keep all others waiting.
        outcome.unwrap_or_else(|error| match error {
            StoreError::Unreadable(_) => Outcome::Failed,
            StoreError::Contended | StoreError::Throttled => Outcome::Left,
            error => {
                let reservation_id = taken.reservation_id;
                tracing::error!(%reservation_id, %error, "not given back, and left for the next call");
                Outcome::Left
            }
        })
    }

    /// Seats that were seen sold to an order that has refunded them. Most likely they were refunded in
    /// between, and are free by now. If not, nothing can be given back for them.
    async fn refunded_before(&self, show: ShowId, taken: &Taken) -> Result<Outcome, StoreError> {
        let seats = SeatSet::new(taken.seats.clone()).map_err(StoreError::unreadable)?;
        let there = self.read_seats(show, &seats, Reading::Consistent).await?;
        let is_still_sold = |seat: &TakenSeat| {
            seat.status == SeatStatus::Sold && seat.reservation_id == taken.reservation_id
        };
        Ok(if there.iter().any(is_still_sold) {
            Outcome::Failed
        } else {
            Outcome::Left
        })
    }

    async fn refund_taken(
        &self,
        show: ShowId,
        buyer: UserId,
        taken: &Taken,
        explanation: &Explanation,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let order = self.order(buyer, taken.reservation_id).await?;
        let has_them = |order: &Order| {
            order.show() == show && taken.seats.iter().all(|seat| order.seats.contains(*seat))
        };
        let Some(order) = order.filter(has_them) else {
            return Ok(Outcome::Failed);
        };
        if taken.seats.iter().any(|seat| order.has_refunded(*seat)) {
            return self.refunded_before(show, taken).await;
        }
        let refunded = self.refund(&order, &order.seats, Some(explanation), None, now);
        match refunded.await {
            Ok(after) => {
                let rest = after.refund.as_ref();
                let is_ours =
                    rest.is_some_and(|rest| rest.explanation.as_ref() == Some(explanation));
                let amount = after.amount_of_rest().filter(|_| is_ours);
                // Without an amount, the buyer or another administrator was faster.
                Ok(amount.map_or(Outcome::Left, |amount| {
                    Outcome::Refunded(RefundedOrder {
                        reservation_id: order.reservation_id,
                        user_id: order.user_id,
                        amount,
                    })
                }))
            }
            Err(Rejected::Refused(_)) => Ok(Outcome::Failed),
            Err(Rejected::Failed(error)) => Err(error),
        }
    }

    async fn end_hold(
        &self,
        show: ShowId,
        holder: UserId,
        taken: &Taken,
        now: Timestamp,
    ) -> Result<Outcome, StoreError> {
        let sessions = self.sessions_of(holder, Reading::Consistent).await?;
        let with_hold = sessions.iter().find_map(|session| {
            let hold = session.live_hold.as_ref()?;
            (hold.reservation_id == taken.reservation_id).then_some((session, hold))
        });
        if let Some((session, hold)) = with_hold {
            // A payment that began while it lived may still come. `release-hold` ends it before that.
            if !hold.is_live(now) {
                return Ok(Outcome::Left);
            }
            match self.cancel_hold(session, hold, now).await {
                Ok(_) => {}
                // It was paid, or its time is over. The next pass sees which.
                Err(Rejected::Refused(_)) => return Ok(Outcome::Left),
                Err(Rejected::Failed(error)) => return Err(error),
            }
        }
        // Without a session that has the hold, nobody can pay for it any more.
        self.free_each(show, taken.reservation_id, taken.seats.clone())
            .await?;
        Ok(Outcome::Released)
    }
}
