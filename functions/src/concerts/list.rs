//! `GET /v1/concerts?name=&all=`: concerts in the order of their names, those to come or all of
//! them. Upper and lower case, width and composition of letters do not matter, as for e-mail
//! addresses.
//!
//! An instance keeps what it has read until anything in the catalog changes. Every request checks
//! that. Browsers and a CDN may keep an answer for two seconds. A page looks at a hundred concerts at
//! most, so that it costs the same in a large catalog. So a page from which many concerts are left out,
//! because they are over, may be short or empty.
//!
//! An earlier version of the code sorted names in another way. The first change of any concert puts
//! them into the present order. Until then a search reads the whole list, in short pages.
//!
//! Cost: 1 RRU. A page that is not kept: 1 RRU more per 4 KB of what is looked at.
//!
//! Round trips: 2 calls in 2 rounds.

use serde::Serialize;
use serde_json::json;
use shared::{
    app::App,
    domain::{ids::ShowDate, show::ListedConcert, user::Name},
    error::{ApiError, Constraint},
    http::{PageWanted, RequestParts as _, ResponseParts as _, cursor, not_modified, ok, tag},
    lambda_http::{
        Body, Request, Response,
        http::header::{CACHE_CONTROL, ETAG},
    },
    store::{
        catalog::{CatalogVersion, ListingWanted},
        keys,
    },
};
use utoipa::ToSchema;

use super::MAX_AGE;
use crate::operation::{Door, Operation};

/// Answers with a page.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let (list, mut wanted) = wanted(&app, &request)?;
    let CatalogVersion { version, folded } = app.store().catalog_version().await?;
    wanted.folded = folded;
    if !wanted.begins_in_range() {
        return Err(ApiError::BadRequest);
    }
    let tag = tag(&format!("{version} {wanted:?}"));
    let answer = if request.has(&tag) {
        not_modified()
    } else {
        let page = app.cached_listing(wanted, version).await?;
        ok(&Concerts {
            concerts: &page.concerts,
            next_cursor: page.next.as_ref().map(|place| cursor(&list, place)),
        })?
    };
    Ok(answer.with(ETAG, &tag).with(CACHE_CONTROL, MAX_AGE))
}

/// The name of the list in its cursors, and the page that is asked for.
fn wanted(app: &App, request: &Request) -> Result<(String, ListingWanted), ApiError> {
    let prefix = match request.query("name") {
        Some(name) if !name.trim().is_empty() => {
            let name = Name::parse(&name).ok_or(ApiError::Invalid(Constraint::Name))?;
            name.folded()
        }
        _ => String::new(),
    };
    let since = match request.query("all").as_deref() {
        Some("true" | "1") => None,
        None | Some("false" | "0") => Some(today(app)),
        Some(_) => return Err(ApiError::BadRequest),
    };
    let list = format!("concerts {} {prefix}", since.is_none());
    let page = PageWanted::of(request, &list)?;
    let is_not_listed = |position: &String| !keys::is_listed(position);
    if page.after.as_ref().is_some_and(is_not_listed) {
        return Err(ApiError::BadRequest);
    }
    let wanted = ListingWanted {
        prefix,
        folded: false,
        since,
        limit: usize::try_from(page.limit).unwrap_or(usize::MAX),
        after: page.after,
    };
    Ok((list, wanted))
}

/// Today's date in the time zone of the shows.
fn today(app: &App) -> ShowDate {
    let now = app.now().to_zoned(app.config().time_zone.clone());
    now.date().into()
}

/// A page of concerts.
#[derive(Serialize, ToSchema)]
pub struct Concerts<'a> {
    /// The concerts, in the order of their names.
    concerts: &'a [ListedConcert],
    /// The `cursor` of the next page. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new("List concerts", Door::Public)
        .details(
            "In the order of their names. Returns concerts with a date today or later, and with \
             `all` past ones too. A page may be short or empty without being the last: follow \
             `next_cursor` until it is absent.\n\n\
             The answer may be kept for two seconds. Send the `ETag` of an earlier answer as \
             `If-None-Match`: 304 if it has not changed.",
        )
        .query::<String>(
            "name",
            false,
            "The beginning of the names to find, in upper or lower case. Without it, all names.",
        )
        .query::<bool>("all", false, "`true`: past concerts are listed too.")
        .in_pages()
        .answers::<Concerts>(
            200,
            "A page of concerts.",
            json!({ "concerts": [{
                "concert_id": "019a9e1c-1111-7000-8000-000000000001",
                "name": "겨울 콘서트",
                "first_date": "2026-12-24",
                "last_date": "2026-12-25",
                "shows": 2,
                "max_capacity": 50,
            }] }),
        )
        .may_be_known()
        .refuses([ApiError::Invalid(Constraint::Name)])
}
