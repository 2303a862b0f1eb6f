//! Security events, for the log and the metrics: one line each, with a name from OWASP's Application Logging Vocabulary Cheat
//! Sheet and the user's id; never an address, a password or a token.

use crate::{
    Error,
    domain::{Changed, Taken, UserId},
    metrics::{self, Metric},
};

/// A user registered.
pub fn user_created(user: UserId) {
    metrics::count(Metric::Registrations);
    tracing::info!(event = "user_created", user_id = user.get());
}

/// A user changed these fields of their profile.
pub fn user_updated(user: UserId, changed: Changed) {
    metrics::count(Metric::ProfileChanges);
    let Changed { username, email } = changed;
    tracing::info!(event = "user_updated", user_id = user.get(), username, email);
}

/// A user asked for a name or an address that belongs to another user. Repeated requests reveal who has an account.
pub fn user_update_refused(user: UserId, taken: Taken) {
    let Taken { username, email } = taken;
    tracing::info!(event = "user_update_refused", user_id = user.get(), username, email);
}

/// A profile change was rejected unread, since the user asked for too many before.
pub fn user_update_locked(user: UserId) {
    tracing::warn!(event = "excess_rate_limit_exceeded", endpoint = "me", user_id = user.get());
}

/// A login succeeded and opened a session.
pub fn login_succeeded(user: UserId) {
    metrics::count(Metric::Logins);
    tracing::info!(event = "authn_login_success", user_id = user.get());
}

/// A login failed: unknown address or wrong password. The user is named if the address is known.
pub fn login_failed(user: Option<UserId>) {
    metrics::count(Metric::LoginFailures);
    tracing::info!(event = "authn_login_fail", user_id = user.map(UserId::get));
}

/// A login was rejected unread, since too many failed before. The user is named if the address is known.
pub fn login_locked(user: Option<UserId>) {
    metrics::count(Metric::LoginLocks);
    tracing::warn!(event = "authn_login_lock", user_id = user.map(UserId::get));
}

/// A registration was rejected unread, since too many came from the same source before.
pub fn registration_locked() {
    metrics::count(Metric::RegistrationLocks);
    tracing::warn!(event = "excess_rate_limit_exceeded", endpoint = "register");
}

/// An access token was issued for a session.
pub fn token_created(user: UserId) {
    metrics::count(Metric::Refreshes);
    tracing::info!(event = "authn_token_created", user_id = user.get());
}

/// A token (`access` or `refresh`) was refused, with the reason.
pub(crate) fn token_refused(token: &str, reason: &str) {
    tracing::info!(event = "authn_token_fail", token, reason);
}

/// The authorizer denied a request to another API. Why a token was refused, or what failed, has a line of its own.
pub fn access_denied(error: &Error) {
    metrics::count(Metric::AuthorizerDenials);
    if matches!(error, Error::NoCredentials(_)) {
        token_refused("access", "missing");
    }
}

/// A user logged out.
pub fn session_ended(user: UserId) {
    metrics::count(Metric::Logouts);
    tracing::info!(event = "session_expired", reason = "logout", user_id = user.get());
}

/// A replaced refresh token was used again, so it may have been stolen. Its session is revoked.
pub fn token_reused(user: UserId) {
    metrics::count(Metric::RefreshReplays);
    tracing::warn!(event = "authn_token_reuse", user_id = user.get());
}
