//! The catalog, cached by each instance for a few seconds.

use std::sync::Arc;

use jiff::Timestamp;

use super::App;
use crate::{
    domain::{
        ids::{ConcertId, ShowId},
        show::{Concert, Show},
    },
    error::ApiError,
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

    /// A show, perhaps from the cache. At most 0.5 RRU.
    pub async fn cached_show(&self, id: ShowId, now: Timestamp) -> Result<Show, ApiError> {
        if let Some(show) = self.0.shows.get(&id, now) {
            return Ok(show);
        }
        let show = self.store().show(id).await?.ok_or(ApiError::ShowNotFound)?;
        self.0.shows.put(id, show.clone(), now);
        Ok(show)
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
