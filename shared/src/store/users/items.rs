//! The items of the table of users, and the writes that keep them together.

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update},
};
use serde::{Deserialize, Serialize};

use super::{Credentials, Profile, Role};
use crate::{
    Error,
    clock::UnixSeconds,
    domain::{Email, User, UserId, Username},
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

fn username_key(username: &Username) -> String {
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
}

/// The user whose profile this is and the hash, where it was asked for, unless there is none or they are disabled.
pub(super) fn enabled(profile: Option<Item>) -> Result<Option<(User, Option<PasswordHash>)>, Error> {
    let Some(item) = profile else { return Ok(None) };
    let item: ProfileItem = serde_dynamo::from_item(item).map_err(|error| corrupt("profile", error))?;
    if item.disabled {
        return Ok(None);
    }
    let id = UserId::new(item.id).ok_or_else(|| corrupt("profile", "id out of range"))?;
    let user = User { id, username: Username::stored(item.username), email: Email::stored(item.email) };
    Ok(Some((user, item.password_hash.map(PasswordHash::new))))
}

/// An address's marker as it is stored.
#[derive(Serialize, Deserialize)]
struct CredentialsItem {
    user_id: u64,
    password_hash: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

/// What an address's marker tells a login.
pub(in crate::store) fn credentials(item: Item) -> Result<Credentials, Error> {
    let item: CredentialsItem = serde_dynamo::from_item(item).map_err(|error| corrupt("credentials", error))?;
    let user = UserId::new(item.user_id).ok_or_else(|| corrupt("credentials", "user_id out of range"))?;
    Ok(Credentials { user, password_hash: PasswordHash::new(item.password_hash), disabled: item.disabled })
}

/// A name's marker as it is stored.
#[derive(Serialize)]
struct UsernameItem {
    user_id: u64,
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
    pub(super) fn create(
        mut self,
        user: &User,
        hash: &PasswordHash,
        now: UnixSeconds,
    ) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        let profile = ProfileItem {
            id: user.id.get(),
            username: user.username.as_str().into(),
            email: user.email.as_str().into(),
            password_hash: Some(hash.expose().into()),
            created_at: Some(now),
            disabled: false,
        };
        self.put_new(Role::Profile, profile_key(user.id), &profile)?;
        self.put_email(user, hash)?;
        self.put_username(user)?;
        Ok(self.list)
    }

    /// A profile as it was read becomes the user as they are to be, unless it has changed meanwhile; markers move with it.
    pub(super) fn update(mut self, profile: &Profile, user: &User) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        let former = &profile.user;
        let update = Update::builder()
            .table_name(self.table)
            .key("pk", string(profile_key(user.id)))
            .update_expression("SET username = :username, email = :email")
            .condition_expression(
                "username = :former_username AND email = :former_email AND password_hash = :password_hash \
                 AND (attribute_not_exists(disabled) OR disabled = :false)",
            )
            .expression_attribute_values(":username", string(user.username.as_str()))
            .expression_attribute_values(":email", string(user.email.as_str()))
            .expression_attribute_values(":former_username", string(former.username.as_str()))
            .expression_attribute_values(":former_email", string(former.email.as_str()))
            .expression_attribute_values(":password_hash", string(profile.password_hash.expose()))
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .build();
        self.list.push((Role::Profile, TransactWriteItem::builder().update(update.map_err(unbuilt)?).build()));
        if user.email.canonical() != former.email.canonical() {
            self.put_email(user, &profile.password_hash)?;
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
        mut self,
        email: &Email,
        verified: &Credentials,
        better: &PasswordHash,
    ) -> Result<Vec<(Role, TransactWriteItem)>, Error> {
        for (role, key) in [(Role::Profile, profile_key(verified.user)), (Role::Email, email_key(email))] {
            let update = Update::builder()
                .table_name(self.table)
                .key("pk", string(key))
                .update_expression("SET password_hash = :better")
                .condition_expression("password_hash = :verified")
                .expression_attribute_values(":better", string(better.expose()))
                .expression_attribute_values(":verified", string(verified.password_hash.expose()))
                .build();
            self.list.push((role, TransactWriteItem::builder().update(update.map_err(unbuilt)?).build()));
        }
        Ok(self.list)
    }

    fn put_email(&mut self, user: &User, hash: &PasswordHash) -> Result<(), Error> {
        let item = CredentialsItem { user_id: user.id.get(), password_hash: hash.expose().into(), disabled: false };
        self.put_new(Role::Email, email_key(&user.email), &item)
    }

    fn put_username(&mut self, user: &User) -> Result<(), Error> {
        self.put_new(Role::Username, username_key(&user.username), &UsernameItem { user_id: user.id.get() })
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
