//! Configuration from the environment, read once at start. A wrong configuration stops the function there, with one line that
//! says what to set, rather than at some request.

use std::{collections::HashSet, net::IpAddr, time::Duration};

use lambda_http::http::Uri;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tracing::level_filters::LevelFilter;

use super::logging::LogSources;
use crate::{
    http::{ApiUrl, Proxy},
    keys::{MIN_SECRET_BYTES, SECRET_MAX_AGE},
    timeouts::Timeouts,
};

/// A function's configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `SECRET_KEY` or `SECRET_ID`: from which the keys of access and refresh tokens are derived.
    pub secret: Secret,
    /// `API_URL`: the API's own URL.
    pub api_url: ApiUrl,
    /// `TOKEN_ISSUER`: the claim `iss` of access tokens; the API's own URL without it.
    pub token_issuer: Option<String>,
    /// `TOKEN_AUDIENCE`: the claim `aud` of access tokens.
    pub token_audience: String,
    /// `AUTHORIZER_CHECKS`: what the authorizer looks at; `user` (the default) or `token`.
    pub authorizer_checks: AuthorizerChecks,
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
    /// `PROXY_SECRET` and `PROXY_ADDRESS_HEADER`: the proxy before the gateway that names the addresses of its clients; none
    /// without a secret.
    pub proxy: Option<Proxy>,
    /// `TRUSTED_ROOTS`: whose certificates AWS is known by on Lambda; `amazon` (the default) or `system`.
    pub trusted_roots: TrustedRoots,
    /// How long settings are served from memory. 30 s, but none in local runs.
    pub settings_max_age: Duration,
    /// How long keys from Secrets Manager are served from memory, and how long others may cache the public ones. Five minutes,
    /// except in local runs with an option.
    pub secret_max_age: Duration,
    /// Time limits: the default ones, except in tests.
    pub timeouts: Timeouts,
}

/// The secret, or where it is.
#[derive(Debug, Clone)]
pub enum Secret {
    /// `SECRET_KEY`, for local runs: the secret itself, at least 32 bytes.
    Key(SecretString),
    /// `SECRET_ID`: the ARN or the name of a secret in Secrets Manager.
    Id(String),
}

/// What the authorizer looks at before it lets a request pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizerChecks {
    /// The token alone: its signature, its claims and its time.
    Token,
    /// The token's user too: whoever was deleted or disabled, or whose tokens were revoked, is denied at once.
    User,
}

/// Which roots the certificates of AWS go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedRoots {
    /// To one of the five of Amazon Trust Services that are built in, which are read sooner than all that a system trusts.
    Amazon,
    /// To one that the system trusts: where AWS, or what stands before it, has certificates of somebody else's.
    System,
}

/// A missing or invalid variable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// A required variable is not set.
    #[error("{name} is not set: set it to {hint}")]
    Missing { name: &'static str, hint: &'static str },
    /// The value is not valid. It is not shown, since it may be a secret.
    #[error("invalid {name}: expected {hint}")]
    Wrong { name: &'static str, hint: &'static str },
}

/// The fewest different bytes of a secret. Of 32 random bytes written as hexadecimal digits, one key in ten thousand has fewer;
/// a word typed again and again always has.
const MIN_DIFFERENT_BYTES: usize = 10;

/// Keys published in this repository, for runs against a DynamoDB on this machine.
const KNOWN_KEYS: [&str; 2] =
    ["for local runs alone: everybody knows this key", "for-local-runs-alone-everybody-knows-this-key"];

const ID_HINT: &str = "the ARN of a secret in Secrets Manager (for a local run, set SECRET_KEY instead)";
const KEY_HINT: &str = "at least 32 random bytes, for example the output of `openssl rand -base64 48`";
const ONE_SECRET_HINT: &str = "no value on AWS, where SECRET_ID is set";
const KNOWN_KEY_HINT: &str =
    "a random key: this one is published in the repository, for a DynamoDB on your own machine only";
const SOURCES_HINT: &str = "hashed or plain";
const SOURCE_KEY_HINT: &str = "any text that readers of the log do not know (or set LOG_SOURCE_ADDRESSES to plain)";
const LIST_HINT: &str = "an https URL that takes the first digits of a hash at its end, for example \
                         https://api.pwnedpasswords.com/range/";
const PROXY_HINT: &str = "the value that your proxy sends as x-proxy-secret: at least 32 letters, digits and signs, for example the \
                          output of `openssl rand -hex 32`; two values with a comma between them while you replace one; or \
                          nothing";
const PROXY_HEADER_HINT: &str = "the lower-case name of a header that your proxy sets to one address, for example \
     cloudfront-viewer-address, cf-connecting-ip or x-real-ip (clients can forge x-forwarded-for and forwarded)";
const ROOTS_HINT: &str = "amazon or system";
const API_URL_HINT: &str =
    "the https URL of the API with nothing behind its path, for example https://auth.example.com";
const CHECKS_HINT: &str = "token or user";
const LEVEL_HINT: &str = "error, warn, info, debug, trace or off";
const TABLE_HINT: &str = "the name of a DynamoDB table";

impl Config {
    /// How long a deployed function keeps settings in memory: a change reaches all functions within this time.
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
            api_url: required("API_URL", API_URL_HINT).and_then(|url| api_url(&url))?,
            token_issuer: optional("TOKEN_ISSUER"),
            token_audience: required("TOKEN_AUDIENCE", "who the tokens are for, such as the name of your product")?,
            authorizer_checks: match optional("AUTHORIZER_CHECKS").as_deref() {
                None | Some("user") => AuthorizerChecks::User,
                Some("token") => AuthorizerChecks::Token,
                Some(_) => return Err(ConfigError::Wrong { name: "AUTHORIZER_CHECKS", hint: CHECKS_HINT }),
            },
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
            proxy: proxy(optional)?,
            trusted_roots: match optional("TRUSTED_ROOTS").as_deref() {
                None | Some("amazon") => TrustedRoots::Amazon,
                Some("system") => TrustedRoots::System,
                Some(_) => return Err(ConfigError::Wrong { name: "TRUSTED_ROOTS", hint: ROOTS_HINT }),
            },
            settings_max_age: Self::SETTINGS_MAX_AGE,
            secret_max_age: SECRET_MAX_AGE,
            timeouts: Timeouts::default(),
        })
    }
}

/// Accepts a `SECRET_KEY` that may sign.
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

/// The URL of a list of breached passwords, with a slash at its end.
fn list_url(text: &str) -> Result<String, ConfigError> {
    let wrong = ConfigError::Wrong { name: "BREACHED_PASSWORDS_URL", hint: LIST_HINT };
    let url = secure_url(text).ok_or(wrong)?.to_string();
    Ok(if url.ends_with('/') { url } else { url + "/" })
}

/// The API's own URL.
fn api_url(text: &str) -> Result<ApiUrl, ConfigError> {
    let url = ApiUrl::new(text);
    let is_secure = secure_url(&url.with_id("id")).is_some();
    if is_secure { Ok(url) } else { Err(ConfigError::Wrong { name: "API_URL", hint: API_URL_HINT }) }
}

/// A URL without a query, to which nobody on the way can listen: https, except on this machine.
fn secure_url(text: &str) -> Option<Uri> {
    let url = text.parse::<Uri>().ok()?;
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_this_machine = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    let is_secure = match url.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_this_machine,
        _ => false,
    };
    (is_secure && url.query().is_none()).then_some(url)
}

/// The trusted proxy, if a secret is set. A wrong header is an error even without one.
fn proxy(optional: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, ConfigError> {
    let name = optional("PROXY_ADDRESS_HEADER").unwrap_or_else(|| Proxy::ADDRESS_HEADER.into());
    let header = Proxy::address_header(&name)
        .ok_or(ConfigError::Wrong { name: "PROXY_ADDRESS_HEADER", hint: PROXY_HEADER_HINT })?;
    let Some(secrets) = optional("PROXY_SECRET").map(SecretString::from) else { return Ok(None) };
    let proxy = Proxy::new(&secrets, header).ok_or(ConfigError::Wrong { name: "PROXY_SECRET", hint: PROXY_HINT })?;
    Ok(Some(proxy))
}

/// Whether a URL points to this machine, or from a container on it to the machine or another container.
fn is_on_this_machine(url: &str) -> bool {
    let place = url.split_once("://").map_or(url, |(_, place)| place);
    let host =
        place.split(['/', '?', '#']).next().and_then(|authority| authority.rsplit('@').next()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    ["127.0.0.1", "[::1]", "host.docker.internal"].contains(&host) || !host.contains(['.', ':'])
}

#[cfg(test)]
mod tests;
