//! What the audit reads.
//!
//! It reads whole tables in pages. An item that cannot be read is a finding and not a failure, so
//! it is returned as `None`.

mod catalog;
mod round;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use serde::Deserialize;

pub use self::{
    catalog::{CatalogItem, PlanNow},
    round::{LastRound, LineSeen, Round, Stage},
};
use super::{
    Reading, Store, StoreError, changes,
    item::{Item, from_item, text},
    keys, usage,
};
use crate::domain::{
    audit::SeatOfShow,
    changes::LoggedChange,
    ids::{QueueId, ShowId, UserId},
    order::{Account, Charge, Correction, Entry, Order, OrderStatus},
    seat::{SeatSet, TakenSeat},
    session::Session,
    user::Email,
};

/// Where the scan of a table continues.
#[derive(Debug, Clone, PartialEq)]
pub struct Position(Item);

/// A page of a table.
#[derive(Debug)]
pub struct Page<T> {
    /// Its items; `None` for each that cannot be read.
    pub items: Vec<Option<T>>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<Position>,
}

/// An item of `Users`.
#[derive(Debug)]
pub enum UserItem {
    /// A user, and their e-mail address if they have one.
    User(UserId, Option<Email>),
    /// The owner of an e-mail address. The address is folded.
    Owner(String, UserId),
}

/// An item of `Seats`.
#[derive(Debug)]
pub struct SeatItem {
    /// The seat.
    pub of: SeatOfShow,
    /// Its item.
    pub seat: TakenSeat,
    /// When DynamoDB deletes the item (seconds).
    pub ttl: Option<i64>,
}

/// Everything that a user has in `Accounts`.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The account, if there is one.
    pub account: Option<Account>,
    /// The entries of its chain, in no particular order.
    pub entries: Vec<Entry>,
    /// Their orders.
    pub orders: Vec<Order>,
    /// How many of the items cannot be read.
    pub unreadable: u64,
}

/// A page of `Accounts`, by user.
#[derive(Debug)]
pub struct Ledgers {
    /// The users that are on this page completely.
    pub whole: Vec<(UserId, Ledger)>,
    /// The user whose items may continue on the next page.
    pub cut: Option<UserId>,
    /// How many items cannot be attributed to a user.
    pub unreadable: u64,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<Position>,
}

impl Store {
    /// Reads a page of users and e-mail addresses, without passwords. 0.5 RRU per 4 KB.
    pub async fn audit_users(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<UserItem>, StoreError> {
        let fields = Some("id, email, user_id");
        let (items, next) = self
            .scan(&self.tables.users, after, limit, Reading::Eventual, fields)
            .await?;
        let items = items.into_iter().map(user_item).collect();
        Ok(Page { items, next })
    }

    /// Reads a page of seats. 0.5 RRU per 4 KB.
    pub async fn audit_seats(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<SeatItem>, StoreError> {
        let (items, next) = self
            .scan(&self.tables.seats, after, limit, Reading::Eventual, None)
            .await?;
        let items = items.into_iter().map(seat_item).collect();
        Ok(Page { items, next })
    }

    /// Reads a page of sessions, consistently. 1 RRU per 4 KB.
    pub async fn audit_sessions(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<Session>, StoreError> {
        let (items, next) = self
            .scan(
                &self.tables.sessions,
                after,
                limit,
                Reading::Consistent,
                None,
            )
            .await?;
        let is_ours = |item: &Item| item.get("user_id") == Some(&text(keys::AUDIT));
        let items = items.into_iter().filter(|item| !is_ours(item));
        let items = items.map(|item| from_item(item).ok()).collect();
        Ok(Page { items, next })
    }

    /// Reads a page of accounts, charges, corrections and orders, consistently. 1 RRU per 4 KB. A
    /// user's items are next to each other. A user whose items began on the previous page is left
    /// out of this one.
    pub async fn audit_accounts(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Ledgers, StoreError> {
        let (items, next) = self
            .scan(
                &self.tables.accounts,
                after,
                limit,
                Reading::Consistent,
                None,
            )
            .await?;
        let known = after.and_then(|position| whose(&position.0));
        let cut = next.as_ref().and_then(|position| whose(&position.0));
        let mut ledgers = Ledgers {
            whole: Vec::new(),
            cut: cut.filter(|cut| known != Some(*cut)),
            unreadable: 0,
            next,
        };
        for item in items {
            let Some(user_id) = whose(&item) else {
                ledgers.unreadable += 1;
                continue;
            };
            if Some(user_id) == known || Some(user_id) == cut {
                continue;
            }
            if ledgers
                .whole
                .last()
                .is_none_or(|(last, _)| *last != user_id)
            {
                ledgers.whole.push((user_id, Ledger::default()));
            }
            if let Some((_, ledger)) = ledgers.whole.last_mut() {
                ledger.take(user_id, item);
            }
        }
        Ok(ledgers)
    }

    /// Reads a page of the log of changes. 0.5 RRU per 4 KB.
    pub async fn audit_changes(
        &self,
        after: Option<&Position>,
        limit: u32,
    ) -> Result<Page<LoggedChange>, StoreError> {
        let table = &self.tables.changes;
        let (items, next) = self
            .scan(table, after, limit, Reading::Eventual, None)
            .await?;
        let items = items.into_iter().map(changes::audited).collect();
        Ok(Page { items, next })
    }

    /// Reads everything that a user has in `Accounts`, consistently, and the account before and
    /// after; `None` if the account changed in between. 2 RRU, and 1 per 4 KB.
    pub async fn ledger(&self, user_id: UserId) -> Result<Option<Ledger>, StoreError> {
        let before: Option<Item> = self.account_item(user_id).await?;
        let mut ledger = Ledger::default();
        for item in self.items_of(user_id).await? {
            ledger.take(user_id, item);
        }
        let after = self.account_item(user_id).await?;
        Ok((before == after).then_some(ledger))
    }

    /// Whether a user has an account, consistently. 1 RRU.
    pub async fn has_account(&self, user_id: UserId) -> Result<bool, StoreError> {
        Ok(self.account_item(user_id).await?.is_some())
    }

    async fn account_item(&self, user_id: UserId) -> Result<Option<Item>, StoreError> {
        let key = Item::from([
            ("user_id".to_owned(), text(user_id)),
            ("entry".to_owned(), text(keys::ACCOUNT)),
        ]);
        self.get_item(&self.tables.accounts, key).await
    }

    /// Reads a seat again, consistently. 1 RRU.
    pub async fn seat_now(&self, seat: SeatOfShow) -> Result<Option<TakenSeat>, StoreError> {
        let one = SeatSet::from(seat.seat_number);
        Ok(self.seats_now(seat.show(), &one).await?.pop())
    }

    /// Reads the items of some seats, consistently; a free seat has none. 1 RRU a seat.
    pub async fn seats_now(
        &self,
        show: ShowId,
        seats: &SeatSet,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        self.read_seats(show, seats, Reading::Consistent).await
    }

    /// Reads the owner of a folded e-mail address, consistently. 1 RRU.
    pub async fn owner_of(&self, folded: &str) -> Result<Option<UserId>, StoreError> {
        let key = Item::from([("id".to_owned(), text(keys::email(folded)))]);
        let item = self.get_item(&self.tables.users, key).await?;
        Ok(item.as_ref().and_then(whose))
    }

    /// Reads how many early entries each stripe of a queue has, consistently. 1 RRU for each stripe
    /// that is asked for.
    pub async fn early_entries(
        &self,
        queue_id: &QueueId,
        stripes: &[u8],
    ) -> Result<BTreeMap<u8, u64>, StoreError> {
        let mut entries = BTreeMap::new();
        for stripe in stripes {
            let key = Item::from([("id".to_owned(), text(keys::early(queue_id, *stripe)))]);
            let counted = self.get_item(&self.tables.queues, key).await?;
            let counted = counted.map(from_item::<Stripe>).transpose()?;
            entries.insert(*stripe, counted.map_or(0, |stripe| stripe.entries));
        }
        Ok(entries)
    }

    /// Reads an item as it is, consistently. 1 RRU per 4 KB.
    async fn get_item(&self, table: &str, key: Item) -> Result<Option<Item>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(table)
            .set_key(Some(key))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        Ok(output.item)
    }

    async fn scan(
        &self,
        table: &str,
        after: Option<&Position>,
        limit: u32,
        reading: Reading,
        fields: Option<&str>,
    ) -> Result<(Vec<Item>, Option<Position>), StoreError> {
        let output = self
            .client
            .scan()
            .table_name(table)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(|position| position.0.clone()))
            .set_projection_expression(fields.map(str::to_owned))
            .consistent_read(reading.is_consistent())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        let next = output.last_evaluated_key.map(Position);
        Ok((output.items.unwrap_or_default(), next))
    }
}

impl Ledger {
    /// Whether the user has nothing at all.
    pub fn is_empty(&self) -> bool {
        self.account.is_none() && self.entries.is_empty() && self.unreadable == 0
    }

    fn take(&mut self, user_id: UserId, item: Item) {
        let name = item.get("entry").and_then(|name| name.as_s().ok()).cloned();
        let name = name.unwrap_or_default();
        let taken = if name == keys::ACCOUNT {
            self.account = from_item(item).ok();
            self.account.is_some()
        } else if name.starts_with(keys::CHARGES) {
            let charge = from_item::<Charge>(item).ok();
            self.entries.extend(charge.as_ref().map(Charge::entry));
            charge.is_some()
        } else if name.starts_with(keys::CORRECTIONS) {
            let correction = from_item::<Correction>(item).ok();
            self.entries
                .extend(correction.as_ref().map(Correction::entry));
            correction.is_some()
        } else if name.starts_with(keys::ORDERS) {
            let order = from_item::<Order>(item).ok();
            let order = order.filter(|order| is_whole(order, user_id, &name));
            self.entries.extend(order.iter().flat_map(Order::entries));
            let is_one = order.is_some();
            self.orders.extend(order);
            is_one
        } else {
            false
        };
        self.unreadable += u64::from(!taken);
    }
}

/// Whether an order matches its key, and has a refund if and only if it is refunded.
fn is_whole(order: &Order, user_id: UserId, name: &str) -> bool {
    order.user_id == user_id
        && keys::order(order.reservation_id) == name
        && (order.status == OrderStatus::Refunded) == order.refund.is_some()
}

/// The attributes of a user that are read.
#[derive(Deserialize)]
struct UserFields {
    id: UserId,
    #[serde(default)]
    email: Option<Email>,
}

/// The attributes of a stripe of early entries that are read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Stripe {
    entries: u64,
}

fn whose(item: &Item) -> Option<UserId> {
    item.get("user_id")?.as_s().ok()?.parse().ok()
}

fn user_item(item: Item) -> Option<UserItem> {
    let id = item.get("id")?.as_s().ok()?;
    if let Some(folded) = id.strip_prefix(keys::EMAILS) {
        return Some(UserItem::Owner(folded.to_owned(), whose(&item)?));
    }
    let UserFields { id, email } = from_item(item).ok()?;
    Some(UserItem::User(id, email))
}

fn seat_item(item: Item) -> Option<SeatItem> {
    let (show, block) = keys::show_of_block(item.get("block")?.as_s().ok()?)?;
    let ttl = match item.get("ttl") {
        Some(ttl) => Some(ttl.as_n().ok()?.parse().ok()?),
        None => None,
    };
    let seat: TakenSeat = from_item(item).ok()?;
    (seat.seat.block() == block).then(|| SeatItem {
        of: SeatOfShow::new(show, seat.seat),
        seat,
        ttl,
    })
}
