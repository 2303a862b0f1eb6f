//! The settings that there are.

use super::{
    definition::{Definition, Flag, Number},
    item::Limits,
};

/// Short, since an access token can not be taken back; a client that refreshes never notices.
pub(super) const ACCESS_TOKEN_LIFETIME: Number = Number {
    name: "ACCESS_TOKEN_LIFETIME",
    unit: "seconds",
    meaning: "how long an access token is valid",
    default: 300,
    range: 1..=86_400,
};

/// How long somebody who stays away stays logged in.
pub(super) const REFRESH_TOKEN_LIFETIME: Number = Number {
    name: "REFRESH_TOKEN_LIFETIME",
    unit: "days",
    meaning: "how long a session lasts, from its login on",
    default: 30,
    range: 1..=3_650,
};

/// Off, since the clients of the Django service keep the refresh token of their login.
pub(super) const ROTATE_REFRESH_TOKENS: Flag =
    Flag { name: "ROTATE_REFRESH_TOKENS", meaning: "whether each refresh replaces the refresh token", default: false };

/// Long enough for a client to ask again after a lost answer, too short for a thief.
pub(super) const REFRESH_TOKEN_GRACE: Number = Number {
    name: "REFRESH_TOKEN_GRACE",
    unit: "seconds",
    meaning: "how long a refresh token that was replaced is still taken",
    default: 10,
    range: 0..=60,
};

/// Guesses at one account's password from one address: ten in a quarter of an hour let their owner mistype, and
/// leave one address too few in an hour to use up what the account has.
pub(super) const LOGIN_FAILURES_PER_SOURCE: Limits = Limits {
    max: most(
        "LOGIN_MAX_FAILURES_PER_SOURCE",
        "logins",
        "how many logins to one account may fail from one address",
        10,
    ),
    window: window("LOGIN_FAILURES_PER_SOURCE_WINDOW", "in what time, from the first failure on", 900),
};

/// Guesses at any account's password from one address: a common password tried at many accounts.
pub(super) const LOGIN_FAILURES_PER_SOURCE_ALL: Limits = Limits {
    max: most(
        "LOGIN_MAX_FAILURES_PER_SOURCE_ALL",
        "logins",
        "how many logins may fail from one address, whatever the account",
        100,
    ),
    window: window("LOGIN_FAILURES_PER_SOURCE_ALL_WINDOW", "in what time, from the first failure on", 300),
};

/// Guesses at one account's password from everywhere: what stops many addresses together.
pub(super) const LOGIN_FAILURES_PER_ACCOUNT: Limits = Limits {
    max: most(
        "LOGIN_MAX_FAILURES_PER_ACCOUNT",
        "logins",
        "how many logins to one account may fail from all addresses together",
        100,
    ),
    window: window("LOGIN_FAILURES_PER_ACCOUNT_WINDOW", "in what time, from the first failure on", 3_600),
};

/// Registrations from one address.
pub(super) const REGISTRATIONS_PER_SOURCE: Limits = Limits {
    max: most("REGISTER_MAX_PER_SOURCE", "registrations", "how many registrations may come from one address", 20),
    window: window("REGISTER_PER_SOURCE_WINDOW", "in what time, from the first one on", 3_600),
};

/// Changes of one user's profile: each may ask whether an address or a name is taken.
pub(super) const PROFILE_CHANGES_PER_USER: Limits = Limits {
    max: most("PROFILE_CHANGES_MAX_PER_USER", "changes", "how often one user may change the profile, or try to", 20),
    window: window("PROFILE_CHANGES_PER_USER_WINDOW", "in what time, from the first change on", 3_600),
};

/// Off, since the clients of the Django service send no password with a change.
pub(super) const EMAIL_CHANGE_NEEDS_PASSWORD: Flag = Flag {
    name: "EMAIL_CHANGE_NEEDS_PASSWORD",
    meaning: "whether another address asks for current_password",
    default: false,
};

/// Long enough for an owner to notice that somebody else changed the address, and to take it back.
pub(super) const FORMER_EMAIL_RESERVED: Number = Number {
    name: "FORMER_EMAIL_RESERVED",
    unit: "days",
    meaning: "how long a former address stays reserved for its owner",
    default: 30,
    range: 0..=365,
};

/// Every setting, in the order in which a manual has them.
pub static DEFINITIONS: [Definition; 16] = [
    Definition::Number(ACCESS_TOKEN_LIFETIME),
    Definition::Number(REFRESH_TOKEN_LIFETIME),
    Definition::Flag(ROTATE_REFRESH_TOKENS),
    Definition::Number(REFRESH_TOKEN_GRACE),
    Definition::Number(LOGIN_FAILURES_PER_SOURCE.max),
    Definition::Number(LOGIN_FAILURES_PER_SOURCE.window),
    Definition::Number(LOGIN_FAILURES_PER_SOURCE_ALL.max),
    Definition::Number(LOGIN_FAILURES_PER_SOURCE_ALL.window),
    Definition::Number(LOGIN_FAILURES_PER_ACCOUNT.max),
    Definition::Number(LOGIN_FAILURES_PER_ACCOUNT.window),
    Definition::Number(REGISTRATIONS_PER_SOURCE.max),
    Definition::Number(REGISTRATIONS_PER_SOURCE.window),
    Definition::Number(PROFILE_CHANGES_PER_USER.max),
    Definition::Number(PROFILE_CHANGES_PER_USER.window),
    Definition::Flag(EMAIL_CHANGE_NEEDS_PASSWORD),
    Definition::Number(FORMER_EMAIL_RESERVED),
];

/// As good as no limit.
pub(super) const MOST: u64 = 1_000_000;

/// How many of something there may be.
const fn most(name: &'static str, unit: &'static str, meaning: &'static str, default: u64) -> Number {
    Number { name, unit, meaning, default, range: 1..=MOST }
}

/// In how many seconds, up to a day.
const fn window(name: &'static str, meaning: &'static str, default: u64) -> Number {
    Number { name, unit: "seconds", meaning, default, range: 1..=86_400 }
}
