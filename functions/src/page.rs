//! The page for buyers: `GET /`, `GET /c/{concert_id}` and `GET /tickets` with its HTML; the page for
//! operators: `GET /operator`; and `GET /page/{version}/{file}` with what the HTML needs. The files
//! are in `functions/page`, and part of the function. Cost: nothing.
//!
//! All paths for buyers have the same HTML: the page itself reads its address. The page for operators
//! has its own, and shares files with the other. The HTML names its files with the version, a hash of all files. So a file never changes, and everybody may keep it for ever.
//! The HTML is good for two seconds, and only for a CDN: then it names the files of a new version.
//! A file of another version is 404, and the page loads itself again.
//!
//! What is sent is what is committed, except for comments and indentation ([`mod@strip`]), in Brotli
//! or gzip for a client that takes it.

pub mod concert;
pub mod file;
pub mod home;
pub mod operator;
pub mod strip;
pub mod tickets;

use std::{
    collections::BTreeMap,
    sync::{LazyLock, OnceLock},
};

use brotli::{
    BrotliCompress,
    enc::{BrotliEncoderParams, backward_references::BrotliEncoderMode},
};
use shared::{
    app::App,
    error::ApiError,
    gzip,
    http::{RequestParts as _, ResponseParts as _, content, tag},
    lambda_http::{
        Body, Request, Response,
        http::{
            HeaderName,
            header::{
                CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
                STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
            },
        },
    },
};

use self::strip::strip;
use crate::docs;

/// Makes a list of files, each with its path and its text, from paths below `functions/page`.
macro_rules! files {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../page/", $path)))),*]
    };
}

/// The files in `functions/page`. A file is sent under its last name: `vendor/lit-html.js` as
/// `lit-html.js`.
#[rustfmt::skip]
pub const FILES: &[(&str, &str)] = files! {
    "alert.mjs"
    "api.mjs"
    "app.mjs"
    "beat.mjs"
    "books.mjs"
    "challenge.mjs"
    "changes.mjs"
    "concert.mjs"
    "concerts.mjs"
    "desk-parts.mjs"
    "desk.mjs"
    "en-more.mjs"
    "en-tickets.mjs"
    "en.mjs"
    "form.mjs"
    "hall.mjs"
    "hold.mjs"
    "icon.svg"
    "index.html"
    "ko-more.mjs"
    "ko-tickets.mjs"
    "ko.mjs"
    "main.mjs"
    "memory.mjs"
    "more.css"
    "operator-en-more.mjs"
    "operator-en.mjs"
    "operator-ko-more.mjs"
    "operator-ko.mjs"
    "operator.css"
    "operator.html"
    "operator.mjs"
    "orders.mjs"
    "outline.mjs"
    "overview.mjs"
    "page.css"
    "parts.mjs"
    "people.mjs"
    "plan-csv.mjs"
    "plans.mjs"
    "queues.mjs"
    "ready.mjs"
    "rehearsal.mjs"
    "seats.mjs"
    "shows.mjs"
    "state.mjs"
    "texts.mjs"
    "tickets.mjs"
    "waiting.mjs"
    "vendor/lit-html.js"
};

/// The module that computes places, which the page imports as `./line.mjs`. Under `/line.js` it is
/// for the pages of others.
pub const LINE: (&str, &str) = ("line.mjs", docs::LINE);

/// Files of others, which are sent as they are.
const VENDORED: &str = "vendor/";

/// The HTML of all paths for buyers.
const HTML: &str = "index.html";

/// The HTML for operators.
const OPERATOR_HTML: &str = "operator.html";

/// What stands for the version in the HTML.
const VERSION: &str = "{version}";

/// The page loads nothing from other hosts, runs no script that is written into the HTML, and turns
/// texts into HTML only through the policy of lit-html. With its own policy it makes the URL of its
/// worker. This header is on every file, because a worker has the policy of its own file.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html onsale";

/// The policy of the HTML where a firewall checks browsers ([`Config::challenge`]): its scripts come
/// from these hosts, and call them [AWS WAF: content security policies].
///
/// [`Config::challenge`]: shared::config::Config::challenge
static POLICY_WITH_CHALLENGE: LazyLock<String> = LazyLock::new(|| {
    ["script-src", "connect-src"]
        .into_iter()
        .fold(POLICY.to_owned(), |policy, directive| {
            policy.replace(
                &format!("{directive} 'self'"),
                &format!("{directive} 'self' https://*.awswaf.com"),
            )
        })
});

/// What browsers must not do with the page, besides [`POLICY`]: tell other hosts its address, guess
/// types, use HTTP for a year from now, share its windows or its files with other origins, use
/// devices that it never needs.
const PROTECTION: [(HeaderName, &str); 6] = [
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Answers with the HTML, or with a file.
#[allow(clippy::unused_async)]
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    static PAGE: LazyLock<Page> = LazyLock::new(|| Page::new(FILES.iter().copied().chain([LINE])));
    PAGE.answer(&request, app.config().challenge)
}

/// A version of the pages: their HTML and their files, as they are sent.
pub struct Page {
    version: String,
    html: Option<File>,
    operator_html: Option<File>,
    files: BTreeMap<String, File>,
}

/// A file, as it is sent.
struct File {
    content_type: &'static str,
    text: String,
    brotli: OnceLock<Vec<u8>>,
    gzip: OnceLock<Vec<u8>>,
}

impl Page {
    /// A page of files, each with its path and its text. Files of other types than those that a page
    /// needs are left out.
    pub fn new<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = sources.into_iter().filter_map(|(path, text)| {
            let name = path.rsplit('/').next()?;
            let text = if path.starts_with(VENDORED) {
                text.to_owned()
            } else {
                strip(name, text)
            };
            Some((name.to_owned(), File::new(name, text)?))
        });
        let mut files: BTreeMap<_, _> = files.collect();
        let mut all = String::new();
        for (name, file) in &files {
            // With the lengths, other files never make the same text.
            all.extend([name, " ", &file.text.len().to_string(), "\n", &file.text]);
        }
        let version = tag(&all).trim_matches('"').to_owned();
        let mut html_of = |name| {
            let mut html = files.remove(name);
            if let Some(html) = &mut html {
                html.text = html.text.replace(VERSION, &version);
            }
            html
        };
        Self {
            html: html_of(HTML),
            operator_html: html_of(OPERATOR_HTML),
            version,
            files,
        }
    }

    /// Answers a request for the HTML or for a file. `challenge` is that of the configuration.
    pub fn answer(&self, request: &Request, challenge: bool) -> Result<Response<Body>, ApiError> {
        let [version, name] = ["version", "file"].map(|variable| request.path(variable));
        let html = if is_for_operators(request) {
            &self.operator_html
        } else {
            &self.html
        };
        let (file, kept, policy) = match (version.as_str(), name.as_str()) {
            ("", "") => (
                html.as_ref(),
                "public, max-age=0, s-maxage=2",
                if challenge {
                    &**POLICY_WITH_CHALLENGE
                } else {
                    POLICY
                },
            ),
            // A file is kept for ever, so its policy must not depend on what may change.
            (version, name) if version == self.version => (
                self.files.get(name),
                "public, max-age=31536000, immutable",
                POLICY,
            ),
            _ => (None, "", POLICY),
        };
        let file = file.ok_or(ApiError::NotFound)?;
        let answer = file.answer(request);
        Ok(PROTECTION
            .into_iter()
            .fold(answer, |answer, (name, value)| answer.with(name, value))
            .with(CONTENT_SECURITY_POLICY, policy)
            .with(CACHE_CONTROL, kept))
    }
}

/// Whether a request is for the page for operators. A concert's id is a variable of its path, so
/// `/c/operator` is not.
fn is_for_operators(request: &Request) -> bool {
    request.path("concert_id").is_empty() && request.uri().path().ends_with("/operator")
}

impl File {
    /// A file by its name, which says its type. `None` if a page does not need this type.
    fn new(name: &str, text: String) -> Option<Self> {
        Some(Self {
            content_type: content_type(name)?,
            text,
            brotli: OnceLock::new(),
            gzip: OnceLock::new(),
        })
    }

    /// Answers in Brotli if the client takes it, else in gzip, else as it is. An instance compresses
    /// a file once.
    fn answer(&self, request: &Request) -> Response<Body> {
        let answer = if request.takes("br") {
            let compressed = self.brotli.get_or_init(|| brotli(&self.text));
            content(self.content_type, compressed.clone()).with(CONTENT_ENCODING, "br")
        } else if request.takes("gzip") {
            let compressed = self
                .gzip
                .get_or_init(|| gzip::compress(self.text.as_bytes()));
            content(self.content_type, compressed.clone()).with(CONTENT_ENCODING, "gzip")
        } else {
            content(self.content_type, self.text.as_str())
        };
        answer.with(VARY, "accept-encoding")
    }
}

/// The content type of a file, which the ending of its name says. `None` if it is none that a page
/// needs.
pub fn content_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    })
}

/// The best that Brotli can do: an eighth less than gzip.
fn brotli(text: &str) -> Vec<u8> {
    let mut compressed = Vec::new();
    let parameters = BrotliEncoderParams {
        quality: 11,
        mode: BrotliEncoderMode::BROTLI_MODE_TEXT,
        ..BrotliEncoderParams::default()
    };
    // Writing to memory does not fail.
    match BrotliCompress(&mut text.as_bytes(), &mut compressed, &parameters) {
        Ok(_) => compressed,
        Err(_) => Vec::new(),
    }
}
