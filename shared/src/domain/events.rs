//! Events: the facts that other systems are told.
//!
//! An event is made of what was written to a table: what the item was before the write, and what it
//! is after it. Nothing else is needed, so the functions that sell seats do nothing for it. An item
//! that has not changed makes no event.
//!
//! A fact may be told twice, and facts may come in any order. Its `id` is made of the data, so it is
//! the same each time. `seq` puts the facts of one buyer's money in order, and `version` those of one
//! queue, concert or show. The two are without doubles, and that of money without gaps.
//!
//! Events leave the service. So they never have users' ids (a guest's is their secret), names,
//! addresses, tokens, keys of clients or seeds of draws. A [`BuyerId`] stands for a user.

mod buyers;
mod catalog;
mod holds;
mod money;
mod queues;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub use self::{
    buyers::{BuyerId, Buyers},
    catalog::{
        ConcertDeleted, ConcertFacts, ConcertItem, ShowCalledOff, ShowDeleted, ShowFacts, ShowItem,
    },
    holds::{HoldEnded, HoldPlaced},
    money::{BalanceCorrected, ChargeMade, MovedBy, OrderPaid, OrderRefunded},
    queues::{QueueFact, QueueItem, QueueOpened, QueueSet},
};
use super::{
    ids::{QueueId, UserId},
    order::{Charge, Correction, Order},
    session::Session,
    values::Seconds,
};

/// The `source` of every event.
pub const SOURCE: &str = "onsale";

/// What an item was before a write, and what it is after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images<T> {
    /// `None` if there was no item.
    pub old: Option<T>,
    /// `None` if there is none any more.
    pub new: Option<T>,
}

/// A write to a table, as its stream tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// `Accounts`: a charge of this user.
    Charge(UserId, Images<Charge>),
    /// `Accounts`: a correction of this user's balance.
    Correction(UserId, Images<Correction>),
    /// `Accounts`: an order.
    Order(Box<Images<Order>>),
    /// `Sessions`: a session that holds seats, or held some until this write.
    Session(Box<Images<Session>>),
    /// `Queues`: a queue.
    Queue(QueueId, Box<Images<QueueItem>>),
    /// `Catalog`: a concert.
    Concert(Box<Images<ConcertItem>>),
    /// `Catalog`: a show.
    Show(Box<Images<ShowItem>>),
}

/// A fact that other systems are told.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// The same whenever this fact is told. Made of the data.
    pub id: String,
    /// When it happened, as far as the data says; else when it was written, to the second.
    pub at: Seconds,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What the `detail` of every event has.
#[derive(Debug, Clone, ToSchema)]
#[expect(dead_code, reason = "it describes the first fields of `Event`")]
pub struct EventHead {
    /// The id of the event. An event may come more than once: drop one whose id has come before.
    #[schema(
        max_length = 200,
        example = "order/019a9e1c-2222-7000-8000-000000000001/paid"
    )]
    id: String,
    /// The time at which it happened.
    at: Seconds,
}

/// Makes [`Fact`] of the kinds of facts. A line has the name of the event's type with its version,
/// the variant, and what the fact says.
macro_rules! facts {
    ($($(#[doc = $doc:literal])+ $kind:literal $name:ident($content:ident);)*) => {
        /// What happened. Its fields are in the event's `detail`.
        #[derive(Debug, Clone, Serialize)]
        #[serde(untagged)]
        pub enum Fact {
            $($(#[doc = $doc])+ $name(Box<$content>),)*
        }

        impl Fact {
            /// The `detail-type` of its events, with the version of the fields.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $kind,)*
                }
            }
        }

        /// Calls a macro with the `detail-type`, the description and the type of the fields of each
        /// kind of fact.
        #[macro_export]
        macro_rules! for_each_fact {
            ($call:ident) => {
                $call! { $([$kind, concat!($($doc, "\n"),+), $crate::domain::events::$content];)* }
            };
        }
    };
}

facts! {
    /// Money came into an account.
    "charge.made.v1" ChargeMade(ChargeMade);
    /// An administrator corrected a balance.
    "balance.corrected.v1" BalanceCorrected(BalanceCorrected);
    /// Seats were paid for. The hold of this reservation ends with it.
    "order.paid.v1" OrderPaid(OrderPaid);
    /// Seats of an order were given back for their money: some of them, or the last ones.
    "order.refunded.v1" OrderRefunded(OrderRefunded);
    /// Seats are kept for a buyer for some minutes.
    "hold.placed.v1" HoldPlaced(HoldPlaced);
    /// A hold was not paid in time. It is told when the seats are tidied up, which may be later than
    /// `expiration_time`. The seats were free from then on.
    "hold.expired.v1" HoldExpired(HoldEnded);
    /// A hold was given up before it was paid.
    "hold.cancelled.v1" HoldCancelled(HoldEnded);
    /// An administrator made a queue's settings.
    "queue.set.v1" QueueSet(QueueSet);
    /// A queue lets nobody in for now.
    "queue.paused.v1" QueuePaused(QueueFact);
    /// A queue that was paused or closed lets people in again.
    "queue.resumed.v1" QueueResumed(QueueFact);
    /// A queue was closed: nobody may join, and the line ended.
    "queue.closed.v1" QueueClosed(QueueFact);
    /// A queue opened at the time that it was set to, and its numbers were drawn.
    "queue.opened.v1" QueueOpened(QueueOpened);
    /// Every seat that a queue sells is sold, and no sale is still to open.
    "queue.sold_out.v1" QueueSoldOut(QueueFact);
    /// A queue that was sold out or over has seats to sell again.
    "queue.reopened.v1" QueueReopened(QueueFact);
    /// Nothing that a queue sells can be bought any more.
    "queue.over.v1" QueueOver(QueueFact);
    /// A concert was created. Its shows may have been told before it.
    "concert.created.v1" ConcertCreated(ConcertFacts);
    /// A concert was changed: itself, its texts or one of its shows.
    "concert.changed.v1" ConcertChanged(ConcertFacts);
    /// A concert was deleted.
    "concert.deleted.v1" ConcertDeleted(ConcertDeleted);
    /// A show was put on sale, or will be when its sale opens.
    "show.created.v1" ShowCreated(ShowFacts);
    /// A show was changed.
    "show.changed.v1" ShowChanged(ShowFacts);
    /// A show does not take place. Its sale is closed, and its orders are refunded.
    "show.called_off.v1" ShowCalledOff(ShowCalledOff);
    /// A show was deleted.
    "show.deleted.v1" ShowDeleted(ShowDeleted);
}

/// The events of a write. `written_at` is when it was written, by the stream: the time of those
/// facts whose item does not say when they happened.
pub fn events(written: &Written, written_at: Timestamp, buyers: &Buyers) -> Vec<Event> {
    match written {
        Written::Charge(user_id, images) => money::of_charge(buyers.buyer(*user_id), images),
        Written::Correction(user_id, images) => {
            money::of_correction(buyers.buyer(*user_id), images)
        }
        Written::Order(images) => money::of_order(buyers, images),
        Written::Session(images) => holds::of_session(buyers, images, written_at),
        Written::Queue(queue_id, images) => queues::of_queue(queue_id, images, written_at),
        Written::Concert(images) => catalog::of_concert(images, written_at),
        Written::Show(images) => catalog::of_show(images, written_at),
    }
}

impl Event {
    fn new(id: String, at: Timestamp, fact: Fact) -> Self {
        let at = Seconds(at);
        Self { id, at, fact }
    }
}
