//! The items of the table of users, and the writes that keep them together.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update, builders::UpdateBuilder},
};
use serde::{Deserialize, Serialize};

use super::{Account, Credentials, NewAccount, Role};
use crate::{
    Error,
    clock::UnixSeconds,
    domain::{Email, Generation, Holder, User, UserId, Username},
    store::{Item, PasswordHash, corrupt, number, string},
};

/// The whole key of an item of the table.
pub(in crate::store) fn whole_key(pk: impl Into<String>) -> Item {
    Item::from([("pk".into(), string(pk))])
}

pub(super) fn profile_key(id: UserId) -> String {
    format!("user#{id}")
}

pub(in crate::store) fn email_key(email: &Email) -> String {
    format!("email#{}", email.canonical())
}

pub(super) fn username_key(username: &Username) -> String {
    format!("username#{}", username.as_str())
}

/// A profile as it is stored.
#[derive(Serialize, Deserialize)]
struct ProfileItem {
    id: u64,
    username: String,
    email: String,
    password_hash: Option<String>,
    created_at: Option<UnixSeconds>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
    #[serde(default, skip_serializing_if = "Generation::is_first")]
    generation: Generation,
}

/// The account with this profile. The hash is there if it was asked for.
pub(super) fn account(profile: Item) -> Result<Account, Error> {
    let item: ProfileItem = serde_dynamo::from_item(profile).map_err(|error| corrupt("profile", error))?;
    let id = UserId::new(item.id).ok_or_else(|| corrupt("profile", "id out of range"))?;
    Ok(Account {
        user: User { id, username: Username::stored(item.username), email: Email::stored(item.email) },
        disabled: item.disabled,
        created_at: item.created_at,
        generation: item.generation,
        password_hash: item.password_hash.map(PasswordHash::new),
    })
}

/// An address's marker as it is stored.
#[derive(Serialize, Deserialize)]
struct CredentialsItem {
    user_id: u64,
    password_hash: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
    #[serde(default, skip_serializing_if = "Generation::is_first")]
    generation: Generation,
}

/// What an address's marker tells a login.
pub(in crate::store) fn credentials(item: Item) -> Result<Credentials, Error> {
    let item: CredentialsItem = serde_dynamo::from_item(item).map_err(|error| corrupt("credentials", error))?;
    let user = UserId::new(item.user_id).ok_or_else(|| corrupt("credentials", "user_id out of range"))?;
    let holder = Holder { user, generation: item.generation };
    Ok(Credentials { holder, password_hash: PasswordHash::new(item.password_hash), disabled: item.disabled })
}

/// A name's marker as it is stored, and what all markers have.
#[derive(Serialize, Deserialize)]
struct Marker {
    user_id: u64,
}

/// Whose marker this is.
pub(super) fn owner(marker: Item) -> Result<UserId, Error> {
    let marker: Marker = serde_dynamo::from_item(marker).map_err(|error| corrupt("marker", error))?;
    UserId::new(marker.user_id).ok_or_else(|| corrupt("marker", "user_id out of range"))
}

/// Collects the writes of one transaction on a table.
pub(super) struct Writes<'a> {
    table: &'a str,
    list: Vec<(Role, TransactWriteItem)>,
}

impl<'a> Writes<'a> {
    pub(super) fn new(table: &'a str) -> Self {
        Self { table, list: Vec::new() }
    }

    /// The three items of a new user.
    pub(super) fn add(
        mut self,
        account: &NewAccount,
        now: UnixSeconds,
    ) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        let NewAccount { user, password_hash, disabled, created_at } = account;
        let profile = ProfileItem {
            id: user.id.get(),
            username: user.username.as_str().into(),
            email: user.email.as_str().into(),
            password_hash: Some(password_hash.expose().into()),
            created_at: Some(created_at.unwrap_or(now)),
            disabled: *disabled,
            generation: Generation::default(),
        };
        self.put_new(Role::Profile, profile_key(user.id), &profile)?;
        self.put_email(user, password_hash, *disabled, Generation::default())?;
        self.put_username(user)?;
        Ok(self.list)
    }

    /// A profile as it was read becomes the user as they are to be, unless it has changed meanwhile; markers move with it.
    pub(super) fn update(mut self, account: &Account, user: &User) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        let former = &account.user;
        let hash = account.password_hash()?;
        let update = Update::builder()
            .table_name(self.table)
            .key("pk", string(profile_key(user.id)))
            .update_expression("SET username = :username, email = :email")
            .condition_expression(
                "username = :former_username AND email = :former_email AND password_hash = :password_hash \
                 AND (attribute_not_exists(disabled) OR disabled = :false) \
                 AND (attribute_not_exists(generation) OR generation = :generation)",
            )
            .expression_attribute_values(":username", string(user.username.as_str()))
            .expression_attribute_values(":email", string(user.email.as_str()))
            .expression_attribute_values(":former_username", string(former.username.as_str()))
            .expression_attribute_values(":former_email", string(former.email.as_str()))
            .expression_attribute_values(":password_hash", string(hash.expose()))
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .expression_attribute_values(":generation", number(account.generation.get().into()))
            .build();
        self.list.push((Role::Profile, TransactWriteItem::builder().update(update.map_err(unbuilt)?).build()));
        if user.email.canonical() != former.email.canonical() {
            self.put_email(user, hash, false, account.generation)?;
            self.delete_former(email_key(&former.email), user.id)?;
        }
        if user.username != former.username {
            self.put_username(user)?;
            self.delete_former(username_key(&former.username), user.id)?;
        }
        Ok(self.list)
    }

    /// Another hash of the same password, where the one that was verified still is.
    pub(super) fn replace_hash(
        self,
        email: &Email,
        verified: &Credentials,
        better: &PasswordHash,
    ) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        self.update_both(verified.holder.user, email, |update| {
            update
                .update_expression("SET password_hash = :better")
                .condition_expression("password_hash = :verified")
                .expression_attribute_values(":better", string(better.expose()))
                .expression_attribute_values(":verified", string(verified.password_hash.expose()))
        })
    }

    /// What logins and tokens are checked against becomes what it is in `next`, in both items that have it, unless it has
    /// changed meanwhile.
    pub(super) fn change_access(
        self,
        former: &Account,
        next: &Account,
    ) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        let (hash, former_hash) = (next.password_hash()?.expose(), former.password_hash()?.expose());
        self.update_both(former.user.id, &former.user.email, |update| {
            update
                .update_expression("SET password_hash = :password_hash, disabled = :disabled, generation = :generation")
                .condition_expression(
                    "password_hash = :former_hash \
                     AND (attribute_not_exists(generation) OR generation = :former_generation)",
                )
                .expression_attribute_values(":password_hash", string(hash))
                .expression_attribute_values(":disabled", AttributeValue::Bool(next.disabled))
                .expression_attribute_values(":generation", number(next.generation.get().into()))
                .expression_attribute_values(":former_hash", string(former_hash))
                .expression_attribute_values(":former_generation", number(former.generation.get().into()))
        })
    }

    /// The same change of the profile and of the address's marker, which both hold what a login is checked against.
    fn update_both(
        mut self,
        user: UserId,
        email: &Email,
        change: impl Fn(UpdateBuilder) -> UpdateBuilder,
    ) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        for (role, key) in [(Role::Profile, profile_key(user)), (Role::Email, email_key(email))] {
            let update = change(Update::builder().table_name(self.table).key("pk", string(key))).build();
            self.list.push((role, TransactWriteItem::builder().update(update.map_err(unbuilt)?).build()));
        }
        Ok(self.list)
    }

    /// An account's three items go, unless it has another address or name meanwhile.
    pub(super) fn delete(mut self, account: &Account) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        let user = &account.user;
        let delete = Delete::builder()
            .table_name(self.table)
            .key("pk", string(profile_key(user.id)))
            .condition_expression("username = :username AND email = :email")
            .expression_attribute_values(":username", string(user.username.as_str()))
            .expression_attribute_values(":email", string(user.email.as_str()))
            .build();
        self.list.push((Role::Profile, TransactWriteItem::builder().delete(delete.map_err(unbuilt)?).build()));
        self.delete_former(email_key(&user.email), user.id)?;
        self.delete_former(username_key(&user.username), user.id)?;
        Ok(self.list)
    }

    fn put_email(
        &mut self,
        user: &User,
        hash: &PasswordHash,
        disabled: bool,
        generation: Generation,
    ) -> Result<(), Error> {
        let password_hash = hash.expose().into();
        let credentials = CredentialsItem { user_id: user.id.get(), password_hash, disabled, generation };
        self.put_new(Role::Email, email_key(&user.email), &credentials)
    }

    fn put_username(&mut self, user: &User) -> Result<(), Error> {
        self.put_new(Role::Username, username_key(&user.username), &Marker { user_id: user.id.get() })
    }

    /// An item whose key must be free.
    fn put_new(&mut self, role: Role, key: String, content: &impl Serialize) -> Result<(), Error> {
        let item: Item = serde_dynamo::to_item(content).map_err(Error::internal)?;
        let put = Put::builder()
            .table_name(self.table)
            .set_item(Some(item))
            .item("pk", string(key))
            .condition_expression("attribute_not_exists(pk)")
            .build();
        self.list.push((role, TransactWriteItem::builder().put(put.map_err(unbuilt)?).build()));
        Ok(())
    }

    /// A marker that the user no longer needs, and that must still be theirs.
    fn delete_former(&mut self, key: String, owner: UserId) -> Result<(), Error> {
        let delete = Delete::builder()
            .table_name(self.table)
            .key("pk", string(key))
            .condition_expression("user_id = :owner")
            .expression_attribute_values(":owner", number(owner.get()))
            .build();
        self.list.push((Role::Former, TransactWriteItem::builder().delete(delete.map_err(unbuilt)?).build()));
        Ok(())
    }
}

/// The builders demand what is set above each of their calls.
fn unbuilt(error: BuildError) -> Error {
    Error::internal(error)
}
