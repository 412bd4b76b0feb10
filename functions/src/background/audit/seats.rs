//! Seats that are not free.

use shared::{
    domain::{
        audit::{Kind, SeatOfShow, Table, Violation, seat_alone},
        ids::ReservationId,
        seat::SeatStatus,
    },
    jiff::SignedDuration,
    store::{StoreError, audit::SeatItem},
};

use super::{Run, Step, before_looking_again, readable};

/// A hold younger than this is not asked about: it may have been seen as it was being placed.
const YOUNG: SignedDuration = SignedDuration::from_secs(5);

impl Run<'_> {
    /// Judges what can be told of a seat alone, and remembers it for its order or session.
    pub(super) async fn read_seats(&mut self) -> Result<Step, StoreError> {
        let page = self
            .app
            .store()
            .audit_seats(self.round.position.as_ref(), self.page())
            .await?;
        let now = self.app.now();
        let lasts = SignedDuration::from_secs(i64::from(self.app.config().hold_seconds));
        for item in page.items {
            let Some(SeatItem { of, seat, ttl }) = item else {
                self.accuse(Violation::of(Kind::Unreadable, Table::Seats));
                continue;
            };
            self.found.checked.seats += 1;
            for kind in seat_alone(&seat, ttl, now) {
                self.accuse(Violation::of_seat(kind, of, seat.reservation_id));
            }
            let memory = &mut self.round.memory;
            match (seat.status, seat.held_until) {
                (SeatStatus::Sold, _) => memory.sold(of, seat.reservation_id),
                (SeatStatus::Held, Some(until))
                    if until > now && until.duration_since(now) <= lasts - YOUNG =>
                {
                    memory.held(of, seat.reservation_id);
                }
                (SeatStatus::Held, _) => {}
            }
        }
        Ok(self.turn_page(page.next))
    }

    /// Looks again at a held seat that no session explains. A seat that could not be freed when its
    /// hold was given up is explained by the session's last hold.
    pub(super) async fn settle_held_seats(&mut self) -> Result<Step, StoreError> {
        let Some((of, reservation_id)) = self.round.memory.next_unexplained() else {
            return Ok(Step::Over);
        };
        before_looking_again().await;
        let seat = readable(self.app.store().seat_now(of).await)?.flatten();
        let now = self.app.now();
        let is_still_held = seat.is_some_and(|seat| {
            seat.status == SeatStatus::Held
                && seat.reservation_id == reservation_id
                && seat.held_until.is_some_and(|until| until > now)
        });
        if is_still_held {
            self.accuse(Violation::of_seat(
                Kind::SeatHeldByNobody,
                of,
                reservation_id,
            ));
        }
        Ok(Step::More)
    }

    /// Looks again at a sold seat that no order has claimed. Its order was written with it, before
    /// the first order was read, and stays for ever: at most, the seat may have been given back.
    pub(super) async fn settle_seats_left(&mut self) -> Result<Step, StoreError> {
        let Some((of, reservation_id)) = self.round.memory.next_sold() else {
            return Ok(Step::Over);
        };
        if self.is_sold_to(of, reservation_id).await? {
            let violation = Violation::of_seat(Kind::SeatSoldWithoutOrder, of, reservation_id);
            self.accuse(violation);
        }
        Ok(Step::More)
    }

    async fn is_sold_to(
        &self,
        of: SeatOfShow,
        reservation_id: ReservationId,
    ) -> Result<bool, StoreError> {
        let seat = readable(self.app.store().seat_now(of).await)?.flatten();
        Ok(seat.is_some_and(|seat| {
            seat.status == SeatStatus::Sold && seat.reservation_id == reservation_id
        }))
    }
}
