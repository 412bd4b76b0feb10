//! `GET /v1/admin/service`: what is set for the deployment and only operators need: what to look at before
//! an on-sale. `infra/aws/ready.py` checks the same and more, because it may read quotas.
//!
//! Cost: 1 RRU for the door.
//!
//! Round trips: 1 call.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    error::ApiError,
    http::{Milliseconds, ok},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Answers with what is set.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let now = app.admin(&request).await?.now;
    let config = app.config();
    let deployment = config.deployment.as_ref();
    let deployment = deployment.ok_or_else(|| ApiError::bug("DEPLOYMENT is not set"))?;
    let unless_none = |number| Some(number).filter(|number| *number > 0);
    ok(&Service {
        is_local: deployment.is_local(),
        stack: &deployment.stack,
        region: &deployment.region,
        has_alarm_topic: deployment.has_alarm_topic,
        polls_per_second: deployment.polls_per_second,
        joins_per_second: deployment.joins_per_second,
        requests_per_second: deployment.requests_per_second,
        place_concurrency: unless_none(deployment.place_concurrency),
        queue_concurrency: unless_none(deployment.queue_concurrency),
        join_concurrency: unless_none(deployment.join_concurrency),
        pay_concurrency: unless_none(deployment.pay_concurrency),
        hold_concurrency: unless_none(deployment.hold_concurrency),
        admit_concurrency: unless_none(deployment.admit_concurrency),
        warm_reads: unless_none(deployment.warm_reads),
        warm_writes: unless_none(deployment.warm_writes),
        audit_minutes: unless_none(deployment.audit_minutes),
        audit_read_units: deployment.audit_read_units,
        deletion_protection: deployment.deletion_protection,
        deployment: &deployment.deployment,
        uses_restored_tables: !deployment.restored_tables.is_empty(),
        signing_key_encryption: &deployment.signing_key_encryption,
        log_retention_days: deployment.log_retention_days,
        access_log_retention_days: deployment.access_log_retention_days,
        key_rotation_days: config.key_rotation_days,
        server_time: Milliseconds(now),
    })
}

/// What is set for the deployment.
#[derive(Serialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own"
)]
pub struct Service<'a> {
    /// Whether the service runs on somebody's machine, and not on AWS.
    is_local: bool,
    /// The name of the stack.
    stack: &'a str,
    /// The region of AWS.
    region: &'a str,
    /// Whether alarms are sent to somebody. Without it they only change their state.
    has_alarm_topic: bool,
    /// The number of times a second that places, and public documents of queues, may be asked for, each.
    polls_per_second: u32,
    /// The number of joins a second that are accepted.
    joins_per_second: u32,
    /// The number of requests a second that each other endpoint accepts.
    requests_per_second: u32,
    /// The largest number of polls of a place that run at once. Absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    place_concurrency: Option<u32>,
    /// The largest number of requests for public documents of queues that run at once. Absent if there
    /// is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    queue_concurrency: Option<u32>,
    /// The largest number of joins that run at once. Absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    join_concurrency: Option<u32>,
    /// The number of payments that can always run at once, which is also the largest. Absent if nothing
    /// is kept free for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pay_concurrency: Option<u32>,
    /// The same for holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hold_concurrency: Option<u32>,
    /// The same for the function that lets people in. It needs 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    admit_concurrency: Option<u32>,
    /// The number of reads a second that the tables of an on-sale were made ready for. Absent if they
    /// are as DynamoDB makes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    warm_reads: Option<u32>,
    /// The same for writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    warm_writes: Option<u32>,
    /// The number of minutes between two audits. Absent if no schedule runs them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    audit_minutes: Option<u32>,
    /// The number of read units after which an audit of the schedule leaves the rest to the next one.
    audit_read_units: u32,
    /// Whether DynamoDB refuses to delete the tables.
    deletion_protection: bool,
    /// How requests move to a new version: `AllAtOnce`, or step by step, as `Canary10Percent5Minutes`.
    deployment: &'a str,
    /// Whether the functions use restored tables.
    uses_restored_tables: bool,
    /// Which key encrypts the table of the signing keys: `aws-owned`, `prepared` or `customer-managed`.
    signing_key_encryption: &'a str,
    /// The number of days for which logs are kept.
    log_retention_days: u32,
    /// The number of days for which the log of requests is kept. It has source addresses.
    access_log_retention_days: u32,
    /// The number of days after which the key that signs tokens is replaced.
    key_rotation_days: u32,
    /// The current time of the service.
    server_time: Milliseconds,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Read what is set for the deployment", Door::Admin)
        .details(
            "What an operator looks at before an on-sale. What buyers see of the settings is at `GET \
             /v1/settings`, and is not repeated here. Quotas of the AWS account are not known to the \
             service: `infra/aws/ready.py` checks them.",
        )
        .answers::<Service>(
            200,
            "What is set.",
            json!({
                "is_local": false,
                "stack": "onsale",
                "region": "ap-northeast-2",
                "has_alarm_topic": true,
                "polls_per_second": 400,
                "joins_per_second": 300,
                "requests_per_second": 400,
                "place_concurrency": 200,
                "queue_concurrency": 100,
                "join_concurrency": 200,
                "audit_minutes": 60,
                "audit_read_units": 100_000,
                "deletion_protection": true,
                "deployment": "AllAtOnce",
                "uses_restored_tables": false,
                "signing_key_encryption": "aws-owned",
                "log_retention_days": 30,
                "access_log_retention_days": 7,
                "key_rotation_days": 30,
                "server_time": "2026-11-20T03:00:00.125Z",
            }),
        )
}
