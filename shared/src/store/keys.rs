//! Keys and attribute names: a contract with stored data. Nothing outside this file spells a
//! key, and the tests below assert every one of them literally.
//!
//! Attribute names are those of the stored types' fields; the expressions name them literally.

use crate::domain::{
    ids::{ConcertId, QueueId, ReservationId, ShowDate, ShowId, UserId},
    user::Name,
};

/// `Users`: what the items of e-mail addresses begin with.
pub const EMAILS: &str = "email#";
/// `Accounts`: the balance.
pub const ACCOUNT: &str = "account";
/// `Accounts`: what the entries of charges begin with.
pub const CHARGES: &str = "charge#";
/// `Accounts`: what the entries of orders begin with.
pub const ORDERS: &str = "order#";
/// `Accounts`: what the entries of corrections begin with.
pub const CORRECTIONS: &str = "correction#";
/// `Catalog`: a concert's own entry.
pub const CONCERT: &str = "concert";
/// `Catalog`: what the entries of shows begin with.
pub const SHOWS: &str = "show#";
/// `Catalog`: what the groups of creations begin with. A concert's own id is a UUID.
pub const CREATIONS: &str = "created#";
/// `Catalog`: the group of the listing.
pub const LISTING: &str = "listing";
/// `Catalog`: the group, and the only entry, of the version.
pub const VERSION: &str = "version";
/// `Queues`: the row with the names of the queues that have one.
pub const REGISTRY: &str = "registry";
/// `Sessions`: whose the items of the audit are. A user's own id is a UUID.
pub const AUDIT: &str = "audit";
/// `Sessions`: where the audit's round stands.
pub const ROUND: &str = "round";
/// The most bytes that a sort key may have (a limit of DynamoDB).
const MAX_KEY_BYTES: usize = 1_024;
/// The bytes of an id.
const ID_BYTES: usize = 36;

/// `Keys`: the private key.
pub const SIGNING: &str = "signing";
/// `Keys`: the public keys.
pub const PUBLIC: &str = "public";

/// `Users`: whose an e-mail address is. A user's own id is a UUID, so that the two cannot meet.
pub fn email(folded: &str) -> String {
    format!("{EMAILS}{folded}")
}

/// `Accounts`: a charge, by the name that it got or by the client's key. The two cannot meet.
pub fn charge(id: &EntryName) -> String {
    named(CHARGES, id)
}

/// `Accounts`: a correction, named as a charge is.
pub fn correction(id: &EntryName) -> String {
    named(CORRECTIONS, id)
}

fn named(kind: &str, id: &EntryName) -> String {
    match id {
        EntryName::New(id) => format!("{kind}{id}"),
        EntryName::Keyed(key) => format!("{kind}key#{key}"),
    }
}

/// How a charge or a correction is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryName {
    /// By us.
    New(uuid::Uuid),
    /// By the client's `Idempotency-Key`.
    Keyed(String),
}

impl EntryName {
    /// The name by the client's key, or without one a new name.
    pub fn of(key: Option<&str>) -> Self {
        match key {
            Some(key) => Self::Keyed(key.to_owned()),
            None => Self::New(uuid::Uuid::now_v7()),
        }
    }
}

/// `Accounts`: an order.
pub fn order(id: ReservationId) -> String {
    format!("{ORDERS}{id}")
}

/// `Catalog`: the group of the creations that an administrator has named with keys.
pub fn creations(admin: UserId) -> String {
    format!("{CREATIONS}{admin}")
}

/// `Catalog`: a show.
pub fn show(date: ShowDate) -> String {
    format!("{SHOWS}{date}")
}

/// `Catalog`: an entry of the listing, in the order of folded names.
pub fn listed(name: &Name, concert_id: ConcertId) -> String {
    format!("{}#{concert_id}", listed_as(&name.folded()))
}

/// The part of a folded name that entries of the listing begin with: as much as there is room for.
/// A letter may be folded into many.
pub fn listed_as(folded: &str) -> &str {
    &folded[..folded.floor_char_boundary(MAX_KEY_BYTES - 1 - ID_BYTES)]
}

/// Whether a text may be an entry of the listing.
pub fn is_listed(entry: &str) -> bool {
    let parts = entry.rsplit_once('#');
    entry.len() <= MAX_KEY_BYTES && parts.is_some_and(|(_, id)| id.parse::<ConcertId>().is_ok())
}

/// `Queues`: the numbers issued.
pub fn issued(queue: &QueueId) -> String {
    format!("{queue}#number")
}

/// `Queues`: the early entries on a stripe.
pub fn early(queue: &QueueId, stripe: u8) -> String {
    format!("{queue}#early#{stripe}")
}

/// `Queues`: the shows that a queue of its own sells.
pub fn queue_shows(queue: &QueueId) -> String {
    format!("{queue}#shows")
}

/// `Queues`: how many seats of a concert are taken.
pub fn hall_counts(concert_id: ConcertId) -> String {
    format!("{concert_id}#taken")
}

/// `Queues`: the counts of a cohort, by its start in milliseconds.
pub fn cohort(queue: &QueueId, start: i64) -> String {
    format!("{queue}#cohort#{start}")
}

/// `Seats`: a block of a show.
pub fn block(show: ShowId, block: u32) -> String {
    format!("{}#{}#{block}", show.concert_id, show.date)
}

/// `Seats`: what all blocks of a concert begin with.
pub fn blocks_of(concert_id: ConcertId) -> String {
    format!("{concert_id}#")
}

/// The show and the number of a block, by its key; `None` when it is none.
pub fn show_of_block(block: &str) -> Option<(ShowId, u32)> {
    let mut parts = block.split('#');
    let show = ShowId {
        concert_id: parts.next()?.parse().ok()?,
        date: parts.next()?.parse().ok()?,
    };
    let number = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((show, number))
}

/// `Sessions`: a part of what the audit has written down of what it remembers. A queue's id has no
/// `#`.
pub fn memory(id: uuid::Uuid, part: usize) -> String {
    format!("memory#{id}#{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_they_always_were() {
        let concert_id = "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b"
            .parse()
            .expect("an id");
        let reservation_id = "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5c"
            .parse()
            .expect("an id");
        let uuid = uuid::Uuid::from_u128(1);
        let date = "2026-12-24".parse().expect("a date");
        let show_id = ShowId { concert_id, date };
        assert_eq!(
            [
                ACCOUNT, CONCERT, LISTING, VERSION, REGISTRY, SIGNING, PUBLIC, AUDIT, ROUND
            ],
            [
                "account", "concert", "listing", "version", "registry", "signing", "public",
                "audit", "round"
            ],
        );
        assert_eq!(email("mina@example.com"), "email#mina@example.com");
        assert_eq!(
            charge(&EntryName::New(uuid)),
            "charge#00000000-0000-0000-0000-000000000001",
        );
        assert_eq!(
            charge(&EntryName::Keyed("my-key".to_owned())),
            "charge#key#my-key"
        );
        assert_eq!(
            correction(&EntryName::New(uuid)),
            "correction#00000000-0000-0000-0000-000000000001",
        );
        assert_eq!(
            correction(&EntryName::Keyed("my-key".to_owned())),
            "correction#key#my-key"
        );
        assert_eq!(
            order(reservation_id),
            "order#0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5c"
        );
        assert_eq!(show(date), "show#2026-12-24");
        let admin = "11111111-1111-4111-8111-111111111111"
            .parse()
            .expect("an id");
        assert_eq!(
            creations(admin),
            "created#11111111-1111-4111-8111-111111111111"
        );
        let listed = |name: &str| listed(&Name::parse(name).expect("a name"), concert_id);
        assert_eq!(
            listed("Über Nacht"),
            "über nacht#0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b",
        );
        assert_eq!(
            listed("ΟΔΟΣ \u{ff33}traße"),
            "οδοσ strasse#0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b",
        );
        assert!(is_listed(&listed("a#b")));
        // One letter that is folded into eighteen.
        let long = listed(&"\u{fdfa}".repeat(100));
        assert!(is_listed(&long) && long.len() > 1_020, "{}", long.len());
        for wrong in ["", "#", "über nacht", "a#0190a6b2", &"x".repeat(1_025)] {
            assert!(!is_listed(wrong), "{wrong}");
        }
        assert_eq!(issued(&QueueId::main()), "main#number");
        let arena = "arena".parse().expect("an id");
        assert_eq!(early(&arena, 7), "arena#early#7");
        assert_eq!(queue_shows(&arena), "arena#shows");
        assert_eq!(
            cohort(&QueueId::main(), 1_790_000_000_000),
            "main#cohort#1790000000000"
        );
        assert_eq!(
            hall_counts(concert_id),
            "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b#taken",
        );
        assert_eq!(
            block(show_id, 3),
            "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b#2026-12-24#3",
        );
        assert_eq!(
            blocks_of(concert_id),
            "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b#",
        );
        assert_eq!(show_of_block(&block(show_id, 3)), Some((show_id, 3)));
        for wrong in [
            "",
            "#",
            "a#2026-12-24#3",
            &format!("{}#1", block(show_id, 3)),
        ] {
            assert_eq!(show_of_block(wrong), None, "{wrong}");
        }
        assert_eq!(
            memory(uuid, 3),
            "memory#00000000-0000-0000-0000-000000000001#3"
        );
    }
}
