//! `POST /v1/admin/audit`: goes on with the round of the audit, or begins one. Repeat it until the round
//! is over.
//!
//! A call works for ten seconds, or until it has read 1,500 RRU. It keeps the pace of the audit (150 RRU a
//! second on average), so buyers do not notice it. What the round remembers is read before and stored
//! after each call, as with each run of the audit. A round that remembers more than `MOST_PARTS` parts,
//! some 140,000 sold seats and users, is left to the schedule: a request would be over before it has read
//! them.
//!
//! Of a call and a run of the schedule at once, only the result of one is kept, as with two runs
//! ([`crate::background::audit`]). So a call can make a long run of the schedule worthless. It does no
//! harm: the next run goes on.
//!
//! The log has who ran it.
//!
//! Cost: 1 RRU for the door, 1 RRU per 4 KB of the round, and the price of a run, with some 1,600 RRU at
//! most. 1 WRU per KB of the round and of what it remembers: 2,800 WRU at most.
//!
//! Round trips: 15 calls in 15 rounds for a round of a small shop. A call reads page by page.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    error::ApiError,
    http::{Field, body, ok, require_fields_among},
    jiff::SignedDuration,
    lambda_http::{Body, Request, Response},
    store::{audit::Round, usage},
};
use utoipa::ToSchema;

use super::audit::AuditAnswer;
use crate::{
    background::audit::{Limits, run},
    operation::{Door, Operation},
};

/// How long a call begins further steps. Its function has 25 seconds.
const WORKS_FOR: SignedDuration = SignedDuration::from_secs(10);

/// About how many RRU a call reads.
const READ_UNITS: f64 = 1_500.0;

/// The most parts of a memory that a call reads: 700 RRU, for which it needs five seconds.
const MOST_PARTS: usize = 8;

/// Runs the audit, and answers with what it has found.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let from_start = from_start(&request)?;
    let round = app.store().round_so_far().await?;
    tracing::info!(by = %admin.user_id, from_start, "an administrator runs the audit");

    let left_to_schedule = !from_start && round.as_ref().is_some_and(is_too_large);
    let (round, is_kept) = if left_to_schedule {
        (round, true)
    } else {
        let end = admin.now.saturating_add(WORKS_FOR);
        let limits = Limits {
            read_units: usage::so_far().read + READ_UNITS,
            end: end.unwrap_or(admin.now),
        };
        let ran = run(&app, from_start, limits).await?;
        (Some(ran.round), ran.kept)
    };
    ok(&AuditRun {
        audit: AuditAnswer::of(&app, round, app.now())?,
        run: RunOfAudit {
            read_units: usage::so_far().read,
            superseded: !is_kept,
            left_to_schedule,
        },
    })
}

/// Whether a request cannot go on with a round, because it remembers too much.
fn is_too_large(round: &Round) -> bool {
    round.parts() > MOST_PARTS
}

/// Whether to begin a new round. There may be no body.
fn from_start(request: &Request) -> Result<bool, ApiError> {
    if request.body().is_empty() {
        return Ok(false);
    }
    require_fields_among(request, &["from_start"])?;
    let RunAudit { from_start } = body(request)?;
    let from_start = from_start.read().or_malformed(ApiError::BadRequest)?;
    Ok(from_start.unwrap_or(false))
}

/// How to run the audit.
#[derive(Deserialize, ToSchema)]
pub struct RunAudit {
    /// Whether to begin a new round, even if one is under way.
    #[schema(value_type = Option<bool>, default = false)]
    from_start: Field,
}

/// What the audit has found, and what this call has done.
#[derive(Serialize, ToSchema)]
pub struct AuditRun {
    #[serde(flatten)]
    audit: AuditAnswer,
    /// What this call has done.
    run: RunOfAudit,
}

/// What a call has done.
#[derive(Serialize, ToSchema)]
pub struct RunOfAudit {
    /// The read units that it has consumed.
    read_units: f64,
    /// Whether another run was faster. Then what this call has read is not kept. The next call goes on.
    superseded: bool,
    /// Whether the round remembers too much for a request. Then this call has done nothing. The schedule
    /// goes on with it.
    left_to_schedule: bool,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    let mut example = AuditAnswer::example();
    example["run"] = json!({
        "read_units": 812.5,
        "superseded": false,
        "left_to_schedule": false,
    });
    Operation::new("Run the audit", Door::Admin)
        .details(
            "Goes on with the round of the audit that is under way, or begins one, for up to ten \
             seconds. Repeat it while `state` is `UNDER_WAY`, unless `left_to_schedule` is `true`. \
             The schedule runs the audit, too: of two runs at once, the result of one is kept.",
        )
        .optional_body::<RunAudit>(json!({ "from_start": true }))
        .answers::<AuditRun>(200, "What the audit has found so far.", example)
        .refuses([
            ApiError::BadRequest,
            ApiError::UnknownField("from_strat".to_owned()),
        ])
}
