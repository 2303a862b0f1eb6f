//! Events of API Gateway for Lambda authorizers, and the answers that it expects.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>

use serde::Serialize;
use serde_json::{Value, json};
use shared::tokens::AccessToken;

/// The header that the token is in.
const HEADER: &str = "authorization";

/// What a token of nobody is called in a policy.
const NOBODY: &str = "nobody";

/// How API Gateway wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form<'a> {
    /// Of an HTTP API with payload format 2.0: yes or no.
    Simple,
    /// Of a REST API, or of an HTTP API with payload format 1.0: an IAM policy about the method with this ARN.
    Policy(&'a str),
}

/// Who may pass, as the API behind the authorizer sees it. All are texts, since a REST API makes them texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Context {
    user_id: String,
    /// Empty for tokens that have no session.
    session_id: String,
    /// In Unix seconds.
    expires_at: String,
}

impl From<AccessToken> for Context {
    fn from(token: AccessToken) -> Self {
        Self {
            user_id: token.holder.user.to_string(),
            session_id: token.session_id.unwrap_or_default(),
            expires_at: token.expires_at.to_string(),
        }
    }
}

impl<'a> Form<'a> {
    /// The form for this event, if it is one for an authorizer.
    pub(crate) fn of(event: &'a Value) -> Option<Self> {
        match (event["version"].as_str(), event["methodArn"].as_str()) {
            (Some("2.0"), None) => Some(Self::Simple),
            (None | Some("1.0"), Some(arn)) => Some(Self::Policy(arn)),
            _ => None,
        }
    }

    /// The answer that lets a request pass with this context, or, without one, does not.
    pub(crate) fn answer(self, context: Option<Context>) -> Value {
        match self {
            Self::Simple => match context {
                Some(context) => json!({ "isAuthorized": true, "context": context }),
                None => json!({ "isAuthorized": false }),
            },
            Self::Policy(arn) => {
                let effect = if context.is_some() { "Allow" } else { "Deny" };
                let statement =
                    json!({ "Action": "execute-api:Invoke", "Effect": effect, "Resource": whole_stage(arn) });
                let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
                match context {
                    Some(context) => {
                        json!({ "principalId": context.user_id, "policyDocument": policy, "context": context })
                    }
                    None => json!({ "principalId": NOBODY, "policyDocument": policy }),
                }
            }
        }
    }
}

/// All methods of a method's stage. API Gateway keeps a policy for a token and applies it to that token's other requests too,
/// which a policy about one method would deny.
fn whole_stage(method: &str) -> String {
    // arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH
    let mut parts = method.splitn(3, '/');
    match (parts.next(), parts.next()) {
        (Some(api), Some(stage)) => format!("{api}/{stage}/*"),
        _ => method.into(),
    }
}

/// The request's header `Authorization`, if there is exactly one, whatever its case.
pub(crate) fn authorization(event: &Value) -> Option<&str> {
    if let Some(token) = event["authorizationToken"].as_str().filter(|_| event["type"] == "TOKEN") {
        return Some(token);
    }
    let named = |headers: &'static str| {
        let headers = event[headers].as_object().into_iter().flatten();
        headers.filter(|(name, _)| name.eq_ignore_ascii_case(HEADER)).map(|(_, value)| value)
    };
    let mut single = named("headers");
    // A REST API lists all values of a header here, and the last one alone there.
    let many = named("multiValueHeaders").flat_map(|values| values.as_array().into_iter().flatten()).count();
    match (single.next(), single.next()) {
        (Some(value), None) if many <= 1 => value.as_str(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
