//! `GET /v1/users/{user_id}/statement`: every change of a user's balance, the latest first. The
//! entries form a chain without gaps that anybody can add up.
//!
//! Charges and orders have no common order in the table, and an index would cost each of them a
//! write. So every page reads the whole history of the user.
//!
//! Cost: 1 RRU per 4 KB of the history. A hundred entries are 20 to 40 KB.
//!
//! Round trips: 2 calls in 2 rounds.

use std::cmp::Reverse;

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::{PaymentId, ReservationId, UserId},
        order::{Entry, EntryKind},
        reason::Reason,
    },
    error::ApiError,
    http::{PageWanted, RequestParts as _, Seconds, Won, WonMoved, cursor, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Answers with a page of entries.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let caller = app.caller(&request).await?;
    let user_id = request.user_id()?;
    let list = format!("statement of {user_id}");
    let page = PageWanted::of(&request, &list)?;
    let (limit, before) = (page.limit, page.position::<u64>()?);
    caller.require_self_or_admin(user_id)?;

    let entries = app.store().entries(user_id).await?;
    let (account, mut entries) = entries.ok_or(ApiError::UserNotFound)?;
    caller.require_current_for_account(user_id, account)?;
    entries.retain(|entry| before.is_none_or(|before| entry.seq < before));
    entries.sort_unstable_by_key(|entry| Reverse(entry.seq));
    let is_last = entries.len() <= limit as usize;
    entries.truncate(limit as usize);
    let end = entries.last().filter(|_| !is_last);
    ok(&Statement {
        next_cursor: end.map(|entry| cursor(&list, &entry.seq.to_string())),
        entries: entries
            .iter()
            .map(|entry| StatementEntry::of(entry, caller.is_admin))
            .collect(),
    })
}

/// A page of the changes of a user's balance.
#[derive(Serialize, ToSchema)]
pub struct Statement<'a> {
    /// The entries, the latest first.
    entries: Vec<StatementEntry<'a>>,
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// A change of a user's balance.
#[derive(Serialize, ToSchema)]
pub struct StatementEntry<'a> {
    /// The number of the entry, from 1 and without gaps.
    #[schema(minimum = 1)]
    seq: u64,
    /// The kind of change.
    kind: EntryKind,
    /// The amount, in won. Only that of a `CORRECTION` can be below 0. A `PAYMENT` takes its amount
    /// from the balance; the other kinds add theirs.
    amount: WonMoved,
    /// The balance right after this entry, in won.
    balance_after: Won,
    /// The time of the change.
    at: Seconds,
    /// The id of the reservation that was paid or refunded. Absent for charges and corrections.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation_id: Option<ReservationId>,
    /// The id of the reservation's payment. Absent for charges and corrections.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    payment_id: Option<PaymentId>,
    /// The reason that an administrator gave for a refund or a correction. Absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'a Reason>,
    /// The id of the administrator who refunded or corrected. Present only in answers to
    /// administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by: Option<UserId>,
}

impl<'a> StatementEntry<'a> {
    fn of(entry: &'a Entry, to_admins: bool) -> Self {
        let explanation = entry.explanation.as_ref();
        Self {
            seq: entry.seq,
            kind: entry.kind,
            amount: WonMoved(entry.amount),
            balance_after: Won(entry.balance_after),
            at: Seconds(entry.at),
            reservation_id: entry.order.map(|(reservation_id, _)| reservation_id),
            payment_id: entry.order.map(|(_, payment_id)| payment_id),
            reason: explanation.map(|explanation| &explanation.reason),
            by: explanation
                .filter(|_| to_admins)
                .map(|explanation| explanation.by),
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List the changes of the balance", Door::User)
        .details(
            "Returns every charge, payment, refund and correction, the latest first. Each entry \
             has the balance after it. Users may read their own statement. Administrators may \
             read anybody's.",
        )
        .in_pages()
        .answers::<Statement>(
            200,
            "A page of entries.",
            json!({ "entries": [
                {
                    "seq": 3,
                    "kind": "CORRECTION",
                    "amount": -5_000,
                    "balance_after": 5_000,
                    "at": "2026-11-20T03:10:00Z",
                    "reason": "중복 충전 정정",
                },
                {
                    "seq": 2,
                    "kind": "PAYMENT",
                    "amount": 50_000,
                    "balance_after": 10_000,
                    "at": "2026-11-20T03:02:00Z",
                    "reservation_id": "019a9e1c-2222-7000-8000-000000000001",
                    "payment_id": "019a9e1c-3333-7000-8000-000000000001",
                },
                {
                    "seq": 1,
                    "kind": "CHARGE",
                    "amount": 60_000,
                    "balance_after": 60_000,
                    "at": "2026-11-20T03:01:00Z",
                },
            ] }),
        )
        .refuses([ApiError::Forbidden, ApiError::UserNotFound])
}
