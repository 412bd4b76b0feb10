//! What the audit has found, as the API shows it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use shared::{
    app::App,
    domain::{
        audit::{Books, Checked, Kind, Report, Sums, Table, Violation},
        decimal,
        ids::{ChangeId, ConcertId, PlanId, QueueId, ReservationId, ShowKey, UserId},
        seat::SeatNumber,
    },
    error::ApiError,
    http::{Milliseconds, Seconds},
    jiff::{Timestamp, civil::Date},
    store::audit::{LastRound, Round, Stage},
};
use utoipa::ToSchema;

/// What the audit has found.
#[derive(Serialize, ToSchema)]
#[schema(as = Audit)]
pub struct AuditAnswer {
    /// Whether a round is under way.
    state: AuditState,
    /// The round that is under way, or the last one if none is. Absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    round: Option<RoundOfAudit>,
    /// The last round that was over. Present only while another one is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_round: Option<RoundOfAudit>,
    /// The books of the last round that was over. Absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    books: Option<BooksAnswer>,
    /// The current time of the service.
    server_time: Milliseconds,
}

/// Whether the audit has ever run.
///
/// - `NEVER`: there was no round yet, or only one of another version of the service.
/// - `UNDER_WAY`: a round has begun and is not over.
/// - `OVER`: the last round is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuditState {
    /// There was no round yet.
    Never,
    /// A round has begun and is not over.
    UnderWay,
    /// The last round is over.
    Over,
}

/// A round of the audit: everything is checked once.
#[derive(Serialize, ToSchema)]
pub struct RoundOfAudit {
    /// The time when it began.
    started_at: Seconds,
    /// The time when it was over. Absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    over_at: Option<Seconds>,
    /// The number of its runs.
    runs: u32,
    /// Whether it is over.
    is_over: bool,
    /// The number of violations that it has found.
    violations: u64,
    /// The number of violations of each kind.
    #[schema(value_type = BTreeMap<String, u64>)]
    kinds: BTreeMap<Kind, u64>,
    /// The number of items that it has checked.
    checked: CheckedItems,
    /// Violations, at most five of each kind.
    examples: Vec<ViolationFound>,
}

/// How many items of each sort were checked.
#[derive(Serialize, ToSchema)]
pub struct CheckedItems {
    /// Shows.
    shows: u64,
    /// Plans of halls.
    plans: u64,
    /// Users.
    users: u64,
    /// Seats that are held or sold.
    seats: u64,
    /// Sessions.
    sessions: u64,
    /// Queues.
    queues: u64,
    /// Accounts.
    accounts: u64,
    /// Charges, payments, refunds and corrections.
    entries: u64,
    /// Orders, paid or refunded.
    orders: u64,
    /// The records of the log of changes.
    changes: u64,
}

/// Something that is wrong in the data, and where. It names users by their ids. The id of a guest is
/// their only secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Violation)]
pub struct ViolationFound {
    /// The kind. The kinds are explained in `shared/src/domain/audit.rs`.
    #[schema(value_type = String, example = "SEAT_SOLD_TWICE")]
    kind: Kind,
    /// The table in which it was seen.
    #[schema(value_type = String, example = "Accounts")]
    table: Table,
    /// The user that it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_id: Option<UserId>,
    /// The number of the entry in the user's statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seq: Option<u64>,
    /// The reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation_id: Option<ReservationId>,
    /// The concert.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_id: Option<ConcertId>,
    /// The show, as `date` of a request names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    show: Option<ShowKey>,
    /// The number of the seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    seat_number: Option<SeatNumber>,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    queue_id: Option<QueueId>,
    /// The number in the queue, or the cohort.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    number: Option<u64>,
    /// The id of the record in the log of changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    change_id: Option<ChangeId>,
}

/// What came into all accounts and went out of them, by day. Each account is as it was at one moment
/// between `read_from` and `as_of`.
#[derive(Serialize, ToSchema)]
#[schema(as = Books)]
pub struct BooksAnswer {
    /// The time when the first account was read.
    read_from: Seconds,
    /// The time when all accounts were read.
    as_of: Seconds,
    /// The time zone in which days begin and end: its name in the IANA database.
    #[schema(example = "Asia/Seoul")]
    time_zone: String,
    /// The sums of all days before the last 400. Absent if there was nothing before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    before: Option<SumsOfBooks>,
    /// The sums of each day on which money moved, the earliest first.
    days: Vec<DayOfBooks>,
    /// The balances of all accounts, in won. They are what came in, less what went out: `charged` +
    /// `corrected` - `paid` + `refunded` of `before` and of all days. If not, `round` has a violation
    /// of an account.
    held: WonInAll,
    /// The number of accounts that are left out, because they changed each time they were read. Absent
    /// if there are none.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    left_out: u64,
}

/// The money of a day.
#[derive(Serialize, ToSchema)]
pub struct DayOfBooks {
    /// The day.
    #[schema(value_type = String, format = Date, example = "2026-11-20")]
    day: Date,
    #[serde(flatten)]
    sums: SumsOfBooks,
}

/// Money that moved.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct SumsOfBooks {
    /// The charges, in won.
    charged: WonInAll,
    /// The corrections, in won. Below 0 if more was taken away than given.
    corrected: WonInAll,
    /// The payments, in won.
    paid: WonInAll,
    /// The refunds of orders and of single seats, in won.
    refunded: WonInAll,
}

/// A sum of money in won, with at most two decimals. It may be below 0.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = f64, example = 405_000)]
pub struct WonInAll(i64);

impl Serialize for WonInAll {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        decimal::json(self.0, 2).serialize(serializer)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl AuditAnswer {
    /// The answer about what the audit has found so far.
    pub(super) fn of(app: &App, round: Option<Round>, now: Timestamp) -> Result<Self, ApiError> {
        let Some(round) = round else {
            return Ok(Self {
                state: AuditState::Never,
                round: None,
                last_round: None,
                books: None,
                server_time: Milliseconds(now),
            });
        };
        let is_over = round.stage == Stage::Done;
        let books = round.books.as_ref();
        Ok(Self {
            state: if is_over {
                AuditState::Over
            } else {
                AuditState::UnderWay
            },
            books: books.map(|books| BooksAnswer::of(app, books)).transpose()?,
            last_round: round.last.map(RoundOfAudit::of_last),
            round: Some(RoundOfAudit::new(
                round.started_at,
                round.over_at,
                round.runs,
                is_over,
                round.report,
            )),
            server_time: Milliseconds(now),
        })
    }

    /// An example for the OpenAPI document.
    pub(super) fn example() -> Value {
        json!({
            "state": "OVER",
            "round": {
                "started_at": "2026-11-20T02:58:00Z",
                "over_at": "2026-11-20T03:00:00Z",
                "runs": 2,
                "is_over": true,
                "violations": 0,
                "kinds": {},
                "checked": {
                    "shows": 3, "plans": 1, "users": 100, "seats": 90, "sessions": 100,
                    "queues": 2, "accounts": 100, "entries": 250, "orders": 80, "changes": 12,
                },
                "examples": [],
            },
            "books": {
                "read_from": "2026-11-20T02:59:00Z",
                "as_of": "2026-11-20T03:00:00Z",
                "time_zone": "Asia/Seoul",
                "days": [{
                    "day": "2026-11-20",
                    "charged": 500_000,
                    "corrected": -5_000,
                    "paid": 90_000,
                    "refunded": 0,
                }],
                "held": 405_000,
            },
            "server_time": "2026-11-20T03:05:00.125Z",
        })
    }
}

impl RoundOfAudit {
    fn new(
        started_at: Timestamp,
        over_at: Option<Timestamp>,
        runs: u32,
        is_over: bool,
        report: Report,
    ) -> Self {
        let Report {
            violations,
            kinds,
            checked,
            examples,
        } = report;
        Self {
            started_at: Seconds(started_at),
            over_at: over_at.map(Seconds),
            runs,
            is_over,
            violations,
            kinds,
            checked: checked.into(),
            examples: examples.into_iter().map(Into::into).collect(),
        }
    }

    fn of_last(last: LastRound) -> Self {
        let over_at = Some(last.over_at);
        Self::new(last.started_at, over_at, last.runs, true, last.report)
    }
}

impl From<Checked> for CheckedItems {
    fn from(checked: Checked) -> Self {
        let Checked {
            shows,
            plans,
            users,
            seats,
            sessions,
            queues,
            accounts,
            entries,
            orders,
            changes,
        } = checked;
        Self {
            shows,
            plans,
            users,
            seats,
            sessions,
            queues,
            accounts,
            entries,
            orders,
            changes,
        }
    }
}

impl From<Violation> for ViolationFound {
    fn from(violation: Violation) -> Self {
        let Violation {
            kind,
            table,
            user_id,
            seq,
            reservation_id,
            show,
            seat_number,
            plan_id,
            queue_id,
            number,
            change_id,
        } = violation;
        Self {
            kind,
            table,
            user_id,
            seq,
            reservation_id,
            concert_id: show.map(|show| show.concert_id),
            show: show.map(|show| show.key),
            seat_number,
            plan_id,
            queue_id,
            number,
            change_id,
        }
    }
}

impl BooksAnswer {
    fn of(app: &App, books: &Books) -> Result<Self, ApiError> {
        let time_zone = app.config().time_zone.iana_name();
        let time_zone = time_zone.ok_or_else(|| ApiError::bug("the time zone has no name"))?;
        let time = |milliseconds| {
            Timestamp::from_millisecond(milliseconds)
                .map(Seconds)
                .map_err(|_| ApiError::bug("the books were read at no time"))
        };
        let before = Some(books.before).filter(|before| *before != Sums::default());
        Ok(Self {
            read_from: time(books.read_from)?,
            as_of: time(books.as_of)?,
            time_zone: time_zone.to_owned(),
            before: before.map(Into::into),
            days: books
                .days
                .iter()
                .map(|(day, sums)| DayOfBooks {
                    day: *day,
                    sums: (*sums).into(),
                })
                .collect(),
            held: WonInAll(books.held),
            left_out: books.left_out,
        })
    }
}

impl From<Sums> for SumsOfBooks {
    fn from(sums: Sums) -> Self {
        Self {
            charged: WonInAll(sums.charged),
            corrected: WonInAll(sums.corrected),
            paid: WonInAll(sums.paid),
            refunded: WonInAll(sums.refunded),
        }
    }
}
