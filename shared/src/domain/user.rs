//! Users.

use std::{fmt, ops::RangeInclusive};

use idna::punycode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

use super::{
    attempts::{Attempts, KnownSources},
    ids::UserId,
};

/// The name of a user or a concert: 1 to 100 characters, trimmed, in Unicode's composed form (NFC).
/// At least one character is visible, and none breaks lines or changes the direction of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 100, example = "김민수")]
pub struct Name(String);

impl Name {
    /// The length in characters.
    pub const MAX_LENGTH: usize = 100;

    /// Reads a name. `None` if nothing visible is left of it, if it is too long, or if it has
    /// characters that break lines or set the direction of text.
    pub fn parse(text: &str) -> Option<Self> {
        line(text, Self::MAX_LENGTH).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in the form in which it is searched. As in an address, case, composition and width
    /// do not matter.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

/// Reads a line of text for people: 1 to `max` characters, trimmed, in Unicode's composed form
/// (NFC). Something in it must be visible, and nothing may break lines or set the direction of
/// text.
pub(super) fn line(text: &str, max: usize) -> Option<String> {
    // Composing changes the length of a text by a small factor at most. A text far above the limit
    // is not worth the work.
    if text.len() > 40 * max {
        return None;
    }
    let line: String = text.trim().nfc().collect();
    let fits = (1..=max).contains(&line.chars().count());
    let is_seen = line.chars().any(can_be_seen);
    let is_tame = !line.chars().any(controls_text);
    (fits && is_seen && is_tame).then_some(line)
}

/// Whether a character breaks lines or sets the direction of text. With the latter, whatever
/// follows the name in a list would be shown in another order. The characters that only mark a
/// direction for their neighbours (U+200E, U+200F, U+061C) are part of names in some scripts, so
/// they are allowed.
pub(super) fn controls_text(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
        )
}

/// Whether a character is visible. Spaces and format characters are not. Nor is what Unicode calls
/// default-ignorable (such as Hangul's fillers and variation selectors), nor a Braille cell without
/// dots.
pub(super) fn can_be_seen(character: char) -> bool {
    let is_blank = matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !(is_blank || character.is_whitespace() || character.is_control())
}

/// An e-mail address: at most 254 bytes, trimmed, in Unicode's composed form (NFC). It belongs to
/// one user only, in upper or lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(
    value_type = String, format = "idn-email", max_length = 254, example = "mina@example.com"
)]
pub struct Email(String);

impl Email {
    /// The length in bytes (RFC 5321 counts octets).
    pub const MAX_LENGTH: usize = 254;

    /// Reads an address. `None` if it does not have the form of an address with a dot in its
    /// domain, or if it loses that form when its letters are folded.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 4 * Self::MAX_LENGTH {
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

    /// The form in which an address belongs to only one user. It is the same for addresses that
    /// differ only in case, composition or width. It is also the same whether a domain is in its
    /// own letters or in their ASCII form (Punycode, RFC 3492).
    pub fn folded(&self) -> String {
        let folded = fold(&self.0);
        match in_its_letters(&folded) {
            Some(letters) if is_address(&letters) => letters,
            _ => folded,
        }
    }

    /// The forms under which an address may be stored: first the form that was typed, then that of
    /// [`Email::folded`], then the ASCII form if the domain has non-ASCII letters. An earlier
    /// version stored addresses as they were typed.
    pub fn folded_forms(&self) -> Vec<String> {
        let mut forms = vec![fold(&self.0)];
        let folded = self.folded();
        let ascii = in_ascii(&folded).filter(|ascii| is_address(ascii));
        for form in std::iter::once(folded).chain(ascii) {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        forms
    }
}

/// The beginning of a part of a domain in its ASCII form.
const ASCII_FORM: &str = "xn--";

/// Unicode's compatibility caseless form of a text (section 3.13, D146), composed at the end. Case
/// is folded twice: once for the letters as they are, and once for those that the compatibility
/// form makes of them.
fn fold(text: &str) -> String {
    let folded = fold_case(text.nfd()).nfkd().collect::<String>();
    fold_case(folded.chars()).nfkc().collect()
}

/// A folded address with each part of its domain in its own letters. `None` if no part is in the
/// ASCII form. A part that only looks like it stays as it is.
fn in_its_letters(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let letters = |part: &str| {
        let ascii = part.strip_prefix(ASCII_FORM)?;
        let letters = punycode::decode_to_string(ascii)?;
        let is_its_form = punycode::encode_str(&letters).as_deref() == Some(ascii);
        (is_its_form && !letters.is_ascii()).then(|| fold(&letters))
    };
    let parts = domain.split('.');
    let parts = parts.map(|part| letters(part).unwrap_or_else(|| part.to_owned()));
    let domain = parts.collect::<Vec<_>>().join(".");
    Some(format!("{local}@{domain}"))
}

/// A folded address with its domain in its ASCII form; `None` if there is none.
fn in_ascii(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let parts = domain.split('.').map(|part| {
        if part.is_ascii() {
            Some(part.to_owned())
        } else {
            Some(format!("{ASCII_FORM}{}", punycode::encode_str(part)?))
        }
    });
    let domain = parts.collect::<Option<Vec<_>>>()?.join(".");
    Some(format!("{local}@{domain}"))
}

/// Whether a text has the form of an address.
fn is_address(text: &str) -> bool {
    let form = email_address::Options::default()
        .with_required_tld()
        .without_display_text()
        .without_domain_literal();
    text.len() <= Email::MAX_LENGTH
        && !text.chars().any(char::is_control)
        && email_address::EmailAddress::parse_with_options(text, form).is_ok()
}

/// Folds case. It first makes letters upper case, because only there all lower-case forms of a
/// letter are the same (`σ` and `ς`, `ß` and `ss`).
fn fold_case(letters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    letters
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

/// A password: 10 to 128 characters, none of them control characters. Spaces count. It is compared
/// in Unicode's compatibility form (NFKC, as NIST SP 800-63B requires), so that every keyboard
/// gives the same password.
// It has no debug form, so that no log can have it.
#[derive(Clone, PartialEq, Eq, ToSchema)]
#[schema(
    value_type = String, format = Password, min_length = 10, max_length = 128,
    example = "correct horse battery"
)]
pub struct Password(String);

impl Password {
    /// The length in characters.
    pub const LENGTH: RangeInclusive<usize> = 10..=128;

    /// Reads a password. `None` if it is outside the limits, and so nobody can have it.
    pub fn parse(text: &str) -> Option<Self> {
        // As for a name: a text far above the limit is not worth the work.
        if text.len() > 4_000 {
            return None;
        }
        let password: String = text.nfkc().collect();
        let fits = Self::LENGTH.contains(&password.chars().count());
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

/// The hash of an account's password (argon2id, in the PHC string format). It has no debug form, so
/// it cannot get into a log.
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

/// The role of a user.
///
/// - `user`: buys.
/// - `admin`: runs the sale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys.
    #[default]
    User,
    /// Runs the sale.
    Admin,
}

/// A user as stored. A user without a password is a guest, whose id is their only secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user's id.
    #[serde(rename = "id")]
    pub user_id: UserId,
    /// The name to call them by.
    pub name: Name,
    /// The e-mail address; a guest has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The hash of the password; a guest has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<PasswordHash>,
    /// What they may do.
    #[serde(default)]
    pub role: Role,
    /// Wrong passwords recently given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Attempts>,
    /// The sources from which the current password was given or set.
    #[serde(default, skip_serializing_if = "KnownSources::is_empty")]
    pub known: KnownSources,
    /// The generation that the user's tokens carry. Access tokens of an earlier generation are
    /// void. Queue tokens of one keep only their place in the line.
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
            known: KnownSources::default(),
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

    /// Whether they have no password.
    pub fn is_guest(&self) -> bool {
        self.password_hash.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_trimmed_and_composed() {
        assert_eq!(Name::parse("  김민수 ").expect("a name").as_str(), "김민수");
        let decomposed = "\u{1100}\u{1161}";
        assert_eq!(Name::parse(decomposed).expect("a name").as_str(), "가");
    }

    #[test]
    fn email_address_must_have_the_right_form() {
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
            // Letters that fold to a space and a sukun, and one that folds to an @.
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
    fn email_address_is_the_same_whatever_its_case_and_composition() {
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
    fn email_address_is_the_same_with_its_domain_in_letters_or_ascii() {
        let email = |text| Email::parse(text).expect("an address");
        let letters = email("user@bücher.example").folded();
        assert_eq!(letters, "user@bücher.example");
        for same in [
            "user@xn--bcher-kva.example",
            "User@XN--Bcher-KVA.Example",
            "user@BÜCHER.example",
            "user@bu\u{308}cher.example",
        ] {
            assert_eq!(email(same).folded(), letters, "{same}");
        }
        assert_eq!(
            email("민수@예시.한국").folded(),
            email("민수@xn--vv4b11d.xn--3e0b707e").folded()
        );
        // The local part has no ASCII form, and a text that only looks like one is none.
        for other in [
            "xn--bcher-kva@example.com",
            "user@xn--.example",
            "user@xn--bcher.example",
            "user@xn--abc-.example",
            "user@xn--999999999999.example",
        ] {
            if let Some(email) = Email::parse(other) {
                assert_eq!(email.folded(), other);
                assert_eq!(email.folded_forms(), [other]);
            }
        }
    }

    #[test]
    fn forms_of_an_email_address_begin_with_the_typed_one() {
        let forms = |text| Email::parse(text).expect("an address").folded_forms();
        assert_eq!(forms("Mina@Example.com"), ["mina@example.com"]);
        let (letters, ascii) = ("user@bücher.example", "user@xn--bcher-kva.example");
        assert_eq!(forms("user@BÜCHER.example"), [letters, ascii]);
        assert_eq!(forms("User@xn--Bcher-kva.example"), [ascii, letters]);
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
                // Not every form of a letter is allowed in an address.
                let other = folded(&other).unwrap_or_else(|| form.clone());
                assert_eq!(other, form, "{letter} {}", letter.escape_unicode());
            }
            let again = Email::parse(&form).map(|email| email.folded());
            assert_eq!(again, Some(form), "{}", letter.escape_unicode());
        }
    }

    #[test]
    fn password_of_10_to_128_characters_is_the_same_from_every_keyboard() {
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
    fn secrets_are_hidden_in_debug_output() {
        let password = Password::parse("a long password").expect("a password");
        let hash = PasswordHash::new("$argon2id$secret".to_owned());
        let shown = format!("{password:?} {hash:?}");
        assert!(
            !shown.contains("long") && !shown.contains("secret"),
            "{shown}"
        );
    }

    #[test]
    fn name_is_found_whatever_its_case_width_and_composition() {
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
    fn name_without_anything_visible_is_refused() {
        for unseen in [
            "\u{200b}",
            "\u{3164}",
            "\u{feff}",
            "\u{202e}",
            "\u{115f}\u{1160}\u{ffa0}",
            "\u{a0}\u{3000}\u{2003}",
            "\u{ad} \u{34f} \u{2060}",
            "\u{200e}\u{200f}\u{61c}",
            "\u{fe0f}\u{e0100}\u{e0041}",
            "\u{2800}\u{180e}\u{1d159}",
        ] {
            let shown = unseen.escape_unicode();
            assert!(Name::parse(unseen).is_none(), "{shown}");
            let name = Name::parse(&format!("{unseen}김"));
            assert_eq!(name.is_some(), unseen != "\u{202e}", "{shown}");
        }
        // Joined emoji, a Persian name, a Hebrew one with a mark, an accent.
        for seen in [
            "👩\u{200d}🚀",
            "علی\u{200c}رضا",
            "דנה\u{200f}",
            "e\u{301}",
            "ᄀ",
        ] {
            assert!(Name::parse(seen).is_some(), "{seen}");
        }
    }

    #[test]
    fn spaces_controls_and_formats_of_unicode_cannot_be_seen() {
        use unicode_general_category::{GeneralCategory as Category, get_general_category};
        // They are above or below the digits that follow.
        let is_shown = |letter| {
            matches!(
                letter,
                '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
                    | '\u{110bd}' | '\u{110cd}'
            )
        };
        for letter in char::MIN..=char::MAX {
            let unseen = matches!(
                get_general_category(letter),
                Category::Control
                    | Category::Format
                    | Category::SpaceSeparator
                    | Category::LineSeparator
                    | Category::ParagraphSeparator
            );
            if unseen && !is_shown(letter) {
                assert!(!can_be_seen(letter), "{}", letter.escape_unicode());
            }
        }
    }

    #[test]
    fn name_sets_no_direction_and_breaks_no_line() {
        for control in [
            '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}',
            '\u{2068}', '\u{2069}', '\u{206a}', '\u{2028}', '\u{2029}', '\u{85}', '\0', '\n',
        ] {
            let name = format!("kim{control}nim");
            assert!(Name::parse(&name).is_none(), "{}", name.escape_unicode());
        }
    }

    #[test]
    fn name_has_1_to_100_characters_on_one_line() {
        assert!(Name::parse(&"가".repeat(100)).is_some());
        assert!(Name::parse(&"가".repeat(101)).is_none());
        assert!(Name::parse("   ").is_none());
        assert!(Name::parse("a\nb").is_none());
        assert!(Name::parse(&"x".repeat(1_000_000)).is_none());
    }
}
