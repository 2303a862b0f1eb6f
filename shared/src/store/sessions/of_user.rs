//! All sessions of a user, for operators.

use std::fmt;

use crate::{
    clock::UnixSeconds,
    domain::{Generation, UserId},
    error::StoreError,
    store::{
        Item, number,
        sessions::{Session, Sessions},
    },
};
use futures_util::{StreamExt, TryStreamExt, stream};

/// How many sessions are deleted concurrently.
const AT_ONCE: usize = 8;

/// A session as operators see it.
#[derive(Debug, Clone)]
pub struct SessionInfo {
    pub name: SessionName,
    pub created_at: UnixSeconds,
    /// When its token was last replaced, or the time of the login.
    pub rotated_at: UnixSeconds,
    pub expires_at: UnixSeconds,
    /// How often its token has been replaced.
    pub counter: u32,
    /// The user's generation at the login. The session is void if the user has another one now.
    pub generation: Generation,
    key: Item,
}

/// The first 32 bits of a session's id: enough to distinguish a user's sessions, and too few to find one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionName([u8; 4]);

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl SessionInfo {
    fn read(mut item: Item) -> Result<Self, StoreError> {
        let user = item.remove("user_id").ok_or_else(|| StoreError::corrupt("session", "no user_id"))?;
        let id = item.remove("session_id").ok_or_else(|| StoreError::corrupt("session", "no session_id"))?;
        let first = id.as_b().ok().and_then(|id| id.as_ref().first_chunk::<4>().copied());
        let name = SessionName(first.ok_or_else(|| StoreError::corrupt("session", "session_id"))?);
        let Session { counter, created_at, rotated_at, expires_at, generation } =
            serde_dynamo::from_item(item).map_err(|error| StoreError::corrupt("session", error))?;
        let key = Item::from([("user_id".into(), user), ("session_id".into(), id)]);
        Ok(Self { name, created_at, rotated_at, expires_at, counter, generation, key })
    }
}

impl Sessions {
    /// A user's stored sessions, latest first. Expired ones may be among them.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Corrupt`] for an item that no version of this code wrote.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<SessionInfo>, StoreError> {
        let request = self.client.query().table_name(&self.table).key_condition_expression("user_id = :user");
        let request = request.expression_attribute_values(":user", number(user.get())).consistent_read(true);
        let mut items = request.into_paginator().items().send();
        let mut sessions = Vec::new();
        while let Some(item) = items.next().await {
            sessions.push(SessionInfo::read(item?)?);
        }
        sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
        Ok(sessions)
    }

    /// Deletes these sessions.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails; some sessions may be deleted already.
    pub async fn revoke(&self, sessions: &[SessionInfo]) -> Result<(), StoreError> {
        let ends = sessions.iter().map(|session| async {
            let request = self.client.delete_item().table_name(&self.table).set_key(Some(session.key.clone()));
            request.send().await.map(drop).map_err(StoreError::from)
        });
        stream::iter(ends).buffer_unordered(AT_ONCE).try_collect().await
    }
}
