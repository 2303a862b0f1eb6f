//! `POST /api/logout/`: the end of a session.

use std::sync::Arc;

use serde_json::json;
use shared::{
    Error, audit,
    http::{self, Method, Request, Response},
    runtime::{Service, lambda::Endpoint},
    store::{End, Sessions, SettingsCache},
    tokens::{PresentedToken, RefreshTokens},
};

/// Ends sessions.
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
        let token = self.refresh_tokens.verify(&presented).await?;

        // An expired session that is still stored ends here like any other.
        let (session, settings) = tokio::try_join!(self.sessions.end(&token), self.settings.current())?;
        match self.sessions.ended(&token, session, &settings) {
            End::Ended => {
                audit::session_ended(token.user);
                Ok(http::ok(&json!({ "success": "User logged out." })))
            }
            End::WasOver => Err(Error::SESSION_OVER),
            End::Reused => {
                audit::token_reused(token.user);
                Err(Error::REFRESH_TOKEN_REUSED)
            }
        }
    }
}
