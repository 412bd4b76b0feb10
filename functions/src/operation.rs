//! How an endpoint is described in the OpenAPI specification. Each endpoint's file has an
//! `operation()` beside its `handle`, of the very types that it reads and writes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::{
    domain::{
        ids::{ConcertId, QueueId, ReservationId, ShowDate, UserId},
        session::Ending,
    },
    error::{ApiError, Constraint},
    http::ErrorBody,
    language::Language,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, Header, Ref, RefOr, Required, Response, ResponseBuilder,
        SecurityRequirement,
        content::Content,
        example::{Example, ExampleBuilder},
        path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{Object, Schema, Type},
    },
};

/// Who may call an endpoint: the doors of [`shared::app::App`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Nobody in particular.
    Nobody,
    /// A user with any valid token of theirs.
    User,
    /// A user with a queue token, whatever has become of its session.
    QueueUser,
    /// A user with an access token.
    SignedIn,
    /// A guest with nothing, an account's owner with an access token.
    GuestOrSignedIn,
    /// A queue token whose session is not over.
    Holder,
    /// A queue token whose turn it is.
    Buyer,
    /// An access token of an administrator.
    Admin,
}

/// Name of the security scheme of queue tokens.
pub(crate) const QUEUE_TOKEN: &str = "queue_token";
/// Name of the security scheme of access tokens.
pub(crate) const ACCESS_TOKEN: &str = "access_token";

/// The error for a session that is over.
const SESSION_OVER: ApiError = ApiError::SessionOver {
    reason: Some(Ending::WindowOver),
};

impl Door {
    /// What opens it: each of these alone does.
    fn securities(self) -> Vec<SecurityRequirement> {
        let token = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
        match self {
            Self::Nobody => vec![SecurityRequirement::default()],
            Self::User => vec![token(QUEUE_TOKEN), token(ACCESS_TOKEN)],
            Self::QueueUser | Self::Holder | Self::Buyer => vec![token(QUEUE_TOKEN)],
            Self::SignedIn | Self::Admin => vec![token(ACCESS_TOKEN)],
            Self::GuestOrSignedIn => vec![SecurityRequirement::default(), token(ACCESS_TOKEN)],
        }
    }

    fn told(self) -> &'static str {
        match self {
            Self::Nobody => "Anybody may call it.",
            Self::User => {
                "With any token of the user that was issued since they last logged out or changed \
                 their password."
            }
            Self::QueueUser => "With a queue token, whatever has become of its session.",
            Self::SignedIn => "With an access token.",
            Self::GuestOrSignedIn => {
                "A guest needs no token; a user with a password needs an access token."
            }
            Self::Holder => "With a queue token whose session is neither closed nor expired.",
            Self::Buyer => {
                "With a queue token whose turn it is; the first such call is the arrival."
            }
            Self::Admin => "With an access token of an administrator.",
        }
    }

    fn refusals(self) -> Vec<ApiError> {
        let mut refusals = match self {
            Self::Nobody => return Vec::new(),
            _ => vec![
                ApiError::MalformedAuthorization,
                ApiError::MissingAuthorization,
                ApiError::InvalidToken,
            ],
        };
        match self {
            Self::Buyer => refusals.extend([
                ApiError::NotYourTurn {
                    place: Some(120),
                    retry_after: 4,
                },
                ApiError::Forbidden,
                SESSION_OVER,
            ]),
            Self::Holder => refusals.push(SESSION_OVER),
            Self::Admin | Self::GuestOrSignedIn => refusals.push(ApiError::Forbidden),
            _ => {}
        }
        refusals
    }
}

/// The description of an endpoint.
#[must_use]
pub struct Operation {
    summary: &'static str,
    details: &'static str,
    door: Door,
    parameters: Vec<Parameter>,
    body: Option<Content>,
    answers: Vec<(u16, Response)>,
    refusals: Vec<ApiError>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Operation {
    /// An endpoint behind a door.
    pub fn new(summary: &'static str, door: Door) -> Self {
        let mut operation = Self {
            summary,
            details: "",
            door,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: door.refusals(),
            schemas: Vec::new(),
        };
        operation.knows::<ErrorBody>();
        operation
    }

    /// More than the summary says.
    pub fn details(mut self, details: &'static str) -> Self {
        self.details = details;
        self
    }

    /// It reads a parameter of the query.
    pub fn query<T: ToSchema>(self, name: &str, required: bool, description: &str) -> Self {
        self.parameter::<T>(ParameterIn::Query, name, required, description)
    }

    /// It reads a header.
    pub fn header<T: ToSchema>(self, name: &str, description: &str) -> Self {
        self.parameter::<T>(ParameterIn::Header, name, false, description)
    }

    /// It answers with a page of a list.
    pub fn in_pages(self) -> Self {
        let limit = Object::builder()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(shared::http::MAX_PAGE_LENGTH))
            .default(Some(json!(shared::http::USUAL_PAGE)));
        self.parameter_of(
            ParameterIn::Query,
            "limit",
            false,
            "The most entries to answer with.",
            limit.into(),
        )
        .query::<String>("cursor", false, "The `next_cursor` of the page before.")
        .refuses([ApiError::Invalid(Constraint::Limit), ApiError::BadRequest])
    }

    fn parameter<T: ToSchema>(
        mut self,
        place: ParameterIn,
        name: &str,
        required: bool,
        description: &str,
    ) -> Self {
        let schema = self.knows::<T>();
        self.parameter_of(place, name, required, description, schema)
    }

    fn parameter_of(
        mut self,
        place: ParameterIn,
        name: &str,
        required: bool,
        description: &str,
        schema: RefOr<Schema>,
    ) -> Self {
        let required = if required {
            Required::True
        } else {
            Required::False
        };
        self.parameters.push(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(place)
                .required(required)
                .description(Some(description))
                .schema(Some(schema))
                .build(),
        );
        self
    }

    /// It reads a JSON body.
    pub fn body<T: ToSchema>(mut self, example: Value) -> Self {
        let schema = self.knows::<T>();
        self.body = Some(
            ContentBuilder::new()
                .schema(Some(schema))
                .example(Some(example))
                .build(),
        );
        self.refuses([
            ApiError::EmptyBody,
            ApiError::Invalid(Constraint::Body),
            ApiError::Invalid(Constraint::Encoding),
        ])
    }

    /// It answers with JSON.
    pub fn answers<T: ToSchema>(self, status: u16, description: &str, example: Value) -> Self {
        self.answers_with::<T>(status, description, "application/json", example)
    }

    /// It answers with content of that type.
    pub fn answers_with<T: ToSchema>(
        mut self,
        status: u16,
        description: &str,
        content_type: &str,
        example: Value,
    ) -> Self {
        let schema = self.knows::<T>();
        let content = ContentBuilder::new()
            .schema(Some(schema))
            .example(Some(example))
            .build();
        let answer = ResponseBuilder::new()
            .description(description)
            .content(content_type, content)
            .build();
        self.answers.push((status, answer));
        self
    }

    /// It answers with a status and nothing else.
    pub fn answers_empty(mut self, status: u16, description: &str) -> Self {
        let answer = ResponseBuilder::new().description(description).build();
        self.answers.push((status, answer));
        self
    }

    /// The answer named last has a header.
    pub fn with_header<T: ToSchema>(mut self, name: &str, description: &str) -> Self {
        let mut header = Header::new(T::schema());
        header.description = Some(description.to_owned());
        if let Some((_, answer)) = self.answers.last_mut() {
            answer.headers.insert(name.to_owned(), header.into());
        }
        self
    }

    /// What it may refuse with, besides what its door and its path do, and every endpoint.
    pub fn refuses(mut self, refusals: impl IntoIterator<Item = ApiError>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// Remembers a type's schema, and those that it consists of, and returns how it is named.
    fn knows<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        match T::schema() {
            inline @ RefOr::Ref(_) => inline,
            schema => {
                // What has no name of its own in the code (texts, numbers) gets none here.
                if std::any::type_name::<T>().contains("::") && !is_plain::<T>() {
                    self.schemas.push((T::name().into_owned(), schema));
                    RefOr::Ref(Ref::from_schema_name(T::name()))
                } else {
                    schema
                }
            }
        }
    }

    /// Writes it down, for a route.
    pub(crate) fn build(
        mut self,
        id: &str,
        tag: &str,
        method: &str,
        path: &str,
    ) -> (
        utoipa::openapi::path::Operation,
        Vec<(String, RefOr<Schema>)>,
    ) {
        self = self.reads_path(path);
        if matches!(method, "GET" | "DELETE") {
            self = self.refuses([ApiError::Invalid(Constraint::StrayBody)]);
        }
        self = self.header::<String>(
            "Accept-Language",
            "Texts are Korean unless English is preferred.",
        );
        let description = match self.details {
            "" => self.door.told().to_owned(),
            details => format!("{details}\n\n{}", self.door.told()),
        };
        let mut operation = OperationBuilder::new()
            .operation_id(Some(id))
            .tag(tag)
            .summary(Some(self.summary))
            .description(Some(description))
            .securities(Some(self.door.securities()));
        for parameter in self.parameters {
            operation = operation.parameter(parameter);
        }
        if let Some(body) = self.body {
            let body = RequestBodyBuilder::new()
                .required(Some(Required::True))
                .content("application/json", body);
            operation = operation.request_body(Some(body.build()));
        }
        for (status, answer) in self.answers {
            operation = operation.response(status.to_string(), answer);
        }
        self.refusals
            .extend([ApiError::Busy("example"), ApiError::bug("example")]);
        for (status, answer) in refused(self.refusals) {
            operation = operation.response(status.to_string(), answer);
        }
        (operation.build(), self.schemas)
    }

    /// The variables of a path, which mean the same everywhere.
    fn reads_path(mut self, path: &str) -> Self {
        for part in path.split('/') {
            let Some(name) = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
            else {
                continue;
            };
            let place = ParameterIn::Path;
            self = match name {
                "user_id" => self
                    .parameter::<UserId>(place, name, true, "The user.")
                    .refuses([ApiError::InvalidUserId]),
                "concert_id" => self.parameter::<ConcertId>(place, name, true, "The concert."),
                "reservation_id" => {
                    self.parameter::<ReservationId>(place, name, true, "The reservation.")
                }
                "queue_id" => self
                    .parameter::<QueueId>(place, name, true, "The queue.")
                    .refuses([ApiError::QueueNotFound]),
                "date" => self.parameter::<ShowDate>(place, name, true, "The date of the show."),
                _ => self.parameter::<String>(place, name, true, "The name."),
            };
        }
        self
    }
}

fn is_plain<T: ToSchema>() -> bool {
    matches!(
        std::any::type_name::<T>(),
        "alloc::string::String" | "jiff::timestamp::Timestamp" | "serde_json::value::Value"
    )
}

/// The errors of an operation, by their status, each with its two texts.
fn refused(refusals: Vec<ApiError>) -> BTreeMap<u16, Response> {
    let mut by_status: BTreeMap<u16, Vec<ApiError>> = BTreeMap::new();
    for refusal in refusals {
        by_status
            .entry(refusal.status().as_u16())
            .or_default()
            .push(refusal);
    }
    by_status
        .into_iter()
        .map(|(status, refusals)| (status, refusal(&refusals)))
        .collect()
}

fn refusal(refusals: &[ApiError]) -> Response {
    let mut codes: Vec<_> = refusals.iter().map(ApiError::code).collect();
    codes.sort_unstable();
    codes.dedup();
    let code = Object::builder()
        .schema_type(Type::String)
        .enum_values(Some(codes.iter().copied()));
    let schema = utoipa::openapi::AllOfBuilder::new()
        .item(Ref::from_schema_name("Error"))
        .item(Object::builder().property("code", code));
    let content = ContentBuilder::new()
        .schema(Some(Schema::AllOf(schema.build())))
        .examples_from_iter(
            refusals
                .iter()
                .enumerate()
                .map(|(n, refusal)| (format!("{}-{}", refusal.code(), n + 1), example(refusal))),
        )
        .build();
    let mut response = ResponseBuilder::new()
        .description(codes.join(", "))
        .content("application/json", content)
        .build();
    if refusals
        .iter()
        .any(|refusal| refusal.retry_after().is_some())
    {
        let mut header = Header::new(u64::schema());
        header.description = Some("When it makes sense to ask again, in seconds.".to_owned());
        response
            .headers
            .insert("Retry-After".to_owned(), header.into());
    }
    response
}

fn example(refusal: &ApiError) -> Example {
    let mut body = json!({
        "error": refusal.message(Language::Korean),
        "code": refusal.code(),
        "request_id": "JKJaXmPLvHcESHA=",
    });
    if let ApiError::NotYourTurn { place, .. } = refusal {
        body["queue_position"] = json!(place);
    }
    if let ApiError::SessionOver { reason } = refusal {
        body["reason"] = json!(reason);
    }
    if let ApiError::VersionMismatch { current } = refusal {
        body["version"] = json!(current);
    }
    ExampleBuilder::new()
        .summary(refusal.message(Language::English))
        .value(Some(body))
        .build()
}
