//! Audits accounts, each with its chain of entries, and orders. Adds up the books.

use shared::{
    domain::{
        audit::{Books, Claim, Kind, SeatOfShow, Table, Violation, chain, limits},
        ids::UserId,
        order::Order,
    },
    store::{StoreError, audit::Ledger},
};

use super::{Doubt, Run, Step};

impl Run<'_> {
    /// Checks the accounts and orders of a page.
    pub(super) async fn read_accounts(&mut self) -> Result<Step, StoreError> {
        let store = self.app.store();
        let books = &mut self.round.memory.books;
        if books.read_from == 0 {
            books.read_from = self.app.now().as_millisecond();
        }
        let page = store
            .audit_accounts(self.round.position.as_ref(), self.page())
            .await?;
        for _ in 0..page.unreadable {
            self.report(Violation::of(Kind::Unreadable, Table::Accounts));
        }
        let mut doubts = Vec::new();
        for (user_id, ledger) in page.whole {
            self.check_ledger(user_id, &ledger, &mut doubts);
        }
        if let Some(user_id) = page.cut {
            match store.ledger(user_id).await? {
                Some(ledger) => self.check_ledger(user_id, &ledger, &mut doubts),
                None => doubts.push(Doubt::Chain(user_id)),
            }
        }
        self.settle(doubts).await?;
        let step = self.turn_page(page.next);
        if step == Step::Over {
            self.round.memory.forget_claimed();
            self.round.memory.forget_called_off();
            self.round.memory.books.as_of = self.app.now().as_millisecond();
        }
        Ok(step)
    }

    fn check_ledger(&mut self, user_id: UserId, ledger: &Ledger, doubts: &mut Vec<Doubt>) {
        let is_closed = ledger
            .account
            .is_some_and(|account| account.closed_at.is_some());
        if !self.round.memory.claim_user(user_id) && !is_closed {
            doubts.push(Doubt::User(user_id));
        }
        self.check_chain(user_id, ledger, doubts);
        self.check_logged(user_id, ledger, doubts);
        let orders = ledger.orders.iter();
        doubts.extend(orders.filter_map(|order| self.check_order(order)));
    }

    /// Checks the chain of an account. If an entry cannot be read, the chain is not checked.
    fn check_chain(&mut self, user_id: UserId, ledger: &Ledger, doubts: &mut Vec<Doubt>) {
        let checked = &mut self.found.checked;
        checked.accounts += u64::from(ledger.account.is_some());
        checked.entries += ledger.entries.len() as u64;
        checked.orders += ledger.orders.len() as u64;
        for _ in 0..ledger.unreadable {
            self.report(Violation::of_account(Kind::Unreadable, user_id, None));
        }
        for order in ledger.orders.iter().filter(|order| !order.is_consistent()) {
            let seat = order.seats.first();
            self.report(Violation::of_order(Kind::OrderDiffers, order, seat));
        }
        // If it is in doubt, the books get it as it is when it is read again.
        if ledger.unreadable == 0 && !violations_of(user_id, ledger).is_empty() {
            doubts.push(Doubt::Chain(user_id));
        } else {
            self.add_to_books(ledger);
        }
    }

    /// Adds an account and its entries to the books.
    pub(super) fn add_to_books(&mut self, ledger: &Ledger) {
        let zone = &self.app.config().time_zone;
        let first_day = Books::first_day(self.round.started_at, zone);
        let books = &mut self.round.memory.books;
        books.add(ledger.account, &ledger.entries, first_day, zone);
    }

    /// Checks an order. It is right if its seats were seen sold to it.
    fn check_order(&mut self, order: &Order) -> Option<Doubt> {
        let mut is_doubtful = false;
        for seat in order.seats.iter() {
            let of = SeatOfShow::new(order.show(), seat);
            let memory = &mut self.round.memory;
            let claim = memory.claim_sold(of, order.reservation_id, order.user_id);
            let is_refunded = order.has_refunded(seat);
            if claim == Claim::Disputed && !is_refunded {
                self.report(Violation::of_order(Kind::SeatSoldTwice, order, seat));
            }
            let is_its = matches!(claim, Claim::Confirmed | Claim::Disputed);
            let has_it = claim != Claim::Unknown;
            is_doubtful |= if is_refunded { has_it } else { !is_its };
        }
        is_doubtful.then(|| Doubt::Order(Box::new(order.clone())))
    }

    /// Checks the account of one user. Without the rest of the round, everything in it is a doubt.
    pub(super) async fn check_account_of(&mut self, user_id: UserId) -> Result<(), StoreError> {
        let mut doubts = Vec::new();
        match self.app.store().ledger(user_id).await? {
            Some(ledger) if ledger.is_empty() => {}
            Some(ledger) => {
                doubts.push(Doubt::User(user_id));
                self.check_chain(user_id, &ledger, &mut doubts);
                self.check_logged(user_id, &ledger, &mut doubts);
                let orders = ledger.orders.into_iter();
                doubts.extend(orders.map(|order| Doubt::Order(Box::new(order))));
            }
            None => doubts.push(Doubt::Chain(user_id)),
        }
        self.settle(doubts).await
    }
}

/// What is wrong with what a user's entries and orders say together.
pub(super) fn violations_of(user_id: UserId, ledger: &Ledger) -> Vec<Violation> {
    let mut violations = chain(user_id, ledger.account, &ledger.entries);
    violations.extend(limits(&ledger.orders));
    violations
}
