//! What a request can be refused with.
//!
//! The list is closed, and it is the API's contract: a client may branch on a code, and an operation
//! of the specification names each error that it can answer with. Each error has one status and one
//! stable code (a row of [`ApiError::row`]) and one text per language (`error/texts.rs`). A new one is
//! three places: its variant, its row, its texts.
//!
//! A refusal is an answer, and never goes to the log. What is our own fault is [`ApiError::Internal`]:
//! its cause goes to the log, and never to the client.

mod texts;

use std::{borrow::Cow, error::Error, fmt};

use jiff::Timestamp;
use lambda_http::http::StatusCode;

use crate::{domain::session::Ending, language::Language};

/// Why a request was not done.
#[derive(Debug)]
pub enum ApiError {
    /// 400: the body is missing or is no JSON object.
    EmptyBody,
    /// 400: a field that has to be there is not.
    MissingField(&'static str),
    /// 400: a hold without its date or its seats.
    MissingDateOrSeat,
    /// 400: a parameter of the query that has to be there is not.
    MissingParameter(&'static str),
    /// 400: a payment that does not say how much, or says it with something that is no number.
    MissingPaymentAmount,
    /// 400: not a UUID where a user's id should be.
    InvalidUserId,
    /// 400: not a date, or not written `YYYY-MM-DD`.
    InvalidDate,
    /// 400: no seat of the show, or the same seat twice.
    InvalidSeatNumber {
        /// How many seats the show has.
        capacity: u32,
    },
    /// 400: more seats than one hold may have.
    TooManySeats,
    /// 400: zero, negative, no number, more than two decimals, or too much.
    InvalidAmount,
    /// 400: the authorization header is there, but has no bearer token in it.
    MalformedAuthorization,
    /// 400: a guest joins a queue in which they have a live session.
    TokenAlreadyActive,
    /// 400: something that has limits and does not keep them, with a text that states them.
    Invalid(Constraint),
    /// 400: a field that the endpoint does not know, where a misspelt one would do harm.
    UnknownField(String),
    /// 400: anything else that the client did wrong.
    BadRequest,
    /// 401: no authorization header.
    MissingAuthorization,
    /// 401: a token that is not ours, has expired, is for another door, or is of an earlier
    /// generation than its user's tokens are.
    InvalidToken,
    /// 401: no such user, or not their password; the answer does not tell which.
    InvalidCredentials,
    /// 402: the account does not hold enough.
    InsufficientBalance,
    /// 403: a protected call while the number has not come up.
    NotYourTurn {
        /// How many people, the caller included, are to be served first; not known before the
        /// opening.
        place: Option<u64>,
        /// When it makes sense to ask again, in seconds.
        retry_after: u64,
    },
    /// 403: somebody else's, or not through this queue.
    Forbidden,
    /// 404.
    UserNotFound,
    /// 404: no date with a free seat.
    NoAvailableDates,
    /// 404.
    ShowNotFound,
    /// 404: or it is somebody else's, or of another concert.
    ReservationNotFound,
    /// 404.
    ConcertNotFound,
    /// 404.
    QueueNotFound,
    /// 404: no such path, or not with that method.
    NotFound,
    /// 409: somebody else has the seat.
    SeatAlreadyReserved,
    /// 409: the caller holds other seats.
    HoldExists,
    /// 409: the amount is not the reservation's.
    AmountMismatch,
    /// 409: before the sale opens.
    SaleNotOpen {
        /// When it does.
        opens_at: Timestamp,
        /// In how many seconds that is.
        retry_after: u64,
    },
    /// 409: after the sale has closed.
    SaleClosed,
    /// 409: a concert or a date of which a seat is sold or held.
    ConcertHasOrders,
    /// 409: a concert that would leave a queue in whose line people are.
    LineNotEmpty,
    /// 409: the e-mail address is somebody's.
    EmailTaken,
    /// 409: somebody is to be deleted who holds seats.
    UserHasHold,
    /// 409: somebody is to be deleted whose account is not empty.
    UserHasBalance,
    /// 409: a paid reservation that can be given back no more.
    RefundClosed,
    /// 409: a correction that would leave an account with less than nothing, or give it more than
    /// it may hold.
    BalanceOutOfRange,
    /// 412: the settings are not those that `If-Match` names.
    VersionMismatch {
        /// The version that they have; none where there is no such queue.
        current: Option<u64>,
    },
    /// 410: the hold was not paid in time.
    HoldExpired,
    /// 410: the session of a good token is over.
    SessionOver {
        /// Why, as the poll says it; not known of a session that a later one has replaced.
        reason: Option<Ending>,
    },
    /// 410: every seat that the queue sells is sold.
    SoldOut,
    /// 410: nothing that the queue sells can be bought any more.
    SaleOver,
    /// 410: the queue takes nobody any more.
    QueueClosed,
    /// 422: an idempotency key that came with another body before.
    IdempotencyKeyReused,
    /// 429: too many wrong passwords for one account, from one source or from many.
    TooManyAttempts {
        /// When it makes sense to try again, in seconds.
        retry_after: u64,
    },
    /// 503: contention or throttling survived our retries, or the time of the request was over before
    /// it wrote anything.
    Busy(&'static str),
    /// 500: our fault. The cause goes to the log, and never to the client.
    Internal(Box<dyn Error + Send + Sync>),
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

    /// The status and the stable code. One row for each.
    fn row(&self) -> (StatusCode, &'static str) {
        match self {
            Self::EmptyBody => (StatusCode::BAD_REQUEST, "EMPTY_BODY"),
            Self::MissingField(_) | Self::MissingDateOrSeat => {
                (StatusCode::BAD_REQUEST, "MISSING_FIELD")
            }
            Self::MissingParameter(_) => (StatusCode::BAD_REQUEST, "MISSING_PARAMETER"),
            Self::MissingPaymentAmount => (StatusCode::BAD_REQUEST, "MISSING_PAYMENT_AMOUNT"),
            Self::InvalidUserId => (StatusCode::BAD_REQUEST, "INVALID_USER_ID"),
            Self::InvalidDate => (StatusCode::BAD_REQUEST, "INVALID_DATE"),
            Self::InvalidSeatNumber { .. } => (StatusCode::BAD_REQUEST, "INVALID_SEAT_NUMBER"),
            Self::TooManySeats => (StatusCode::BAD_REQUEST, "TOO_MANY_SEATS"),
            Self::InvalidAmount => (StatusCode::BAD_REQUEST, "INVALID_AMOUNT"),
            Self::MalformedAuthorization => (StatusCode::BAD_REQUEST, "MALFORMED_AUTHORIZATION"),
            Self::TokenAlreadyActive => (StatusCode::BAD_REQUEST, "TOKEN_ALREADY_ACTIVE"),
            Self::UnknownField(_) => (StatusCode::BAD_REQUEST, "UNKNOWN_FIELD"),
            Self::Invalid(_) | Self::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::MissingAuthorization => (StatusCode::UNAUTHORIZED, "MISSING_AUTHORIZATION"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS"),
            Self::InsufficientBalance => (StatusCode::PAYMENT_REQUIRED, "INSUFFICIENT_BALANCE"),
            Self::NotYourTurn { .. } => (StatusCode::FORBIDDEN, "NOT_YOUR_TURN"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::UserNotFound => (StatusCode::NOT_FOUND, "USER_NOT_FOUND"),
            Self::NoAvailableDates => (StatusCode::NOT_FOUND, "NO_AVAILABLE_DATES"),
            Self::ShowNotFound => (StatusCode::NOT_FOUND, "SHOW_NOT_FOUND"),
            Self::ReservationNotFound => (StatusCode::NOT_FOUND, "RESERVATION_NOT_FOUND"),
            Self::ConcertNotFound => (StatusCode::NOT_FOUND, "CONCERT_NOT_FOUND"),
            Self::QueueNotFound => (StatusCode::NOT_FOUND, "QUEUE_NOT_FOUND"),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::SeatAlreadyReserved => (StatusCode::CONFLICT, "SEAT_ALREADY_RESERVED"),
            Self::HoldExists => (StatusCode::CONFLICT, "HOLD_EXISTS"),
            Self::AmountMismatch => (StatusCode::CONFLICT, "AMOUNT_MISMATCH"),
            Self::SaleNotOpen { .. } => (StatusCode::CONFLICT, "SALE_NOT_OPEN"),
            Self::SaleClosed => (StatusCode::CONFLICT, "SALE_CLOSED"),
            Self::ConcertHasOrders => (StatusCode::CONFLICT, "CONCERT_HAS_ORDERS"),
            Self::LineNotEmpty => (StatusCode::CONFLICT, "LINE_NOT_EMPTY"),
            Self::EmailTaken => (StatusCode::CONFLICT, "EMAIL_TAKEN"),
            Self::UserHasHold => (StatusCode::CONFLICT, "USER_HAS_HOLD"),
            Self::UserHasBalance => (StatusCode::CONFLICT, "USER_HAS_BALANCE"),
            Self::RefundClosed => (StatusCode::CONFLICT, "REFUND_CLOSED"),
            Self::BalanceOutOfRange => (StatusCode::CONFLICT, "BALANCE_OUT_OF_RANGE"),
            Self::HoldExpired => (StatusCode::GONE, "HOLD_EXPIRED"),
            Self::SessionOver { .. } => (StatusCode::GONE, "SESSION_OVER"),
            Self::SoldOut => (StatusCode::GONE, "SOLD_OUT"),
            Self::SaleOver => (StatusCode::GONE, "SALE_OVER"),
            Self::QueueClosed => (StatusCode::GONE, "QUEUE_CLOSED"),
            Self::VersionMismatch { .. } => (StatusCode::PRECONDITION_FAILED, "VERSION_MISMATCH"),
            Self::IdempotencyKeyReused => {
                (StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED")
            }
            Self::TooManyAttempts { .. } => (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_ATTEMPTS"),
            Self::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "BUSY"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.row().0
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.row().1
    }

    /// The text that the client gets.
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

/// For the log: in English, and with the cause of what is our own fault.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy(why) => write!(f, "too busy: {why}"),
            Self::Internal(cause) => write!(f, "internal error: {cause}"),
            error => f.write_str(&error.message(Language::English)),
        }
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Internal(cause) => Some(&**cause),
            _ => None,
        }
    }
}
