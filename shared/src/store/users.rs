//! `Users`: who they are.

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{Put, ReturnConsumedCapacity},
};

use super::{
    Reading, Rejected, Store, StoreError, accounts,
    item::{Item, text, to_attribute, to_item},
    transaction::Transaction,
    usage,
};
use crate::domain::{
    ids::UserId,
    user::{Role, User},
};

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

    /// Gives a user the role of an administrator; tells whether there is such a user. 1 WRU.
    pub async fn make_admin(&self, user_id: UserId) -> Result<bool, StoreError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(key(user_id)))
            .update_expression("SET #role = :admin")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":admin", to_attribute(&Role::Admin)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(true)
            }
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

    /// Reads a user, consistently. 1 RRU.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, StoreError> {
        self.get(&self.tables.users, key(user_id), Reading::Consistent)
            .await
    }
}

pub(super) fn key(user_id: UserId) -> Item {
    Item::from([("id".to_owned(), text(user_id))])
}
