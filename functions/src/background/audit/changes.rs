//! Audits the log of changes: what it says of money is in the accounts, and the other way round.

use shared::{
    domain::{
        audit::{Kind, Table, Violation},
        ids::UserId,
    },
    store::{StoreError, audit::Ledger},
};

use super::{AT_ONCE, Doubt, Run, Step};

impl Run<'_> {
    /// Remembers records for the entries of accounts, which are read later. A record was written with
    /// its entry, so that is there by then.
    pub(super) async fn read_changes(&mut self) -> Result<Step, StoreError> {
        let store = self.app.store();
        let page = store
            .audit_changes(self.round.position.as_ref(), self.page())
            .await?;
        for item in page.items {
            match item {
                Some(change) => {
                    self.found.checked.changes += 1;
                    self.round.memory.logged(change.change_id, change.kind);
                }
                None => self.report(Violation::of(Kind::Unreadable, Table::Changes)),
            }
        }
        Ok(self.turn_page(page.next))
    }

    /// Compares the entries of a user with the records that they name. An entry of an earlier version
    /// of the code names none.
    pub(super) fn check_logged(
        &mut self,
        user_id: UserId,
        ledger: &Ledger,
        doubts: &mut Vec<Doubt>,
    ) {
        for entry in &ledger.entries {
            if let Some(change_id) = entry.change_id
                && !self.round.memory.claim_logged(change_id)
            {
                doubts.push(Doubt::Entry(user_id, entry.seq, change_id));
            }
        }
    }

    /// Settles records that no entry has named.
    pub(super) async fn settle_changes_left(&mut self) -> Result<Step, StoreError> {
        let memory = &mut self.round.memory;
        let left = std::iter::from_fn(|| memory.next_without_entry());
        let doubts = left.map(Doubt::Record).take(AT_ONCE).collect();
        self.settle_some(doubts).await
    }
}
