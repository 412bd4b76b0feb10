//! `GET /v1/concerts?name=&all=`: concerts in the order of their names: those still to come, or
//! all of them. Case, width and composition of letters do not matter, as for e-mail addresses.
//!
//! An instance remembers what it has read until anything in the catalog changes, which every
//! request asks: 1 RRU. A page that is not remembered costs 1 RRU per 4 KB of what is looked at, a
//! hundred concerts at the most, however many there are. So a page from which many are left out,
//! because they are over, may be short, and even empty; `next_cursor` goes on. A client that has
//! the page already is told so with 304.
//!
//! An earlier version of this code listed concerts by names folded in another way. The first change
//! of any concert moves them. Until then a search looks through the whole list, in short pages.

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
    Ok(answer
        .with(ETAG, &tag)
        .with(CACHE_CONTROL, "public, no-cache"))
}

/// The list that is asked for, by the name that its cursors know, and which page of it.
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
    let is_no_place = |place: &String| !keys::is_listed(place);
    if page.after.as_ref().is_some_and(is_no_place) {
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

/// The day that it is where the shows are.
fn today(app: &App) -> ShowDate {
    let now = app.now().to_zoned(app.config().time_zone.clone());
    now.date().into()
}

/// Concerts in the order of their names.
#[derive(Serialize, ToSchema)]
pub struct Concerts<'a> {
    /// The concerts.
    concerts: &'a [ListedConcert],
    /// The cursor of the next page, unless this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// What the specification says of it.
pub fn operation() -> Operation {
    Operation::new("The concerts", Door::Nobody)
        .details(
            "In the order of their names; those still to come unless `all`. A page may be short, \
             and even empty, without being the last one.",
        )
        .query::<String>(
            "name",
            false,
            "What the names begin with, in any case, width and composition.",
        )
        .query::<bool>("all", false, "Whether those that are over are listed, too.")
        .in_pages()
        .answers::<Concerts>(
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
        .with_header::<String>("ETag", "Names this answer, for `If-None-Match`.")
        .answers_empty(304, "The client has it already.")
        .with_header::<String>("ETag", "Names this answer, for `If-None-Match`.")
        .header::<String>(
            "If-None-Match",
            "The `ETag` of an answer that the client has.",
        )
        .refuses([ApiError::Invalid(Constraint::Name)])
}
