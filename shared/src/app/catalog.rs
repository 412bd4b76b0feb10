//! The catalog, cached by each instance for a few seconds.

use std::sync::Arc;

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        ids::{ConcertId, ShowId},
        programme::Named,
        show::{Concert, Show},
    },
    error::ApiError,
    store::StoreError,
};

impl App {
    /// A concert, perhaps from the cache. At most 0.5 RRU.
    pub async fn cached_concert(&self, id: ConcertId, now: Timestamp) -> Result<Concert, ApiError> {
        if let Some(concert) = self.0.concerts.get(&id, now) {
            return Ok(concert);
        }
        self.reread_concert(id, now).await
    }

    /// A concert, not from the cache. 0.5 RRU.
    pub async fn reread_concert(&self, id: ConcertId, now: Timestamp) -> Result<Concert, ApiError> {
        let concert = self.store().concert(id).await?;
        let concert = concert.ok_or(ApiError::ConcertNotFound)?;
        self.0.concerts.put(id, concert.clone(), now);
        Ok(concert)
    }

    /// The show that a caller means, perhaps from the cache. A date alone also names the only show
    /// of that day. At most 0.5 RRU; 0.5 more, in a second round, for a date whose only show has a
    /// start.
    pub async fn cached_show(&self, named: ShowId, now: Timestamp) -> Result<Show, ApiError> {
        if let Some(show) = self.0.shows.get(&named, now) {
            return Ok(show);
        }
        let show = match self.store().show(named).await? {
            Some(show) => show,
            None if named.key.is_timed() => return Err(ApiError::ShowNotFound),
            None => self.only_show_with_a_start(named).await?,
        };
        self.0.shows.put(named, show.clone(), now);
        Ok(show)
    }

    /// The show that a caller means, and beside it what `read` reads of its seats. The price is that
    /// of both, in one round. If the show has a start that the caller did not name, and is not in
    /// the cache: that of the show and twice that of the seats, in three rounds.
    pub async fn cached_show_beside<T, Read>(
        &self,
        named: ShowId,
        now: Timestamp,
        read: impl Fn(ShowId) -> Read,
    ) -> (Result<Show, ApiError>, Result<T, StoreError>)
    where
        Read: Future<Output = Result<T, StoreError>>,
    {
        let likely = self
            .0
            .shows
            .get(&named, now)
            .map_or(named, |show| show.id());
        let (show, seats) = tokio::join!(self.cached_show(named, now), read(likely));
        let meant = show.as_ref().map_or(likely, Show::id);
        let seats = if meant == likely {
            seats
        } else {
            read(meant).await
        };
        (show, seats)
    }

    async fn only_show_with_a_start(&self, named: ShowId) -> Result<Show, ApiError> {
        let shows = self
            .store()
            .shows_with_a_start(named.concert_id, named.key.date())
            .await?;
        match Named::among(shows.iter(), named.key) {
            Named::One(show) => Ok(show.clone()),
            Named::None => Err(ApiError::ShowNotFound),
            Named::Several(shows) => Err(ApiError::SeveralShows { shows }),
        }
    }

    /// The shows of a concert in the order of their dates, perhaps from the cache. A concert has at
    /// least one. At most 0.5 RRU per 4 KB.
    pub async fn cached_shows(
        &self,
        id: ConcertId,
        now: Timestamp,
    ) -> Result<Arc<[Show]>, ApiError> {
        if let Some(shows) = self.0.shows_of.get(&id, now) {
            return Ok(shows);
        }
        let shows: Arc<[Show]> = self.store().shows(id).await?.into();
        if shows.is_empty() {
            return Err(ApiError::ConcertNotFound);
        }
        self.0.shows_of.put(id, shows.clone(), now);
        Ok(shows)
    }
}
