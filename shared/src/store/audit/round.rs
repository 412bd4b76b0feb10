//! Where the audit has come to, and what it remembers.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    primitives::Blob,
    types::{AttributeValue, ReturnConsumedCapacity},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Position;
use crate::{
    domain::{
        audit::{Memory, Report},
        ids::QueueId,
    },
    store::{
        Store, StoreError,
        item::{Item, from_item, number, text, to_item, ttl},
        keys, usage,
    },
};

/// An audit that nobody goes on with is forgotten after this time.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How a memory is written down. Its bytes do not tell: whoever changes [`Memory`] counts this up, and
/// a round that another version of the code has begun is begun anew.
const FORMAT: u32 = 1;

/// A part of the memory; an item may have 400 KB.
const PART: usize = 350_000;

/// Where an audit has come to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// How often it was written.
    pub version: u64,
    /// When the round began.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub started_at: Timestamp,
    /// How many runs it has had.
    pub runs: u32,
    /// What it does next.
    pub stage: Stage,
    /// What it has found so far.
    pub report: Report,
    /// How far each queue had served when it was last looked at.
    #[serde(default)]
    pub lines: BTreeMap<QueueId, LineSeen>,
    /// Where its memory is written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept: Option<Kept>,
    /// Where the scan of the stage's table goes on.
    #[serde(skip)]
    pub position: Option<Position>,
    /// What it remembers.
    #[serde(skip)]
    pub memory: Memory,
}

/// A memory that is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    id: Uuid,
    parts: usize,
    format: u32,
}

/// What a round does, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Reads users and e-mail addresses.
    #[default]
    Users,
    /// Looks again at addresses of which it has seen one half.
    Addresses,
    /// Reads seats.
    Seats,
    /// Reads sessions.
    Sessions,
    /// Looks again at held seats that no session explains.
    HeldSeats,
    /// Reads queues.
    Queues,
    /// Reads accounts, charges and orders.
    Accounts,
    /// Looks again at users without an account.
    UsersLeft,
    /// Looks again at sold seats without an order.
    SeatsLeft,
    /// Has ended.
    Done,
}

impl Stage {
    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Users => Self::Addresses,
            Self::Addresses => Self::Seats,
            Self::Seats => Self::Sessions,
            Self::Sessions => Self::HeldSeats,
            Self::HeldSeats => Self::Queues,
            Self::Queues => Self::Accounts,
            Self::Accounts => Self::UsersLeft,
            Self::UsersLeft => Self::SeatsLeft,
            Self::SeatsLeft | Self::Done => Self::Done,
        }
    }
}

impl Round {
    /// The round after this one, or the first: it begins at `now`, and knows how far queues were.
    pub fn after(earlier: Option<Self>, now: Timestamp) -> Self {
        let earlier = earlier.unwrap_or_default();
        Self {
            version: earlier.version,
            started_at: now,
            kept: earlier.kept,
            lines: earlier.lines,
            ..Self::default()
        }
    }

    /// The round when it cannot go on.
    fn given_up(self) -> Self {
        Self {
            stage: Stage::Done,
            ..self
        }
    }
}

/// How far a queue had served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSeen {
    /// When (milliseconds).
    pub at: i64,
    /// How many, in thousandths.
    pub served: u64,
    /// Whether it opened, or is to open, with a draw. Whoever gives a queue its opening begins its
    /// line anew.
    pub has_draw: bool,
}

impl Store {
    /// Reads where the audit has come to, consistently; `None` when there was none. 1 RRU per 4 KB
    /// of it and of its memory. A round whose memory is lost, or was written by another version of
    /// the code, is over.
    ///
    /// A memory has parts of up to 88 RRU; `keep_pace` is awaited before each.
    pub async fn round<Waiting: Future<Output = ()>>(
        &self,
        keep_pace: impl Fn() -> Waiting,
    ) -> Result<Option<Round>, StoreError> {
        loop {
            let Some(round) = self.round_without_memory().await? else {
                return Ok(None);
            };
            if let Some(memory) = self.remembered(&round, &keep_pace).await? {
                return Ok(Some(Round { memory, ..round }));
            }
            // Another run may have gone on meanwhile, and have forgotten what it went on from.
            let now = self.round_without_memory().await?;
            if now.is_some_and(|now| now.version == round.version) {
                return Ok(Some(round.given_up()));
            }
        }
    }

    async fn round_without_memory(&self) -> Result<Option<Round>, StoreError> {
        let key = round_key(keys::ROUND);
        let Some(mut item) = self.get_item(&self.tables.sessions, key).await? else {
            return Ok(None);
        };
        let position = match item.remove("position") {
            Some(AttributeValue::M(key)) => Some(Position(key)),
            _ => None,
        };
        let version = item.get("version").cloned();
        let round = from_item(item).unwrap_or_else(|_| {
            let version = version.and_then(|version| version.as_n().ok()?.parse().ok());
            let unreadable = Round {
                version: version.unwrap_or_default(),
                ..Round::default()
            };
            unreadable.given_up()
        });
        Ok(Some(Round { position, ..round }))
    }

    /// What a round remembers; `None` when a part of it is gone, or cannot be read.
    async fn remembered<Waiting: Future<Output = ()>>(
        &self,
        round: &Round,
        keep_pace: impl Fn() -> Waiting,
    ) -> Result<Option<Memory>, StoreError> {
        let Some(kept) = round.kept else {
            return Ok(Some(Memory::default()));
        };
        if kept.format != FORMAT {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        for part in 0..kept.parts {
            keep_pace().await;
            let key = round_key(&keys::memory(kept.id, part));
            let item = self.get_item(&self.tables.sessions, key).await?;
            let part = item.and_then(|mut item| item.remove("bytes"));
            let Some(AttributeValue::B(part)) = part else {
                return Ok(None);
            };
            bytes.extend(part.into_inner());
        }
        Ok(postcard::from_bytes(&bytes).ok())
    }

    /// Writes where the audit has come to, if it is where it was when it was read; tells whether
    /// it was. 1 WRU per KB of it and of its memory, and 1 for each part of that before.
    pub async fn put_round(&self, round: &Round, now: Timestamp) -> Result<bool, StoreError> {
        let kept = match round.stage {
            Stage::Done => None,
            _ => Some(self.keep(&round.memory, now).await?),
        };
        let next = Round {
            version: round.version + 1,
            kept,
            ..round.clone()
        };
        let mut item = to_item(&next)?;
        item.extend(round_key(keys::ROUND));
        item.insert("ttl".to_owned(), kept_until(now));
        if let Some(Position(key)) = &round.position {
            item.insert("position".to_owned(), AttributeValue::M(key.clone()));
        }
        // An earlier try of this very write may have taken effect.
        let written =
            self.put_item(item, Some(round.version)).await? || self.is_there(&next).await?;
        let of_no_use = if written { round.kept } else { kept };
        if let Some(kept) = of_no_use {
            self.forget(kept).await?;
        }
        Ok(written)
    }

    async fn is_there(&self, round: &Round) -> Result<bool, StoreError> {
        let there = self.round_without_memory().await?;
        Ok(there.is_some_and(|there| {
            (there.version, there.kept, there.runs) == (round.version, round.kept, round.runs)
                && there.report == round.report
        }))
    }

    /// Writes a memory down, under a name that nobody else has.
    async fn keep(&self, memory: &Memory, now: Timestamp) -> Result<Kept, StoreError> {
        let bytes = postcard::to_stdvec(memory).map_err(StoreError::of_item)?;
        let parts = bytes.chunks(PART);
        let kept = Kept {
            id: Uuid::new_v4(),
            parts: parts.len(),
            format: FORMAT,
        };
        for (part, bytes) in parts.enumerate() {
            let mut item = round_key(&keys::memory(kept.id, part));
            let bytes = AttributeValue::B(Blob::new(bytes));
            item.insert("bytes".to_owned(), bytes);
            item.insert("ttl".to_owned(), kept_until(now));
            self.put_item(item, None).await?;
        }
        Ok(kept)
    }

    /// Puts an item of the audit, if its round is the one that was seen; tells whether it was.
    async fn put_item(&self, item: Item, seen: Option<u64>) -> Result<bool, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.tables.sessions)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let put = match seen {
            None => put,
            Some(0) => put.condition_expression("attribute_not_exists(user_id)"),
            Some(seen) => put
                .condition_expression("version = :seen")
                .expression_attribute_values(":seen", number(seen)),
        };
        match put.send().await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                Ok(true)
            }
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn forget(&self, kept: Kept) -> Result<(), StoreError> {
        for part in 0..kept.parts {
            let output = self
                .client
                .delete_item()
                .table_name(&self.tables.sessions)
                .set_key(Some(round_key(&keys::memory(kept.id, part))))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await?;
            usage::write(output.consumed_capacity());
        }
        Ok(())
    }
}

fn round_key(name: &str) -> Item {
    Item::from([
        ("user_id".to_owned(), text(keys::AUDIT)),
        ("queue_id".to_owned(), text(name)),
    ])
}

fn kept_until(now: Timestamp) -> AttributeValue {
    ttl(now.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX))
}
