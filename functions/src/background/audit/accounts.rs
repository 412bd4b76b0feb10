//! Accounts, with the chain of entries that led to them, and orders.

use shared::{
    domain::{
        audit::{Claim, Kind, SeatOfShow, Table, Violation, chain, order_of_seat},
        ids::UserId,
        order::{Order, OrderStatus},
        seat::TakenSeat,
    },
    store::{StoreError, audit::Ledger},
};

use super::{Run, Step, before_looking_again, readable};

/// How often an account that is moving is looked at again. Whoever moves it for so long is seen
/// with the next round.
const MOST_LOOKS: u32 = 5;

impl Run<'_> {
    /// Judges the accounts and orders of a page.
    pub(super) async fn read_accounts(&mut self) -> Result<Step, StoreError> {
        let store = self.app.store();
        let page = store
            .audit_accounts(self.round.position.as_ref(), self.page())
            .await?;
        for _ in 0..page.unreadable {
            self.accuse(Violation::of(Kind::Unreadable, Table::Accounts));
        }
        for (user_id, ledger) in page.whole {
            self.judge(user_id, &ledger).await?;
        }
        if let Some(user_id) = page.cut {
            if let Some(ledger) = store.ledger(user_id).await? {
                self.judge(user_id, &ledger).await?;
            } else {
                self.settle_chain(user_id).await?;
            }
        }
        let step = self.turn_page(page.next);
        if step == Step::Over {
            self.round.memory.forget_claimed();
        }
        Ok(step)
    }

    async fn judge(&mut self, user_id: UserId, ledger: &Ledger) -> Result<(), StoreError> {
        let checked = &mut self.found.checked;
        checked.accounts += u64::from(ledger.account.is_some());
        checked.entries += ledger.entries.len() as u64;
        checked.orders += ledger.orders.len() as u64;
        if !self.round.memory.claim_user(user_id) {
            self.look_for_user(user_id).await?;
        }
        self.judge_chain(user_id, ledger).await?;
        for order in &ledger.orders {
            self.judge_order(order).await?;
        }
        Ok(())
    }

    /// Of an account that nobody was seen for: they may have signed up since users were read.
    async fn look_for_user(&mut self, user_id: UserId) -> Result<(), StoreError> {
        if let Some(None) = readable(self.app.store().user(user_id).await)? {
            let violation = Violation::of_account(Kind::AccountWithoutUser, user_id, None);
            self.accuse(violation);
        }
        Ok(())
    }

    /// A chain of which a link cannot be read is not judged.
    async fn judge_chain(&mut self, user_id: UserId, ledger: &Ledger) -> Result<(), StoreError> {
        for _ in 0..ledger.unreadable {
            self.accuse(Violation::of_account(Kind::Unreadable, user_id, None));
        }
        if ledger.unreadable == 0 && !chain(user_id, ledger.account, &ledger.entries).is_empty() {
            self.settle_chain(user_id).await?;
        }
        Ok(())
    }

    /// Looks again at a chain that seemed broken, until it stands still for long enough: a page is
    /// no picture of one moment, and an entry may have come between its reading and the account's.
    async fn settle_chain(&mut self, user_id: UserId) -> Result<(), StoreError> {
        let mut last: Option<Ledger> = None;
        for _ in 0..MOST_LOOKS {
            before_looking_again().await;
            let Some(ledger) = self.app.store().ledger(user_id).await? else {
                last = None;
                continue;
            };
            let violations = chain(user_id, ledger.account, &ledger.entries);
            if violations.is_empty() || ledger.unreadable > 0 {
                return Ok(());
            }
            if last.is_some_and(|last| last.account == ledger.account) {
                self.accuse_all(violations);
                return Ok(());
            }
            last = Some(ledger);
        }
        Ok(())
    }

    /// An order whose seats were seen sold to it is as it should be. For any other one it looks at
    /// the seats.
    async fn judge_order(&mut self, order: &Order) -> Result<(), StoreError> {
        let mut doubtful = false;
        for seat in order.seats.iter() {
            let of = SeatOfShow::new(order.show(), seat);
            let claim = self.round.memory.claim_sold(of, order.reservation_id);
            if claim == Claim::Disputed && order.status == OrderStatus::Paid {
                self.accuse(Violation::of_order(Kind::SeatSoldTwice, order, seat));
            }
            doubtful |= match order.status {
                OrderStatus::Paid => claim == Claim::Unknown,
                OrderStatus::Refunded => claim != Claim::Unknown,
            };
        }
        if doubtful {
            self.settle_order(order).await?;
        }
        Ok(())
    }

    /// Looks at the seats of an order, and then at the order again: one that is still paid was
    /// paid all the time, and one that is refunded stays so.
    async fn settle_order(&mut self, order: &Order) -> Result<(), StoreError> {
        before_looking_again().await;
        let store = self.app.store();
        let seats = readable(store.seats_now(order.show(), &order.seats).await)?;
        let now = readable(store.order(order.user_id, order.reservation_id).await)?;
        let (Some(seats), Some(Some(now))) = (seats, now) else {
            return Ok(());
        };
        if now.status != order.status {
            return Ok(());
        }
        for number in order.seats.iter() {
            let seat = seats.iter().find(|seat: &&TakenSeat| seat.seat == number);
            if let Some(kind) = order_of_seat(order, seat) {
                self.accuse(Violation::of_order(kind, order, number));
            }
        }
        Ok(())
    }

    /// Looks at what a user has, by themselves.
    pub(super) async fn look_at_account_of(&mut self, user_id: UserId) -> Result<(), StoreError> {
        let Some(ledger) = self.app.store().ledger(user_id).await? else {
            return self.settle_chain(user_id).await;
        };
        let checked = &mut self.found.checked;
        checked.accounts += u64::from(ledger.account.is_some());
        checked.entries += ledger.entries.len() as u64;
        checked.orders += ledger.orders.len() as u64;
        if ledger.account.is_some() {
            self.look_for_user(user_id).await?;
        }
        if ledger.account.is_some() || !ledger.entries.is_empty() {
            self.judge_chain(user_id, &ledger).await?;
        }
        for order in &ledger.orders {
            self.settle_order(order).await?;
        }
        Ok(())
    }
}
