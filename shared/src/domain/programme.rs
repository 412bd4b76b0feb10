//! A concert with all its shows, and the changes that can be made to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    ids::{ConcertId, PlanId, QueueId, ShowId, ShowKey},
    money::Money,
    plan::{Grade, Plan},
    show::{Concert, ListedConcert, Pricing, SaleState, SalesWindow, Show, USUAL_CAPACITY},
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
    /// What changes of its texts.
    pub texts: TextsChange,
    /// New shows, and changes of existing ones.
    pub shows: Vec<ShowChange>,
}

/// A change of a show, or a new show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowChange {
    /// Its key. A date alone also names the only show of that day, whatever its key.
    pub key: ShowKey,
    /// What seats cost from now on. A new show needs it.
    pub pricing: PricingChange,
    /// How many seats it has. The capacity of an existing show cannot change.
    pub capacity: Option<u32>,
    /// When its sale opens.
    pub opens_at: Change<Timestamp>,
    /// When its sale closes.
    pub closes_at: Change<Timestamp>,
    /// What changes of what people want to know of it.
    pub details: DetailsChange,
}

/// A change of what seats cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PricingChange {
    /// It stays.
    #[default]
    Keep,
    /// All seats cost the same. The show has no plan.
    Same(Money),
    /// Each grade has its price. The plan stays, unless one is given.
    ByGrade {
        /// The plan: needed for a new show.
        plan: Option<PlanOfShow>,
        /// The price of each grade.
        prices: BTreeMap<Grade, Money>,
    },
}

/// What a show needs to know of its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOfShow {
    /// The plan.
    pub plan_id: PlanId,
    /// Its number of seats.
    pub seats: u32,
    /// Its grades.
    pub grades: BTreeSet<Grade>,
}

impl PlanOfShow {
    /// What a show needs to know of this plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            plan_id: plan.id(),
            seats: plan.seats(),
            grades: plan.grades().iter().cloned().collect(),
        }
    }
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
    /// An existing show would get another capacity.
    Capacity,
    /// A sale would close before it opens.
    SalesWindow,
    /// The doors of a show would open after its start, or its start would not be that of its key.
    Details,
    /// A new show has no price.
    NoPrice,
    /// A grade of the plan has no price, or a price is of no grade.
    Prices,
    /// An existing show would get another plan, or lose its plan.
    Plan,
}

impl Programme {
    /// A concert without shows.
    pub fn new(concert: Concert) -> Self {
        Self {
            concert,
            version: 0,
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
            version: 1,
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
                Some(before) => show.applied_to(before)?,
                None => show.created(&next.concert)?,
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
            .filter(|show| show.queue_id == *queue_id);
        shows
            .map(|show| (show.key, SeatsOnSale::of(show)))
            .collect()
    }
}

impl ShowChange {
    fn applied_to(&self, before: &Show) -> Result<Show, Impossible> {
        if self.capacity.is_some_and(|named| named != before.capacity) {
            return Err(Impossible::Capacity);
        }
        with_a_window(Show {
            pricing: self.pricing.applied_to(&before.pricing)?,
            sale: self.sale(before.sale),
            details: self.details(&before.details, before.key)?,
            ..before.clone()
        })
    }

    fn created(&self, concert: &Concert) -> Result<Show, Impossible> {
        with_a_window(Show {
            concert_id: concert.concert_id,
            key: self.key,
            concert_name: Some(concert.name.clone()),
            queue_id: concert.queue_id.clone(),
            capacity: self.capacity_of_new()?,
            pricing: self.pricing.of_new()?,
            most_seats_a_person: concert.most_seats_a_person,
            sale: self.sale(SalesWindow::default()),
            left: concert.left.clone(),
            details: self.details(&ShowDetails::default(), self.key)?,
        })
    }

    /// The details after the change of the show with this key.
    fn details(&self, before: &ShowDetails, key: ShowKey) -> Result<ShowDetails, Impossible> {
        let details = before.changed(&self.details, key);
        details.ok_or(Impossible::Details)
    }

    /// The capacity of a new show: that of its plan, if it has one.
    fn capacity_of_new(&self) -> Result<u32, Impossible> {
        let PricingChange::ByGrade {
            plan: Some(plan), ..
        } = &self.pricing
        else {
            return Ok(self.capacity.unwrap_or(USUAL_CAPACITY));
        };
        match self.capacity {
            Some(capacity) if capacity != plan.seats => Err(Impossible::Capacity),
            _ => Ok(plan.seats),
        }
    }

    fn sale(&self, before: SalesWindow) -> SalesWindow {
        SalesWindow {
            opens_at: self.opens_at.of(before.opens_at),
            closes_at: self.closes_at.of(before.closes_at),
        }
    }
}

impl PricingChange {
    fn of_new(&self) -> Result<Pricing, Impossible> {
        match self {
            Self::Keep | Self::ByGrade { plan: None, .. } => Err(Impossible::NoPrice),
            Self::Same(price) => Ok(Pricing::Same { price: *price }),
            Self::ByGrade {
                plan: Some(plan),
                prices,
            } => by_grade(plan.plan_id, plan.grades.iter(), prices),
        }
    }

    fn applied_to(&self, before: &Pricing) -> Result<Pricing, Impossible> {
        match (self, before) {
            (Self::Keep, _) => Ok(before.clone()),
            (Self::Same(price), Pricing::Same { .. }) => Ok(Pricing::Same { price: *price }),
            (
                Self::ByGrade { plan, prices },
                Pricing::ByGrade {
                    plan_id,
                    prices: old,
                },
            ) => {
                let is_same = |plan: &PlanOfShow| plan.plan_id == *plan_id;
                if plan.as_ref().is_none_or(is_same) {
                    by_grade(*plan_id, old.keys(), prices)
                } else {
                    Err(Impossible::Plan)
                }
            }
            (Self::Same(_), Pricing::ByGrade { .. })
            | (Self::ByGrade { plan: None, .. }, Pricing::Same { .. }) => Err(Impossible::Prices),
            (Self::ByGrade { .. }, Pricing::Same { .. }) => Err(Impossible::Plan),
        }
    }
}

/// Prices by grade: one for each grade of the plan, and no other.
fn by_grade<'a>(
    plan_id: PlanId,
    grades: impl Iterator<Item = &'a Grade>,
    prices: &BTreeMap<Grade, Money>,
) -> Result<Pricing, Impossible> {
    if grades.eq(prices.keys()) {
        Ok(Pricing::ByGrade {
            plan_id,
            prices: prices.clone(),
        })
    } else {
        Err(Impossible::Prices)
    }
}

fn with_a_window(show: Show) -> Result<Show, Impossible> {
    if !show.sale.is_possible() {
        return Err(Impossible::SalesWindow);
    }
    Ok(show)
}

/// The shows that a queue of its own sells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueShows {
    /// How many times it was written.
    pub version: u64,
    /// The shows of each concert.
    pub shows: BTreeMap<ConcertId, BTreeMap<ShowKey, SeatsOnSale>>,
}

/// How many seats a show has, and when they are sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsOnSale {
    /// The number of seats.
    pub capacity: u32,
    /// When they are sold.
    #[serde(flatten)]
    pub sale: SalesWindow,
}

impl SeatsOnSale {
    fn of(show: &Show) -> Self {
        Self {
            capacity: show.capacity,
            sale: show.sale,
        }
    }
}

impl QueueShows {
    /// The offer of the queue after a concert has set its shows to `shows`; `None` above
    /// [`MAX_SHOWS`] in total.
    pub fn with(
        &self,
        concert_id: ConcertId,
        shows: BTreeMap<ShowKey, SeatsOnSale>,
    ) -> Option<Self> {
        let mut next = self.clone();
        if shows.is_empty() {
            next.shows.remove(&concert_id);
        } else {
            next.shows.insert(concert_id, shows);
        }
        if next != *self {
            next.version += 1;
        }
        let count: usize = next.shows.values().map(BTreeMap::len).sum();
        (count <= MAX_SHOWS).then_some(next)
    }

    /// The shows whose seats are sold now, with the number of seats of each.
    pub fn on_sale(
        &self,
        now: Timestamp,
        zone: &TimeZone,
    ) -> impl Iterator<Item = (ShowId, u32)> + '_ {
        let zone = zone.clone();
        self.all()
            .filter(move |(show, seats)| seats.sale.is_open(show.key, now, &zone))
            .map(|(show, seats)| (show, seats.capacity))
    }

    /// The shows whose sale has not opened, with its time and the number of seats, the earliest
    /// first.
    pub fn to_come(&self, now: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, ShowId, u32)> {
        let opens_at = |(show, seats): (ShowId, &SeatsOnSale)| {
            let SaleState::Upcoming { opens_at } = seats.sale.state(show.key, now, zone) else {
                return None;
            };
            let is_ever_open = opens_at < seats.sale.ends_at(show.key, zone);
            is_ever_open.then_some((opens_at, show, seats.capacity))
        };
        let mut shows: Vec<_> = self.all().filter_map(opens_at).collect();
        shows.sort_unstable_by_key(|(opens_at, ..)| *opens_at);
        shows
    }

    /// When a sale opens or ends next.
    pub fn changes_at(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let times = self.all().flat_map(|(show, seats)| {
            [
                seats.sale.opens_at,
                Some(seats.sale.ends_at(show.key, zone)),
            ]
        });
        times.flatten().filter(|at| *at > now).min()
    }

    /// Whether the queue has ever had a show.
    pub fn has_ever_sold(&self) -> bool {
        self.version > 0
    }

    fn all(&self) -> impl Iterator<Item = (ShowId, &SeatsOnSale)> {
        self.shows.iter().flat_map(|(&concert_id, shows)| {
            let named = move |(&key, seats)| (ShowId { concert_id, key }, seats);
            shows.iter().map(named)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ids::ShowDate;

    fn concert() -> Concert {
        Concert {
            concert_id: ConcertId::new(),
            name: Name::parse("겨울 콘서트").expect("a name"),
            queue_id: QueueId::main(),
            most_seats_a_person: None,
            left: Vec::new(),
        }
    }

    fn date(day: i32) -> ShowKey {
        let new_year = jiff::civil::date(2027, 1, 1);
        ShowDate::from(new_year + jiff::ToSpan::days(day)).into()
    }

    fn show(day: i32) -> ShowChange {
        ShowChange {
            key: date(day),
            pricing: PricingChange::Same(Money::won(50_000)),
            capacity: None,
            opens_at: Change::Keep,
            closes_at: Change::Keep,
            details: DetailsChange::default(),
        }
    }

    fn shows(shows: Vec<ShowChange>) -> ProgrammeChange {
        ProgrammeChange {
            shows,
            ..ProgrammeChange::default()
        }
    }

    fn programme(days: i32) -> Programme {
        let all = shows((0..days).map(show).collect());
        Programme::new(concert()).changed(&all).expect("a concert")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn change_keeps_what_it_does_not_mention() {
        let before = programme(2);
        assert_eq!(
            before.changed(&ProgrammeChange::default()),
            Ok(before.clone())
        );
        let open = ShowChange {
            pricing: PricingChange::Keep,
            opens_at: Change::Set(at(5)),
            ..show(1)
        };
        let opened = before.changed(&shows(vec![open])).expect("a change");
        assert_eq!(opened.shows[&date(0)], before.shows[&date(0)]);
        assert_eq!(opened.shows[&date(1)].sale.opens_at, Some(at(5)));
        assert_eq!(opened.shows[&date(1)].pricing.lowest(), Money::won(50_000));
        let dearer = ShowChange {
            pricing: PricingChange::Same(Money::won(60_000)),
            ..show(1)
        };
        let dearer = opened.changed(&shows(vec![dearer])).expect("a change");
        assert_eq!(dearer.shows[&date(1)].sale.opens_at, Some(at(5)));
        let at_once = ShowChange {
            opens_at: Change::Clear,
            ..show(1)
        };
        let at_once = opened.changed(&shows(vec![at_once])).expect("a change");
        assert_eq!(at_once.shows[&date(1)].sale.opens_at, None);
    }

    #[test]
    fn day_has_one_show_without_a_start_or_any_number_with_one() {
        let key = |text: &str| text.parse::<ShowKey>().expect("a key");
        let keyed = |text: &str| ShowChange {
            key: key(text),
            ..show(0)
        };
        let of = |keys: &[&str]| {
            let all = shows(keys.iter().map(|key| keyed(key)).collect());
            Programme::new(concert()).changed(&all)
        };
        let two = of(&["2027-05-01T14:00", "2027-05-01T19:30", "2027-05-02T14:00"]).expect("fine");
        assert_eq!(
            two.listed().expect("shows").last_date,
            key("2027-05-02").date()
        );
        for mixed in [
            ["2027-05-01", "2027-05-01T14:00"],
            ["2027-05-01T14:00", "2027-05-01"],
        ] {
            assert_eq!(of(&mixed), Err(Impossible::ShowTimes), "{mixed:?}");
        }
        assert_eq!(
            of(&["2027-05-01T14:00", "2027-05-01T14:00"]),
            Err(Impossible::Shows)
        );

        assert_eq!(two.named(key("2027-05-03")), Named::None);
        assert_eq!(two.named(key("2027-05-01T15:00")), Named::None);
        let evening = &two.shows[&key("2027-05-01T19:30")];
        assert_eq!(two.named(evening.key), Named::One(evening));
        let both = vec![key("2027-05-01T14:00"), key("2027-05-01T19:30")];
        assert_eq!(two.named(key("2027-05-01")), Named::Several(both.clone()));
        let only = &two.shows[&key("2027-05-02T14:00")];
        assert_eq!(two.named(key("2027-05-02")), Named::One(only));

        // A date alone changes the only show of its day, and adds none beside it.
        let dearer = ShowChange {
            pricing: PricingChange::Same(Money::won(60_000)),
            ..keyed("2027-05-02")
        };
        let dearer = two.changed(&shows(vec![dearer])).expect("a change");
        assert_eq!(dearer.shows.len(), 3);
        assert_eq!(dearer.shows[&only.key].pricing.lowest(), Money::won(60_000));
        assert_eq!(
            two.changed(&shows(vec![keyed("2027-05-01")])),
            Err(Impossible::SeveralShows(both))
        );
        let twice = vec![keyed("2027-05-02"), keyed("2027-05-02T14:00")];
        assert_eq!(two.changed(&shows(twice)), Err(Impossible::Shows));
    }

    #[test]
    fn impossible_change_is_refused_with_its_reason() {
        let before = programme(2);
        let change = |change| before.changed(&shows(vec![change])).map(drop);
        assert_eq!(
            before.changed(&shows(vec![show(5), show(5)])),
            Err(Impossible::Shows)
        );
        assert_eq!(
            before.changed(&shows((2..201).map(show).collect())),
            Err(Impossible::Shows)
        );
        assert!(before.changed(&shows((2..200).map(show).collect())).is_ok());
        assert_eq!(
            Programme::new(concert()).changed(&shows(Vec::new())),
            Err(Impossible::Shows)
        );
        let another_capacity = ShowChange {
            capacity: Some(51),
            ..show(1)
        };
        assert_eq!(change(another_capacity), Err(Impossible::Capacity));
        let same_capacity = ShowChange {
            capacity: Some(50),
            ..show(1)
        };
        assert_eq!(change(same_capacity), Ok(()));
        let without_price = ShowChange {
            pricing: PricingChange::Keep,
            ..show(7)
        };
        assert_eq!(change(without_price), Err(Impossible::NoPrice));
        let never_open = ShowChange {
            opens_at: Change::Set(at(5)),
            closes_at: Change::Set(at(5)),
            ..show(7)
        };
        assert_eq!(change(never_open), Err(Impossible::SalesWindow));
    }

    #[test]
    fn new_queue_is_written_with_every_show() {
        let before = programme(5);
        let queue_id: QueueId = "arena".parse().expect("an id");
        let after = before
            .changed(&ProgrammeChange {
                queue_id: Some(queue_id.clone()),
                ..ProgrammeChange::default()
            })
            .expect("a change");
        let steps = before.steps_to(&after, 2);
        assert_eq!(steps.len(), 3);
        let sold: Vec<_> = steps.iter().map(|s| s.sold_by(&queue_id).len()).collect();
        assert_eq!(sold, [2, 4, 5]);
        assert!(steps.iter().all(|step| step.concert == after.concert));
        // After a crash, the same change does the rest.
        let rest = steps[0].changed(&ProgrammeChange::default()).expect("fine");
        assert_eq!(steps[0].steps_to(&rest, 2).len(), 2);
        assert_eq!(rest.shows, after.shows);
    }

    #[test]
    fn concerts_of_a_queue_have_200_shows_together_at_most() {
        let (one, other) = (ConcertId::new(), ConcertId::new());
        let seats = SeatsOnSale {
            capacity: 50,
            sale: SalesWindow::default(),
        };
        let some = |count| (0..count).map(|day| (date(day), seats.clone())).collect();
        let empty = QueueShows::default();
        let first = empty.with(one, some(150)).expect("room");
        assert_eq!(first.with(other, some(51)), None);
        let both = first.with(other, some(50)).expect("room");
        assert_eq!(both.version, 2);
        assert_eq!(both.with(one, some(150)).as_ref(), Some(&both), "no change");
        let left = both.with(one, some(0)).expect("less");
        assert_eq!(left.shows.keys().collect::<Vec<_>>(), [&other]);
    }

    proptest! {
        /// The steps lead from one to the other. Each is whole, and none is too large.
        #[test]
        fn steps_lead_to_the_changed_programme(
            before in prop::collection::btree_map(0_i32..40, 1_u32..3, 1..30),
            after in prop::collection::btree_map(0_i32..40, 1_u32..3, 0..30),
            max in 1_usize..8,
        ) {
            let of = |prices: BTreeMap<i32, u32>| {
                let concert = Concert {
                    concert_id: "0190a6b2-4f5e-7c3d-8a9b-0c1d2e3f4a5b".parse().expect("an id"),
                    ..concert()
                };
                let mut programme = Programme::new(concert);
                for (day, won) in prices {
                    let priced = ShowChange { pricing: PricingChange::Same(Money::won(won)), ..show(day) };
                    let show = priced.created(&programme.concert).expect("a show");
                    programme.shows.insert(date(day), show);
                }
                programme
            };
            let (before, after) = (of(before), of(after));
            let mut from = before.clone();
            for step in before.steps_to(&after, max) {
                let days = (0..40).map(date);
                let changes = days.filter(|day| from.shows.get(day) != step.shows.get(day));
                prop_assert!((1..=max).contains(&changes.count()));
                prop_assert_eq!(step.version, from.version + 1);
                from = step;
            }
            prop_assert_eq!(from.shows, after.shows);
        }
    }
}
