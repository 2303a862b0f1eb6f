//! A Lambda authorizer: API Gateway asks it whether a request to another API comes with an access token of this service.
//!
//! It denies whatever it cannot decide.

mod event;

use std::time::Duration;

use event::{Context, Form, authorization};
use serde_json::Value;
use shared::{
    Error, audit,
    http::bearer_token,
    runtime::{
        Service,
        config::{AuthorizerChecks, ConfigError},
        lambda::Invoked,
    },
    store::Users,
    tokens::AccessTokens,
};

/// Decides whether requests to other APIs may pass.
#[derive(Debug)]
pub struct Authorizer {
    access_tokens: AccessTokens,
    issuer: String,
    /// Where the token's user is looked up, unless the token alone decides.
    users: Option<Users>,
}

impl Invoked for Authorizer {
    const NAME: &'static str = "authorizer";
    // API Gateway waits for 10 s. Reading the keys and the user takes at most 8 s.
    const TIME_LIMIT: Duration = Duration::from_secs(9);
    type Answer = Value;

    fn new(service: &Service) -> Result<Self, ConfigError> {
        let hint = "the iss claim of the tokens to accept (or set API_URL to the URL of the API that issues them)";
        let missing = ConfigError::Missing { name: "TOKEN_ISSUER", hint };
        Ok(Self {
            access_tokens: service.access_tokens(),
            // The API that a request came through is not the one that issued its token.
            issuer: service.issuer().fixed().ok_or(missing)?.into(),
            users: (service.authorizer_checks() == AuthorizerChecks::User).then(|| service.users()),
        })
    }

    async fn warm_up(&self) {
        self.access_tokens.warm_up().await;
    }

    fn request_id(event: &Value) -> &str {
        event.pointer("/requestContext/requestId").and_then(Value::as_str).unwrap_or_default()
    }

    async fn handle(&self, event: &Value) -> Result<Value, Error> {
        let decision = self.decide(event).await;
        if let Err(error) = &decision {
            audit::access_denied(error);
        }
        decision
    }

    fn failed(event: &Value, _: &Error) -> Value {
        Form::of(event).unwrap_or(Form::Simple).answer(None)
    }
}

impl Authorizer {
    async fn decide(&self, event: &Value) -> Result<Value, Error> {
        let form = Form::of(event).ok_or_else(|| {
            Error::internal(
                "not an event for an authorizer: use this function as an authorizer of an HTTP API with payload format \
                 version 2.0 and simple responses, or of a REST API",
            )
        })?;
        let token = bearer_token(authorization(event).map(str::as_bytes))?;
        let token = self.access_tokens.verify_token(token, &self.issuer).await?;
        if let Some(users) = &self.users {
            users.find(token.holder).await??;
        }
        Ok(form.answer(Some(Context::from(token))))
    }
}
