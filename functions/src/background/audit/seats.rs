//! Audits seats that are not free.

use shared::{
    domain::{
        audit::{Kind, Table, Violation, seat_alone},
        seat::SeatStatus,
    },
    jiff::SignedDuration,
    store::{StoreError, audit::SeatItem},
};

use super::{AT_ONCE, Doubt, Run, Step};

/// A hold younger than this is not asked about. It may have been read while it was being placed.
const YOUNG: SignedDuration = SignedDuration::from_secs(5);

impl Run<'_> {
    /// Checks each seat by itself, and remembers it for its order or session.
    pub(super) async fn read_seats(&mut self) -> Result<Step, StoreError> {
        let page = self
            .app
            .store()
            .audit_seats(self.round.position.as_ref(), self.page())
            .await?;
        let now = self.app.now();
        let lasts = SignedDuration::from_secs(i64::from(self.app.config().hold_seconds));
        let mut doubts = Vec::new();
        for item in page.items {
            let Some(SeatItem { of, seat, ttl }) = item else {
                self.report(Violation::of(Kind::Unreadable, Table::Seats));
                continue;
            };
            self.found.checked.seats += 1;
            for kind in seat_alone(&seat, ttl, now) {
                self.report(Violation::of_seat(kind, of, seat.reservation_id));
            }
            let memory = &mut self.round.memory;
            let show = memory.seen(of.show());
            if show.is_some_and(|show| !show.wrong_with(&seat, now).is_empty()) {
                doubts.push(Doubt::SeatOfShow(of));
            }
            match (seat.status, seat.held_until) {
                (SeatStatus::Sold, _) => memory.sold(of, seat.reservation_id, seat.buyer),
                (SeatStatus::Held, Some(until))
                    if until > now && until.duration_since(now) <= lasts - YOUNG =>
                {
                    memory.held(of, seat.reservation_id);
                }
                (SeatStatus::Held, _) => {}
            }
        }
        self.settle(doubts).await?;
        let step = self.turn_page(page.next);
        if step == Step::Over {
            self.round.memory.forget_shows();
        }
        Ok(step)
    }

    /// Settles sold seats that no order has claimed.
    pub(super) async fn settle_seats_left(&mut self) -> Result<Step, StoreError> {
        let memory = &mut self.round.memory;
        let left = std::iter::from_fn(|| memory.next_sold());
        let doubts = left.map(|(of, reservation_id)| Doubt::SoldSeat(of, reservation_id));
        let doubts = doubts.take(AT_ONCE).collect();
        self.settle_some(doubts).await
    }
}
