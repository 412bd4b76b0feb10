//! Users.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
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
        line(text, 100).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is searched for: as for an address, case, composition and width do not
    /// matter.
    pub fn folded(&self) -> String {
        caseless(&self.0)
    }
}

/// A text without regard to case, composition and width (Unicode's compatibility caseless form).
fn caseless(text: &str) -> String {
    let folded = fold_case(text.nfd()).nfkd().collect::<String>();
    fold_case(folded.chars()).nfkc().collect()
}

/// A line of text that people read: 1 to `most` characters, trimmed, in Unicode's composed form
/// (NFC), none of them control characters.
pub(super) fn line(text: &str, most: usize) -> Option<String> {
    // Composing can make a text at most a few times as long; what is far too long is not worth
    // the work.
    if text.len() > 40 * most {
        return None;
    }
    let line: String = text.trim().nfc().collect();
    let fits = (1..=most).contains(&line.chars().count());
    (fits && !line.chars().any(char::is_control)).then_some(line)
}

/// An e-mail address: at most 254 characters, trimmed, in Unicode's composed form (NFC). It is
/// somebody's whatever its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(
    value_type = String, format = "idn-email", max_length = 254, example = "mina@example.com"
)]
pub struct Email(String);

/// The most bytes that an e-mail address has (RFC 5321).
const LONGEST_EMAIL: usize = 254;

impl Email {
    /// Reads an address; `None` when it has not the form of one, with a domain that has a dot, or
    /// when some of its letters stand for others that would not be an address.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * LONGEST_EMAIL {
            return None;
        }
        let address: String = text.trim().nfc().collect();
        let email = Self(address);
        (is_address(&email.0) && is_address(&email.folded())).then_some(email)
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in the form in which it can belong to one user only: for two addresses that
    /// differ in case, composition or width alone, it is the same.
    ///
    /// It is Unicode's compatibility caseless form (section 3.13, D146), composed at the end: the
    /// case is folded once for the letters as they are and once for those that the compatibility
    /// form makes of them.
    pub fn folded(&self) -> String {
        caseless(&self.0)
    }
}

/// Whether a text has the form of an address.
fn is_address(text: &str) -> bool {
    let form = email_address::Options::default()
        .with_required_tld()
        .without_display_text()
        .without_domain_literal();
    text.len() <= LONGEST_EMAIL
        && !text.chars().any(char::is_control)
        && email_address::EmailAddress::parse_with_options(text, form).is_ok()
}

/// Letters without regard to case. Upper case comes first, because only there all lower-case forms
/// of a letter meet (`σ` and `ς`, `ß` and `ss`).
fn fold_case(letters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    letters
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

/// A password as its owner typed it: 10 to 128 characters, none of them control characters, in
/// Unicode's compatibility form (NFKC, as NIST SP 800-63B wants it), so that every keyboard gives
/// the same one. Spaces are a part of it. It has no debug form, so that no log can have it.
#[derive(Clone, PartialEq, Eq, ToSchema)]
#[schema(
    value_type = String, format = Password, min_length = 10, max_length = 128,
    example = "correct horse battery"
)]
pub struct Password(String);

impl Password {
    /// Reads a password; `None` when it does not keep the limits, and so is nobody's.
    pub fn parse(text: &str) -> Option<Self> {
        // As for a name: what is far too long is not worth the work.
        if text.len() > 4_000 {
            return None;
        }
        let password: String = text.nfkc().collect();
        let fits = (10..=128).contains(&password.chars().count());
        (fits && !password.chars().any(char::is_control)).then_some(Self(password))
    }

    /// What is hashed.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What an account's password is checked with (argon2id, in the PHC string format). It has no
/// debug form either.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash in the PHC string format.
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The hash in the PHC string format.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
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

impl Attempts {
    /// So many wrong passwords may be given for an account until they are forgotten.
    pub const MOST: u32 = 10;

    /// They are forgotten so long after the first of them.
    const REMEMBERED_FOR: SignedDuration = SignedDuration::from_mins(15);

    /// The first one.
    pub fn first(now: Timestamp) -> Self {
        Self {
            count: 1,
            since: now,
        }
    }

    /// Those that began then or before are forgotten by now.
    pub fn forgotten_since(now: Timestamp) -> Timestamp {
        now.saturating_sub(Self::REMEMBERED_FOR)
            .unwrap_or(Timestamp::MIN)
    }

    /// Whether there may be no more of them now.
    pub fn are_used_up(self, now: Timestamp) -> bool {
        self.count >= Self::MOST && self.since > Self::forgotten_since(now)
    }

    /// In how many seconds they are forgotten; at least 1.
    pub fn forgotten_in(self, now: Timestamp) -> u64 {
        let left = self.since.duration_since(Self::forgotten_since(now));
        let seconds = left.as_millis().max(1).unsigned_abs().div_ceil(1_000);
        u64::try_from(seconds).unwrap_or(u64::MAX)
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
    /// Where an account's owner is written to; a guest has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// What an account's password is checked with; a guest has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<PasswordHash>,
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

    /// A new user with a password.
    pub fn account(
        name: Name,
        email: Email,
        password_hash: PasswordHash,
        role: Role,
        now: Timestamp,
    ) -> Self {
        Self {
            email: Some(email),
            password_hash: Some(password_hash),
            role,
            ..Self::guest(name, now)
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
            // Letters that stand for a space and a sukun, and for an @.
            "\u{fe7e}mina@example.com",
            "mina\u{ff20}park@example.com",
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
        for (one, other) in [
            ("zoe\u{308}@example.com", "ZO\u{cb}@example.com"),
            ("οδος@example.com", "ΟΔΟΣ@example.com"),
            ("οδοσ@example.com", "ΟΔΟΣ@example.com"),
            ("straße@example.com", "STRASSE@example.com"),
            ("\u{212a}im@example.com", "kim@example.com"),
            ("\u{3d3}@example.com", "\u{38e}@EXAMPLE.com"),
            ("mina@\u{ff45}xample.com", "mina@example.com"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("mina@example.com"), folded("mína@example.com"));
    }

    #[test]
    fn every_letter_of_an_address_has_one_folded_form() {
        let folded = |letters: &str| Some(Email::parse(&format!("a{letters}b@e.com"))?.folded());
        for letter in (char::MIN..=char::MAX).map(String::from) {
            let others = [
                letter.to_uppercase(),
                letter.to_lowercase(),
                letter.nfd().collect(),
                letter.nfkc().collect(),
                letter.nfkc().collect::<String>().to_uppercase(),
                letter.nfkd().collect::<String>().to_lowercase(),
            ];
            if others.iter().all(|other| *other == letter) {
                continue;
            }
            let Some(form) = folded(&letter) else {
                continue;
            };
            for other in others {
                // Not every form of a letter may stand in an address.
                let other = folded(&other).unwrap_or_else(|| form.clone());
                assert_eq!(other, form, "{letter} {}", letter.escape_unicode());
            }
            let again = Email::parse(&form).map(|email| email.folded());
            assert_eq!(again, Some(form), "{}", letter.escape_unicode());
        }
    }

    #[test]
    fn a_password_has_10_to_128_characters_and_is_the_same_from_every_keyboard() {
        for good in [
            "0123456789",
            "          ",
            &"가".repeat(128),
            &"\u{1112}\u{1161}\u{11ab}".repeat(128),
        ] {
            assert!(Password::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "123456789",
            "012345678\n",
            "0123\u{0}56789",
            &"가".repeat(129),
            // Ten jamo make four characters.
            "\u{1112}\u{1161}\u{11ab}\u{1112}\u{1161}\u{11ab}\u{1112}\u{1161}\u{11ab}\u{1112}",
            &"x".repeat(1_000_000),
        ] {
            assert!(Password::parse(bad).is_none(), "{bad}");
        }
        let same = |one, other| Password::parse(one) == Password::parse(other);
        assert!(same("\u{ff50}\u{ff41}ssword-10", "password-10"));
        assert!(same("한글비밀번호입니다요", "한글비밀번호입니다요"));
        assert!(same("a\u{a0}b\u{3000}cdefghij", "a b cdefghij"));
        assert!(!same("password-10", "Password-10"));
        assert!(!same("password-10", " password-10"));
    }

    #[test]
    fn nothing_secret_has_a_debug_form() {
        let password = Password::parse("a long password").expect("a password");
        let hash = PasswordHash::new("$argon2id$secret".to_owned());
        let shown = format!("{password:?} {hash:?}");
        assert!(
            !shown.contains("long") && !shown.contains("secret"),
            "{shown}"
        );
    }

    #[test]
    fn attempts_are_forgotten_15_minutes_after_the_first() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let attempts = Attempts {
            count: 10,
            since: at(1_000),
        };
        assert!(attempts.are_used_up(at(1_000)));
        assert_eq!(attempts.forgotten_in(at(1_000)), 900);
        let almost = at(1_900) - SignedDuration::from_millis(1);
        assert!(attempts.are_used_up(almost));
        assert_eq!(attempts.forgotten_in(almost), 1);
        assert!(!attempts.are_used_up(at(1_900)));
        assert_eq!(attempts.forgotten_in(at(1_900)), 1);
        let nine = Attempts {
            count: 9,
            ..attempts
        };
        assert!(!nine.are_used_up(at(1_000)));
    }

    #[test]
    fn name_is_searched_for_whatever_its_case_width_and_composition() {
        let folded = |text| Name::parse(text).expect("a name").folded();
        for (one, other) in [
            ("Winter", "\u{ff37}\u{ff29}\u{ff2e}\u{ff34}\u{ff25}\u{ff32}"),
            ("\u{ac00}", "\u{1100}\u{1161}"),
            ("\u{ac00}", "\u{ffa1}\u{ffc2}"),
            ("\u{30ac}", "\u{ff76}\u{ff9e}"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("A B", "a\u{3000}b"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("u"), folded("ü"));
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
