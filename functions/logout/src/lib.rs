//! `POST /api/logout/`: the end of a session.

use serde_json::json;
use shared::{
    Error, Service, audit,
    http::{self, Method, Request, Response},
    lambda::Endpoint,
    store::Sessions,
    tokens::{PresentedToken, RefreshTokens},
};

/// Ends sessions.
#[derive(Debug)]
pub struct Logout {
    sessions: Sessions,
    refresh_tokens: RefreshTokens,
}

impl Endpoint for Logout {
    const PATH: &'static str = "/api/logout";
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(service: &Service) -> Self {
        Self { sessions: service.sessions(), refresh_tokens: service.refresh_tokens() }
    }

    async fn warm_up(&self) {
        self.refresh_tokens.warm_up().await;
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let presented = request.form()?.required::<PresentedToken>()?;
        let token = self.refresh_tokens.verify(&presented).await?;

        // An expired session that is still stored ends here like any other.
        if !self.sessions.end(&token).await? {
            return Err(Error::REFRESH_TOKEN_REFUSED);
        }
        audit::session_ended(token.user);
        Ok(http::ok(&json!({ "success": "User logged out." })))
    }
}
