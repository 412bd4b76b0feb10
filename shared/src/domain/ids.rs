//! Ids. Each has its own type, so that one cannot be mistaken for another.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

/// A text that is not the id that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed id")]
pub struct MalformedId;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident, $new:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::$new())
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            /// Reads the usual form, 36 characters with hyphens, in any case.
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                if text.len() != 36 {
                    return Err(MalformedId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| MalformedId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

uuid_ids! {
    /// The id of a user. For a guest it is their only secret, so all of its bits are random.
    UserId, new_v4;
    /// The id of a concert.
    ConcertId, now_v7;
    /// The id of a reservation, that is, of a hold and after the payment of the order.
    ReservationId, now_v7;
    /// The id of a payment. It is made when the seats are held, before they are paid.
    PaymentId, now_v7;
    /// The id of a correction of a balance.
    CorrectionId, now_v7;
    /// The id of a record in the log of changes.
    ChangeId, now_v7;
    /// One passage of a user through a queue: the `jti` of the queue token.
    SessionId, new_v4;
    /// One try to write an arrival. A reader that finds it can see whether it was their own.
    ArrivalId, new_v4;
}

impl UserId {
    /// Its bytes.
    pub fn bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The id with these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Its 22 letters (base64url), as a seat has them.
    pub fn in_letters(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl ConcertId {
    /// When the id was made; `None` if it has no time in it.
    pub fn created_at(self) -> Option<Timestamp> {
        time_in(self.0)
    }
}

impl ChangeId {
    /// A new id that begins with this time.
    pub fn made_at(time: Timestamp) -> Self {
        Self(uuid_of(time, rand::random()))
    }

    /// The first id of all that can be made at this time.
    pub fn first_at(time: Timestamp) -> Self {
        Self(uuid_of(time, [0; 10]))
    }

    /// The time that the id begins with; `None` if it has no time in it.
    pub fn time(self) -> Option<Timestamp> {
        time_in(self.0)
    }

    /// The last byte, which is random.
    pub fn last_byte(self) -> u8 {
        self.0.as_bytes()[15]
    }
}

/// A UUID of version 7: a time in milliseconds, and 74 of these bits.
fn uuid_of(time: Timestamp, bits: [u8; 10]) -> Uuid {
    let milliseconds = u64::try_from(time.as_millisecond()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(milliseconds, &bits).into_uuid()
}

fn time_in(id: Uuid) -> Option<Timestamp> {
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    let nanoseconds = i32::try_from(nanoseconds).ok()?;
    Timestamp::new(i64::try_from(seconds).ok()?, nanoseconds).ok()
}

impl ReservationId {
    /// The first id of all that can be made at this time.
    pub fn first_at(time: Timestamp) -> Self {
        Self(uuid_of(time, [0; 10]))
    }
}

/// A user's id in 22 letters instead of 36 characters, for the items that are read a hundred
/// thousand times.
pub(super) mod short {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use uuid::Uuid;

    use super::{MalformedId, UserId};

    #[allow(clippy::ref_option, reason = "serde asks for it")]
    pub fn serialize<S: Serializer>(id: &Option<UserId>, serializer: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => serializer.serialize_some(&id.in_letters()),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<UserId>, D::Error> {
        let letters = Option::<String>::deserialize(deserializer)?;
        letters
            .map(|letters| read(&letters).map_err(D::Error::custom))
            .transpose()
    }

    fn read(letters: &str) -> Result<UserId, MalformedId> {
        let bytes = BASE64_URL_SAFE_NO_PAD
            .decode(letters)
            .map_err(|_| MalformedId)?;
        Uuid::from_slice(&bytes)
            .map(UserId)
            .map_err(|_| MalformedId)
    }
}

/// The item that lists all queues has this id, so no queue may.
const NO_QUEUE: &str = "registry";

/// The id of a queue: 3 to 40 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[a-z0-9-]{3,40}$", example = "main")]
pub struct QueueId(String);

impl QueueId {
    /// The length in characters.
    pub const LENGTH: RangeInclusive<usize> = 3..=40;

    /// The queue of every concert that names no other. It exists without an item.
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for QueueId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let fits = Self::LENGTH.contains(&text.len()) && text.bytes().all(allowed);
        if fits && text != NO_QUEUE {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedId)
        }
    }
}

impl TryFrom<String> for QueueId {
    type Error = MalformedId;

    fn try_from(text: String) -> Result<Self, MalformedId> {
        text.parse()
    }
}

impl From<QueueId> for String {
    fn from(id: QueueId) -> Self {
        id.0
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a plan of a hall: the first 16 bytes of the SHA-256 of its canonical document, in 22
/// letters of base64url. So a plan with this id can be only one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(
    value_type = String, pattern = "^[A-Za-z0-9_-]{21}[AQgw]$", example = "q0Qx3cXv7mWJ2yq1cT0b5A"
)]
pub struct PlanId([u8; 16]);

impl PlanId {
    /// The id of the plan with this canonical document.
    pub fn of(document: &[u8]) -> Self {
        let hash = digest(&SHA256, document);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_ref()[..16]);
        Self(bytes)
    }

    /// A short number that tells the plans of a hall apart: the first four bytes.
    pub fn mark(self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }
}

impl FromStr for PlanId {
    type Err = MalformedId;

    /// Reads the one form of the id.
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        // The decoder refuses padding, and bits behind the last byte.
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text);
        let bytes = bytes.map_err(|_| MalformedId)?;
        bytes.try_into().map(Self).map_err(|_| MalformedId)
    }
}

impl TryFrom<String> for PlanId {
    type Error = MalformedId;

    fn try_from(text: String) -> Result<Self, MalformedId> {
        text.parse()
    }
}

impl From<PlanId> for String {
    fn from(id: PlanId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The date of a show, `YYYY-MM-DD`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = Date, example = "2026-12-24")]
pub struct ShowDate(Date);

impl ShowDate {
    /// The day in the calendar.
    pub fn day(self) -> Date {
        self.0
    }
}

impl From<Date> for ShowDate {
    fn from(day: Date) -> Self {
        Self(day)
    }
}

impl FromStr for ShowDate {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let date: Date = text.parse().map_err(|_| MalformedId)?;
        // The calendar's own parser also reads other forms, such as `20260401` and years of
        // six digits.
        let has_the_form = text.len() == 10 && date.to_string() == text;
        has_the_form.then_some(Self(date)).ok_or(MalformedId)
    }
}

impl TryFrom<String> for ShowDate {
    type Error = MalformedId;

    fn try_from(text: String) -> Result<Self, MalformedId> {
        text.parse()
    }
}

impl From<ShowDate> for String {
    fn from(date: ShowDate) -> Self {
        date.to_string()
    }
}

impl fmt::Display for ShowDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which show of a concert: its date, `2035-05-01`, or its date and its start in the time zone of the
/// deployment, `2035-05-01T14:00`. Several shows of one day all have a start in their key.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schema(
    value_type = String,
    pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$",
    example = "2026-12-24",
)]
pub struct ShowKey((ShowDate, Option<Time>));

impl ShowKey {
    /// The length of a key with a start, in characters.
    const TIMED_LENGTH: usize = 16;

    /// The day of the show.
    pub fn date(self) -> ShowDate {
        self.0.0
    }

    /// When it starts, in the time zone of the deployment. `None` if the key is a date alone.
    pub fn start(self) -> Option<DateTime> {
        self.0.1.map(|time| self.date().day().to_datetime(time))
    }

    /// Whether the key has a start.
    pub fn is_timed(self) -> bool {
        self.0.1.is_some()
    }
}

impl From<ShowDate> for ShowKey {
    fn from(date: ShowDate) -> Self {
        Self((date, None))
    }
}

impl From<DateTime> for ShowKey {
    /// The key of a show that starts then. A key has whole minutes.
    fn from(start: DateTime) -> Self {
        let time = Time::constant(start.hour(), start.minute(), 0, 0);
        Self((start.date().into(), Some(time)))
    }
}

impl FromStr for ShowKey {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let Some((date, time)) = text.split_once('T') else {
            return text.parse().map(|date: ShowDate| date.into());
        };
        let time = time.parse().map_err(|_| MalformedId)?;
        let key = Self((date.parse()?, Some(time)));
        // The calendar's own parser also reads other forms, such as `1400` and `14:00:30`.
        let has_the_form = text.len() == Self::TIMED_LENGTH && key.to_string() == text;
        has_the_form.then_some(key).ok_or(MalformedId)
    }
}

impl TryFrom<String> for ShowKey {
    type Error = MalformedId;

    fn try_from(text: String) -> Result<Self, MalformedId> {
        text.parse()
    }
}

impl From<ShowKey> for String {
    fn from(key: ShowKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for ShowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)?;
        match self.0.1 {
            Some(time) => write!(f, "T{:02}:{:02}", time.hour(), time.minute()),
            None => Ok(()),
        }
    }
}

/// A show of a concert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShowId {
    /// The concert.
    pub concert_id: ConcertId,
    /// Which of its shows.
    #[serde(rename = "date")]
    pub key: ShowKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_has_one_form() {
        let id = "0190A6B2-4F5E-7C3D-8A9B-0C1D2E3F4A5B"
            .parse::<UserId>()
            .expect("any case");
        assert_eq!(id.to_string(), "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b");
        for wrong in [
            "",
            "0190a6b24f5e7c3d8a9b0c1d2e3f4a5b",
            "{0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b}",
            "urn:uuid:0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b",
            "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5g",
            "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b ",
        ] {
            assert_eq!(wrong.parse::<UserId>(), Err(MalformedId), "{wrong}");
        }
    }

    #[test]
    fn queue_id_cannot_reach_another_row() {
        assert_eq!(
            "arena-2026".parse::<QueueId>().expect("fine").as_str(),
            "arena-2026"
        );
        for wrong in [
            "",
            "ab",
            "Main",
            "main#number",
            "m ain",
            "메인큐",
            "registry",
            &"q".repeat(41),
        ] {
            assert_eq!(wrong.parse::<QueueId>(), Err(MalformedId), "{wrong}");
        }
    }

    #[test]
    fn plan_id_is_the_beginning_of_a_hash_in_22_letters() {
        // printf abc | sha256sum
        let id = PlanId::of(b"abc");
        assert_eq!(hex::encode(id.0), "ba7816bf8f01cfea414140de5dae2223");
        assert_eq!(id.to_string(), "ungWv48Bz-pBQUDeXa4iIw");
        assert_eq!("ungWv48Bz-pBQUDeXa4iIw".parse(), Ok(id));
        for wrong in [
            "",
            "ungWv48Bz-pBQUDeXa4iI",
            "ungWv48Bz-pBQUDeXa4iIwA",
            "ungWv48Bz-pBQUDeXa4iIx",
            "ungWv48Bz+pBQUDeXa4iIw",
            "ungWv48Bz-pBQUDeXa4iIw==",
            "ungWv48Bz-pBQUDeXa4iIw ",
        ] {
            assert_eq!(wrong.parse::<PlanId>(), Err(MalformedId), "{wrong}");
        }
    }

    #[test]
    fn date_has_one_form() {
        assert_eq!(
            "2026-12-31".parse::<ShowDate>().expect("fine").to_string(),
            "2026-12-31"
        );
        for wrong in [
            "",
            "2026-13-01",
            "2026-02-29",
            "2026-2-1",
            "20260201",
            "2026-02-01T00:00:00",
            "2026/02/01",
            "02-01-2026",
            "2026-02-01 ",
            "-002026-01-01",
        ] {
            assert_eq!(wrong.parse::<ShowDate>(), Err(MalformedId), "{wrong}");
        }
    }

    #[test]
    fn show_key_has_one_form_and_the_order_of_time() {
        let key = |text: &str| text.parse::<ShowKey>().expect(text);
        let keys = [
            "2026-12-30",
            "2026-12-31",
            "2026-12-31T00:00",
            "2026-12-31T09:30",
            "2026-12-31T14:00",
            "2027-01-01T00:00",
        ];
        for text in keys {
            assert_eq!(key(text).to_string(), text);
            assert_eq!(key(text).is_timed(), text.contains('T'));
            assert_eq!(key(text).date().to_string(), text[..10]);
        }
        assert!(keys.is_sorted_by_key(|text| key(text)));
        let start = key("2026-12-31T14:00").start().expect("a start");
        assert_eq!(ShowKey::from(start), key("2026-12-31T14:00"));
        for wrong in [
            "",
            "T",
            "T14:00",
            "2026-12-31T",
            "2026-12-31T24:00",
            "2026-12-31T14:60",
            "2026-12-31T1400",
            "2026-12-31T14:00:00",
            "2026-12-31T14:00Z",
            "2026-12-31T14:00+09",
            "2026-12-31t14:00",
            "2026-12-31 14:00",
            "2026-12-31T4:00",
            "2026-12-31T+4:00",
            "2026-02-29T14:00",
            "2026-12-31T14:00#1",
        ] {
            assert_eq!(wrong.parse::<ShowKey>(), Err(MalformedId), "{wrong}");
        }
    }
}
