//! Keys and attribute names. Stored data depends on them. Every key is written in this file only,
//! and the tests below assert each of them literally.
//!
//! Attributes have the names of the stored types' fields. Expressions write them literally.

use jiff::{SignedDuration, tz::TimeZone};

use crate::domain::{
    ids::{ChangeId, ConcertId, PlanId, QueueId, ReservationId, ShowDate, ShowId, ShowKey, UserId},
    queue::Counter,
    user::Name,
};

/// `Users`: the prefix of the items of e-mail addresses.
pub const EMAILS: &str = "email#";
/// `Accounts`: the balance.
pub const ACCOUNT: &str = "account";
/// `Accounts`: the prefix of charges.
pub const CHARGES: &str = "charge#";
/// `Accounts`: the prefix of orders.
pub const ORDERS: &str = "order#";
/// `Accounts`: after every order. An id begins with a hexadecimal digit.
pub const LAST_ORDER: &str = "order#g";
/// `Accounts`: the prefix of corrections.
pub const CORRECTIONS: &str = "correction#";
/// `Catalog`: a concert's own entry.
pub const CONCERT: &str = "concert";
/// `Catalog`: the prefix of shows.
pub const SHOWS: &str = "show#";
/// `Catalog`: the prefix of the groups of creations. A concert's own id is a UUID.
pub const CREATIONS: &str = "created#";
/// `Catalog`: the group of the listing.
pub const LISTING: &str = "listing";
/// `Catalog`: the group of the version, and its only entry.
pub const VERSION: &str = "version";
/// `Catalog`: the only entry of the group of a concert's texts.
pub const TEXTS: &str = "texts";
/// `Catalog`: the group of the list of plans.
pub const PLANS: &str = "plans";
/// `Catalog`: the only entry of a plan's group.
pub const PLAN: &str = "plan";
/// `Queues`: the item that lists the queues that have an item.
pub const REGISTRY: &str = "registry";
/// `Sessions`: the user id under which the audit's items are. A user's own id is a UUID.
pub const AUDIT: &str = "audit";
/// `Sessions`: the position of the audit's round.
pub const ROUND: &str = "round";
/// The most bytes that a sort key may have (DynamoDB's limit).
const MAX_KEY_BYTES: usize = 1_024;
/// The bytes of an id.
const ID_BYTES: usize = 36;

/// `Keys`: the private key.
pub const SIGNING: &str = "signing";
/// `Keys`: the public keys.
pub const PUBLIC: &str = "public";
/// `Keys`: the key that turns users into buyers of events.
pub const BUYERS: &str = "buyers";

/// `Users`: the owner of an e-mail address. A user's own id is a UUID, so the two cannot be equal.
pub fn email(folded: &str) -> String {
    format!("{EMAILS}{folded}")
}

/// `Accounts`: a charge, by its own name or by the client's key. The two cannot be equal.
pub fn charge(id: &EntryName) -> String {
    named(CHARGES, id)
}

/// `Accounts`: a correction, named like a charge.
pub fn correction(id: &EntryName) -> String {
    named(CORRECTIONS, id)
}

fn named(kind: &str, id: &EntryName) -> String {
    match id {
        EntryName::New(id) => format!("{kind}{id}"),
        EntryName::Keyed(key) => format!("{kind}key#{key}"),
    }
}

/// The name of a charge or a correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryName {
    /// A new name of our own.
    New(uuid::Uuid),
    /// By the client's `Idempotency-Key`.
    Keyed(String),
}

impl EntryName {
    /// The name with this client's key, or a new name without one.
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

/// `Catalog`: the group of a plan. A concert's own id is a UUID.
pub fn plan(id: PlanId) -> String {
    format!("{PLAN}#{id}")
}

/// The plan of a group; `None` if the group is not a plan's.
pub fn plan_of(group: &str) -> Option<PlanId> {
    group.strip_prefix(PLAN)?.strip_prefix('#')?.parse().ok()
}

/// `Catalog`: an entry of the list of plans, in the order of folded names.
pub fn listed_plan(name: &Name, id: PlanId) -> String {
    format!("{}#{id}", listed_as(&name.folded()))
}

/// Whether a text may be an entry of the list of plans.
pub fn is_listed_plan(entry: &str) -> bool {
    let parts = entry.rsplit_once('#');
    entry.len() <= MAX_KEY_BYTES && parts.is_some_and(|(_, id)| id.parse::<PlanId>().is_ok())
}

/// `Accounts`: at or before every order of a concert. The id of a reservation begins with the time of
/// the hold (UUID version 7), which is after the concert was created. A minute is for clocks that
/// differ.
pub fn first_order_of(concert_id: ConcertId) -> String {
    let created = concert_id.created_at();
    let before = created.and_then(|created| created.checked_sub(SignedDuration::from_mins(1)).ok());
    match before {
        Some(before) => order(ReservationId::first_at(before)),
        None => ORDERS.to_owned(),
    }
}

/// `Catalog`: the group of the creations with keys of an administrator.
pub fn creations(admin: UserId) -> String {
    format!("{CREATIONS}{admin}")
}

/// `Catalog`: the group of a concert's texts. Whoever reads the concert does not read them.
pub fn texts(concert_id: ConcertId) -> String {
    format!("texts#{concert_id}")
}

/// Whether a group of `Catalog` is that of a concert's texts.
pub fn is_of_texts(group: &str) -> bool {
    let concert = group
        .strip_prefix(TEXTS)
        .and_then(|id| id.strip_prefix('#'));
    concert.is_some_and(|id| id.parse::<ConcertId>().is_ok())
}

/// `Catalog`: a show.
pub fn show(key: ShowKey) -> String {
    format!("{SHOWS}{key}")
}

/// `Catalog`: the prefix of the shows of a day that have a start.
pub fn shows_with_a_start(date: ShowDate) -> String {
    format!("{SHOWS}{date}T")
}

/// `Catalog`: an entry of the listing, in the order of folded names.
pub fn listed(name: &Name, concert_id: ConcertId) -> String {
    format!("{}#{concert_id}", listed_as(&name.folded()))
}

/// The part of a folded name that its entry in the listing begins with: as much as fits. Folding
/// may turn one letter into many.
pub fn listed_as(folded: &str) -> &str {
    &folded[..folded.floor_char_boundary(MAX_KEY_BYTES - 1 - ID_BYTES)]
}

/// Whether a text may be an entry of the listing.
pub fn is_listed(entry: &str) -> bool {
    let parts = entry.rsplit_once('#');
    entry.len() <= MAX_KEY_BYTES && parts.is_some_and(|(_, id)| id.parse::<ConcertId>().is_ok())
}

/// `Queues`: how many numbers have been issued.
pub fn issued(queue: &QueueId) -> String {
    format!("{queue}#number")
}

/// `Queues`: one of the pools of numbers that a rushed queue draws from.
pub fn pool(queue: &QueueId, pool: u8) -> String {
    format!("{queue}#pool#{pool}")
}

/// `Queues`: the unused numbers of a queue that its line does not list yet.
pub fn unused(queue: &QueueId) -> String {
    format!("{queue}#unused")
}

/// `Queues`: how many early entries a stripe has.
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

/// `Queues`: counts of a cohort, by its start in milliseconds. The first of its items is named by
/// that alone.
pub fn cohort(queue: &QueueId, Counter { cohort, stripe }: Counter) -> String {
    match stripe {
        0 => format!("{queue}#cohort#{cohort}"),
        stripe => format!("{queue}#cohort#{cohort}#{stripe}"),
    }
}

/// `Seats`: a block of a show.
pub fn block(show: ShowId, block: u32) -> String {
    format!("{}#{}#{block}", show.concert_id, show.key)
}

/// `Seats`: the prefix of all blocks of a concert.
pub fn blocks_of(concert_id: ConcertId) -> String {
    format!("{concert_id}#")
}

/// The show and the number of a block with this key; `None` if the key is not a block's.
pub fn show_of_block(block: &str) -> Option<(ShowId, u32)> {
    let mut parts = block.split('#');
    let show = ShowId {
        concert_id: parts.next()?.parse().ok()?,
        key: parts.next()?.parse().ok()?,
    };
    let number = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((show, number))
}

/// `Changes`: the records of a year, or a part of its charges.
pub fn part(year: i16, of_charges: Option<u8>) -> String {
    match of_charges {
        Some(part) => format!("{year}#charges#{part}"),
        None => year.to_string(),
    }
}

/// `Changes`: the year of a record, in UTC.
pub fn year(id: ChangeId) -> i16 {
    let time = id.time().unwrap_or_default();
    TimeZone::UTC.to_datetime(time).year()
}

/// `Sessions`: a part of the audit's stored memory. A queue's id has no `#`.
pub fn memory(id: uuid::Uuid, part: usize) -> String {
    format!("memory#{id}#{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id of version 4, which has no time.
    fn admin_as_concert() -> ConcertId {
        "11111111-1111-4111-8111-111111111111"
            .parse()
            .expect("an id")
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    fn keys_are_what_they_always_were() {
        let concert_id = "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b"
            .parse()
            .expect("an id");
        let reservation_id = "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5c"
            .parse()
            .expect("an id");
        let uuid = uuid::Uuid::from_u128(1);
        let key = |text: &str| text.parse::<ShowKey>().expect("a key");
        let show_id = ShowId {
            concert_id,
            key: key("2026-12-24"),
        };
        assert_eq!(
            [
                ACCOUNT, CONCERT, LISTING, VERSION, REGISTRY, SIGNING, PUBLIC, BUYERS, AUDIT, ROUND
            ],
            [
                "account", "concert", "listing", "version", "registry", "signing", "public",
                "buyers", "audit", "round"
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
        // The concert's id begins with 0190a6b2-4f5e: that many milliseconds since 1970.
        assert_eq!(
            first_order_of(concert_id),
            "order#0190a6b1-64fe-7000-8000-000000000000"
        );
        assert_eq!(first_order_of(admin_as_concert()), "order#");
        assert!(order(reservation_id).as_str() > &*first_order_of(concert_id));
        assert!(order(reservation_id).as_str() < LAST_ORDER);
        assert_eq!(show(key("2026-12-24")), "show#2026-12-24");
        assert_eq!(show(key("2026-12-24T14:00")), "show#2026-12-24T14:00");
        assert_eq!(
            shows_with_a_start(key("2026-12-24").date()),
            "show#2026-12-24T"
        );
        let plan_id: PlanId = "AAAAAAAAAAAAAAAAAAAAAA".parse().expect("an id");
        assert_eq!((PLANS, PLAN), ("plans", "plan"));
        assert_eq!(plan(plan_id), "plan#AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(plan_of(&plan(plan_id)), Some(plan_id));
        for wrong in [
            "",
            "plan",
            "plans",
            "plan#",
            "plan#A",
            "AAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(plan_of(wrong), None, "{wrong}");
        }
        assert!(is_of_texts(&texts(concert_id)));
        assert!(!is_of_texts("texts") && !is_of_texts("texts#") && !is_of_texts("texts#a"));
        let hall = listed_plan(&Name::parse("Hall #1").expect("a name"), plan_id);
        assert_eq!(hall, "hall #1#AAAAAAAAAAAAAAAAAAAAAA");
        assert!(is_listed_plan(&hall) && !is_listed(&hall));
        assert!(!is_listed_plan("hall #1"));
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
        // This letter is folded into eighteen.
        let long = listed(&"\u{fdfa}".repeat(100));
        assert!(is_listed(&long) && long.len() > 1_020, "{}", long.len());
        for wrong in ["", "#", "über nacht", "a#0190a6b2", &"x".repeat(1_025)] {
            assert!(!is_listed(wrong), "{wrong}");
        }
        assert_eq!(issued(&QueueId::main()), "main#number");
        let arena = "arena".parse().expect("an id");
        assert_eq!(early(&arena, 7), "arena#early#7");
        assert_eq!(pool(&arena, 63), "arena#pool#63");
        assert_eq!(unused(&arena), "arena#unused");
        assert_eq!(queue_shows(&arena), "arena#shows");
        assert_eq!(
            cohort(&QueueId::main(), Counter::first(1_790_000_000_000)),
            "main#cohort#1790000000000"
        );
        let third = Counter {
            cohort: 1_790_000_000_000,
            stripe: 2,
        };
        assert_eq!(cohort(&arena, third), "arena#cohort#1790000000000#2");
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
        let matinee = ShowId {
            key: key("2026-12-24T14:00"),
            ..show_id
        };
        assert_eq!(
            block(matinee, 0),
            "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b#2026-12-24T14:00#0",
        );
        assert_eq!(show_of_block(&block(matinee, 0)), Some((matinee, 0)));
        for wrong in [
            "",
            "#",
            "a#2026-12-24#3",
            &format!("{}#1", block(show_id, 3)),
        ] {
            assert_eq!(show_of_block(wrong), None, "{wrong}");
        }
        assert_eq!(part(2026, None), "2026");
        assert_eq!(part(2026, Some(7)), "2026#charges#7");
        // It begins with that many milliseconds since 1970 too: in July 2024.
        let change_id = "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5d".parse();
        assert_eq!(year(change_id.expect("an id")), 2024);
        for (time, in_year) in [
            ("2026-12-31T23:59:59.999Z", 2026),
            ("2027-01-01T00:00:00Z", 2027),
        ] {
            let time = time.parse().expect("a time");
            assert_eq!(year(ChangeId::made_at(time)), in_year);
            assert_eq!(year(ChangeId::first_at(time)), in_year);
        }
        assert_eq!(
            memory(uuid, 3),
            "memory#00000000-0000-0000-0000-000000000001#3"
        );
    }
}
