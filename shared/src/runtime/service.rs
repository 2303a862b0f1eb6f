//! The parts that handlers are made of.

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;

#[cfg(feature = "passwords")]
use crate::passwords::{BreachedPasswords, PasswordRules};
use crate::{
    clock::Clock,
    error::StoreError,
    http::{ApiUrl, Proxy},
    keys::{KeyStore, Keys, SecretStore},
    metrics::DynamoDbTime,
    random::Random,
    runtime::{
        config::{AuthorizerChecks, Config, Secret},
        logging::LogSources,
    },
    store::{Sessions, SettingsCache, SettingsTable, Throttle, Users},
    timeouts::Timeouts,
    tokens::{AccessTokens, Issuer, RefreshTokens},
};
#[cfg(feature = "passwords")]
use crate::{guard::PasswordGuard, passwords::Hasher};

/// Clients of the AWS services in use.
#[derive(Debug, Clone)]
pub struct Clients {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub secrets_manager: aws_sdk_secretsmanager::Client,
}

impl Clients {
    /// Clients that share this configuration.
    pub fn new(sdk: &SdkConfig) -> Self {
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(sdk).interceptor(DynamoDbTime).build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            secrets_manager: aws_sdk_secretsmanager::Client::new(sdk),
        }
    }
}

/// Gives each handler the parts that it asks for. A handler's fields thus show what it may access.
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
    /// A service with this configuration, clock and randomness.
    ///
    /// # Errors
    /// [`StoreError::KeyDerivation`] if keys cannot be derived from the secret.
    pub fn new(config: Config, clients: Clients, clock: Clock, random: Random) -> Result<Self, StoreError> {
        let Clients { dynamodb, secrets_manager } = clients;
        let table = SettingsTable::new(dynamodb.clone(), config.settings_table.clone());
        let settings = SettingsCache::new(table, clock.clone(), config.settings_max_age);
        let keys = match &config.secret {
            Secret::Key(key) => KeyStore::Fixed(Arc::new(Keys::derive(key)?)),
            Secret::Id(id) => {
                let secret = SecretStore::new(secrets_manager, id.clone());
                KeyStore::rotating(secret, clock.clone(), config.secret_max_age)
            }
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

    /// The same service with other clients.
    ///
    /// # Errors
    /// As [`Service::new`].
    pub fn with_clients(&self, clients: Clients) -> Result<Self, StoreError> {
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

    /// The rate limits, and what a login is checked against.
    pub fn throttle(&self) -> Throttle {
        let table = self.config.users_table.clone();
        Throttle::new(self.dynamodb.clone(), table, self.clock.clone(), self.random.clone(), self.keys.clone())
    }

    pub fn sessions(&self) -> Sessions {
        let table = self.config.refresh_tokens_table.clone();
        Sessions::new(self.dynamodb.clone(), table, self.clock.clone(), self.random.clone())
    }

    pub fn settings(&self) -> Arc<SettingsCache> {
        self.settings.clone()
    }

    pub fn access_tokens(&self) -> AccessTokens {
        let (keys, audience) = (self.keys.clone(), &self.config.token_audience);
        AccessTokens::new(keys, self.issuer(), audience, self.clock.clone(), self.random.clone())
    }

    /// Who issues access tokens.
    pub fn issuer(&self) -> Issuer {
        Issuer::new(self.config.token_issuer.clone(), self.config.api_url.clone())
    }

    /// The API's own URL.
    pub fn api_url(&self) -> ApiUrl {
        self.config.api_url.clone()
    }

    /// What the authorizer looks at.
    pub fn authorizer_checks(&self) -> AuthorizerChecks {
        self.config.authorizer_checks
    }

    /// The service's keys.
    pub fn keys(&self) -> Arc<KeyStore> {
        self.keys.clone()
    }

    /// How long others may cache the public keys.
    pub fn public_keys_max_age(&self) -> Duration {
        self.config.secret_max_age
    }

    pub fn refresh_tokens(&self) -> RefreshTokens {
        RefreshTokens::new(self.keys.clone())
    }

    /// The trusted proxy in front of the gateway, if there is one.
    pub(crate) fn proxy(&self) -> Option<Proxy> {
        self.config.proxy.clone()
    }

    /// The time limits.
    pub(crate) fn timeouts(&self) -> &Timeouts {
        &self.config.timeouts
    }

    /// How the log shows source addresses.
    pub(crate) fn log_sources(&self) -> LogSources {
        self.config.log_sources.clone()
    }

    #[cfg(feature = "passwords")]
    pub fn passwords(&self) -> PasswordGuard {
        PasswordGuard::new(self.throttle(), self.hasher())
    }

    /// The rules for new passwords.
    #[cfg(feature = "passwords")]
    pub fn password_rules(&self) -> PasswordRules {
        PasswordRules::new(&self.config.service_words)
    }

    /// The list of breached passwords, if one is configured.
    #[cfg(feature = "passwords")]
    pub fn breached_passwords(&self) -> BreachedPasswords {
        BreachedPasswords::new(self.config.breached_passwords_url.clone())
    }

    /// The hasher. All parts share it, since it limits how many cores are busy.
    #[cfg(feature = "passwords")]
    pub fn hasher(&self) -> Hasher {
        self.hasher.clone()
    }
}
