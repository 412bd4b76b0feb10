//! Creating, changing and deleting concerts: the transactions that span the catalog and the queues.
//!
//! A transaction has at most a hundred items, and a concert may have two hundred shows. A change
//! that does not fit into one transaction is made in steps. Each step leaves a whole concert: its
//! shows, its line in the listing and the shows of its queue agree at any time. If the steps are
//! cut off, the same request again does the rest. Every step requires the concert that was read, so
//! that of two changes at once neither is lost.

mod called_off;
mod creation;
mod seats;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, ReturnConsumedCapacity, Update};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use tokio::time::Instant;

pub(super) use self::creation::is_creation;
pub use self::{
    called_off::{CalledOffShow, NoSuchShow},
    creation::{CreateRefused, CreationName},
};

use super::{
    Decided as _, Reading, Rejected, Store, StoreError,
    catalog::{ConcertEntry, Listed, if_new, key},
    contention::{TryError, while_contended, while_stale},
    item::{Item, number},
    keys, queues,
    transaction::{Transaction, is_conflict},
    usage,
};
use crate::{
    domain::{
        changes::{Author, ChangeKind, Facts, LastChange, LoggedChange},
        ids::{ConcertId, QueueId, ShowKey},
        programme::{Impossible, Programme, ProgrammeChange, QueueShows},
        seat::SeatNumber,
        show::ListedConcert,
        texts::Texts,
    },
    error::{ApiError, Constraint},
};

/// The most shows in one transaction. Of its hundred items, up to ten are others: the concert, its
/// texts, two lines of the listing, the version, the shows of three queues, the record of a creation,
/// and that in the log of changes.
const MAX_SHOWS_PER_WRITE: usize = 100 - 10;

/// Why a concert was not changed.
#[derive(Debug)]
pub enum ChangeRefused {
    /// There is no such concert.
    NoConcert,
    /// The change is meant for another version.
    Version {
        /// The version in force.
        current: u64,
        /// Who made it.
        last_change: Option<LastChange>,
    },
    /// The change is impossible.
    Impossible(Impossible),
    /// The queue would have too many shows.
    QueueFull,
    /// Seats would go or change that may still be held.
    SaleOpen {
        /// Their show.
        show: ShowKey,
        /// The seconds until no more seat is held, if the sale is closed.
        retry_after: Option<u64>,
    },
    /// Seats would go or change that are sold or held.
    SeatsTaken {
        /// Their show.
        show: ShowKey,
        /// The first hundred of these seats.
        seats: Vec<SeatNumber>,
    },
}

impl From<ChangeRefused> for ApiError {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::NoConcert => Self::ConcertNotFound,
            ChangeRefused::Version {
                current,
                last_change,
            } => Self::VersionMismatch {
                current: Some(current),
                last_change,
            },
            ChangeRefused::Impossible(why) => why.into(),
            ChangeRefused::QueueFull => Self::Invalid(Constraint::QueueShows),
            ChangeRefused::SaleOpen { show, retry_after } => Self::SaleOpen { show, retry_after },
            ChangeRefused::SeatsTaken { show, seats } => Self::SeatsTaken { show, seats },
        }
    }
}

impl From<Impossible> for ApiError {
    fn from(why: Impossible) -> Self {
        match why {
            Impossible::Shows => Self::Invalid(Constraint::Shows),
            Impossible::ShowTimes => Self::Invalid(Constraint::ShowTimes),
            Impossible::SeveralShows(shows) => Self::SeveralShows { shows },
            Impossible::Capacity => Self::Invalid(Constraint::Capacity),
            Impossible::SalesWindow => Self::Invalid(Constraint::SalesWindow),
            Impossible::Details => Self::Invalid(Constraint::DoorTimes),
            Impossible::NoPrice => Self::MissingField("price"),
            Impossible::Prices => Self::Invalid(Constraint::Prices),
            Impossible::Plan => Self::Invalid(Constraint::Plan),
            Impossible::CalledOff => Self::ShowCalledOff,
        }
    }
}

/// Why a concert or one of its shows was not deleted.
#[derive(Debug)]
pub enum DeleteRefused {
    /// There is no such concert, or it has no such show.
    NoSuchShow(NoSuchShow),
    /// A seat is sold or held.
    HasOrders,
    /// The show was called off a moment ago. Until this many seconds have passed, an instance that does
    /// not know it may hold a seat, whose order would not be refunded.
    CalledOffNow {
        /// The show.
        show: ShowKey,
        /// The seconds.
        retry_after: u64,
    },
}

impl From<DeleteRefused> for ApiError {
    fn from(refused: DeleteRefused) -> Self {
        match refused {
            DeleteRefused::NoSuchShow(which) => which.into(),
            DeleteRefused::HasOrders => Self::ConcertHasOrders,
            DeleteRefused::CalledOffNow { show, retry_after } => Self::SaleOpen {
                show,
                retry_after: Some(retry_after),
            },
        }
    }
}

/// Why a step was not done.
enum NotStepped {
    /// Something that it was based on has changed.
    Stale,
    /// The listing is in the order of an earlier version of the code.
    Unfolded,
}

use NotStepped::Stale;

/// One of the queues of a concert would have too many shows.
struct QueueFull;

/// The shows of the queues that a change touches.
type QueuesShows = BTreeMap<QueueId, QueueShows>;

impl Store {
    /// Changes a concert and returns it. 2 WRU for each show that changes, 2 for the concert, 2 for
    /// the version, 2 for each line of the listing that changes, 2 for each KB of the texts if they
    /// change, and 2 for each KB of a queue's shows that change; 1 RRU per 4 KB of the concert, of
    /// its texts and of those shows. If nothing changes, it only reads. The record in the log of
    /// changes: 2 WRU per KB. A change in several steps has its record in the first one.
    ///
    /// If seats of a show go or change, it also costs 1 RRU per 4 KB of each block that has such seats,
    /// and 1 RRU per 4 KB of the plans of the show before and after. It is refused while such seats
    /// may be held, or are taken. The times of shows are those of `zone`.
    pub async fn change_concert(
        &self,
        concert_id: ConcertId,
        change: &ProgrammeChange,
        zone: &TimeZone,
    ) -> Result<Programme, Rejected<ChangeRefused>> {
        let begun = Instant::now();
        while_stale(|| self.try_to_change(concert_id, change, zone, begun)).await
    }

    async fn try_to_change(
        &self,
        concert_id: ConcertId,
        change: &ProgrammeChange,
        zone: &TimeZone,
        begun: Instant,
    ) -> Result<Programme, TryError<ChangeRefused>> {
        let seen = self.programme(concert_id, Reading::Consistent).await?;
        let seen = seen.ok_or(TryError::Refused(ChangeRefused::NoConcert))?;
        if !change.is_meant_for(seen.version) {
            return Err(TryError::Refused(ChangeRefused::Version {
                current: seen.version,
                last_change: seen.last_change,
            }));
        }
        let changed = || {
            let change = ProgrammeChange {
                now: time_since(begun, change.now),
                ..change.clone()
            };
            let next = seen.changed(&change);
            next.map_err(|why| TryError::Refused(ChangeRefused::Impossible(why)))
        };
        let now = time_since(begun, change.now);
        self.require_changeable_seats(&seen, &changed()?, now, zone)
            .await?;
        // The search may have taken seconds. The times that are stored are those of the write.
        let next = changed()?;
        let logged = self.new_change(ChangeKind::ConcertChanged).map(|logged| {
            let (before, after) = Facts::of_change(&seen, &next);
            LoggedChange {
                concert_id: Some(concert_id),
                before,
                after,
                ..logged
            }
        });
        self.write(seen, &next, logged, ChangeRefused::QueueFull)
            .await
    }

    /// Deletes a concert, or one of its shows; with its last show the concert. Refused while a seat
    /// of what would be deleted is taken. The price is that of a change, and 1 RRU for each block
    /// of seats and per 4 KB of it.
    ///
    /// A hold that is placed between the count and the write can still be paid or cancelled,
    /// because it has everything that it needs.
    pub async fn delete_concert(
        &self,
        concert_id: ConcertId,
        show: Option<ShowKey>,
        now: Timestamp,
    ) -> Result<(), Rejected<DeleteRefused>> {
        while_stale(|| self.try_to_delete(concert_id, show, now)).await
    }

    async fn try_to_delete(
        &self,
        concert_id: ConcertId,
        show: Option<ShowKey>,
        now: Timestamp,
    ) -> Result<(), TryError<DeleteRefused>> {
        let seen = self.programme(concert_id, Reading::Consistent).await?;
        let no_such_show = |which| TryError::Refused(DeleteRefused::NoSuchShow(which));
        let seen = seen.ok_or_else(|| no_such_show(NoSuchShow::NoConcert))?;
        let going: Vec<_> = match show {
            None => seen.shows.values().collect(),
            Some(key) => vec![NoSuchShow::or_show(&seen, key).map_err(no_such_show)?],
        };
        for show in &going {
            if let Some(retry_after) = show.called_off_within(now) {
                let show = show.key;
                return Err(TryError::Refused(DeleteRefused::CalledOffNow {
                    show,
                    retry_after,
                }));
            }
        }
        if self.any_seat_is_taken(&going, now).await? {
            return Err(TryError::Refused(DeleteRefused::HasOrders));
        }
        let keys: Vec<_> = going.iter().map(|show| show.key).collect();
        let next = seen.without(&keys);
        let logged = self.logged_deletion(&seen, &next, show.is_some().then(|| keys[0]));
        match self.write(seen, &next, logged, QueueFull).await {
            Ok(_) => Ok(()),
            // Fewer shows always fit. So another change has added shows to the queue.
            Err(TryError::Refused(QueueFull) | TryError::Stale) => Err(TryError::Stale),
            Err(TryError::Failed(error)) => Err(error.into()),
        }
    }

    /// The record of a deletion of a concert, or of this one of its shows. With its last show, the
    /// concert is deleted.
    fn logged_deletion(
        &self,
        before: &Programme,
        after: &Programme,
        show: Option<ShowKey>,
    ) -> Option<LoggedChange> {
        let going = show.and_then(|key| before.shows.get(&key));
        let (kind, before_it) = match going {
            Some(going) if !after.shows.is_empty() => {
                (ChangeKind::ShowDeleted, Facts::of_show(going))
            }
            _ => (ChangeKind::ConcertDeleted, Facts::of_whole_concert(before)),
        };
        self.new_change(kind).map(|logged| LoggedChange {
            concert_id: Some(before.concert.concert_id),
            show,
            before: before_it,
            ..logged
        })
    }

    /// Turns a concert that was read into another, step by step. The first step has the record of
    /// it. `queue_full` is the refusal if one of its queues would have too many shows.
    async fn write<R>(
        &self,
        seen: Programme,
        next: &Programme,
        mut logged: Option<LoggedChange>,
        queue_full: R,
    ) -> Result<Programme, TryError<R>> {
        let Some(mut queues) = self.queues_with(next, Some(&seen)).await? else {
            return Err(TryError::Refused(queue_full));
        };
        let mut from = seen;
        for mut to in from.steps_to(next, MAX_SHOWS_PER_WRITE) {
            to.last_change = self.author.and_then(Author::last_change);
            let step = self.step(&from, &to, &mut queues)?;
            match self
                .with_change(step, logged.take().as_ref(), || Stale)?
                .commit()
                .await
                .decided()?
            {
                Ok(()) => from = to,
                Err(Stale) => return Err(TryError::Stale),
                Err(NotStepped::Unfolded) => {
                    self.fold_listing().await?;
                    return Err(TryError::Stale);
                }
            }
        }
        Ok(from)
    }

    /// The transaction of one step. `queues` are the shows of the queues after it.
    fn step(
        &self,
        from: &Programme,
        to: &Programme,
        queues: &mut QueuesShows,
    ) -> Result<Transaction<NotStepped>, StoreError> {
        let concert_id = to.concert.concert_id;
        let mut transaction = Transaction::new(&self.client);
        transaction = if to.shows.is_empty() {
            transaction.delete(self.delete_seen_concert(from)?, |_| Stale)
        } else {
            transaction.put(self.put_seen_concert(from, to)?, |_| Stale)
        };

        transaction = self.put_texts(transaction, from, to)?;
        for key in all_keys(from, to) {
            let entry = keys::show(key);
            match to.shows.get(&key) {
                Some(show) if from.shows.get(&key) == Some(show) => {}
                Some(show) => {
                    transaction = transaction.put(self.put_show(show, to.version)?, |_| Stale);
                }
                None => {
                    transaction = transaction.delete(self.delete(concert_id, &entry)?, |_| Stale);
                }
            }
        }

        let (before, after) = (from.listed(), to.listed());
        let place = |listed: &ListedConcert| keys::listed(&listed.name, concert_id);
        let place_before = before.as_ref().map(place);
        let place_after = after.as_ref().map(place);
        if let Some(left) = place_before.filter(|before| Some(before) != place_after.as_ref()) {
            transaction = transaction.delete(self.delete(keys::LISTING, &left)?, |_| Stale);
        }
        if let (Some(listed), Some(place)) = (&after, &place_after)
            && before != after
        {
            transaction = transaction.put(self.put(keys::LISTING, place, listed)?, |_| Stale);
        }
        transaction = transaction.update(self.count_version()?, |_| NotStepped::Unfolded);
        self.put_queues(transaction, queues, to, || Stale)
    }

    /// Adds the write of the texts, if they change. They are deleted with the concert. No condition
    /// is needed, because each of their writes also counts up the concert's version, and they are
    /// read after it.
    fn put_texts(
        &self,
        transaction: Transaction<NotStepped>,
        from: &Programme,
        to: &Programme,
    ) -> Result<Transaction<NotStepped>, StoreError> {
        let none = Texts::default();
        let next = if to.shows.is_empty() {
            &none
        } else {
            &to.texts
        };
        let group = keys::texts(to.concert.concert_id);
        Ok(if from.texts == *next {
            transaction
        } else if next.is_empty() {
            transaction.delete(self.delete(group, keys::TEXTS)?, |_| Stale)
        } else {
            transaction.put(self.put(group, keys::TEXTS, next)?, |_| Stale)
        })
    }

    /// Adds the writes that set which of the concert's shows each queue sells.
    fn put_queues<R>(
        &self,
        mut transaction: Transaction<R>,
        queues: &mut QueuesShows,
        programme: &Programme,
        stale: impl Fn() -> R + Copy + Send + 'static,
    ) -> Result<Transaction<R>, StoreError> {
        let concert_id = programme.concert.concert_id;
        for (queue_id, shows) in queues {
            let next = shows.with(concert_id, programme.sold_by(queue_id));
            let next =
                next.ok_or_else(|| StoreError::Unavailable("a queue without room".into()))?;
            if next != *shows {
                let put = queues::put_shows(&self.tables, queue_id, shows, &next)?;
                transaction = transaction.put(put, move |_| stale());
                *shows = next;
            }
        }
        Ok(transaction)
    }

    /// The stored shows of each queue of its own whose part of the concert's shows changes; `None`
    /// if one of them would have too many.
    async fn queues_with(
        &self,
        next: &Programme,
        before: Option<&Programme>,
    ) -> Result<Option<QueuesShows>, StoreError> {
        let mut queue_ids = next.own_queues();
        queue_ids.extend(before.map(Programme::own_queues).unwrap_or_default());
        let mut queues = QueuesShows::new();
        for queue_id in queue_ids {
            let sold = next.sold_by(&queue_id);
            if before.is_some_and(|before| before.sold_by(&queue_id) == sold) {
                continue;
            }
            let shows = self.queue_shows(&queue_id).await?;
            if shows.with(next.concert.concert_id, sold).is_none() {
                return Ok(None);
            }
            queues.insert(queue_id, shows);
        }
        Ok(Some(queues))
    }

    fn put_seen_concert(&self, seen: &Programme, next: &Programme) -> Result<Put, StoreError> {
        let mut put = self.put(next.concert.concert_id, keys::CONCERT, &entry(next))?;
        put.condition_expression = Some("version = :seen".to_owned());
        put.expression_attribute_values = Some(is_seen(seen));
        Ok(put)
    }

    fn delete_seen_concert(&self, seen: &Programme) -> Result<Delete, StoreError> {
        let mut delete = self.delete(seen.concert.concert_id, keys::CONCERT)?;
        delete.condition_expression = Some("version = :seen".to_owned());
        delete.expression_attribute_values = Some(is_seen(seen));
        Ok(delete)
    }

    fn delete(&self, group: impl ToString, entry: &str) -> Result<Delete, StoreError> {
        Delete::builder()
            .table_name(&self.tables.catalog)
            .set_key(Some(key(group, entry)))
            .build()
            .map_err(StoreError::of_item)
    }

    /// Counts up the version of the catalog, so that caches of it become stale. Refused while the
    /// listing is in the order of an earlier version of the code.
    fn count_version(&self) -> Result<Update, StoreError> {
        Update::builder()
            .table_name(&self.tables.catalog)
            .set_key(Some(key(keys::VERSION, keys::VERSION)))
            .update_expression("ADD version :one")
            .condition_expression("attribute_exists(folded)")
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(StoreError::of_item)
    }

    /// Moves an entry of the listing to its place, unless it has changed since it was read. 4 WRU.
    pub async fn put_in_place(&self, listed: &Listed) -> Result<(), StoreError> {
        let Listed { entry, concert } = listed;
        let place = keys::listed(&concert.name, concert.concert_id);
        let moved = Transaction::new(&self.client)
            .delete(if_there(self.delete(keys::LISTING, entry)?), |_| ())
            .put(self.put(keys::LISTING, &place, concert)?, |_| ())
            .commit();
        // If it is refused, another call has moved the entry.
        moved.await.decided().map(|_| ())
    }

    /// Puts the entries of the listing into the order of folded names, and stores that they are.
    /// This happens once: for a new catalog when its first concert is created, for one of an
    /// earlier version of the code when the first concert is changed. Two such calls at once do no
    /// harm. 1 RRU per 4 KB, 1 WRU, and 4 WRU for each entry that moves.
    async fn fold_listing(&self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let (misplaced, next) = self.misplaced(after).await?;
            for listed in misplaced {
                self.put_in_place(&listed).await?;
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        let update = self
            .client
            .update_item()
            .table_name(&self.tables.catalog)
            .set_key(Some(key(keys::VERSION, keys::VERSION)))
            .update_expression("SET folded = :yes ADD version :one")
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":one", number(1))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let output = while_contended(|| update.clone().send(), is_conflict).await?;
        usage::write(output.consumed_capacity());
        Ok(())
    }
}

/// The time of a write in a call that began at `begun`, when it was `now`: as long after that, in whole
/// seconds. `HOLDS_SETTLED_AFTER` counts from it, and has three seconds for what is lost here and for
/// the write.
fn time_since(begun: Instant, now: Timestamp) -> Timestamp {
    let passed = i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX);
    now.saturating_add(SignedDuration::from_secs(passed))
        .unwrap_or(Timestamp::MAX)
}

fn if_there(mut delete: Delete) -> Delete {
    delete.condition_expression = Some("attribute_exists(entry)".to_owned());
    delete
}

fn is_seen(programme: &Programme) -> Item {
    Item::from([(":seen".to_owned(), number(programme.version))])
}

fn entry(programme: &Programme) -> ConcertEntry {
    ConcertEntry {
        concert: programme.concert.clone(),
        version: programme.version,
        last_change: programme.last_change,
    }
}

fn all_keys(one: &Programme, other: &Programme) -> BTreeSet<ShowKey> {
    one.shows
        .keys()
        .chain(other.shows.keys())
        .copied()
        .collect()
}
