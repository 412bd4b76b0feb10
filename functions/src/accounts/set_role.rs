//! `PUT /v1/users/{user_id}/role`: gives a user the role of an administrator, or takes it. It is in
//! force with the user's next request. The same role again changes nothing.
//!
//! Nobody can change their own role, so the last administrator cannot lose it by mistake. Of two
//! administrators who take it from each other at once, one succeeds. Only a user with a password can
//! get it: a guest's id is all that anybody would need to be an administrator.
//!
//! The log has who did it. It has neither the user nor the reason. The log of changes has both.
//!
//! Cost: 1 RRU for the door, 1 RRU for the user; 6 WRU: for the user, the administrator and the record
//! in the log of changes. Nothing is written if the user has the role.
//!
//! Round trips: 3 calls in 3 rounds.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    app::App,
    domain::{ids::UserId, reason::Reason, user::Role},
    error::{ApiError, Constraint},
    http::{Field, RequestParts as _, body, ok, require_fields_among},
    lambda_http::{Body, Request, Response},
};
use utoipa::ToSchema;

use crate::operation::{Door, Operation};

/// Gives the role. Answers with it.
pub async fn handle(app: App, request: Request) -> Result<Response<Body>, ApiError> {
    let admin = app.admin(&request).await?;
    require_fields_among(&request, &["role", "reason"])?;
    let wanted: NewRole = body(&request)?;
    let role = wanted
        .role
        .read()
        .or_malformed(ApiError::Invalid(Constraint::Role))?
        .ok_or(ApiError::MissingField("role"))?;
    let reason = wanted
        .reason
        .text(Reason::parse, ApiError::Invalid(Constraint::Reason))?;
    let user_id = request.user_id()?;
    if user_id == admin.user_id {
        return Err(ApiError::OwnRole);
    }
    let store = app.store().by(admin.author());
    store.set_role(user_id, role, reason.as_ref()).await?;
    tracing::info!(by = %admin.user_id, ?role, "an administrator set a user's role");
    ok(&RoleAnswer { user_id, role })
}

/// The role to give, and the reason.
#[derive(Deserialize, ToSchema)]
pub struct NewRole {
    /// The role.
    #[schema(value_type = Role, required)]
    role: Field,
    /// The reason, 1 to 200 characters, for the log of changes.
    #[schema(value_type = Option<Reason>)]
    reason: Field,
}

/// A user's role.
#[derive(Serialize, ToSchema)]
#[schema(as = RoleOfUser)]
pub struct RoleAnswer {
    /// The user's id.
    user_id: UserId,
    /// The role that they have now.
    role: Role,
}

/// The description in the OpenAPI document.
pub fn operation() -> Operation {
    Operation::new(
        "Make a user an administrator, or no longer one",
        Door::Admin,
    )
    .details(
        "The role is in force with the user's next request: their tokens stay good. Repeating \
             the call is safe. It is recorded in the log of changes (`GET /v1/admin/changes`).\n\n\
             Nobody can change their own role: 409 `OWN_ROLE`. A guest cannot be an administrator: \
             409 `ADMIN_NEEDS_ACCOUNT`, until they have set an e-mail address and a password.",
    )
    .body::<NewRole>(json!({ "role": "admin", "reason": "현장 운영 담당" }))
    .answers::<RoleAnswer>(
        200,
        "The user has the role.",
        json!({ "user_id": "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11", "role": "admin" }),
    )
    .refuses([
        ApiError::MissingField("role"),
        ApiError::UnknownField("roles".to_owned()),
        ApiError::Invalid(Constraint::Role),
        ApiError::Invalid(Constraint::Reason),
        ApiError::InvalidUserId,
        ApiError::UserNotFound,
        ApiError::OwnRole,
        ApiError::AdminNeedsAccount,
    ])
}
