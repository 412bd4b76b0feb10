//! `Accounts`: balances, and the entries that led to them. Every entry has the `seq` and
//! `balance_after` that it produced. So a user's entries form a chain without gaps.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{Put, ReturnConsumedCapacity, Update},
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    Decided as _, Reading, Rejected, Store, StoreError,
    contention::{TryError, seen_or, while_stale_since},
    item::{Item, from_item, number, text, time, to_attribute, to_item},
    keys::{self, EntryName},
    query,
    transaction::Transaction,
    usage,
};
use crate::{
    config::Tables,
    domain::{
        changes::{ChangeKind, Facts, LoggedChange},
        ids::{ConcertId, CorrectionId, ReservationId, UserId},
        money::{Difference, Money},
        order::{Account, Charge, Correction, Entry, Order, OrderStatus},
        reason::Explanation,
    },
    error::ApiError,
};

/// Why a charge or a correction is refused.
#[derive(Debug)]
pub enum EntryRefused {
    /// There is no such user, or they were deleted.
    NoAccount,
    /// The owner's token is of an earlier generation than the account accepts.
    TokenOver,
    /// The balance would be above or below what an account may hold.
    OutOfRange,
    /// The key was used for a different request before.
    KeyReused,
}

impl EntryRefused {
    /// The error that a caller gets; `out_of_range` if the amount does not fit the account.
    pub fn error(self, out_of_range: ApiError) -> ApiError {
        match self {
            Self::NoAccount => ApiError::UserNotFound,
            Self::TokenOver => ApiError::InvalidToken,
            Self::OutOfRange => out_of_range,
            Self::KeyReused => ApiError::IdempotencyKeyReused,
        }
    }
}

enum EntryFailed {
    Stale,
    AlreadyDone(Option<Item>),
}

impl Store {
    /// Reads an account, consistently. 1 RRU.
    pub async fn account(&self, user_id: UserId) -> Result<Option<Account>, StoreError> {
        self.account_entry(user_id, keys::ACCOUNT).await
    }

    /// Reads an order, consistently. 1 RRU.
    pub async fn order(
        &self,
        user_id: UserId,
        reservation_id: ReservationId,
    ) -> Result<Option<Order>, StoreError> {
        self.account_entry(user_id, &keys::order(reservation_id))
            .await
    }

    async fn account_entry<T: DeserializeOwned>(
        &self,
        user_id: UserId,
        entry: &str,
    ) -> Result<Option<T>, StoreError> {
        self.get(
            &self.tables.accounts,
            key(user_id, entry),
            Reading::Consistent,
        )
        .await
    }

    /// Reads the orders of a user consistently, the latest reservation first: at most `limit` of
    /// them, from before `before`. 1 RRU per 4 KB.
    pub async fn orders(
        &self,
        user_id: UserId,
        before: Option<ReservationId>,
        limit: u32,
    ) -> Result<Vec<Order>, StoreError> {
        let output = self
            .client
            .query()
            .table_name(&self.tables.accounts)
            .key_condition_expression("user_id = :user_id AND begins_with(entry, :orders)")
            .expression_attribute_values(":user_id", text(user_id))
            .expression_attribute_values(":orders", text(keys::ORDERS))
            .set_exclusive_start_key(before.map(|id| key(user_id, &keys::order(id))))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        let items = output.items.unwrap_or_default();
        items.into_iter().map(from_item).collect()
    }

    /// Reads a user's orders of a concert, refunded ones too. 1 RRU per 4 KB of the user's orders since
    /// the concert was created if consistent, else 0.5.
    pub async fn orders_of_concert(
        &self,
        user_id: UserId,
        concert_id: ConcertId,
        reading: Reading,
    ) -> Result<Vec<Order>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.accounts)
            .key_condition_expression("user_id = :user_id AND entry BETWEEN :first AND :last")
            .filter_expression("concert_id = :concert_id")
            .expression_attribute_values(":user_id", text(user_id))
            .expression_attribute_values(":first", text(keys::first_order_of(concert_id)))
            .expression_attribute_values(":last", text(keys::LAST_ORDER))
            .expression_attribute_values(":concert_id", text(concert_id))
            .consistent_read(reading.is_consistent());
        query::all(query).await
    }

    /// Reads an account and all entries of its chain consistently, in no particular order; `None`
    /// if there is no account. 1 RRU per 4 KB of everything that the user has ever done. An index
    /// would cost one more write for each entry, and statements are rarely read.
    pub async fn entries(
        &self,
        user_id: UserId,
    ) -> Result<Option<(Account, Vec<Entry>)>, StoreError> {
        let (mut account, mut entries) = (None, Vec::new());
        for item in self.items_of(user_id).await? {
            let name = item.get("entry").and_then(|name| name.as_s().ok());
            match name.map(String::as_str).unwrap_or_default() {
                keys::ACCOUNT => account = Some(from_item(item)?),
                name if name.starts_with(keys::CHARGES) => {
                    entries.push(from_item::<Charge>(item)?.entry());
                }
                name if name.starts_with(keys::CORRECTIONS) => {
                    entries.push(from_item::<Correction>(item)?.entry());
                }
                name if name.starts_with(keys::ORDERS) => {
                    entries.extend(from_item::<Order>(item)?.entries());
                }
                _ => {}
            }
        }
        Ok(account.map(|account| (account, entries)))
    }

    /// Reads all items that a user has in `Accounts`, consistently. 1 RRU per 4 KB.
    pub(super) async fn items_of(&self, user_id: UserId) -> Result<Vec<Item>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.accounts)
            .key_condition_expression("user_id = :user_id")
            .expression_attribute_values(":user_id", text(user_id))
            .consistent_read(true);
        query::items(query).await
    }

    /// Charges an account and returns the charge. A charge with a client's key is made once; the
    /// same request again returns the recorded one. The owner's own token must be of a generation
    /// that the account accepts. 4 WRU, 1 RRU; 2 WRU more for an administrator, whose charge is
    /// recorded.
    pub async fn charge(
        &self,
        user_id: UserId,
        generation: Option<u32>,
        seen: Option<Account>,
        name: &EntryName,
        amount: Money,
        now: Timestamp,
    ) -> Result<Charge, Rejected<EntryRefused>> {
        let change = self.new_change(ChangeKind::ChargeByAdmin);
        let next = |account| charged(account, user_id, amount, now, change.as_ref());
        let name = keys::charge(name);
        self.enter(
            user_id,
            generation,
            seen,
            &name,
            next,
            |recorded: &Charge| recorded.amount == amount,
        )
        .await
    }

    /// One try of a buyer to charge an account, as it was read. 4 WRU.
    pub async fn try_to_charge(
        &self,
        user_id: UserId,
        account: Account,
        name: &EntryName,
        amount: Money,
        now: Timestamp,
    ) -> Result<Charge, TryError<EntryRefused>> {
        let next = |account| charged(account, user_id, amount, now, None);
        let name = keys::charge(name);
        self.try_to_enter(user_id, account, &name, next, |recorded: &Charge| {
            recorded.amount == amount
        })
        .await
    }

    /// Corrects a balance and returns the correction. Like a charge, it is made once. 4 WRU, 1 RRU,
    /// and 2 WRU for the record of it; 2 WRU more for each of the two items that a long reason makes
    /// larger than 1 KB.
    pub async fn correct(
        &self,
        user_id: UserId,
        seen: Option<Account>,
        name: &EntryName,
        amount: Difference,
        explanation: &Explanation,
        now: Timestamp,
    ) -> Result<Correction, Rejected<EntryRefused>> {
        let correction_id = CorrectionId::new();
        let change = self.new_change(ChangeKind::Correction);
        let next = |account: Account| {
            let corrected = account.corrected(amount)?;
            let correction = Correction {
                correction_id,
                amount,
                explanation: explanation.recorded_as(change.as_ref()),
                corrected_at: now,
                seq: corrected.seq,
                balance_after: corrected.balance,
            };
            let change = change.clone().map(|change| LoggedChange {
                user_id: Some(user_id),
                correction_id: Some(correction_id),
                after: moved(amount.json(), corrected),
                reason: Some(explanation.reason.clone()),
                ..change
            });
            Some((corrected, correction, change))
        };
        let name = keys::correction(name);
        self.enter(user_id, None, seen, &name, next, |recorded: &Correction| {
            recorded.amount == amount && recorded.explanation.reason == explanation.reason
        })
        .await
    }

    /// Moves a balance as `next` says, and records the entry for it, once under its name. The same
    /// request again returns the recorded entry. The owner's own token must be of a generation that
    /// the account accepts.
    async fn enter<E: Serialize + DeserializeOwned>(
        &self,
        user_id: UserId,
        generation: Option<u32>,
        seen: Option<Account>,
        name: &str,
        next: impl Fn(Account) -> Option<(Account, E, Option<LoggedChange>)>,
        is_same: impl Fn(&E) -> bool,
    ) -> Result<E, Rejected<EntryRefused>> {
        while_stale_since(seen, async |seen| {
            match seen_or(seen, self.account(user_id)).await? {
                None => Err(TryError::Refused(EntryRefused::NoAccount)),
                Some(account) if generation.is_some_and(|token| !account.takes_token_of(token)) => {
                    Err(TryError::Refused(EntryRefused::TokenOver))
                }
                Some(account) if account.closed_at.is_some() => {
                    Err(TryError::Refused(EntryRefused::NoAccount))
                }
                Some(account) => {
                    self.try_to_enter(user_id, account, name, &next, &is_same)
                        .await
                }
            }
        })
        .await
    }

    /// One try to enter, with the account as it was read.
    async fn try_to_enter<E: Serialize + DeserializeOwned>(
        &self,
        user_id: UserId,
        account: Account,
        name: &str,
        next: impl Fn(Account) -> Option<(Account, E, Option<LoggedChange>)>,
        is_same: impl Fn(&E) -> bool,
    ) -> Result<E, TryError<EntryRefused>> {
        let the_same = |recorded: E| {
            if is_same(&recorded) {
                Ok(recorded)
            } else {
                Err(TryError::Refused(EntryRefused::KeyReused))
            }
        };
        let Some((moved, entry, change)) = next(account) else {
            // Perhaps the account is this full, or this empty, because this very entry was made
            // before.
            let recorded = self.account_entry(user_id, name).await?;
            let recorded = recorded.ok_or(TryError::Refused(EntryRefused::OutOfRange))?;
            return the_same(recorded);
        };
        let transaction = Transaction::new(&self.client)
            .update(move_balance(&self.tables, user_id, account, moved)?, |_| {
                EntryFailed::Stale
            })
            .put(
                record(&self.tables, user_id, name, &entry)?,
                EntryFailed::AlreadyDone,
            );
        let written = self
            .with_change(transaction, change.as_ref(), || EntryFailed::Stale)?
            .commit()
            .await;
        match written.decided()? {
            Ok(()) => Ok(entry),
            Err(EntryFailed::Stale) => Err(TryError::Stale),
            Err(EntryFailed::AlreadyDone(recorded)) => {
                the_same(from_item(recorded.unwrap_or_default())?)
            }
        }
    }
}

/// The account after a charge, the charge and its record, if there is one; `None` above what an
/// account may hold.
fn charged(
    account: Account,
    user_id: UserId,
    amount: Money,
    now: Timestamp,
    record: Option<&LoggedChange>,
) -> Option<(Account, Charge, Option<LoggedChange>)> {
    let charged = account.charged(amount)?;
    let charge = Charge {
        amount,
        charged_at: now,
        seq: charged.seq,
        balance_after: charged.balance,
        change_id: record.map(|record| record.change_id),
    };
    let record = record.map(|record| LoggedChange {
        user_id: Some(user_id),
        after: moved(amount.json(), charged),
        ..record.clone()
    });
    Some((charged, charge, record))
}

/// What the record of an entry says: the amount, and the account after it.
pub(super) fn moved(amount: Box<RawValue>, after: Account) -> Facts {
    Facts::default()
        .with("amount", amount)
        .with("balance", after.balance.json())
}

/// A new account; refused if there is one.
pub(super) fn open(tables: &Tables, user_id: UserId) -> Result<Put, StoreError> {
    record(tables, user_id, keys::ACCOUNT, &Account::EMPTY)
}

/// Moves the balance, unless it has moved since it was read, or its user's tokens are of another
/// generation.
pub(super) fn move_balance(
    tables: &Tables,
    user_id: UserId,
    seen: Account,
    next: Account,
) -> Result<Update, BuildError> {
    let update = match seen.generation {
        0 => Update::builder()
            .condition_expression("seq = :seen AND attribute_not_exists(generation)"),
        generation => Update::builder()
            .condition_expression("seq = :seen AND generation = :generation")
            .expression_attribute_values(":generation", number(generation)),
    };
    update
        .table_name(&tables.accounts)
        .set_key(Some(key(user_id, keys::ACCOUNT)))
        .update_expression("SET balance = :balance, seq = :next")
        .expression_attribute_values(":balance", number(next.balance.hundredths()))
        .expression_attribute_values(":next", number(next.seq))
        .expression_attribute_values(":seen", number(seen.seq))
        .build()
}

/// Makes an account refuse queue tokens of an earlier generation than this.
pub(super) fn set_generation(
    tables: &Tables,
    user_id: UserId,
    generation: u32,
) -> Result<Update, BuildError> {
    Update::builder()
        .table_name(&tables.accounts)
        .set_key(Some(key(user_id, keys::ACCOUNT)))
        .update_expression("SET generation = :generation")
        .expression_attribute_values(":generation", number(generation))
        .build()
}

/// Closes the account of a deleted user, unless it has moved since it was read. The balance and the
/// entries stay.
pub(super) fn close(
    tables: &Tables,
    user_id: UserId,
    seen: Account,
    generation: u32,
    now: Timestamp,
) -> Result<Update, BuildError> {
    Update::builder()
        .table_name(&tables.accounts)
        .set_key(Some(key(user_id, keys::ACCOUNT)))
        .update_expression("SET closed_at = :now, generation = :generation")
        .condition_expression("seq = :seen")
        .expression_attribute_values(":now", time(now))
        .expression_attribute_values(":generation", number(generation))
        .expression_attribute_values(":seen", number(seen.seq))
        .build()
}

/// Writes a refund of some or all seats into a paid order, if no other refund has changed the order
/// since it was read.
pub(super) fn refund(tables: &Tables, seen: &Order, after: &Order) -> Result<Update, StoreError> {
    let mut update = match seen.returned.len() {
        0 => Update::builder()
            .condition_expression("#status = :paid AND attribute_not_exists(returned)"),
        refunds => Update::builder()
            .condition_expression("#status = :paid AND size(returned) = :seen")
            .expression_attribute_values(":seen", number(refunds)),
    };
    if let Some(refund) = &after.refund {
        let mut change = "SET #status = :refunded, refunded_at = :at, refunded_seq = :next, \
                          refunded_balance_after = :balance"
            .to_owned();
        if let Some(explanation) = &refund.explanation {
            change.push_str(", refund_explanation = :explanation");
            update = update.expression_attribute_values(":explanation", to_attribute(explanation)?);
        }
        update = update
            .update_expression(change)
            .expression_attribute_values(":refunded", to_attribute(&OrderStatus::Refunded)?)
            .expression_attribute_values(":at", time(refund.at))
            .expression_attribute_values(":next", number(refund.seq))
            .expression_attribute_values(":balance", number(refund.balance_after.hundredths()));
    } else {
        update = update
            .update_expression("SET returned = :returned")
            .expression_attribute_values(":returned", to_attribute(&after.returned)?);
    }
    update
        .table_name(&tables.accounts)
        .set_key(Some(key(seen.user_id, &keys::order(seen.reservation_id))))
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":paid", to_attribute(&OrderStatus::Paid)?)
        .build()
        .map_err(StoreError::of_item)
}

/// Records an entry, unless there is one with this name.
pub(super) fn record(
    tables: &Tables,
    user_id: UserId,
    entry: &str,
    value: &impl Serialize,
) -> Result<Put, StoreError> {
    let mut item = to_item(value)?;
    item.extend(key(user_id, entry));
    Put::builder()
        .table_name(&tables.accounts)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(entry)")
        .build()
        .map_err(StoreError::of_item)
}

/// The key of an item of a user.
pub(super) fn key(user_id: UserId, entry: &str) -> Item {
    Item::from([
        ("user_id".to_owned(), text(user_id)),
        ("entry".to_owned(), text(entry)),
    ])
}
