//! Wrong passwords: how many an account accepts, and from where.
//!
//! They are counted per account and per address that they come from. So ten wrong passwords lock
//! the account only for callers at the same address. A second limit counts all addresses together.
//! It stops an attacker that has very many addresses. It does not apply to a known address: one
//! from which the right password of the account was given or set before.

use std::{collections::BTreeMap, net::IpAddr};

use aws_lc_rs::digest;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// Where a password was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Without a token, from an address.
    Address(IpAddr),
    /// Without a token, from an address that is not known. All such addresses count as one.
    Unknown,
    /// With a token of the account, from anywhere.
    Token,
}

impl Source {
    /// The name of this source in a user's item.
    ///
    /// For an address it is four bytes of a hash of the address and the user's id. So the same
    /// address has a different name at each account. Fewer bytes would reveal less about the
    /// address. But then an attacker with millions of IPv6 networks would find one that has the
    /// same name as the owner's address, and its wrong passwords would count for the owner. Of an
    /// IPv6 address only the first 64 bits are used, because a client usually has all addresses of
    /// its /64.
    pub fn name(self, user_id: UserId) -> String {
        let address = match self {
            Self::Unknown => return "unknown".to_owned(),
            Self::Token => return "token".to_owned(),
            Self::Address(address) => address.to_canonical(),
        };
        let network = match address {
            IpAddr::V4(address) => format!("{user_id} {address}"),
            IpAddr::V6(address) => format!("{user_id} {:016x}", address.to_bits() >> 64),
        };
        let hash = digest::digest(&digest::SHA256, network.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..4])
    }

    /// Whether this source becomes known when the right password is given or set from it.
    pub fn is_remembered(self) -> bool {
        matches!(self, Self::Address(_))
    }
}

/// Wrong passwords recently given for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// How many, including those that are being checked right now.
    pub count: u32,
    /// When the first of them was given.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
    /// How many of them came from each source, by its name.
    #[serde(default)]
    pub sources: BTreeMap<String, u32>,
}

impl Attempts {
    /// The number of wrong passwords that one source may give for an account, until they are
    /// forgotten.
    pub const MAX: u32 = 10;

    /// The number that all sources together may give, not counting known addresses.
    pub const MAX_OF_ALL: u32 = 100;

    /// Wrong passwords are forgotten this long after the first of them.
    const REMEMBERED_FOR: SignedDuration = SignedDuration::from_mins(15);

    /// The first wrong password, from the source of this name.
    pub fn first(source: &str, now: Timestamp) -> Self {
        Self {
            count: 1,
            since: now,
            sources: [(source.to_owned(), 1)].into(),
        }
    }

    /// Wrong passwords whose first came at this time or earlier are forgotten by now.
    pub fn forgotten_since(now: Timestamp) -> Timestamp {
        now.saturating_sub(Self::REMEMBERED_FOR)
            .unwrap_or(Timestamp::MIN)
    }

    /// Whether this source, known or not, may give no more passwords now.
    pub fn are_used_up(&self, source: &str, is_known: bool, now: Timestamp) -> bool {
        let from_there = self.sources.get(source).copied().unwrap_or(0);
        let are_too_many = from_there >= Self::MAX || (self.count >= Self::MAX_OF_ALL && !is_known);
        are_too_many && self.since > Self::forgotten_since(now)
    }

    /// Seconds until the wrong passwords are forgotten; at least 1.
    pub fn forgotten_in(&self, now: Timestamp) -> u64 {
        let left = self.since.duration_since(Self::forgotten_since(now));
        let seconds = left.as_millis().max(1).unsigned_abs().div_ceil(1_000);
        u64::try_from(seconds).unwrap_or(u64::MAX)
    }
}

/// The sources from which the account's current password was given or set. For each name: when that
/// was last (seconds).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KnownSources(BTreeMap<String, i64>);

impl KnownSources {
    /// The most that are kept: the latest ones.
    const MAX: usize = 8;

    /// A source stays known for this long after it was last used.
    const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

    /// The known sources after a password was set from `source`: that one alone, or none if it is
    /// not remembered. Anyone who had the old password must not stay among them.
    pub fn only(source: Source, user_id: UserId, now: Timestamp) -> Self {
        if source.is_remembered() {
            Self::default().with(&source.name(user_id), now)
        } else {
            Self::default()
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A source last used at this time or earlier is not known now (seconds).
    pub fn unknown_since(now: Timestamp) -> i64 {
        let since = now.saturating_sub(Self::KNOWN_FOR);
        since.unwrap_or(Timestamp::MIN).as_second()
    }

    /// Whether the source of this name is known now.
    pub fn has(&self, source: &str, now: Timestamp) -> bool {
        let last = self.0.get(source);
        last.is_some_and(|last| *last > Self::unknown_since(now))
    }

    /// The known sources after the right password was given from the source of this name.
    #[must_use]
    pub fn with(&self, source: &str, now: Timestamp) -> Self {
        let unknown_since = Self::unknown_since(now);
        let others = self.0.iter().filter(|(name, _)| *name != source);
        let mut latest: Vec<_> = others.filter(|(_, last)| **last > unknown_since).collect();
        latest.sort_by_key(|(_, last)| std::cmp::Reverse(**last));
        latest.truncate(Self::MAX - 1);
        let latest = latest.into_iter().map(|(name, last)| (name.clone(), *last));
        let now = (source.to_owned(), now.as_second());
        Self(latest.chain([now]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Source {
        Source::Address(text.parse().expect("an address"))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).expect("a time")
    }

    fn wrong(count: u32, sources: &[(&str, u32)]) -> Attempts {
        let sources = sources
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        Attempts {
            count,
            since: at(0),
            sources: sources.collect(),
        }
    }

    #[test]
    fn source_is_an_address_or_the_network_of_one() {
        let user: UserId = "3f0c2f7e-5a3e-4a1c-9f57-0f6e7d5a1b11"
            .parse()
            .expect("an id");
        let name = |text| address(text).name(user);
        assert_eq!(name("203.0.113.7").len(), 6);
        assert_ne!(name("203.0.113.7"), name("203.0.113.8"));
        assert_eq!(name("203.0.113.7"), name("::ffff:203.0.113.7"));
        assert_eq!(
            name("2001:db8:1:2::1"),
            name("2001:db8:1:2:ffff:ffff:ffff:ffff")
        );
        assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
        let other = UserId::new();
        assert_ne!(name("203.0.113.7"), address("203.0.113.7").name(other));
        assert_ne!(Source::Token.name(user), Source::Unknown.name(user));
    }

    #[test]
    fn attempts_are_used_up_by_a_source_or_by_all_of_them() {
        let are_used_up =
            |attempts: &Attempts, source, is_known| attempts.are_used_up(source, is_known, at(899));
        let by_one = wrong(10, &[("one", 10)]);
        assert!(are_used_up(&by_one, "one", false) && are_used_up(&by_one, "one", true));
        assert!(!are_used_up(&by_one, "other", false));
        assert!(!are_used_up(&wrong(9, &[("one", 9)]), "one", false));
        let by_all = wrong(100, &[("one", 10), ("two", 10)]);
        assert!(are_used_up(&by_all, "other", false) && !are_used_up(&by_all, "other", true));
        assert!(are_used_up(&by_all, "one", true));
        assert!(!are_used_up(&wrong(99, &[]), "other", false));
        let almost = at(900) - SignedDuration::from_millis(1);
        assert!(by_all.are_used_up("one", false, almost));
        assert_eq!(by_all.forgotten_in(almost), 1);
        assert!(!by_all.are_used_up("one", false, at(900)), "forgotten");
        assert_eq!(
            (by_all.forgotten_in(at(0)), by_all.forgotten_in(at(899))),
            (900, 1)
        );
    }

    #[test]
    fn latest_eight_sources_are_known_for_ninety_days() {
        let mut known = KnownSources::default();
        for number in 0..10_i64 {
            known = known.with(&number.to_string(), at(number));
        }
        assert_eq!(known.0.len(), 8);
        assert!(!known.has("1", at(10)) && known.has("2", at(10)));
        let later = at(90 * 86_400 + 5);
        assert!(!known.has("5", later) && known.has("6", later));
        let again = known.with("3", later);
        assert_eq!(again.0.len(), 5, "four of them and this one: {again:?}");
        assert!(again.has("3", later) && !again.has("5", at(0)));
    }

    #[test]
    fn new_password_leaves_only_its_own_source_known_or_none() {
        let user = UserId::new();
        let home = address("203.0.113.7");
        let known = KnownSources::only(home, user, at(0));
        assert_eq!(known.0.len(), 1);
        assert!(known.has(&home.name(user), at(0)));
        for source in [Source::Unknown, Source::Token] {
            assert!(KnownSources::only(source, user, at(0)).is_empty());
        }
    }
}
