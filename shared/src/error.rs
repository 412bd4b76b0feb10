//! What a request can be refused with. The variants are the API's contract: each has one
//! status, one stable code and one text per language (api.md, *Errors*).

use std::borrow::Cow;

use jiff::Timestamp;
use lambda_http::http::StatusCode;

use crate::{
    domain::session::Ending,
    texts::{self, Language},
};

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400: the body is missing or is no JSON object.
    #[error("the body is missing or is no JSON object")]
    EmptyBody,
    /// 400: a field that has to be there is not.
    #[error("the field {0} is missing")]
    MissingField(&'static str),
    /// 400: a hold without its date or its seats.
    #[error("the date or the seat number is missing")]
    MissingDateOrSeat,
    /// 400: a parameter of the query that has to be there is not.
    #[error("the parameter {0} is missing")]
    MissingParameter(&'static str),
    /// 400: a payment that does not say how much, or says it with something that is no number.
    #[error("the amount of the payment is missing")]
    MissingPaymentAmount,
    /// 400: not a UUID where a user's id should be.
    #[error("the user id is no UUID")]
    InvalidUserId,
    /// 400: not a date, or not written `YYYY-MM-DD`.
    #[error("the date is malformed")]
    InvalidDate,
    /// 400: no seat of the show, or the same seat twice.
    #[error("the seat number is outside 1 to {capacity} or named twice")]
    InvalidSeatNumber {
        /// How many seats the show has.
        capacity: u32,
    },
    /// 400: more seats than one hold may have.
    #[error("more than four seats")]
    TooManySeats,
    /// 400: zero, negative, no number, more than two decimals, or too much.
    #[error("the amount is not valid")]
    InvalidAmount,
    /// 400: the authorization header is there, but has no bearer token in it.
    #[error("the authorization header has no bearer token")]
    MalformedAuthorization,
    /// 400: a guest joins a queue in which they have a live session.
    #[error("a session is live already")]
    TokenAlreadyActive,
    /// 400: something that has limits and does not keep them, with a text that states them.
    #[error("{}", texts::of_constraint(*.0, Language::English))]
    Invalid(Constraint),
    /// 400: a field that the endpoint does not know, where a misspelt one would do harm.
    #[error("there is no field {0}")]
    UnknownField(String),
    /// 400: anything else that the client did wrong.
    #[error("the request is not valid")]
    BadRequest,
    /// 401: no authorization header.
    #[error("the authorization header is missing")]
    MissingAuthorization,
    /// 401: a token that is not ours, has expired, is for another door, or is of an earlier
    /// generation than its user's tokens are.
    #[error("the token is not valid")]
    InvalidToken,
    /// 401: no such user, or not their password; the answer does not tell which.
    #[error("the credentials are not valid")]
    InvalidCredentials,
    /// 402: the account does not hold enough.
    #[error("the balance is too small")]
    InsufficientBalance,
    /// 403: a protected call while the number has not come up.
    #[error("still waiting at place {place:?}")]
    NotYourTurn {
        /// How many people, the caller included, are to be served first; not known before the
        /// opening.
        place: Option<u64>,
        /// When it makes sense to ask again, in seconds.
        retry_after: u64,
    },
    /// 403: somebody else's, or not through this queue.
    #[error("not allowed")]
    Forbidden,
    /// 404.
    #[error("there is no such user")]
    UserNotFound,
    /// 404: no date with a free seat.
    #[error("no date has a free seat")]
    NoAvailableDates,
    /// 404.
    #[error("there is no show on that date")]
    ShowNotFound,
    /// 404: or it is somebody else's, or of another concert.
    #[error("there is no such reservation")]
    ReservationNotFound,
    /// 404.
    #[error("there is no such concert")]
    ConcertNotFound,
    /// 404.
    #[error("there is no such queue")]
    QueueNotFound,
    /// 404: no such path, or not with that method.
    #[error("there is nothing here")]
    NotFound,
    /// 409: somebody else has the seat.
    #[error("the seat is taken")]
    SeatAlreadyReserved,
    /// 409: the caller holds other seats.
    #[error("other seats are held already")]
    HoldExists,
    /// 409: the amount is not the reservation's.
    #[error("the amount is not the reservation's")]
    AmountMismatch,
    /// 409: before the sale opens.
    #[error("the sale opens at {opens_at}")]
    SaleNotOpen {
        /// When it does.
        opens_at: Timestamp,
        /// In how many seconds that is.
        retry_after: u64,
    },
    /// 409: after the sale has closed.
    #[error("the sale has closed")]
    SaleClosed,
    /// 409: a concert or a date of which a seat is sold or held.
    #[error("seats are sold or held")]
    ConcertHasOrders,
    /// 409: a concert that would leave a queue in whose line people are.
    #[error("people are in the line of the concert's queue")]
    LineNotEmpty,
    /// 409: the e-mail address is somebody's.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// 409: somebody is to be deleted who holds seats.
    #[error("the user holds seats")]
    UserHasHold,
    /// 409: somebody is to be deleted whose account is not empty.
    #[error("the user's account is not empty")]
    UserHasBalance,
    /// 409: a paid reservation that can be given back no more.
    #[error("refunds are closed")]
    RefundClosed,
    /// 409: a correction that would leave an account with less than nothing, or give it more than
    /// it may hold.
    #[error("the balance would be out of range")]
    BalanceOutOfRange,
    /// 412: the settings are not those that `If-Match` names.
    #[error("the settings have version {current:?}")]
    VersionMismatch {
        /// The version that they have; none where there is no such queue.
        current: Option<u64>,
    },
    /// 410: the hold was not paid in time.
    #[error("the hold has lapsed")]
    HoldExpired,
    /// 410: the session of a good token is over.
    #[error("the session is over: {reason:?}")]
    SessionOver {
        /// Why, as the poll says it; not known of a session that a later one has replaced.
        reason: Option<Ending>,
    },
    /// 410: every seat that the queue sells is sold.
    #[error("everything is sold out")]
    SoldOut,
    /// 410: nothing that the queue sells can be bought any more.
    #[error("the sale is over")]
    SaleOver,
    /// 410: the queue takes nobody any more.
    #[error("the queue is closed")]
    QueueClosed,
    /// 422: an idempotency key that came with another body before.
    #[error("the idempotency key was used for something else")]
    IdempotencyKeyReused,
    /// 429: too many wrong passwords for one account, from one source or from many.
    #[error("too many wrong passwords")]
    TooManyAttempts {
        /// When it makes sense to try again, in seconds.
        retry_after: u64,
    },
    /// 503: contention or throttling survived our retries, or the time of the request was over before
    /// it wrote anything.
    #[error("too busy: {0}")]
    Busy(&'static str),
    /// 500: our fault. The cause goes to the log, and never to the client.
    #[error("internal error: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What has limits that a request does not keep. Its code is `BAD_REQUEST`, its text its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// A body has at most 65,536 bytes.
    Body,
    /// A body is in UTF-8, and its content type names no other encoding.
    Encoding,
    /// A request to read or to delete has no body.
    StrayBody,
    /// A name has 1 to 100 characters after trimming, one at least that can be seen, and none that
    /// breaks lines or changes the direction of a text.
    Name,
    /// An e-mail address has the form of one, and at most 254 characters.
    Email,
    /// A password has 10 to 128 characters, and none that cannot be typed.
    Password,
    /// A page has 1 to 100 entries.
    Limit,
    /// A concert has 1 to 200 shows, each on a date of its own.
    Shows,
    /// A price is a number of won that is not negative, with at most two decimals.
    Price,
    /// A show has 1 to 100,000 seats, and as many as when it was created.
    Capacity,
    /// A sale opens before it closes, at times in RFC 3339.
    SalesWindow,
    /// A correction is a number of won that is not 0, with at most two decimals.
    Correction,
    /// A reason has 1 to 200 characters after trimming, and none that cannot be seen.
    Reason,
    /// A queue's id has 3 to 40 lower-case letters, digits and hyphens.
    QueueId,
    /// The concerts of a queue of its own have at most 200 shows together.
    QueueShows,
    /// From 1 to 1,000,000 may be active at once.
    MaxActive,
    /// From 0.001 to 10,000 are admitted a second.
    Rate,
    /// A window has 10 to 3,600 seconds, and the time to choose at least ten more than a claim.
    Windows,
    /// A queue ticks every 1 to 30 seconds.
    TickSeconds,
    /// A queue is open, paused or closed.
    QueueState,
    /// A queue opens in the future, within 28 days, and only once.
    OpensAt,
    /// A queue that has opened, or that somebody has joined, gets no other opening.
    AlreadyOpen,
    /// The default concert of a queue is one that the queue sells.
    DefaultConcert,
}

impl ApiError {
    /// An error of ours that should never occur, in words for the log.
    pub fn bug(what: &'static str) -> Self {
        Self::Internal(what.into())
    }

    /// A sale that opens then, later than `now`.
    pub fn sale_not_open(opens_at: Timestamp, now: Timestamp) -> Self {
        let left = opens_at.duration_since(now).as_millis();
        let seconds = left.max(1).unsigned_abs().div_ceil(1_000);
        Self::SaleNotOpen {
            opens_at,
            retry_after: u64::try_from(seconds).unwrap_or(u64::MAX),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::EmptyBody
            | Self::MissingField(_)
            | Self::MissingDateOrSeat
            | Self::MissingParameter(_)
            | Self::MissingPaymentAmount
            | Self::InvalidUserId
            | Self::InvalidDate
            | Self::InvalidSeatNumber { .. }
            | Self::TooManySeats
            | Self::InvalidAmount
            | Self::MalformedAuthorization
            | Self::TokenAlreadyActive
            | Self::Invalid(_)
            | Self::UnknownField(_)
            | Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::MissingAuthorization | Self::InvalidToken | Self::InvalidCredentials => {
                StatusCode::UNAUTHORIZED
            }
            Self::InsufficientBalance => StatusCode::PAYMENT_REQUIRED,
            Self::NotYourTurn { .. } | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::UserNotFound
            | Self::NoAvailableDates
            | Self::ShowNotFound
            | Self::ReservationNotFound
            | Self::ConcertNotFound
            | Self::QueueNotFound
            | Self::NotFound => StatusCode::NOT_FOUND,
            Self::SeatAlreadyReserved
            | Self::HoldExists
            | Self::AmountMismatch
            | Self::SaleNotOpen { .. }
            | Self::SaleClosed
            | Self::ConcertHasOrders
            | Self::LineNotEmpty
            | Self::EmailTaken
            | Self::UserHasHold
            | Self::UserHasBalance
            | Self::RefundClosed
            | Self::BalanceOutOfRange => StatusCode::CONFLICT,
            Self::HoldExpired
            | Self::SessionOver { .. }
            | Self::SoldOut
            | Self::SaleOver
            | Self::QueueClosed => StatusCode::GONE,
            Self::VersionMismatch { .. } => StatusCode::PRECONDITION_FAILED,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::EmptyBody => "EMPTY_BODY",
            Self::MissingField(_) | Self::MissingDateOrSeat => "MISSING_FIELD",
            Self::MissingParameter(_) => "MISSING_PARAMETER",
            Self::MissingPaymentAmount => "MISSING_PAYMENT_AMOUNT",
            Self::InvalidUserId => "INVALID_USER_ID",
            Self::InvalidDate => "INVALID_DATE",
            Self::InvalidSeatNumber { .. } => "INVALID_SEAT_NUMBER",
            Self::TooManySeats => "TOO_MANY_SEATS",
            Self::InvalidAmount => "INVALID_AMOUNT",
            Self::MalformedAuthorization => "MALFORMED_AUTHORIZATION",
            Self::TokenAlreadyActive => "TOKEN_ALREADY_ACTIVE",
            Self::UnknownField(_) => "UNKNOWN_FIELD",
            Self::Invalid(_) | Self::BadRequest => "BAD_REQUEST",
            Self::MissingAuthorization => "MISSING_AUTHORIZATION",
            Self::InvalidToken => "INVALID_TOKEN",
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::InsufficientBalance => "INSUFFICIENT_BALANCE",
            Self::NotYourTurn { .. } => "NOT_YOUR_TURN",
            Self::Forbidden => "FORBIDDEN",
            Self::UserNotFound => "USER_NOT_FOUND",
            Self::NoAvailableDates => "NO_AVAILABLE_DATES",
            Self::ShowNotFound => "SHOW_NOT_FOUND",
            Self::ReservationNotFound => "RESERVATION_NOT_FOUND",
            Self::ConcertNotFound => "CONCERT_NOT_FOUND",
            Self::QueueNotFound => "QUEUE_NOT_FOUND",
            Self::NotFound => "NOT_FOUND",
            Self::SeatAlreadyReserved => "SEAT_ALREADY_RESERVED",
            Self::HoldExists => "HOLD_EXISTS",
            Self::AmountMismatch => "AMOUNT_MISMATCH",
            Self::SaleNotOpen { .. } => "SALE_NOT_OPEN",
            Self::SaleClosed => "SALE_CLOSED",
            Self::ConcertHasOrders => "CONCERT_HAS_ORDERS",
            Self::LineNotEmpty => "LINE_NOT_EMPTY",
            Self::EmailTaken => "EMAIL_TAKEN",
            Self::UserHasHold => "USER_HAS_HOLD",
            Self::UserHasBalance => "USER_HAS_BALANCE",
            Self::RefundClosed => "REFUND_CLOSED",
            Self::BalanceOutOfRange => "BALANCE_OUT_OF_RANGE",
            Self::HoldExpired => "HOLD_EXPIRED",
            Self::SessionOver { .. } => "SESSION_OVER",
            Self::SoldOut => "SOLD_OUT",
            Self::SaleOver => "SALE_OVER",
            Self::QueueClosed => "QUEUE_CLOSED",
            Self::VersionMismatch { .. } => "VERSION_MISMATCH",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::TooManyAttempts { .. } => "TOO_MANY_ATTEMPTS",
            Self::Busy(_) => "BUSY",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// What the client is told.
    pub fn message(&self, language: Language) -> Cow<'static, str> {
        texts::of_error(self, language)
    }

    /// When it makes sense to ask again, in seconds.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::NotYourTurn { retry_after, .. }
            | Self::SaleNotOpen { retry_after, .. }
            | Self::TooManyAttempts { retry_after } => Some(*retry_after),
            Self::Busy(_) => Some(1),
            _ => None,
        }
    }
}
