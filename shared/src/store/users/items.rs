//! The items of the users table: their keys and attributes.

use serde::{Deserialize, Serialize};

use super::{Account, Credentials, Profile};
use crate::{
    clock::UnixSeconds,
    domain::{Email, Generation, Holder, PasswordHash, User, UserId, Username},
    error::StoreError,
    store::{Item, string},
};

/// The key of an item as attributes.
pub(in crate::store) fn whole_key(pk: impl Into<String>) -> Item {
    Item::from([("pk".into(), string(pk))])
}

pub(super) fn profile_key(id: UserId) -> String {
    format!("user#{id}")
}

pub(in crate::store) fn email_key(email: &Email) -> String {
    canonical_key(&email.canonical())
}

pub(super) fn canonical_key(canonical: &str) -> String {
    format!("{EMAIL}{canonical}")
}

/// The prefix of the keys of address markers.
pub(super) const EMAIL: &str = "email#";

pub(super) fn username_key(username: &Username) -> String {
    format!("username#{}", username.as_str())
}

/// The stored profile.
#[derive(Serialize, Deserialize)]
pub(super) struct ProfileItem {
    pub(super) id: u64,
    pub(super) username: String,
    pub(super) email: String,
    pub(super) password_hash: Option<String>,
    pub(super) created_at: Option<UnixSeconds>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) disabled: bool,
    #[serde(default, skip_serializing_if = "Generation::is_unnamed")]
    pub(super) generation: Generation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unlocked_at: Option<UnixSeconds>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) former_emails: Vec<FormerEmail>,
}

impl ProfileItem {
    fn user(&self) -> Result<User, StoreError> {
        let id = UserId::new(self.id).ok_or_else(|| StoreError::corrupt("profile", "id out of range"))?;
        Ok(User { id, username: Username::stored(self.username.clone()), email: Email::stored(self.email.clone()) })
    }
}

/// A former address that is reserved for its owner. Its marker stays, without a hash and with an expiry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FormerEmail {
    /// In canonical form, as when it was given up.
    pub(super) email: String,
    pub(super) expires_at: UnixSeconds,
}

/// The profile in this item, which may be a projection of the whole one.
pub(super) fn profile(item: Item) -> Result<Profile, StoreError> {
    let item: ProfileItem = serde_dynamo::from_item(item).map_err(|error| StoreError::corrupt("profile", error))?;
    Ok(Profile { disabled: item.disabled, generation: item.generation, user: item.user()? })
}

/// The account in this item.
pub(super) fn account(profile: Item) -> Result<Account, StoreError> {
    let item: ProfileItem = serde_dynamo::from_item(profile).map_err(|error| StoreError::corrupt("profile", error))?;
    let hash = item.password_hash.clone().ok_or_else(|| StoreError::corrupt("profile", "no password_hash"))?;
    Ok(Account {
        user: item.user()?,
        disabled: item.disabled,
        created_at: item.created_at,
        generation: item.generation,
        unlocked_at: item.unlocked_at,
        former_emails: item.former_emails,
        misplaced_key: None,
        password_hash: PasswordHash::new(hash),
    })
}

/// The stored marker of an address.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct CredentialsItem {
    pub(super) user_id: u64,
    /// None for a former address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password_hash: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) disabled: bool,
    #[serde(default, skip_serializing_if = "Generation::is_unnamed")]
    pub(super) generation: Generation,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unlocked_at: Option<UnixSeconds>,
    /// Set for a former address: when others can take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<UnixSeconds>,
}

impl CredentialsItem {
    pub(super) fn read(item: Item) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(|error| StoreError::corrupt("credentials", error))
    }

    pub(super) fn owner(&self) -> Result<UserId, StoreError> {
        UserId::new(self.user_id).ok_or_else(|| StoreError::corrupt("credentials", "user_id out of range"))
    }
}

/// The credentials in an address marker; `None` for a former address.
pub(in crate::store) fn credentials(item: Item) -> Result<Option<Credentials>, StoreError> {
    let item = CredentialsItem::read(item)?;
    let holder = Holder { user: item.owner()?, generation: item.generation };
    let CredentialsItem { password_hash, disabled, unlocked_at, .. } = item;
    Ok(password_hash.map(PasswordHash::new).map(|password_hash| Credentials {
        holder,
        password_hash,
        disabled,
        unlocked_at,
    }))
}

/// The stored marker of a name.
#[derive(Serialize, Deserialize)]
pub(super) struct Marker {
    pub(super) user_id: u64,
}

/// The owner of a marker.
pub(super) fn owner(marker: Item) -> Result<UserId, StoreError> {
    let marker: Marker = serde_dynamo::from_item(marker).map_err(|error| StoreError::corrupt("marker", error))?;
    UserId::new(marker.user_id).ok_or_else(|| StoreError::corrupt("marker", "user_id out of range"))
}
