//! `POST /api/login/`: an address and a password for a session.

use std::sync::Arc;

use serde_json::json;
use shared::{
    Error, Service, audit,
    domain::{AllValid, Email, PasswordAttempt},
    hashing::{Hasher, Verdict},
    http::{self, Method, Request, Response},
    lambda::Endpoint,
    settings::SettingsCache,
    store::{Attempts, Credentials, Sessions, Users},
    tokens::{AccessTokens, RefreshTokens},
};

/// Opens sessions.
#[derive(Debug)]
pub struct Login {
    users: Users,
    attempts: Attempts,
    sessions: Sessions,
    settings: Arc<SettingsCache>,
    hasher: Hasher,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
}

impl Endpoint for Login {
    const PATH: &'static str = "/api/login";
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(service: &Service) -> Self {
        Self {
            users: service.users(),
            attempts: service.attempts(),
            sessions: service.sessions(),
            settings: service.settings(),
            hasher: service.hasher(),
            access_tokens: service.access_tokens(),
            refresh_tokens: service.refresh_tokens(),
        }
    }

    async fn warm_up(&self) {
        tokio::join!(self.settings.warm_up(), self.access_tokens.warm_up());
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let form = request.form()?;
        let (email, attempt) = (form.required::<Email>(), form.required::<PasswordAttempt>()).all_valid()?;

        let (login, settings) =
            tokio::try_join!(self.attempts.look_up(&email, request.source), self.settings.current())?;
        let user = login.credentials.as_ref().map(|credentials| credentials.holder.user);
        if let Some(wait) = self.attempts.wait(&login, &settings) {
            audit::login_locked(user);
            return Err(Error::Throttled { wait });
        }

        // An unknown address, a wrong password and a disabled user take the same way, and so the same time.
        let hash = login.credentials.as_ref().map(|credentials| credentials.password_hash.clone());
        let verdict = self.hasher.verify(attempt, hash).await?;
        let may_log_in = |credentials: &&Credentials| verdict.is_right() && !credentials.disabled;
        let Some(credentials) = login.credentials.as_ref().filter(may_log_in) else {
            audit::login_failed(user);
            return Err(match self.attempts.count_failure(login, &settings).await? {
                None => Error::INCORRECT_CREDENTIALS,
                Some(wait) => Error::Throttled { wait },
            });
        };

        let holder = credentials.holder;
        if let Verdict::Outdated(better) = verdict {
            self.users.replace_hash(&email, credentials, better).await;
        }
        let access = self.access_tokens.issue(holder, settings.access_token_seconds()).await?;
        let session = self.sessions.open(holder, settings.refresh_token_seconds()).await?;
        let refresh = self.refresh_tokens.write(&session).await?;
        audit::login_succeeded(holder.user);
        Ok(http::ok(&json!({ "access": access, "refresh": refresh })))
    }
}
