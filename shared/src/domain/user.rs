//! Users.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

use super::ids::UserId;

/// Somebody's or something's name: 1 to 100 characters, trimmed, in Unicode's composed form (NFC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 100, example = "김민수")]
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

/// An e-mail address: at most 254 characters, trimmed, in Unicode's composed form (NFC). It is
/// somebody's whatever its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Email, max_length = 254, example = "mina@example.com")]
pub struct Email(String);

/// The most bytes that an e-mail address has (RFC 5321).
const LONGEST_EMAIL: usize = 254;

impl Email {
    /// Reads an address; `None` when it has not the form of one, with a domain that has a dot.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * LONGEST_EMAIL {
            return None;
        }
        let address: String = text.trim().nfc().collect();
        let form = email_address::Options::default()
            .with_required_tld()
            .without_display_text()
            .without_domain_literal();
        let fits = address.len() <= LONGEST_EMAIL && !address.chars().any(char::is_control);
        let is_address = email_address::EmailAddress::parse_with_options(&address, form).is_ok();
        (fits && is_address).then_some(Self(address))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in the form in which it can belong to one user only.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// What a user may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys.
    #[default]
    User,
    /// Runs the on-sale.
    Admin,
}

/// Wrong passwords that were given for an account lately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// How many, that which is being checked right now included.
    pub count: u32,
    /// When the first of them was given.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
}

/// A user as stored. Without a password they are a guest, whose id is the only secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Who.
    #[serde(rename = "id")]
    pub user_id: UserId,
    /// What to call them.
    pub name: Name,
    /// Where an account's owner is written to; a guest has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// What an account's password is checked with (argon2id, in the PHC string format).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<String>,
    /// What they may do.
    #[serde(default)]
    pub role: Role,
    /// Wrong passwords given lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Attempts>,
    /// Access tokens carry it; those of an earlier one are void.
    pub generation: u32,
    /// When they signed up.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
}

impl User {
    /// A new guest.
    pub fn guest(name: Name, now: Timestamp) -> Self {
        Self {
            user_id: UserId::new(),
            name,
            email: None,
            password_hash: None,
            role: Role::User,
            attempts: None,
            generation: 0,
            created_at: now,
        }
    }

    /// Whether it has no password.
    pub fn is_guest(&self) -> bool {
        self.password_hash.is_none()
    }
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
    fn an_email_address_has_a_form() {
        for good in [
            "mina@example.com",
            " Mina.Kim+ticket@mail.example.co.kr ",
            "민수@예시.한국",
        ] {
            assert!(Email::parse(good).is_some(), "{good}");
        }
        let long = format!("{}@example.com", "x".repeat(64));
        assert!(Email::parse(&long).is_some());
        for bad in [
            "",
            "mina",
            "@example.com",
            "mina@",
            "mina@localhost",
            "mina@example..com",
            "a b@example.com",
            "Mina <mina@example.com>",
            "mina@[127.0.0.1]",
            "mina@example.com\nbcc: x@y.zz",
            &format!("{}@example.com", "x".repeat(65)),
            &format!("m@{}.com", "x.".repeat(130)),
            &"x".repeat(1_000_000),
        ] {
            assert!(Email::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_email_address_is_one_whatever_its_case_and_composition() {
        let folded = |text| Email::parse(text).expect("an address").folded();
        assert_eq!(folded("Mina@Example.COM"), "mina@example.com");
        assert_eq!(
            folded("zoe\u{308}@example.com"),
            folded("zo\u{eb}@example.com")
        );
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
