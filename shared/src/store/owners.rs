//! Names the buyers of seats that an earlier version sold. Their items name nobody, but their orders
//! do.

use std::collections::HashSet;

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnConsumedCapacity},
};
use futures_util::TryStreamExt as _;

use super::{
    Reading, Store, StoreError,
    contention::while_contended,
    item::{Item, from_item, text, to_attribute},
    keys, seats,
    transaction::is_conflict,
    usage,
};
use crate::domain::{
    ids::{ReservationId, ShowId, UserId},
    order::{Order, OrderStatus},
    seat::{SeatNumber, SeatStatus, TakenSeat},
};

/// The most seats of one [`Store::nameless`]. DynamoDB reads at most a hundred items in a call.
pub const MAX_SEATS: usize = 100;

/// A seat that an order has paid and not refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidSeat {
    show: ShowId,
    seat: SeatNumber,
    reservation_id: ReservationId,
    user_id: UserId,
}

/// Paid orders of a page of `Accounts`.
#[derive(Debug)]
pub struct PaidOrders {
    /// How many they are.
    pub orders: u64,
    /// Those of their seats that are not refunded.
    pub seats: Vec<PaidSeat>,
    /// The position after which the next page begins; `None` after the last one.
    pub next: Option<String>,
}

impl Store {
    /// Reads a page of `limit` items of `Accounts` after a position; it may be a moment old. Orders
    /// that cannot be read are left out: the audit reports them. 0.5 RRU per 4 KB.
    ///
    /// A position is made of the key of an item: the user's id, a space and the entry.
    pub async fn paid_orders(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<PaidOrders, StoreError> {
        let after = after.and_then(|after| after.split_once(' '));
        let after = after.map(|(user_id, entry)| {
            Item::from([
                ("user_id".to_owned(), text(user_id)),
                ("entry".to_owned(), text(entry)),
            ])
        });
        let output = self
            .client
            .scan()
            .table_name(&self.tables.accounts)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after)
            .filter_expression("begins_with(entry, :orders) AND #status = :paid")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":orders", text(keys::ORDERS))
            .expression_attribute_values(":paid", to_attribute(&OrderStatus::Paid)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        let next = output.last_evaluated_key.and_then(|key| {
            let part = |name| {
                key.get(name)
                    .and_then(|part: &AttributeValue| part.as_s().ok())
            };
            Some(format!("{} {}", part("user_id")?, part("entry")?))
        });
        let items = output.items.unwrap_or_default().into_iter();
        let orders: Vec<Order> = items.filter_map(|item| from_item(item).ok()).collect();
        let seats = orders.iter().flat_map(|order| {
            let left = order.seats.iter().filter(|seat| !order.has_refunded(*seat));
            left.map(|seat| PaidSeat {
                show: order.show(),
                seat,
                reservation_id: order.reservation_id,
                user_id: order.user_id,
            })
        });
        Ok(PaidOrders {
            orders: orders.len() as u64,
            seats: seats.collect(),
            next,
        })
    }

    /// Those of these seats that are sold to their orders and name nobody: of at most [`MAX_SEATS`].
    /// It may be a moment old. 0.5 RRU a seat.
    pub async fn nameless(&self, paid: &[PaidSeat]) -> Result<Vec<PaidSeat>, StoreError> {
        if paid.is_empty() {
            return Ok(Vec::new());
        }
        let table = &*self.tables.seats;
        let keys = paid.iter().map(|paid| seats::key(paid.show, paid.seat));
        let found = self.read_batch([(table, keys.collect())], Reading::Eventual);
        let found = found.await?.remove(table).unwrap_or_default().into_iter();
        let is_nameless =
            |seat: &TakenSeat| seat.status == SeatStatus::Sold && seat.buyer.is_none();
        let found: Vec<TakenSeat> = found.filter_map(|item| from_item(item).ok()).collect();
        let nameless: HashSet<_> = found
            .iter()
            .filter(|seat| is_nameless(seat))
            .map(|seat| (seat.reservation_id, seat.seat))
            .collect();
        let its = paid.iter().copied();
        Ok(its
            .filter(|paid| nameless.contains(&(paid.reservation_id, paid.seat)))
            .collect())
    }

    /// Names the buyers of these seats. Returns how many it has named. 1 WRU a seat.
    ///
    /// A seat is written if it is still sold to its order and names nobody. So it does not matter
    /// what happens to the seat at the same time.
    pub async fn name_owners(&self, nameless: Vec<PaidSeat>) -> Result<u64, StoreError> {
        let named = self.at_once(nameless, |store, paid| async move {
            store.name_owner(&paid).await
        });
        let count = async |sum, named| Ok(sum + u64::from(named));
        named.try_fold(0, count).await
    }

    async fn name_owner(&self, paid: &PaidSeat) -> Result<bool, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.seats)
            .set_key(Some(seats::key(paid.show, paid.seat)))
            .update_expression("SET buyer = :buyer")
            .condition_expression(
                "#status = :sold AND reservation_id = :reservation_id AND \
                 attribute_not_exists(buyer)",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":sold", to_attribute(&SeatStatus::Sold)?)
            .expression_attribute_values(":reservation_id", text(paid.reservation_id))
            .expression_attribute_values(":buyer", text(paid.user_id.in_letters()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match while_contended(|| update.clone().send(), is_conflict).await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(true)
            }
            // It was refunded, perhaps sold again, or has been named meanwhile.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
