//! A concert with all its shows, and the changes that can be made to it.

mod pricing;
mod queue_shows;
mod seats;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use self::{
    pricing::{PlanOfShow, PricingChange},
    queue_shows::{QueueShows, SeatsOnSale},
    seats::{ChangedSeats, SeatsChange},
};

use super::{
    changes::LastChange,
    ids::{ConcertId, QueueId, ShowKey},
    show::{CalledOff, Concert, ListedConcert, SalesWindow, Show, USUAL_CAPACITY},
    texts::{DetailsChange, ShowDetails, Texts, TextsChange},
    user::Name,
};

/// The most shows that a concert may have. The concerts of a queue of its own may have this many
/// together.
pub const MAX_SHOWS: usize = 200;

/// A concert with all its shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// The concert.
    pub concert: Concert,
    /// How many times it was written. A change names the version that was read.
    pub version: u64,
    /// Who wrote it last, if that is known.
    pub last_change: Option<LastChange>,
    /// Its texts.
    pub texts: Texts,
    /// Its shows. A concert without shows does not exist.
    pub shows: BTreeMap<ShowKey, Show>,
}

/// What a caller means by a key of a concert's shows. A date alone names the only show of that day,
/// whatever its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named<'a> {
    /// This show.
    One(&'a Show),
    /// No show.
    None,
    /// The day has several shows, with these keys.
    Several(Vec<ShowKey>),
}

impl<'a> Named<'a> {
    /// What `key` means among the shows of a concert.
    pub fn among(shows: impl Iterator<Item = &'a Show> + Clone, key: ShowKey) -> Self {
        let is_meant =
            |show: &&Show| show.key == key || (!key.is_timed() && show.date() == key.date());
        let mut meant = shows.clone().filter(is_meant);
        match (meant.next(), meant.next()) {
            // A day with a show without a start has no other, so the first is the only one.
            (Some(show), None) => Self::One(show),
            (Some(show), _) if show.key == key => Self::One(show),
            (None, _) => Self::None,
            (Some(_), Some(_)) => {
                Self::Several(shows.filter(is_meant).map(|show| show.key).collect())
            }
        }
    }
}

/// A change of a concert. What it does not mention stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgrammeChange {
    /// Its new name.
    pub name: Option<Name>,
    /// Its new queue.
    pub queue_id: Option<QueueId>,
    /// The most seats that one user may have.
    pub most_seats_a_person: Change<u32>,
    /// The time of the change.
    pub now: Timestamp,
    /// The versions that it is meant for. `None`: any.
    pub versions: Option<Vec<u64>>,
    /// What changes of its texts.
    pub texts: TextsChange,
    /// New shows, and changes of existing ones.
    pub shows: Vec<ShowChange>,
}

impl ProgrammeChange {
    /// Whether it is meant for this version of the concert.
    pub fn is_meant_for(&self, version: u64) -> bool {
        let versions = self.versions.as_ref();
        versions.is_none_or(|versions| versions.contains(&version))
    }
}

/// A change of a show, or a new show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowChange {
    /// Its key. A date alone also names the only show of that day, whatever its key.
    pub key: ShowKey,
    /// What seats cost from now on. A new show needs it.
    pub pricing: PricingChange,
    /// How many seats it has. With a plan, as many as the plan.
    pub capacity: Option<u32>,
    /// When its sale opens.
    pub opens_at: Change<Timestamp>,
    /// When its sale closes.
    pub closes_at: Change<Timestamp>,
    /// What changes of what people want to know of it.
    pub details: DetailsChange,
}

/// A change of an optional value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// The value stays.
    #[default]
    Keep,
    /// The value is removed.
    Clear,
    /// The value is set to this.
    Set(T),
}

impl<T> Change<T> {
    pub(super) fn of(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

/// Why a change is impossible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Impossible {
    /// A show is named twice, or there would be no show, or more than [`MAX_SHOWS`].
    Shows,
    /// A day would have a show with a start and one without.
    ShowTimes,
    /// The day has several shows, and the change does not say which.
    SeveralShows(Vec<ShowKey>),
    /// A show with a plan would have another number of seats than the plan.
    Capacity,
    /// A sale would close before it opens.
    SalesWindow,
    /// The doors of a show would open after its start, or its start would not be that of its key.
    Details,
    /// A new show has no price.
    NoPrice,
    /// A grade of the plan has no price, or a price is of no grade. Or a show with a plan would lose
    /// it.
    Prices,
    /// A show would get a plan without prices, and has no prices of grades.
    Plan,
    /// The sale, the prices or the seats of a show that was called off would change.
    CalledOff,
}

impl Programme {
    /// The version of a new concert.
    pub const FIRST_VERSION: u64 = 1;

    /// A concert without shows.
    pub fn new(concert: Concert) -> Self {
        Self {
            concert,
            version: 0,
            last_change: None,
            texts: Texts::default(),
            shows: BTreeMap::new(),
        }
    }

    /// The same concert with this id.
    #[must_use]
    pub fn with_id(mut self, concert_id: ConcertId) -> Self {
        self.concert.concert_id = concert_id;
        for show in self.shows.values_mut() {
            show.concert_id = concert_id;
        }
        self
    }

    /// The same concert, as it is created.
    #[must_use]
    pub fn first_version(&self) -> Self {
        let mut programme = Self {
            version: Self::FIRST_VERSION,
            ..self.clone()
        };
        programme.tell_shows();
        programme
    }

    /// A new concert with these shows.
    pub fn with_shows(concert: Concert, shows: &[Show]) -> Self {
        let programme = Self {
            shows: shows.iter().map(|show| (show.key, show.clone())).collect(),
            ..Self::new(concert)
        };
        programme.first_version()
    }

    /// The concert after a change. Every show gets the concert's queue and name.
    pub fn changed(&self, change: &ProgrammeChange) -> Result<Self, Impossible> {
        let mut next = self.clone();
        if let Some(name) = &change.name {
            next.concert.name = name.clone();
        }
        if let Some(queue_id) = &change.queue_id {
            next.concert.move_to(queue_id, change.now);
        }
        next.concert.most_seats_a_person =
            (change.most_seats_a_person).of(self.concert.most_seats_a_person);
        next.texts = self.texts.changed(&change.texts);
        let mut named = BTreeSet::new();
        for show in &change.shows {
            let before = match self.named(show.key) {
                Named::One(before) => Some(before),
                Named::None => None,
                Named::Several(keys) => return Err(Impossible::SeveralShows(keys)),
            };
            let changed = match before {
                Some(before) => show.applied_to(before, change.now)?,
                None => Show {
                    // A show with this key may have been deleted a moment ago.
                    sale_set_at: (self.version > 0).then_some(change.now),
                    ..show.created(&next.concert)?
                },
            };
            if !named.insert(changed.key) {
                return Err(Impossible::Shows);
            }
            next.shows.insert(changed.key, changed);
        }
        next.tell_shows();
        if next.mixes_times() {
            return Err(Impossible::ShowTimes);
        }
        if (1..=MAX_SHOWS).contains(&next.shows.len()) {
            Ok(next)
        } else {
            Err(Impossible::Shows)
        }
    }

    /// The concert after one of its shows was called off: the sale of the show closes, and no queue
    /// sells it any more. The same concert if it has no such show, or if the show was called off
    /// before.
    #[must_use]
    pub fn with_called_off(&self, key: ShowKey, called_off: CalledOff) -> Self {
        let mut next = self.clone();
        if let Some(show) = next.shows.get_mut(&key)
            && show.called_off.is_none()
        {
            show.sale = show.sale.closed_at(called_off.at);
            show.sale_set_at = Some(called_off.at);
            show.called_off = Some(called_off);
        }
        next
    }

    /// The show that a caller means by this key.
    pub fn named(&self, key: ShowKey) -> Named<'_> {
        Named::among(self.shows.values(), key)
    }

    /// Whether a day has a show without a start and another one.
    fn mixes_times(&self) -> bool {
        // In the order of keys, the show without a start comes first.
        let following = self.shows.keys().zip(self.shows.keys().skip(1));
        following
            .into_iter()
            .any(|(key, next)| !key.is_timed() && key.date() == next.date())
    }

    /// Copies into every show what it stores of its concert.
    fn tell_shows(&mut self) {
        for show in self.shows.values_mut() {
            show.queue_id.clone_from(&self.concert.queue_id);
            show.concert_name = Some(self.concert.name.clone());
            show.left.clone_from(&self.concert.left);
            show.most_seats_a_person = self.concert.most_seats_a_person;
        }
    }

    /// The concert without these shows. If none is left, it is to be deleted.
    #[must_use]
    pub fn without(&self, keys: &[ShowKey]) -> Self {
        let mut next = self.clone();
        next.shows.retain(|key, _| !keys.contains(key));
        next
    }

    /// The steps from this version to `next`, if one write may change at most `max_shows` shows.
    /// Each step is a whole concert. So nothing is wrong if the change is cut off in between, and
    /// the same change made again does the rest. Empty if there is nothing to change.
    pub fn steps_to(&self, next: &Self, max_shows: usize) -> Vec<Self> {
        let keys: BTreeSet<_> = self.shows.keys().chain(next.shows.keys()).collect();
        let changed: Vec<_> = keys
            .into_iter()
            .filter(|key| self.shows.get(key) != next.shows.get(key))
            .collect();
        let mut step = Self {
            concert: next.concert.clone(),
            texts: next.texts.clone(),
            ..self.clone()
        };
        let mut steps = Vec::new();
        for keys in changed.chunks(max_shows) {
            for key in keys {
                match next.shows.get(key) {
                    Some(show) => step.shows.insert(**key, show.clone()),
                    None => step.shows.remove(key),
                };
            }
            step.version += 1;
            steps.push(step.clone());
        }
        let is_changed = step.concert != self.concert || step.texts != self.texts;
        if steps.is_empty() && is_changed {
            step.version += 1;
            steps.push(step);
        }
        steps
    }

    /// Its line in the listing; `None` without shows.
    pub fn listed(&self) -> Option<ListedConcert> {
        let (first, _) = self.shows.first_key_value()?;
        let (last, _) = self.shows.last_key_value()?;
        Some(ListedConcert {
            concert_id: self.concert.concert_id,
            name: self.concert.name.clone(),
            first_date: first.date(),
            last_date: last.date(),
            shows: u32::try_from(self.shows.len()).ok()?,
            max_capacity: self.shows.values().map(|show| show.capacity).max()?,
        })
    }

    /// The queues of its shows, without `main`. Each sells only the concerts that name it.
    pub fn own_queues(&self) -> BTreeSet<QueueId> {
        let queues = self.shows.values().map(|show| show.queue_id.clone());
        queues.filter(|queue| *queue != QueueId::main()).collect()
    }

    /// Its shows that this queue sells, with what admission needs to know about them.
    pub fn sold_by(&self, queue_id: &QueueId) -> BTreeMap<ShowKey, SeatsOnSale> {
        let shows = self
            .shows
            .values()
            .filter(|show| show.queue_id == *queue_id && show.called_off.is_none());
        shows
            .map(|show| (show.key, SeatsOnSale::of(show)))
            .collect()
    }
}

impl ShowChange {
    fn applied_to(&self, before: &Show, now: Timestamp) -> Result<Show, Impossible> {
        let pricing = self.pricing.applied_to(&before.pricing)?;
        let capacity = (self.pricing).capacity(&pricing, self.capacity, before.capacity)?;
        let sale = self.sale(before.sale);
        let is_set = sale != before.sale;
        let is_same = !is_set && pricing == before.pricing && capacity == before.capacity;
        if before.called_off.is_some() && !is_same {
            return Err(Impossible::CalledOff);
        }
        with_a_window(Show {
            capacity,
            pricing,
            sale,
            sale_set_at: if is_set {
                Some(now)
            } else {
                before.sale_set_at
            },
            details: self.details(&before.details, before.key)?,
            ..before.clone()
        })
    }

    fn created(&self, concert: &Concert) -> Result<Show, Impossible> {
        let pricing = self.pricing.of_new()?;
        with_a_window(Show {
            concert_id: concert.concert_id,
            key: self.key,
            concert_name: Some(concert.name.clone()),
            queue_id: concert.queue_id.clone(),
            capacity: (self.pricing).capacity(&pricing, self.capacity, USUAL_CAPACITY)?,
            pricing,
            most_seats_a_person: concert.most_seats_a_person,
            sale: self.sale(SalesWindow::default()),
            sale_set_at: None,
            called_off: None,
            left: concert.left.clone(),
            details: self.details(&ShowDetails::default(), self.key)?,
        })
    }

    /// The details after the change of the show with this key.
    fn details(&self, before: &ShowDetails, key: ShowKey) -> Result<ShowDetails, Impossible> {
        let details = before.changed(&self.details, key);
        details.ok_or(Impossible::Details)
    }

    fn sale(&self, before: SalesWindow) -> SalesWindow {
        SalesWindow {
            opens_at: self.opens_at.of(before.opens_at),
            closes_at: self.closes_at.of(before.closes_at),
        }
    }
}

fn with_a_window(show: Show) -> Result<Show, Impossible> {
    if !show.sale.is_possible() {
        return Err(Impossible::SalesWindow);
    }
    Ok(show)
}
