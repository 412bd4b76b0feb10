//! `GET /openapi.json`, `GET /docs` and `GET /line.js`: the OpenAPI document, a page to read it and
//! try it on, and a module with which other pages compute places. The page's files are part of the
//! function. Cost: nothing.

pub mod file;
pub mod line;
pub mod openapi;
pub mod page;

use std::sync::{Arc, OnceLock};

use shared::{
    app::App,
    error::ApiError,
    http::{RequestParts as _, ResponseParts as _, content},
    lambda_http::{
        Body, Request, Response,
        http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY},
    },
};
use utoipa_swagger_ui::Config;

use crate::specification::specification;

/// The page. Its links are relative, so it works behind any prefix.
const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="UTF-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Onsale API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png" sizes="32x32">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/swagger-ui-standalone-preset.js"></script>
    <script src="docs/swagger-initializer.js"></script>
  </body>
</html>
"#;

/// The module that computes places. Its tests are beside it, in `docs/line.test.mjs`.
pub(crate) const LINE: &str = include_str!("docs/line.mjs");

/// The page loads nothing from other hosts.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'";

/// Answers with the document, the module, the page, or a file of the page.
pub async fn handle(_: App, request: Request) -> Result<Response<Body>, ApiError> {
    let answer = match request.path("file").as_str() {
        "" if is_for(&request, "/openapi.json") => {
            content("application/json", specification_text()?)
        }
        "" if is_for(&request, "/line.js") => content("text/javascript; charset=utf-8", LINE),
        "" => content("text/html; charset=utf-8", PAGE),
        name => file(name)?,
    };
    Ok(answer
        .with(CACHE_CONTROL, "public, max-age=300")
        .with(CONTENT_SECURITY_POLICY, POLICY))
}

/// Whether the request is for this path, behind any prefix.
fn is_for(request: &Request, path: &str) -> bool {
    request.uri().path().ends_with(path)
}

/// The document as text. An instance writes it once.
fn specification_text() -> Result<&'static str, ApiError> {
    static TEXT: OnceLock<String> = OnceLock::new();
    if let Some(text) = TEXT.get() {
        return Ok(text);
    }
    let text = specification()
        .to_json()
        .map_err(|error| ApiError::Internal(error.into()))?;
    Ok(TEXT.get_or_init(|| text))
}

/// A file of the page. All are compressed but the one with our settings.
fn file(name: &str) -> Result<Response<Body>, ApiError> {
    let settings = Config::new(["openapi.json"])
        .use_base_layout()
        .deep_linking(true)
        .display_request_duration(true)
        .persist_authorization(true)
        // By default the page would send the document to another host.
        .validator_url("none");
    let file = utoipa_swagger_ui::serve(name, Arc::new(settings))
        .map_err(|_| ApiError::bug("the settings of the page cannot be written"))?
        .ok_or(ApiError::NotFound)?;
    let answer = content(&file.content_type, file.bytes.into_owned());
    Ok(if file.gzpipped {
        answer.with(CONTENT_ENCODING, "gzip")
    } else {
        answer
    })
}
