//! Describes endpoints for the OpenAPI document. Each endpoint's file has an `operation()` beside
//! its `handle`. It names the same types that the handler reads and writes, so the document cannot
//! differ from the code.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::{
    domain::{
        events::BuyerId,
        ids::{ConcertId, PlanId, QueueId, ReservationId, ShowKey, UserId},
        session::Ending,
    },
    error::{ApiError, Constraint},
    http::ErrorBody,
    jiff::Timestamp,
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

/// Who may call an endpoint. Each door but `Public` is a method of [`shared::app::App`].
/// `functions/README.md#tokens` has their table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Anybody, without a token.
    Public,
    /// A user, with any valid token of theirs.
    User,
    /// A user, with a queue token, even if its session is over.
    QueueUser,
    /// A user, with an access token.
    SignedIn,
    /// A guest without a token, or a user with an access token.
    GuestOrSignedIn,
    /// A session that is not over, by its queue token.
    Holder,
    /// A session whose turn it is, by its queue token.
    Buyer,
    /// An administrator, with an access token.
    Admin,
}

/// Name of the security scheme of queue tokens.
pub(crate) const QUEUE_TOKEN: &str = "queue_token";
/// Name of the security scheme of access tokens.
pub(crate) const ACCESS_TOKEN: &str = "access_token";

/// The error for a session that is over, with one of its possible reasons.
const SESSION_OVER: ApiError = ApiError::SessionOver {
    reason: Some(Ending::WindowOver),
};

impl Door {
    /// The security requirements of the document. Meeting one of them is enough.
    fn securities(self) -> Vec<SecurityRequirement> {
        let token = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
        match self {
            Self::Public => vec![SecurityRequirement::default()],
            Self::User => vec![token(QUEUE_TOKEN), token(ACCESS_TOKEN)],
            Self::QueueUser | Self::Holder | Self::Buyer => vec![token(QUEUE_TOKEN)],
            Self::SignedIn | Self::Admin => vec![token(ACCESS_TOKEN)],
            Self::GuestOrSignedIn => vec![SecurityRequirement::default(), token(ACCESS_TOKEN)],
        }
    }

    /// What the caller needs, in the words of the document.
    fn requirement(self) -> &'static str {
        match self {
            Self::Public => "**Token:** none.",
            Self::User => {
                "**Token:** an access token or a queue token. It must have been issued after its \
                 user last logged out, or changed their password or e-mail address. An \
                 administrator needs an access token."
            }
            Self::QueueUser => "**Token:** a queue token. Its session may be over.",
            Self::SignedIn => "**Token:** an access token.",
            Self::GuestOrSignedIn => {
                "**Token:** none for a guest. A user with a password needs an access token."
            }
            Self::Holder => {
                "**Token:** a queue token. Its session must not be over (else 410 `SESSION_OVER`)."
            }
            Self::Buyer => {
                "**Token:** a queue token whose turn it is (status `ACTIVE`). The first call with \
                 it to an endpoint like this one is the arrival. Before its turn: 403 \
                 `NOT_YOUR_TURN`, so call again after `Retry-After` seconds. With the status \
                 `HOLDING`: 403 `FORBIDDEN`. After its session: 410 `SESSION_OVER`, so join again."
            }
            Self::Admin => "**Token:** an access token of an administrator.",
        }
    }

    fn refusals(self) -> Vec<ApiError> {
        let mut refusals = match self {
            Self::Public => return Vec::new(),
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
    needs_body: bool,
    answers: Vec<(u16, Response)>,
    refusals: Vec<ApiError>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Operation {
    /// An endpoint behind a door. The summary says what the endpoint does.
    pub fn new(summary: &'static str, door: Door) -> Self {
        let mut operation = Self {
            summary,
            details: "",
            door,
            parameters: Vec::new(),
            body: None,
            needs_body: true,
            answers: Vec::new(),
            refusals: door.refusals(),
            schemas: Vec::new(),
        };
        operation.collect_schema::<ErrorBody>();
        operation
    }

    /// What a client developer must know besides the summary: when to call the endpoint, what it
    /// refuses, what to do then. Markdown.
    pub fn details(mut self, details: &'static str) -> Self {
        self.details = details;
        self
    }

    /// Adds a query parameter.
    pub fn query<T: ToSchema>(self, name: &str, required: bool, description: &str) -> Self {
        self.parameter::<T>(ParameterIn::Query, name, required, description)
    }

    /// Adds a request header. It is optional.
    pub fn header<T: ToSchema>(self, name: &str, description: &str) -> Self {
        self.parameter::<T>(ParameterIn::Header, name, false, description)
    }

    /// Says that the answer is a page of a list: adds `limit` and `cursor`.
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
            "The largest number of entries in the answer.",
            limit.into(),
        )
        .query::<String>(
            "cursor",
            false,
            "The `next_cursor` of the previous page. Without it, the first page.",
        )
        .refuses([ApiError::Invalid(Constraint::Limit), ApiError::BadRequest])
    }

    fn parameter<T: ToSchema>(
        mut self,
        place: ParameterIn,
        name: &str,
        required: bool,
        description: &str,
    ) -> Self {
        let schema = self.collect_schema::<T>();
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

    /// Adds a JSON body to the request.
    pub fn body<T: ToSchema>(mut self, example: Value) -> Self {
        let schema = self.collect_schema::<T>();
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

    /// Adds a JSON body that a request may leave out.
    pub fn optional_body<T: ToSchema>(self, example: Value) -> Self {
        Self {
            needs_body: false,
            ..self.body::<T>(example)
        }
    }

    /// Adds an answer in JSON.
    pub fn answers<T: ToSchema>(self, status: u16, description: &str, example: Value) -> Self {
        self.answers_with::<T>(status, description, "application/json", example)
    }

    /// Adds an answer of another content type.
    pub fn answers_with<T: ToSchema>(
        mut self,
        status: u16,
        description: &str,
        content_type: &str,
        example: Value,
    ) -> Self {
        let schema = self.collect_schema::<T>();
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

    /// Adds an answer without a body.
    fn answers_empty(mut self, status: u16, description: &str) -> Self {
        let answer = ResponseBuilder::new().description(description).build();
        self.answers.push((status, answer));
        self
    }

    /// Says that the answer that was added last has an entity tag, and that a client that names it in
    /// `If-None-Match` gets 304.
    pub fn may_be_known(self) -> Self {
        const TAG: &str = "The version of this answer, to send as `If-None-Match`.";
        self.with_header::<String>("ETag", TAG)
            .answers_empty(304, "The answer has not changed.")
            .with_header::<String>("ETag", TAG)
            .header::<String>(
                "If-None-Match",
                "The `ETag` of an earlier answer that the client still has.",
            )
    }

    /// Adds another form of the answer that was added last: a text of this content type.
    pub fn or_as_text(mut self, content_type: &str, example: &str) -> Self {
        let content = ContentBuilder::new()
            .schema(Some(Object::with_type(Type::String)))
            .example(Some(json!(example)))
            .build();
        if let Some((_, answer)) = self.answers.last_mut() {
            answer
                .content
                .insert(content_type.to_owned(), content.into());
        }
        self
    }

    /// Adds a header to the answer that was added last.
    pub fn with_header<T: ToSchema>(mut self, name: &str, description: &str) -> Self {
        let mut header = Header::new(T::schema());
        header.description = Some(description.to_owned());
        if let Some((_, answer)) = self.answers.last_mut() {
            answer.headers.insert(name.to_owned(), header.into());
        }
        self
    }

    /// Adds errors, besides those of the door, of the path, and of every endpoint.
    pub fn refuses(mut self, refusals: impl IntoIterator<Item = ApiError>) -> Self {
        self.refusals.extend(refusals);
        self
    }

    /// Collects the schema of a type and of its parts. Returns a reference to it, or the schema
    /// itself if it has no name.
    fn collect_schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        match T::schema() {
            inline @ RefOr::Ref(_) => inline,
            schema => {
                // Texts and numbers have no name of their own in the code. They get none here.
                if std::any::type_name::<T>().contains("::") && !is_plain::<T>() {
                    self.schemas.push((T::name().into_owned(), schema));
                    RefOr::Ref(Ref::from_schema_name(T::name()))
                } else {
                    schema
                }
            }
        }
    }

    /// Builds the document's description of one route, with the schemas that it needs.
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
            "The preferred language of texts. They are Korean unless English is preferred.",
        );
        let description = match self.details {
            "" => self.door.requirement().to_owned(),
            details => format!("{details}\n\n{}", self.door.requirement()),
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
                .required(Some(if self.needs_body {
                    Required::True
                } else {
                    Required::False
                }))
                .content("application/json", body);
            operation = operation.request_body(Some(body.build()));
        }
        for (status, answer) in self.answers {
            operation = operation.response(status.to_string(), answer);
        }
        self.refusals
            .extend([ApiError::Busy("example"), ApiError::bug("example")]);
        for (status, answer) in error_responses(self.refusals) {
            operation = operation.response(status.to_string(), answer);
        }
        (operation.build(), self.schemas)
    }

    /// Adds the variables of a path. Each means the same in every path.
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
                    .parameter::<UserId>(place, name, true, "The user's id.")
                    .refuses([ApiError::InvalidUserId]),
                "concert_id" => self.parameter::<ConcertId>(place, name, true, "The concert's id."),
                "reservation_id" => {
                    self.parameter::<ReservationId>(place, name, true, "The reservation's id.")
                }
                "plan_id" => self.parameter::<PlanId>(place, name, true, "The plan's id."),
                "queue_id" => self
                    .parameter::<QueueId>(place, name, true, "The queue's id.")
                    .refuses([ApiError::QueueNotFound]),
                "buyer" => self
                    .parameter::<BuyerId>(place, name, true, "The `buyer` of an event.")
                    .refuses([ApiError::UserNotFound]),
                "date" => self
                    .parameter::<ShowKey>(place, name, true, NAMES_A_SHOW)
                    .refuses([several_shows()]),
                "version" => {
                    self.parameter::<String>(place, name, true, "The version of the page.")
                }
                _ => self.parameter::<String>(place, name, true, "The file's name."),
            };
        }
        self
    }
}

/// The description of a parameter `date` that names a show.
pub const NAMES_A_SHOW: &str = "The show: its date, or its date and its start in the time zone of the \
    deployment. A date alone names the only show of that day.";

/// The error of a sale that has not opened, as the document shows it.
pub fn sale_not_open() -> ApiError {
    ApiError::SaleNotOpen {
        opens_at: Timestamp::constant(1_795_172_400, 0),
        retry_after: 60,
    }
}

/// The error of a request that names a day with several shows, as the document shows it.
pub fn several_shows() -> ApiError {
    let shows = ["2026-12-24T14:00", "2026-12-24T19:30"].map(str::parse::<ShowKey>);
    ApiError::SeveralShows {
        shows: shows.into_iter().flatten().collect(),
    }
}

/// Whether a type is written inline, without a schema of its own.
fn is_plain<T: ToSchema>() -> bool {
    matches!(
        std::any::type_name::<T>(),
        "alloc::string::String" | "jiff::timestamp::Timestamp" | "serde_json::value::Value"
    )
}

/// The errors of an operation, as one response for each status.
fn error_responses(refusals: Vec<ApiError>) -> BTreeMap<u16, Response> {
    let mut by_status: BTreeMap<u16, Vec<ApiError>> = BTreeMap::new();
    for refusal in refusals {
        by_status
            .entry(refusal.status().as_u16())
            .or_default()
            .push(refusal);
    }
    by_status
        .into_iter()
        .map(|(status, refusals)| (status, error_response(&refusals)))
        .collect()
}

/// The response for all errors with one status: their codes, and an example of each.
fn error_response(refusals: &[ApiError]) -> Response {
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
        header.description = Some("The seconds to wait before calling again.".to_owned());
        response
            .headers
            .insert("Retry-After".to_owned(), header.into());
    }
    response
}

/// An example of an error: its body in Korean, with its English text as the summary.
fn example(refusal: &ApiError) -> Example {
    let text = refusal.message(Language::Korean);
    let body = ErrorBody::of(refusal, &text, "JKJaXmPLvHcESHA=");
    ExampleBuilder::new()
        .summary(refusal.message(Language::English))
        .value(Some(json!(body)))
        .build()
}
