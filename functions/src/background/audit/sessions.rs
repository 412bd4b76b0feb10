//! Audits sessions, and what they hold.

use shared::{
    domain::{
        audit::{Kind, SeatOfShow, Seen, Table, Violation},
        ids::UserId,
        session::Session,
    },
    store::{Reading, StoreError},
};

use super::{AT_ONCE, Doubt, Run, Step, readable};

impl Run<'_> {
    /// Checks sessions, and remembers for their queues which numbers they have drawn.
    pub(super) async fn read_sessions(&mut self) -> Result<Step, StoreError> {
        let page = self
            .app
            .store()
            .audit_sessions(self.round.position.as_ref(), self.page())
            .await?;
        let mut doubts = Vec::new();
        for session in page.items {
            match session {
                Some(session) => doubts.extend(self.check_session(session)),
                None => self.report(Violation::of(Kind::Unreadable, Table::Sessions)),
            }
        }
        self.settle(doubts).await?;
        Ok(self.turn_page(page.next))
    }

    /// Checks a session. Its hold is a doubt in any case.
    fn check_session(&mut self, session: Session) -> Option<Doubt> {
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
            self.report(Violation::of_ticket(Kind::NumberDrawnTwice, &session));
        }
        let hold = session.live_hold.clone()?;
        if session.closed.is_some() {
            let Session {
                user_id, queue_id, ..
            } = &session;
            let kind = Kind::ClosedSessionHolds;
            let violation = Violation::of_session(kind, *user_id, queue_id, hold.reservation_id);
            self.report(violation);
        }
        Some(Doubt::Hold(Box::new(session), hold))
    }

    /// Settles held seats that no session explains.
    pub(super) async fn settle_held_seats(&mut self) -> Result<Step, StoreError> {
        let memory = &mut self.round.memory;
        let left = std::iter::from_fn(|| memory.next_unexplained());
        let doubts = left.map(|(of, reservation_id)| Doubt::HeldSeat(of, reservation_id));
        let doubts = doubts.take(AT_ONCE).collect();
        self.settle_some(doubts).await
    }

    /// Checks the sessions of one user.
    pub(super) async fn check_sessions_of(&mut self, user_id: UserId) -> Result<(), StoreError> {
        let sessions = self.app.store().sessions_of(user_id, Reading::Consistent);
        let Some(sessions) = readable(sessions.await)? else {
            self.report(Violation {
                table: Table::Sessions,
                ..Violation::of_user(Kind::Unreadable, user_id)
            });
            return Ok(());
        };
        let doubts = sessions
            .into_iter()
            .filter_map(|session| self.check_session(session));
        let doubts = doubts.collect();
        self.settle(doubts).await
    }
}
