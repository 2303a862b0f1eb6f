//! The table of sessions: one item a login, under the user's id and a random session id.

use aws_sdk_dynamodb::{
    Client,
    primitives::Blob,
    types::{AttributeValue, ReturnValue},
};

use super::{Item, corrupt, number, unavailable};
use crate::{
    Error,
    clock::Clock,
    domain::UserId,
    random::Random,
    tokens::{RefreshToken, SessionId},
};

/// Opens, finds and ends sessions.
#[derive(Debug, Clone)]
pub struct Sessions {
    client: Client,
    table: String,
    clock: Clock,
    random: Random,
}

impl Sessions {
    pub(crate) fn new(client: Client, table: String, clock: Clock, random: Random) -> Self {
        Self { client, table, clock, random }
    }

    /// Opens a session of this many seconds, and names the refresh token that stands for it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when there is no randomness.
    pub async fn open(&self, user: UserId, lifetime: u64) -> Result<RefreshToken, Error> {
        let token = RefreshToken { user, session: SessionId(self.random.bytes()?), counter: 0 };
        let now = self.clock.now();
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(key(&token)))
            .item("counter", number(token.counter.into()))
            .item("created_at", number(now))
            .item("rotated_at", number(now))
            .item("expires_at", number(now.saturating_add(lifetime)))
            .send()
            .await
            .map_err(|error| unavailable(&error))?;
        Ok(token)
    }

    /// Whether the token's session goes on. Its end is looked at here: DynamoDB's TTL may take days to delete an item.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer, [`Error::Internal`] when the item is none of ours.
    pub async fn is_live(&self, token: &RefreshToken) -> Result<bool, Error> {
        #[derive(serde::Deserialize)]
        struct Session {
            counter: u32,
            expires_at: u64,
        }
        let request = self.client.get_item().table_name(&self.table).set_key(Some(key(token))).consistent_read(true);
        let answer = request.send().await.map_err(|error| unavailable(&error))?;
        let Some(item) = answer.item else { return Ok(false) };
        let session: Session = serde_dynamo::from_item(item).map_err(|error| corrupt("session", error))?;
        Ok(session.counter == token.counter && self.clock.now() < session.expires_at)
    }

    /// Ends the token's session, and tells whether there was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer.
    pub async fn end(&self, token: &RefreshToken) -> Result<bool, Error> {
        let request = self.client.delete_item().table_name(&self.table).set_key(Some(key(token)));
        let answer = request.return_values(ReturnValue::AllOld).send().await.map_err(|error| unavailable(&error))?;
        Ok(answer.attributes.is_some())
    }
}

fn key(token: &RefreshToken) -> Item {
    Item::from([
        ("user_id".into(), number(token.user.get())),
        ("session_id".into(), AttributeValue::B(Blob::new(token.session.0))),
    ])
}
