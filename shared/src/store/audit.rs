//! What the audit reads, and where it has come to.
//!
//! It reads whole tables in pages. An item that cannot be read is a finding and no failure, and
//! so is told as `None`.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    primitives::Blob,
    types::{AttributeValue, ReturnConsumedCapacity},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Reading, Store, StoreError,
    item::{Item, from_item, number, text, to_item, ttl},
    keys, usage,
};
use crate::domain::{
    audit::{Memory, Report, SeatOfShow},
    ids::{QueueId, ShowId, UserId},
    order::{Account, Charge, Entry, Order, OrderStatus},
    seat::{SeatSet, TakenSeat},
    session::Session,
    user::Email,
};

/// An audit that nobody goes on with is forgotten after this time.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A part of the memory; an item may have 400 KB.
const PART: usize = 350_000;

/// Where a scan of a table goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Position(Item);

/// A page of a table.
#[derive(Debug)]
pub struct Page<T> {
    /// Its items; `None` for each that cannot be read.
    pub items: Vec<Option<T>>,
    /// Where the next one begins; `None` after the last.
    pub next: Option<Position>,
}

/// An item of `Users`.
#[derive(Debug)]
pub enum UserItem {
    /// A user, and their e-mail address.
    User(UserId, Option<Email>),
    /// Whose an e-mail address is. It is folded.
    Owner(String, UserId),
}

/// An item of `Seats`.
#[derive(Debug)]
pub struct SeatItem {
    /// Which.
    pub of: SeatOfShow,
    /// What it says.
    pub seat: TakenSeat,
    /// When it is swept (seconds).
    pub ttl: Option<i64>,
}

/// What a user has in `Accounts`.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The account, if it is there.
    pub account: Option<Account>,
    /// The steps of its chain, in no order.
    pub entries: Vec<Entry>,
    /// Their orders.
    pub orders: Vec<Order>,
    /// How many items cannot be read.
    pub unreadable: u64,
}

/// A page of `Accounts`, by user.
#[derive(Debug)]
pub struct Ledgers {
    /// Those that are whole.
    pub whole: Vec<(UserId, Ledger)>,
    /// Whose may go on with the next page.
    pub cut: Option<UserId>,
    /// How many items are nobody's.
    pub unreadable: u64,
    /// Where the next one begins; `None` after the last.
    pub next: Option<Position>,
}

/// Where an audit has come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// How often it was written.
    pub version: u64,
    /// When the round began.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub started_at: Timestamp,
    /// How many runs it has had.
    pub runs: u32,
    /// What it does next.
    pub stage: Stage,
    /// What it has found so far.
    pub report: Report,
    /// How far each queue had served when it was last looked at.
    #[serde(default)]
    pub lines: BTreeMap<QueueId, LineSeen>,
    /// Where its memory is written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept: Option<Kept>,
    /// Where the scan of the stage's table goes on.
    #[serde(skip)]
    pub position: Option<Position>,
    /// What it remembers.
    #[serde(skip)]
    pub memory: Memory,
}

/// A memory that is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    id: Uuid,
    parts: usize,
}

/// What a round does, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Reads users and e-mail addresses.
    #[default]
    Users,
    /// Looks again at addresses of which it has seen one half.
    Addresses,
    /// Reads seats.
    Seats,
    /// Reads sessions.
    Sessions,
    /// Looks again at held seats that no session explains.
    HeldSeats,
    /// Reads queues.
    Queues,
    /// Reads accounts, charges and orders.
    Accounts,
    /// Looks again at users without an account.
    UsersLeft,
    /// Looks again at sold seats without an order.
    SeatsLeft,
    /// Has ended.
    Done,
}

impl Stage {
    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Users => Self::Addresses,
            Self::Addresses => Self::Seats,
            Self::Seats => Self::Sessions,
            Self::Sessions => Self::HeldSeats,
            Self::HeldSeats => Self::Queues,
            Self::Queues => Self::Accounts,
            Self::Accounts => Self::UsersLeft,
            Self::UsersLeft => Self::SeatsLeft,
            Self::SeatsLeft | Self::Done => Self::Done,
        }
    }
}

impl Round {
    /// The round after this one, or the first: it begins at `now`, and knows how far queues were.
    pub fn after(earlier: Option<Self>, now: Timestamp) -> Self {
        let earlier = earlier.unwrap_or_default();
        Self {
            version: earlier.version,
            started_at: now,
            kept: earlier.kept,
            lines: earlier.lines,
            ..Self::default()
        }
    }

    /// The round when it cannot go on.
    fn given_up(self) -> Self {
        Self {
            stage: Stage::Done,
            ..self
        }
    }
}

/// How far a queue had served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSeen {
    /// When (milliseconds).
    pub at: i64,
    /// How many, in thousandths.
    pub served: u64,
    /// Whether it opened, or is to open, with a draw. Whoever gives a queue its opening begins its
    /// line anew.
    pub has_draw: bool,
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
            .scan(&self.tables.users, after, limit, Reading::Lately, fields)
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
            .scan(&self.tables.seats, after, limit, Reading::Lately, None)
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

    /// Reads a page of accounts, charges and orders, consistently. 1 RRU per 4 KB. What a user has
    /// stands together: who was cut off by the page before is left out of this one.
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

    /// Reads what a user has, consistently, between two looks at the account; `None` when that
    /// moved in between. 2 RRU and 1 per 4 KB.
    pub async fn ledger(&self, user_id: UserId) -> Result<Option<Ledger>, StoreError> {
        let before: Option<Item> = self.account_item(user_id).await?;
        let mut ledger = Ledger::default();
        let mut pages = self
            .client
            .query()
            .table_name(&self.tables.accounts)
            .key_condition_expression("user_id = :user_id")
            .expression_attribute_values(":user_id", text(user_id))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .into_paginator()
            .send();
        while let Some(page) = pages.try_next().await? {
            usage::read(page.consumed_capacity());
            for item in page.items.unwrap_or_default() {
                ledger.take(user_id, item);
            }
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

    /// Reads a seat, consistently, as whoever looks again at one that was seen. 1 RRU.
    pub async fn seat_now(&self, seat: SeatOfShow) -> Result<Option<TakenSeat>, StoreError> {
        let one = SeatSet::from(seat.seat_number);
        Ok(self.seats_now(seat.show(), &one).await?.pop())
    }

    /// Reads those of some seats that have an item, consistently. 1 RRU a seat.
    pub async fn seats_now(
        &self,
        show: ShowId,
        seats: &SeatSet,
    ) -> Result<Vec<TakenSeat>, StoreError> {
        self.read_seats(show, seats, Reading::Consistent).await
    }

    /// Reads whose a folded e-mail address is, consistently. 1 RRU.
    pub async fn owner_of(&self, folded: &str) -> Result<Option<UserId>, StoreError> {
        let key = Item::from([("id".to_owned(), text(format!("{}{folded}", keys::EMAILS)))]);
        let item = self.get_item(&self.tables.users, key).await?;
        Ok(item.as_ref().and_then(whose))
    }

    /// Reads, consistently, how many early entries each stripe of a queue has. 1 RRU for each
    /// stripe that is asked for.
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

/// Whether an order is what its key says, and has a refund if and only if it is refunded.
fn is_whole(order: &Order, user_id: UserId, name: &str) -> bool {
    order.user_id == user_id
        && keys::order(order.reservation_id) == name
        && (order.status == OrderStatus::Refunded) == order.refund.is_some()
}

/// What is read of a user.
#[derive(Deserialize)]
struct UserFields {
    id: UserId,
    #[serde(default)]
    email: Option<Email>,
}

/// What is read of a stripe of early entries.
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

impl Store {
    /// Reads where the audit has come to, consistently; `None` when there was none. 1 RRU per 4 KB
    /// of it and of its memory. A round whose memory is lost, or was written by another version of
    /// the code, is over.
    pub async fn round(&self) -> Result<Option<Round>, StoreError> {
        loop {
            let Some(round) = self.round_without_memory().await? else {
                return Ok(None);
            };
            if let Some(memory) = self.remembered(&round).await? {
                return Ok(Some(Round { memory, ..round }));
            }
            // Another run may have gone on meanwhile, and have forgotten what it went on from.
            let now = self.round_without_memory().await?;
            if now.is_some_and(|now| now.version == round.version) {
                return Ok(Some(round.given_up()));
            }
        }
    }

    async fn round_without_memory(&self) -> Result<Option<Round>, StoreError> {
        let key = round_key(keys::ROUND);
        let Some(mut item) = self.get_item(&self.tables.sessions, key).await? else {
            return Ok(None);
        };
        let position = match item.remove("position") {
            Some(AttributeValue::M(key)) => Some(Position(key)),
            _ => None,
        };
        let version = item.get("version").cloned();
        let round = from_item(item).unwrap_or_else(|_| {
            let version = version.and_then(|version| version.as_n().ok()?.parse().ok());
            let unreadable = Round {
                version: version.unwrap_or_default(),
                ..Round::default()
            };
            unreadable.given_up()
        });
        Ok(Some(Round { position, ..round }))
    }

    /// What a round remembers; `None` when a part of it is gone, or cannot be read.
    async fn remembered(&self, round: &Round) -> Result<Option<Memory>, StoreError> {
        let Some(kept) = round.kept else {
            return Ok(Some(Memory::default()));
        };
        let mut bytes = Vec::new();
        for part in 0..kept.parts {
            let key = round_key(&keys::memory(kept.id, part));
            let item = self.get_item(&self.tables.sessions, key).await?;
            let part = item.and_then(|mut item| item.remove("bytes"));
            let Some(AttributeValue::B(part)) = part else {
                return Ok(None);
            };
            bytes.extend(part.into_inner());
        }
        Ok(postcard::from_bytes(&bytes).ok())
    }

    /// Writes where the audit has come to, if it is where it was when it was read; tells whether
    /// it was. 1 WRU per KB of it and of its memory, and 1 for each part of that before.
    pub async fn put_round(&self, round: &Round, now: Timestamp) -> Result<bool, StoreError> {
        let kept = match round.stage {
            Stage::Done => None,
            _ => Some(self.keep(&round.memory, now).await?),
        };
        let next = Round {
            version: round.version + 1,
            kept,
            ..round.clone()
        };
        let mut item = to_item(&next)?;
        item.extend(round_key(keys::ROUND));
        item.insert("ttl".to_owned(), kept_until(now));
        if let Some(Position(key)) = &round.position {
            item.insert("position".to_owned(), AttributeValue::M(key.clone()));
        }
        let written = self.put_item(item, Some(round.version)).await?;
        let of_no_use = if written { round.kept } else { kept };
        if let Some(kept) = of_no_use {
            self.forget(kept).await?;
        }
        Ok(written)
    }

    /// Writes a memory down, under a name that nobody else has.
    async fn keep(&self, memory: &Memory, now: Timestamp) -> Result<Kept, StoreError> {
        let bytes = postcard::to_stdvec(memory).map_err(StoreError::of_item)?;
        let parts = bytes.chunks(PART);
        let kept = Kept {
            id: Uuid::new_v4(),
            parts: parts.len(),
        };
        for (part, bytes) in parts.enumerate() {
            let mut item = round_key(&keys::memory(kept.id, part));
            let bytes = AttributeValue::B(Blob::new(bytes));
            item.insert("bytes".to_owned(), bytes);
            item.insert("ttl".to_owned(), kept_until(now));
            self.put_item(item, None).await?;
        }
        Ok(kept)
    }

    /// Puts an item of the audit, if its round is the one that was seen; tells whether it was.
    async fn put_item(&self, item: Item, seen: Option<u64>) -> Result<bool, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.tables.sessions)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let put = match seen {
            None => put,
            Some(0) => put.condition_expression("attribute_not_exists(user_id)"),
            Some(seen) => put
                .condition_expression("version = :seen")
                .expression_attribute_values(":seen", number(seen)),
        };
        match put.send().await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(true)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn forget(&self, kept: Kept) -> Result<(), StoreError> {
        for part in 0..kept.parts {
            let output = self
                .client
                .delete_item()
                .table_name(&self.tables.sessions)
                .set_key(Some(round_key(&keys::memory(kept.id, part))))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            usage::write(output.consumed_capacity());
        }
        Ok(())
    }
}

fn round_key(name: &str) -> Item {
    Item::from([
        ("user_id".to_owned(), text(keys::AUDIT)),
        ("queue_id".to_owned(), text(name)),
    ])
}

fn kept_until(now: Timestamp) -> AttributeValue {
    ttl(now.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX))
}
