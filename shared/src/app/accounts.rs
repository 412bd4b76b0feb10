//! Accounts, as handlers deal with them: signing up, and checking a password.

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        attempts::Source,
        ids::UserId,
        money::Money,
        session::Session,
        user::{Password, User},
    },
    error::ApiError,
    password,
    store::{
        Reading, Rejected, Tried,
        users::{AttemptRefused, Moved, NoSuchUser, SignUpRefused},
        while_stale,
    },
};

/// So many sessions are left in the transaction that deletes their user, which has a hundred items
/// at the most.
const SESSIONS_AT_ONCE: usize = 90;

impl App {
    /// Deletes a user, leaves every queue that they are in, and returns what is left in their
    /// account. What they have done stays in `Accounts`, under an id that nobody has any more.
    ///
    /// Unless `force`, it is refused while they hold seats or while their account is not empty. The
    /// user's own token has to be of their current generation until they are gone. 5 RRU; 4 WRU, 2
    /// with an address and for each session, one more for each seat held and 1 to count who had
    /// come in. Again is the same: what a run that was cut off has left is done then.
    pub async fn delete_user(
        &self,
        user_id: UserId,
        generation: Option<u32>,
        force: bool,
        now: Timestamp,
    ) -> Result<Money, ApiError> {
        let deleted = while_stale(async || {
            let tried = self.try_to_delete(user_id, generation, force, now).await;
            Ok(tried.transpose().map_or(Tried::Stale, Tried::Done))
        });
        deleted.await?
    }

    async fn try_to_delete(
        &self,
        user_id: UserId,
        generation: Option<u32>,
        force: bool,
        now: Timestamp,
    ) -> Result<Option<Money>, ApiError> {
        let user = self.store().user(user_id).await?;
        let account = self.store().account(user_id).await?;
        let account = account.ok_or(ApiError::UserNotFound)?;
        let Some(user) = user else {
            self.leave_all(user_id, now).await?;
            return Ok(Some(account.balance));
        };
        if generation.is_some_and(|token| token != user.generation) {
            return Err(ApiError::InvalidToken);
        }
        let mut sessions = self.live_sessions(user_id, now).await?;
        if !force {
            if sessions.iter().any(|session| session.live_hold.is_some()) {
                return Err(ApiError::UserHasHold);
            }
            if account.balance > Money::ZERO {
                return Err(ApiError::UserHasBalance);
            }
        }
        for session in sessions.split_off(sessions.len().min(SESSIONS_AT_ONCE)) {
            self.leave_queue(session, now).await?;
        }
        let deleted = self
            .store()
            .delete_user(&user, account, &sessions, now)
            .await;
        match deleted {
            Ok(()) => {
                self.after_leaving(user_id, &sessions, now).await?;
                Ok(Some(account.balance))
            }
            Err(Rejected::Refused(Moved)) => Ok(None),
            Err(Rejected::Failed(error)) => Err(error.into()),
        }
    }

    /// Gives back the seats and places of sessions that were closed with their user, as they were
    /// before, and leaves those that were joined at that very moment: whoever joined has read the
    /// user before. Such a session can pay for nothing.
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

    /// Signs a user up. 4 WRU for a guest, 6 with an e-mail address, 8 when its domain has an ASCII
    /// form.
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
    /// WRU when it is right, else 1. A right one makes the source known that the caller is at, which
    /// may be another than the one by which the attempt is counted.
    ///
    /// The attempt is counted before it is made, so that of many at once no more are made than
    /// may be, and one that crashes was a wrong one. Those of other sources are others' (`attempts`),
    /// but for the bound over all of them. Who has no password, or does not exist, gets
    /// the same answer after the same hashing, and only never too many attempts.
    pub async fn check_password(
        &self,
        user_id: UserId,
        password: Option<Password>,
        source: Source,
        caller: Source,
        now: Timestamp,
    ) -> Result<User, ApiError> {
        let account = match self.store().count_attempt(user_id, source, now).await {
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
        let forgotten = self.store().forget_attempts(&account, source, caller, now);
        match forgotten.await {
            Ok(()) => Ok(account),
            // They have been deleted meanwhile.
            Err(Rejected::Refused(NoSuchUser)) => Err(ApiError::InvalidCredentials),
            Err(Rejected::Failed(error)) => Err(error.into()),
        }
    }
}
