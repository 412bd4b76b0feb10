//! Creating concerts: in one transaction or several, and once under a name.

use aws_lc_rs::digest;
use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, Update},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        Decided as _, Reading, Rejected, Store, StoreError,
        catalog::key,
        contention::{TryError, while_contended, while_stale},
        item::{Item, from_item, to_item},
        keys,
        transaction::{Transaction, is_conflict},
        usage,
    },
    MAX_SHOWS_PER_WRITE, entry, if_new,
};
use crate::{
    domain::{
        changes::{Author, ChangeKind, Facts, LoggedChange},
        ids::{ConcertId, UserId},
        programme::Programme,
        show::{Concert, Pricing, SalesWindow, Show},
    },
    error::{ApiError, Constraint},
};

/// Why a concert was not created.
#[derive(Debug)]
pub enum CreateRefused {
    /// There is a concert with this id.
    Exists,
    /// It has no show.
    NoShow,
    /// The queue would have too many shows.
    QueueFull,
    /// The key was used for another concert before.
    KeyReused,
}

impl From<CreateRefused> for ApiError {
    fn from(refused: CreateRefused) -> Self {
        match refused {
            CreateRefused::Exists => Self::bug("a new concert's id was taken"),
            CreateRefused::NoShow => Self::bug("a concert without a show"),
            CreateRefused::QueueFull => Self::Invalid(Constraint::QueueShows),
            CreateRefused::KeyReused => Self::IdempotencyKeyReused,
        }
    }
}

/// The name of a creation that is done only once: an administrator and their key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreationName {
    /// The administrator.
    pub admin: UserId,
    /// Their `Idempotency-Key`.
    pub key: String,
}

/// The record of a creation that has a name.
#[derive(Serialize, Deserialize)]
struct Creation {
    /// The concert that it creates.
    concert_id: ConcertId,
    /// A digest of the concert to be created.
    digest: String,
    /// Whether it is done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    done: bool,
}

/// Whether an item is the record of a creation.
pub(in crate::store) fn is_creation(item: Item) -> bool {
    from_item::<Creation>(item).is_ok()
}

enum NotPublished {
    /// The creation with this name is done.
    Done,
    Exists,
    Stale,
    Unfolded,
}

impl Store {
    /// Creates a concert with these shows, without texts, as [`Store::create_programme`] does.
    pub async fn create_concert(
        &self,
        concert: &Concert,
        shows: &[Show],
    ) -> Result<(), Rejected<CreateRefused>> {
        let programme = Programme::with_shows(concert.clone(), shows);
        self.create(&programme, None).await
    }

    /// Creates a concert with its shows and texts; it must have at least one show. 2 WRU an item,
    /// and for texts 2 WRU per KB; with a queue of its own 2 WRU more per KB of the queue's shows,
    /// and 1 RRU per 4 KB. The record in the log of changes: 2 WRU.
    ///
    /// If one transaction is not enough, several are written. The last one has the concert, its
    /// texts and its line in the listing, so nobody sees the concert before.
    pub async fn create_programme(
        &self,
        programme: &Programme,
    ) -> Result<(), Rejected<CreateRefused>> {
        self.create(&programme.first_version(), None).await
    }

    /// Creates a concert once under this name. The same request again returns the id of the concert
    /// that it created, whether or not that still exists. The price is that of
    /// [`Store::create_programme`] and 3 WRU more, and 2 for each transaction but the last; again: 1
    /// WRU.
    ///
    /// A creation that was cut off is continued by the next try, under the id that the first try
    /// gave it. Of tries at once, one publishes the concert, and all of them write the same.
    pub async fn create_concert_once(
        &self,
        name: &CreationName,
        programme: &Programme,
    ) -> Result<ConcertId, Rejected<CreateRefused>> {
        let programme = programme.first_version();
        let new = Creation {
            concert_id: programme.concert.concert_id,
            digest: digest_of(&programme)?,
            done: false,
        };
        let creation = match self.begin_creation(name, &new).await? {
            None => new,
            Some(there) if there.digest == new.digest => there,
            Some(_) => return Err(Rejected::Refused(CreateRefused::KeyReused)),
        };
        let concert_id = creation.concert_id;
        if !creation.done {
            let programme = programme.with_id(concert_id);
            self.create(&programme, Some(name)).await?;
        }
        Ok(concert_id)
    }

    /// Stores that a creation has begun, or returns the stored one. 1 WRU.
    async fn begin_creation(
        &self,
        name: &CreationName,
        creation: &Creation,
    ) -> Result<Option<Creation>, StoreError> {
        let mut item = to_item(creation)?;
        item.extend(creation_key(name));
        let put = self
            .client
            .put_item()
            .table_name(&self.tables.catalog)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(entry)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match while_contended(|| put.clone().send(), is_conflict).await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(None)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    from_item(refused.item.clone().unwrap_or_default()).map(Some)
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Whether a creation is done, read consistently. 1 RRU.
    async fn is_created(&self, name: &CreationName) -> Result<bool, StoreError> {
        let key = key(keys::creations(name.admin), &name.key);
        let catalog = &self.tables.catalog;
        let creation: Option<Creation> = self.get(catalog, key, Reading::Consistent).await?;
        Ok(creation.is_some_and(|creation| creation.done))
    }

    /// The write that continues or ends a creation, unless it is done.
    fn go_on_creating(&self, name: &CreationName, what: &str) -> Result<Update, StoreError> {
        Update::builder()
            .table_name(&self.tables.catalog)
            .set_key(Some(creation_key(name)))
            .update_expression(format!("SET {what} = :yes"))
            .condition_expression("attribute_not_exists(done)")
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .build()
            .map_err(StoreError::of_item)
    }

    async fn create(
        &self,
        programme: &Programme,
        name: Option<&CreationName>,
    ) -> Result<(), Rejected<CreateRefused>> {
        let programme = &Programme {
            last_change: self.author.and_then(Author::last_change),
            ..programme.clone()
        };
        let shows: Vec<_> = programme.shows.values().collect();
        let first = shows.len().saturating_sub(MAX_SHOWS_PER_WRITE);
        if first > 0 && self.queues_with(programme, None).await?.is_none() {
            return Err(Rejected::Refused(CreateRefused::QueueFull));
        }
        for batch in shows[..first].chunks(MAX_SHOWS_PER_WRITE) {
            let written = self.new_shows(batch, name, "begun")?.commit().await;
            match written.decided()? {
                Ok(()) => {}
                Err(NotPublished::Done) => return Ok(()),
                Err(_) => return Err(Rejected::Refused(CreateRefused::Exists)),
            }
        }
        let last = &shows[first..];
        while_stale(|| self.try_to_publish(programme, last, name)).await
    }

    async fn try_to_publish(
        &self,
        programme: &Programme,
        shows: &[&Show],
        name: Option<&CreationName>,
    ) -> Result<(), TryError<CreateRefused>> {
        let Some(listed) = programme.listed() else {
            return Err(TryError::Refused(CreateRefused::NoShow));
        };
        let Some(mut queues) = self.queues_with(programme, None).await? else {
            return Err(TryError::Refused(CreateRefused::QueueFull));
        };
        let concert_id = programme.concert.concert_id;
        let place = keys::listed(&listed.name, concert_id);
        let mut transaction = self.new_shows(shows, name, "done")?;
        if !programme.texts.is_empty() {
            let put = self.put(keys::texts(concert_id), keys::TEXTS, &programme.texts)?;
            transaction = transaction.put(put, |_| NotPublished::Exists);
        }
        let transaction = transaction
            .put(
                if_new(self.put(concert_id, keys::CONCERT, &entry(programme))?),
                |_| NotPublished::Exists,
            )
            .put(if_new(self.put(keys::LISTING, &place, &listed)?), |_| {
                NotPublished::Exists
            })
            .update(self.count_version()?, |_| NotPublished::Unfolded);
        let transaction =
            self.put_queues(transaction, &mut queues, programme, || NotPublished::Stale)?;
        let logged = self.new_change(ChangeKind::ConcertCreated);
        let logged = logged.map(|logged| LoggedChange {
            concert_id: Some(concert_id),
            after: Facts::of_whole_concert(programme),
            ..logged
        });
        let transaction = self.with_change(transaction, logged.as_ref(), || NotPublished::Stale)?;
        match transaction.commit().await.decided()? {
            Ok(()) | Err(NotPublished::Done) => Ok(()),
            // A creation that is done fails each of the conditions, and not all are reported.
            Err(NotPublished::Exists) => match name {
                Some(name) if self.is_created(name).await? => Ok(()),
                _ => Err(TryError::Refused(CreateRefused::Exists)),
            },
            Err(NotPublished::Stale) => Err(TryError::Stale),
            Err(NotPublished::Unfolded) => {
                self.fold_listing().await?;
                Err(TryError::Stale)
            }
        }
    }

    /// A transaction with new shows. Those of a creation with a name may exist already: until it is
    /// done, all of its tries write the same.
    fn new_shows(
        &self,
        shows: &[&Show],
        name: Option<&CreationName>,
        what: &str,
    ) -> Result<Transaction<NotPublished>, StoreError> {
        let mut transaction = Transaction::new(&self.client);
        if let Some(name) = name {
            let update = self.go_on_creating(name, what)?;
            transaction = transaction.update(update, |_| NotPublished::Done);
        }
        for show in shows {
            let put = self.put_show(show, Programme::FIRST_VERSION)?;
            let put = if name.is_none() { if_new(put) } else { put };
            transaction = transaction.put(put, |_| NotPublished::Exists);
        }
        Ok(transaction)
    }
}

/// A digest of a new concert without its id. For a concert without texts it is what it was before
/// there were any: a creation that was cut off then can be continued now.
fn digest_of(programme: &Programme) -> Result<String, StoreError> {
    let Concert {
        name,
        queue_id,
        most_seats_a_person,
        ..
    } = &programme.concert;
    let mut parts = vec![queue_id.to_string(), name.as_str().to_owned()];
    if let Some(limit) = most_seats_a_person {
        parts.push(format!("at most {limit}"));
    }
    for show in programme.shows.values() {
        let Show {
            key,
            capacity,
            pricing,
            sale,
            details,
            ..
        } = show;
        let price = price_in_digest(pricing);
        let SalesWindow {
            opens_at,
            closes_at,
        } = sale;
        parts.push(format!(
            "{key} {capacity} {price} {opens_at:?} {closes_at:?}"
        ));
        // JSON has no line breaks, so a text cannot look like another part.
        if !details.is_empty() {
            parts.push(format!("details {}", json(details)?));
        }
    }
    if !programme.texts.is_empty() {
        parts.push(format!("texts {}", json(&programme.texts)?));
    }
    let text = parts.join("\n");
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    Ok(BASE64_URL_SAFE_NO_PAD.encode(digest))
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::of_item)
}

/// What seats cost, for a digest. For a show without a plan it is what it was before there were
/// plans: a creation that was cut off then can be continued now.
fn price_in_digest(pricing: &Pricing) -> String {
    match pricing {
        Pricing::Same { price } => price.hundredths().to_string(),
        Pricing::ByGrade { plan_id, prices } => {
            let prices = prices.iter().map(|(grade, price)| {
                // The length keeps a grade with digits in it apart from its price.
                let grade = grade.as_str();
                format!("{}{grade}{}", grade.len(), price.hundredths())
            });
            format!("{plan_id} {}", prices.collect::<Vec<_>>().join(" "))
        }
    }
}

fn creation_key(name: &CreationName) -> Item {
    key(keys::creations(name.admin), &name.key)
}
