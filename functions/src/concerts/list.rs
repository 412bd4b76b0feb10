//! `GET /v1/concerts`: the concerts still to come, in the order of their names. 0.5 RRU per 4 KB.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::show::ListedConcert,
    error::ApiError,
    http::ok,
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// A page has so many concerts.
const PAGE: usize = 20;

/// Concerts in the order of their names.
#[derive(Serialize, ToSchema)]
pub struct Concerts {
    /// The concerts.
    concerts: Vec<ListedConcert>,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The concerts still to come", Door::Nobody).answers::<Concerts>(
        200,
        "The concerts.",
        json!({ "concerts": [{
            "concert_id": "019a9e1c-1111-7000-8000-000000000001",
            "name": "겨울 콘서트",
            "first_date": "2026-12-24",
            "last_date": "2026-12-25",
            "shows": 2,
            "max_capacity": 50,
        }] }),
    )
}

/// Answers with the first page.
pub async fn handle(app: App, _: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let today = now.to_zoned(app.config().time_zone.clone()).date();
    let concerts = app.store().listed_concerts(today.into(), PAGE).await?;
    ok(&Concerts { concerts })
}
