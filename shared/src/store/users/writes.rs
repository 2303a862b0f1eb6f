//! The transactions that keep a user's items consistent.

use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, TransactWriteItem, Update,
    builders::{DeleteBuilder, PutBuilder, UpdateBuilder},
};
use serde::Serialize;

use super::{
    Account, Credentials, Role,
    items::{CredentialsItem, FormerEmail, Marker, ProfileItem, canonical_key, email_key, profile_key, username_key},
};
use crate::{
    clock::UnixSeconds,
    domain::{Email, PasswordHash, User, UserId},
    error::StoreError,
    store::{Item, number, string},
};

/// How many former addresses of a user are reserved at a time: the first ones. An attacker who takes over an account and changes the
/// address repeatedly can neither free the owner's address nor block many others.
const MOST_FORMER_EMAILS: usize = 3;

/// The writes of a transaction.
type List = Vec<(Role, TransactWriteItem)>;

/// Collects the writes of one transaction on a table.
pub(super) struct Writes<'a> {
    table: &'a str,
    now: UnixSeconds,
    list: List,
}

impl<'a> Writes<'a> {
    pub(super) fn new(table: &'a str, now: UnixSeconds) -> Self {
        Self { table, now, list: Vec::new() }
    }

    /// The three items of a new user.
    pub(super) fn add(mut self, account: &Account) -> Result<List, StoreError> {
        let user = &account.user;
        let profile = ProfileItem {
            id: user.id.get(),
            username: user.username.as_str().into(),
            email: user.email.as_str().into(),
            password_hash: Some(account.password_hash().expose().into()),
            created_at: account.created_at,
            disabled: account.disabled,
            generation: account.generation,
            unlocked_at: account.unlocked_at,
            former_emails: account.former_emails.clone(),
        };
        self.put(Role::Profile, profile_key(user.id), &profile, |put| put.condition_expression(FREE))?;
        self.put_email(account, user)?;
        self.put_username(user)?;
        Ok(self.list)
    }

    /// Updates a profile and its markers, unless the account has changed since it was read. A former address stays reserved for
    /// `reserved` seconds.
    pub(super) fn update(mut self, account: &Account, user: &User, reserved: u64) -> Result<List, StoreError> {
        let former = &account.user;
        let moves = user.email.canonical() != former.email.canonical();
        let mut set = "SET username = :username, email = :email".to_owned();
        let mut update = Update::builder()
            .expression_attribute_values(":username", string(user.username.as_str()))
            .expression_attribute_values(":email", string(user.email.as_str()))
            .expression_attribute_values(":former_username", string(former.username.as_str()))
            .expression_attribute_values(":former_email", string(former.email.as_str()));
        if moves {
            self.put_email(account, user)?;
            let former_emails = self.give_up_email(account, user, reserved)?;
            set.push_str(", former_emails = :former_emails");
            update = update.expression_attribute_values(
                ":former_emails",
                serde_dynamo::to_attribute_value(former_emails)
                    .map_err(|error| StoreError::corrupt("profile", error))?,
            );
        }
        if user.username != former.username {
            self.put_username(user)?;
            self.delete_former(username_key(&former.username), user.id)?;
        }
        let condition = format!("username = :former_username AND email = :former_email AND {}", unchanged(account));
        let update = update.update_expression(set).condition_expression(condition);
        self.update_one(Role::Profile, profile_key(user.id), with_unchanged(update, account)?)?;
        Ok(self.list)
    }

    /// Deletes or reserves the address that the user gives up, and returns the addresses that are reserved then.
    ///
    /// An address given up for a reserved one is deleted. Otherwise an attacker could go back and forth until the places are full and
    /// none is left for the owner's address.
    fn give_up_email(&mut self, account: &Account, next: &User, reserved: u64) -> Result<Vec<FormerEmail>, StoreError> {
        let (former, next) = (account.user.email.canonical(), next.email.canonical());
        let still_reserved = account.former_emails.iter().filter(|email| self.now < email.expires_at);
        let (taken_back, mut former_emails): (Vec<_>, Vec<_>) =
            still_reserved.cloned().partition(|email| email.email == next);
        // A misplaced address cannot be reserved: its canonical form belongs to another user.
        let is_misplaced = account.misplaced_key.is_some();
        let is_full = former_emails.len() >= MOST_FORMER_EMAILS;
        if reserved == 0 || is_misplaced || is_full || !taken_back.is_empty() {
            self.delete_former(account.email_key(), account.user.id)?;
            return Ok(former_emails);
        }
        let expires_at = self.now.saturating_add(reserved);
        let user_id = account.user.id.get();
        let reservation = CredentialsItem { user_id, expires_at: Some(expires_at), ..CredentialsItem::default() };
        self.put(Role::Former, canonical_key(&former), &reservation, |put| {
            put.condition_expression(OWN).expression_attribute_values(":owner", number(user_id))
        })?;
        former_emails.push(FormerEmail { email: former, expires_at });
        Ok(former_emails)
    }

    /// Replaces the verified hash by a better one of the same password.
    pub(super) fn replace_hash(
        self,
        email: &Email,
        verified: &Credentials,
        better: &PasswordHash,
    ) -> Result<List, StoreError> {
        self.update_both(verified.holder.user, email_key(email), |update| {
            Ok(update
                .update_expression("SET password_hash = :better")
                .condition_expression("password_hash = :verified")
                .expression_attribute_values(":better", string(better.expose()))
                .expression_attribute_values(":verified", string(verified.password_hash.expose())))
        })
    }

    /// Writes the password's hash, `disabled`, `generation` and `unlocked_at` of `next` to both items that have them, unless the
    /// account has changed since it was read.
    pub(super) fn change_access(self, former: &Account, next: &Account) -> Result<List, StoreError> {
        let hash = next.password_hash().expose();
        let mut set = "SET password_hash = :password_hash, disabled = :disabled, generation = :generation".to_owned();
        if next.unlocked_at.is_some() {
            set.push_str(", unlocked_at = :unlocked_at");
        }
        self.update_both(former.user.id, former.email_key(), |update| {
            let update = update
                .update_expression(&set)
                .condition_expression(unchanged(former))
                .expression_attribute_values(":password_hash", string(hash))
                .expression_attribute_values(":disabled", AttributeValue::Bool(next.disabled))
                .expression_attribute_values(":generation", number(next.generation.get().into()));
            let update = match next.unlocked_at {
                Some(time) => update.expression_attribute_values(":unlocked_at", number(time)),
                None => update,
            };
            with_unchanged(update, former)
        })
    }

    /// The same change of the profile and of the address marker.
    fn update_both(
        mut self,
        user: UserId,
        email_key: String,
        change: impl Fn(UpdateBuilder) -> Result<UpdateBuilder, StoreError>,
    ) -> Result<List, StoreError> {
        for (role, key) in [(Role::Profile, profile_key(user)), (Role::Email, email_key)] {
            self.update_one(role, key, change(Update::builder())?)?;
        }
        Ok(self.list)
    }

    /// Moves a misplaced marker to its canonical key, unless the account has changed since it was read.
    pub(super) fn put_in_place(mut self, account: &Account) -> Result<List, StoreError> {
        let same = Update::builder()
            .update_expression("SET email = :email")
            .condition_expression(format!("email = :email AND {}", unchanged(account)))
            .expression_attribute_values(":email", string(account.user.email.as_str()));
        self.update_one(Role::Profile, profile_key(account.user.id), with_unchanged(same, account)?)?;
        self.put_email(account, &account.user)?;
        self.delete_former(account.email_key(), account.user.id)?;
        Ok(self.list)
    }

    /// Deletes an account's items and its reserved addresses, unless its address or name has changed since it was read.
    pub(super) fn delete(mut self, account: &Account) -> Result<List, StoreError> {
        let user = &account.user;
        self.delete_one(Role::Profile, profile_key(user.id), |delete| {
            delete
                .condition_expression("username = :username AND email = :email")
                .expression_attribute_values(":username", string(user.username.as_str()))
                .expression_attribute_values(":email", string(user.email.as_str()))
        })?;
        self.delete_former(account.email_key(), user.id)?;
        self.delete_former(username_key(&user.username), user.id)?;
        // Expired ones may belong to another user by now.
        let now = self.now;
        for former in account.former_emails.iter().filter(|former| now < former.expires_at) {
            self.delete_one(Role::Former, canonical_key(&former.email), |delete| {
                delete
                    .condition_expression(format!("{FREE} OR {OWN}"))
                    .expression_attribute_values(":owner", number(user.id.get()))
            })?;
        }
        Ok(self.list)
    }

    /// Writes the marker of the user's address, unless it belongs to another user or is reserved for one.
    fn put_email(&mut self, account: &Account, user: &User) -> Result<(), StoreError> {
        let credentials = CredentialsItem {
            user_id: user.id.get(),
            password_hash: Some(account.password_hash().expose().into()),
            disabled: account.disabled,
            generation: account.generation,
            unlocked_at: account.unlocked_at,
            expires_at: None,
        };
        let now = number(self.now);
        self.put(Role::Email, email_key(&user.email), &credentials, |put| {
            // TTL may delete a reservation later than it expires.
            put.condition_expression(format!(
                "{FREE} OR (attribute_not_exists(password_hash) AND ({OWN} OR expires_at <= :now))"
            ))
            .expression_attribute_values(":owner", number(user.id.get()))
            .expression_attribute_values(":now", now)
        })
    }

    fn put_username(&mut self, user: &User) -> Result<(), StoreError> {
        let marker = Marker { user_id: user.id.get() };
        self.put(Role::Username, username_key(&user.username), &marker, |put| put.condition_expression(FREE))
    }

    /// Deletes a marker that the user no longer needs, if it is still theirs.
    fn delete_former(&mut self, key: String, owner: UserId) -> Result<(), StoreError> {
        self.delete_one(Role::Former, key, |delete| {
            delete.condition_expression(OWN).expression_attribute_values(":owner", number(owner.get()))
        })
    }

    fn put(
        &mut self,
        role: Role,
        key: String,
        content: &impl Serialize,
        condition: impl FnOnce(PutBuilder) -> PutBuilder,
    ) -> Result<(), StoreError> {
        let item: Item = serde_dynamo::to_item(content).map_err(|error| StoreError::corrupt("profile", error))?;
        let put = Put::builder().table_name(self.table).set_item(Some(item)).item("pk", string(key));
        let put = condition(put).build()?;
        self.list.push((role, TransactWriteItem::builder().put(put).build()));
        Ok(())
    }

    fn update_one(&mut self, role: Role, key: String, update: UpdateBuilder) -> Result<(), StoreError> {
        let update = update.table_name(self.table).key("pk", string(key)).build()?;
        self.list.push((role, TransactWriteItem::builder().update(update).build()));
        Ok(())
    }

    fn delete_one(
        &mut self,
        role: Role,
        key: String,
        condition: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
    ) -> Result<(), StoreError> {
        let delete = condition(Delete::builder().table_name(self.table).key("pk", string(key)));
        let delete = delete.build()?;
        self.list.push((role, TransactWriteItem::builder().delete(delete).build()));
        Ok(())
    }
}

/// Condition: the item does not exist.
const FREE: &str = "attribute_not_exists(pk)";

/// Condition: the marker belongs to the user.
const OWN: &str = "user_id = :owner";

/// Condition: what tokens and logins are checked against has not changed since it was read. Missing attributes count as their
/// defaults. [`with_unchanged`] adds the values.
fn unchanged(account: &Account) -> String {
    let or_absent = |is_default: bool, name: &str| {
        if is_default {
            format!("(attribute_not_exists({name}) OR {name} = :read_{name})")
        } else {
            format!("{name} = :read_{name}")
        }
    };
    let disabled = or_absent(!account.disabled, "disabled");
    let generation = or_absent(account.generation.is_unnamed(), "generation");
    format!("password_hash = :read_hash AND {disabled} AND {generation}")
}

fn with_unchanged(update: UpdateBuilder, account: &Account) -> Result<UpdateBuilder, StoreError> {
    Ok(update
        .expression_attribute_values(":read_hash", string(account.password_hash().expose()))
        .expression_attribute_values(":read_disabled", AttributeValue::Bool(account.disabled))
        .expression_attribute_values(":read_generation", number(account.generation.get().into())))
}
