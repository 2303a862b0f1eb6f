//! `POST /api/logout/`: ends a session.

use std::sync::Arc;

use serde_json::json;
use shared::{
    Error, audit,
    error::RefreshTokenFault,
    http::{self, Method, Request, Response},
    runtime::{Service, lambda::Endpoint},
    store::{LoggedOut, Sessions, SettingsCache},
    tokens::{PresentedToken, RefreshTokens},
};

#[derive(Debug)]
pub struct Logout {
    sessions: Sessions,
    settings: Arc<SettingsCache>,
    refresh_tokens: RefreshTokens,
}

impl Endpoint for Logout {
    const NAME: &'static str = "logout";
    const PATHS: &'static [&'static str] = &["/api/logout"];
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(service: &Service) -> Self {
        Self { sessions: service.sessions(), settings: service.settings(), refresh_tokens: service.refresh_tokens() }
    }

    async fn warm_up(&self) {
        tokio::join!(self.settings.warm_up(), self.refresh_tokens.warm_up());
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let presented = request.form()?.required::<PresentedToken>()?;
        let handle = self.refresh_tokens.verify(&presented).await?;

        match self.sessions.log_out(&handle, &self.settings).await? {
            LoggedOut::Ended => {
                audit::session_ended(handle.user);
                Ok(http::ok(&json!({ "success": "User logged out." })))
            }
            LoggedOut::WasOver => Err(Error::RefreshToken(RefreshTokenFault::Over)),
            LoggedOut::Reused => {
                audit::token_reused(handle.user);
                Err(Error::RefreshToken(RefreshTokenFault::Reused))
            }
        }
    }
}
