//! What looks wrong on a page. It is read again before it is reported.

use shared::{
    app::App,
    domain::{
        audit::{Kind, SeatOfShow, Violation, order_of_seat},
        ids::{ReservationId, UserId},
        order::{Hold, Order},
        seat::{SeatStatus, TakenSeat},
        session::Session,
        user::Email,
    },
    store::{Store, StoreError, audit::Ledger},
};

use super::{accounts::violations_of, readable, wait_before_second_look};

/// How often a thing that keeps changing is read again. After that, the next round checks it.
const MAX_LOOKS: u32 = 5;

/// Something that may be wrong. Each asks whether it is right after all.
pub(super) enum Doubt {
    /// Whether a user's address is claimed by them, and the other address is not.
    Address(UserId, Option<String>),
    /// Whether a held seat that no session explains is still held.
    HeldSeat(SeatOfShow, ReservationId),
    /// Whether a sold seat that no order has claimed is still sold.
    SoldSeat(SeatOfShow, ReservationId),
    /// Whether a session's hold is unpaid, and has its seats.
    Hold(Box<Session>, Hold),
    /// Whether a user has an account.
    Account(UserId),
    /// Whether an account has a user.
    User(UserId),
    /// Whether the chain of a user's entries is whole.
    Chain(UserId),
    /// Whether a paid order has its seats, and a refunded one does not.
    Order(Box<Order>),
}

impl Doubt {
    /// Reads again, and returns what is wrong.
    pub(super) async fn settle(self, app: &App) -> Result<Vec<Violation>, StoreError> {
        let store = app.store();
        match self {
            Self::Address(user_id, owned) => address(store, user_id, owned.as_deref()).await,
            Self::HeldSeat(of, reservation_id) => held_seat(app, of, reservation_id).await,
            Self::SoldSeat(of, reservation_id) => sold_seat(store, of, reservation_id).await,
            Self::Hold(session, hold) => session_holds(app, &session, &hold).await,
            Self::Account(user_id) => account_of(store, user_id).await,
            Self::User(user_id) => user_of(store, user_id).await,
            Self::Chain(user_id) => chain_of(store, user_id).await,
            Self::Order(order) => seats_of(store, &order).await,
        }
    }
}

/// Between two equal looks at the user, nobody has changed their address.
async fn address(
    store: &Store,
    user_id: UserId,
    owned: Option<&str>,
) -> Result<Vec<Violation>, StoreError> {
    for _ in 0..MAX_LOOKS {
        wait_before_second_look().await;
        let Some(before) = readable(store.user(user_id).await)? else {
            return Ok(vec![]);
        };
        let address = before.as_ref().and_then(|user| user.email.as_ref());
        let address = address.map(Email::folded);
        let email = before.as_ref().and_then(|user| user.email.as_ref());
        let mut is_claimed = email.is_none();
        for form in email.map(Email::folded_forms).unwrap_or_default() {
            is_claimed = is_claimed || store.owner_of(&form).await? == Some(user_id);
        }
        let is_stray = match owned {
            Some(owned) if address != Some(known_by_now(owned)) => {
                store.owner_of(owned).await? == Some(user_id)
            }
            _ => false,
        };
        if readable(store.user(user_id).await)? == Some(before) {
            let not_claimed = (!is_claimed).then_some(Kind::AddressNotClaimed);
            let of_nobody = is_stray.then_some(Kind::AddressOfNobody);
            let kinds = not_claimed.into_iter().chain(of_nobody);
            return Ok(kinds
                .map(|kind| Violation::of_user(kind, user_id))
                .collect());
        }
    }
    Ok(vec![])
}

/// The present form of an address. Earlier versions of the code stored other forms.
pub(super) fn known_by_now(folded: &str) -> String {
    let email = Email::parse(folded);
    email.map_or_else(|| folded.to_owned(), |email| email.folded())
}

/// A seat that was not freed when its hold was given up is explained by the session's last hold. A
/// seat whose hold has lapsed is free.
async fn held_seat(
    app: &App,
    of: SeatOfShow,
    reservation_id: ReservationId,
) -> Result<Vec<Violation>, StoreError> {
    wait_before_second_look().await;
    let seat = readable(app.store().seat_now(of).await)?.flatten();
    let now = app.now();
    let is_held = seat.is_some_and(|seat| {
        is_of(&seat, SeatStatus::Held, reservation_id)
            && seat.held_until.is_some_and(|until| until > now)
    });
    let held = is_held.then(|| Violation::of_seat(Kind::SeatHeldByNobody, of, reservation_id));
    Ok(held.into_iter().collect())
}

/// Its order was written with it, before the first order was read, and stays for ever. So the seat
/// is sold to nobody, unless it has been given back.
async fn sold_seat(
    store: &Store,
    of: SeatOfShow,
    reservation_id: ReservationId,
) -> Result<Vec<Violation>, StoreError> {
    let seat = readable(store.seat_now(of).await)?.flatten();
    let is_sold = seat.is_some_and(|seat| is_of(&seat, SeatStatus::Sold, reservation_id));
    let sold = is_sold.then(|| Violation::of_seat(Kind::SeatSoldWithoutOrder, of, reservation_id));
    Ok(sold.into_iter().collect())
}

fn is_of(seat: &TakenSeat, status: SeatStatus, reservation_id: ReservationId) -> bool {
    seat.status == status && seat.reservation_id == reservation_id
}

/// A paid reservation is never held again. A hold has its seats as long as it lives. It counts only
/// if the hold is the same before and after its seats were read.
async fn session_holds(
    app: &App,
    session: &Session,
    hold: &Hold,
) -> Result<Vec<Violation>, StoreError> {
    let store = app.store();
    let violation = |kind| {
        let Session {
            user_id, queue_id, ..
        } = session;
        vec![Violation::of_session(
            kind,
            *user_id,
            queue_id,
            hold.reservation_id,
        )]
    };
    let order = store.order(session.user_id, hold.reservation_id).await;
    let is_paid = readable(order)?.is_none_or(|order| order.is_some());
    if !is_paid && !lacks_a_seat(app, session, hold).await? {
        return Ok(vec![]);
    }
    wait_before_second_look().await;
    let lacks_a_seat = lacks_a_seat(app, session, hold).await?;
    let now = store.session(session.user_id, &session.queue_id).await;
    let now = readable(now)?.flatten();
    let Some(now) = now.filter(|now| now.live_hold.as_ref() == Some(hold)) else {
        return Ok(vec![]);
    };
    if is_paid {
        return Ok(violation(Kind::PaidSessionHolds));
    }
    let is_live = now.payable_hold(app.now()).is_some();
    Ok(if lacks_a_seat && is_live {
        violation(Kind::HoldWithoutSeat)
    } else {
        vec![]
    })
}

/// Whether a seat of a live hold is not held by it.
async fn lacks_a_seat(app: &App, session: &Session, hold: &Hold) -> Result<bool, StoreError> {
    if session.payable_hold(app.now()).is_none() {
        return Ok(false);
    }
    let seats = app.store().seats_now(hold.show(), &hold.seats).await;
    let Some(seats) = readable(seats)? else {
        return Ok(false);
    };
    let is_held = |number| {
        let mut its = seats.iter().filter(|seat| seat.seat == number);
        its.any(|seat| is_of(seat, SeatStatus::Held, hold.reservation_id))
    };
    Ok(!hold.seats.iter().all(is_held))
}

/// An account is made with its user, and is never deleted.
async fn account_of(store: &Store, user_id: UserId) -> Result<Vec<Violation>, StoreError> {
    let is_there = store.has_account(user_id).await?;
    let without = (!is_there).then(|| Violation::of_user(Kind::UserWithoutAccount, user_id));
    Ok(without.into_iter().collect())
}

/// A deleted user leaves a closed account.
async fn user_of(store: &Store, user_id: UserId) -> Result<Vec<Violation>, StoreError> {
    if !matches!(readable(store.user(user_id).await)?, Some(None)) {
        return Ok(vec![]);
    }
    let account = readable(store.account(user_id).await)?;
    let is_closed = account.is_none_or(|account| account.is_some_and(|it| it.closed_at.is_some()));
    let without =
        (!is_closed).then(|| Violation::of_account(Kind::AccountWithoutUser, user_id, None));
    Ok(without.into_iter().collect())
}

/// The items of a page are not of one moment: an entry may have been added between reading the
/// account and reading its entries. A chain is broken if the account did not change between two
/// looks and the chain is broken in both.
async fn chain_of(store: &Store, user_id: UserId) -> Result<Vec<Violation>, StoreError> {
    let mut last: Option<Ledger> = None;
    for _ in 0..MAX_LOOKS {
        wait_before_second_look().await;
        let Some(ledger) = store.ledger(user_id).await? else {
            last = None;
            continue;
        };
        let violations = violations_of(user_id, &ledger);
        if violations.is_empty() || ledger.unreadable > 0 {
            return Ok(vec![]);
        }
        if last.is_some_and(|last| last.account == ledger.account) {
            return Ok(violations);
        }
        last = Some(ledger);
    }
    Ok(vec![])
}

/// The order is read after its seats. Refunded seats stay so, and each refund is of further seats. So
/// if the same seats are refunded as before, they were all the time. Most orders that come here were paid after the seats were read, and are
/// right at once.
async fn seats_of(store: &Store, order: &Order) -> Result<Vec<Violation>, StoreError> {
    if wrong_seats(store, order).await?.is_empty() {
        return Ok(vec![]);
    }
    wait_before_second_look().await;
    let violations = wrong_seats(store, order).await?;
    let now = store.order(order.user_id, order.reservation_id).await;
    let now = readable(now)?.flatten();
    Ok(match now {
        Some(now) if now.refunded_seats() == order.refunded_seats() => violations,
        _ => vec![],
    })
}

async fn wrong_seats(store: &Store, order: &Order) -> Result<Vec<Violation>, StoreError> {
    let seats = readable(store.seats_now(order.show(), &order.seats).await)?;
    let Some(seats) = seats else {
        return Ok(vec![]);
    };
    let wrong = order.seats.iter().filter_map(|number| {
        let seat = seats.iter().find(|seat| seat.seat == number);
        let kind = order_of_seat(order, number, seat)?;
        Some(Violation::of_order(kind, order, number))
    });
    Ok(wrong.collect())
}
