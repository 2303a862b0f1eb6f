//! The table of sessions: one item a login, under the user's id and a random session id.
//!
//! A session has one token at a time, named by a counter. Where tokens are rotated, using the token moves the counter by
//! one (RFC 9700, section 4.14.2). The token before is still taken for a moment, since an answer may be lost on its way,
//! and yields the same next token: there is never a second chain. One before that was kept by somebody: it ends the session.

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
    Error,
    clock::{Clock, UnixSeconds},
    domain::{Generation, Holder, SessionHandle, SessionId},
    random::Random,
    settings::Settings,
    store::{
        Account, Item, Users,
        batch::{self, Wanted},
        corrupt, number, unavailable,
    },
};

/// Opens, continues and ends sessions.
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

    /// Opens a session of this many seconds, and names the refresh token that stands for it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when there is no randomness.
    pub async fn open(&self, holder: Holder, lifetime: u64) -> Result<SessionHandle, Error> {
        let token = SessionHandle { user: holder.user, session: SessionId(self.random.bytes()?), counter: 0 };
        let now = self.clock.now();
        let mut item = key(&token);
        item.extend([
            ("counter".into(), number(token.counter.into())),
            ("created_at".into(), number(now)),
            ("rotated_at".into(), number(now)),
            ("expires_at".into(), number(now.saturating_add(lifetime))),
        ]);
        if !holder.generation.is_unnamed() {
            item.insert("generation".into(), number(holder.generation.get().into()));
        }
        let request = self.client.put_item().table_name(&self.table).set_item(Some(item));
        request.send().await.map_err(|error| unavailable(&error))?;
        Ok(token)
    }

    /// Uses a token: replaces it if it is to be replaced, and else looks at its session. Beside that it finds the session's
    /// user, unless they are gone or disabled, or their tokens were voided since the session began. With nothing to replace,
    /// that is one request; else two, side by side.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when an item is none of ours.
    pub async fn present(
        &self,
        users: &Users,
        token: &SessionHandle,
        replace: bool,
    ) -> Result<(Presented, Option<Account>), Error> {
        let user = users.wanted(token.user);
        if replace {
            // Asked for in the same way, so that the function needs to be allowed no other.
            let (presented, [user]) =
                tokio::try_join!(self.replace(token), batch::read(&self.client, &self.random, [user]))?;
            return Ok((presented, presented.account(users.found(user)?)));
        }
        let session = Wanted { table: &self.table, key: key(token), attributes: None };
        let [session, user] = batch::read(&self.client, &self.random, [session, user]).await?;
        let presented = Presented::Seen(Session::read(session)?);
        Ok((presented, presented.account(users.found(user)?)))
    }

    /// What becomes of a token that was presented, by the rules that hold now. One that was reused ends its session here.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when the item is none of ours.
    pub async fn settle(
        &self,
        token: &SessionHandle,
        mut presented: Presented,
        settings: &Settings,
    ) -> Result<Use, Error> {
        loop {
            let session = match presented {
                Presented::Replaced(next, _) => return Ok(Use::Replaced(next)),
                Presented::Seen(session) => session.filter(|session| self.clock.now() < session.expires_at),
            };
            match self.place(token, session, settings) {
                // It was only looked at, before it was known that it is to be replaced.
                Place::Current if settings.rotates_refresh_tokens() => presented = self.replace(token).await?,
                Place::Current => return Ok(Use::Stays),
                Place::JustReplaced(next) => return Ok(Use::Replaced(next)),
                Place::Reused => return self.end(token).await.map(|_| Use::Reused),
                Place::Nowhere => return Ok(Use::Over),
            }
        }
    }

    /// Ends the token's session, expired or not, and returns it if there was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when the item is none of ours.
    pub async fn end(&self, token: &SessionHandle) -> Result<Option<Session>, Error> {
        let request = self.client.delete_item().table_name(&self.table).set_key(Some(key(token)));
        let answer = request.return_values(ReturnValue::AllOld).send().await.map_err(|error| unavailable(&error))?;
        Session::read(answer.attributes)
    }

    /// What it means that the token ended this session.
    pub fn ended(&self, token: &SessionHandle, session: Option<Session>, settings: &Settings) -> End {
        match self.place(token, session, settings) {
            Place::Current | Place::JustReplaced(_) => End::Ended,
            Place::Reused => End::Reused,
            Place::Nowhere => End::WasOver,
        }
    }

    /// The step from a counter to the next one happens once, however many ask for it: who comes second sees what is there.
    async fn replace(&self, token: &SessionHandle) -> Result<Presented, Error> {
        let next = token.with_counter(token.counter.saturating_add(1));
        let now = self.clock.now();
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(token)))
            .update_expression("SET #counter = :next, rotated_at = :now")
            .condition_expression("#counter = :counter AND expires_at > :now")
            .expression_attribute_names("#counter", "counter")
            .expression_attribute_values(":counter", number(token.counter.into()))
            .expression_attribute_values(":next", number(next.counter.into()))
            .expression_attribute_values(":now", number(now))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(answer) => match Session::read(answer.attributes)? {
                Some(session) => Ok(Presented::Replaced(next, session.generation)),
                None => Err(corrupt("session", "nothing was written")),
            },
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Presented::Seen(Session::read(failed.item.clone())?))
                }
                _ => Err(unavailable(&error)),
            },
        }
    }

    fn place(&self, token: &SessionHandle, session: Option<Session>, settings: &Settings) -> Place {
        let Some(session) = session else { return Place::Nowhere };
        let taken_until = session.rotated_at.saturating_add(settings.refresh_token_grace_seconds());
        match session.counter.checked_sub(token.counter) {
            Some(0) => Place::Current,
            Some(1) if self.clock.now() < taken_until => Place::JustReplaced(token.with_counter(session.counter)),
            Some(_) => Place::Reused,
            // The table was set back to an earlier time: which token is whose can not be told any more.
            None => Place::Nowhere,
        }
    }
}

/// A session as it is stored.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Session {
    counter: u32,
    rotated_at: UnixSeconds,
    expires_at: UnixSeconds,
    #[serde(default)]
    generation: Generation,
}

impl Session {
    fn read(item: Option<Item>) -> Result<Option<Self>, Error> {
        item.map(|item| serde_dynamo::from_item(item).map_err(|error| corrupt("session", error))).transpose()
    }
}

/// Where a token stands among those of its session.
enum Place {
    Current,
    /// By this one.
    JustReplaced(SessionHandle),
    Reused,
    Nowhere,
}

/// What a token met when it was presented.
#[derive(Debug, Clone, Copy)]
pub enum Presented {
    /// It was the session's, which began in this generation, and is replaced by this one.
    Replaced(SessionHandle, Generation),
    /// Nothing was changed. This is the session, if there is one.
    Seen(Option<Session>),
}

impl Presented {
    /// Whether there is no session.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Self::Seen(None))
    }

    /// The account, unless its tokens were voided since the session began.
    fn account(&self, account: Option<Account>) -> Option<Account> {
        let generation = match self {
            Self::Replaced(_, generation) => *generation,
            // Whose session it was does not matter.
            Self::Seen(session) => session.as_ref()?.generation,
        };
        account.filter(|account| account.generation == generation)
    }
}

/// What became of a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It is good, and stays so.
    Stays,
    /// It is good, and this one takes its place.
    Replaced(SessionHandle),
    /// Its session is over, or there never was one.
    Over,
    /// It was replaced long ago, so somebody has it who should not, or had. Its session is over now.
    Reused,
}

/// What became of a session that was to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has ended.
    Ended,
    /// There was none.
    WasOver,
    /// It has ended, by a token that was replaced long ago.
    Reused,
}

fn key(token: &SessionHandle) -> Item {
    Item::from([
        ("user_id".into(), number(token.user.get())),
        ("session_id".into(), AttributeValue::B(Blob::new(token.session.0))),
    ])
}
