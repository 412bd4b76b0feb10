//! Accounts, as handlers deal with them: signing up, and checking a password.

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        ids::UserId,
        user::{Password, User},
    },
    error::ApiError,
    password,
    store::{
        Rejected,
        users::{AttemptRefused, SignUpRefused},
    },
};

impl App {
    /// Signs a user up. 4 WRU for a guest, 6 with an e-mail address.
    pub async fn sign_up(&self, user: &User) -> Result<(), ApiError> {
        let signed_up = self.store().sign_up(user).await;
        signed_up.map_err(|rejected| match rejected {
            Rejected::Refused(SignUpRefused::EmailTaken) => ApiError::EmailTaken,
            Rejected::Refused(SignUpRefused::IdTaken) => {
                ApiError::bug("a random user id was taken")
            }
            Rejected::Failed(error) => error.into(),
        })
    }

    /// The account of somebody who knows its password; `None` is a password that nobody has. 2
    /// WRU when it is right, else 1.
    ///
    /// The attempt is counted before it is made, so that of many at once no more are made than
    /// may be, and one that crashes was a wrong one. Who has no password, or does not exist, gets
    /// the same answer after the same hashing, and only never too many attempts.
    pub async fn check_password(
        &self,
        user_id: UserId,
        password: Option<Password>,
        now: Timestamp,
    ) -> Result<User, ApiError> {
        let account = match self.store().count_attempt(user_id, now).await {
            Ok(account) => Some(account),
            Err(Rejected::Refused(AttemptRefused::NoAccount)) => None,
            Err(Rejected::Refused(AttemptRefused::TooMany(attempts))) => {
                let retry_after = attempts.forgotten_in(now);
                return Err(ApiError::TooManyAttempts { retry_after });
            }
            Err(Rejected::Failed(error)) => return Err(error.into()),
        };
        let hash = account.as_ref().and_then(|user| user.password_hash.clone());
        let is_right = password::is_of(password, hash).await?;
        let account = account
            .filter(|_| is_right)
            .ok_or(ApiError::InvalidCredentials)?;
        self.store().forget_attempts(user_id).await?;
        Ok(account)
    }
}
