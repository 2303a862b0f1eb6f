//! `POST /api/refresh/`: a refresh token for a new access token.

use std::sync::Arc;

use serde_json::json;
use shared::{
    Error, audit,
    http::{self, Method, Request, Response},
    runtime::{Service, lambda::Endpoint},
    store::{Sessions, SettingsCache, Use, Users},
    tokens::{AccessTokens, PresentedToken, RefreshTokens},
};

/// Issues access tokens for sessions that go on.
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
        let token = self.refresh_tokens.verify(&presented).await?;

        // With settings at hand that say so, a token is replaced at once; else its session is seen first.
        let replace = self.settings.fresh().is_some_and(|settings| settings.rotates_refresh_tokens());
        let presenting = self.sessions.present(&self.users, &token, replace);
        let ((presented, account), settings) = tokio::try_join!(presenting, self.settings.current())?;
        let holder =
            account.ok_or(if presented.is_nothing() { Error::SESSION_OVER } else { Error::SESSION_VOID })?.holder();
        let next = match self.sessions.settle(&token, presented, &settings).await? {
            Use::Stays => None,
            Use::Replaced(next) => Some(self.refresh_tokens.write(&next).await?),
            Use::Over => return Err(Error::SESSION_OVER),
            Use::Reused => {
                audit::token_reused(holder.user);
                return Err(Error::REFRESH_TOKEN_REUSED);
            }
        };

        let access = self.access_tokens.issue(holder, settings.access_token_seconds()).await?;
        audit::token_created(holder.user);
        Ok(http::ok(&match next {
            Some(refresh) => json!({ "access": access, "refresh": refresh }),
            None => json!({ "access": access }),
        }))
    }
}
