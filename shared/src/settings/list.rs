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
        default: 900,
        range: 1..=86_400,
    },
};

/// Guesses at any account's password from one address: a common password tried at many accounts.
pub(super) const LOGIN_FAILURES_PER_SOURCE_ALL: Limits = Limits {
    max: Number {
        name: "LOGIN_MAX_FAILURES_PER_SOURCE_ALL",
        unit: "logins",
        meaning: "how many logins may fail from one address, whatever the account",
        default: 100,
        range: 1..=MOST,
    },
    window: Number {
        name: "LOGIN_FAILURES_PER_SOURCE_ALL_WINDOW",
        unit: "seconds",
        meaning: "in what time, from the first failure on",
        default: 300,
        range: 1..=86_400,
    },
};

/// Guesses at one account's password from everywhere: what stops many addresses together.
pub(super) const LOGIN_FAILURES_PER_ACCOUNT: Limits = Limits {
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
pub(super) const REGISTRATIONS_PER_SOURCE: Limits = Limits {
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

/// Changes of one user's profile: each may ask whether an address or a name is taken.
pub(super) const PROFILE_CHANGES_PER_USER: Limits = Limits {
    max: Number {
        name: "PROFILE_CHANGES_MAX_PER_USER",
        unit: "changes",
        meaning: "how often one user may change the profile, or try to",
        default: 20,
        range: 1..=MOST,
    },
    window: Number {
        name: "PROFILE_CHANGES_PER_USER_WINDOW",
        unit: "seconds",
        meaning: "in what time, from the first change on",
        default: 3_600,
        range: 1..=86_400,
    },
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
