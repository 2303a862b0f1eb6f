//! What the environment tells a function. It is read once, at the start: a function that is set up wrongly stops there,
//! with one line that says what to set, rather than at some request.

use std::{collections::HashSet, net::IpAddr, time::Duration};

use lambda_http::http::Uri;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tracing::level_filters::LevelFilter;

use crate::logging::LogSources;

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
    /// `LOG_SOURCE_ADDRESSES`: `hashed` (the default), with `LOG_SOURCE_KEY`, or `plain`.
    pub log_sources: LogSources,
    /// `SERVICE_WORDS`: names of the service, which no new password may consist of; none without it.
    pub service_words: String,
    /// `BREACHED_PASSWORDS_URL`: where a list of breached passwords is asked for, with a slash at its end; nowhere without it.
    pub breached_passwords_url: Option<String>,
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

/// The fewest different bytes of a secret. Of 32 random ones, written in hexadecimal digits, fewer differ once in ten thousand
/// keys; of a word that was typed again and again, they always do.
const MIN_DIFFERENT_BYTES: usize = 10;

/// Keys that stand in this repository, for runs against a DynamoDB on this machine.
const KNOWN_KEYS: [&str; 2] =
    ["for local runs alone: everybody knows this key", "for-local-runs-alone-everybody-knows-this-key"];

const ID_HINT: &str = "the ARN of a secret in Secrets Manager, or for a local run set SECRET_KEY";
const KEY_HINT: &str = "at least 32 random bytes, such as `openssl rand -base64 48` prints";
const ONE_SECRET_HINT: &str = "nothing on AWS, where SECRET_ID is set too";
const KNOWN_KEY_HINT: &str =
    "a random key of your own: this one stands in the repository, for a DynamoDB on your machine alone";
const SOURCES_HINT: &str = "hashed or plain";
const SOURCE_KEY_HINT: &str = "any text that readers of the log do not know, or LOG_SOURCE_ADDRESSES to plain";
const LIST_HINT: &str = "an https URL that answers with the first digits of a hash behind it, such as \
                         https://api.pwnedpasswords.com/range/";
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
            Some(key) => Secret::Key(usable(key, optional)?),
            None => Secret::Id(required("SECRET_ID", ID_HINT)?),
        };
        let log_sources = match optional("LOG_SOURCE_ADDRESSES").as_deref() {
            Some("plain") => LogSources::Plain,
            None | Some("hashed") => LogSources::hashed(&required("LOG_SOURCE_KEY", SOURCE_KEY_HINT)?),
            Some(_) => return Err(ConfigError::Wrong { name: "LOG_SOURCE_ADDRESSES", hint: SOURCES_HINT }),
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
            log_sources,
            service_words: optional("SERVICE_WORDS").unwrap_or_default(),
            breached_passwords_url: optional("BREACHED_PASSWORDS_URL").map(|url| list_url(&url)).transpose()?,
            settings_max_age: Self::SETTINGS_MAX_AGE,
        })
    }
}

/// A `SECRET_KEY` that may sign.
fn usable(key: SecretString, optional: impl Fn(&str) -> Option<String>) -> Result<SecretString, ConfigError> {
    let wrong = |hint| Err(ConfigError::Wrong { name: "SECRET_KEY", hint });
    let bytes = key.expose_secret().as_bytes();
    let different: HashSet<_> = bytes.iter().collect();
    if bytes.len() < MIN_SECRET_BYTES || different.len() < MIN_DIFFERENT_BYTES {
        return wrong(KEY_HINT);
    }
    let is_local = optional("AWS_ENDPOINT_URL_DYNAMODB").is_some_and(|url| is_on_this_machine(&url));
    if KNOWN_KEYS.contains(&key.expose_secret()) && !is_local {
        return wrong(KNOWN_KEY_HINT);
    }
    // SAM's stand-in for Lambda gives a function all variables of the template.
    let is_on_lambda = optional("AWS_LAMBDA_FUNCTION_NAME").is_some() && optional("AWS_SAM_LOCAL").is_none();
    if is_on_lambda && optional("SECRET_ID").is_some() {
        return wrong(ONE_SECRET_HINT);
    }
    Ok(key)
}

/// The URL of a list of breached passwords, with a slash at its end. What is asked there must not be read on the way, but where
/// there is no way: on this machine.
fn list_url(text: &str) -> Result<String, ConfigError> {
    let wrong = ConfigError::Wrong { name: "BREACHED_PASSWORDS_URL", hint: LIST_HINT };
    let Ok(url) = text.parse::<Uri>() else { return Err(wrong) };
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_this_machine = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let is_secret = match url.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_this_machine,
        _ => false,
    };
    if !is_secret || url.query().is_some() {
        return Err(wrong);
    }
    let url = url.to_string();
    Ok(if url.ends_with('/') { url } else { url + "/" })
}

/// Whether a URL leads to this machine, or from a container on it to the machine or another container.
fn is_on_this_machine(url: &str) -> bool {
    let place = url.split_once("://").map_or(url, |(_, place)| place);
    let host =
        place.split(['/', '?', '#']).next().and_then(|authority| authority.rsplit('@').next()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    ["127.0.0.1", "[::1]", "host.docker.internal"].contains(&host) || !host.contains(['.', ':'])
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
            ("LOG_SOURCE_KEY", "of this stack"),
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
    #[case::the_key_that_hides_sources("LOG_SOURCE_KEY")]
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
    #[case::a_secret_of_one_byte_again_and_again("SECRET_KEY", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    #[case::a_secret_of_one_word_again_and_again("SECRET_KEY", "password password password password")]
    #[case::a_secret_of_nine_digits("SECRET_KEY", "123456789123456789123456789123456789")]
    #[case::a_secret_that_the_repository_has("SECRET_KEY", "for local runs alone: everybody knows this key")]
    #[case::another_that_the_repository_has("SECRET_KEY", "for-local-runs-alone-everybody-knows-this-key")]
    #[case::a_level_that_does_not_exist("LOG_LEVEL", "loud")]
    #[case::a_way_to_show_sources_that_does_not_exist("LOG_SOURCE_ADDRESSES", "masked")]
    fn a_variable_that_is_wrong_is_named_and_not_shown(#[case] name: &str, #[case] value: &str) {
        let message = read(&[(name, value)]).unwrap_err().to_string();
        assert!(message.starts_with(&format!("{name} is wrong: set it to ")), "{message}");
        assert!(!message.contains(value), "{message}");
    }

    #[rstest]
    #[case::of_48_bytes_in_base64("qW2rT0c9mV5s1XhJ7uPzN4kLbY8eGdFa3oIxRtUvQjEnC6ZwHpSyKlMgBfDiAO+/")]
    #[case::of_16_bytes_in_hexadecimal_digits("9f86d081884c7d659a2feaa0c55ad015")]
    fn a_random_secret_is_taken(#[case] key: &str) {
        assert!(matches!(read(&[("SECRET_KEY", key)]).unwrap().secret, Secret::Key(_)));
    }

    #[rstest]
    #[case::on_this_machine("http://127.0.0.1:8000", true)]
    #[case::by_name("http://localhost:8000/", true)]
    #[case::by_its_ipv6_address("http://[::1]:8000", true)]
    #[case::on_the_host_of_a_container("http://host.docker.internal:8000", true)]
    #[case::in_a_container("http://dynamodb:8000", true)]
    #[case::at_aws_by_its_other_name("https://dynamodb.eu-central-1.api.aws", false)]
    #[case::behind_a_user_that_looks_like_it("http://localhost:8000@dynamodb.example.com", false)]
    #[case::at_aws("https://dynamodb.eu-central-1.amazonaws.com", false)]
    fn a_secret_of_the_repository_is_for_a_local_dynamodb(#[case] endpoint: &str, #[case] taken: bool) {
        for key in KNOWN_KEYS {
            let config = read(&[("SECRET_KEY", key), ("AWS_ENDPOINT_URL_DYNAMODB", endpoint)]);
            assert_eq!(config.is_ok(), taken);
        }
    }

    #[test]
    fn on_lambda_one_secret_must_not_hide_the_other() {
        let both = [("SECRET_ID", "id"), ("AWS_LAMBDA_FUNCTION_NAME", "login")];
        let message = read(&both).unwrap_err().to_string();
        assert!(message.starts_with("SECRET_KEY is wrong: ") && message.contains("SECRET_ID"), "{message}");
        assert!(read(&[both[0], both[1], ("AWS_SAM_LOCAL", "true")]).is_ok());
        assert!(read(&[both[1]]).is_ok());
    }

    #[test]
    fn sources_are_hashed_unless_they_are_to_be_plain() {
        assert!(matches!(read(&[]).unwrap().log_sources, LogSources::Hashed(_)));
        let plain = read(&[("LOG_SOURCE_ADDRESSES", "plain"), ("LOG_SOURCE_KEY", "")]);
        assert!(matches!(plain.unwrap().log_sources, LogSources::Plain));
    }

    #[rstest]
    #[case::of_have_i_been_pwned("https://api.pwnedpasswords.com/range/", "https://api.pwnedpasswords.com/range/")]
    #[case::without_a_slash("https://list.example:8443/v1/range", "https://list.example:8443/v1/range/")]
    #[case::without_a_path("https://list.example", "https://list.example/")]
    #[case::of_this_machine("http://127.0.0.1:8080/range/", "http://127.0.0.1:8080/range/")]
    #[case::of_this_machine_in_ipv6("http://[::1]:8080/", "http://[::1]:8080/")]
    #[case::of_this_machine_by_name("http://localhost:8080/", "http://localhost:8080/")]
    fn a_list_of_breached_passwords_has_a_url(#[case] url: &str, #[case] expected: &str) {
        let config = read(&[("BREACHED_PASSWORDS_URL", url)]).unwrap();
        assert_eq!(config.breached_passwords_url.as_deref(), Some(expected));
    }

    #[rstest]
    #[case::without_tls("http://api.pwnedpasswords.com/range/")]
    #[case::without_tls_at_a_like_name("http://127.0.0.1.example/range/")]
    #[case::without_tls_behind_a_name("http://localhost@list.example/range/")]
    #[case::of_another_scheme("ftp://127.0.0.1/range/")]
    #[case::with_a_query("https://list.example/range?prefix=")]
    #[case::without_a_host("https:///range/")]
    #[case::without_a_scheme("api.pwnedpasswords.com/range/")]
    #[case::only_a_path("/range/")]
    #[case::no_url("on")]
    fn a_list_of_breached_passwords_is_asked_in_secret_or_not_at_all(#[case] url: &str) {
        let expected = ConfigError::Wrong { name: "BREACHED_PASSWORDS_URL", hint: LIST_HINT };
        assert_eq!(read(&[("BREACHED_PASSWORDS_URL", url)]).unwrap_err(), expected);
    }

    #[test]
    fn without_more_there_are_no_words_of_the_service_and_no_list() {
        let config = read(&[("SERVICE_WORDS", ""), ("BREACHED_PASSWORDS_URL", "")]).unwrap();
        assert_eq!((config.service_words.as_str(), config.breached_passwords_url), ("", None));
        assert_eq!(read(&[("SERVICE_WORDS", "acme, coats")]).unwrap().service_words, "acme, coats");
    }

    #[test]
    fn the_secret_can_not_be_printed() {
        assert!(!format!("{:?}", read(&[]).unwrap()).contains("0123456789"));
    }
}
