//! Requests, each as the sequence of calls that its handler makes to the database and the queue.

use shared::domain::seat::CLOCK_SKEW_GRACE;

use super::{
    Condition::{
        BalanceIsAsSeen, FreedSeatIsTheHolds, HoldIsLeftBehind, OrderIsAsSeen, SeatIsFree,
        SeatIsTheHolds, SessionHoldsIt, SessionHoldsNothing, SessionIsOpen,
    },
    Purchase,
    state::{Account, Ending, HOLD, Hold, Message, Order, Place, Seats, Session, State, at},
};

/// A next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    TimePasses,
    /// A user makes a request.
    Ask(usize, Wish),
    /// A request makes its next call to the database or the queue.
    GoOn(usize),
    Deliver(usize),
    /// A message is delivered, and will be delivered again.
    Double(usize),
}

/// What a user asks for: a seat, or something about a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    Hold(usize),
    Pay(u8),
    Cancel(u8),
    Leave,
    Join,
    /// A refund of seats of an order.
    Refund(u8, Seats),
}

/// A request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    user: usize,
    /// When it began. Its decisions use this time.
    now: u8,
    next: Call,
}

/// The next call of a request, with what it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Call {
    ReadSession(Wish),
    PlaceHold(Session, usize),
    SendMessage(Message),
    ReadAccount(Session, Hold),
    Pay(Session, Hold, Account),
    CancelHold(Hold),
    Leave(Session),
    PutSession(Session),
    ReadHold(Message),
    Lapse(Hold),
    FreeSeat(Hold),
    ReadOrder(u8, Seats),
    ReadAccountToRefund(Order, Seats),
    Refund(Order, Seats, Account),
}

impl Request {
    pub fn of(user: usize, wish: Wish, now: u8) -> Self {
        let next = match wish {
            Wish::Refund(reservation, seats) => Call::ReadOrder(reservation, seats),
            wish => Call::ReadSession(wish),
        };
        Self { user, now, next }
    }

    /// The consumer of a message.
    pub fn release(message: Message, now: u8) -> Self {
        Self {
            user: message.user,
            now,
            next: Call::ReadHold(message),
        }
    }

    /// Whether its process still lives. A function always ends before a hold does.
    pub fn may_go_on(&self, now: u8) -> bool {
        now - self.now < HOLD
    }

    /// Makes its next call, and returns the one after it; `None` when the request is done.
    pub fn step(self, purchase: &Purchase, state: &mut State) -> Option<Self> {
        let next = match self.next {
            Call::ReadSession(wish) => self.decide(wish, state.sessions[self.user]),
            Call::PlaceHold(seen, seat) => self.place_hold(purchase, state, seen, seat),
            Call::SendMessage(message) => {
                state.messages.push(message);
                None
            }
            Call::ReadAccount(seen, hold) => {
                let account = state.accounts[self.user];
                (account.balance > 0).then_some(Call::Pay(seen, hold, account))
            }
            Call::Pay(seen, hold, account) => self.pay(purchase, state, seen, hold, account),
            Call::CancelHold(hold) => {
                let session = &mut state.sessions[self.user];
                let is_held = session.hold == Some(hold) && hold.is_live(self.now);
                is_held.then(|| {
                    session.last_hold = session.hold.take();
                    Call::FreeSeat(hold)
                })
            }
            Call::Leave(seen) => self.leave(state, seen),
            Call::PutSession(ended) => self.put_session(purchase, state, ended),
            Call::ReadHold(message) => self.release_or_put_back(state, message),
            Call::Lapse(hold) => {
                let session = &mut state.sessions[self.user];
                if session.hold == Some(hold) && !hold.is_live(self.now) {
                    session.last_hold = session.hold.take();
                    session.closed = Some(Ending::HoldExpired);
                }
                Some(Call::FreeSeat(hold))
            }
            Call::FreeSeat(hold) => {
                let seat = &mut state.seats[hold.seat];
                if seat.is_held_by(hold.reservation) || !purchase.asks(FreedSeatIsTheHolds) {
                    *seat = Place::Free;
                }
                None
            }
            Call::ReadOrder(reservation, seats) => {
                let order = *state.order(reservation);
                (order.left() != order.left().without(seats))
                    .then_some(Call::ReadAccountToRefund(order, seats))
            }
            Call::ReadAccountToRefund(seen, seats) => {
                Some(Call::Refund(seen, seats, state.accounts[self.user]))
            }
            Call::Refund(seen, seats, account) => {
                self.refund(purchase, state, seen, seats, account)
            }
        };
        next.map(|next| Self { next, ..self })
    }

    /// The next call, decided by the session that was read.
    fn decide(&self, wish: Wish, seen: Session) -> Option<Call> {
        let is_over = seen.is_over(self.now);
        let held = |reservation: u8| {
            seen.hold
                .filter(|hold| hold.reservation == reservation && hold.is_live(self.now))
        };
        match wish {
            Wish::Hold(seat) => {
                (!is_over && seen.hold.is_none()).then_some(Call::PlaceHold(seen, seat))
            }
            Wish::Pay(reservation) => held(reservation).map(|hold| Call::ReadAccount(seen, hold)),
            Wish::Cancel(reservation) => held(reservation).map(Call::CancelHold),
            Wish::Leave => (!is_over).then_some(Call::Leave(seen)),
            Wish::Join => is_over.then_some(Call::PutSession(seen)),
            Wish::Refund(..) => None,
        }
    }

    /// One transaction: the session and the seat.
    fn place_hold(
        &self,
        purchase: &Purchase,
        state: &mut State,
        seen: Session,
        seat: usize,
    ) -> Option<Call> {
        let session = &mut state.sessions[self.user];
        let is_open = session.jti == seen.jti && session.closed.is_none();
        let may_hold = (is_open || !purchase.asks(SessionIsOpen))
            && (session.hold.is_none() || !purchase.asks(SessionHoldsNothing));
        let is_free = !state.seats[seat].is_taken(self.now) || !purchase.asks(SeatIsFree);
        if !(may_hold && is_free) {
            return None;
        }
        let reservation = state.reserved;
        state.reserved += 1;
        let until = self.now + HOLD;
        session.hold = Some(Hold {
            reservation,
            seat,
            until,
        });
        state.seats[seat] = Place::Held { reservation, until };
        Some(Call::SendMessage(Message {
            user: self.user,
            reservation,
            doubled: false,
        }))
    }

    /// One transaction: the order, the session, the seat and the balance.
    fn pay(
        &self,
        purchase: &Purchase,
        state: &mut State,
        seen: Session,
        hold: Hold,
        account: Account,
    ) -> Option<Call> {
        let reservation = hold.reservation;
        let is_paid = |order: &Order| order.reservation == reservation;
        if state.orders.iter().any(is_paid) {
            return None;
        }
        let session = &mut state.sessions[self.user];
        let holds_it = session
            .hold
            .is_some_and(|held| held.reservation == reservation && held.is_live(self.now));
        let is_the_holds = state.seats[hold.seat].is_held_by(reservation);
        let is_refused = !holds_it && purchase.asks(SessionHoldsIt)
            || !is_the_holds && purchase.asks(SeatIsTheHolds);
        if is_refused {
            return None;
        }
        let balance = &mut state.accounts[self.user];
        if *balance != account && purchase.asks(BalanceIsAsSeen) {
            return Some(Call::ReadAccount(seen, hold));
        }
        *balance = Account {
            balance: account.balance - 1,
            seq: account.seq + 1,
        };
        session.hold = None;
        session.closed = Some(Ending::Paid);
        state.seats[hold.seat] = Place::Sold { reservation };
        let seats = Seats::one(hold.seat);
        let order = Order::paid(reservation, self.user, seen.jti, seats);
        state.orders.push(order);
        None
    }

    /// One transaction: the order, each seat that is not refunded yet, and the balance. If another
    /// refund came first, it starts over with the order as it is then.
    fn refund(
        &self,
        purchase: &Purchase,
        state: &mut State,
        seen: Order,
        wanted: Seats,
        account: Account,
    ) -> Option<Call> {
        let due = seen.left().without(seen.left().without(wanted));
        let there = *state.order(seen.reservation);
        if there != seen && purchase.asks(OrderIsAsSeen) {
            let is_due = there.left() != there.left().without(wanted);
            return is_due.then_some(Call::ReadAccountToRefund(there, wanted));
        }
        let reservation = seen.reservation;
        let is_its = |seat: usize| state.seats[seat] == Place::Sold { reservation };
        if !due.iter().all(is_its) {
            return (there != seen).then_some(Call::ReadAccountToRefund(there, wanted));
        }
        let balance = &mut state.accounts[self.user];
        if *balance != account && purchase.asks(BalanceIsAsSeen) {
            return Some(Call::ReadAccountToRefund(there, wanted));
        }
        *balance = Account {
            balance: account.balance + due.count(),
            seq: account.seq + 1,
        };
        for seat in due.iter() {
            state.seats[seat] = Place::Free;
        }
        let returned = seen.returned.and(due);
        let after = Order {
            returned,
            refunds: seen.refunds + 1,
            is_refunded: returned == seen.seats,
            ..seen
        };
        *state.order_mut(reservation) = after;
        None
    }

    /// Closes the session that was read. If it has changed, the refusal returns it.
    fn leave(&self, state: &mut State, seen: Session) -> Option<Call> {
        let session = &mut state.sessions[self.user];
        let is_same = session.jti == seen.jti && session.closed.is_none();
        if is_same && session.hold == seen.hold {
            session.closed = Some(Ending::Left);
            let hold = session.hold.take();
            session.last_hold = hold.or(session.last_hold);
            return hold.map(Call::FreeSeat);
        }
        (is_same && !session.is_over(self.now)).then_some(Call::Leave(*session))
    }

    /// Writes a new session in place of the ended one that was read. If that has changed, it is
    /// read again.
    fn put_session(&self, purchase: &Purchase, state: &mut State, ended: Session) -> Option<Call> {
        let session = &mut state.sessions[self.user];
        let is_left_behind = session.hold == ended.hold || !purchase.asks(HoldIsLeftBehind);
        let holds = session.hold.is_some_and(|hold| hold.is_live(self.now));
        if session.jti == ended.jti && is_left_behind && !holds {
            *session = Session {
                jti: session.jti + 1,
                hold: None,
                last_hold: ended.hold.or(ended.last_hold),
                closed: None,
            };
            return None;
        }
        let is_over = session.is_over(self.now);
        is_over.then_some(Call::ReadSession(Wish::Join))
    }

    /// A hold that may not have lapsed by every clock is put back.
    fn release_or_put_back(&self, state: &mut State, message: Message) -> Option<Call> {
        let session = state.sessions[self.user];
        let is_it = |hold: &Hold| hold.reservation == message.reservation;
        let Some(hold) = session.hold.filter(is_it) else {
            return session.last_hold.filter(is_it).map(Call::FreeSeat);
        };
        if at(self.now) < at(hold.until) + CLOCK_SKEW_GRACE {
            return Some(Call::SendMessage(message));
        }
        Some(Call::Lapse(hold))
    }
}
