//! What operators can set while the service runs: a table of settings, and the values that are in force.

mod definition;

pub use definition::{Definition, Kind, Value};

/// What access tokens are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4): whoever has the public key can verify a token, and sign none.
    Es256,
    /// HMAC with SHA-256 (RFC 7518, section 3.2): only this service can verify a token.
    Hs256,
}

impl SigningAlgorithm {
    /// Its name in the header of a token, and in the settings item.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
        }
    }
}

/// The highest value of a limit, which is as good as no limit.
pub const MAX_LIMIT: u64 = 1_000_000;

const SECONDS_A_DAY: u64 = 86_400;

/// Declares the settings, one line each: its key here, its name in the settings item, its unit, meaning, default and range.
macro_rules! settings {
    ($($(#[doc = $reason:literal])* $key:ident = $kind:ident($($argument:expr),* $(,)?);)*) => {
        /// Identifies a setting: its position in [`DEFINITIONS`].
        #[derive(Debug, Clone, Copy)]
        enum Key {
            $($(#[doc = $reason])* $key,)*
        }

        // Counts names, not keys: so the compiler warns of a setting that no accessor reads.
        const COUNT: usize = [$(stringify!($key)),*].len();

        /// Every setting, in the order of the manual.
        pub static DEFINITIONS: [Definition; COUNT] = [$(Definition::$kind($($argument),*)),*];
    };
}

settings! {
    /// Short, since an access token cannot be revoked where only its signature is checked; a client that refreshes never notices.
    AccessTokenLifetime = number("ACCESS_TOKEN_LIFETIME", "seconds", "how long an access token is valid", 300, 1..=86_400);
    /// The one whose tokens other services can verify; HS256 as the Django service, for a team that verifies tokens here only.
    AccessTokenAlgorithm = choice("ACCESS_TOKEN_ALGORITHM", "what new access tokens are signed with", SigningAlgorithm::Es256.name(), &[SigningAlgorithm::Es256.name(), SigningAlgorithm::Hs256.name()]);
    /// How long users stay logged in who do not come back.
    RefreshTokenLifetime = number("REFRESH_TOKEN_LIFETIME", "days", "how long a session lasts, from its login on", 30, 1..=3_650);
    /// Off, since the clients of the Django service keep the refresh token of their login.
    RotateRefreshTokens = flag("ROTATE_REFRESH_TOKENS", "whether each refresh replaces the refresh token", false);
    /// Long enough for a client to repeat a request whose response was lost, too short for a thief.
    RefreshTokenGrace = number("REFRESH_TOKEN_GRACE", "seconds", "how long a replaced refresh token is still accepted", 10, 0..=60);
    /// Guesses at one account's password from one source: ten in a quarter of an hour let the owner mistype, and are too few to
    /// use up the account's own limit within an hour.
    LoginMaxFailuresPerSource = limit("LOGIN_MAX_FAILURES_PER_SOURCE", "logins", "how many logins to one account may fail from one source address", 10);
    LoginFailuresPerSourceWindow = window("LOGIN_FAILURES_PER_SOURCE_WINDOW", "within what time, from the first failure on", 900);
    /// Guesses at any account's password from one source: a common password tried on many accounts.
    LoginMaxFailuresPerSourceAll = limit("LOGIN_MAX_FAILURES_PER_SOURCE_ALL", "logins", "how many logins to all accounts may fail from one source address", 100);
    LoginFailuresPerSourceAllWindow = window("LOGIN_FAILURES_PER_SOURCE_ALL_WINDOW", "within what time, from the first failure on", 300);
    /// Guesses at one account's password from everywhere, against many sources together.
    LoginMaxFailuresPerAccount = limit("LOGIN_MAX_FAILURES_PER_ACCOUNT", "logins", "how many logins to one account may fail from all source addresses", 100);
    LoginFailuresPerAccountWindow = window("LOGIN_FAILURES_PER_ACCOUNT_WINDOW", "within what time, from the first failure on", 3_600);
    RegisterMaxPerSource = limit("REGISTER_MAX_PER_SOURCE", "registrations", "how many users may register from one source address", 20);
    RegisterPerSourceWindow = window("REGISTER_PER_SOURCE_WINDOW", "within what time, from the first registration on", 3_600);
    /// Each change may ask whether an address or a name is taken.
    ProfileChangesMaxPerUser = limit("PROFILE_CHANGES_MAX_PER_USER", "changes", "how often one user may change the profile, or try to", 20);
    ProfileChangesPerUserWindow = window("PROFILE_CHANGES_PER_USER_WINDOW", "within what time, from the first change on", 3_600);
    /// Off, since the clients of the Django service send no password with a change.
    EmailChangeNeedsPassword = flag("EMAIL_CHANGE_NEEDS_PASSWORD", "whether a new address needs current_password", false);
    /// Long enough for owners to notice that somebody else changed the address, and to take it back.
    FormerEmailReserved = number("FORMER_EMAIL_RESERVED", "days", "how long a former address stays reserved for its owner", 30, 0..=365);
}

/// The settings in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings([Value; COUNT]);

/// How many of something are allowed within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub max: u64,
    /// Seconds, from the first one on.
    pub window: u64,
}

/// Something to report about stored settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A setting without a value; this one is used.
    Missing { setting: &'static Definition, used: Value },
    /// A setting whose value is of the wrong type or out of range; this one is used.
    Invalid { setting: &'static Definition, used: Value },
    /// Values that contradict each other. They are used all the same.
    Conflict(String),
}

impl Default for Settings {
    fn default() -> Self {
        Self(DEFINITIONS.each_ref().map(Definition::default))
    }
}

impl Settings {
    /// How long an access token is valid, in seconds: 1 to 86 400, by default 300.
    pub fn access_token_seconds(&self) -> u64 {
        self.number(Key::AccessTokenLifetime)
    }

    /// What new access tokens are signed with: by default ES256.
    pub fn access_token_algorithm(&self) -> SigningAlgorithm {
        let is_hmac = self.value(Key::AccessTokenAlgorithm) == Some(Value::Choice(SigningAlgorithm::Hs256.name()));
        if is_hmac { SigningAlgorithm::Hs256 } else { SigningAlgorithm::Es256 }
    }

    /// How long a session lasts, in seconds: 1 to 3 650 days, by default 30.
    pub fn refresh_token_seconds(&self) -> u64 {
        self.number(Key::RefreshTokenLifetime) * SECONDS_A_DAY
    }

    /// Whether each use of a refresh token replaces it (RFC 9700, section 4.14.2): by default not.
    pub fn rotates_refresh_tokens(&self) -> bool {
        self.flag(Key::RotateRefreshTokens)
    }

    /// For how many seconds a replaced refresh token is still accepted: 0 to 60, by default 10.
    pub fn refresh_token_grace_seconds(&self) -> u64 {
        self.number(Key::RefreshTokenGrace)
    }

    /// How many logins to one account may fail from one source: by default 10 in 900 seconds.
    pub fn login_failures_per_source(&self) -> Limit {
        self.limit(Key::LoginMaxFailuresPerSource, Key::LoginFailuresPerSourceWindow)
    }

    /// How many logins to all accounts may fail from one source: by default 100 in 300 seconds.
    pub fn login_failures_per_source_all(&self) -> Limit {
        self.limit(Key::LoginMaxFailuresPerSourceAll, Key::LoginFailuresPerSourceAllWindow)
    }

    /// How many logins to one account may fail from all sources: by default 100 in 3 600 seconds.
    pub fn login_failures_per_account(&self) -> Limit {
        self.limit(Key::LoginMaxFailuresPerAccount, Key::LoginFailuresPerAccountWindow)
    }

    /// How many users may register from one source: by default 20 in 3 600 seconds.
    pub fn registrations_per_source(&self) -> Limit {
        self.limit(Key::RegisterMaxPerSource, Key::RegisterPerSourceWindow)
    }

    /// How often one user may change the profile, or try to: by default 20 times in 3 600 seconds.
    pub fn profile_changes_per_user(&self) -> Limit {
        self.limit(Key::ProfileChangesMaxPerUser, Key::ProfileChangesPerUserWindow)
    }

    /// Whether users must give their password to change their address: by default not.
    pub fn email_change_needs_password(&self) -> bool {
        self.flag(Key::EmailChangeNeedsPassword)
    }

    /// For how long a former address is reserved for its owner, in seconds: 0 to 365 days, by default 30.
    pub fn former_email_reserved_seconds(&self) -> u64 {
        self.number(Key::FormerEmailReserved) * SECONDS_A_DAY
    }

    /// The same settings with limits that nobody reaches. A local stack sees one source address only, also of test suites.
    pub fn without_limits(mut self) -> Self {
        for (setting, value) in DEFINITIONS.iter().zip(&mut self.0) {
            if setting.is_limit() {
                *value = Value::Number(MAX_LIMIT);
            }
        }
        self
    }

    /// Each setting with its value.
    pub fn values(&self) -> impl Iterator<Item = (&'static Definition, Value)> {
        DEFINITIONS.iter().zip(self.0)
    }

    /// Reads stored values. One that is missing or invalid stays what it was before, and is reported: a slip of an operator must
    /// not stop logins.
    pub fn read(stored: impl Fn(&Definition) -> Stored, before: &Self) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut settings = *before;
        for (setting, value) in DEFINITIONS.iter().zip(&mut settings.0) {
            match stored(setting) {
                Stored::Valid(stored) => *value = stored,
                Stored::Missing => problems.push(Problem::Missing { setting, used: *value }),
                Stored::Invalid => problems.push(Problem::Invalid { setting, used: *value }),
            }
        }
        problems.extend(settings.conflict().map(Problem::Conflict));
        (settings, problems)
    }

    /// What is wrong with the limits of failed logins together, if anything is, as a sentence for operators: one source must not
    /// use up an account's limit, or it locks the account for everybody.
    ///
    /// The source's windows do not begin with the account's, so one more of them overlaps the account's window than fits into it.
    pub fn conflict(&self) -> Option<String> {
        let (source, account) = (self.login_failures_per_source(), self.login_failures_per_account());
        let windows = account.window.div_ceil(source.window) + 1;
        let needed = source.max.saturating_mul(windows);
        // The highest limit is no limit, which nobody uses up.
        (needed >= account.max && account.max < MAX_LIMIT).then(|| {
            format!(
                "one address may fail {} times in {} s, which is up to {needed} times in an account's {} s, where the account \
                 allows {}: one address could lock any account. Set LOGIN_MAX_FAILURES_PER_ACCOUNT to {} or more, lower \
                 LOGIN_MAX_FAILURES_PER_SOURCE, or raise LOGIN_FAILURES_PER_SOURCE_WINDOW",
                source.max,
                source.window,
                account.window,
                account.max,
                (needed + 1).min(MAX_LIMIT)
            )
        })
    }

    fn value(&self, key: Key) -> Option<Value> {
        self.0.get(key as usize).copied()
    }

    fn number(&self, key: Key) -> u64 {
        if let Some(Value::Number(number)) = self.value(key) { number } else { 0 }
    }

    fn flag(&self, key: Key) -> bool {
        matches!(self.value(key), Some(Value::Flag(true)))
    }

    fn limit(&self, max: Key, window: Key) -> Limit {
        Limit { max: self.number(max), window: self.number(window) }
    }
}

/// What is stored of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    Valid(Value),
    /// A value of the wrong type or out of range.
    Invalid,
    Missing,
}

impl Problem {
    /// Logs it: an invalid value as a warning, a missing one, which may be intended, as information.
    pub(crate) fn log(&self) {
        match self {
            Self::Missing { setting, used } => {
                let (setting, used) = (setting.name(), used.to_string());
                tracing::info!(event = "setting_missing", setting, used, "{setting} is not set");
            }
            Self::Invalid { setting, used } => {
                let (setting, used, rule) = (setting.name(), used.to_string(), setting.rule());
                tracing::warn!(event = "setting_invalid", setting, used, "{setting} must be {rule}");
            }
            Self::Conflict(reason) => tracing::warn!(event = "settings_conflict", "{reason}"),
        }
    }
}

#[cfg(test)]
mod tests;
