//! Somebody who only looks, as the load generators look at what is on sale.

use serde_json::json;

use crate::connection::{Connection, Failure, text};

/// The token of a visitor of a concert, or of the one that is on sale when none is named.
pub async fn visitor(
    connection: &mut Connection,
    concert_id: Option<&str>,
) -> Result<String, Failure> {
    let body = json!({ "name": "손님" });
    let (_, user) = connection.send("POST", "/v1/users", "", Some(body)).await?;
    let mut body = json!({ "user_id": user["user_id"] });
    if let Some(concert_id) = concert_id {
        body["concert_id"] = json!(concert_id);
    }
    let (_, joined) = connection
        .send("POST", "/v1/auth/tokens", "", Some(body))
        .await?;
    text(&joined["token"])
}
