//! What handlers are made from.

use std::sync::Arc;

use aws_config::SdkConfig;

#[cfg(feature = "passwords")]
use crate::passwords::{BreachedPasswords, PasswordRules};
use crate::{
    Error,
    clock::Clock,
    http::Proxy,
    keys::{KeyStore, Keys, SecretStore},
    metrics::DynamoDbTime,
    random::Random,
    runtime::{
        config::{Config, Secret},
        logging::LogSources,
    },
    store::{Sessions, SettingsCache, SettingsTable, Throttle, Users},
    tokens::{AccessTokens, RefreshTokens},
};
#[cfg(feature = "passwords")]
use crate::{guard::PasswordGuard, passwords::Hasher};

/// The services of AWS that this one is built on.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Keeps the tables.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Keeps the secret.
    pub secrets_manager: aws_sdk_secretsmanager::Client,
}

impl Clients {
    /// Clients with the same settings.
    pub fn new(sdk: &SdkConfig) -> Self {
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(sdk).interceptor(DynamoDbTime).build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            secrets_manager: aws_sdk_secretsmanager::Client::new(sdk),
        }
    }
}

/// Hands each handler the parts that it asks for, and so shows what it may touch.
#[derive(Debug)]
pub struct Service {
    config: Config,
    dynamodb: aws_sdk_dynamodb::Client,
    clock: Clock,
    random: Random,
    keys: Arc<KeyStore>,
    settings: Arc<SettingsCache>,
    #[cfg(feature = "passwords")]
    hasher: Hasher,
}

impl Service {
    /// A service set up like this, on these tables, with this clock and this randomness.
    ///
    /// # Errors
    /// [`Error::Internal`] when no keys can be derived from the secret.
    pub fn new(config: Config, clients: Clients, clock: Clock, random: Random) -> Result<Self, Error> {
        let Clients { dynamodb, secrets_manager } = clients;
        let table = SettingsTable::new(dynamodb.clone(), config.settings_table.clone());
        let settings = SettingsCache::new(table, clock.clone(), config.settings_max_age);
        let keys = match &config.secret {
            Secret::Key(key) => KeyStore::Fixed(Arc::new(Keys::derive(key)?)),
            Secret::Id(id) => KeyStore::rotating(SecretStore::new(secrets_manager, id.clone()), clock.clone()),
        };
        Ok(Self {
            #[cfg(feature = "passwords")]
            hasher: Hasher::new(random.clone()),
            config,
            dynamodb,
            clock,
            random,
            keys: Arc::new(keys),
            settings: Arc::new(settings),
        })
    }

    /// The same service through other clients.
    ///
    /// # Errors
    /// As [`Service::new`].
    pub fn with_clients(&self, clients: Clients) -> Result<Self, Error> {
        Ok(Self {
            #[cfg(feature = "passwords")]
            hasher: self.hasher.clone(),
            ..Self::new(self.config.clone(), clients, self.clock.clone(), self.random.clone())?
        })
    }

    /// The users: profiles, names, addresses and password hashes.
    pub fn users(&self) -> Users {
        let table = self.config.users_table.clone();
        Users::new(self.dynamodb.clone(), table, self.clock.clone(), self.random.clone())
    }

    /// What was tried too often, and what a login is checked against.
    pub fn attempts(&self) -> Throttle {
        let table = self.config.users_table.clone();
        Throttle::new(self.dynamodb.clone(), table, self.clock.clone(), self.random.clone(), self.keys.clone())
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
        AccessTokens::new(self.keys.clone(), issuer, audience, self.clock.clone(), self.random.clone())
    }

    /// Writes and verifies refresh tokens.
    pub fn refresh_tokens(&self) -> RefreshTokens {
        RefreshTokens::new(self.keys.clone())
    }

    /// The proxy before the gateway that is believed where requests come from, if there is one.
    pub(crate) fn proxy(&self) -> Option<Proxy> {
        self.config.proxy.clone()
    }

    /// How the log shows where requests come from.
    pub(crate) fn log_sources(&self) -> LogSources {
        self.config.log_sources.clone()
    }

    /// Checks the passwords of users, and counts those that are wrong.
    #[cfg(feature = "passwords")]
    pub fn passwords(&self) -> PasswordGuard {
        PasswordGuard::new(self.attempts(), self.hasher())
    }

    /// What new passwords are judged by.
    #[cfg(feature = "passwords")]
    pub fn password_rules(&self) -> PasswordRules {
        PasswordRules::new(&self.config.service_words)
    }

    /// The list of breached passwords, where one is to be asked.
    #[cfg(feature = "passwords")]
    pub fn breached_passwords(&self) -> BreachedPasswords {
        BreachedPasswords::new(self.config.breached_passwords_url.clone())
    }

    /// Hashes and verifies passwords; one for all, since it counts the cores that are busy.
    #[cfg(feature = "passwords")]
    pub fn hasher(&self) -> Hasher {
        self.hasher.clone()
    }
}
