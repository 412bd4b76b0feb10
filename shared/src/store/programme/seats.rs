//! The seats of a show that a change of a concert takes away, or gives another meaning.
//!
//! Such a change is refused while a hold of these seats may appear, or there is one, or they are sold.
//! That is judged by the concert as it was read before the change. The write requires that version, so
//! the sale cannot have opened in between. No hold has a condition for this, which would cost every
//! buyer 2 WRU.

use std::{
    collections::{HashMap, hash_map::Entry},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::TryStreamExt as _;
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

use super::ChangeRefused;
use crate::{
    domain::{
        ids::{PlanId, ShowId, ShowKey},
        plan::Plan,
        programme::{ChangedSeats, Programme, SeatsChange},
        seat::{SeatNumber, before_payments_under_way},
        show::Show,
    },
    store::{Reading, Store, StoreError, at_once::in_time, contention::TryError, query},
};

/// The time limit of the search for taken seats. With it, a change is written before a sale opens that
/// was not about to open (`HOLDS_SETTLED_AFTER`).
const SEARCH_TIMEOUT: Duration = Duration::from_secs(8);

/// At most this many taken seats are named.
const MOST_NAMED: usize = 100;

/// The seats that differ between plans, which are often the same ones in all shows.
type Differences = HashMap<(PlanId, PlanId), Arc<ChangedSeats>>;

/// The number of a seat, without the rest of its item.
#[derive(Deserialize)]
struct SeatOfBlock {
    seat: SeatNumber,
}

impl Store {
    /// Requires that no seat that goes or changes from `seen` to `next` is taken, or may be held by a
    /// request under way. Free if there is no such seat, but for plans: 1 RRU per 4 KB of each plan of
    /// a show before and after the change. Else 1 RRU per 4 KB of each block that has such seats. The
    /// error is that of a busy database if it does not answer in time.
    pub(super) async fn require_changeable_seats(
        &self,
        seen: &Programme,
        next: &Programme,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<(), TryError<ChangeRefused>> {
        let mut differences = Differences::new();
        let mut changing = Vec::new();
        for before in seen.shows.values() {
            let Some(after) = next.shows.get(&before.key) else {
                continue;
            };
            let seats = self.changed_seats(before, after, &mut differences).await?;
            if seats.is_empty() {
                continue;
            }
            before.require_settled(now, zone).map_err(|not| {
                TryError::Refused(ChangeRefused::SaleOpen {
                    show: before.key,
                    retry_after: not.retry_after,
                })
            })?;
            changing.push((before.id(), seats));
        }
        let taken = self.first_taken(changing, now);
        match in_time(SEARCH_TIMEOUT, taken).await? {
            Some((show, seats)) => {
                Err(TryError::Refused(ChangeRefused::SeatsTaken { show, seats }))
            }
            None => Ok(()),
        }
    }

    async fn changed_seats(
        &self,
        before: &Show,
        after: &Show,
        differences: &mut Differences,
    ) -> Result<Arc<ChangedSeats>, StoreError> {
        let plans = match SeatsChange::of(before, after) {
            SeatsChange::These(seats) => return Ok(Arc::new(seats)),
            SeatsChange::Plans { before, after } => (before, after),
        };
        match differences.entry(plans) {
            Entry::Occupied(known) => Ok(Arc::clone(known.get())),
            Entry::Vacant(unknown) => {
                let seats = match (
                    self.read_plan(plans.0).await?,
                    self.read_plan(plans.1).await?,
                ) {
                    (Some(before), Some(after)) => ChangedSeats::between(&before, &after),
                    // Plans are never deleted. If one is lost, nobody knows what its seats were.
                    _ => ChangedSeats::above(0, before.capacity),
                };
                Ok(Arc::clone(unknown.insert(Arc::new(seats))))
            }
        }
    }

    async fn read_plan(&self, id: PlanId) -> Result<Option<Plan>, StoreError> {
        let stored = self.plan(id, Reading::Consistent).await?;
        stored.map(|stored| stored.plan()).transpose()
    }

    /// The first show with a taken seat among these, and up to a hundred of its taken seats. Read
    /// consistently.
    async fn first_taken(
        &self,
        changing: Vec<(ShowId, Arc<ChangedSeats>)>,
        now: Timestamp,
    ) -> Result<Option<(ShowKey, Vec<SeatNumber>)>, StoreError> {
        let blocks = changing.into_iter().flat_map(|(show, seats)| {
            let blocks = seats.blocks().into_iter();
            blocks.map(move |block| (show, block, Arc::clone(&seats)))
        });
        let read = self.at_once(blocks, move |store, (show, block, seats)| async move {
            let taken = store.taken_of(show, block, &seats, now).await?;
            Ok((show.key, taken))
        });
        let mut read = pin!(read);
        let mut first: Option<(ShowKey, Vec<SeatNumber>)> = None;
        while let Some((show, taken)) = read.try_next().await? {
            match &mut first {
                None if taken.is_empty() => {}
                None => first = Some((show, taken)),
                Some((of, seats)) if *of == show && seats.len() < MOST_NAMED => seats.extend(taken),
                Some(_) => break,
            }
        }
        if let Some((_, seats)) = &mut first {
            seats.truncate(MOST_NAMED);
        }
        Ok(first)
    }

    async fn taken_of(
        &self,
        show: ShowId,
        block: u32,
        seats: &ChangedSeats,
        now: Timestamp,
    ) -> Result<Vec<SeatNumber>, StoreError> {
        let taken = self
            .taken_seats_of_block(
                show,
                block,
                Reading::Consistent,
                before_payments_under_way(now),
            )?
            .projection_expression("seat");
        let taken: Vec<SeatOfBlock> = query::all(taken).await?;
        let numbers = taken.into_iter().map(|taken| taken.seat);
        Ok(numbers.filter(|seat| seats.has(*seat)).collect())
    }
}
