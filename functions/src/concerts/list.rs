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

#[derive(Serialize)]
struct Concerts {
    concerts: Vec<ListedConcert>,
}

/// Answers with the first page.
pub async fn handle(app: App, _: Request) -> Result<Response<Body>, ApiError> {
    let now = app.now();
    let today = now.to_zoned(app.config().time_zone.clone()).date();
    let concerts = app.store().listed_concerts(today.into(), PAGE).await?;
    ok(&Concerts { concerts })
}
