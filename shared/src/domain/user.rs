//! Users.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::ids::UserId;

/// Somebody's name: 1 to 100 characters, trimmed, in Unicode's composed form (NFC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Reads a name; `None` when nothing or too much is left of it, or when it has control
    /// characters in it.
    pub fn parse(text: &str) -> Option<Self> {
        // Composing can make a text at most a few times as long; what is far too long is not
        // worth the work.
        if text.len() > 4_000 {
            return None;
        }
        let name: String = text.trim().nfc().collect();
        let fits = (1..=100).contains(&name.chars().count());
        (fits && !name.chars().any(char::is_control)).then_some(Self(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user as stored. Without a password they are a guest, whose id is the only secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Who.
    #[serde(rename = "id")]
    pub user_id: UserId,
    /// What to call them.
    pub name: Name,
    /// Access tokens carry it; those of an earlier one are void.
    pub generation: u32,
    /// When they signed up.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_composed() {
        assert_eq!(Name::parse("  김민수 ").expect("a name").as_str(), "김민수");
        let decomposed = "\u{1100}\u{1161}";
        assert_eq!(Name::parse(decomposed).expect("a name").as_str(), "가");
    }

    #[test]
    fn a_name_has_limits() {
        assert!(Name::parse(&"가".repeat(100)).is_some());
        assert!(Name::parse(&"가".repeat(101)).is_none());
        assert!(Name::parse("   ").is_none());
        assert!(Name::parse("a\nb").is_none());
        assert!(Name::parse(&"x".repeat(1_000_000)).is_none());
    }
}
