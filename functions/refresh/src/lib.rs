//! `POST /api/refresh/`: exchanges a refresh token for a new access token.

use std::sync::Arc;

use serde_json::json;
use shared::{
    Error, audit,
    error::RefreshTokenFault,
    http::{self, Method, Request, Response},
    runtime::{Service, lambda::Endpoint},
    store::{Refreshed, Sessions, SettingsCache, Users},
    tokens::{AccessTokens, PresentedToken, RefreshTokens},
};

#[derive(Debug)]
pub struct Refresh {
    users: Users,
    sessions: Sessions,
    settings: Arc<SettingsCache>,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
}

impl Endpoint for Refresh {
    const NAME: &'static str = "refresh";
    const PATHS: &'static [&'static str] = &["/api/refresh"];
    const METHODS: &'static [Method] = &[Method::POST];

    fn new(service: &Service) -> Self {
        Self {
            users: service.users(),
            sessions: service.sessions(),
            settings: service.settings(),
            access_tokens: service.access_tokens(),
            refresh_tokens: service.refresh_tokens(),
        }
    }

    async fn warm_up(&self) {
        tokio::join!(self.settings.warm_up(), self.refresh_tokens.warm_up());
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let presented = request.form()?.required::<PresentedToken>()?;
        let handle = self.refresh_tokens.verify(&presented).await?;

        let (refreshed, settings) = self.sessions.refresh(&handle, &self.users, &self.settings).await?;
        let (holder, next) = match refreshed {
            Refreshed::Kept(holder) => (holder, None),
            Refreshed::Rotated(holder, next) => (holder, Some(self.refresh_tokens.write(&next).await?)),
            Refreshed::Over => return Err(Error::RefreshToken(RefreshTokenFault::Over)),
            Refreshed::Void => return Err(Error::RefreshToken(RefreshTokenFault::Void)),
            Refreshed::Reused => {
                audit::token_reused(handle.user);
                return Err(Error::RefreshToken(RefreshTokenFault::Reused));
            }
        };

        let access = self.access_tokens.issue(request, holder, handle.session, &settings).await?;
        audit::token_created(holder.user);
        Ok(http::ok(&match next {
            Some(refresh) => json!({ "access": access, "refresh": refresh }),
            None => json!({ "access": access }),
        }))
    }
}
