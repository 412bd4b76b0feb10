//! `Queues`: how many seats of a concert are taken, as last counted. The item only repeats what the
//! seats say, and is deleted a day after the last count.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::{SignedDuration, Timestamp};

use super::{
    Reading, Store, StoreError,
    item::{from_item, number, time, to_attribute, ttl},
    keys, queues,
};
use crate::domain::{hall::HallCounts, ids::ConcertId};

/// How long counts are kept that nobody reads.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Reads the counts of a concert; it may be a moment old. 0.5 RRU per 4 KB, so 0.5 RRU for a
    /// hundred shows.
    pub async fn hall_counts(&self, concert_id: ConcertId) -> Result<HallCounts, StoreError> {
        let key = queues::key(keys::hall_counts(concert_id));
        let counts = self
            .get(&self.tables.queues, key, Reading::Eventual)
            .await?;
        Ok(counts.unwrap_or_default())
    }

    /// Makes the caller the one that counts until `until`, and returns the current counts; `None`
    /// if another instance is counting. 1 WRU per KB of them.
    pub async fn begin_to_count(
        &self,
        concert_id: ConcertId,
        until: i64,
        now: Timestamp,
    ) -> Result<Option<HallCounts>, StoreError> {
        let kept_until = now.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
        let update = self
            .update_item(keys::hall_counts(concert_id))
            .update_expression("SET counting_until = :until, #ttl = :ttl")
            .condition_expression(
                "attribute_not_exists(counting_until) OR counting_until <= :counting_now",
            )
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":until", number(until))
            .expression_attribute_values(":ttl", ttl(kept_until))
            .expression_attribute_values(":counting_now", time(now))
            .return_values(ReturnValue::AllNew);
        let begun = self.attributes_after(update).await?;
        begun.map(from_item).transpose()
    }

    /// Stores what the caller has counted, unless another instance has begun to count. 1 WRU per
    /// KB.
    pub async fn end_count(
        &self,
        concert_id: ConcertId,
        counts: &HallCounts,
        until: i64,
    ) -> Result<(), StoreError> {
        let update = self
            .update_item(keys::hall_counts(concert_id))
            .update_expression("SET shows = :shows, by_grade = :by_grade REMOVE counting_until")
            .condition_expression("counting_until = :until")
            .expression_attribute_values(":shows", to_attribute(&counts.shows)?)
            .expression_attribute_values(":by_grade", to_attribute(&counts.by_grade)?)
            .expression_attribute_values(":until", number(until));
        self.send_conditional(update).await.map(drop)
    }
}
