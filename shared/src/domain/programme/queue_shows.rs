//! What a queue of its own sells.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::MAX_SHOWS;
use crate::domain::{
    ids::{ConcertId, ShowId, ShowKey},
    show::{SaleState, SalesWindow, Show},
};

/// The shows that a queue of its own sells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueShows {
    /// How many times it was written.
    pub version: u64,
    /// The shows of each concert.
    pub shows: BTreeMap<ConcertId, BTreeMap<ShowKey, SeatsOnSale>>,
}

/// How many seats a show has, and when they are sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsOnSale {
    /// The number of seats.
    pub capacity: u32,
    /// When they are sold.
    #[serde(flatten)]
    pub sale: SalesWindow,
}

impl SeatsOnSale {
    pub(super) fn of(show: &Show) -> Self {
        Self {
            capacity: show.capacity,
            sale: show.sale,
        }
    }
}

impl QueueShows {
    /// The offer of the queue after a concert has set its shows to `shows`; `None` above
    /// [`MAX_SHOWS`] in total.
    pub fn with(
        &self,
        concert_id: ConcertId,
        shows: BTreeMap<ShowKey, SeatsOnSale>,
    ) -> Option<Self> {
        let mut next = self.clone();
        if shows.is_empty() {
            next.shows.remove(&concert_id);
        } else {
            next.shows.insert(concert_id, shows);
        }
        if next != *self {
            next.version += 1;
        }
        let count: usize = next.shows.values().map(BTreeMap::len).sum();
        (count <= MAX_SHOWS).then_some(next)
    }

    /// The shows whose seats are sold now, with the number of seats of each.
    pub fn on_sale(
        &self,
        now: Timestamp,
        zone: &TimeZone,
    ) -> impl Iterator<Item = (ShowId, u32)> + '_ {
        let zone = zone.clone();
        self.all()
            .filter(move |(show, seats)| seats.sale.is_open(show.key, now, &zone))
            .map(|(show, seats)| (show, seats.capacity))
    }

    /// The shows whose sale has not opened, with its time and the number of seats, the earliest
    /// first.
    pub fn to_come(&self, now: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, ShowId, u32)> {
        let opens_at = |(show, seats): (ShowId, &SeatsOnSale)| {
            let SaleState::Upcoming { opens_at } = seats.sale.state(show.key, now, zone) else {
                return None;
            };
            let is_ever_open = opens_at < seats.sale.ends_at(show.key, zone);
            is_ever_open.then_some((opens_at, show, seats.capacity))
        };
        let mut shows: Vec<_> = self.all().filter_map(opens_at).collect();
        shows.sort_unstable_by_key(|(opens_at, ..)| *opens_at);
        shows
    }

    /// When a sale opens or ends next.
    pub fn changes_at(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let times = self.all().flat_map(|(show, seats)| {
            [
                seats.sale.opens_at,
                Some(seats.sale.ends_at(show.key, zone)),
            ]
        });
        times.flatten().filter(|at| *at > now).min()
    }

    /// Whether the queue has ever had a show.
    pub fn has_ever_sold(&self) -> bool {
        self.version > 0
    }

    fn all(&self) -> impl Iterator<Item = (ShowId, &SeatsOnSale)> {
        self.shows.iter().flat_map(|(&concert_id, shows)| {
            let named = move |(&key, seats)| (ShowId { concert_id, key }, seats);
            shows.iter().map(named)
        })
    }
}
