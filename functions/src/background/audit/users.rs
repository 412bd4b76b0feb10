//! Users, and whose an e-mail address is.

use shared::{
    domain::{
        audit::{Address, Kind, Table, Violation, address_hash},
        ids::UserId,
        user::Email,
    },
    store::{StoreError, audit::UserItem},
};

use super::{Run, Step, before_looking_again, readable};

/// How often somebody who is changing their address is looked at again.
const MOST_LOOKS: u32 = 5;

impl Run<'_> {
    /// Remembers users for their accounts, and addresses for their other halves.
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
                    let hash = address_hash(&folded);
                    memory.address(user_id, hash, Address::OfOwner(Some(folded)));
                }
                None => self
                    .found
                    .accuse(Violation::of(Kind::Unreadable, Table::Users)),
            }
        }
        Ok(self.turn_page(page.next))
    }

    /// Looks again at somebody of whose address one half was seen: they may have changed it.
    pub(super) async fn settle_addresses(&mut self) -> Result<Step, StoreError> {
        let Some((user_id, half)) = self.round.memory.next_half_address() else {
            return Ok(Step::Over);
        };
        let owned = match half {
            Address::OfOwner(owned) => owned,
            Address::OfUser => None,
        };
        self.look_at_address(user_id, owned.as_deref()).await?;
        Ok(Step::More)
    }

    /// Looks whether a user's address is theirs, and another one, that was, too.
    async fn look_at_address(
        &mut self,
        user_id: UserId,
        owned: Option<&str>,
    ) -> Result<(), StoreError> {
        let store = self.app.store();
        for _ in 0..MOST_LOOKS {
            before_looking_again().await;
            let Some(before) = readable(store.user(user_id).await)? else {
                return Ok(());
            };
            let address = before.as_ref().and_then(|user| user.email.as_ref());
            let address = address.map(Email::folded);
            let is_claimed = match &address {
                Some(address) => store.owner_of(address).await? == Some(user_id),
                None => true,
            };
            let is_stray = match owned {
                Some(owned) if address.as_deref() != Some(owned) => {
                    store.owner_of(owned).await? == Some(user_id)
                }
                _ => false,
            };
            if readable(store.user(user_id).await)? != Some(before) {
                continue;
            }
            if !is_claimed {
                self.accuse(Violation::of_user(Kind::AddressNotClaimed, user_id));
            }
            if is_stray {
                self.accuse(Violation::of_user(Kind::AddressOfNobody, user_id));
            }
            return Ok(());
        }
        Ok(())
    }

    /// Looks again for the account of a user whom none has claimed.
    pub(super) async fn settle_users_left(&mut self) -> Result<Step, StoreError> {
        let Some(user_id) = self.round.memory.next_without_account() else {
            return Ok(Step::Over);
        };
        self.look_for_account(user_id).await?;
        Ok(Step::More)
    }

    /// An account is opened with its user, and neither ever goes.
    async fn look_for_account(&mut self, user_id: UserId) -> Result<(), StoreError> {
        if !self.app.store().has_account(user_id).await? {
            self.accuse(Violation::of_user(Kind::UserWithoutAccount, user_id));
        }
        Ok(())
    }

    /// Looks at a user by themselves.
    pub(super) async fn look_at_user(&mut self, user_id: UserId) -> Result<(), StoreError> {
        match readable(self.app.store().user(user_id).await)? {
            Some(Some(_)) => {
                self.found.checked.users += 1;
                self.look_for_account(user_id).await?;
                self.look_at_address(user_id, None).await
            }
            Some(None) => Ok(()),
            None => {
                self.accuse(Violation::of_user(Kind::Unreadable, user_id));
                Ok(())
            }
        }
    }
}
