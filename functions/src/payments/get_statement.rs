//! `GET /v1/users/{user_id}/statement`: every step of a user's balance, the latest first: a chain
//! without gaps that anybody can add up.
//!
//! 1 RRU per 4 KB of all that the user ever did, on every page: charges and orders have no common
//! order of their own, and an index would cost each of them a write. A hundred entries are 20 to
//! 40 KB.

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

/// The steps of a user's balance.
#[derive(Serialize, ToSchema)]
pub struct Statement<'a> {
    /// The entries, the latest first.
    entries: Vec<StatementEntry<'a>>,
    /// The cursor of the next page, unless this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// A step of a user's balance.
#[derive(Serialize, ToSchema)]
pub struct StatementEntry<'a> {
    /// Its number, from 1 and without gaps.
    #[schema(minimum = 1)]
    seq: u64,
    /// Why the balance moved: a payment takes from it, a correction that is below 0 does, and all
    /// others add to it.
    kind: EntryKind,
    /// How much. Above 0 for `CHARGE`, `PAYMENT` and `REFUND`: a `PAYMENT` takes it from the balance,
    /// the others add it. Only a `CORRECTION` may be below 0.
    amount: WonMoved,
    /// What the account held right after it.
    balance_after: Won,
    /// When.
    at: Seconds,
    /// The reservation that was paid or refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reservation_id: Option<ReservationId>,
    /// Its payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    payment_id: Option<PaymentId>,
    /// Why an administrator has refunded or corrected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'a Reason>,
    /// The administrator that refunded or corrected. Only administrators see it.
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

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("Every step of the balance", Door::User)
        .details("The user's own, or an administrator's to read. The latest first, without gaps.")
        .in_pages()
        .answers::<Statement>(
            200,
            "The entries.",
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
