//! The position of the audit, and what it remembers.

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
        audit::{Books, Memory, Report},
        ids::QueueId,
    },
    store::{
        Store, StoreError,
        item::{Item, from_item, number, text, to_item, ttl},
        keys, usage,
    },
};

/// A round that no run continues is deleted after this time.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The version of the format in which a memory is stored. The bytes do not say it. A change of
/// [`Memory`] must count this up. Then a round that another version of the code began starts again.
const FORMAT: u32 = 4;

/// The same for [`Books`].
const FORMAT_OF_BOOKS: u32 = 1;

/// The attribute with the books of a round.
const BOOKS: &str = "books";

/// The bytes of one part of the memory. An item may have 400 KB.
const PART: usize = 350_000;

/// A round of the audit: its position and its findings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// How many times it was written.
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
    /// When it was over.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "jiff::fmt::serde::timestamp::millisecond::optional"
    )]
    pub over_at: Option<Timestamp>,
    /// The round before this one that was over, until this one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastRound>,
    /// How many each queue had served when it was last read.
    #[serde(default)]
    pub lines: BTreeMap<QueueId, LineSeen>,
    /// Where its memory is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept: Option<Kept>,
    /// Where the scan of the stage's table continues.
    #[serde(skip)]
    pub position: Option<Position>,
    /// What it remembers.
    #[serde(skip)]
    pub memory: Memory,
    /// The books of the last round that was over, this one or an earlier one.
    #[serde(skip)]
    pub books: Option<Books>,
}

/// A round that was over: its findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastRound {
    /// When the round began.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub started_at: Timestamp,
    /// When it was over.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub over_at: Timestamp,
    /// How many runs it had.
    pub runs: u32,
    /// What it has found.
    pub report: Report,
}

/// A stored memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    id: Uuid,
    parts: usize,
    format: u32,
}

/// The stages of a round, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Reads shows and plans.
    #[default]
    Catalog,
    /// Reads shows again that do not fit their plans.
    Plans,
    /// Reads users and e-mail addresses.
    Users,
    /// Reads addresses again of which only one half was seen.
    Addresses,
    /// Reads seats.
    Seats,
    /// Reads sessions.
    Sessions,
    /// Reads held seats again that no session explains.
    HeldSeats,
    /// Reads queues.
    Queues,
    /// Reads the log of changes.
    Changes,
    /// Reads accounts, charges, corrections and orders.
    Accounts,
    /// Reads users again that have no account.
    UsersLeft,
    /// Reads sold seats again that have no order.
    SeatsLeft,
    /// Reads records of the log again that no entry has named.
    ChangesLeft,
    /// The round has ended.
    Done,
}

impl Stage {
    /// The stage after this one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Catalog => Self::Plans,
            Self::Plans => Self::Users,
            Self::Users => Self::Addresses,
            Self::Addresses => Self::Seats,
            Self::Seats => Self::Sessions,
            Self::Sessions => Self::HeldSeats,
            Self::HeldSeats => Self::Queues,
            Self::Queues => Self::Changes,
            Self::Changes => Self::Accounts,
            Self::Accounts => Self::UsersLeft,
            Self::UsersLeft => Self::SeatsLeft,
            Self::SeatsLeft => Self::ChangesLeft,
            Self::ChangesLeft | Self::Done => Self::Done,
        }
    }
}

impl Round {
    /// The round after `earlier`, or the first one. It begins at `now`, and keeps how many the
    /// queues had served.
    pub fn after(earlier: Option<Self>, now: Timestamp) -> Self {
        let earlier = earlier.unwrap_or_default();
        let last = earlier.over_at.map(|over_at| LastRound {
            started_at: earlier.started_at,
            over_at,
            runs: earlier.runs,
            report: earlier.report,
        });
        Self {
            version: earlier.version,
            started_at: now,
            kept: earlier.kept,
            lines: earlier.lines,
            last: last.or(earlier.last),
            books: earlier.books,
            ..Self::default()
        }
    }

    /// Ends this round, which has read everything by now. Its books replace those of the round before.
    pub fn end(&mut self, now: Timestamp) {
        self.over_at = Some(now);
        self.last = None;
        self.books = Some(std::mem::take(&mut self.memory.books));
    }

    /// How many parts its stored memory has, each of which costs up to 88 RRU.
    pub fn parts(&self) -> usize {
        self.kept.map_or(0, |kept| kept.parts)
    }

    /// This round, ended early because it cannot continue.
    fn given_up(self) -> Self {
        Self {
            stage: Stage::Done,
            ..self
        }
    }
}

/// How many a queue had served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSeen {
    /// When that was (milliseconds).
    pub at: i64,
    /// How many, in thousandths of a person.
    pub served: u64,
    /// Whether the queue has an opening, past or ahead. When a queue is given an opening, its line
    /// begins again.
    pub has_draw: bool,
}

impl Store {
    /// Reads the position of the audit, consistently; `None` if there is none. 1 RRU per 4 KB of it
    /// and of its memory. If the memory is lost, or was written by another version of the code, the
    /// round has ended.
    ///
    /// A part of the memory costs up to 88 RRU. `keep_pace` is awaited before each part.
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
            // Meanwhile another run may have continued, and deleted the memory that this one was to
            // read.
            let now = self.round_without_memory().await?;
            if now.is_some_and(|now| now.version == round.version) {
                return Ok(Some(round.given_up()));
            }
        }
    }

    /// Reads what the audit has found so far, consistently, without its memory. `None` if there was
    /// no round, or if another version of the code has written it in another way. 1 RRU per 4 KB.
    pub async fn round_so_far(&self) -> Result<Option<Round>, StoreError> {
        let round = self.round_without_memory().await?;
        Ok(round.filter(|round| round.started_at != Timestamp::UNIX_EPOCH))
    }

    /// Reads the position of the audit, consistently, without its memory. For a round that replaces it.
    pub async fn round_without_memory(&self) -> Result<Option<Round>, StoreError> {
        let key = round_key(keys::ROUND);
        let Some(mut item) = self.get_item(&self.tables.sessions, key).await? else {
            return Ok(None);
        };
        let books = item.remove(BOOKS).and_then(books_in);
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
        Ok(Some(Round {
            position,
            books,
            ..round
        }))
    }

    /// The memory of a round; `None` if a part of it is gone or cannot be read.
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

    /// Writes the position of the audit, unless it has changed since it was read. Returns whether
    /// it was written. 1 WRU per KB of it and of its memory, and 1 for each part of the previous
    /// memory.
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
        if let Some(books) = &round.books {
            let bytes = postcard::to_stdvec(&(FORMAT_OF_BOOKS, books));
            let bytes = Blob::new(bytes.map_err(StoreError::of_item)?);
            item.insert(BOOKS.to_owned(), AttributeValue::B(bytes));
        }
        // An earlier try of this very write may have been done.
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

    /// Stores a memory under a new name.
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

    /// Writes an item of the audit, if its round is still at this version. Returns whether it was.
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

/// Books as they are stored; `None` if another version of the code has stored them.
fn books_in(stored: AttributeValue) -> Option<Books> {
    let AttributeValue::B(bytes) = stored else {
        return None;
    };
    let bytes = bytes.into_inner();
    let (format, rest): (u32, _) = postcard::take_from_bytes(&bytes).ok()?;
    (format == FORMAT_OF_BOOKS)
        .then(|| postcard::from_bytes(rest).ok())
        .flatten()
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
