//! The payloads of the SQS messages.

use serde::{Deserialize, Serialize};

/// Sent with each hold, delivered two seconds after it has lapsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseHold {
    /// Whose hold it is.
    pub user_id: String,
}
