//! The events, as webhooks of the OpenAPI document: one for each type.

use shared::domain::events::{EventHead, SOURCE};
use utoipa::{
    ToSchema,
    openapi::{
        HttpMethod, KnownFormat, ObjectBuilder, PathItem, Paths, Ref, RefOr, Required, Schema,
        SchemaFormat, Type, content::ContentBuilder, path::OperationBuilder,
        request_body::RequestBodyBuilder, response::ResponseBuilder, schema::AllOfBuilder,
    },
};

/// Schemas by their names.
type Schemas = Vec<(String, RefOr<Schema>)>;

macro_rules! describe {
    ($([$kind:literal, $about:expr, $content:ty];)*) => {
        /// Every type of event, and the schemas that they need.
        pub(super) fn webhooks() -> (Paths, Schemas) {
            let (mut paths, mut schemas) = (Paths::new(), Schemas::new());
            reference::<EventHead>(&mut schemas);
            $(
                let content = reference::<$content>(&mut schemas);
                paths.paths.insert($kind.to_owned(), webhook($kind, $about, content));
            )*
            (paths, schemas)
        }
    };
}

shared::for_each_fact!(describe);

/// Collects the schema of a type and of its parts. Returns a reference to it.
fn reference<T: ToSchema>(schemas: &mut Schemas) -> Ref {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    Ref::from_schema_name(T::name())
}

fn webhook(kind: &str, about: &str, content: Ref) -> PathItem {
    let lines: Vec<_> = about.lines().map(str::trim).collect();
    let body = ContentBuilder::new().schema(Some(event(kind, content)));
    let operation = OperationBuilder::new()
        .operation_id(Some(kind))
        .summary(Some(kind))
        .description(Some(lines.join(" ")))
        .request_body(Some(
            RequestBodyBuilder::new()
                .content("application/json", body.build())
                .required(Some(Required::True))
                .build(),
        ))
        .response(
            "200",
            ResponseBuilder::new().description(
                "The event is taken. After any other answer than a 2xx, it is posted again, for a day.",
            ),
        );
    PathItem::new(HttpMethod::Post, operation.build())
}

/// The schema of an event as EventBridge gives it to the targets of rules.
fn event(kind: &str, content: Ref) -> ObjectBuilder {
    let text = |description: &str| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
    };
    let only = |value: &str, description: &str| text(description).enum_values(Some([value]));
    let time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    let resources = utoipa::openapi::ArrayBuilder::new()
        .items(ObjectBuilder::new().schema_type(Type::String))
        .description(Some("Empty."));
    let detail = AllOfBuilder::new()
        .item(Ref::from_schema_name(EventHead::name()))
        .item(content)
        .description(Some("What happened."));
    ObjectBuilder::new()
        .property("version", only("0", "The version of this envelope."))
        .property(
            "id",
            text("The id that EventBridge gave it. Another one each time: use that in `detail`."),
        )
        .property(
            "detail-type",
            only(kind, "What happened, and the version of its fields."),
        )
        .property("source", only(SOURCE, "Who says so."))
        .property("account", text("The AWS account."))
        .property("time", text("As `at` in `detail`.").format(Some(time)))
        .property("region", text("The AWS region."))
        .property("resources", resources)
        .property("detail", detail)
        .required("version")
        .required("id")
        .required("detail-type")
        .required("source")
        .required("account")
        .required("time")
        .required("region")
        .required("resources")
        .required("detail")
}
