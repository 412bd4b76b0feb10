//! Concerts and shows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Event, Fact, Images};
use crate::domain::{
    ids::{ConcertId, PlanId, QueueId, ShowDate, ShowKey},
    plan::Grade,
    reason::Reason,
    show::{Concert, Pricing, Show},
    texts::{InLanguages, TimeOfDay, Venue},
    user::Name,
    values::{Seconds, Won},
};

/// What events tell of a concert's item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConcertItem {
    /// The concert.
    pub concert: Concert,
    /// How many times it was written.
    pub version: u64,
    /// When it was written last, if that is known.
    pub changed_at: Option<Timestamp>,
}

/// What events tell of a show's item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowItem {
    /// The show.
    pub show: Show,
    /// The version of the concert that wrote it. 0 if an earlier version of the code did.
    pub version: u64,
}

/// A concert, as it is from now on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConcertFacts {
    /// The id of the concert.
    concert_id: ConcertId,
    /// The version of the concert. Facts with a larger version are later.
    version: u64,
    /// Its name.
    name: Name,
    /// The queue of its buyers.
    queue_id: QueueId,
    /// The largest number of seats that one user may have. Absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    most_seats_a_person: Option<u32>,
}

/// A concert was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConcertDeleted {
    /// The id of the concert. No other concert will have it.
    concert_id: ConcertId,
    /// One more than the last version of the concert.
    version: u64,
}

/// A show, as it is from now on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShowFacts {
    /// The id of the concert.
    concert_id: ConcertId,
    /// The day of the show.
    date: ShowDate,
    /// The show.
    show: ShowKey,
    /// The version of the concert that made it so. Facts of this show with a larger version are
    /// later.
    version: u64,
    /// The concert's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concert_name: Option<Name>,
    /// The queue of its buyers.
    queue_id: QueueId,
    /// The number of its seats.
    capacity: u32,
    /// The price of a seat, in won. Absent for a show with a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    price: Option<Won>,
    /// The plan of the hall. Absent for a show without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    plan_id: Option<PlanId>,
    /// The price of a seat of each grade of the plan, in won. Absent for a show without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<BTreeMap<String, Won>>)]
    prices: Option<BTreeMap<Grade, Won>>,
    /// The time when its sale opens. Absent if it was open from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    opens_at: Option<Seconds>,
    /// The time when its sale closes. Absent: when it starts, or at the end of its day if `show` has
    /// no start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    closes_at: Option<Seconds>,
    /// The largest number of seats of the concert that one user may have. Absent if there is no
    /// limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    most_seats_a_person: Option<u32>,
    /// Where it plays, if that is not the concert's venue.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    venue: Option<InLanguages<Venue>>,
    /// The time when the doors open, in the time zone of the deployment. Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    doors_at: Option<TimeOfDay>,
    /// The time when it starts, in the time zone of the deployment, if `show` has no start. Absent if
    /// it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    starts_at: Option<TimeOfDay>,
}

/// A show does not take place.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShowCalledOff {
    /// The id of the concert.
    concert_id: ConcertId,
    /// The day of the show.
    date: ShowDate,
    /// The show.
    show: ShowKey,
    /// The version of the concert that made it so. Facts of this show with a larger version are
    /// later.
    version: u64,
    /// The reason, for everybody to read. Absent if none was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Reason>,
}

/// A show was deleted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShowDeleted {
    /// The id of the concert.
    concert_id: ConcertId,
    /// The day of the show.
    date: ShowDate,
    /// The show.
    show: ShowKey,
    /// One more than the last version of the show. A show that is created again under this name has
    /// a larger one.
    version: u64,
}

/// The events of a write to a concert's item.
pub(super) fn of_concert(images: &Images<ConcertItem>, written_at: Timestamp) -> Vec<Event> {
    let facts = |item: &ConcertItem| {
        Box::new(ConcertFacts {
            concert_id: item.concert.concert_id,
            version: item.version,
            name: item.concert.name.clone(),
            queue_id: item.concert.queue_id.clone(),
            most_seats_a_person: item.concert.most_seats_a_person,
        })
    };
    let (item, version, what, at, fact) = match (&images.old, &images.new) {
        (None, Some(new)) => (
            new,
            new.version,
            "created",
            new.changed_at,
            Fact::ConcertCreated(facts(new)),
        ),
        // Also a change of its texts or its shows counts the version up.
        (Some(old), Some(new)) if old != new => (
            new,
            new.version,
            "changed",
            new.changed_at,
            Fact::ConcertChanged(facts(new)),
        ),
        (Some(old), None) => {
            let version = old.version + 1;
            let concert_id = old.concert.concert_id;
            let deleted = Box::new(ConcertDeleted {
                concert_id,
                version,
            });
            (old, version, "deleted", None, Fact::ConcertDeleted(deleted))
        }
        _ => return Vec::new(),
    };
    let id = format!("concert/{}/{version}/{what}", item.concert.concert_id);
    vec![Event::new(id, at.unwrap_or(written_at), fact)]
}

/// The events of a write to a show's item.
pub(super) fn of_show(images: &Images<ShowItem>, written_at: Timestamp) -> Vec<Event> {
    let (show, version, what, at, fact) = match (&images.old, &images.new) {
        (None, Some(new)) => {
            let fact = Fact::ShowCreated(ShowFacts::of(new).into());
            (&new.show, new.version, "created", written_at, fact)
        }
        (Some(old), Some(new)) => match &new.show.called_off {
            Some(called_off) if old.show.called_off.is_none() => {
                let fact = ShowCalledOff {
                    concert_id: new.show.concert_id,
                    date: new.show.date(),
                    show: new.show.key,
                    version: new.version,
                    reason: called_off.reason.clone(),
                };
                let fact = Fact::ShowCalledOff(fact.into());
                (&new.show, new.version, "called_off", called_off.at, fact)
            }
            _ if old.show != new.show => {
                let fact = Fact::ShowChanged(ShowFacts::of(new).into());
                (&new.show, new.version, "changed", written_at, fact)
            }
            _ => return Vec::new(),
        },
        (Some(old), None) => {
            let version = old.version + 1;
            let fact = ShowDeleted {
                concert_id: old.show.concert_id,
                date: old.show.date(),
                show: old.show.key,
                version,
            };
            (
                &old.show,
                version,
                "deleted",
                written_at,
                Fact::ShowDeleted(fact.into()),
            )
        }
        (None, None) => return Vec::new(),
    };
    let id = format!("show/{}/{}/{version}/{what}", show.concert_id, show.key);
    vec![Event::new(id, at, fact)]
}

impl ShowFacts {
    fn of(ShowItem { show, version }: &ShowItem) -> Self {
        let price = match &show.pricing {
            Pricing::Same { price } => Some(Won(*price)),
            Pricing::ByGrade { .. } => None,
        };
        let prices = show.pricing.grades().map(|prices| {
            let prices = prices.iter();
            prices
                .map(|(grade, price)| (grade.clone(), Won(*price)))
                .collect()
        });
        Self {
            concert_id: show.concert_id,
            date: show.date(),
            show: show.key,
            version: *version,
            concert_name: show.concert_name.clone(),
            queue_id: show.queue_id.clone(),
            capacity: show.capacity,
            price,
            plan_id: show.pricing.plan_id(),
            prices,
            opens_at: show.sale.opens_at.map(Seconds),
            closes_at: show.sale.closes_at.map(Seconds),
            most_seats_a_person: show.most_seats_a_person,
            venue: show.details.venue.clone(),
            doors_at: show.details.doors_at,
            starts_at: show.details.starts_at,
        }
    }
}
