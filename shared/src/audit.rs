//! What happened, for the metrics and for the log: one line each, named with OWASP's vocabulary (Application Logging Vocabulary
//! Cheat Sheet), with the user's id and never an address, a password or a token.

use crate::{
    domain::{Changed, Taken, UserId},
    metrics::{self, Metric},
};

/// A user was created.
pub fn user_created(user: UserId) {
    metrics::count(Metric::Registrations);
    tracing::info!(event = "user_created", user_id = user.get());
}

/// A user changed these fields of the own profile.
pub fn user_updated(user: UserId, changed: Changed) {
    metrics::count(Metric::ProfileChanges);
    let Changed { username, email } = changed;
    tracing::info!(event = "user_updated", user_id = user.get(), username, email);
}

/// A user asked for a name or an address that others have. Whoever asks again and again finds out who has an account.
pub fn user_update_refused(user: UserId, taken: Taken) {
    let Taken { username, email } = taken;
    tracing::info!(event = "user_update_refused", user_id = user.get(), username, email);
}

/// A change of a profile was not looked at, since the user asked for too many before.
pub fn user_update_locked(user: UserId) {
    tracing::warn!(event = "excess_rate_limit_exceeded", endpoint = "me", user_id = user.get());
}

/// An address and a password were right, and a session was opened.
pub fn login_succeeded(user: UserId) {
    metrics::count(Metric::Logins);
    tracing::info!(event = "authn_login_success", user_id = user.get());
}

/// An address, or the password with it, was wrong. The user is named where the address is known.
pub fn login_failed(user: Option<UserId>) {
    metrics::count(Metric::LoginFailures);
    tracing::info!(event = "authn_login_fail", user_id = user.map(UserId::get));
}

/// A login was not looked at, since too many have failed before. The user is named where the address is known.
pub fn login_locked(user: Option<UserId>) {
    metrics::count(Metric::LoginLocks);
    tracing::warn!(event = "authn_login_lock", user_id = user.map(UserId::get));
}

/// A registration was not looked at, since too many came from the same address before.
pub fn registration_locked() {
    metrics::count(Metric::RegistrationLocks);
    tracing::warn!(event = "excess_rate_limit_exceeded", endpoint = "register");
}

/// An access token was issued for a session.
pub fn token_created(user: UserId) {
    metrics::count(Metric::Refreshes);
    tracing::info!(event = "authn_token_created", user_id = user.get());
}

/// A token was refused: `access` or `refresh`, and why.
pub(crate) fn token_refused(token: &str, reason: &str) {
    tracing::info!(event = "authn_token_fail", token, reason);
}

/// A session was ended by its owner.
pub fn session_ended(user: UserId) {
    metrics::count(Metric::Logouts);
    tracing::info!(event = "session_expired", reason = "logout", user_id = user.get());
}

/// A refresh token came that had been replaced before: somebody else has it, or had. Its session is over.
pub fn token_reused(user: UserId) {
    metrics::count(Metric::RefreshReplays);
    tracing::warn!(event = "authn_token_reuse", user_id = user.get());
}
