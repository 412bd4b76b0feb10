//! `Queues`: the counts of the cohorts.

use aws_sdk_dynamodb::{Client, operation::update_item::builders::UpdateItemFluentBuilder};
use jiff::{SignedDuration, Timestamp};

use super::{
    Store, StoreError,
    contention::while_contended,
    item::{number, ttl},
    keys,
    transaction::is_conflict,
    usage,
};
use crate::domain::{
    ids::QueueId,
    queue::{Counter, VoidCredit},
};

/// How long the counts of a cohort are kept.
const COUNTS_KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What happened to a member of a cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It made its first protected call.
    Arrived,
    /// It was closed after having arrived.
    Done,
    /// It left after its admission without having arrived.
    Gone,
}

impl Event {
    fn attribute(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Done => "done",
            Self::Gone => "gone",
        }
    }
}

impl Store {
    /// Counts an arrival, before it is written into the session. 1 WRU. It is retried, because
    /// counting one too many is safe.
    pub async fn count_arrival(
        &self,
        queue_id: &QueueId,
        counter: Counter,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = self.count(&self.client, queue_id, counter, Event::Arrived, 1, now);
        let output = while_contended(|| update.clone().send(), is_conflict).await?;
        usage::write(output.consumed_capacity());
        Ok(())
    }

    /// Takes back the count of an arrival that another call has counted. 1 WRU. It is never
    /// retried: counting one too few would let somebody in who must wait.
    pub async fn take_arrival_back(&self, queue_id: &QueueId, counter: Counter, now: Timestamp) {
        self.count_once(queue_id, counter, Event::Arrived, -1, now)
            .await;
    }

    /// Counts a finished session. 1 WRU. It is never retried, for the same reason. It returns no
    /// error, because a session that is not counted here stops counting when its window ends.
    pub async fn count_end(
        &self,
        queue_id: &QueueId,
        counter: Counter,
        event: Event,
        now: Timestamp,
    ) {
        self.count_once(queue_id, counter, event, 1, now).await;
    }

    async fn count_once(
        &self,
        queue_id: &QueueId,
        counter: Counter,
        event: Event,
        by: i64,
        now: Timestamp,
    ) {
        let client = &self.client_without_retries;
        let update = self.count(client, queue_id, counter, event, by, now);
        match update.send().await {
            Ok(output) => usage::write(output.consumed_capacity()),
            Err(error) => {
                let error = StoreError::from(error);
                tracing::warn!(%queue_id, ?counter, ?event, by, %error, "a count was lost");
            }
        }
    }

    /// Counts skipped numbers as people who will not come. 1 WRU. Never retried.
    pub async fn count_skipped(&self, queue_id: &QueueId, skipped: VoidCredit, now: Timestamp) {
        let numbers = i64::try_from(skipped.numbers).unwrap_or(i64::MAX);
        let counter = Counter::first(skipped.cohort);
        self.count_once(queue_id, counter, Event::Gone, numbers, now)
            .await;
    }

    fn count(
        &self,
        client: &Client,
        queue_id: &QueueId,
        counter: Counter,
        event: Event,
        by: i64,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let kept_until = now
            .saturating_add(COUNTS_KEPT_FOR)
            .unwrap_or(Timestamp::MAX);
        self.update_item_with(client, keys::cohort(queue_id, counter))
            .update_expression("ADD #event :by SET #ttl = :ttl")
            .expression_attribute_names("#event", event.attribute())
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":by", number(by))
            .expression_attribute_values(":ttl", ttl(kept_until))
    }
}
