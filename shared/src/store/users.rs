//! `Users`: users, and the owners of e-mail addresses.

use aws_sdk_dynamodb::{
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{
        AttributeValue, ConditionCheck, Delete, Put, ReturnConsumedCapacity, ReturnValue,
        ReturnValuesOnConditionCheckFailure, Update,
    },
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Decided as _, Reading, Rejected, Store, StoreError, accounts,
    contention::{TryError, while_contended, while_stale},
    item::{Item, from_item, number, text, time, to_attribute, to_item},
    keys, sessions,
    transaction::{Transaction, is_conflict},
    usage,
};
use crate::{
    domain::{
        attempts::{Attempts, Source},
        changes::{ChangeKind, Facts, LoggedChange},
        ids::UserId,
        order::Account,
        reason::Reason,
        session::Session,
        user::{Email, Name, Role, User},
    },
    error::ApiError,
};

/// Why a user was not created.
#[derive(Debug)]
pub enum SignUpRefused {
    /// A user has this id. This does not happen by chance.
    IdTaken,
    /// A user has this e-mail address.
    EmailTaken,
}

impl From<SignUpRefused> for ApiError {
    fn from(refused: SignUpRefused) -> Self {
        match refused {
            SignUpRefused::IdTaken => Self::bug("a random user id was taken"),
            SignUpRefused::EmailTaken => Self::EmailTaken,
        }
    }
}

/// Why no password may be tried.
#[derive(Debug)]
pub enum AttemptRefused {
    /// There is no such user, or they have no password.
    NoAccount,
    /// Too many were tried recently.
    TooMany(Attempts),
}

/// Why a user's credentials were not changed.
#[derive(Debug)]
pub enum CredentialsRefused {
    /// Another call has changed them, or ended the user's tokens, since they were read.
    Stale,
    /// A user has the new e-mail address.
    EmailTaken,
}

/// There is no such user.
#[derive(Debug)]
pub struct NoSuchUser;

/// Why a user does not get a role.
#[derive(Debug)]
pub enum RoleRefused {
    /// There is no such user.
    NoSuchUser,
    /// The user has no password, so whoever knows their id would be an administrator.
    Guest,
    /// The administrator who does it has lost their own role meanwhile.
    NotAdmin,
}

impl From<RoleRefused> for ApiError {
    fn from(refused: RoleRefused) -> Self {
        match refused {
            RoleRefused::NoSuchUser => Self::UserNotFound,
            RoleRefused::Guest => Self::AdminNeedsAccount,
            RoleRefused::NotAdmin => Self::Forbidden,
        }
    }
}

enum RoleFailed {
    Stale,
    NotAdmin,
}

/// The user, their account or one of their sessions has changed since it was read.
#[derive(Debug)]
pub struct Moved;

/// The owner of an e-mail address.
#[derive(Serialize, Deserialize)]
struct Owner {
    user_id: UserId,
}

/// The user that was there when a write was refused.
type Found = Option<Box<User>>;

impl Store {
    /// Signs a user up: writes the user, the owner of the e-mail address, and an empty account. 4
    /// WRU for a guest, 6 with an e-mail address, 8 if its domain has an ASCII form.
    pub async fn sign_up(&self, user: &User) -> Result<(), Rejected<SignUpRefused>> {
        let put_user = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(to_item(user)?))
            .condition_expression("attribute_not_exists(id)")
            .build()?;
        let mut transaction =
            Transaction::new(&self.client).put(put_user, |_| SignUpRefused::IdTaken);
        if let Some(email) = &user.email {
            transaction = self.claim_email(transaction, email, user.user_id, |_| {
                SignUpRefused::EmailTaken
            })?;
        }
        let transaction = transaction.put(accounts::open(&self.tables, user.user_id)?, |_| {
            SignUpRefused::IdTaken
        });
        // Only an operator signs somebody else up: a new administrator.
        let change = self.new_change(ChangeKind::Role);
        let change = change.map(|change| LoggedChange {
            user_id: Some(user.user_id),
            after: Facts::default().with("role", user.role),
            ..change
        });
        self.with_change(transaction, change.as_ref(), || SignUpRefused::IdTaken)?
            .commit()
            .await
    }

    /// Reads a user, consistently. 1 RRU.
    pub async fn user(&self, user_id: UserId) -> Result<Option<User>, StoreError> {
        self.get(&self.tables.users, key(user_id), Reading::Consistent)
            .await
    }

    /// Reads the owner of an e-mail address, consistently. 1 RRU for each of its forms until it is
    /// found.
    pub async fn user_with(&self, email: &Email) -> Result<Option<UserId>, StoreError> {
        for form in email.folded_forms() {
            let owner = self.user_with_form(&form).await?;
            if owner.is_some() {
                return Ok(owner);
            }
        }
        Ok(None)
    }

    async fn user_with_form(&self, folded: &str) -> Result<Option<UserId>, StoreError> {
        let key = email_key(folded);
        let owner: Option<Owner> = self
            .get(&self.tables.users, key, Reading::Consistent)
            .await?;
        Ok(owner.map(|owner| owner.user_id))
    }

    /// Reads users after a position, in no meaningful order, and returns the position of the next
    /// page. The owners of e-mail addresses are in the same table, so a page may be short or empty.
    /// 0.5 RRU per 4 KB.
    pub async fn users(
        &self,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<User>, Option<String>), StoreError> {
        let output = self
            .client
            .scan()
            .table_name(&self.tables.users)
            .filter_expression("attribute_exists(created_at)")
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(|id| Item::from([("id".to_owned(), text(id))])))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        usage::read(output.consumed_capacity());
        let next = match output
            .last_evaluated_key
            .as_ref()
            .and_then(|key| key.get("id"))
        {
            Some(AttributeValue::S(id)) => Some(id.clone()),
            _ => None,
        };
        let users = output.items.unwrap_or_default().into_iter().map(from_item);
        Ok((users.collect::<Result<_, _>>()?, next))
    }

    /// Counts a password that is about to be tried from a source, as if it were wrong, and returns
    /// the user. So of any number at once, only as many are tried as are allowed. 1 WRU. If earlier
    /// ones are still counted, one more for a write that is refused. A user with very many counted
    /// sources is larger than 1 KB: up to 4 WRU.
    pub async fn count_attempt(
        &self,
        user_id: UserId,
        source: Source,
        now: Timestamp,
    ) -> Result<User, Rejected<AttemptRefused>> {
        let is_known = source == Source::Token;
        let source = &source.name(user_id);
        while_stale(|| self.try_to_count_attempt(user_id, source, is_known, now)).await
    }

    async fn try_to_count_attempt(
        &self,
        user_id: UserId,
        source: &str,
        is_known: bool,
        now: Timestamp,
    ) -> Result<User, TryError<AttemptRefused>> {
        let first = self.first_attempt(user_id, source, now)?;
        let there = match self.change_user(first).await.decided()? {
            Ok(user) => return Ok(user),
            Err(there) => there.filter(|user| !user.is_guest()),
        };
        let user = there.ok_or(TryError::Refused(AttemptRefused::NoAccount))?;
        let is_known = is_known || user.known.has(source, now);
        if let Some(attempts) = user.attempts
            && attempts.are_used_up(source, is_known, now)
        {
            return Err(TryError::Refused(AttemptRefused::TooMany(attempts)));
        }
        let next = self.next_attempt(user_id, source, is_known, now);
        let counted = self.change_user(next).await.decided()?;
        counted.map_err(|_| TryError::Stale)
    }

    /// The first counted attempt. It also replaces those that an earlier version of the code has
    /// counted, which have no sources.
    fn first_attempt(
        &self,
        user_id: UserId,
        source: &str,
        now: Timestamp,
    ) -> Result<UpdateItemFluentBuilder, StoreError> {
        Ok(self
            .update_user(user_id)
            .update_expression("SET attempts = :first")
            .condition_expression(
                "attribute_exists(password_hash) \
                 AND (attribute_not_exists(attempts.sources) OR attempts.since <= :forgotten \
                      OR attempts.#count = :none)",
            )
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":first", to_attribute(&Attempts::first(source, now))?)
            .expression_attribute_values(":forgotten", time(Attempts::forgotten_since(now))))
    }

    /// One more attempt, if some are counted already. For a known source only its own limit
    /// applies.
    fn next_attempt(
        &self,
        user_id: UserId,
        source: &str,
        is_known: bool,
        now: Timestamp,
    ) -> UpdateItemFluentBuilder {
        let update = self
            .update_user(user_id)
            .update_expression(
                "SET attempts.#count = attempts.#count + :one, \
                 attempts.sources.#source = if_not_exists(attempts.sources.#source, :none) + :one",
            )
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#source", source)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":max", number(Attempts::MAX))
            .expression_attribute_values(":forgotten", time(Attempts::forgotten_since(now)));
        let has_room = "attempts.since > :forgotten AND (attribute_not_exists(attempts.sources.#source) \
                        OR attempts.sources.#source < :max)";
        if is_known {
            update.condition_expression(has_room)
        } else {
            update
                .condition_expression(format!("{has_room} AND attempts.#count < :of_all"))
                .expression_attribute_values(":of_all", number(Attempts::MAX_OF_ALL))
        }
    }

    /// Forgets the wrong passwords of the source that was counted, because the right one was given,
    /// and makes the caller's source known. `user` is what counting returned. 1 WRU; one more for
    /// each write that is refused because another source has become known meanwhile.
    ///
    /// The known sources are written as a whole, on condition that they are those that were read.
    /// So two log-ins at once both keep theirs. If the password has changed since it was counted,
    /// no source becomes known, and the attempt stays counted as wrong.
    pub async fn forget_attempts(
        &self,
        user: &User,
        counted: Source,
        caller: Source,
        now: Timestamp,
    ) -> Result<(), Rejected<NoSuchUser>> {
        let counted = &counted.name(user.user_id);
        while_stale(|| self.try_to_forget(user, counted, caller, now)).await
    }

    async fn try_to_forget(
        &self,
        user: &User,
        counted: &str,
        caller: Source,
        now: Timestamp,
    ) -> Result<(), TryError<NoSuchUser>> {
        let update = self.forgetting(user, counted, caller, now)?;
        let there = match self.change_user(update).await.decided()? {
            Ok(_) => return Ok(()),
            Err(there) => there.ok_or(TryError::Refused(NoSuchUser))?,
        };
        let attempts = there.attempts.as_ref();
        let is_counted = attempts.is_some_and(|those| those.sources.contains_key(counted));
        if !is_counted || there.password_hash != user.password_hash {
            // A log-in at the same moment has forgotten them, or the password has changed.
            return Ok(());
        }
        let update = self.forgetting(&there, counted, caller, now)?;
        let forgotten = self.change_user(update).await.decided()?;
        forgotten.map(drop).map_err(|_| TryError::Stale)
    }

    /// The update that forgets what was counted of a source, and adds the caller's source to the
    /// known ones that were read.
    fn forgetting(
        &self,
        seen: &User,
        counted: &str,
        caller: Source,
        now: Timestamp,
    ) -> Result<UpdateItemFluentBuilder, StoreError> {
        let mut set = "SET attempts.#count = attempts.#count - attempts.sources.#source".to_owned();
        let mut condition = "attribute_exists(attempts.sources.#source)".to_owned();
        let mut update = self
            .update_user(seen.user_id)
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#source", counted);
        if caller.is_remembered() {
            set += ", known = :known";
            condition += " AND password_hash = :hash \
                          AND (attribute_not_exists(known) OR known = :seen)";
            let known = seen.known.with(&caller.name(seen.user_id), now);
            update = update
                .expression_attribute_values(":known", to_attribute(&known)?)
                .expression_attribute_values(":seen", to_attribute(&seen.known)?)
                .expression_attribute_values(":hash", to_attribute(&seen.password_hash)?);
        }
        Ok(update
            .condition_expression(condition)
            .update_expression(set + " REMOVE attempts.sources.#source"))
    }

    /// Ends every token of a user that was issued before they were read: access tokens completely,
    /// queue tokens for money and for the user. If another call has done so since, nothing is left
    /// to do. 4 WRU, and 2 for the record if an administrator does it.
    pub async fn end_tokens(&self, seen: &User) -> Result<(), StoreError> {
        let next = seen.generation + 1;
        let update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(key(seen.user_id)))
            .update_expression("SET generation = :next")
            .condition_expression("generation = :seen")
            .expression_attribute_values(":seen", number(seen.generation))
            .expression_attribute_values(":next", number(next))
            .build()?;
        let of_account = accounts::set_generation(&self.tables, seen.user_id, next)?;
        let transaction = Transaction::new(&self.client)
            .update(update, |_| Moved)
            .update(of_account, |_| Moved);
        let change = self.new_change(ChangeKind::SessionsEnded);
        let change = change.map(|change| LoggedChange {
            user_id: Some(seen.user_id),
            ..change
        });
        let ended = self
            .with_change(transaction, change.as_ref(), || Moved)?
            .commit()
            .await;
        // If the generation has changed, another call has ended these tokens.
        ended.decided().map(|_| ())
    }

    /// Deletes a user whose account and sessions are as they were read. The user and the owner of
    /// their address are deleted, the account is closed, and the sessions are left. 4 WRU, 2 more
    /// with an address, 2 for each session, and 2 for the record if an administrator does it.
    pub async fn delete_user(
        &self,
        seen: &User,
        account: Account,
        sessions: &[Session],
        now: Timestamp,
    ) -> Result<(), Rejected<Moved>> {
        let delete = Delete::builder()
            .table_name(&self.tables.users)
            .set_key(Some(key(seen.user_id)))
            .condition_expression(unchanged_credentials(seen))
            .expression_attribute_values(":seen", number(seen.generation))
            .build()?;
        let next = seen.generation + 1;
        let close = accounts::close(&self.tables, seen.user_id, account, next, now)?;
        let mut transaction = Transaction::new(&self.client)
            .delete(delete, |_| Moved)
            .update(close, |_| Moved);
        if let Some(email) = &seen.email {
            let release = self.release_email(email, seen.user_id).await?;
            transaction = transaction.delete(release, |_| Moved);
        }
        for session in sessions {
            let leave = sessions::leave(&self.tables, session)?;
            transaction = transaction.update(leave, |_| Moved);
        }
        let change = self.new_change(ChangeKind::UserDeleted);
        let change = change.map(|change| LoggedChange {
            user_id: Some(seen.user_id),
            before: Facts::default()
                .with("role", seen.role)
                .with("balance", account.balance.json()),
            ..change
        });
        self.with_change(transaction, change.as_ref(), || Moved)?
            .commit()
            .await
    }

    /// Changes a user's name. 1 WRU.
    pub async fn rename(&self, user_id: UserId, name: &Name) -> Result<(), Rejected<NoSuchUser>> {
        let update = self
            .update_user(user_id)
            .update_expression("SET #name = :name")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", text(name.as_str()));
        self.change_one_there(update).await
    }

    /// Gives a user a role. If they have it, nothing is written. An administrator who does it must
    /// have their own role still, so that two who take it from each other at once do not both
    /// succeed. They can give it only to a user with a password. 1 RRU; 4 WRU with the record, and 2
    /// for the administrator.
    pub async fn set_role(
        &self,
        user_id: UserId,
        role: Role,
        reason: Option<&Reason>,
    ) -> Result<(), Rejected<RoleRefused>> {
        while_stale(|| self.try_to_set_role(user_id, role, reason)).await
    }

    async fn try_to_set_role(
        &self,
        user_id: UserId,
        role: Role,
        reason: Option<&Reason>,
    ) -> Result<(), TryError<RoleRefused>> {
        let seen = self.user(user_id).await?;
        let seen = seen.ok_or(TryError::Refused(RoleRefused::NoSuchUser))?;
        if seen.role == role {
            return Ok(());
        }
        let by = self.author.and_then(|author| author.by);
        if by.is_some() && role == Role::Admin && seen.is_guest() {
            return Err(TryError::Refused(RoleRefused::Guest));
        }
        // A user of an early version of the code has no role, which is that of a buyer.
        let update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(key(user_id)))
            .update_expression("SET #role = :role")
            .condition_expression(match seen.role {
                Role::Admin => "#role = :seen",
                Role::User => {
                    "attribute_exists(id) AND (attribute_not_exists(#role) OR #role = :seen)"
                }
            })
            .expression_attribute_names("#role", "role")
            .expression_attribute_values(":seen", to_attribute(&seen.role)?)
            .expression_attribute_values(":role", to_attribute(&role)?)
            .build()?;
        let mut transaction = Transaction::new(&self.client).update(update, |_| RoleFailed::Stale);
        if let Some(by) = by {
            let check = ConditionCheck::builder()
                .table_name(&self.tables.users)
                .set_key(Some(key(by)))
                .condition_expression("#role = :admin")
                .expression_attribute_names("#role", "role")
                .expression_attribute_values(":admin", to_attribute(&Role::Admin)?)
                .build()?;
            transaction = transaction.check(check, |_| RoleFailed::NotAdmin);
        }
        let change = self.new_change(ChangeKind::Role).map(|change| {
            let role_of = |role: Role| Facts::default().with("role", role);
            LoggedChange {
                user_id: Some(user_id),
                reason: reason.cloned(),
                ..change.from_to(&role_of(seen.role), &role_of(role))
            }
        });
        let written = self
            .with_change(transaction, change.as_ref(), || RoleFailed::Stale)?
            .commit()
            .await;
        match written.decided()? {
            Ok(()) => Ok(()),
            Err(RoleFailed::Stale) => Err(TryError::Stale),
            Err(RoleFailed::NotAdmin) => Err(TryError::Refused(RoleRefused::NotAdmin)),
        }
    }

    /// Updates a user, and never creates one.
    async fn change_one_there(
        &self,
        update: UpdateItemFluentBuilder,
    ) -> Result<(), Rejected<NoSuchUser>> {
        let update = update.condition_expression("attribute_exists(id)");
        let changed = self.change_user(update).await.decided()?;
        changed.map(drop).map_err(|_| Rejected::Refused(NoSuchUser))
    }

    /// Changes a user's e-mail address, password and generation in one transaction, with the owners
    /// of the addresses and the generation that the account accepts. It changes the known sources
    /// if the password changes, and the name if it differs. 2 WRU for the user; 2 for a new
    /// generation; 2 for each address that is added or removed; 2 if the domain of a new address
    /// has an ASCII form.
    pub async fn change_credentials(
        &self,
        seen: &User,
        changed: &User,
    ) -> Result<(), Rejected<CredentialsRefused>> {
        let mut transaction = Transaction::new(&self.client)
            .update(self.set_credentials(seen, changed)?, |_| {
                CredentialsRefused::Stale
            });
        if seen.generation != changed.generation {
            let of_account =
                accounts::set_generation(&self.tables, seen.user_id, changed.generation)?;
            transaction = transaction.update(of_account, |_| CredentialsRefused::Stale);
        }
        let folded = |user: &User| user.email.as_ref().map(Email::folded);
        if folded(seen) != folded(changed) {
            if let Some(email) = &seen.email {
                let release = self.release_email(email, seen.user_id).await?;
                transaction = transaction.delete(release, |_| CredentialsRefused::Stale);
            }
            if let Some(email) = &changed.email {
                let user_id = changed.user_id;
                transaction = self.claim_email(transaction, email, user_id, move |owner| {
                    // Of two such changes at once, the first one has made the address theirs.
                    if owner == Some(user_id) {
                        CredentialsRefused::Stale
                    } else {
                        CredentialsRefused::EmailTaken
                    }
                })?;
            }
        }
        transaction.commit().await
    }

    /// Every change of an account's credentials changes its generation. The first credentials of a
    /// guest do not, but after them the user is not a guest any more.
    fn set_credentials(&self, seen: &User, changed: &User) -> Result<Update, StoreError> {
        let update = Update::builder()
            .table_name(&self.tables.users)
            .set_key(Some(key(seen.user_id)))
            .condition_expression(unchanged_credentials(seen))
            .expression_attribute_values(":seen", number(seen.generation))
            .expression_attribute_values(":email", to_attribute(&changed.email)?)
            .expression_attribute_values(":hash", to_attribute(&changed.password_hash)?)
            .expression_attribute_values(":next", number(changed.generation));
        let mut set = "SET email = :email, password_hash = :hash, generation = :next".to_owned();
        // If the password stays, a log-in may be adding its source at this moment.
        let update = if seen.password_hash == changed.password_hash {
            update
        } else {
            set += ", known = :known";
            update.expression_attribute_values(":known", to_attribute(&changed.known)?)
        };
        // If the name stays, another call may be changing it at this moment.
        let update = if seen.name == changed.name {
            update
        } else {
            set += ", #name = :name";
            update
                .expression_attribute_names("#name", "name")
                .expression_attribute_values(":name", text(changed.name.as_str()))
        };
        Ok(update.update_expression(set).build()?)
    }

    /// Makes an e-mail address a user's, if nobody owns it in any of its forms; `taken` is the
    /// refusal if somebody does.
    fn claim_email<R: 'static>(
        &self,
        transaction: Transaction<R>,
        email: &Email,
        user_id: UserId,
        taken: impl Fn(Option<UserId>) -> R + Copy + Send + 'static,
    ) -> Result<Transaction<R>, StoreError> {
        let folded = email.folded();
        let mut item = to_item(&Owner { user_id })?;
        item.extend(email_key(&folded));
        let put = Put::builder()
            .table_name(&self.tables.users)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .build()?;
        let mut transaction = transaction.put(put, move |item| taken(owner(item)));
        for form in email.folded_forms() {
            if form != folded {
                let check = ConditionCheck::builder()
                    .table_name(&self.tables.users)
                    .set_key(Some(email_key(&form)))
                    .condition_expression("attribute_not_exists(id)")
                    .build()?;
                transaction = transaction.check(check, move |item| taken(owner(item)));
            }
        }
        Ok(transaction)
    }

    /// Removes the owner of an e-mail address. The user's own item has said that it is theirs. If
    /// the address has several forms, the one that is stored is read first: 1 RRU for each until it
    /// is found.
    async fn release_email(&self, email: &Email, user_id: UserId) -> Result<Delete, StoreError> {
        let mut known_by = email.folded();
        let forms = email.folded_forms();
        if forms.len() > 1 {
            for form in forms {
                if self.user_with_form(&form).await? == Some(user_id) {
                    known_by = form;
                    break;
                }
            }
        }
        Delete::builder()
            .table_name(&self.tables.users)
            .set_key(Some(email_key(&known_by)))
            .build()
            .map_err(StoreError::of_item)
    }

    fn update_user(&self, user_id: UserId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.tables.users)
            .set_key(Some(key(user_id)))
    }

    /// Sends an update with a condition, and returns the new user.
    async fn change_user(&self, update: UpdateItemFluentBuilder) -> Result<User, Rejected<Found>> {
        let update = update
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let error = match while_contended(|| update.clone().send(), is_conflict).await {
            Ok(output) => {
                usage::write(output.consumed_capacity());
                return Ok(from_item(output.attributes.unwrap_or_default())?);
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                let there = refused.item.clone().map(from_item).transpose()?;
                Err(Rejected::Refused(there.map(Box::new)))
            }
            _ => Err(error.into()),
        }
    }
}

pub(super) fn key(user_id: UserId) -> Item {
    Item::from([("id".to_owned(), text(user_id))])
}

/// The owner of an e-mail address, from its item.
fn owner(item: Option<Item>) -> Option<UserId> {
    let owner: Owner = from_item(item?).ok()?;
    Some(owner.user_id)
}

fn email_key(folded: &str) -> Item {
    Item::from([("id".to_owned(), text(keys::email(folded)))])
}

/// The condition that nobody has changed a user's credentials, or ended their tokens, since they
/// were read. Every change of an account's credentials changes its generation. The first
/// credentials of a guest end their being a guest.
fn unchanged_credentials(seen: &User) -> &'static str {
    if seen.is_guest() {
        "generation = :seen AND attribute_not_exists(password_hash)"
    } else {
        "generation = :seen"
    }
}
