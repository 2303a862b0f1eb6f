//! Settings that operators change while the service runs: an item of DynamoDB, kept in memory for some seconds.

mod definition;
pub(crate) mod item;
mod list;

pub use definition::{Definition, Flag, Number};
pub use item::Limit;
use item::{Problem, Reader};
pub use list::DEFINITIONS;
use list::*;

use crate::store::Item;

const SECONDS_A_DAY: u64 = 86_400;

/// What the settings item says, or what holds where it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    access_token_lifetime: u64,
    refresh_token_lifetime: u64,
    rotate_refresh_tokens: bool,
    refresh_token_grace: u64,
    login_failures_per_source: Limit,
    login_failures_per_source_all: Limit,
    login_failures_per_account: Limit,
    registrations_per_source: Limit,
    profile_changes_per_user: Limit,
    email_change_needs_password: bool,
    former_email_reserved: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            access_token_lifetime: ACCESS_TOKEN_LIFETIME.default,
            refresh_token_lifetime: REFRESH_TOKEN_LIFETIME.default,
            rotate_refresh_tokens: ROTATE_REFRESH_TOKENS.default,
            refresh_token_grace: REFRESH_TOKEN_GRACE.default,
            login_failures_per_source: LOGIN_FAILURES_PER_SOURCE.default(),
            login_failures_per_source_all: LOGIN_FAILURES_PER_SOURCE_ALL.default(),
            login_failures_per_account: LOGIN_FAILURES_PER_ACCOUNT.default(),
            registrations_per_source: REGISTRATIONS_PER_SOURCE.default(),
            profile_changes_per_user: PROFILE_CHANGES_PER_USER.default(),
            email_change_needs_password: EMAIL_CHANGE_NEEDS_PASSWORD.default,
            former_email_reserved: FORMER_EMAIL_RESERVED.default,
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

    /// How many logins to one account may fail from one address: by default 10 in 900 seconds.
    pub fn login_failures_per_source(&self) -> Limit {
        self.login_failures_per_source
    }

    /// How many logins may fail from one address, whatever the account: by default 100 in 300 seconds.
    pub fn login_failures_per_source_all(&self) -> Limit {
        self.login_failures_per_source_all
    }

    /// How many logins to one account may fail from all addresses: by default 100 in 3 600 seconds.
    pub fn login_failures_per_account(&self) -> Limit {
        self.login_failures_per_account
    }

    /// How many registrations may come from one address: by default 20 in 3 600 seconds.
    pub fn registrations_per_source(&self) -> Limit {
        self.registrations_per_source
    }

    /// How often one user may change the profile, or try to: by default 20 times in 3 600 seconds.
    pub fn profile_changes_per_user(&self) -> Limit {
        self.profile_changes_per_user
    }

    /// Whether a user who asks for another address must give the password too: by default not.
    pub fn email_change_needs_password(&self) -> bool {
        self.email_change_needs_password
    }

    /// For how long a former address is kept from everybody but its owner, in seconds: 0 to 365 days, by default 30.
    pub fn former_email_reserved_seconds(&self) -> u64 {
        self.former_email_reserved * SECONDS_A_DAY
    }

    /// These settings with limits that nobody meets. A local stack sees one address only, and test suites behind it.
    pub fn without_limits(self) -> Self {
        Self {
            login_failures_per_source: Limit { max: MOST, ..self.login_failures_per_source },
            login_failures_per_source_all: Limit { max: MOST, ..self.login_failures_per_source_all },
            login_failures_per_account: Limit { max: MOST, ..self.login_failures_per_account },
            registrations_per_source: Limit { max: MOST, ..self.registrations_per_source },
            profile_changes_per_user: Limit { max: MOST, ..self.profile_changes_per_user },
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
            EMAIL_CHANGE_NEEDS_PASSWORD.write(self.email_change_needs_password),
            FORMER_EMAIL_RESERVED.write(self.former_email_reserved),
        ]);
        item.extend(LOGIN_FAILURES_PER_SOURCE.write(self.login_failures_per_source));
        item.extend(LOGIN_FAILURES_PER_SOURCE_ALL.write(self.login_failures_per_source_all));
        item.extend(LOGIN_FAILURES_PER_ACCOUNT.write(self.login_failures_per_account));
        item.extend(REGISTRATIONS_PER_SOURCE.write(self.registrations_per_source));
        item.extend(PROFILE_CHANGES_PER_USER.write(self.profile_changes_per_user));
        item
    }

    /// Reads an item. A value that is missing or wrong stays what it was, and is a problem for somebody to hear of: a slip in
    /// the console must not stop logins.
    pub(crate) fn read(item: &Item, before: &Self) -> (Self, Vec<Problem>) {
        let mut reader = Reader::new(item);
        let settings = Self {
            access_token_lifetime: reader.number(&ACCESS_TOKEN_LIFETIME, before.access_token_lifetime),
            refresh_token_lifetime: reader.number(&REFRESH_TOKEN_LIFETIME, before.refresh_token_lifetime),
            rotate_refresh_tokens: reader.flag(&ROTATE_REFRESH_TOKENS, before.rotate_refresh_tokens),
            refresh_token_grace: reader.number(&REFRESH_TOKEN_GRACE, before.refresh_token_grace),
            login_failures_per_source: reader.limit(&LOGIN_FAILURES_PER_SOURCE, before.login_failures_per_source),
            login_failures_per_source_all: reader
                .limit(&LOGIN_FAILURES_PER_SOURCE_ALL, before.login_failures_per_source_all),
            login_failures_per_account: reader.limit(&LOGIN_FAILURES_PER_ACCOUNT, before.login_failures_per_account),
            registrations_per_source: reader.limit(&REGISTRATIONS_PER_SOURCE, before.registrations_per_source),
            profile_changes_per_user: reader.limit(&PROFILE_CHANGES_PER_USER, before.profile_changes_per_user),
            email_change_needs_password: reader.flag(&EMAIL_CHANGE_NEEDS_PASSWORD, before.email_change_needs_password),
            former_email_reserved: reader.number(&FORMER_EMAIL_RESERVED, before.former_email_reserved),
        };
        let mut problems = reader.problems;
        problems.extend(settings.conflict().map(Problem::Conflict));
        (settings, problems)
    }

    /// What an item says, and the defaults for what it leaves open.
    pub fn of_item(item: &Item) -> Self {
        Self::read(item, &Self::default()).0
    }

    /// What is wrong with the limits of failed logins together, if anything is: one address must not use up what an account
    /// has, or it locks the account for everybody.
    ///
    /// Windows of a source do not begin with the account's, so that one more of them reaches into it than fits.
    fn conflict(&self) -> Option<String> {
        let (source, account) = (self.login_failures_per_source, self.login_failures_per_account);
        let windows = account.window.div_ceil(source.window) + 1;
        let needed = source.max.saturating_mul(windows);
        // The most that can be set is no limit, and nobody uses it up.
        (needed >= account.max && account.max < MOST).then(|| {
            format!(
                "one address may fail {} times in {} s, which is up to {needed} times in an account's {} s, where the account \
                 allows {}: one address could lock any account. Set LOGIN_MAX_FAILURES_PER_ACCOUNT to {} or more, lower \
                 LOGIN_MAX_FAILURES_PER_SOURCE, or raise LOGIN_FAILURES_PER_SOURCE_WINDOW",
                source.max,
                source.window,
                account.window,
                account.max,
                (needed + 1).min(MOST)
            )
        })
    }
}

/// What contradicts itself in a settings item, if anything does, as a sentence for operators.
pub fn conflict(item: &Item) -> Option<String> {
    Settings::of_item(item).conflict()
}

#[cfg(test)]
mod tests;
