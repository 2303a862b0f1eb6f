//! Checks passwords that an attacker could guess: looks up the user, enforces the rate limits, verifies, and counts failures. Used
//! by logins, and by requests that need the password again.

use crate::{
    Error, audit,
    domain::{Email, PasswordHash, Source},
    error::StoreError,
    passwords::{Hasher, PasswordAttempt, Verdict},
    settings::Settings,
    store::{Credentials, LoginState, Throttle},
};

/// Checks passwords.
#[derive(Debug, Clone)]
pub struct PasswordGuard {
    attempts: Throttle,
    hasher: Hasher,
}

/// A user who gave the right password.
#[derive(Debug)]
pub struct Proven {
    /// The credentials that the password was verified with.
    pub credentials: Credentials,
    /// A better hash to replace an outdated one.
    pub better_hash: Option<PasswordHash>,
    login: LoginState,
}

impl PasswordGuard {
    pub(crate) fn new(attempts: Throttle, hasher: Hasher) -> Self {
        Self { attempts, hasher }
    }

    /// Reads the credentials and counters for this address, in one request.
    ///
    /// # Errors
    /// As [`Throttle::look_up`].
    pub async fn look_up(&self, email: &Email, source: Source) -> Result<LoginState, StoreError> {
        self.attempts.look_up(email, source).await
    }

    /// Checks a password. `None` if it is wrong or the user is disabled, which counts as a failed login.
    ///
    /// An unknown address, a wrong password and a disabled user take the same code path, and so the same time.
    ///
    /// # Errors
    /// [`Error::Throttled`] if too many logins failed before, [`Error::Unavailable`] if DynamoDB fails, [`Error::Internal`] if the
    /// stored hash is malformed.
    pub async fn check(
        &self,
        login: LoginState,
        attempt: PasswordAttempt,
        settings: &Settings,
    ) -> Result<Option<Proven>, Error> {
        let user = login.credentials.as_ref().map(|credentials| credentials.holder.user);
        if let Some(wait) = self.attempts.wait(&login, settings) {
            audit::login_locked(user);
            return Err(Error::Throttled { wait });
        }
        let hash = login.credentials.as_ref().map(|credentials| credentials.password_hash.clone());
        let verdict = self.hasher.verify(attempt, hash).await?;
        let may_log_in = |credentials: &Credentials| verdict.is_right() && !credentials.disabled;
        let Some(credentials) = login.credentials.clone().filter(may_log_in) else {
            audit::login_failed(user);
            return match self.attempts.count_failure(login, settings).await? {
                None => Ok(None),
                Some(wait) => Err(Error::Throttled { wait }),
            };
        };
        let better_hash = match verdict {
            Verdict::Outdated(better) => Some(better),
            Verdict::Right | Verdict::Wrong => None,
        };
        Ok(Some(Proven { credentials, better_hash, login }))
    }

    /// Remembers the source of the owner's login; see [`Throttle::remember`].
    pub async fn remember(&self, proven: &Proven) {
        self.attempts.remember(&proven.login).await;
    }
}
