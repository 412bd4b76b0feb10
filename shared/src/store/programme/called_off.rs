//! Calls a show off, in the catalog. What is sold and held is given back afterwards
//! (`store/calling_off.rs`).

use tokio::time::Instant;

use crate::{
    domain::{
        changes::{ChangeKind, LoggedChange},
        ids::{ConcertId, ShowKey},
        programme::{Named, Programme},
        show::{CalledOff, Show},
    },
    error::ApiError,
    store::{Reading, Rejected, Store, TryError, while_stale},
};

use super::{QueueFull, time_since};

/// Why there is no show to do something with.
#[derive(Debug)]
pub enum NoSuchShow {
    /// There is no such concert.
    NoConcert,
    /// It has no such show.
    NoShow,
    /// The day has several shows, and the call does not say which.
    SeveralShows(Vec<ShowKey>),
}

impl NoSuchShow {
    /// The show of a concert that a caller means, or why there is none.
    pub(super) fn or_show(programme: &Programme, key: ShowKey) -> Result<&Show, Self> {
        match programme.named(key) {
            Named::One(show) => Ok(show),
            Named::None => Err(Self::NoShow),
            Named::Several(keys) => Err(Self::SeveralShows(keys)),
        }
    }
}

impl From<NoSuchShow> for ApiError {
    fn from(which: NoSuchShow) -> Self {
        match which {
            NoSuchShow::NoConcert => Self::ConcertNotFound,
            NoSuchShow::NoShow => Self::ShowNotFound,
            NoSuchShow::SeveralShows(shows) => Self::SeveralShows { shows },
        }
    }
}

/// A show that was called off.
#[derive(Debug)]
pub enum CalledOffShow {
    /// This call has called it off.
    Now(Show),
    /// An earlier call has.
    Before(Show),
}

impl Store {
    /// Calls a show off, and returns it as it is then. Its sale closes, and its queue does not sell it
    /// any more. If it was called off before, nothing is written. 1 RRU per 4 KB of the concert and of
    /// its texts; the price of a change of one show the first time.
    pub async fn call_off(
        &self,
        concert_id: ConcertId,
        key: ShowKey,
        called_off: &CalledOff,
    ) -> Result<CalledOffShow, Rejected<NoSuchShow>> {
        let begun = Instant::now();
        while_stale(|| self.try_to_call_off(concert_id, key, called_off, begun)).await
    }

    async fn try_to_call_off(
        &self,
        concert_id: ConcertId,
        key: ShowKey,
        called_off: &CalledOff,
        begun: Instant,
    ) -> Result<CalledOffShow, TryError<NoSuchShow>> {
        let seen = self.programme(concert_id, Reading::Consistent).await?;
        let seen = seen.ok_or(TryError::Refused(NoSuchShow::NoConcert))?;
        let show = NoSuchShow::or_show(&seen, key).map_err(TryError::Refused)?;
        if show.called_off.is_some() {
            return Ok(CalledOffShow::Before(show.clone()));
        }
        let key = show.key;
        let logged = self.new_change(ChangeKind::ShowCalledOff);
        let logged = logged.map(|logged| LoggedChange {
            concert_id: Some(concert_id),
            show: Some(key),
            reason: called_off.reason.clone(),
            ..logged
        });
        let called_off = CalledOff {
            at: time_since(begun, called_off.at),
            change_id: logged.as_ref().map(|logged| logged.change_id),
            ..called_off.clone()
        };
        let next = seen.with_called_off(key, called_off);
        match self.write(seen, &next, logged, QueueFull).await {
            Ok(written) => {
                let show = written.shows.get(&key).cloned();
                let show = show.ok_or(TryError::Refused(NoSuchShow::NoShow))?;
                Ok(CalledOffShow::Now(show))
            }
            // Fewer shows always fit. So another change has added shows to the queue.
            Err(TryError::Refused(QueueFull) | TryError::Stale) => Err(TryError::Stale),
            Err(TryError::Failed(error)) => Err(error.into()),
        }
    }
}
