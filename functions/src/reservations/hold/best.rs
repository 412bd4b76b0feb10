//! Holds the best free seats that are together. The rules: `shared/src/domain/best.rs`.
//!
//! Each try looks at the seats and then holds them in the same transaction as any hold. If somebody
//! else is faster, the next try is for other seats. After six transactions or three seconds the
//! answer is that of a busy database.
//!
//! Cost besides that of any hold: 1 RRU a seat for the look instead of 0.5, again for each further
//! try; 2 WRU, and 2 WRU for each seat, for each refused transaction; and the blocks
//! ([`BestSearch::next`]), which are free within two seconds of the last request for this show to
//! the same instance. If there are no such seats, 1 RRU more: a parallel request of the same buyer
//! may have taken them.
//!
//! Round trips of one without contention: 6 calls in 4 rounds.

use shared::{
    app::{App, BestSearch, Buyer, Found},
    domain::{
        best::{Left, Scope, Wish},
        ids::{PaymentId, ReservationId},
        order::Hold,
        show::Show,
    },
    error::{ApiError, Constraint},
    store::{Decided as _, purchase::HoldRefused},
};

use super::{
    later_hold, new_hold, present_hold, require_open_sale, require_within_limit, send_release,
};

/// The most transactions of a request.
const MAX_TRANSACTIONS: u32 = 6;

/// Holds the best seats, unless the session holds such seats already.
pub(super) async fn hold(
    app: &App,
    buyer: &Buyer,
    show: &Show,
    wish: Wish,
) -> Result<Hold, ApiError> {
    let plan = app.kept_plan_of(show).await?;
    let count = usize::try_from(wish.count).unwrap_or(usize::MAX);
    let scope = Scope::of(show, plan.as_deref(), wish);
    let scope = scope.ok_or(ApiError::Invalid(Constraint::Best))?;
    if let Some(hold) = present_hold(buyer, |hold| scope.is_met_by(hold, show))? {
        return Ok(hold);
    }
    require_open_sale(show, buyer.now, &app.config().time_zone)?;
    require_within_limit(app, buyer, show, count).await?;
    let search = app.search_best(show.id(), scope, buyer.now);
    place(app, buyer, show, &search).await
}

/// Tries until seats are held.
async fn place(
    app: &App,
    buyer: &Buyer,
    show: &Show,
    search: &BestSearch,
) -> Result<Hold, ApiError> {
    // All tries are for one reservation, so one message tidies up after any of them.
    let (reservation_id, payment_id) = (ReservationId::new(), PaymentId::new());
    for tried in 0..MAX_TRANSACTIONS {
        let seats = match search.next().await? {
            Found::Seats(seats) => seats,
            Found::Nothing(left) => return held_meanwhile(app, buyer, show, search, left).await,
        };
        let hold = Hold {
            reservation_id,
            payment_id,
            ..new_hold(app, show, seats, buyer.now).await?
        };
        let send = async {
            if tried == 0 {
                send_release(app, buyer, &hold).await;
            }
        };
        let store = app.store();
        let (placed, ()) = tokio::join!(
            store.place_hold_unless_contended(&buyer.session, &hold, buyer.now),
            send,
        );
        match placed.decided()? {
            Ok(()) => {
                search.note_held(&hold.seats);
                return Ok(hold);
            }
            Err(HoldRefused::HoldExists(there)) if search.scope().is_met_by(&there, show) => {
                return Ok(*there);
            }
            Err(HoldRefused::SeatsTaken(seats)) => search.note_taken(&seats),
            Err(HoldRefused::Contended(seats)) => search.note_contended(&seats),
            Err(refused) => return Err(refused.into()),
        }
    }
    Err(ApiError::Busy("others were faster in every transaction"))
}

/// The hold that a parallel request of the same buyer has placed since the door read the session. It
/// may have the last such seats. Without one, there are none.
async fn held_meanwhile(
    app: &App,
    buyer: &Buyer,
    show: &Show,
    search: &BestSearch,
    left: Left,
) -> Result<Hold, ApiError> {
    let hold = later_hold(app, buyer, |hold| search.scope().is_met_by(hold, show)).await?;
    hold.ok_or(ApiError::NoSeatsTogether(left))
}
