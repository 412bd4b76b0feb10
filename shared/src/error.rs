//! The errors of the API.
//!
//! The list is closed, and it is part of the API's contract: a client may decide by a code, and
//! each operation in the OpenAPI document names the errors that it can answer with
//! (`functions/README.md#errors`). Each error has one status and one stable code (a row of
//! `ApiError::row`), and one text per language (`error/texts.rs`). A new error needs three
//! places: its variant, its row, its texts.
//!
//! A refusal is an answer: only its status and code are in the log line of the request.
//! [`ApiError::Internal`] is our own fault: its cause goes to the log, and never to the client.

mod texts;

use std::{borrow::Cow, error::Error, fmt};

use jiff::Timestamp;
use lambda_http::http::StatusCode;

use crate::{
    domain::{
        best::Left, changes::LastChange, ids::ShowKey, plan::PlanMistake, seat::SeatNumber,
        session::Ending,
    },
    language::Language,
};

/// Why a request was not done.
#[derive(Debug)]
pub enum ApiError {
    /// 400: the body is missing, or is not a JSON object.
    EmptyBody,
    /// 400: a required field is missing.
    MissingField(&'static str),
    /// 400: a hold without a date or without seats.
    MissingDateOrSeat,
    /// 400: a required query parameter is missing.
    MissingParameter(&'static str),
    /// 400: a payment without an amount, or with one that is not a number.
    MissingPaymentAmount,
    /// 400: a user's id that is not a UUID.
    InvalidUserId,
    /// 400: a date that does not exist, or is written neither `YYYY-MM-DD` nor `YYYY-MM-DDTHH:MM`.
    InvalidDate,
    /// 400: a seat that the show does not have, or the same seat twice.
    InvalidSeatNumber {
        /// The number of seats of the show.
        capacity: u32,
    },
    /// 400: more seats than one hold may have.
    TooManySeats,
    /// 400: an amount that is not a number, is zero or negative, has more than two decimals, or is
    /// too large.
    InvalidAmount,
    /// 400: an `Authorization` header without a bearer token.
    MalformedAuthorization,
    /// 400: a guest joins a queue in which they have a live session.
    TokenAlreadyActive,
    /// 400: a value outside its limits. The text states the limits.
    Invalid(Constraint),
    /// 400: a field that the endpoint does not know, where a misspelt one would do harm.
    UnknownField(String),
    /// 400: a date on which the concert has several shows. The call has to say which.
    SeveralShows {
        /// The keys of the shows of that day.
        shows: Vec<ShowKey>,
    },
    /// 400: the plan of a hall has a mistake.
    InvalidPlan(PlanMistake),
    /// 400: anything else that is wrong with the request.
    BadRequest,
    /// 401: no `Authorization` header.
    MissingAuthorization,
    /// 401: a token that we have not signed, that has expired, that is of the wrong kind, or that
    /// has ended with a log-out (an older generation than the user's).
    InvalidToken,
    /// 401: no such user, or a wrong password. The answer does not say which.
    InvalidCredentials,
    /// 402: the balance is too low.
    InsufficientBalance,
    /// 403: a call that needs a turn, before the session's number has come up.
    NotYourTurn {
        /// The number of people to be served until the caller is, the caller included. `None`
        /// before the opening.
        place: Option<u64>,
        /// The seconds to wait before calling again.
        retry_after: u64,
    },
    /// 403: another user's data, a right of administrators, a show of another queue, or a call that
    /// needs a turn while the session only holds seats.
    Forbidden,
    /// 403: a guest joins a queue that is for users with an account only.
    AccountNeeded,
    /// 404: no such user.
    UserNotFound,
    /// 404: no date with a free seat.
    NoAvailableDates,
    /// 404: no such show.
    ShowNotFound,
    /// 404: no such reservation, or one of another user or another concert.
    ReservationNotFound,
    /// 404: no such concert.
    ConcertNotFound,
    /// 404: no such queue.
    QueueNotFound,
    /// 404: no such plan.
    PlanNotFound,
    /// 404: no such path, or a method that it does not have.
    NotFound,
    /// 409: seats that were named are taken.
    SeatAlreadyReserved {
        /// Those seats, as far as they are known.
        seats: Vec<SeatNumber>,
    },
    /// 409: no free seats meet a request for the best ones.
    NoSeatsTogether(Left),
    /// 409: the session holds other seats.
    HoldExists,
    /// 409: with these seats, the user would have more of the concert than its limit.
    PersonLimit {
        /// The limit.
        limit: u32,
        /// How many seats of the concert they have already.
        bought: usize,
    },
    /// 409: the amount differs from that of the reservation.
    AmountMismatch,
    /// 409: the sale has not opened.
    SaleNotOpen {
        /// The time when it opens.
        opens_at: Timestamp,
        /// The seconds until then.
        retry_after: u64,
    },
    /// 409: the sale has closed.
    SaleClosed,
    /// 409: a change that takes seats of a show away, or changes them, while they may be held.
    SaleOpen {
        /// The show.
        show: ShowKey,
        /// The seconds until the change is allowed, if the sale has closed. `None` while it is open,
        /// or about to open.
        retry_after: Option<u64>,
    },
    /// 409: a change that takes seats of a show away, or changes them, which are sold or held.
    SeatsTaken {
        /// The show.
        show: ShowKey,
        /// Those seats, or the first of them.
        seats: Vec<SeatNumber>,
    },
    /// 409: a concert or a date to be deleted has seats that are sold or held.
    ConcertHasOrders,
    /// 409: a concert cannot leave its queue, because people are in its line.
    LineNotEmpty,
    /// 409: the e-mail address belongs to a user.
    EmailTaken,
    /// 409: a user to be deleted holds seats.
    UserHasHold,
    /// 409: a user to be deleted has money in their account.
    UserHasBalance,
    /// 409: administrators change their own role.
    OwnRole,
    /// 409: a guest gets the role of an administrator.
    AdminNeedsAccount,
    /// 409: it is too late to give a paid reservation back.
    RefundClosed,
    /// 409: a correction would leave the balance below 0, or above what an account may hold.
    BalanceOutOfRange,
    /// 412: the settings or the concert in force are not those that `If-Match` names.
    VersionMismatch {
        /// The version in force. `None` if the queue does not exist.
        current: Option<u64>,
        /// Who made it, and when, if that is known.
        last_change: Option<LastChange>,
    },
    /// 410: the reservation can no longer be paid: its time is over, or it was given back or
    /// refunded.
    HoldExpired,
    /// 410: the token is good, and its session is over.
    SessionOver {
        /// The reason, as the poll has it. `None` if a later session has replaced this one.
        reason: Option<Ending>,
    },
    /// 410: every seat that the queue sells is sold.
    SoldOut,
    /// 410: nothing that the queue sells can be bought any more.
    SaleOver,
    /// 410: the show does not take place.
    ShowCalledOff,
    /// 410: an operator has closed the queue.
    QueueClosed,
    /// 422: an `Idempotency-Key` that was sent with another request before.
    IdempotencyKeyReused,
    /// 429: too many wrong passwords for one user, from one source or from all.
    TooManyAttempts {
        /// The seconds to wait before trying again.
        retry_after: u64,
    },
    /// 503: contention or throttling that our retries did not overcome, or a request that ran out
    /// of time before it wrote anything.
    Busy(&'static str),
    /// 500: our own fault. The cause goes to the log, and never to the client.
    Internal(Box<dyn Error + Send + Sync>),
}

/// The limit that a value does not keep. All have the code `BAD_REQUEST`, and each has its own
/// text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// A body has at most 65,536 bytes.
    Body,
    /// A body is in UTF-8. Its content type names no other encoding.
    Encoding,
    /// A `GET`, `HEAD` or `DELETE` has no body.
    StrayBody,
    /// A name has 1 to 100 characters after trimming. At least one is visible, and none breaks
    /// lines or changes the direction of a text.
    Name,
    /// An e-mail address is well-formed, and has at most 254 bytes.
    Email,
    /// A password has 10 to 128 characters, and no control characters.
    Password,
    /// A page has 1 to 100 entries.
    Limit,
    /// A concert has 1 to 200 shows, each with its own date, or date and start.
    Shows,
    /// If a day has several shows, each of them has a start.
    ShowTimes,
    /// A price is a number of won that is not negative, with at most two decimals, at most 10¹².
    Price,
    /// A show has 1 to 100,000 seats. With a plan it has as many as the plan.
    Capacity,
    /// A show with a plan has a price for each grade of the plan, and no other. One without a plan
    /// has a single price.
    Prices,
    /// A plan is named by its id, together with prices. Only a show with a plan of the same grades
    /// needs no prices.
    Plan,
    /// A description is in Korean, English or both, with 1 to 2,000 characters each, and no control
    /// characters but line breaks.
    Description,
    /// A venue is in Korean, English or both, with 1 to 100 characters each.
    Venue,
    /// A notice is in Korean, English or both, with 1 to 300 characters each, and no control
    /// characters but line breaks.
    Notice,
    /// An age limit is a whole number from 0 to 99.
    AgeLimit,
    /// The doors of a show open no later than it starts. Both times are `HH:MM`. A show with a start
    /// in its key starts then.
    DoorTimes,
    /// A request for the best seats says how many, 1 to 4. It may name a grade and a section of the
    /// show's plan, and how many of the seats are wheelchair places, or that they may be apart.
    Best,
    /// A sale opens before it closes. Both times are in RFC 3339.
    SalesWindow,
    /// A correction is a number of won that is not 0, with at most two decimals, from -10¹² to 10¹².
    Correction,
    /// A reason has 1 to 200 characters after trimming. At least one is visible, and none breaks
    /// lines or changes the direction of a text.
    Reason,
    /// One user may be allowed to have 1 to 100 seats of a concert.
    PersonLimit,
    /// A refund names 1 to 4 different seats of a paid reservation.
    SeatsOfOrder,
    /// A queue's id has 3 to 40 lower-case letters, digits and hyphens.
    QueueId,
    /// The concerts of a queue of its own have at most 200 shows together.
    QueueShows,
    /// 1 to 1,000,000 sessions may be active at once.
    MaxActive,
    /// 0.001 to 10,000 people are let in per second.
    Rate,
    /// A window has 10 to 3,600 seconds, and `active_seconds` is at least ten more than
    /// `claim_seconds`.
    Windows,
    /// A queue ticks every 1 to 30 seconds.
    TickSeconds,
    /// A queue's state is `OPEN`, `PAUSED` or `CLOSED`.
    QueueState,
    /// A queue is for everybody or for users with an account.
    WhoJoins,
    /// A queue opens in the future, within 28 days.
    OpensAt,
    /// A queue that has opened, or that somebody has joined, does not get an opening.
    AlreadyOpen,
    /// The default concert of a queue is one of its own concerts.
    DefaultConcert,
    /// A role is `user` or `admin`.
    Role,
    /// The kind of a change is one that the log of changes knows.
    ChangeKind,
    /// A filter names a concert by its id.
    ConcertId,
}

impl ApiError {
    /// An error of ours that should never occur, with a description for the log.
    pub fn bug(what: &'static str) -> Self {
        Self::Internal(what.into())
    }

    /// The error for a sale that opens at a time later than `now`.
    pub fn sale_not_open(opens_at: Timestamp, now: Timestamp) -> Self {
        let left = opens_at.duration_since(now).as_millis();
        let seconds = left.max(1).unsigned_abs().div_ceil(1_000);
        Self::SaleNotOpen {
            opens_at,
            retry_after: u64::try_from(seconds).unwrap_or(u64::MAX),
        }
    }

    /// The status and the stable code.
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
            Self::InvalidPlan(_) => (StatusCode::BAD_REQUEST, "INVALID_PLAN"),
            Self::SeveralShows { .. } => (StatusCode::BAD_REQUEST, "SEVERAL_SHOWS"),
            Self::UnknownField(_) => (StatusCode::BAD_REQUEST, "UNKNOWN_FIELD"),
            Self::Invalid(_) | Self::BadRequest => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::MissingAuthorization => (StatusCode::UNAUTHORIZED, "MISSING_AUTHORIZATION"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "INVALID_TOKEN"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS"),
            Self::InsufficientBalance => (StatusCode::PAYMENT_REQUIRED, "INSUFFICIENT_BALANCE"),
            Self::NotYourTurn { .. } => (StatusCode::FORBIDDEN, "NOT_YOUR_TURN"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::AccountNeeded => (StatusCode::FORBIDDEN, "ACCOUNT_NEEDED"),
            Self::UserNotFound => (StatusCode::NOT_FOUND, "USER_NOT_FOUND"),
            Self::NoAvailableDates => (StatusCode::NOT_FOUND, "NO_AVAILABLE_DATES"),
            Self::ShowNotFound => (StatusCode::NOT_FOUND, "SHOW_NOT_FOUND"),
            Self::ReservationNotFound => (StatusCode::NOT_FOUND, "RESERVATION_NOT_FOUND"),
            Self::ConcertNotFound => (StatusCode::NOT_FOUND, "CONCERT_NOT_FOUND"),
            Self::QueueNotFound => (StatusCode::NOT_FOUND, "QUEUE_NOT_FOUND"),
            Self::PlanNotFound => (StatusCode::NOT_FOUND, "PLAN_NOT_FOUND"),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::SeatAlreadyReserved { .. } => (StatusCode::CONFLICT, "SEAT_ALREADY_RESERVED"),
            Self::NoSeatsTogether(_) => (StatusCode::CONFLICT, "NO_SEATS_TOGETHER"),
            Self::HoldExists => (StatusCode::CONFLICT, "HOLD_EXISTS"),
            Self::PersonLimit { .. } => (StatusCode::CONFLICT, "PERSON_LIMIT"),
            Self::AmountMismatch => (StatusCode::CONFLICT, "AMOUNT_MISMATCH"),
            Self::SaleNotOpen { .. } => (StatusCode::CONFLICT, "SALE_NOT_OPEN"),
            Self::SaleClosed => (StatusCode::CONFLICT, "SALE_CLOSED"),
            Self::SaleOpen { .. } => (StatusCode::CONFLICT, "SALE_OPEN"),
            Self::SeatsTaken { .. } => (StatusCode::CONFLICT, "SEATS_TAKEN"),
            Self::ConcertHasOrders => (StatusCode::CONFLICT, "CONCERT_HAS_ORDERS"),
            Self::LineNotEmpty => (StatusCode::CONFLICT, "LINE_NOT_EMPTY"),
            Self::EmailTaken => (StatusCode::CONFLICT, "EMAIL_TAKEN"),
            Self::UserHasHold => (StatusCode::CONFLICT, "USER_HAS_HOLD"),
            Self::UserHasBalance => (StatusCode::CONFLICT, "USER_HAS_BALANCE"),
            Self::OwnRole => (StatusCode::CONFLICT, "OWN_ROLE"),
            Self::AdminNeedsAccount => (StatusCode::CONFLICT, "ADMIN_NEEDS_ACCOUNT"),
            Self::RefundClosed => (StatusCode::CONFLICT, "REFUND_CLOSED"),
            Self::BalanceOutOfRange => (StatusCode::CONFLICT, "BALANCE_OUT_OF_RANGE"),
            Self::HoldExpired => (StatusCode::GONE, "HOLD_EXPIRED"),
            Self::SessionOver { .. } => (StatusCode::GONE, "SESSION_OVER"),
            Self::SoldOut => (StatusCode::GONE, "SOLD_OUT"),
            Self::SaleOver => (StatusCode::GONE, "SALE_OVER"),
            Self::ShowCalledOff => (StatusCode::GONE, "SHOW_CALLED_OFF"),
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

    /// The text for the client.
    pub fn message(&self, language: Language) -> Cow<'static, str> {
        texts::of_error(self, language)
    }

    /// The seconds to wait before calling again. `None` if calling again makes no sense by itself.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::NotYourTurn { retry_after, .. }
            | Self::SaleNotOpen { retry_after, .. }
            | Self::TooManyAttempts { retry_after } => Some(*retry_after),
            Self::SaleOpen { retry_after, .. } => *retry_after,
            Self::Busy(_) => Some(1),
            _ => None,
        }
    }
}

/// The text for the log: in English, with the cause if it is our own fault.
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

impl From<PlanMistake> for ApiError {
    fn from(mistake: PlanMistake) -> Self {
        Self::InvalidPlan(mistake)
    }
}
