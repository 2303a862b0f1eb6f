//! Settings that operators change while the service runs: an item of DynamoDB, kept in memory for some seconds.

mod cache;
mod definition;
mod item;

pub use cache::SettingsCache;
pub use definition::{Definition, Flag, Number};
pub use item::Limit;
use item::{Limits, Problem, Reader};

use crate::store::Item;

/// Short, since an access token can not be taken back; a client that refreshes never notices.
const ACCESS_TOKEN_LIFETIME: Number = Number {
    name: "ACCESS_TOKEN_LIFETIME",
    unit: "seconds",
    meaning: "how long an access token is valid",
    default: 300,
    range: 1..=86_400,
};

/// How long somebody who stays away stays logged in.
const REFRESH_TOKEN_LIFETIME: Number = Number {
    name: "REFRESH_TOKEN_LIFETIME",
    unit: "days",
    meaning: "how long a session lasts, from its login on",
    default: 30,
    range: 1..=3_650,
};

/// Off, since the clients of the Django service keep the refresh token of their login.
const ROTATE_REFRESH_TOKENS: Flag =
    Flag { name: "ROTATE_REFRESH_TOKENS", meaning: "whether each refresh replaces the refresh token", default: false };

/// Long enough for a client to ask again after a lost answer, too short for a thief.
const REFRESH_TOKEN_GRACE: Number = Number {
    name: "REFRESH_TOKEN_GRACE",
    unit: "seconds",
    meaning: "how long a refresh token that was replaced is still taken",
    default: 10,
    range: 0..=60,
};

/// Guesses at one account's password from one address: ten in five minutes let their owner mistype, and a guesser nowhere.
const LOGIN_FAILURES_PER_SOURCE: Limits = Limits {
    max: Number {
        name: "LOGIN_MAX_FAILURES_PER_SOURCE",
        unit: "logins",
        meaning: "how many logins to one account may fail from one address",
        default: 10,
        range: 1..=MOST,
    },
    window: Number {
        name: "LOGIN_FAILURES_PER_SOURCE_WINDOW",
        unit: "seconds",
        meaning: "in what time, from the first failure on",
        default: 300,
        range: 1..=86_400,
    },
};

/// Guesses at one account's password from everywhere: what stops many addresses together.
const LOGIN_FAILURES_PER_ACCOUNT: Limits = Limits {
    max: Number {
        name: "LOGIN_MAX_FAILURES_PER_ACCOUNT",
        unit: "logins",
        meaning: "how many logins to one account may fail from all addresses together",
        default: 100,
        range: 1..=MOST,
    },
    window: Number {
        name: "LOGIN_FAILURES_PER_ACCOUNT_WINDOW",
        unit: "seconds",
        meaning: "in what time, from the first failure on",
        default: 3_600,
        range: 1..=86_400,
    },
};

/// Registrations from one address.
const REGISTRATIONS_PER_SOURCE: Limits = Limits {
    max: Number {
        name: "REGISTER_MAX_PER_SOURCE",
        unit: "registrations",
        meaning: "how many registrations may come from one address",
        default: 20,
        range: 1..=MOST,
    },
    window: Number {
        name: "REGISTER_PER_SOURCE_WINDOW",
        unit: "seconds",
        meaning: "in what time, from the first one on",
        default: 3_600,
        range: 1..=86_400,
    },
};

/// Every setting, in the order in which a manual has them.
pub static DEFINITIONS: [Definition; 10] = [
    Definition::Number(ACCESS_TOKEN_LIFETIME),
    Definition::Number(REFRESH_TOKEN_LIFETIME),
    Definition::Flag(ROTATE_REFRESH_TOKENS),
    Definition::Number(REFRESH_TOKEN_GRACE),
    Definition::Number(LOGIN_FAILURES_PER_SOURCE.max),
    Definition::Number(LOGIN_FAILURES_PER_SOURCE.window),
    Definition::Number(LOGIN_FAILURES_PER_ACCOUNT.max),
    Definition::Number(LOGIN_FAILURES_PER_ACCOUNT.window),
    Definition::Number(REGISTRATIONS_PER_SOURCE.max),
    Definition::Number(REGISTRATIONS_PER_SOURCE.window),
];

/// As good as no limit.
const MOST: u64 = 1_000_000;

const SECONDS_A_DAY: u64 = 86_400;

/// What the settings item says, or what holds where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    access_token_lifetime: u64,
    refresh_token_lifetime: u64,
    rotate_refresh_tokens: bool,
    refresh_token_grace: u64,
    login_failures_per_source: Limit,
    login_failures_per_account: Limit,
    registrations_per_source: Limit,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token_lifetime: ACCESS_TOKEN_LIFETIME.default,
            refresh_token_lifetime: REFRESH_TOKEN_LIFETIME.default,
            rotate_refresh_tokens: ROTATE_REFRESH_TOKENS.default,
            refresh_token_grace: REFRESH_TOKEN_GRACE.default,
            login_failures_per_source: LOGIN_FAILURES_PER_SOURCE.default(),
            login_failures_per_account: LOGIN_FAILURES_PER_ACCOUNT.default(),
            registrations_per_source: REGISTRATIONS_PER_SOURCE.default(),
        }
    }
}

impl Settings {
    /// How long an access token is valid, in seconds: 1 to 86 400, by default 300.
    pub fn access_token_seconds(&self) -> u64 {
        self.access_token_lifetime
    }

    /// How long a session lasts, in seconds: 1 to 3 650 days, by default 30.
    pub fn refresh_token_seconds(&self) -> u64 {
        self.refresh_token_lifetime * SECONDS_A_DAY
    }

    /// Whether each use of a refresh token replaces it (RFC 9700, section 4.14.2): by default not.
    pub fn rotates_refresh_tokens(&self) -> bool {
        self.rotate_refresh_tokens
    }

    /// For how many seconds a refresh token that was replaced is still taken: 0 to 60, by default 10.
    pub fn refresh_token_grace_seconds(&self) -> u64 {
        self.refresh_token_grace
    }

    /// How many logins to one account may fail from one address: by default 10 in 300 seconds.
    pub fn login_failures_per_source(&self) -> Limit {
        self.login_failures_per_source
    }

    /// How many logins to one account may fail from all addresses: by default 100 in 3 600 seconds.
    pub fn login_failures_per_account(&self) -> Limit {
        self.login_failures_per_account
    }

    /// How many registrations may come from one address: by default 20 in 3 600 seconds.
    pub fn registrations_per_source(&self) -> Limit {
        self.registrations_per_source
    }

    /// These settings with limits that nobody meets. A local stack sees one address only, and test suites behind it.
    pub fn without_limits(self) -> Self {
        Self {
            login_failures_per_source: Limit { max: MOST, ..self.login_failures_per_source },
            login_failures_per_account: Limit { max: MOST, ..self.login_failures_per_account },
            registrations_per_source: Limit { max: MOST, ..self.registrations_per_source },
            ..self
        }
    }

    /// These settings as an item, but for its key.
    pub fn to_item(&self) -> Item {
        let mut item = Item::from([
            ACCESS_TOKEN_LIFETIME.write(self.access_token_lifetime),
            REFRESH_TOKEN_LIFETIME.write(self.refresh_token_lifetime),
            ROTATE_REFRESH_TOKENS.write(self.rotate_refresh_tokens),
            REFRESH_TOKEN_GRACE.write(self.refresh_token_grace),
        ]);
        item.extend(LOGIN_FAILURES_PER_SOURCE.write(self.login_failures_per_source));
        item.extend(LOGIN_FAILURES_PER_ACCOUNT.write(self.login_failures_per_account));
        item.extend(REGISTRATIONS_PER_SOURCE.write(self.registrations_per_source));
        item
    }

    /// Reads an item. A value that is missing or wrong stays what it was, and is a problem for somebody to hear of: a slip in
    /// the console must not stop logins.
    fn read(item: &Item, before: &Self) -> (Self, Vec<Problem>) {
        let mut reader = Reader::new(item);
        let settings = Self {
            access_token_lifetime: reader.number(&ACCESS_TOKEN_LIFETIME, before.access_token_lifetime),
            refresh_token_lifetime: reader.number(&REFRESH_TOKEN_LIFETIME, before.refresh_token_lifetime),
            rotate_refresh_tokens: reader.flag(&ROTATE_REFRESH_TOKENS, before.rotate_refresh_tokens),
            refresh_token_grace: reader.number(&REFRESH_TOKEN_GRACE, before.refresh_token_grace),
            login_failures_per_source: reader.limit(&LOGIN_FAILURES_PER_SOURCE, before.login_failures_per_source),
            login_failures_per_account: reader.limit(&LOGIN_FAILURES_PER_ACCOUNT, before.login_failures_per_account),
            registrations_per_source: reader.limit(&REGISTRATIONS_PER_SOURCE, before.registrations_per_source),
        };
        (settings, reader.problems)
    }
}

#[cfg(test)]
mod tests;
