//! The search for the best free seats of a show.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use super::App;
use crate::{
    domain::{
        best::{Left, Reading, Scope, Step, View},
        ids::ShowId,
        seat::{SeatNumber, SeatSet},
    },
    error::ApiError,
    store::StoreError,
};

/// A search that has found nothing for this long gives up.
const SEARCHES_FOR: Duration = Duration::from_secs(3);

/// The most shows whose views are kept. The view of 100,000 seats takes some 20 KB.
const MAX_VIEWS: usize = 200;

/// What the instance knows of the taken seats of shows.
#[derive(Default)]
pub(super) struct Views(Mutex<HashMap<ShowId, Arc<Mutex<View>>>>);

impl Views {
    fn of(&self, show: ShowId) -> Arc<Mutex<View>> {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if views.len() >= MAX_VIEWS && !views.contains_key(&show) {
            views.clear();
        }
        Arc::clone(views.entry(show).or_default())
    }
}

/// A search for the best free seats of a show.
pub struct BestSearch {
    app: App,
    show: ShowId,
    scope: Scope,
    view: Arc<Mutex<View>>,
    begun: Reading,
    now: Timestamp,
    started: Instant,
}

/// What a search has found.
#[derive(Debug)]
pub enum Found {
    /// Seats that were free a moment ago.
    Seats(SeatSet),
    /// There are no such seats.
    Nothing(Left),
}

impl App {
    /// Begins a search for the best free seats of a show. Free.
    pub fn search_best(&self, show: ShowId, scope: Scope, now: Timestamp) -> BestSearch {
        let view = self.0.views.of(show);
        let begun = locked(&view).begin(now);
        BestSearch {
            app: self.clone(),
            show,
            scope,
            view,
            begun,
            now,
            started: Instant::now(),
        }
    }
}

impl BestSearch {
    /// What the search is for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The next seats to try. 1 RRU a seat, and as much again for each try of seats that turn out
    /// to be taken. Before, unless the instance has read them in the last two seconds: 0.5 RRU per
    /// 4 KB of each block that may have some of the best seats, which are four in most cases. A full
    /// block is 9 to 12.5 RRU. That there are no seats is said of all blocks with seats of the kind,
    /// which this search has read, or the instance within the last two seconds.
    ///
    /// After three seconds the error is that of a busy database.
    pub async fn next(&self) -> Result<Found, ApiError> {
        loop {
            if self.started.elapsed() >= SEARCHES_FOR {
                return Err(ApiError::Busy("others were faster for all seats tried"));
            }
            let step = self
                .view()
                .step(&self.scope, self.begun, self.now, &mut rand::rng());
            match step {
                Step::Read(blocks) => self.read(blocks).await?,
                Step::Nothing(left) => return Ok(Found::Nothing(left)),
                Step::Try(seats) => {
                    let store = self.app.store();
                    let taken = store.taken_among(self.show, &seats, self.now);
                    let taken = self.in_time(taken).await?;
                    if taken.is_empty() {
                        return Ok(Found::Seats(seats));
                    }
                    self.view().mark_missed(&taken);
                }
            }
        }
    }

    /// Limits a read to the time that the search has left.
    async fn in_time<T>(
        &self,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, ApiError> {
        let end = self.started + SEARCHES_FOR;
        match tokio::time::timeout_at(end, read).await {
            Ok(read) => Ok(read?),
            Err(_) => Err(ApiError::Busy("the seats were not read in time")),
        }
    }

    async fn read(&self, blocks: Vec<u32>) -> Result<(), ApiError> {
        let reading = self.view().begin(self.now);
        let store = self.app.store();
        let read = store.taken_in_blocks(self.show, blocks, self.now);
        let read = self.in_time(read).await?;
        let mut view = self.view();
        for (block, taken) in read {
            view.put(block, &taken, reading);
        }
        Ok(())
    }

    /// Notes that this search has got these seats.
    pub fn note_held(&self, seats: &SeatSet) {
        let mut view = self.view();
        seats.iter().for_each(|seat| view.mark_taken(seat));
    }

    /// Notes that a transaction was refused because somebody else has these seats.
    pub fn note_taken(&self, seats: &[SeatNumber]) {
        let mut view = self.view();
        for seat in seats {
            view.mark_taken(*seat);
        }
        view.note_failure(self.now);
    }

    /// Notes that a transaction failed because others were writing these seats, if there are any.
    pub fn note_contended(&self, seats: &[SeatNumber]) {
        let mut view = self.view();
        for seat in seats {
            view.mark_contended(*seat);
        }
        if !seats.is_empty() {
            view.note_failure(self.now);
        }
    }

    fn view(&self) -> MutexGuard<'_, View> {
        locked(&self.view)
    }
}

fn locked(view: &Mutex<View>) -> MutexGuard<'_, View> {
    view.lock().unwrap_or_else(PoisonError::into_inner)
}
