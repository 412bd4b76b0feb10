//! The doors: who may call. Each door returns a type, so that a handler cannot forget its check.

use jiff::Timestamp;
use lambda_http::{Request, http::header::AUTHORIZATION};

use super::{App, line::ask_again_after};
use crate::{
    config::WhoCharges,
    domain::{
        changes::Author,
        ids::{QueueId, ShowId, UserId},
        order::Account,
        seat::SeatNumber,
        session::{Ending, Session, Standing},
        show::Show,
        user::{Role, User},
    },
    error::ApiError,
    token::{AccessClaims, Claims, QueueClaims},
};

/// A user with a valid token of any kind (door U).
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// Whether they have the rights of an administrator: an access token, and the role.
    pub is_admin: bool,
    /// The generation of their token. For an access token, the door has compared it with the
    /// user's. For a queue token, the code that reads the account compares it with the account's.
    generation: u32,
    is_by_queue_token: bool,
    /// The time of the request.
    pub now: Timestamp,
}

impl Caller {
    /// Requires that the caller is this user or an administrator.
    pub fn require_self_or_admin(&self, user_id: UserId) -> Result<(), ApiError> {
        if self.user_id == user_id || self.is_admin {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// The generation that the account must accept: the caller's if the account is their own,
    /// `None` for an administrator with another user's account.
    pub fn generation_for(&self, user_id: UserId) -> Option<u32> {
        (self.user_id == user_id).then_some(self.generation)
    }

    /// Requires that the token is not too old for the account, if the account is the caller's own.
    pub fn require_current_for_account(
        &self,
        user_id: UserId,
        account: Account,
    ) -> Result<(), ApiError> {
        match self.generation_for(user_id) {
            Some(generation) if !account.takes_token_of(generation) => Err(ApiError::InvalidToken),
            _ => Ok(()),
        }
    }

    /// The author of a change, if the caller is an administrator.
    pub fn author(&self) -> Option<Author> {
        self.is_admin.then_some(Author {
            by: Some(self.user_id),
            at: self.now,
        })
    }

    /// The error if there is no such user. If it is the caller, their own token has ended.
    pub fn no_such_user(&self, user_id: UserId) -> ApiError {
        if self.user_id == user_id {
            ApiError::InvalidToken
        } else {
            ApiError::UserNotFound
        }
    }

    /// Requires that the token is not too old for the user, if the user is the caller.
    pub fn require_current_for_user(&self, user: &User) -> Result<(), ApiError> {
        match self.generation_for(user.user_id) {
            Some(generation) if generation < user.generation => Err(ApiError::InvalidToken),
            _ => Ok(()),
        }
    }

    /// Requires permission to charge this account.
    pub fn require_may_charge(&self, user_id: UserId, who: WhoCharges) -> Result<(), ApiError> {
        match who {
            WhoCharges::Admins if !self.is_admin => Err(ApiError::Forbidden),
            _ => self.require_self_or_admin(user_id),
        }
    }
}

/// A user with a valid access token (door A).
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The user, who was just read.
    pub user: User,
    /// The time of the request.
    pub now: Timestamp,
}

impl SignedIn {
    /// Requires that the caller is this user.
    pub fn require_self(&self, user_id: UserId) -> Result<(), ApiError> {
        if self.user.user_id == user_id {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// The generation of the caller's token if they act on themselves, `None` for an administrator
    /// who acts on another user.
    pub fn generation_for(&self, user_id: UserId) -> Option<u32> {
        (self.user.user_id == user_id).then_some(self.user.generation)
    }

    /// The author of a change of another user, `None` if the user is the caller.
    pub fn author_for(&self, user_id: UserId) -> Option<Author> {
        (self.user.user_id != user_id).then_some(Author {
            by: Some(self.user.user_id),
            at: self.now,
        })
    }

    /// Requires that the caller is this user or an administrator.
    pub fn require_self_or_admin(&self, user_id: UserId) -> Result<(), ApiError> {
        if self.user.role == Role::Admin {
            Ok(())
        } else {
            self.require_self(user_id)
        }
    }
}

/// A caller with an access token, or without any, as a guest may be (the door of joining). Whether
/// the token is of the user's current generation is known only after the user has been read.
#[derive(Debug, Clone)]
pub struct Visitor {
    token: Option<AccessClaims>,
    /// The time of the request.
    pub now: Timestamp,
}

impl Visitor {
    /// Whether the caller has a token.
    pub fn is_signed_in(&self) -> bool {
        self.token.is_some()
    }

    /// Requires that the token, if there is one, is this user's.
    pub fn require_not_somebody_else(&self, user_id: UserId) -> Result<(), ApiError> {
        match &self.token {
            Some(claims) if claims.sub != user_id => Err(ApiError::Forbidden),
            _ => Ok(()),
        }
    }

    /// The user that the caller says they are, who was just read. A token must be of their current
    /// generation. Without a token they must be a guest.
    pub fn require_identity(&self, user: Option<User>) -> Result<User, ApiError> {
        match &self.token {
            Some(claims) => of_generation(user, claims),
            None => match user {
                None => Err(ApiError::UserNotFound),
                Some(user) if user.is_guest() => Ok(user),
                Some(_) => Err(ApiError::MissingAuthorization),
            },
        }
    }
}

/// An administrator (door ADMIN).
#[derive(Debug, Clone)]
pub struct Admin {
    /// The administrator.
    pub user_id: UserId,
    /// The time of the request.
    pub now: Timestamp,
}

impl Admin {
    /// The author of a change.
    pub fn author(&self) -> Option<Author> {
        Some(Author {
            by: Some(self.user_id),
            at: self.now,
        })
    }
}

/// A session that is neither closed nor expired (door Q).
#[derive(Debug, Clone)]
pub struct Holder {
    /// The session.
    pub session: Session,
    /// The time of the request.
    pub now: Timestamp,
}

/// An active session (door Q+).
#[derive(Debug, Clone)]
pub struct Buyer {
    /// The session, which has arrived.
    pub session: Session,
    /// The time of the request.
    pub now: Timestamp,
}

impl Buyer {
    /// Requires that the buyer's queue sells the show, or sold it when they joined.
    pub fn require_queue_of(&self, show: &Show) -> Result<(), ApiError> {
        let Session {
            queue_id,
            joined_at,
            ..
        } = &self.session;
        if show.is_sold_to(queue_id, *joined_at) {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// The buyer's held seats of a show.
    pub fn seats_held_of(&self, show: ShowId) -> impl Iterator<Item = SeatNumber> + '_ {
        let hold = self.session.payable_hold(self.now);
        hold.filter(move |hold| hold.show() == show)
            .into_iter()
            .flat_map(|hold| hold.seats.iter())
    }
}

impl App {
    /// Door U: a queue token, whatever the state of its session, or an access token of the user's
    /// current generation (1 RRU). The handler must check the generation of a queue token
    /// ([`Caller::require_current_for_account`], [`App::require_current_token`]), because most
    /// handlers read the account anyway.
    pub async fn caller(&self, request: &Request) -> Result<Caller, ApiError> {
        let (caller, ()) = self.caller_beside(request, async {}).await?;
        Ok(caller)
    }

    /// Door U, and beside its read another one, so that neither waits for the other. What `beside`
    /// reads is wasted when the door refuses.
    pub async fn caller_beside<T>(
        &self,
        request: &Request,
        beside: impl Future<Output = T>,
    ) -> Result<(Caller, T), ApiError> {
        let now = self.now();
        match self.verify(request, now).await? {
            Claims::Queue(claims) => {
                let caller = Caller {
                    user_id: claims.sub,
                    is_admin: false,
                    generation: claims.generation,
                    is_by_queue_token: true,
                    now,
                };
                Ok((caller, beside.await))
            }
            Claims::Access(claims) => {
                let (user, beside) = tokio::join!(self.user_of(&claims), beside);
                let user = user?;
                let caller = Caller {
                    user_id: user.user_id,
                    is_admin: user.role == Role::Admin,
                    generation: user.generation,
                    is_by_queue_token: false,
                    now,
                };
                Ok((caller, beside))
            }
        }
    }

    /// Requires that the caller's token is of the user's current generation. It is for handlers
    /// that do not read the account otherwise. 1 RRU with a queue token; for an access token the
    /// door has checked it.
    pub async fn require_current_token(&self, caller: &Caller) -> Result<(), ApiError> {
        if caller.is_by_queue_token {
            self.require_current_generation(caller.user_id, caller.generation)
                .await
        } else {
            Ok(())
        }
    }

    /// Requires that a queue token is of the user's current generation. 1 RRU.
    pub async fn require_current_generation(
        &self,
        user_id: UserId,
        generation: u32,
    ) -> Result<(), ApiError> {
        require_current_generation(self.store().account(user_id).await?, generation)
    }

    /// Door A: an access token of the user's current generation. 1 RRU.
    pub async fn signed_in(&self, request: &Request) -> Result<SignedIn, ApiError> {
        let now = self.now();
        let claims = self.access_claims(request, now).await?;
        let user = self.user_of(&claims).await?;
        Ok(SignedIn { user, now })
    }

    /// Door ADMIN. 1 RRU.
    pub async fn admin(&self, request: &Request) -> Result<Admin, ApiError> {
        let (admin, ()) = self.admin_beside(request, async {}).await?;
        Ok(admin)
    }

    /// Door ADMIN, and beside its read another one, as in [`App::caller_beside`].
    pub async fn admin_beside<T>(
        &self,
        request: &Request,
        beside: impl Future<Output = T>,
    ) -> Result<(Admin, T), ApiError> {
        let now = self.now();
        let claims = self.access_claims(request, now).await?;
        let (user, beside) = tokio::join!(self.user_of(&claims), beside);
        let user = user?;
        if user.role == Role::Admin {
            let user_id = user.user_id;
            Ok((Admin { user_id, now }, beside))
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// The user of an access token, which must be of their current generation.
    async fn user_of(&self, claims: &AccessClaims) -> Result<User, ApiError> {
        of_generation(self.store().user(claims.sub).await?, claims)
    }

    /// The door of joining: no token, or an access token. Free.
    pub async fn visitor(&self, request: &Request) -> Result<Visitor, ApiError> {
        let now = self.now();
        let token = if request.headers().contains_key(AUTHORIZATION) {
            Some(self.access_claims(request, now).await?)
        } else {
            None
        };
        Ok(Visitor { token, now })
    }

    /// Door U, queue tokens only. Free.
    pub async fn queue_user(
        &self,
        request: &Request,
    ) -> Result<(QueueClaims, Timestamp), ApiError> {
        let now = self.now();
        Ok((self.queue_claims(request, now).await?, now))
    }

    /// What a queue token says; no other will do.
    async fn queue_claims(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<QueueClaims, ApiError> {
        match self.verify(request, now).await? {
            Claims::Queue(claims) => Ok(claims),
            Claims::Access(_) => Err(ApiError::InvalidToken),
        }
    }

    /// Door Q: a session, waiting or not. 1 RRU, and at most 0.5 RRU for its queue
    /// ([`App::standing`]).
    pub async fn holder(&self, request: &Request) -> Result<Holder, ApiError> {
        let (claims, now) = self.queue_user(request).await?;
        let session = self.session_of(&claims).await?;
        match self.standing(&session, now).await? {
            Standing::Over(ending) => Err(over(ending)),
            _ => Ok(Holder { session, now }),
        }
    }

    /// Door Q+: a session whose number has been served. This call is its arrival. 1 RRU, and at
    /// most 0.5 RRU for its queue ([`App::standing`]); 2 WRU for the arrival.
    pub async fn buyer(&self, request: &Request) -> Result<Buyer, ApiError> {
        let (claims, now) = self.queue_user(request).await?;
        self.buyer_of(&claims, now).await
    }

    /// Door Q+, and beside its read another one, so that neither waits for the other. What `beside`
    /// reads is wasted when the door refuses. So it is read after the door if the instance knows that
    /// the session waits or is over.
    pub async fn buyer_beside<T>(
        &self,
        request: &Request,
        now: Timestamp,
        beside: impl Future<Output = T>,
    ) -> Result<(Buyer, T), ApiError> {
        let claims = self.queue_claims(request, now).await?;
        if self.is_known_to_wait(&claims, now) || self.is_known_to_be_over(&claims, now) {
            let buyer = self.buyer_of(&claims, now).await?;
            return Ok((buyer, beside.await));
        }
        let (buyer, beside) = tokio::join!(self.buyer_of(&claims, now), beside);
        if let Err(ApiError::SessionOver { .. }) = &buyer {
            self.0.over.put(claims.jti, (), now);
        }
        Ok((buyer?, beside))
    }

    /// Whether the session of a token was over, by what the instance remembers of the last minute. It
    /// stays over.
    fn is_known_to_be_over(&self, claims: &QueueClaims, now: Timestamp) -> bool {
        self.0.over.get(&claims.jti, now).is_some()
    }

    /// Whether the number of a token has not come up, by what the instance remembers of the queue.
    fn is_known_to_wait(&self, claims: &QueueClaims, now: Timestamp) -> bool {
        let queue = self.0.queues.get(&claims.queue, now);
        queue.is_some_and(|queue| {
            let number = queue.number_of(claims.ticket);
            number.is_none_or(|number| queue.place(number, now) > 0)
        })
    }

    async fn buyer_of(&self, claims: &QueueClaims, now: Timestamp) -> Result<Buyer, ApiError> {
        let session = self.session_of(claims).await?;
        match self.standing(&session, now).await? {
            Standing::Active { .. } => Ok(Buyer { session, now }),
            Standing::Admitted(admission) => {
                let session = self.arrive(&session, admission, now).await?;
                Ok(Buyer { session, now })
            }
            Standing::Waiting { place } => {
                let queue = self.cached_queue(&session.queue_id, now).await?;
                let retry_after = ask_again_after(queue.estimated_wait(place, now));
                let place = Some(place);
                Err(ApiError::NotYourTurn { place, retry_after })
            }
            Standing::Early => {
                let queue = self.cached_queue(&session.queue_id, now).await?;
                Err(ApiError::NotYourTurn {
                    place: None,
                    retry_after: ask_again_after(queue.seconds_to_opening(now)),
                })
            }
            Standing::Holding { .. } => Err(ApiError::Forbidden),
            Standing::Over(ending) => Err(over(ending)),
        }
    }

    /// The state of a session now. At most 0.5 RRU, and only if the state depends on its queue: the
    /// session has not arrived, or its queue may be sold out.
    pub async fn standing(&self, session: &Session, now: Timestamp) -> Result<Standing, ApiError> {
        let sells_everything = session.queue_id == QueueId::main();
        match session.standing_by_itself(now) {
            Some(Standing::Active { .. }) if !sells_everything && session.live_hold.is_none() => {}
            Some(standing) => return Ok(standing),
            None => {}
        }
        Ok(session.standing(&self.cached_queue(&session.queue_id, now).await?, now))
    }

    /// The session that a token names. If a later session has replaced it, or its item was deleted,
    /// it is over for an unknown reason. The token is still valid, as the poll says too.
    async fn session_of(&self, claims: &QueueClaims) -> Result<Session, ApiError> {
        let session = self.store().session(claims.sub, &claims.queue).await?;
        session
            .filter(|session| session.jti == claims.jti)
            .ok_or(ApiError::SessionOver { reason: None })
    }

    /// The content of an access token. Other tokens are refused.
    async fn access_claims(
        &self,
        request: &Request,
        now: Timestamp,
    ) -> Result<AccessClaims, ApiError> {
        match self.verify(request, now).await? {
            Claims::Access(claims) => Ok(claims),
            Claims::Queue(_) => Err(ApiError::InvalidToken),
        }
    }

    async fn verify(&self, request: &Request, now: Timestamp) -> Result<Claims, ApiError> {
        let token = bearer_token(request)?;
        self.keyring().verify(token, now).await
    }
}

/// Requires that an account takes tokens of that generation.
pub fn require_current_generation(
    account: Option<Account>,
    generation: u32,
) -> Result<(), ApiError> {
    match account {
        Some(account) if account.takes_token_of(generation) => Ok(()),
        _ => Err(ApiError::InvalidToken),
    }
}

/// The error for a session that is over.
fn over(ending: Ending) -> ApiError {
    ApiError::SessionOver {
        reason: Some(ending),
    }
}

/// The user of an access token, unless the token is of an earlier generation.
fn of_generation(user: Option<User>, claims: &AccessClaims) -> Result<User, ApiError> {
    user.filter(|user| user.generation == claims.generation)
        .ok_or(ApiError::InvalidToken)
}

/// The token in the authorization header. `Bearer` may be in any case.
fn bearer_token(request: &Request) -> Result<&str, ApiError> {
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .ok_or(ApiError::MissingAuthorization)?;
    let header = header
        .to_str()
        .map_err(|_| ApiError::MalformedAuthorization)?;
    let (scheme, token) = header
        .trim()
        .split_once(' ')
        .ok_or(ApiError::MalformedAuthorization)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(ApiError::MalformedAuthorization)
    }
}
