//! `POST /api/login/`: an address and a password for a session.

use std::sync::Arc;

use serde_json::json;
use shared::{
    Error, Service, audit,
    domain::{AllValid, Email, PasswordAttempt},
    hashing::Hasher,
    http::{self, Method, Request, Response},
    lambda::Endpoint,
    settings::SettingsCache,
    store::{Sessions, Users},
    tokens::{AccessTokens, RefreshTokens},
};

/// Opens sessions.
#[derive(Debug)]
pub struct Login {
    users: Users,
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
            sessions: service.sessions(),
            settings: service.settings(),
            hasher: service.hasher(),
            access_tokens: service.access_tokens(),
            refresh_tokens: service.refresh_tokens(),
        }
    }

    async fn warm_up(&self) {
        tokio::join!(self.settings.warm_up(), self.access_tokens.warm_up(), self.hasher.warm_up());
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let form = request.form()?;
        let (email, attempt) = (form.required::<Email>(), form.required::<PasswordAttempt>()).all_valid()?;

        // An unknown address, a wrong password and a disabled user take the same way, and so the same time.
        let check = async {
            let credentials = self.users.credentials(&email).await?;
            let hash = credentials.as_ref().map(|credentials| credentials.password_hash.clone());
            Ok((self.hasher.verify(attempt, hash).await?, credentials))
        };
        let ((is_right, credentials), settings) = tokio::try_join!(check, self.settings.current())?;
        let user = credentials.as_ref().map(|credentials| credentials.user);
        let may_log_in = is_right && credentials.is_some_and(|credentials| !credentials.disabled);
        let Some(user) = user.filter(|_| may_log_in) else {
            audit::login_failed(user);
            return Err(Error::INCORRECT_CREDENTIALS);
        };

        let access = self.access_tokens.issue(user, settings.access_token_seconds()).await?;
        let session = self.sessions.open(user, settings.refresh_token_seconds()).await?;
        let refresh = self.refresh_tokens.write(&session).await?;
        audit::login_succeeded(user);
        Ok(http::ok(&json!({ "access": access, "refresh": refresh })))
    }
}
