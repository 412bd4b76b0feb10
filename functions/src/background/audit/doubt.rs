//! What looks wrong on a page. It is read again before it is reported.

use shared::{
    app::App,
    domain::{
        audit::{Kind, SeatOfShow, SeatsAndGrades, ShowSeen, Table, Violation, order_of_seat},
        ids::{ChangeId, PlanId, ReservationId, ShowId, UserId},
        order::{Entry, Hold, Order},
        seat::{SeatStatus, TakenSeat},
        session::Session,
        user::Email,
    },
    store::{
        Store, StoreError,
        audit::{Ledger, PlanNow},
    },
};

use super::{accounts::violations_of, readable, wait_before_second_look};

/// How often a thing that keeps changing is read again. After that, the next round checks it.
const MAX_LOOKS: u32 = 5;

/// Something that may be wrong. Each asks whether it is right after all.
pub(super) enum Doubt {
    /// Whether a plan is the one that its id names.
    Plan(PlanId),
    /// Whether a show fits its plan.
    PlanOfShow(ShowId),
    /// Whether a seat may be taken, as its show says.
    SeatOfShow(SeatOfShow),
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
    /// Whether an entry of a user's chain has the record that it names.
    Entry(UserId, u64, ChangeId),
    /// Whether a record of moved money has its entry.
    Record(ChangeId),
    /// Whether the calling-off of a show has its record.
    CalledOff(ShowId, ChangeId),
}

/// What a second look has found.
pub(super) struct Settled {
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// The account that was read again because its chain was in doubt.
    pub account: Option<Reread>,
}

/// An account that was read again.
pub(super) enum Reread {
    /// It is as it was at one moment, or its chain is broken.
    Whole(Box<Ledger>),
    /// It has changed at each look.
    Moving,
}

impl Doubt {
    /// Reads again, and returns what is wrong, and an account whose chain was in doubt.
    pub(super) async fn settle(self, app: &App) -> Result<Settled, StoreError> {
        let store = app.store();
        let violations = match self {
            Self::Plan(plan_id) => plan(store, plan_id).await,
            Self::PlanOfShow(show) => plan_of_show(store, show).await,
            Self::SeatOfShow(of) => seat_of_show(app, of).await,
            Self::Address(user_id, owned) => address(store, user_id, owned.as_deref()).await,
            Self::HeldSeat(of, reservation_id) => held_seat(app, of, reservation_id).await,
            Self::SoldSeat(of, reservation_id) => sold_seat(store, of, reservation_id).await,
            Self::Hold(session, hold) => session_holds(app, &session, &hold).await,
            Self::Account(user_id) => account_of(store, user_id).await,
            Self::User(user_id) => user_of(store, user_id).await,
            Self::Chain(user_id) => return chain_of(store, user_id).await,
            Self::Order(order) => seats_of(store, &order).await,
            Self::Entry(user_id, seq, change_id) => {
                let violation = Violation::of_account(Kind::ChangeNotLogged, user_id, Some(seq));
                not_logged(store, change_id, violation).await
            }
            Self::Record(change_id) => entry_of(store, change_id).await,
            Self::CalledOff(show, change_id) => {
                let violation = Violation {
                    show: Some(show),
                    ..Violation::of(Kind::ChangeNotLogged, Table::Catalog)
                };
                not_logged(store, change_id, violation).await
            }
        };
        Ok(Settled {
            violations: violations?,
            account: None,
        })
    }
}

/// A record stays for ever. It was written with what names it.
async fn not_logged(
    store: &Store,
    change_id: ChangeId,
    violation: Violation,
) -> Result<Vec<Violation>, StoreError> {
    let missing = async || {
        let there = readable(store.change(change_id).await)?;
        Ok::<_, StoreError>(matches!(there, Some(None)))
    };
    if !missing().await? {
        return Ok(vec![]);
    }
    wait_before_second_look().await;
    let violation = Violation {
        change_id: Some(change_id),
        ..violation
    };
    Ok(if missing().await? {
        vec![violation]
    } else {
        vec![]
    })
}

/// An entry stays for ever. It was written with its record, before the first account was read.
async fn entry_of(store: &Store, change_id: ChangeId) -> Result<Vec<Violation>, StoreError> {
    let Some(record) = readable(store.change(change_id).await)?.flatten() else {
        return Ok(vec![]);
    };
    let violation = Violation::of_record(Kind::LoggedWithoutEntry, change_id, record.user_id);
    let Some(user_id) = record.user_id else {
        return Ok(vec![violation]);
    };
    for _ in 0..MAX_LOOKS {
        if let Some(ledger) = store.ledger(user_id).await? {
            let names_it = |entry: &Entry| entry.change_id == Some(change_id);
            let has_it = ledger.entries.iter().any(names_it) || ledger.unreadable > 0;
            return Ok(if has_it { vec![] } else { vec![violation] });
        }
        wait_before_second_look().await;
    }
    Ok(vec![])
}

/// Plans do not change.
async fn plan(store: &Store, plan_id: PlanId) -> Result<Vec<Violation>, StoreError> {
    let is_wrong = readable(store.plan_now(plan_id).await)? == Some(PlanNow::Wrong);
    let wrong = is_wrong.then(|| Violation::of_plan(Kind::PlanDiffers, plan_id, None));
    Ok(wrong.into_iter().collect())
}

/// A show may have got another plan, but only one that is there and fits. If the plan itself is
/// wrong, only the plan is reported.
async fn plan_of_show(store: &Store, show: ShowId) -> Result<Vec<Violation>, StoreError> {
    let now = readable(store.show_now(show).await)?.flatten();
    let Some((plan_id, planned)) = now.as_ref().and_then(SeatsAndGrades::of_show) else {
        return Ok(vec![]);
    };
    let fits = match readable(store.plan_now(plan_id).await)? {
        Some(PlanNow::Missing) => false,
        Some(PlanNow::Right(its)) => its == planned,
        Some(PlanNow::Wrong) | None => true,
    };
    let misfit = (!fits).then(|| Violation::of_plan(Kind::PlanDiffers, plan_id, Some(show)));
    Ok(misfit.into_iter().collect())
}

/// Between two equal looks at the show, it was the same all the time: a capacity can only become
/// smaller when the sale has been closed for a while. A show that is gone says nothing.
async fn seat_of_show(app: &App, of: SeatOfShow) -> Result<Vec<Violation>, StoreError> {
    let store = app.store();
    for _ in 0..MAX_LOOKS {
        let show = store.show_now(of.show());
        let Some(before) = readable(show.await)?.flatten() else {
            return Ok(vec![]);
        };
        let Some(seat) = readable(store.seat_now(of).await)?.flatten() else {
            return Ok(vec![]);
        };
        let kinds = ShowSeen::of(&before).wrong_with(&seat, app.now());
        if kinds.is_empty() {
            return Ok(vec![]);
        }
        if readable(store.show_now(of.show()).await)?.flatten() == Some(before) {
            let kinds = kinds.into_iter();
            return Ok(kinds
                .map(|kind| Violation::of_seat(kind, of, seat.reservation_id))
                .collect());
        }
    }
    Ok(vec![])
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
async fn chain_of(store: &Store, user_id: UserId) -> Result<Settled, StoreError> {
    let whole = |violations, ledger| Settled {
        violations,
        account: Some(Reread::Whole(Box::new(ledger))),
    };
    let mut last: Option<Ledger> = None;
    for _ in 0..MAX_LOOKS {
        wait_before_second_look().await;
        let Some(ledger) = store.ledger(user_id).await? else {
            last = None;
            continue;
        };
        let violations = violations_of(user_id, &ledger);
        if violations.is_empty() || ledger.unreadable > 0 {
            return Ok(whole(vec![], ledger));
        }
        if last.is_some_and(|last| last.account == ledger.account) {
            return Ok(whole(violations, ledger));
        }
        last = Some(ledger);
    }
    Ok(Settled {
        violations: vec![],
        account: Some(Reread::Moving),
    })
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
