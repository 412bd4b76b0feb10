//! The keys that sign tokens: which one signs when, when the next one is due, and how long an old
//! one is needed.
//!
//! A key is published some minutes before it signs, so that everybody who checks tokens knows it in
//! time. When it begins to sign, the private half of the previous key is not needed any more. The
//! public half is needed until the last token that it may have signed has expired.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a key is published before it signs. Instances that sign look for it every minute, and
/// an answer of `get-keys` may be cached for a minute.
pub const PUBLISHED_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// The next key may be made this much before it is due. Schedules are not exact, and the next run
/// would be a day late, which is too much if keys live for a day.
const EARLY: SignedDuration = SignedDuration::from_hours(12);

/// An old public key is kept this much longer than its last token, for clocks that differ and
/// requests under way.
const KEPT_LONGER: SignedDuration = SignedDuration::from_mins(1);

/// A public key (Ed25519).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Its name: the `kid` of a token's header.
    pub kid: String,
    /// The key, base64url without padding, as in a JWK.
    pub x: String,
    /// When it was made.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub created_at: Timestamp,
    /// Until when it signs, once its successor exists.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub signs_until: Option<Timestamp>,
}

/// A private key (Ed25519). It has no debug form, so it cannot get into a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateKey {
    /// The name of its public half.
    pub kid: String,
    /// The key in PKCS #8, base64url without padding.
    pub pkcs8: String,
}

/// Both halves of a new key.
pub struct KeyPair {
    /// The private half, which signs.
    pub private: PrivateKey,
    /// The public half.
    pub public: PublicKey,
}

/// A key that will sign.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextKey {
    /// The key.
    #[serde(flatten)]
    pub key: PrivateKey,
    /// When it begins to sign.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub signs_from: Timestamp,
}

/// The private keys. Until a key is replaced for the first time, this is stored as a single key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeys {
    /// The key that signs until its successor does.
    #[serde(flatten)]
    pub current: PrivateKey,
    /// The successor, once it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextKey>,
    /// A count of the changes of all keys.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub version: u64,
}

impl From<PrivateKey> for SigningKeys {
    fn from(first: PrivateKey) -> Self {
        Self {
            current: first,
            next: None,
            version: 0,
        }
    }
}

/// All keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The private keys.
    pub signing: SigningKeys,
    /// The public keys, oldest first.
    pub public: Vec<PublicKey>,
}

/// How the keys should change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// Make a new key if the newest one is at least this old.
    WhenOlderThan(SignedDuration),
    /// Make a new key, however old the newest one is.
    Now,
    /// Stop accepting this key. If it is the one that signs, another one signs at once.
    Revoke(String),
}

/// There is no key with this name to revoke.
#[derive(Debug, PartialEq, Eq)]
pub struct NoSuchKey;

impl Keys {
    /// The keys after a rotation at `now`, with `new` as the new key. No key is published while
    /// another published key has not begun to sign. Tokens live for at most `longest_token`.
    pub fn rotated(
        &self,
        rotation: &Rotation,
        new: KeyPair,
        longest_token: SignedDuration,
        now: Timestamp,
    ) -> Result<Self, NoSuchKey> {
        let mut keys = self.clone();
        keys.tidy_up(longest_token, now);
        match rotation {
            Rotation::WhenOlderThan(age) if keys.newest_is_older_than(*age, now) => {
                keys.publish(new, now);
            }
            Rotation::Now => keys.publish(new, now),
            Rotation::WhenOlderThan(_) => {}
            Rotation::Revoke(kid) => keys.revoke(kid, new)?,
        }
        Ok(keys)
    }

    /// Removes what is not needed any more: the private half of a key whose successor has begun to
    /// sign, and public keys whose last token has expired.
    fn tidy_up(&mut self, longest_token: SignedDuration, now: Timestamp) {
        let signing = &mut self.signing;
        if let Some(next) = signing.next.take_if(|next| next.signs_from <= now) {
            signing.current = next.key;
        }
        self.public.retain(|key| {
            key.signs_until
                .is_none_or(|until| now < later(until, longest_token + KEPT_LONGER))
        });
    }

    fn newest_is_older_than(&self, age: SignedDuration, now: Timestamp) -> bool {
        let newest = self.public.iter().map(|key| key.created_at).max();
        newest.is_none_or(|newest| later(newest, age - EARLY) <= now)
    }

    fn publish(&mut self, new: KeyPair, now: Timestamp) {
        if self.signing.next.is_some() {
            return;
        }
        let signs_from = later(now, PUBLISHED_AHEAD);
        for key in &mut self.public {
            key.signs_until.get_or_insert(signs_from);
        }
        self.public.push(new.public);
        self.signing.next = Some(NextKey {
            key: new.private,
            signs_from,
        });
    }

    fn revoke(&mut self, kid: &str, new: KeyPair) -> Result<(), NoSuchKey> {
        let revoked = self.public.extract_if(.., |key| key.kid == kid).count();
        if revoked == 0 {
            return Err(NoSuchKey);
        }
        let signing = &mut self.signing;
        if signing.current.kid == kid {
            signing.current = if let Some(next) = signing.next.take() {
                next.key
            } else {
                self.public.push(new.public);
                new.private
            };
        } else if signing.next.take_if(|next| next.key.kid == kid).is_some() {
            // The previous key goes on signing.
            for key in &mut self.public {
                key.signs_until.take_if(|_| key.kid == signing.current.kid);
            }
        }
        Ok(())
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(version: &u64) -> bool {
    *version == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);
    const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

    fn at(hours: i64, seconds: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hours * 3_600 + seconds).expect("a time")
    }

    fn pair(kid: &str, now: Timestamp) -> KeyPair {
        KeyPair {
            private: PrivateKey {
                kid: kid.to_owned(),
                pkcs8: format!("private {kid}"),
            },
            public: PublicKey {
                kid: kid.to_owned(),
                x: format!("public {kid}"),
                created_at: now,
                signs_until: None,
            },
        }
    }

    /// The key `a`, made at hour 0.
    fn first() -> Keys {
        let KeyPair { private, public } = pair("a", at(0, 0));
        Keys {
            signing: private.into(),
            public: vec![public],
        }
    }

    fn rotated(keys: &Keys, rotation: &Rotation, new: &str, now: Timestamp) -> Keys {
        keys.rotated(rotation, pair(new, now), MONTH, now)
            .unwrap_or_else(|NoSuchKey| panic!("no such key"))
    }

    /// The names of the key that signs, of its successor, and of all public keys.
    fn names(keys: &Keys) -> (&str, Option<&str>, Vec<&str>) {
        (
            &keys.signing.current.kid,
            keys.signing.next.as_ref().map(|next| next.key.kid.as_str()),
            keys.public.iter().map(|key| key.kid.as_str()).collect(),
        )
    }

    #[test]
    fn key_is_published_before_it_signs_and_stays_afterwards() {
        let published = rotated(&first(), &Rotation::Now, "b", at(0, 0));
        assert_eq!(names(&published), ("a", Some("b"), vec!["a", "b"]));
        assert_eq!(published.public[0].signs_until, Some(at(0, 300)));
        assert_eq!(published.public[1].signs_until, None);

        let early = rotated(&published, &Rotation::Now, "c", at(0, 299));
        assert!(early == published, "one at a time");
        let signing = rotated(&early, &Rotation::WhenOlderThan(DAY), "c", at(0, 300));
        assert_eq!(names(&signing), ("b", None, vec!["a", "b"]));

        let last = later(at(0, 300), MONTH);
        let last_second = later(last, SignedDuration::from_secs(59));
        let quiet = Rotation::WhenOlderThan(MONTH * 2);
        let kept = rotated(&signing, &quiet, "c", last_second);
        assert!(kept == signing);
        let pruned = rotated(&signing, &quiet, "c", later(last, KEPT_LONGER));
        assert_eq!(names(&pruned), ("b", None, vec!["b"]));
    }

    #[test]
    fn key_is_replaced_when_it_is_old_give_or_take_half_a_day() {
        let daily = Rotation::WhenOlderThan(DAY);
        let young = rotated(&first(), &daily, "b", at(11, 3_599));
        assert!(young == first());
        let old = rotated(&first(), &daily, "b", at(12, 0));
        assert_eq!(names(&old), ("a", Some("b"), vec!["a", "b"]));
        let again = rotated(&old, &daily, "c", at(12, 300));
        assert_eq!(names(&again), ("b", None, vec!["a", "b"]));
    }

    #[test]
    fn revoked_key_is_gone_and_another_one_signs() {
        let revoke = |kid: &str| Rotation::Revoke(kid.to_owned());
        let alone = rotated(&first(), &revoke("a"), "b", at(1, 0));
        assert_eq!(names(&alone), ("b", None, vec!["b"]));

        let published = rotated(&first(), &Rotation::Now, "b", at(0, 0));
        let at_once = rotated(&published, &revoke("a"), "c", at(0, 10));
        assert_eq!(names(&at_once), ("b", None, vec!["b"]));
        let given_up = rotated(&published, &revoke("b"), "c", at(0, 10));
        assert!(given_up == first(), "it goes on as if nothing had been");
        let old = rotated(&published, &revoke("a"), "c", at(0, 300));
        assert_eq!(names(&old), ("b", None, vec!["b"]));

        let unknown = published.rotated(&revoke("c"), pair("c", at(0, 0)), MONTH, at(0, 0));
        assert!(unknown.is_err_and(|refused| refused == NoSuchKey));
    }
}
