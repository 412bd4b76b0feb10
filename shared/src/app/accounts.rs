//! What handlers do with accounts: delete a user, and check a password.

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        attempts::Source,
        changes::Author,
        ids::UserId,
        money::Money,
        session::Session,
        user::{Password, User},
    },
    error::ApiError,
    password,
    store::{
        Decided as _, Reading, TryError,
        users::{AttemptRefused, Moved, NoSuchUser},
        while_stale,
    },
};

/// The most sessions that are left in the transaction that deletes their user. A transaction has at
/// most a hundred items.
const SESSIONS_AT_ONCE: usize = 90;

impl App {
    /// Deletes a user, leaves every queue that they are in, and returns the balance of their
    /// account. What they have done stays in `Accounts`, under an id that no user has any more.
    ///
    /// Without `force`, it is refused while they hold seats or their balance is not zero. The
    /// user's own token must be of their current generation until they are deleted. 5 RRU; 4 WRU, 2
    /// more with an address, 2 for each session, one for each seat held, and one to count a session
    /// that was admitted. It may be repeated, and then does what an earlier run that was cut off
    /// has left.
    pub async fn delete_user(
        &self,
        user_id: UserId,
        generation: Option<u32>,
        force: bool,
        author: Option<Author>,
        now: Timestamp,
    ) -> Result<Money, ApiError> {
        let deleted = while_stale(|| self.try_to_delete(user_id, generation, force, author, now));
        Ok(deleted.await?)
    }

    async fn try_to_delete(
        &self,
        user_id: UserId,
        generation: Option<u32>,
        force: bool,
        author: Option<Author>,
        now: Timestamp,
    ) -> Result<Money, TryError<ApiError>> {
        let user = self.store().user(user_id).await?;
        let account = self.store().account(user_id).await?;
        let account = account.ok_or(ApiError::UserNotFound)?;
        let Some(user) = user else {
            self.leave_all(user_id, now).await?;
            return Ok(account.balance);
        };
        if generation.is_some_and(|token| token != user.generation) {
            return Err(ApiError::InvalidToken.into());
        }
        let mut sessions = self.live_sessions(user_id, now).await?;
        if !force {
            if sessions.iter().any(|session| session.live_hold.is_some()) {
                return Err(ApiError::UserHasHold.into());
            }
            if account.balance > Money::ZERO {
                return Err(ApiError::UserHasBalance.into());
            }
        }
        for session in sessions.split_off(sessions.len().min(SESSIONS_AT_ONCE)) {
            self.leave_queue(session, now).await?;
        }
        let deleted = self
            .store()
            .by(author)
            .delete_user(&user, account, &sessions, now)
            .await;
        deleted.decided()?.map_err(|Moved| TryError::Stale)?;
        self.after_leaving(user_id, &sessions, now).await?;
        Ok(account.balance)
    }

    /// Frees the seats and places of sessions that were closed with their user; `sessions` are as
    /// they were before. Also leaves sessions that were joined at that very moment by calls that
    /// had read the user before. Such a session can pay for nothing.
    async fn after_leaving(
        &self,
        user_id: UserId,
        left: &[Session],
        now: Timestamp,
    ) -> Result<(), ApiError> {
        for hold in left.iter().filter_map(|session| session.live_hold.as_ref()) {
            self.free_seats_or_log(hold).await;
        }
        let there = self.store().sessions_of(user_id, Reading::Consistent);
        for session in there.await? {
            if left.iter().any(|left| left.jti == session.jti) {
                self.count_through(&session, now).await;
            }
        }
        self.leave_all(user_id, now).await.map(drop)
    }

    /// The account, if this is its password; `None` is a password that nobody can have. 2 WRU if it
    /// is right, else 1. A right one makes `caller` a known source. `source`, under which the
    /// attempt is counted, may be another source.
    ///
    /// The attempt is counted before the password is checked. So of many attempts at once, no more
    /// are checked than are allowed, and one that crashes counts as wrong. Each source has a count
    /// of its own (`attempts`), and there is a limit for all together. If the user does not exist
    /// or has no password, the answer and the hashing are the same, but there are never too many
    /// attempts.
    pub async fn check_password(
        &self,
        user_id: UserId,
        password: Option<Password>,
        source: Source,
        caller: Source,
        now: Timestamp,
    ) -> Result<User, ApiError> {
        let counted = self.store().count_attempt(user_id, source, now).await;
        let account = match counted.decided()? {
            Ok(account) => Some(account),
            Err(AttemptRefused::NoAccount) => None,
            Err(AttemptRefused::TooMany(attempts)) => {
                let retry_after = attempts.forgotten_in(now);
                return Err(ApiError::TooManyAttempts { retry_after });
            }
        };
        let hash = account.as_ref().and_then(|user| user.password_hash.clone());
        let is_right = password::is_of(password, hash).await?;
        let account = account
            .filter(|_| is_right)
            .ok_or(ApiError::InvalidCredentials)?;
        let forgotten = self.store().forget_attempts(&account, source, caller, now);
        match forgotten.await.decided()? {
            Ok(()) => Ok(account),
            // The user has been deleted meanwhile.
            Err(NoSuchUser) => Err(ApiError::InvalidCredentials),
        }
    }
}
