//! How many seats are taken, for readers of a concert's dates.
//!
//! Each instance counts a concert of a few blocks itself, and keeps the count for two seconds. The
//! counts of a larger concert are kept in an item that all instances read. When it is old, one
//! instance counts again, and the others answer with the old counts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        hall::{self, HallCounts, KeptCounts, SoldSeats, TakenSeats},
        ids::{ConcertId, ShowKey},
        show::Show,
    },
    error::ApiError,
    store::seats::Hall,
};

/// The counts for operators that the instance keeps.
#[derive(Default)]
pub(super) struct Sold(Mutex<KeptCounts>);

impl Sold {
    fn lock(&self) -> MutexGuard<'_, KeptCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// How many seats of each of these shows of a concert are taken, in all and of each grade; it may
    /// be a few seconds old.
    /// `None` while a show of a large concert is counted for the first time.
    ///
    /// Up to four blocks of 500 seats: 0.5 RRU for each block and per 4 KB of its taken seats. More
    /// blocks: 0.5 RRU. One of all callers within two seconds also pays for counting up to 600
    /// blocks in the same way, and 2 WRU per 100 shows or so. Free within two seconds of the
    /// instance's last call.
    pub async fn taken_seats(
        &self,
        shows: &[&Show],
        now: Timestamp,
    ) -> Result<Vec<Option<TakenSeats>>, ApiError> {
        let halls: Vec<_> = shows.iter().map(|s| (s.key, s.blocks())).collect();
        match shows.first() {
            Some(show) if !hall::is_small(&halls) => {
                let counts = self.kept_counts(show.concert_id, shows, now).await?;
                Ok(shows.iter().map(|show| counts.taken(show.key)).collect())
            }
            _ => self.count_small(shows, now).await,
        }
    }

    async fn count_small(
        &self,
        shows: &[&Show],
        now: Timestamp,
    ) -> Result<Vec<Option<TakenSeats>>, ApiError> {
        let mut taken: Vec<_> = shows
            .iter()
            .map(|show| self.0.taken.get(&show.id(), now))
            .collect();
        let unknown: Vec<_> = (0..shows.len()).filter(|n| taken[*n].is_none()).collect();
        let unknown_shows: Vec<_> = unknown.iter().map(|n| shows[*n]).collect();
        let halls = self.halls_of(&unknown_shows).await;
        let counted = self.store().count_taken_seats(&halls, now).await?;
        for (n, count) in unknown.into_iter().zip(counted) {
            self.0.taken.put(shows[n].id(), count.clone(), now);
            taken[n] = Some(count);
        }
        Ok(taken)
    }

    /// How many seats of each of these shows are sold and held, in all and of each grade, and when
    /// they were counted, for operators. `None` while there are so many seats that it was not a show's
    /// turn yet.
    ///
    /// A count is kept by the instance for four seconds, or for 10 ms for each block of all these
    /// shows. Otherwise 0.5 RRU for each block of 500 seats and per 4 KB of its taken seats, at most 200
    /// blocks a call, the oldest counts first. Plans are kept ([`App::kept_plan`]).
    pub async fn sold_seats(
        &self,
        shows: &[&Show],
        now: Timestamp,
    ) -> Result<Vec<Option<(Timestamp, SoldSeats)>>, ApiError> {
        let halls: Vec<_> = shows.iter().map(|s| (s.id(), s.blocks())).collect();
        let due = self.0.sold.lock().due(&halls, now);
        let due: Vec<_> = shows
            .iter()
            .copied()
            .filter(|show| due.contains(&show.id()))
            .collect();
        let halls = self.halls_of(&due).await;
        let counted = self.store().count_sold_and_held(&halls, now).await?;
        let mut kept = self.0.sold.lock();
        for (show, seats) in due.iter().zip(counted) {
            kept.put(show.id(), now, seats);
        }
        Ok(shows.iter().map(|show| kept.get(show.id())).collect())
    }

    /// What is counted of these shows. The seats of a plan that cannot be read are counted without
    /// their grades.
    async fn halls_of(&self, shows: &[&Show]) -> Vec<Hall> {
        let mut halls = Vec::with_capacity(shows.len());
        for show in shows {
            halls.push(Hall {
                show: show.id(),
                capacity: show.capacity,
                plan: self.plan_for_labels(show.pricing.plan_id()).await,
            });
        }
        halls
    }

    /// The counts of a concert. If they are old and no other instance is counting, counts first.
    async fn kept_counts(
        &self,
        concert_id: ConcertId,
        shows: &[&Show],
        now: Timestamp,
    ) -> Result<Arc<HallCounts>, ApiError> {
        if let Some(counts) = self.0.halls.get(&concert_id, now) {
            return Ok(counts);
        }
        let mut counts = self.store().hall_counts(concert_id).await?;
        let halls: Vec<_> = shows.iter().map(|s| (s.key, s.blocks())).collect();
        let due = counts.due(&halls, now);
        let until = hall::counting_until(now);
        let begun = if due.is_empty() || counts.is_being_counted(now) {
            None
        } else {
            self.store().begin_to_count(concert_id, until, now).await?
        };
        if let Some(begun) = begun {
            counts = begun;
            let due = counts.due(&halls, now);
            counts.note(self.count_due(shows, due, now).await?, now);
            self.store().end_count(concert_id, &counts, until).await?;
        } else if hall::is_quick(&halls) && counts.lacks_any(&halls) {
            counts.note(self.count_due(shows, due, now).await?, now);
        }
        let counts = Arc::new(counts);
        self.0.halls.put(concert_id, Arc::clone(&counts), now);
        Ok(counts)
    }

    async fn count_due(
        &self,
        shows: &[&Show],
        due_keys: Vec<ShowKey>,
        now: Timestamp,
    ) -> Result<Vec<(ShowKey, TakenSeats)>, ApiError> {
        let due = shows.iter().copied();
        let due: Vec<_> = due.filter(|show| due_keys.contains(&show.key)).collect();
        let halls = self.halls_of(&due).await;
        let counted = self.store().count_taken_seats(&halls, now).await?;
        let keys = due.iter().map(|show| show.key);
        Ok(keys.zip(counted).collect())
    }
}
