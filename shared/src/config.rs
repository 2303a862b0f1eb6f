//! What the environment tells a function. It is read once, at the start: a function that is set up wrongly stops there,
//! with one line that says what to set, rather than at some request.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tracing::level_filters::LevelFilter;

/// How a function is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// `SECRET_KEY` or `SECRET_ID`: from which the keys of access and refresh tokens are derived.
    pub secret: Secret,
    /// `TOKEN_ISSUER`: the claim `iss` of access tokens.
    pub token_issuer: String,
    /// `TOKEN_AUDIENCE`: the claim `aud` of access tokens.
    pub token_audience: String,
    /// `USERS_TABLE`: the table of users.
    pub users_table: String,
    /// `REFRESH_TOKENS_TABLE`: the table of sessions.
    pub refresh_tokens_table: String,
    /// `SETTINGS_TABLE`: the table with the settings item.
    pub settings_table: String,
    /// `LOG_LEVEL`: `error`, `warn`, `info` (the default), `debug`, `trace` or `off`.
    pub log_level: LevelFilter,
    /// `METRICS_NAMESPACE`: the namespace of CloudWatch for the metrics of requests; none without it.
    pub metrics_namespace: Option<String>,
    /// How long settings are served from memory. 30 s, but none in local runs.
    pub settings_max_age: Duration,
}

/// The secret, or where it is.
#[derive(Debug, Clone)]
pub enum Secret {
    /// `SECRET_KEY`, for local runs: the secret itself, at least 32 bytes.
    Key(SecretString),
    /// `SECRET_ID`: the ARN or the name of a secret in Secrets Manager.
    Id(String),
}

/// A variable that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// It must be set.
    #[error("{name} is not set: set it to {hint}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What to set it to.
        hint: &'static str,
    },
    /// It has a value that is of no use. The value is not shown, since it may be a secret.
    #[error("{name} is wrong: set it to {hint}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// What to set it to.
        hint: &'static str,
    },
}

/// The fewest bytes of a secret: the output of HMAC-SHA256 (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

const ID_HINT: &str = "the ARN of a secret in Secrets Manager, or for a local run set SECRET_KEY";
const KEY_HINT: &str = "at least 32 random bytes, such as `openssl rand -base64 48` prints";
const LEVEL_HINT: &str = "error, warn, info, debug, trace or off";
const TABLE_HINT: &str = "the name of a DynamoDB table";

impl Config {
    /// The settings' age in deployed functions: what a change may take to reach them all.
    pub const SETTINGS_MAX_AGE: Duration = Duration::from_secs(30);

    /// Reads the process's environment.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads the variables that `variable` knows. An empty one counts as missing.
    ///
    /// # Errors
    /// The first variable that is missing or wrong.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let optional = |name: &str| variable(name).filter(|value| !value.is_empty());
        let required = |name, hint| optional(name).ok_or(ConfigError::Missing { name, hint });
        let secret = match optional("SECRET_KEY").map(SecretString::from) {
            Some(key) if key.expose_secret().len() < MIN_SECRET_BYTES => {
                return Err(ConfigError::Wrong { name: "SECRET_KEY", hint: KEY_HINT });
            }
            Some(key) => Secret::Key(key),
            None => Secret::Id(required("SECRET_ID", ID_HINT)?),
        };
        Ok(Self {
            secret,
            token_issuer: required("TOKEN_ISSUER", "who issues the tokens, such as the API's URL")?,
            token_audience: required("TOKEN_AUDIENCE", "who the tokens are for, such as the name of your product")?,
            users_table: required("USERS_TABLE", TABLE_HINT)?,
            refresh_tokens_table: required("REFRESH_TOKENS_TABLE", TABLE_HINT)?,
            settings_table: required("SETTINGS_TABLE", TABLE_HINT)?,
            log_level: match optional("LOG_LEVEL") {
                None => LevelFilter::INFO,
                Some(level) => level.parse().map_err(|_| ConfigError::Wrong { name: "LOG_LEVEL", hint: LEVEL_HINT })?,
            },
            metrics_namespace: optional("METRICS_NAMESPACE"),
            settings_max_age: Self::SETTINGS_MAX_AGE,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use rstest::rstest;

    use super::*;

    fn read(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut variables = HashMap::from([
            ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
            ("TOKEN_ISSUER", "https://auth.example"),
            ("TOKEN_AUDIENCE", "shop"),
            ("USERS_TABLE", "users"),
            ("REFRESH_TOKENS_TABLE", "tokens"),
            ("SETTINGS_TABLE", "settings"),
        ]);
        variables.extend(changes.iter().copied());
        Config::from_variables(|name| variables.get(name).map(ToString::to_string))
    }

    #[test]
    fn a_complete_environment_is_read() {
        let config = read(&[("LOG_LEVEL", "debug")]).unwrap();
        assert_eq!((config.token_audience.as_str(), config.log_level), ("shop", LevelFilter::DEBUG));
    }

    #[rstest]
    #[case::the_issuer("TOKEN_ISSUER")]
    #[case::the_audience("TOKEN_AUDIENCE")]
    #[case::the_table_of_users("USERS_TABLE")]
    #[case::the_table_of_tokens("REFRESH_TOKENS_TABLE")]
    #[case::the_table_of_settings("SETTINGS_TABLE")]
    fn a_variable_that_is_missing_is_named(#[case] name: &str) {
        let message = read(&[(name, "")]).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{name} is not set: set it to ")), "{message}");
    }

    #[test]
    fn without_a_secret_both_ways_to_give_one_are_named() {
        let message = read(&[("SECRET_KEY", "")]).unwrap_err().to_string();
        assert!(message.starts_with("SECRET_ID is not set: ") && message.contains("SECRET_KEY"), "{message}");
    }

    #[test]
    fn a_local_secret_goes_before_one_in_secrets_manager() {
        assert!(matches!(read(&[("SECRET_ID", "id")]).unwrap().secret, Secret::Key(_)));
        let config = read(&[("SECRET_KEY", ""), ("SECRET_ID", "id")]).unwrap();
        assert!(matches!(config.secret, Secret::Id(id) if id == "id"));
    }

    #[rstest]
    #[case::a_secret_of_31_bytes("SECRET_KEY", "0123456789abcdef0123456789abcde")]
    #[case::a_level_that_does_not_exist("LOG_LEVEL", "loud")]
    fn a_variable_that_is_wrong_is_named_and_not_shown(#[case] name: &str, #[case] value: &str) {
        let message = read(&[(name, value)]).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{name} is wrong: set it to ")), "{message}");
        assert!(!message.contains(value), "{message}");
    }

    #[test]
    fn the_secret_can_not_be_printed() {
        assert!(!format!("{:?}", read(&[]).unwrap()).contains("0123456789"));
    }
}
