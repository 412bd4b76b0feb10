//! What handlers do with the line: read a queue, tick it, arrive, finish.

use jiff::{SignedDuration, Timestamp};

use super::App;
use crate::{
    domain::{
        changes::LastChange,
        draw::{Draw, STRIPES, Seed},
        ids::{QueueId, ShowId, UserId},
        order::Hold,
        queue::{
            Admission, ClosureReason, Counter, Line, Opening, Queue, QueueState, SeatCount,
            Settings,
        },
        session::{Arrival, Session},
    },
    error::{ApiError, Constraint},
    store::{
        Decided as _, Reading, Rejected, StoreError, TryError, cohorts::Event, queues::Census,
        queues::SettingsPut, sessions::Found, while_stale,
    },
};

/// A client that has to wait should ask again after an eighth of its estimated wait, within these
/// limits (seconds).
const ASK_AGAIN: std::ops::RangeInclusive<u64> = 1..=30;

/// The result of a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticked {
    /// It wrote the line.
    Done,
    /// There was nothing to do, or another tick was first.
    NotNeeded,
    /// Nobody is in the line, and nobody has joined for minutes.
    Asleep,
}

/// Why a queue is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// It is time for the next tick.
    Time,
    /// A call found that the tick is overdue.
    Overdue,
    /// A sold seat is free again.
    Refund,
    /// What the queue sells has changed.
    Catalog,
    /// An operator has changed the settings.
    Settings,
}

impl App {
    /// A queue, perhaps from the cache: at most a second old. At most 0.5 RRU.
    pub async fn cached_queue(&self, id: &QueueId, now: Timestamp) -> Result<Queue, ApiError> {
        if let Some(queue) = self.0.queues.get(id, now) {
            return Ok(queue);
        }
        self.reread_queue(id, now).await
    }

    /// A queue, not from the cache. 0.5 RRU.
    pub async fn reread_queue(&self, id: &QueueId, now: Timestamp) -> Result<Queue, ApiError> {
        let queue = self.read_queue(id, Reading::Eventual).await?;
        self.0.queues.put(id.clone(), queue.clone(), now);
        Ok(queue)
    }

    /// Requires that a queue exists, even if it is new. 1 RRU; free for `main`.
    pub async fn require_queue_exists(&self, id: &QueueId) -> Result<(), ApiError> {
        if *id == QueueId::main() {
            return Ok(());
        }
        self.read_queue(id, Reading::Consistent).await.map(drop)
    }

    /// A queue as it is now, and who made its settings last, if anybody has. 1 RRU per 4 KB.
    pub async fn current_queue_and_change(
        &self,
        id: &QueueId,
    ) -> Result<(Queue, Option<LastChange>), ApiError> {
        let read = self
            .store()
            .queue_and_change(id, self.queue_defaults(), Reading::Consistent)
            .await?;
        read.ok_or(ApiError::QueueNotFound)
    }

    async fn read_queue(&self, id: &QueueId, reading: Reading) -> Result<Queue, ApiError> {
        let read = self
            .store()
            .queue(id, &self.0.queue_defaults, reading)
            .await?;
        read.ok_or(ApiError::QueueNotFound)
    }

    /// Writes the settings that `settings` makes of the current queue and of who changed it last, if
    /// there is one, and ticks
    /// the queue, so that they apply at once. If the settings have an opening, a queue that nobody
    /// has joined gets the seed of its draw. Returns the queue before and after.
    ///
    /// If another change is written in between, `settings` is called again with the queue as that
    /// change has left it. So its refusal is always about the queue that is written.
    pub async fn put_queue(
        &self,
        id: &QueueId,
        change: &LastChange,
        settings: impl Fn(Option<&Queue>, Option<LastChange>) -> Result<Settings, ApiError>,
    ) -> Result<(Option<Queue>, Queue), ApiError> {
        let before = while_stale(async || {
            let read = async || {
                let defaults = self.queue_defaults();
                let before = self
                    .store()
                    .queue_and_change(id, defaults, Reading::Consistent)
                    .await?;
                let (before, change) = before.unzip();
                let next = settings(before.as_ref(), change.flatten());
                Ok::<_, StoreError>((before, next))
            };
            let (mut before, mut next) = read().await?;
            if let (Some(queue), Ok(settings)) = (&before, &next)
                && queue.opens_again(settings)
            {
                // Those who wait have read that it is over. A tick makes that final.
                self.tick(id, Occasion::Settings).await?;
                (before, next) = read().await?;
            }
            let next = next?;
            let always = before
                .as_ref()
                .is_none_or(|queue| queue.opening == Opening::Always);
            let seed = (always && next.opens_at.is_some()).then(Seed::new);
            let put = self
                .store()
                .put_settings(id, before.as_ref(), &next, change, seed.as_ref())
                .await?;
            match put {
                SettingsPut::Done => Ok(before),
                SettingsPut::Moved => Err(TryError::Stale),
                SettingsPut::Joined => Err(ApiError::Invalid(Constraint::AlreadyOpen).into()),
            }
        });
        let before = before.await?;
        self.tick_or_log(id, Occasion::Settings).await;
        let after = self.read_queue(id, Reading::Consistent).await?;
        Ok((before, after))
    }

    /// Ticks a queue, unless nothing has happened in it since its last tick. 2 RRU, 1 more for each
    /// live cohort, and 1 WRU per KB of the queue's item; 2 RRU if nothing has happened. If the number of
    /// seats left matters, 1 RRU per 4 KB of the list of shows, and of each of their blocks of 500
    /// seats.
    async fn tick(&self, id: &QueueId, occasion: Occasion) -> Result<Ticked, ApiError> {
        let queue = self.read_queue(id, Reading::Consistent).await?;
        self.0.queues.put(id.clone(), queue.clone(), self.now());
        // Of many calls that find a sleeping line at once, only one may tick it, because each
        // further tick would let in as many people again.
        if occasion == Occasion::Overdue && !queue.is_stale(self.now()) {
            return Ok(Ticked::NotNeeded);
        }
        if queue.opens_in(self.now()).is_some() {
            return self.tick_before_opening(&queue, occasion).await;
        }
        let (queue, drawn) = self.opened(queue).await?;
        let offers_more = matches!(occasion, Occasion::Refund | Occasion::Catalog);
        let looks_again = *id != QueueId::main()
            && (offers_more
                || queue.may_have_seats_again(self.now())
                || queue.offer_has_changed(self.now()));
        let needed = looks_again || drawn.is_some() || occasion == Occasion::Settings;
        if !needed && queue.is_quiet() && queue.is_idle(self.store().issued(id).await?) {
            return Ok(if queue.has_slept_in(self.now()) {
                Ticked::Asleep
            } else {
                Ticked::NotNeeded
            });
        }
        let seats = if looks_again || queue.must_count_seats(self.now()) {
            self.count_seats(id).await?
        } else {
            None
        };
        let mut census = self.store().census(&queue).await?;
        let queue = self.with_joins(queue, &census).await;
        // The clock is read as late as possible: a tick with an old time would count windows that
        // have ended.
        let now = self.now();
        if let Some(void) =
            queue.void_credit(now, census.issued, |cohort| census.counts(cohort), seats)
        {
            let was_drawn = !self
                .store()
                .skip_numbers(id, census.issued, void.numbers)
                .await?;
            if was_drawn {
                return Ok(Ticked::NotNeeded);
            }
            self.store().count_skipped(id, void, now).await;
            census.skip(void);
        }
        let line = queue.tick(now, census.issued, |cohort| census.counts(cohort), seats);
        let Some(line) = line else {
            return Ok(Ticked::NotNeeded);
        };
        if !self.store().put_line(&queue, &line, drawn.as_ref()).await? {
            return Ok(Ticked::NotNeeded);
        }
        self.0.queues.put(id.clone(), Queue { line, ..queue }, now);
        Ok(Ticked::Done)
    }

    /// A queue after a look at its joins. If pools were filled lately: 64 RRU, and 1 WRU for each pool
    /// whose numbers were not drawn in time. After a rush that leaves more unused numbers than the
    /// line lists, some WRU and RRU for those.
    ///
    /// A failure is only logged, and the next tick looks again. Without these numbers fewer people
    /// come in, which is safe.
    async fn with_joins(&self, queue: Queue, census: &Census) -> Queue {
        let line = match self.settled_line(&queue, census).await {
            Ok(line) => line,
            Err(error) => {
                tracing::warn!(queue_id = %queue.id, %error, "pools were not looked at");
                queue.with_joins(self.now(), census.issued, []).0
            }
        };
        Queue { line, ..queue }
    }

    async fn settled_line(&self, queue: &Queue, census: &Census) -> Result<Line, StoreError> {
        let settled = self.settle_pools(queue, census.pools_filled_at).await?;
        let (mut line, elsewhere) = queue.with_joins(self.now(), census.issued, settled.unused);
        if !elsewhere.is_empty() {
            self.store().keep_unused(&queue.id, &elsewhere).await?;
        }
        if line.unused.wants_more() {
            let kept = self.store().kept_unused(&queue.id, line.passed).await?;
            line.unused = line.unused.refilled(kept);
        }
        line.pools_settled = line.pools_settled.max(settled.through);
        Ok(line)
    }

    /// Ticks a queue that has not opened. Nobody is let in. But its line ends, for the entries that
    /// there are, if an operator has closed it or nothing that it sells can be bought any more.
    /// That costs 64 RRU and 1 WRU per KB of the queue's item.
    async fn tick_before_opening(
        &self,
        queue: &Queue,
        occasion: Occasion,
    ) -> Result<Ticked, ApiError> {
        let now = self.now();
        let looks = occasion == Occasion::Catalog
            || queue.offer_has_changed(now)
            || queue.may_have_seats_again(now);
        let seats = if looks {
            self.count_seats(&queue.id).await?
        } else {
            None
        };
        let closes = occasion == Occasion::Settings && queue.settings.state == QueueState::Closed;
        let reason = if closes {
            Some(ClosureReason::QueueClosed)
        } else {
            seats.and_then(SeatCount::ending)
        };
        let offered = queue.with_new_offer(now.as_millisecond(), seats);
        let ended = match reason {
            None => None,
            Some(reason) => {
                let stripes: Vec<_> = (0..STRIPES).collect();
                let entries = self.store().early_entries(&queue.id, &stripes).await?;
                let entries: Vec<_> = entries.into_values().collect();
                let queue = Queue {
                    line: offered.clone().unwrap_or_else(|| queue.line.clone()),
                    ..queue.clone()
                };
                queue.closed_early(&entries, reason)
            }
        };
        if let Some(mut line) = ended.or(offered) {
            line.version = queue.line.version + 1;
            if self.store().put_line(queue, &line, None).await? {
                let queue = Queue {
                    line,
                    ..queue.clone()
                };
                self.0.queues.put(queue.id.clone(), queue, now);
                return Ok(Ticked::Done);
            }
        }
        Ok(if queue.opens_much_later(now) {
            Ticked::Asleep
        } else {
            Ticked::NotNeeded
        })
    }

    /// Opens a queue whose time has come. From then on no entries are added, and joins draw the
    /// numbers after those of the entries. Every step may be repeated, so the next tick does what
    /// this one leaves undone.
    async fn opened(&self, queue: Queue) -> Result<(Queue, Option<Draw>), ApiError> {
        let Some(seed) = queue.seed_of_draw_to_come() else {
            return Ok((queue, None));
        };
        let draw = self
            .store()
            .freeze_entries(&queue.id, seed, &queue.line)
            .await?;
        self.store()
            .let_numbers_go(&queue.id, draw.entries())
            .await?;
        let opened = Queue {
            opening: Opening::Done(draw.clone().into()),
            ..queue
        };
        Ok((opened, Some(draw)))
    }

    /// Counts the seats that a queue is selling now, and finds when more will be sold; `None` for
    /// `main`, which sells everything. Shows that have not opened are counted only if every seat on
    /// sale is sold, and only up to the first one with an unsold seat.
    async fn count_seats(&self, id: &QueueId) -> Result<Option<SeatCount>, ApiError> {
        if *id == QueueId::main() {
            return Ok(None);
        }
        let shows = self.store().queue_shows(id).await?;
        let (now, zone) = (self.now(), &self.config().time_zone);
        let on_sale: Vec<_> = shows.on_sale(now, zone).collect();
        let to_come = shows.to_come(now, zone);
        let mut count = SeatCount {
            changes_at: shows.changes_at(now, zone),
            more_to_come: !to_come.is_empty(),
            sale_over: shows.has_ever_sold() && on_sale.is_empty() && to_come.is_empty(),
            ..self.store().count_seats(on_sale, now).await?
        };
        if count.is_all_sold() {
            for (opens_at, show, capacity) in to_come {
                let later = self.store().count_seats([(show, capacity)], now).await?;
                if !later.is_all_sold() {
                    count.opens_next = Some(opens_at);
                    break;
                }
                count.capacity += later.capacity;
                count.sold += later.sold;
            }
        }
        Ok(Some(count))
    }

    /// Ticks a queue whose ticks have been missed, and returns the queue after that. So a sleeping
    /// line wakes at once, and a dead scheduler stops nobody. The caller does not depend on this
    /// tick, so its failure is only logged.
    pub async fn tick_if_stale(&self, queue: Queue, now: Timestamp) -> Queue {
        if !queue.is_stale(now) {
            return queue;
        }
        self.tick_or_log(&queue.id, Occasion::Overdue).await;
        // The tick has read the clock after the request did.
        self.0.queues.get(&queue.id, self.now()).unwrap_or(queue)
    }

    /// Ticks a queue for those in it. The caller does not depend on this tick, so its failure is
    /// only logged.
    async fn tick_or_log(&self, id: &QueueId, occasion: Occasion) {
        if let Err(error) = self.tick(id, occasion).await {
            tracing::warn!(queue_id = %id, %error, "an additional tick failed");
        }
    }

    /// Ticks the queue of a show that has seats again, so that those who wait need not wait for the
    /// next tick too. A show that was deleted has no queue.
    pub async fn wake_queue_of(&self, show: ShowId, now: Timestamp) {
        let read = match self.0.shows.get(&show, now) {
            Some(show) => Ok(Some(show)),
            None => self.store().show(show).await,
        };
        match read {
            Ok(Some(show)) => self.tick_or_log(&show.queue_id, Occasion::Refund).await,
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the queue of a show was not found"),
        }
    }

    /// Ticks a queue whose shows have changed, for those who wait and for newcomers. Not for
    /// `main`, which sells everything.
    pub async fn wake_queue(&self, id: &QueueId) {
        if *id != QueueId::main() {
            self.tick_or_log(id, Occasion::Catalog).await;
        }
    }

    /// Requires that nobody is in the line of a queue of its own, inside or not. `main` is always
    /// accepted, because buyers in its line may still buy a concert that leaves it. 2 RRU and 1 for
    /// each live cohort; 65 RRU before the opening.
    pub async fn require_empty_line(&self, id: &QueueId, now: Timestamp) -> Result<(), ApiError> {
        if *id == QueueId::main() {
            return Ok(());
        }
        let queue = match self.read_queue(id, Reading::Consistent).await {
            Ok(queue) => queue,
            Err(ApiError::QueueNotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        let is_empty = if queue.has_draw_to_come() {
            let stripes: Vec<_> = (0..STRIPES).collect();
            let entries = self.store().early_entries(id, &stripes).await?;
            entries.values().all(|entries| *entries == 0)
        } else {
            let census = self.store().census(&queue).await?;
            queue.is_empty(now, census.issued, |cohort| census.counts(cohort))
        };
        if is_empty {
            Ok(())
        } else {
            Err(ApiError::LineNotEmpty)
        }
    }

    /// Makes this call the arrival of an admitted session. The arrival is counted first, and then
    /// written. 2 WRU. If a parallel call was first, one count is taken back.
    pub(super) async fn arrive(
        &self,
        session: &Session,
        admission: Admission,
        now: Timestamp,
    ) -> Result<Session, ApiError> {
        let arrival = Arrival::new(admission, now);
        self.store()
            .count_arrival(&session.queue_id, arrival.counter(), now)
            .await?;
        match self.store().arrive(session, &arrival).await.decided()? {
            Ok(session) => Ok(session),
            Err(found) => {
                self.store()
                    .take_arrival_back(&session.queue_id, arrival.counter(), now)
                    .await;
                let reason = session.why_over(found.as_deref(), now);
                let same = found.filter(|there| there.jti == session.jti && there.closed.is_none());
                same.map(|there| *there)
                    .ok_or(ApiError::SessionOver { reason })
            }
        }
    }

    /// Writes a new session that walks straight in. Its arrival is counted first, and then the
    /// session is written with it. Refused if another join was first; then the count is taken back.
    pub async fn walk_in(
        &self,
        mut session: Session,
        admission: Admission,
        ended: Option<&Session>,
        now: Timestamp,
    ) -> Result<Session, Rejected<Found>> {
        let arrival = Arrival::new(admission, now);
        session.arrival = Some(arrival);
        self.store()
            .count_arrival(&session.queue_id, arrival.counter(), now)
            .await?;
        match self.store().join(&session, ended, now).await {
            Ok(()) => Ok(session),
            Err(refused @ Rejected::Refused(_)) => {
                self.store()
                    .take_arrival_back(&session.queue_id, arrival.counter(), now)
                    .await;
                Err(refused)
            }
            Err(failed) => Err(failed),
        }
    }

    /// Closes a session whose user leaves, frees what it holds and counts it as finished. If it has
    /// changed since it was read, the changed session is closed. 2 WRU, one more for each seat; 1
    /// to 2 WRU if it was still waiting.
    pub async fn leave_queue(&self, mut session: Session, now: Timestamp) -> Result<(), ApiError> {
        loop {
            match self.store().leave(&session).await.decided()? {
                Ok(closed) => {
                    if let Some(hold) = &session.live_hold {
                        self.free_seats_or_log(hold).await;
                    }
                    self.count_through(&closed, now).await;
                    return Ok(());
                }
                Err(found) => {
                    let reason = session.why_over(found.as_deref(), now);
                    match found {
                        Some(moved) if moved.jti == session.jti && reason.is_none() => {
                            session = *moved;
                        }
                        _ => return Err(ApiError::SessionOver { reason }),
                    }
                }
            }
        }
    }

    /// The sessions of a user that are not over, in every queue, consistently. 1 RRU, and 0.5 for
    /// the queue's document of each session that has not arrived.
    pub async fn live_sessions(
        &self,
        user_id: UserId,
        now: Timestamp,
    ) -> Result<Vec<Session>, ApiError> {
        let mut live = Vec::new();
        for session in self
            .store()
            .sessions_of(user_id, Reading::Consistent)
            .await?
        {
            let standing = match self.standing(&session, now).await {
                // Without the queue, only the session's own item is known.
                Err(ApiError::QueueNotFound) => session.standing_by_itself(now),
                standing => Some(standing?),
            };
            if standing.is_some_and(|standing| !standing.is_over()) {
                live.push(session);
            }
        }
        Ok(live)
    }

    /// Leaves every queue that a user is in. Returns how many sessions that has ended.
    pub async fn leave_all(&self, user_id: UserId, now: Timestamp) -> Result<u64, ApiError> {
        let mut ended = 0;
        for session in self.live_sessions(user_id, now).await? {
            match self.leave_queue(session, now).await {
                Ok(()) => ended += 1,
                // It has ended by itself meanwhile.
                Err(ApiError::SessionOver { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }

    /// Counts a session that the caller's write has closed: as done if it had arrived, as gone if
    /// it was admitted and had not. A session that was still waiting is not counted.
    pub async fn count_through(&self, closed: &Session, now: Timestamp) {
        let counted = match closed.arrival {
            Some(arrival) => Some((arrival.counter(), Event::Done)),
            None => self
                .admission_before(closed, now)
                .await
                .map(|counter| (counter, Event::Gone)),
        };
        if let Some((counter, event)) = counted {
            self.store()
                .count_end(&closed.queue_id, counter, event, now)
                .await;
        }
    }

    /// An item that may count a session whose number has been served.
    async fn admission_before(&self, session: &Session, now: Timestamp) -> Option<Counter> {
        let queue = self.cached_queue(&session.queue_id, now).await.ok()?;
        let number = queue.number_of(session.ticket)?;
        let admission = queue.admission(number, session.joined_at)?;
        (admission.admitted_at <= now).then(|| admission.any_counter())
    }

    /// Ticks a queue for the scheduler, and publishes the metrics of its line. Returns the result
    /// of the tick, and how long after it the next one is due.
    pub async fn tick_on_schedule(
        &self,
        id: &QueueId,
        now: Timestamp,
    ) -> (Result<Ticked, ApiError>, SignedDuration) {
        let ticked = self.tick(id, Occasion::Time).await;
        let mut opens_in = None;
        let seconds = if let Ok(queue) = self.cached_queue(id, now).await {
            self.metrics().tick(&queue, ticked.is_err(), self.now());
            opens_in = queue.opens_in(now);
            queue.settings.tick_seconds
        } else {
            self.metrics().lost_tick(self.now());
            self.config().tick_seconds
        };
        let usual = SignedDuration::from_secs(i64::from(seconds));
        (ticked, opens_in.map_or(usual, |left| left.min(usual)))
    }

    /// Frees the seats of a hold that is over. A failure is only logged: the seats are free because
    /// their hold has lapsed, or soon will be.
    pub async fn free_seats_or_log(&self, hold: &Hold) {
        if let Err(error) = self.store().free_seats(hold).await {
            tracing::warn!(reservation_id = %hold.reservation_id, %error, "seats were not freed");
        }
    }

    /// The ids of all queues: `main`, and those with an item of their own. 0.5 RRU.
    pub async fn queue_ids(&self) -> Result<Vec<QueueId>, StoreError> {
        let mut ids = self.store().registered_queues().await?;
        if !ids.contains(&QueueId::main()) {
            ids.push(QueueId::main());
        }
        Ok(ids)
    }
}

/// After how many seconds a client with this wait should ask again; `None` is a wait whose end is
/// not known.
pub fn ask_again_after(estimated_wait: Option<u64>) -> u64 {
    let most = *ASK_AGAIN.end();
    (estimated_wait.unwrap_or(most * 8) / 8).clamp(*ASK_AGAIN.start(), most)
}
