//! The line, as handlers deal with it: reading a queue, ticking it, arriving, being through.

use jiff::{SignedDuration, Timestamp};

use super::App;
use crate::{
    domain::{
        draw::{Draw, STRIPES, Seed},
        ids::{QueueId, ShowId, UserId},
        order::Hold,
        queue::{Admission, ClosureReason, Opening, Queue, QueueState, SeatCount, Settings},
        session::{Arrival, Session},
    },
    error::{ApiError, Constraint},
    store::{
        Decided as _, Reading, Rejected, StoreError, TryError,
        cohorts::Event,
        queues::{SettingsChange, SettingsPut},
        sessions::Found,
        while_stale,
    },
};

/// A client that has to wait asks again after an eighth of its estimated wait, within these
/// limits (seconds).
const ASK_AGAIN: std::ops::RangeInclusive<u64> = 1..=30;

/// What a tick came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ticked {
    /// It wrote the line.
    Done,
    /// There was nothing to do, or another tick was there at the same time.
    NotNeeded,
    /// Nobody is there, and nobody has come for minutes.
    Asleep,
}

/// Why a queue is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// It is time.
    Time,
    /// Somebody came along and found that it is overdue.
    Overdue,
    /// A seat that was sold is free again.
    Refund,
    /// What the queue sells has changed.
    Catalog,
    /// An operator has set the queue.
    Settings,
}

impl App {
    /// A queue, as it was a second ago at the earliest. At most 0.5 RRU.
    pub async fn cached_queue(&self, id: &QueueId, now: Timestamp) -> Result<Queue, ApiError> {
        if let Some(queue) = self.0.queues.get(id, now) {
            return Ok(queue);
        }
        self.reread_queue(id, now).await
    }

    /// A queue, whatever the instance knows of it. 0.5 RRU.
    pub async fn reread_queue(&self, id: &QueueId, now: Timestamp) -> Result<Queue, ApiError> {
        let queue = self.read_queue(id, Reading::Eventual).await?;
        self.0.queues.put(id.clone(), queue.clone(), now);
        Ok(queue)
    }

    /// Makes sure that a queue exists, however new it is. 1 RRU, and nothing for `main`.
    pub async fn require_queue_exists(&self, id: &QueueId) -> Result<(), ApiError> {
        if *id == QueueId::main() {
            return Ok(());
        }
        self.read_queue(id, Reading::Consistent).await.map(drop)
    }

    /// A queue as it is now, and who set it last, if somebody has. 1 RRU per 4 KB.
    pub async fn current_queue_and_change(
        &self,
        id: &QueueId,
    ) -> Result<(Queue, Option<SettingsChange>), ApiError> {
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

    /// Gives a queue the settings that `settings` makes of the queue as it is, if it is there, and
    /// puts them in force at once. With a time at which it opens, a queue that nobody has joined
    /// gets the seed of its draw. The queue before and after.
    ///
    /// What `settings` refuses is refused of the queue that is written: if another change comes in
    /// between, it is asked again, of what that one has left.
    pub async fn put_queue(
        &self,
        id: &QueueId,
        change: &SettingsChange,
        settings: impl Fn(Option<&Queue>) -> Result<Settings, ApiError>,
    ) -> Result<(Option<Queue>, Queue), ApiError> {
        let before = while_stale(async || {
            let read = async || {
                let defaults = self.queue_defaults();
                let before = self
                    .store()
                    .queue(id, defaults, Reading::Consistent)
                    .await?;
                let next = settings(before.as_ref());
                Ok::<_, StoreError>((before, next))
            };
            let (mut before, mut next) = read().await?;
            if let (Some(queue), Ok(settings)) = (&before, &next)
                && queue.opens_again(settings)
            {
                // Those who wait have read that it is over. A tick makes it so for good.
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
        self.tick_on_the_way(id, Occasion::Settings).await;
        let after = self.read_queue(id, Reading::Consistent).await?;
        Ok((before, after))
    }

    /// Ticks a queue, unless nothing has happened in it since its last tick. 2 RRU and 1 more
    /// for each live cohort, and 1 WRU per KB of the line; 2 RRU when nothing has happened. Where
    /// it matters how many seats are left, 1 RRU per 4 KB of the list of shows, and of each of
    /// their blocks of 500 seats.
    async fn tick(&self, id: &QueueId, occasion: Occasion) -> Result<Ticked, ApiError> {
        let queue = self.read_queue(id, Reading::Consistent).await?;
        self.0.queues.put(id.clone(), queue.clone(), self.now());
        // Of the many that come to a sleeping line at once, one wakes it: each tick more would let
        // in as many again.
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
        // Asked for as late as can be: whoever ticks with an old time counts old windows.
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

    /// Ticks a queue that has not opened. Nobody is let in, but its line ends when an operator has
    /// closed it, or when nothing that it sells can be bought any more: for the entries that there
    /// are then, which costs 64 RRU and 1 WRU per KB of the line.
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

    /// A queue whose time has come, opened: nobody enters the draw any more, and numbers are drawn
    /// from then on, those after the early ones. What a tick leaves undone, the next one does:
    /// every step may be taken again.
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

    /// The seats that a queue sells at the moment, and when more are to come; `None` for `main`,
    /// which sells everything. Shows that are to open are only counted when every seat on sale is
    /// sold, up to the first that has an unsold one.
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

    /// Ticks a queue whose ticks have been missed, so that a sleeping line wakes at once and a
    /// dead scheduler stops nobody, and returns the queue as it is then. A tick that fails is
    /// logged: it was a favour.
    pub async fn tick_if_stale(&self, queue: Queue, now: Timestamp) -> Queue {
        if !queue.is_stale(now) {
            return queue;
        }
        self.tick_on_the_way(&queue.id, Occasion::Overdue).await;
        // The tick has read the clock later than the request did.
        self.0.queues.get(&queue.id, self.now()).unwrap_or(queue)
    }

    /// Ticks a queue as a favour to those in it: one that fails is logged.
    async fn tick_on_the_way(&self, id: &QueueId, occasion: Occasion) {
        if let Err(error) = self.tick(id, occasion).await {
            tracing::warn!(queue_id = %id, %error, "a tick on the way failed");
        }
    }

    /// Ticks the queue of a show that has seats again: who waits for one need not wait for the
    /// schedule too. A show that is deleted has no queue.
    pub async fn wake_queue_of(&self, show: ShowId, now: Timestamp) {
        match self.cached_show(show, now).await {
            Ok(show) => self.tick_on_the_way(&show.queue_id, Occasion::Refund).await,
            Err(ApiError::ShowNotFound) => {}
            Err(error) => tracing::warn!(%error, "the queue of a show was not found"),
        }
    }

    /// Ticks a queue whose shows have changed, for those who wait and for newcomers. `main` sells
    /// everything, whatever there is.
    pub async fn wake_queue(&self, id: &QueueId) {
        if *id != QueueId::main() {
            self.tick_on_the_way(id, Occasion::Catalog).await;
        }
    }

    /// Requires that nobody is in the line of a queue of its own, inside or not. `main` is let
    /// through: whoever is in its line goes along with a concert that leaves it. 2 RRU and 1 for
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

    /// Makes the first protected call of an admitted session its arrival: it is counted, then
    /// written. 2 WRU. Whoever finds that a parallel call was faster takes one arrival back.
    pub(super) async fn arrive(
        &self,
        session: &Session,
        admission: Admission,
        now: Timestamp,
    ) -> Result<Session, ApiError> {
        let arrival = Arrival::new(admission, now);
        self.store()
            .count_arrival(&session.queue_id, admission.cohort, now)
            .await?;
        match self.store().arrive(session, &arrival).await.decided()? {
            Ok(session) => Ok(session),
            Err(found) => {
                self.store()
                    .take_arrival_back(&session.queue_id, admission.cohort, now)
                    .await;
                let reason = session.why_over(found.as_deref(), now);
                let same = found.filter(|there| there.jti == session.jti && there.closed.is_none());
                same.map(|there| *there)
                    .ok_or(ApiError::SessionOver { reason })
            }
        }
    }

    /// Writes a new session that walks straight in: its arrival is counted, then the session is
    /// written with it. Refused when somebody was faster; the arrival is taken back then.
    pub async fn walk_in(
        &self,
        mut session: Session,
        admission: Admission,
        ended: Option<&Session>,
        now: Timestamp,
    ) -> Result<Session, Rejected<Found>> {
        session.arrival = Some(Arrival::new(admission, now));
        self.store()
            .count_arrival(&session.queue_id, admission.cohort, now)
            .await?;
        match self.store().join(&session, ended, now).await {
            Ok(()) => Ok(session),
            Err(refused @ Rejected::Refused(_)) => {
                self.store()
                    .take_arrival_back(&session.queue_id, admission.cohort, now)
                    .await;
                Err(refused)
            }
            Err(failed) => Err(failed),
        }
    }

    /// Closes a session whose user leaves, gives back what it holds and counts it as through; when
    /// it has moved since it was read, as it is by then. 2 WRU, one more for each seat; 1 to 2 WRU
    /// for who was still waiting.
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
    /// the document of the queue of each that has not arrived.
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
                // A session stays when its queue is gone.
                Err(ApiError::QueueNotFound) => session.standing_by_itself(now),
                standing => Some(standing?),
            };
            if standing.is_some_and(|standing| !standing.is_over()) {
                live.push(session);
            }
        }
        Ok(live)
    }

    /// Leaves every queue that a user is in, and returns how many sessions that has ended.
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

    /// Counts a session that the caller's write has closed: done when it had arrived, gone when
    /// it was admitted and had not. Who was still waiting counts nothing.
    pub async fn count_through(&self, closed: &Session, now: Timestamp) {
        let counted = match closed.arrival {
            Some(arrival) => Some((arrival.cohort, Event::Done)),
            None => self
                .admission_before(closed, now)
                .await
                .map(|cohort| (cohort, Event::Gone)),
        };
        if let Some((cohort, event)) = counted {
            self.store()
                .count_end(&closed.queue_id, cohort, event, now)
                .await;
        }
    }

    /// The cohort of somebody whose number has come up by now.
    async fn admission_before(&self, session: &Session, now: Timestamp) -> Option<i64> {
        let queue = self.cached_queue(&session.queue_id, now).await.ok()?;
        let number = queue.number_of(session.ticket)?;
        let admission = queue.admission(number, session.joined_at)?;
        (admission.admitted_at <= now).then_some(admission.cohort)
    }

    /// Ticks a queue as its scheduler does: publishes where the line stands then, and tells what
    /// the tick came to and how long after it the next one is due.
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

    /// Frees the seats of a hold that is over. A failure is logged: they are free by the rule, or
    /// soon will be.
    pub async fn free_seats_or_log(&self, hold: &Hold) {
        if let Err(error) = self.store().free_seats(hold).await {
            tracing::warn!(reservation_id = %hold.reservation_id, %error, "seats were not freed");
        }
    }

    /// The names of all queues: `main`, and those that have a row of their own. 0.5 RRU.
    pub async fn queue_ids(&self) -> Result<Vec<QueueId>, StoreError> {
        let mut ids = self.store().registered_queues().await?;
        if !ids.contains(&QueueId::main()) {
            ids.push(QueueId::main());
        }
        Ok(ids)
    }
}

/// When a client should ask again that has so many seconds to wait; `None` is a wait whose end
/// nobody knows.
pub fn ask_again_after(estimated_wait: Option<u64>) -> u64 {
    let most = *ASK_AGAIN.end();
    (estimated_wait.unwrap_or(most * 8) / 8).clamp(*ASK_AGAIN.start(), most)
}
