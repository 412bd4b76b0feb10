//! Why an administrator has moved a user's money.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    changes::LoggedChange,
    ids::{ChangeId, UserId},
    user::line,
};

/// The reason why an administrator refunded or corrected: one line of 1 to 200 characters, trimmed,
/// in Unicode's composed form (NFC). The owner of the account reads it.
// It may name people, so no log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 200, example = "공연 취소")]
pub struct Reason(String);

impl Reason {
    /// Characters.
    pub const MAX_LENGTH: usize = 200;

    /// Reads a reason. `None` if nothing is left of it or it is too long, or if it has control
    /// characters.
    pub fn parse(text: &str) -> Option<Self> {
        line(text, Self::MAX_LENGTH).map(Self)
    }
}

/// Which administrator has moved a user's money, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The administrator.
    pub by: UserId,
    /// The reason that the owner of the account reads.
    pub reason: Reason,
    /// The record of it in the log of changes. What an earlier version stored has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_id: Option<ChangeId>,
}

impl Explanation {
    /// The same explanation, with the record of what it explains.
    #[must_use]
    pub fn recorded_as(&self, change: Option<&LoggedChange>) -> Self {
        Self {
            change_id: change.map(|change| change.change_id).or(self.change_id),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_is_one_line_of_at_most_200_characters() {
        let reason = |text: &str| Reason::parse(text).map(|reason| reason.0);
        assert_eq!(reason(" 공연 취소 ").as_deref(), Some("공연 취소"));
        assert_eq!(reason("e\u{301}").as_deref(), Some("\u{e9}"), "composed");
        assert!(reason(&"가".repeat(200)).is_some());
        for wrong in [
            "",
            " \t",
            "a\nb",
            "a\0b",
            &"가".repeat(201),
            &"x".repeat(100_000),
        ] {
            assert_eq!(reason(wrong), None, "{wrong:.20}");
        }
    }
}
