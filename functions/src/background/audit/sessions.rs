//! Sessions, and what they hold.

use shared::{
    domain::{
        audit::{Kind, SeatOfShow, Seen, Table, Violation},
        ids::UserId,
        order::Hold,
        seat::SeatStatus,
        session::Session,
    },
    store::{Reading, StoreError},
};

use super::{Run, Step, before_looking_again, readable};

impl Run<'_> {
    /// Judges sessions against what they hold, and remembers for their queues what they have drawn.
    pub(super) async fn read_sessions(&mut self) -> Result<Step, StoreError> {
        let page = self
            .app
            .store()
            .audit_sessions(self.round.position.as_ref(), self.page())
            .await?;
        for session in page.items {
            match session {
                Some(session) => self.judge_session(&session).await?,
                None => self.accuse(Violation::of(Kind::Unreadable, Table::Sessions)),
            }
        }
        Ok(self.turn_page(page.next))
    }

    async fn judge_session(&mut self, session: &Session) -> Result<(), StoreError> {
        self.found.checked.sessions += 1;
        let memory = &mut self.round.memory;
        let queue_id = &session.queue_id;
        if let Some(arrival) = session.arrival {
            memory.arrived(queue_id, arrival.cohort);
        }
        let last = session.last_hold.as_ref().map(|ended| &ended.hold);
        for hold in session.live_hold.iter().chain(last) {
            for seat in hold.seats.iter() {
                memory.explain_held(SeatOfShow::new(hold.show(), seat), hold.reservation_id);
            }
        }
        if memory.drawn(queue_id, session.ticket) == Seen::Again {
            let violation = Violation::of_ticket(Kind::NumberDrawnTwice, session);
            self.accuse(violation);
        }
        self.judge_hold(session).await
    }

    /// Judges what a session holds.
    async fn judge_hold(&mut self, session: &Session) -> Result<(), StoreError> {
        let Some(hold) = &session.live_hold else {
            return Ok(());
        };
        if session.closed.is_some() {
            self.accuse_session(Kind::ClosedSessionHolds, session, hold);
        }
        let store = self.app.store();
        let order = store.order(session.user_id, hold.reservation_id).await;
        let is_paid = readable(order)?.is_none_or(|order| order.is_some());
        let lacks_a_seat = self.lacks_a_seat(session, hold).await?;
        if is_paid || lacks_a_seat {
            self.settle_hold(session, hold, is_paid).await?;
        }
        Ok(())
    }

    /// What has been paid is never held again. A hold has its seats as long as it lives, and is
    /// the same hold before and after they were looked at.
    async fn settle_hold(
        &mut self,
        session: &Session,
        hold: &Hold,
        is_paid: bool,
    ) -> Result<(), StoreError> {
        before_looking_again().await;
        let lacks_a_seat = self.lacks_a_seat(session, hold).await?;
        let store = self.app.store();
        let now = store.session(session.user_id, &session.queue_id).await;
        let now = readable(now)?.flatten();
        let Some(now) = now.filter(|now| now.live_hold.as_ref() == Some(hold)) else {
            return Ok(());
        };
        if is_paid {
            self.accuse_session(Kind::PaidSessionHolds, session, hold);
        } else if lacks_a_seat && now.payable_hold(self.app.now()).is_some() {
            self.accuse_session(Kind::HoldWithoutSeat, session, hold);
        }
        Ok(())
    }

    /// Whether a seat of a live hold is not held by it.
    async fn lacks_a_seat(&self, session: &Session, hold: &Hold) -> Result<bool, StoreError> {
        if session.payable_hold(self.app.now()).is_none() {
            return Ok(false);
        }
        let store = self.app.store();
        let seats = store.seats_now(hold.show(), &hold.seats).await;
        let Some(seats) = readable(seats)? else {
            return Ok(false);
        };
        let has = |number| {
            seats.iter().any(|seat| {
                seat.seat == number
                    && seat.status == SeatStatus::Held
                    && seat.reservation_id == hold.reservation_id
            })
        };
        Ok(!hold.seats.iter().all(has))
    }

    fn accuse_session(&mut self, kind: Kind, session: &Session, hold: &Hold) {
        let Session {
            user_id, queue_id, ..
        } = session;
        let violation = Violation::of_session(kind, *user_id, queue_id, hold.reservation_id);
        self.accuse(violation);
    }

    /// Looks at the sessions of a user by themselves.
    pub(super) async fn look_at_sessions_of(&mut self, user_id: UserId) -> Result<(), StoreError> {
        let sessions = self.app.store().sessions_of(user_id, Reading::Consistent);
        let Some(sessions) = readable(sessions.await)? else {
            self.accuse(Violation {
                table: Table::Sessions,
                ..Violation::of_user(Kind::Unreadable, user_id)
            });
            return Ok(());
        };
        for session in sessions {
            self.judge_session(&session).await?;
        }
        Ok(())
    }
}
