//! Audits users and their e-mail addresses.

use shared::{
    domain::{
        audit::{Address, Kind, Table, Violation, address_hash},
        ids::UserId,
    },
    store::{StoreError, audit::UserItem},
};

use super::{AT_ONCE, Doubt, Run, Step, doubt::known_by_now, readable};

impl Run<'_> {
    /// Remembers users for their accounts. An address is stored twice, in its user and in an item
    /// of its own. Each is remembered for the other.
    pub(super) async fn read_users(&mut self) -> Result<Step, StoreError> {
        let store = self.app.store();
        let page = store
            .audit_users(self.round.position.as_ref(), self.page())
            .await?;
        let memory = &mut self.round.memory;
        for item in page.items {
            match item {
                Some(UserItem::User(user_id, email)) => {
                    self.found.checked.users += 1;
                    memory.user(user_id);
                    if let Some(email) = email {
                        memory.address(user_id, address_hash(&email.folded()), Address::OfUser);
                    }
                }
                Some(UserItem::Owner(folded, user_id)) => {
                    let hash = address_hash(&known_by_now(&folded));
                    memory.address(user_id, hash, Address::OfOwner(Some(folded)));
                }
                None => self
                    .found
                    .accuse(Violation::of(Kind::Unreadable, Table::Users)),
            }
        }
        Ok(self.turn_page(page.next))
    }

    /// Looks again at addresses for which only the user was seen, or only the address.
    pub(super) async fn settle_addresses(&mut self) -> Result<Step, StoreError> {
        let memory = &mut self.round.memory;
        let halves = std::iter::from_fn(|| memory.next_half_address());
        let doubts = halves.map(|(user_id, half)| match half {
            Address::OfOwner(owned) => Doubt::Address(user_id, owned),
            Address::OfUser => Doubt::Address(user_id, None),
        });
        let doubts = doubts.take(AT_ONCE).collect();
        self.settle_some(doubts).await
    }

    /// Settles users whom no account has claimed.
    pub(super) async fn settle_users_left(&mut self) -> Result<Step, StoreError> {
        let memory = &mut self.round.memory;
        let left = std::iter::from_fn(|| memory.next_without_account());
        let doubts = left.map(Doubt::Account).take(AT_ONCE).collect();
        self.settle_some(doubts).await
    }

    /// Checks one user.
    pub(super) async fn check_user(&mut self, user_id: UserId) -> Result<(), StoreError> {
        match readable(self.app.store().user(user_id).await)? {
            Some(Some(_)) => {
                self.found.checked.users += 1;
                let doubts = vec![Doubt::Account(user_id), Doubt::Address(user_id, None)];
                self.settle(doubts).await
            }
            Some(None) => Ok(()),
            None => {
                self.report(Violation::of_user(Kind::Unreadable, user_id));
                Ok(())
            }
        }
    }
}
