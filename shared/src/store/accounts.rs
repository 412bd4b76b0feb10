//! `Accounts`: what users have and what led to it. Every charge and order carries the `seq` and
//! `balance_after` that it produced, so that a user's entries form a chain without gaps.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{Put, Update},
};
use jiff::Timestamp;

use super::{
    Reading, Rejected, Store, StoreError,
    contention::{Tried, while_stale},
    item::{Item, from_item, number, text, to_item},
    keys::{self, ChargeName},
    transaction::Transaction,
};
use crate::{
    config::Tables,
    domain::{
        ids::{ReservationId, UserId},
        money::Money,
        order::{Account, Charge, Order},
    },
};

/// Why money did not come in.
#[derive(Debug)]
pub enum ChargeRefused {
    /// There is no such user.
    NoAccount,
    /// The account may not hold that much.
    TooMuch,
    /// The key was used for another amount before.
    KeyReused,
}

enum ChargeFailed {
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

    async fn account_entry<T: serde::de::DeserializeOwned>(
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

    /// Lets money in and returns the charge. A charge that the client has named with a key is
    /// done once; the same again returns what was recorded. 4 WRU, 1 RRU.
    pub async fn charge(
        &self,
        user_id: UserId,
        name: &ChargeName,
        amount: Money,
        now: Timestamp,
    ) -> Result<Charge, Rejected<ChargeRefused>> {
        let outcome = while_stale(|| self.try_to_charge(user_id, name, amount, now)).await?;
        outcome.map_err(Rejected::Refused)
    }

    async fn try_to_charge(
        &self,
        user_id: UserId,
        name: &ChargeName,
        amount: Money,
        now: Timestamp,
    ) -> Result<Tried<Result<Charge, ChargeRefused>>, StoreError> {
        let Some(account) = self.account(user_id).await? else {
            return Ok(Tried::Done(Err(ChargeRefused::NoAccount)));
        };
        let Some(charged) = account.charged(amount) else {
            // The account may be this full because this very charge was made.
            let recorded = self.account_entry(user_id, &keys::charge(name)).await?;
            let recorded = recorded.map(|charge| same_charge(charge, amount));
            return Ok(Tried::Done(recorded.unwrap_or(Err(ChargeRefused::TooMuch))));
        };
        let charge = Charge {
            amount,
            charged_at: now,
            seq: charged.seq,
            balance_after: charged.balance,
        };
        let written = Transaction::new(&self.client)
            .update(
                move_balance(&self.tables, user_id, account, charged)?,
                |_| ChargeFailed::Stale,
            )
            .put(
                record(&self.tables, user_id, &keys::charge(name), &charge)?,
                ChargeFailed::AlreadyDone,
            )
            .commit()
            .await;
        match written {
            Ok(()) => Ok(Tried::Done(Ok(charge))),
            Err(Rejected::Refused(ChargeFailed::Stale)) => Ok(Tried::Stale),
            Err(Rejected::Refused(ChargeFailed::AlreadyDone(recorded))) => {
                let recorded = from_item(recorded.unwrap_or_default())?;
                Ok(Tried::Done(same_charge(recorded, amount)))
            }
            Err(Rejected::Failed(error)) => Err(error),
        }
    }
}

/// The charge that was recorded under a name, if it is of this amount.
fn same_charge(recorded: Charge, amount: Money) -> Result<Charge, ChargeRefused> {
    if recorded.amount == amount {
        Ok(recorded)
    } else {
        Err(ChargeRefused::KeyReused)
    }
}

/// A new account, which is not there yet.
pub(super) fn open(tables: &Tables, user_id: UserId) -> Result<Put, StoreError> {
    record(tables, user_id, keys::ACCOUNT, &Account::EMPTY)
}

/// Moves the balance on, if nothing has moved it since it was read.
pub(super) fn move_balance(
    tables: &Tables,
    user_id: UserId,
    seen: Account,
    next: Account,
) -> Result<Update, BuildError> {
    Update::builder()
        .table_name(&tables.accounts)
        .set_key(Some(key(user_id, keys::ACCOUNT)))
        .update_expression("SET balance = :balance, seq = :next")
        .condition_expression("seq = :seen")
        .expression_attribute_values(":balance", number(next.balance.hundredths()))
        .expression_attribute_values(":next", number(next.seq))
        .expression_attribute_values(":seen", number(seen.seq))
        .build()
}

/// Records an entry, if it is not there yet.
pub(super) fn record(
    tables: &Tables,
    user_id: UserId,
    entry: &str,
    value: &impl serde::Serialize,
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

fn key(user_id: UserId, entry: &str) -> Item {
    Item::from([
        ("user_id".to_owned(), text(user_id)),
        ("entry".to_owned(), text(entry)),
    ])
}
