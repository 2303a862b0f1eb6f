//! `POST /api/login/`: opens a session for an address and a password.

use std::sync::Arc;

use serde_json::json;
use shared::{
    Error, audit,
    domain::{AllValid, Email},
    guard::PasswordGuard,
    http::{self, Method, Request, Response},
    passwords::PasswordAttempt,
    runtime::{Service, lambda::Endpoint},
    store::{Sessions, SettingsCache, Users},
    tokens::{AccessTokens, RefreshTokens},
};

#[derive(Debug)]
pub struct Login {
    users: Users,
    passwords: PasswordGuard,
    sessions: Sessions,
    settings: Arc<SettingsCache>,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
}

impl Endpoint for Login {
    const NAME: &'static str = "login";
    const PATHS: &'static [&'static str] = &["/api/login"];
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(service: &Service) -> Self {
        Self {
            users: service.users(),
            passwords: service.passwords(),
            sessions: service.sessions(),
            settings: service.settings(),
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

        let (state, settings) =
            tokio::try_join!(self.passwords.look_up(&email, request.source), self.settings.current())?;
        let proven = self.passwords.check(state, attempt, &settings).await?.ok_or(Error::IncorrectCredentials)?;
        let holder = proven.credentials.holder;
        if let Some(better) = proven.better_hash.clone() {
            self.users.replace_hash(&email, &proven.credentials, better).await;
        }

        let handle = self.sessions.new_handle(holder.user)?;
        let access = self.access_tokens.issue(request, holder, handle.session, &settings).await?;
        let refresh = self.refresh_tokens.write(&handle).await?;
        let opening = self.sessions.open(&handle, holder.generation, settings.refresh_token_seconds());
        let (opened, ()) = tokio::join!(opening, self.passwords.remember(&proven));
        opened?;
        audit::login_succeeded(holder.user);
        Ok(http::ok(&json!({ "access": access, "refresh": refresh })))
    }
}
