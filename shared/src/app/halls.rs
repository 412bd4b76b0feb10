//! How many seats are taken, for readers of a concert's dates.
//!
//! Each instance counts a concert of a few blocks itself, and keeps the count for two seconds. The
//! counts of a larger concert are kept in an item that all instances read. When it is old, one
//! instance counts again, and the others answer with the old counts.

use std::sync::Arc;

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        hall::{self, HallCounts},
        ids::{ConcertId, ShowId, ShowKey},
        show::Show,
    },
    error::ApiError,
};

impl App {
    /// How many seats of each of these shows of a concert are taken; it may be a few seconds old.
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
    ) -> Result<Vec<Option<u32>>, ApiError> {
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
    ) -> Result<Vec<Option<u32>>, ApiError> {
        let mut taken: Vec<_> = shows
            .iter()
            .map(|show| self.0.taken.get(&show.id(), now))
            .collect();
        let unknown: Vec<_> = (0..shows.len()).filter(|n| taken[*n].is_none()).collect();
        let halls: Vec<_> = unknown
            .iter()
            .map(|n| (shows[*n].id(), shows[*n].capacity))
            .collect();
        let counted = self.store().count_taken_seats(&halls, now).await?;
        for (n, count) in unknown.into_iter().zip(counted) {
            self.0.taken.put(shows[n].id(), count, now);
            taken[n] = Some(count);
        }
        Ok(taken)
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
        due: Vec<ShowKey>,
        now: Timestamp,
    ) -> Result<Vec<(ShowKey, u32)>, ApiError> {
        let halls: Vec<(ShowId, u32)> = shows
            .iter()
            .filter(|show| due.contains(&show.key))
            .map(|show| (show.id(), show.capacity))
            .collect();
        let counted = self.store().count_taken_seats(&halls, now).await?;
        let keys = halls.iter().map(|(show, _)| show.key);
        Ok(keys.zip(counted).collect())
    }
}
