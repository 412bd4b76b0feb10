//! The orders of a show. `Seats` says which seats are sold and to whom, `Accounts` has the orders,
//! and `Users` the buyers. No item lists the orders of a show, so that a payment writes none.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use futures_util::TryStreamExt as _;

use super::{
    Reading, Store, StoreError, accounts,
    at_once::{MAX_AT_ONCE, in_time},
    item::{number, to_attribute},
    keys, query, users,
};
use crate::domain::{
    ids::{ReservationId, ShowId, UserId},
    order::{Due, Order},
    seat::{SEATS_A_BLOCK, SeatNumber, SeatSet, SeatStatus, TakenSeat},
    show::blocks,
    user::User,
};

/// The time limit of a page. It is below the time-out of the function that lists orders.
const PAGE_TIMEOUT: Duration = Duration::from_secs(8);

/// A page of the orders of a show.
#[derive(Debug)]
pub struct ShowOrders {
    /// The orders, by their lowest seats. They may be fewer than were asked for, or none, although
    /// more follow.
    pub orders: Vec<ShowOrder>,
    /// The seat at which the next page begins. `None` if this is the last page.
    pub next_from: Option<SeatNumber>,
}

/// What a reservation has of a show.
#[derive(Debug)]
pub enum ShowOrder {
    /// A paid order of which seats are left.
    Known {
        /// The order.
        order: Box<Order>,
        /// Those of its seats that are not refunded, and what was paid for them.
        left: Due,
        /// The user that paid, if they still exist.
        buyer: Option<Box<User>>,
    },
    /// Seats that an earlier version sold. Their items do not say who bought them, so their order
    /// is not found.
    OfAnybody {
        /// The reservation.
        reservation_id: ReservationId,
        /// Those of its seats that are in the page.
        seats: SeatSet,
    },
}

impl ShowOrder {
    fn lowest_seat(&self) -> SeatNumber {
        match self {
            Self::Known { left, .. } => left.seats.first(),
            Self::OfAnybody { seats, .. } => seats.first(),
        }
    }
}

/// The sold seats of a reservation, as far as they have been read.
struct Sold {
    reservation_id: ReservationId,
    buyer: Option<UserId>,
    seats: Vec<SeatNumber>,
}

impl Store {
    /// Reads a page of the paid orders of a show, by their lowest seats, from a seat on. `limit` is
    /// at most 100. What it reads may be a moment old: an order that is paid or refunded at the same
    /// time is either there or not.
    ///
    /// 0.5 RRU per 4 KB of each block that it reads, 0.5 RRU an order and 0.5 RRU a user. The next
    /// page reads the block in which the last one ended again, from there on. An order with a lower
    /// seat that an earlier page has shown is read again too, and left out.
    pub async fn orders_of_show(
        &self,
        show: ShowId,
        capacity: u32,
        from: SeatNumber,
        limit: u32,
    ) -> Result<ShowOrders, StoreError> {
        in_time(PAGE_TIMEOUT, self.page_of(show, capacity, from, limit)).await
    }

    async fn page_of(
        &self,
        show: ShowId,
        capacity: u32,
        from: SeatNumber,
        limit: u32,
    ) -> Result<ShowOrders, StoreError> {
        let (sold, next_from) = self.sold_from(show, capacity, from, limit).await?;
        let (mut orders, users) =
            tokio::try_join!(self.orders_of_sold(&sold), self.buyers_of_sold(&sold))?;
        let is_in_page =
            |seat: SeatNumber| from <= seat && next_from.is_none_or(|next_from| seat < next_from);
        let mut page = Vec::with_capacity(sold.len());
        for sold in sold {
            page.extend(match sold.buyer {
                None => Some(ShowOrder::OfAnybody {
                    reservation_id: sold.reservation_id,
                    seats: SeatSet::new(sold.seats).map_err(StoreError::unreadable)?,
                }),
                Some(_) => orders.remove(&sold.reservation_id).and_then(|order| {
                    let left = order.due_of(&order.seats)?;
                    is_in_page(left.seats.first()).then(|| ShowOrder::Known {
                        left,
                        buyer: users.get(&order.user_id).cloned().map(Box::new),
                        order: Box::new(order),
                    })
                }),
            });
        }
        page.sort_by_key(ShowOrder::lowest_seat);
        Ok(ShowOrders {
            orders: page,
            next_from,
        })
    }

    /// The sold seats of up to `limit` reservations from a seat on, and where others follow. More
    /// and more blocks are read at once until there are enough, so that an empty hall is read
    /// quickly and a full one is not read in vain.
    async fn sold_from(
        &self,
        show: ShowId,
        capacity: u32,
        from: SeatNumber,
        limit: u32,
    ) -> Result<(Vec<Sold>, Option<SeatNumber>), StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut sold: Vec<Sold> = Vec::new();
        let mut blocks = from.block()..blocks(capacity);
        let mut at_once = 1;
        while !blocks.is_empty() {
            if sold.len() == limit {
                return Ok((sold, first_seat_of(blocks.start)));
            }
            let now: Vec<_> = blocks.by_ref().take(at_once).collect();
            let read = self.at_once(now, move |store, block| async move {
                store.sold_seats_of_block(show, block, from).await
            });
            for seat in read.try_collect::<Vec<_>>().await?.concat() {
                let is_known = |sold: &Sold| sold.reservation_id == seat.reservation_id;
                match sold.iter().position(is_known) {
                    Some(known) => sold[known].seats.push(seat.seat),
                    None if sold.len() == limit => return Ok((sold, Some(seat.seat))),
                    None => sold.push(Sold {
                        reservation_id: seat.reservation_id,
                        buyer: seat.buyer,
                        seats: vec![seat.seat],
                    }),
                }
            }
            at_once = (2 * at_once).min(MAX_AT_ONCE);
        }
        Ok((sold, None))
    }

    async fn sold_seats_of_block(
        &self,
        show: ShowId,
        block: u32,
        from: SeatNumber,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        let query = self
            .seats_of_block(show, block)
            .key_condition_expression("#block = :block AND seat >= :from")
            .filter_expression("#status = :sold")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":from", number(from.get()))
            .expression_attribute_values(":sold", to_attribute(&SeatStatus::Sold)?);
        query::all(query).await
    }

    /// The orders of these reservations. 0.5 RRU each.
    async fn orders_of_sold(
        &self,
        sold: &[Sold],
    ) -> Result<HashMap<ReservationId, Order>, StoreError> {
        let keys = sold.iter().filter_map(|sold| {
            let order = keys::order(sold.reservation_id);
            Some(accounts::key(sold.buyer?, &order))
        });
        let table = &self.tables.accounts;
        let orders = self.read_each(table, keys.collect(), Reading::Eventual);
        let orders: Vec<Order> = orders.await?;
        let named = orders
            .into_iter()
            .map(|order| (order.reservation_id, order));
        Ok(named.collect())
    }

    /// The users that bought these seats, if they still exist. 0.5 RRU each.
    async fn buyers_of_sold(&self, sold: &[Sold]) -> Result<HashMap<UserId, User>, StoreError> {
        let buyers: BTreeSet<_> = sold.iter().filter_map(|sold| sold.buyer).collect();
        let keys = buyers.into_iter().map(users::key);
        let table = &self.tables.users;
        let users = self.read_each(table, keys.collect(), Reading::Eventual);
        let users: Vec<User> = users.await?;
        Ok(users.into_iter().map(|user| (user.user_id, user)).collect())
    }
}

fn first_seat_of(block: u32) -> Option<SeatNumber> {
    SeatNumber::new(u64::from(block) * u64::from(SEATS_A_BLOCK) + 1)
}
