//! `GET /v1/admin/changes`: what administrators have done, the newest first, in pages: a log that
//! nobody can change.
//!
//! A record is written in the transaction of its change. So every change of a kind that the log knows
//! has one, and a call that is repeated without an effect has none. A change that is made in steps has
//! its record in the step that decides. The log begins with the version of the code that brought it.
//!
//! An administrator who reads it may read the data of every user anyway. It names them by their ids.
//!
//! Cost: 1 RRU for the door, 0.5 RRU per 4 KB of the records that it looks at: those of the page, and
//! with a filter about a thousand at the most. Charges are in sixteen
//! parts of their own. `kind=CHARGE_BY_ADMIN` reads all sixteen, for at least 8 RRU.
//!
//! Round trips: 2 calls in 2 rounds, 17 for charges. One round more for each earlier year that the page
//! reaches into, and with a filter for each two hundred records.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        changes::{ChangeKind, Facts, LoggedChange},
        ids::{ChangeId, ConcertId, CorrectionId, PlanId, QueueId, ReservationId, ShowKey, UserId},
        reason::Reason,
    },
    error::{ApiError, Constraint},
    http::{PageWanted, RequestParts as _, Seconds, cursor, ok},
    jiff::{SignedDuration, Timestamp},
    lambda_http::{Body, Request, Response},
    store::changes::ChangesWanted,
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// The list's name in its cursors.
const LIST: &str = "changes";

/// A record of a function whose clock is ahead by less than this is in the list already.
const CLOCKS_DIFFER_BY: SignedDuration = SignedDuration::from_mins(1);

/// Answers with a page.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let page = PageWanted::of(&request, LIST)?;
    let wanted = wanted(&request)?;
    let before = before(&page, admin.now)?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let (changes, next) = app.store().changes(&wanted, before, limit).await?;
    ok(&Changes {
        changes: changes.into_iter().map(ChangeAnswer::from).collect(),
        next_cursor: next.map(|position| cursor(LIST, &position.to_string())),
    })
}

/// The filters of the query. An empty one is an error, and not a missing one. Otherwise a script with
/// an empty variable would get everything.
fn wanted(request: &Request) -> Result<ChangesWanted, ApiError> {
    let queue_id = filter(
        request,
        "queue_id",
        ApiError::Invalid(Constraint::QueueId),
        |id| id.parse().ok(),
    );
    let concert_id = filter(
        request,
        "concert_id",
        ApiError::Invalid(Constraint::ConcertId),
        |id| id.parse().ok(),
    );
    let user_id = filter(request, "user_id", ApiError::InvalidUserId, |id| {
        id.parse().ok()
    });
    let kind = filter(
        request,
        "kind",
        ApiError::Invalid(Constraint::ChangeKind),
        ChangeKind::parse,
    );
    Ok(ChangesWanted {
        queue_id: queue_id?,
        concert_id: concert_id?,
        user_id: user_id?,
        kind: kind?,
    })
}

fn filter<T>(
    request: &Request,
    name: &str,
    malformed: ApiError,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    if !request.names(name) {
        return Ok(None);
    }
    let value = request.query(name).unwrap_or_default();
    parse(&value).map(Some).ok_or(malformed)
}

/// The records of the page are older than this.
fn before(page: &PageWanted, now: Timestamp) -> Result<ChangeId, ApiError> {
    let newest = now.saturating_add(CLOCKS_DIFFER_BY).unwrap_or(now);
    let newest = ChangeId::first_at(newest);
    let position: Option<ChangeId> = page.position()?;
    // A cursor that is made up may have a time that has not come, or none.
    match position {
        Some(position) if position.time().is_none() => Err(ApiError::BadRequest),
        position => Ok(position.map_or(newest, |position| position.min(newest))),
    }
}

/// A page of the log of changes.
#[derive(Serialize, ToSchema)]
#[schema(as = LogOfChanges)]
pub struct Changes {
    /// The changes, the newest first. A page may be short or empty without being the last.
    changes: Vec<ChangeAnswer>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// What an administrator has done.
#[derive(Serialize, ToSchema)]
#[schema(as = LoggedChange)]
pub struct ChangeAnswer {
    /// The id of the record.
    change_id: ChangeId,
    /// The time of the request that made the change.
    at: Seconds,
    /// The id of the administrator. Absent for an operator who invoked `make-admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by: Option<UserId>,
    /// What was done.
    kind: ChangeKind,
    /// The id of the queue. Absent if it was not about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    queue_id: Option<QueueId>,
    /// The id of the concert. Absent if it was not about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_id: Option<ConcertId>,
    /// The show of the concert, as `date` of a request names it. Absent if it was not about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    show: Option<ShowKey>,
    /// The id of the user that it happened to. Absent if it was not about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_id: Option<UserId>,
    /// The id of the reservation. Absent if it was not about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation_id: Option<ReservationId>,
    /// The id of the correction. Present only with `CORRECTION`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    correction_id: Option<CorrectionId>,
    /// The id of the plan. Present only with `PLAN_STORED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// What the fields that changed were before, by the names that the API has for them. A field that
    /// there was not is `null`. Absent if nothing was there before.
    #[serde(skip_serializing_if = "Facts::is_empty")]
    #[schema(required = false, value_type = BTreeMap<String, Value>)]
    before: Facts,
    /// What they are now. A field that there is not any more is `null`. Absent if nothing is left, or
    /// nothing is to be said of it.
    #[serde(skip_serializing_if = "Facts::is_empty")]
    #[schema(required = false, value_type = BTreeMap<String, Value>)]
    after: Facts,
    /// The reason that the administrator gave. Absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Reason>,
}

impl From<LoggedChange> for ChangeAnswer {
    fn from(change: LoggedChange) -> Self {
        Self {
            change_id: change.change_id,
            at: Seconds(change.at),
            by: change.by,
            kind: change.kind,
            queue_id: change.queue_id,
            concert_id: change.concert_id,
            show: change.show,
            user_id: change.user_id,
            reservation_id: change.reservation_id,
            correction_id: change.correction_id,
            plan_id: change.plan_id,
            before: change.before,
            after: change.after,
            reason: change.reason,
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List what administrators have done", Door::Admin)
        .details(
            "Returns the log of changes, the newest first: who changed a queue, a concert, a balance \
             or a role, when, and what it was before. Every change has one record. A request that \
             is repeated without an effect has none. The refunds of a show that was called off are \
             in the one record of the calling-off. The log begins with the version of the service \
             that brought it, and nothing in it is ever changed.\n\n\
             Charges by administrators are listed only with `kind=CHARGE_BY_ADMIN`, because a \
             payment provider may make as many as there are purchases. \
             All filters have to hold. A page may be short or empty without being the last: follow \
             `next_cursor` until it is absent. `before` and `after` have only the fields that \
             changed. Texts of more than 300 characters are cut, and a \
             change of more than 20 shows lists 20. `more_shows` in `after` counts the others.",
        )
        .query::<QueueId>("queue_id", false, "Only changes of this queue.")
        .query::<ConcertId>(
            "concert_id",
            false,
            "Only changes of this concert, its shows and its reservations.",
        )
        .query::<UserId>("user_id", false, "Only what happened to this user.")
        .query::<ChangeKind>("kind", false, "Only changes of this kind.")
        .in_pages()
        .refuses([
            ApiError::Invalid(Constraint::QueueId),
            ApiError::Invalid(Constraint::ConcertId),
            ApiError::Invalid(Constraint::ChangeKind),
            ApiError::InvalidUserId,
        ])
        .answers::<Changes>(
            200,
            "A page of the log.",
            json!({
                "changes": [{
                    "change_id": "019a9e1c-5555-7000-8000-000000000001",
                    "at": "2026-11-20T11:02:00Z",
                    "by": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11",
                    "kind": "QUEUE_SETTINGS",
                    "queue_id": "main",
                    "before": { "rate": 50, "version": 3 },
                    "after": { "rate": 12.5, "version": 4 },
                }],
                "next_cursor": "c3VtLi4uLmFiYw",
            }),
        )
}
