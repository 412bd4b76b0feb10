//! `POST /v1/plans`: stores the plan of a hall. A plan is named by its content: the same plan again
//! has the same id, and is stored once. Plans do not change, and are not deleted, because orders
//! name them.
//!
//! Cost: 1 RRU for the door; 2 WRU for the line in the list, 2 for the record in the log of changes,
//! and 2 per KB of the compressed document: 6 WRU for 2,000 seats, some 36 for 100,000. The same plan again costs as much.
//!
//! Round trips: 2 calls in 2 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{
        ids::PlanId,
        plan::{Grade, Plan, PlanMistake, PlanReason},
        user::Name,
    },
    error::ApiError,
    http::{created, ok, text_of_body},
    lambda_http::{Body, Request, Response},
    store::plans::{NewPlan, PlanStored},
};
use utoipa::ToSchema;

use super::document::{self, PlanDocument};
use crate::operation::{Door, Operation};

/// Stores the plan. Answers 201 with its id, or 200 if it was stored before.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    let text = text_of_body(&request)?;
    if text.is_empty() {
        return Err(ApiError::EmptyBody);
    }
    let plan = Plan::read(text.as_bytes())?;
    let store = app.store().by(admin.author());
    let stored = store.add_plan(&NewPlan::of(&plan)?).await?;

    let answer = PlanAnswer::of(&plan);
    match stored {
        PlanStored::New => created(&answer),
        PlanStored::Before => ok(&answer),
    }
}

/// A plan that is stored.
#[derive(Serialize, ToSchema)]
pub struct PlanAnswer<'a> {
    /// The plan's id: the first 16 bytes of the SHA-256 of its document, in base64url.
    plan_id: PlanId,
    /// The plan's name.
    name: &'a Name,
    /// The number of its seats.
    seats: u32,
    /// Its grades, the best first.
    grades: Vec<GradeOfPlan<'a>>,
}

/// A grade of a plan.
#[derive(Serialize, ToSchema)]
pub struct GradeOfPlan<'a> {
    /// The grade.
    grade: &'a Grade,
    /// The number of its seats.
    seats: u32,
}

impl<'a> PlanAnswer<'a> {
    fn of(plan: &'a Plan) -> Self {
        let grades = plan.grades().iter().zip(plan.seats_of_grades());
        Self {
            plan_id: plan.id(),
            name: plan.name(),
            seats: plan.seats(),
            grades: grades
                .map(|(grade, seats)| GradeOfPlan { grade, seats })
                .collect(),
        }
    }
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("Store the plan of a hall", Door::Admin)
        .details(
            "The answer has the plan's id, for the shows in this hall. The same plan always has \
             the same id, however its document is written. Repeating the call is safe: a plan \
             that is stored already is answered with 200. A plan is never changed or deleted, \
             because orders name it.\n\n\
             The body may have up to 262,144 bytes. In a plan with a mistake, the answer (400 \
             `INVALID_PLAN`) says where the first one is (`at`, a JSON pointer), and the text \
             says what is wrong there.",
        )
        .body::<PlanDocument>(document::example())
        .answers::<PlanAnswer>(201, "The plan is stored.", example())
        .answers::<PlanAnswer>(200, "The plan was stored before.", example())
        .refuses([
            ApiError::EmptyBody,
            ApiError::InvalidPlan(PlanMistake {
                at: "/sections/0/rows/1/grade".to_owned(),
                reason: PlanReason::UnknownGrade,
            }),
        ])
}

fn example() -> serde_json::Value {
    json!({
        "plan_id": "kT3n1v0Yb2m9QxZ4c7LdEw",
        "name": "올림픽홀 A",
        "seats": 58,
        "grades": [
            { "grade": "VIP", "seats": 30 },
            { "grade": "R", "seats": 28 },
        ],
    })
}
