//! The transactions of a purchase, which span tables: holding seats, paying for them, and refunding
//! them.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::{
    Decided as _, Reading, Rejected, Store, StoreError, accounts,
    contention::{TryError, seen_or, while_stale, while_stale_since},
    item::{Item, from_item},
    keys, seats, sessions,
    transaction::Transaction,
};
use crate::{
    domain::{
        changes::{ChangeKind, LoggedChange},
        ids::UserId,
        order::{Account, Hold, Order, OrderStatus},
        reason::Explanation,
        seat::{SeatNumber, SeatSet, TakenSeat},
        session::{Ending, Session},
    },
    error::ApiError,
};

/// Why seats are not held.
#[derive(Debug)]
pub enum HoldRefused {
    /// The session has been closed meanwhile. It has the reason, unless a later session has
    /// replaced it.
    SessionOver(Option<Ending>),
    /// The session holds seats already: those of this hold, perhaps others.
    HoldExists(Box<Hold>),
    /// Others have these seats, and perhaps more.
    SeatsTaken(Vec<SeatNumber>),
    /// Other transactions were writing these seats at the same moment. If there are none, they were
    /// writing the session.
    Contended(Vec<SeatNumber>),
}

impl HoldRefused {
    fn from_session(session: &Session, there: Option<Session>) -> Self {
        match there.filter(|there| there.jti == session.jti) {
            Some(Session {
                closed: None,
                live_hold: Some(hold),
                ..
            }) => Self::HoldExists(Box::new(hold)),
            there => Self::SessionOver(there.and_then(|there| there.closed)),
        }
    }
}

impl From<HoldRefused> for ApiError {
    fn from(refused: HoldRefused) -> Self {
        match refused {
            HoldRefused::SessionOver(reason) => Self::SessionOver { reason },
            HoldRefused::HoldExists(_) => Self::HoldExists,
            HoldRefused::SeatsTaken(seats) => Self::SeatAlreadyReserved { seats },
            HoldRefused::Contended(_) => Self::Busy("others want the same seats"),
        }
    }
}

/// What refused a hold.
enum HoldFailed {
    Session(Option<Item>),
    /// A seat is taken.
    Seat(SeatNumber),
    /// A seat is taken by the same user.
    OwnSeat(SeatNumber),
    /// Other transactions were writing the items of the writes with these indices.
    Contended(Vec<usize>),
}

impl HoldFailed {
    fn by_seat(user_id: UserId, seat: SeatNumber, item: Option<Item>) -> Self {
        let there = item.and_then(|item| from_item::<TakenSeat>(item).ok());
        match there.and_then(|there| there.buyer) {
            Some(buyer) if buyer == user_id => Self::OwnSeat(seat),
            _ => Self::Seat(seat),
        }
    }
}

/// Why a hold is not paid.
#[derive(Debug)]
pub enum PayRefused {
    /// The balance is too small.
    InsufficientBalance,
    /// The hold has lapsed or was cancelled.
    HoldOver,
    /// There is no account.
    NoAccount,
    /// The token is of an earlier generation than the account accepts.
    TokenOver,
    /// With these seats, the user would have more of the concert than its limit.
    PersonLimit {
        /// The limit.
        limit: u32,
        /// How many they have already.
        bought: usize,
    },
}

impl From<PayRefused> for ApiError {
    fn from(refused: PayRefused) -> Self {
        match refused {
            PayRefused::InsufficientBalance => Self::InsufficientBalance,
            PayRefused::HoldOver => Self::HoldExpired,
            PayRefused::NoAccount => Self::bug("a session's user has no account"),
            PayRefused::TokenOver => Self::InvalidToken,
            PayRefused::PersonLimit { limit, bought } => Self::PersonLimit { limit, bought },
        }
    }
}

enum PayFailed {
    AlreadyPaid(Option<Item>),
    HoldOver,
    Stale,
}

impl Store {
    /// Holds seats, all or none, for an open session that holds nothing. 2 + 2n WRU for n seats; 1
    /// RRU if the same user has one of the seats already.
    pub async fn place_hold(
        &self,
        session: &Session,
        hold: &Hold,
        now: Timestamp,
    ) -> Result<(), Rejected<HoldRefused>> {
        let placed = self.holding(session, hold, now)?.commit_or_report().await;
        self.placed(session, hold, placed.decided()?).await
    }

    /// As [`Store::place_hold`], but it does not wait for others that want the same seats: then it is
    /// refused as [`HoldRefused::Contended`].
    pub async fn place_hold_unless_contended(
        &self,
        session: &Session,
        hold: &Hold,
        now: Timestamp,
    ) -> Result<(), Rejected<HoldRefused>> {
        let holding = self.holding(session, hold, now)?;
        let placed = holding.commit_unless_contended(HoldFailed::Contended).await;
        self.placed(session, hold, placed.decided()?).await
    }

    /// The transaction that holds seats: first the session, then each seat.
    fn holding(
        &self,
        session: &Session,
        hold: &Hold,
        now: Timestamp,
    ) -> Result<Transaction<HoldFailed>, StoreError> {
        let user_id = session.user_id;
        let mut transaction = Transaction::new(&self.client).update(
            sessions::place_hold(&self.tables, session, hold)?,
            HoldFailed::Session,
        );
        for seat in hold.seats.iter() {
            transaction = transaction.put(
                seats::take(&self.tables, session, hold, seat, now)?,
                move |item| HoldFailed::by_seat(user_id, seat, item),
            );
        }
        Ok(transaction)
    }

    /// What the outcome of that transaction means.
    async fn placed(
        &self,
        session: &Session,
        hold: &Hold,
        placed: Result<(), Vec<HoldFailed>>,
    ) -> Result<(), Rejected<HoldRefused>> {
        let Err(refused) = placed else {
            return Ok(());
        };
        let (mut taken, mut is_own) = (Vec::new(), false);
        for refused in refused {
            match refused {
                HoldFailed::Session(item) => {
                    let there = sessions::found(item).map(|there| *there);
                    let refused = HoldRefused::from_session(session, there);
                    return Err(Rejected::Refused(refused));
                }
                HoldFailed::Contended(indices) => {
                    let seats = hold.seats.iter().zip(1..);
                    let seats = seats.filter(|(_, index)| indices.contains(index));
                    let seats = seats.map(|(seat, _)| seat).collect();
                    return Err(Rejected::Refused(HoldRefused::Contended(seats)));
                }
                HoldFailed::Seat(seat) => taken.push(seat),
                HoldFailed::OwnSeat(seat) => {
                    taken.push(seat);
                    is_own = true;
                }
            }
        }
        // Of two equal requests at once, the session refuses the second one as well, but this is
        // not always reported.
        if is_own {
            let there = self.session(session.user_id, &session.queue_id).await?;
            let there = there.filter(|there| there.jti == session.jti);
            let is_open = |there: &Session| there.closed.is_none() && there.live_hold.is_none();
            if !there.as_ref().is_some_and(is_open) {
                let refused = HoldRefused::from_session(session, there);
                return Err(Rejected::Refused(refused));
            }
        }
        Err(Rejected::Refused(HoldRefused::SeatsTaken(taken)))
    }

    /// Pays a hold: the order, the closed session, the sold seats and the balance in one
    /// transaction. If the hold is paid already, returns its order. The token must be of a
    /// generation that the account accepts. `seen` is the account as it was read. 6 + 2n WRU for n
    /// seats; 1 RRU for each time that it starts over. With a limit of seats a person, 1 RRU per 4 KB
    /// of the user's orders more, each time.
    pub async fn pay(
        &self,
        session: &Session,
        generation: u32,
        seen: Option<Account>,
        hold: &Hold,
        now: Timestamp,
    ) -> Result<Payment, Rejected<PayRefused>> {
        let user_id = session.user_id;
        while_stale_since(seen, async |seen| {
            match seen_or(seen, self.account(user_id)).await? {
                None => Err(TryError::Refused(PayRefused::NoAccount)),
                Some(account) if !account.takes_token_of(generation) => {
                    Err(TryError::Refused(PayRefused::TokenOver))
                }
                Some(account) => self.try_to_pay(session, account, hold, now).await,
            }
        })
        .await
    }

    /// One try to pay a hold, from the account as it was read. 6 + 2n WRU for n seats; 1 RRU if the
    /// hold is over or the balance is too small.
    ///
    /// A hold that is paid already fails each of the conditions, and DynamoDB does not promise to
    /// report them all. So before the answer is that the hold is over, its order is looked for.
    pub async fn try_to_pay(
        &self,
        session: &Session,
        account: Account,
        hold: &Hold,
        now: Timestamp,
    ) -> Result<Payment, TryError<PayRefused>> {
        let Some(debited) = account.debited(hold.amount) else {
            // The balance may be this small because this very hold has been paid.
            return self
                .paid_before(session.user_id, hold, PayRefused::InsufficientBalance)
                .await;
        };
        if let Some(refusal) = self.over_limit(session.user_id, hold).await? {
            // This very hold may have been paid before the user bought the others.
            return self.paid_before(session.user_id, hold, refusal).await;
        }
        let order = Order {
            reservation_id: hold.reservation_id,
            payment_id: hold.payment_id,
            user_id: session.user_id,
            concert_id: hold.concert_id,
            show_key: hold.show_key,
            concert_name: hold.concert_name.clone(),
            seats: hold.seats.clone(),
            amount: hold.amount,
            plan_id: hold.plan_id,
            prices: hold.prices.clone(),
            limit: hold.limit,
            status: OrderStatus::Paid,
            paid_at: now,
            seq: debited.seq,
            balance_after: debited.balance,
            returned: Vec::new(),
            refund: None,
        };

        let (tables, user_id) = (&self.tables, session.user_id);
        let entry = keys::order(hold.reservation_id);
        let mut transaction = Transaction::new(&self.client)
            .put(
                accounts::record(tables, user_id, &entry, &order)?,
                PayFailed::AlreadyPaid,
            )
            .update(
                sessions::close_paid(tables, session, hold.reservation_id, now)?,
                |_| PayFailed::HoldOver,
            );
        for seat in hold.seats.iter() {
            transaction =
                transaction.update(seats::sell(tables, hold, seat)?, |_| PayFailed::HoldOver);
        }
        let written = transaction
            .update(
                accounts::move_balance(tables, user_id, account, debited)?,
                |_| PayFailed::Stale,
            )
            .commit()
            .await;

        match written.decided()? {
            Ok(()) => Ok(Payment::Now(order)),
            Err(PayFailed::AlreadyPaid(recorded)) => {
                Ok(Payment::Before(from_item(recorded.unwrap_or_default())?))
            }
            Err(PayFailed::HoldOver) => self.paid_before(user_id, hold, PayRefused::HoldOver).await,
            Err(PayFailed::Stale) => Err(TryError::Stale),
        }
    }

    /// Why the user's limit refuses to pay a hold. Nothing without a limit; with one, 1 RRU per 4 KB
    /// of the user's orders since the concert was created, which is some nine orders.
    ///
    /// The account must have been read before. Every payment and every refund moves its `seq`, and
    /// the payment requires the `seq` that was read. So no order can be missing in the sum when the
    /// payment is written.
    async fn over_limit(
        &self,
        user_id: UserId,
        hold: &Hold,
    ) -> Result<Option<PayRefused>, StoreError> {
        let Some(limit) = hold.limit else {
            return Ok(None);
        };
        let orders = self.orders_of_concert(user_id, hold.concert_id, Reading::Consistent);
        let orders = orders.await?;
        let others = orders
            .iter()
            .filter(|order| order.reservation_id != hold.reservation_id);
        let bought: usize = others.map(Order::seats_left).sum();
        let is_over = bought + hold.seats.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(is_over.then_some(PayRefused::PersonLimit { limit, bought }))
    }

    /// The earlier payment of the hold, or `refusal`. 1 RRU.
    async fn paid_before(
        &self,
        user_id: UserId,
        hold: &Hold,
        refusal: PayRefused,
    ) -> Result<Payment, TryError<PayRefused>> {
        let order = self.order(user_id, hold.reservation_id).await?;
        order.map(Payment::Before).ok_or(TryError::Refused(refusal))
    }
}

impl Store {
    /// Refunds seats of an order: the order, the seats and the balance in one transaction. Returns
    /// the order as it is then. Afterwards these seats are refunded, whichever of them were before;
    /// if all were, nothing is written. The owner's own token must be of a generation that the
    /// account accepts. Without a token, even a deleted user's account gets the money back. 4 + 2n
    /// WRU for n seats, 1 RRU; 2 WRU more if long explanations make the order larger than 1 KB. An
    /// administrator's refund is recorded: 2 WRU per KB.
    pub async fn refund(
        &self,
        order: &Order,
        wanted: &SeatSet,
        explanation: Option<&Explanation>,
        generation: Option<u32>,
        now: Timestamp,
    ) -> Result<Order, Rejected<RefundRefused>> {
        // The order as it was last seen. Another refund may change it between two tries.
        let seen = Mutex::new(order.clone());
        while_stale(async || match self.account(order.user_id).await? {
            None => Err(TryError::Refused(RefundRefused::NoAccount)),
            Some(account) if generation.is_some_and(|token| !account.takes_token_of(token)) => {
                Err(TryError::Refused(RefundRefused::TokenOver))
            }
            Some(account) => {
                let order = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let tried = self.try_to_refund(&order, wanted, explanation, account, now);
                match tried.await? {
                    RefundTried::Done(order) => Ok(order),
                    RefundTried::Changed(order) => {
                        *seen.lock().unwrap_or_else(PoisonError::into_inner) = order;
                        Err(TryError::Stale)
                    }
                }
            }
        })
        .await
    }

    /// One try to refund seats of an order, as the order and the account were read. 4 + 2n WRU for n
    /// seats; 1 RRU if a seat is not sold to the order, as after an earlier refund.
    pub async fn try_to_refund(
        &self,
        order: &Order,
        wanted: &SeatSet,
        explanation: Option<&Explanation>,
        account: Account,
        now: Timestamp,
    ) -> Result<RefundTried, TryError<RefundRefused>> {
        if !order.seats.includes(wanted) {
            return Err(TryError::Refused(RefundRefused::NotSold));
        }
        let Some(due) = order.due_of(wanted) else {
            return Ok(RefundTried::Done(order.clone()));
        };
        let Some(credited) = account.refunded(due.amount) else {
            return Err(TryError::Refused(RefundRefused::Uncountable));
        };
        let given_back = due.seats.clone();
        let change = explanation.and_then(|explanation| {
            let change = self.new_change(ChangeKind::Refund)?;
            Some(LoggedChange {
                after: accounts::moved(due.amount.json(), credited)
                    .with("seat_numbers", &due.seats),
                ..change.of_reservation(
                    order.user_id,
                    order.show(),
                    order.reservation_id,
                    explanation,
                )
            })
        });
        let explanation = explanation.map(|explanation| explanation.recorded_as(change.as_ref()));
        let after = order.refunded(due, credited, explanation.as_ref(), now);
        let mut transaction = Transaction::new(&self.client).update(
            accounts::refund(&self.tables, order, &after)?,
            RefundFailed::OrderChanged,
        );
        for seat in given_back.iter() {
            transaction = transaction.delete(seats::give_back(&self.tables, order, seat)?, |_| {
                RefundFailed::NotSold
            });
        }
        let transaction = transaction.update(
            accounts::move_balance(&self.tables, order.user_id, account, credited)?,
            |_| RefundFailed::Stale,
        );
        let written = self
            .with_change(transaction, change.as_ref(), || RefundFailed::Stale)?
            .commit()
            .await;

        match written.decided()? {
            Ok(()) => Ok(RefundTried::Done(after)),
            Err(RefundFailed::OrderChanged(recorded)) => Ok(RefundTried::Changed(from_item(
                recorded.unwrap_or_default(),
            )?)),
            // Another refund may have given the seat back. DynamoDB need not report the order then.
            Err(RefundFailed::NotSold) => {
                let there = self.order(order.user_id, order.reservation_id).await?;
                let changed = there.filter(|there| there != order);
                let changed = changed.map(RefundTried::Changed);
                changed.ok_or(TryError::Refused(RefundRefused::NotSold))
            }
            Err(RefundFailed::Stale) => Err(TryError::Stale),
        }
    }
}

/// The result of one try to refund seats.
#[derive(Debug)]
pub enum RefundTried {
    /// The seats are refunded. With the order as it is now.
    Done(Order),
    /// Another refund came first. With the order as it is now.
    Changed(Order),
}

/// Why an order is not refunded. Only the first of these should ever occur.
#[derive(Debug)]
pub enum RefundRefused {
    /// The owner's token is of an earlier generation than the account accepts.
    TokenOver,
    /// There is no account.
    NoAccount,
    /// A seat of the order is not sold to it.
    NotSold,
    /// The new balance would not fit into the number.
    Uncountable,
}

enum RefundFailed {
    OrderChanged(Option<Item>),
    NotSold,
    Stale,
}

impl From<RefundRefused> for ApiError {
    fn from(refused: RefundRefused) -> Self {
        match refused {
            RefundRefused::TokenOver => Self::InvalidToken,
            RefundRefused::NoAccount => Self::bug("an order's user has no account"),
            RefundRefused::NotSold => Self::bug("an order's seat is not sold to it"),
            RefundRefused::Uncountable => Self::bug("a balance too large"),
        }
    }
}

/// A hold that has been paid.
#[derive(Debug)]
pub enum Payment {
    /// This call paid it, and closed the session.
    Now(Order),
    /// An earlier call paid it.
    Before(Order),
}
