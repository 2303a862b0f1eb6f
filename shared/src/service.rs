//! What handlers are made from.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

#[cfg(feature = "hashing")]
use crate::hashing::Hasher;
use crate::{
    Error,
    clock::Clock,
    config::Config,
    random::Random,
    settings::SettingsCache,
    store::{Sessions, SettingsTable, Users},
    tokens::{AccessTokens, Keys, RefreshTokens},
};

/// Hands each handler the parts that it asks for, and so shows what it may touch.
#[derive(Debug)]
pub struct Service {
    config: Config,
    dynamodb: Client,
    clock: Clock,
    random: Random,
    keys: Keys,
    settings: Arc<SettingsCache>,
    #[cfg(feature = "hashing")]
    hasher: Hasher,
}

impl Service {
    /// A service set up like this, on these tables, with this clock and this randomness.
    ///
    /// # Errors
    /// [`Error::Internal`] when no keys can be derived from the secret.
    pub fn new(config: Config, dynamodb: Client, clock: Clock, random: Random) -> Result<Self, Error> {
        let table = SettingsTable::new(dynamodb.clone(), config.settings_table.clone());
        let settings = SettingsCache::new(table, clock.clone(), config.settings_max_age);
        let keys = Keys::derive(&config.secret_key)?;
        Ok(Self {
            #[cfg(feature = "hashing")]
            hasher: Hasher::new(random.clone()),
            config,
            dynamodb,
            clock,
            random,
            keys,
            settings: Arc::new(settings),
        })
    }

    /// The users: profiles, names, addresses and password hashes.
    pub fn users(&self) -> Users {
        let table = self.config.users_table.clone();
        Users::new(self.dynamodb.clone(), table, self.clock.clone(), self.random.clone())
    }

    /// The sessions, each behind one refresh token.
    pub fn sessions(&self) -> Sessions {
        let table = self.config.refresh_tokens_table.clone();
        Sessions::new(self.dynamodb.clone(), table, self.clock.clone(), self.random.clone())
    }

    /// What operators set while the service runs.
    pub fn settings(&self) -> Arc<SettingsCache> {
        self.settings.clone()
    }

    /// Issues and verifies access tokens.
    pub fn access_tokens(&self) -> AccessTokens {
        let (issuer, audience) = (&self.config.token_issuer, &self.config.token_audience);
        AccessTokens::new(&self.keys, issuer, audience, self.clock.clone(), self.random.clone())
    }

    /// Writes and verifies refresh tokens.
    pub fn refresh_tokens(&self) -> RefreshTokens {
        RefreshTokens::new(&self.keys)
    }

    /// Hashes and verifies passwords; one for all, since it counts the cores that are busy.
    #[cfg(feature = "hashing")]
    pub fn hasher(&self) -> Hasher {
        self.hasher.clone()
    }
}
