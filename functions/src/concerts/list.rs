//! `GET /v1/concerts`: the concerts still to come, in the order of their names. 0.5 RRU per 4 KB.

use serde::Serialize;
use shared::{
    app::App,
    domain::show::ListedConcert,
    error::ApiError,
    http::ok,
    lambda_http::{Body, Request, Response},
};

/// A page has so many concerts.
const PAGE: usize = 20;

/// So many are looked at to fill it: some may be over.
const LOOKED_AT: u16 = 100;

#[derive(Serialize)]
struct Concerts {
    concerts: Vec<ListedConcert>,
}

/// Answers with the first page.
pub async fn handle(app: App, _: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let mut concerts = app.store().listed_concerts(LOOKED_AT).await?;
    concerts.retain(|concert| concert.is_to_come(now, &app.config().time_zone));
    concerts.truncate(PAGE);
    ok(&Concerts { concerts })
}
