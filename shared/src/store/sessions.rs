//! The table of sessions: one item per login, under the user's id and a random session id.
//!
//! A session has one valid token at a time, identified by a counter. With rotation, each use moves the counter by one (RFC 9700,
//! section 4.14.2). The previous token stays valid for a grace period, since a response may be lost, and yields the same next
//! token: there is never a second chain. An older token, or one used later, may have been stolen: it ends the session.

mod of_user;

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    primitives::Blob,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
pub use of_user::{SessionInfo, SessionName};
use serde::Deserialize;

use crate::{
    clock::{Clock, UnixSeconds},
    domain::{Generation, Holder, SessionHandle, SessionId, UserId},
    error::StoreError,
    random::Random,
    settings::Settings,
    store::{
        Item, SettingsCache, Users,
        batch::{self, Wanted},
        number,
        users::Profile,
    },
};

/// Opens, refreshes and ends sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    client: Client,
    table: String,
    clock: Clock,
    random: Random,
}

impl Sessions {
    /// The sessions in this table.
    pub fn new(client: Client, table: String, clock: Clock, random: Random) -> Self {
        Self { client, table, clock, random }
    }

    /// The handle of a new session, to be opened.
    ///
    /// # Errors
    /// [`StoreError::Random`].
    pub fn new_handle(&self, user: UserId) -> Result<SessionHandle, StoreError> {
        Ok(SessionHandle { user, session: SessionId::random(&self.random)?, counter: 0 })
    }

    /// Opens a session of this many seconds, with a new handle.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails.
    pub async fn open(&self, handle: &SessionHandle, generation: Generation, lifetime: u64) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut item = key(handle);
        item.extend([
            ("counter".into(), number(handle.counter.into())),
            ("created_at".into(), number(now)),
            ("rotated_at".into(), number(now)),
            ("expires_at".into(), number(now.saturating_add(lifetime))),
        ]);
        if !generation.is_unnamed() {
            item.insert("generation".into(), number(generation.get().into()));
        }
        let request = self.client.put_item().table_name(&self.table).set_item(Some(item));
        request.send().await?;
        Ok(())
    }

    /// Uses a session's token: replaces it if it rotates, and finds the session's user beside that. Returns the settings that
    /// decided it.
    ///
    /// With nothing to replace that is one request, else two, side by side. A token that was reused ends its session.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if DynamoDB fails, [`StoreError::Corrupt`] for an item that no version of this code wrote.
    pub async fn refresh(
        &self,
        handle: &SessionHandle,
        users: &Users,
        settings: &SettingsCache,
    ) -> Result<(Refreshed, Settings), StoreError> {
        // With settings at hand that say so, a token is replaced at once; else its session is read first.
        let rotates = settings.fresh().is_some_and(|settings| settings.rotates_refresh_tokens());
        let presenting = async {
            if rotates {
                self.replace_beside_user(handle, users).await
            } else {
                self.read_beside_user(handle, users).await
            }
        };
        let ((presented, profile), settings) = tokio::try_join!(presenting, settings.current())?;
        // The profile of a session that is none, or of another generation, does not matter.
        let holder = profile.map(|profile| profile.holder());
        let Some(holder) = holder.filter(|holder| presented.generation() == Some(holder.generation)) else {
            let is_over = matches!(presented, Presented::Seen(None));
            return Ok((if is_over { Refreshed::Over } else { Refreshed::Void }, settings));
        };
        Ok((self.settle(handle, holder, presented, &settings).await?, settings))
    }

    /// Ends the session of a token, expired or not.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub async fn log_out(&self, handle: &SessionHandle, settings: &SettingsCache) -> Result<LoggedOut, StoreError> {
        let (session, settings) = tokio::try_join!(self.end(handle), settings.current())?;
        Ok(match self.place(handle, session, &settings) {
            Place::Current | Place::JustReplaced(_) => LoggedOut::Ended,
            Place::Reused => LoggedOut::Reused,
            Place::Nowhere => LoggedOut::WasOver,
        })
    }

    /// Replaces the session's token and reads its user's profile, side by side.
    async fn replace_beside_user(
        &self,
        handle: &SessionHandle,
        users: &Users,
    ) -> Result<(Presented, Option<Profile>), StoreError> {
        // The profile is read by the same operation as without rotation, so that the function needs no other permission.
        let user = batch::read(&self.client, &self.random, [users.profile_read(handle.user)]);
        let (presented, [user]) = tokio::try_join!(self.replace(handle), user)?;
        Ok((presented, users.active(user)?))
    }

    /// Reads the session and its user's profile, in one request.
    async fn read_beside_user(
        &self,
        handle: &SessionHandle,
        users: &Users,
    ) -> Result<(Presented, Option<Profile>), StoreError> {
        let session = Wanted { table: &self.table, key: key(handle), attributes: None };
        let [session, user] =
            batch::read(&self.client, &self.random, [session, users.profile_read(handle.user)]).await?;
        Ok((Presented::Seen(Session::read(session)?), users.active(user)?))
    }

    /// Decides, by the current settings, what the presented token yields.
    async fn settle(
        &self,
        handle: &SessionHandle,
        holder: Holder,
        mut presented: Presented,
        settings: &Settings,
    ) -> Result<Refreshed, StoreError> {
        loop {
            let session = match presented {
                Presented::Replaced(next, _) => return Ok(Refreshed::Rotated(holder, next)),
                Presented::Seen(session) => session.filter(|session| self.clock.now() < session.expires_at),
            };
            match self.place(handle, session, settings) {
                // It was only read, before it was known that tokens rotate.
                Place::Current if settings.rotates_refresh_tokens() => presented = self.replace(handle).await?,
                Place::Current => return Ok(Refreshed::Kept(holder)),
                Place::JustReplaced(next) => return Ok(Refreshed::Rotated(holder, next)),
                Place::Reused => return self.end(handle).await.map(|_| Refreshed::Reused),
                Place::Nowhere => return Ok(Refreshed::Over),
            }
        }
    }

    /// Deletes the session, and returns it if there was one.
    async fn end(&self, handle: &SessionHandle) -> Result<Option<Session>, StoreError> {
        let request = self.client.delete_item().table_name(&self.table).set_key(Some(key(handle)));
        let answer = request.return_values(ReturnValue::AllOld).send().await?;
        Session::read(answer.attributes)
    }

    /// Moves the counter by one. Of concurrent requests exactly one succeeds; the others see what is stored.
    async fn replace(&self, handle: &SessionHandle) -> Result<Presented, StoreError> {
        let next = handle.with_counter(handle.counter.saturating_add(1));
        let now = self.clock.now();
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(handle)))
            .update_expression("SET #counter = :next, rotated_at = :now")
            .condition_expression("#counter = :counter AND expires_at > :now")
            .expression_attribute_names("#counter", "counter")
            .expression_attribute_values(":counter", number(handle.counter.into()))
            .expression_attribute_values(":next", number(next.counter.into()))
            .expression_attribute_values(":now", number(now))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(answer) => match Session::read(answer.attributes)? {
                Some(session) => Ok(Presented::Replaced(next, session.generation)),
                None => Err(StoreError::corrupt("session", "nothing was written")),
            },
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Presented::Seen(Session::read(failed.item.clone())?))
                }
                _ => Err(error.into()),
            },
        }
    }

    fn place(&self, handle: &SessionHandle, session: Option<Session>, settings: &Settings) -> Place {
        let Some(session) = session else { return Place::Nowhere };
        let taken_until = session.rotated_at.saturating_add(settings.refresh_token_grace_seconds());
        match session.counter.checked_sub(handle.counter) {
            Some(0) => Place::Current,
            Some(1) if self.clock.now() < taken_until => Place::JustReplaced(handle.with_counter(session.counter)),
            Some(_) => Place::Reused,
            // The table was restored to an earlier time, so nobody knows which token is the current one.
            None => Place::Nowhere,
        }
    }
}

/// The stored session.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Session {
    counter: u32,
    created_at: UnixSeconds,
    rotated_at: UnixSeconds,
    expires_at: UnixSeconds,
    #[serde(default)]
    generation: Generation,
}

impl Session {
    fn read(item: Option<Item>) -> Result<Option<Self>, StoreError> {
        item.map(|item| serde_dynamo::from_item(item).map_err(|error| StoreError::corrupt("session", error)))
            .transpose()
    }
}

/// A token's position among those of its session.
enum Place {
    Current,
    /// Replaced by this one, within the grace period.
    JustReplaced(SessionHandle),
    Reused,
    Nowhere,
}

/// The state of the session when the token was presented.
#[derive(Debug, Clone, Copy)]
enum Presented {
    /// It was the current token of a session that began in this generation, and is replaced by this one.
    Replaced(SessionHandle, Generation),
    /// Nothing was changed. This is the session, if there is one.
    Seen(Option<Session>),
}

impl Presented {
    /// The generation in which the session began, if there is a session.
    fn generation(&self) -> Option<Generation> {
        match self {
            Self::Replaced(_, generation) => Some(*generation),
            Self::Seen(session) => session.map(|session| session.generation),
        }
    }
}

/// The result of using a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The token stays valid.
    Kept(Holder),
    /// This one takes its place.
    Rotated(Holder, SessionHandle),
    /// Its session has ended, or never existed.
    Over,
    /// Its user was deleted or disabled, or all of the user's sessions were revoked.
    Void,
    /// It was replaced before the grace period, so it may have been stolen. Its session is ended now.
    Reused,
}

/// The result of a logout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoggedOut {
    /// The session is ended.
    Ended,
    /// There was no such session.
    WasOver,
    /// The session is ended, by a token that was replaced before the grace period.
    Reused,
}

fn key(handle: &SessionHandle) -> Item {
    Item::from([
        ("user_id".into(), number(handle.user.get())),
        ("session_id".into(), AttributeValue::B(Blob::new(handle.session.0))),
    ])
}
