//! `Users`: who they are.

use aws_sdk_dynamodb::types::Put;

use super::{
    Reading, Rejected, Store, StoreError, accounts,
    item::{Item, text, to_item},
    transaction::Transaction,
};
use crate::domain::{ids::UserId, user::User};

/// A user id that somebody has already. It does not happen by chance.
#[derive(Debug)]
pub struct UserIdTaken;

impl Store {
    /// Signs a guest up: the user and their empty account. 4 WRU.
    pub async fn sign_up(&self, user: &User) -> Result<(), Rejected<UserIdTaken>> {
        let put_user = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(to_item(user)?))
            .condition_expression("attribute_not_exists(id)")
            .build()?;
        Transaction::new(&self.client)
            .put(put_user, |_| UserIdTaken)
            .put(accounts::open(&self.tables, user.user_id)?, |_| UserIdTaken)
            .commit()
            .await
    }

    /// Reads a user, consistently. 1 RRU.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, StoreError> {
        self.get(&self.tables.users, key(user_id), Reading::Consistent)
            .await
    }
}

pub(super) fn key(user_id: UserId) -> Item {
    Item::from([("id".to_owned(), text(user_id))])
}
