//! Checking the password of a user who is there to be guessed at: looked up, bounded by the limits, verified, and counted when it
//! is wrong. A login does it, and whatever asks for the password once more.

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

/// A user whose password was right.
#[derive(Debug)]
pub struct Proven {
    /// Who it is, with the hash that the password was verified with.
    pub credentials: Credentials,
    /// What is to replace that hash, if it is outdated.
    pub better_hash: Option<PasswordHash>,
    login: LoginState,
}

impl PasswordGuard {
    pub(crate) fn new(attempts: Throttle, hasher: Hasher) -> Self {
        Self { attempts, hasher }
    }

    /// What a password of this address is checked against, in one request.
    ///
    /// # Errors
    /// As [`Throttle::look_up`].
    pub async fn look_up(&self, email: &Email, source: Source) -> Result<LoginState, StoreError> {
        self.attempts.look_up(email, source).await
    }

    /// Whose password it is; nobody's if it is wrong, or if its user may not log in, which is counted as a failed login.
    ///
    /// An unknown address, a wrong password and a disabled user take the same way, and so the same time.
    ///
    /// # Errors
    /// [`Error::Throttled`] when too many logins failed before. [`Error::Unavailable`] when the store does not answer,
    /// [`Error::Internal`] when the stored hash is none.
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

    /// Remembers where the owner logged in from; see [`Throttle::remember`].
    pub async fn remember(&self, proven: &Proven) {
        self.attempts.remember(&proven.login).await;
    }
}
