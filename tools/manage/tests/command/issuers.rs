//! Stand-ins for the issuers of credentials: STS, IAM Identity Center, a container's agent and an instance's metadata.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use harness::stand_in;
use serde_json::json;

/// All of them, at one URL.
pub(crate) struct Issuers {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

/// A request to one of them.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// The path with the query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// Later than any run of the tests.
const LATER: &str = "2100-01-01T00:00:00Z";

impl Issuers {
    pub(crate) async fn start() -> Self {
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let keep = received.clone();
        let handle = move |uri: Uri, headers: HeaderMap, body: String| {
            let keep = keep.clone();
            async move {
                let request = Received { path: uri.to_string(), headers, body };
                let answer = answer(&request);
                keep.lock().unwrap().push(request);
                answer
            }
        };
        Self { url: stand_in::serve(Router::new().fallback(handle)).await, received }
    }

    /// The requests to them, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Received {
    /// The value of a header, empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

fn answer(request: &Received) -> Response {
    let path = request.path.split('?').next().unwrap();
    match path {
        "/" => sts(&request.body),
        // https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
        "/federation/credentials" => {
            let keys = json!({
                "accessKeyId": "ASIASSO", "secretAccessKey": "secret", "sessionToken": "token",
                "expiration": 4_102_444_800_000_u64,
            });
            Json(json!({ "roleCredentials": keys })).into_response()
        }
        // https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
        "/token" => {
            let token = json!({ "accessToken": "renewed", "expiresIn": 28_800, "tokenType": "Bearer" });
            Json(token).into_response()
        }
        // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
        "/container" => keys("ASIACONTAINER"),
        // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
        "/latest/api/token" => ([("x-aws-ec2-metadata-token-ttl-seconds", "21600")], "metadata-token").into_response(),
        "/latest/meta-data/placement/region" => "us-west-2".into_response(),
        "/latest/meta-data/iam/security-credentials/" => "operator".into_response(),
        "/latest/meta-data/iam/security-credentials/operator" => keys("ASIAINSTANCE"),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Temporary credentials, as containers and instances get them.
fn keys(access_key_id: &str) -> Response {
    let keys = json!({
        "Code": "Success",
        "AccessKeyId": access_key_id,
        "SecretAccessKey": "secret",
        "Token": "token",
        "Expiration": LATER,
    });
    Json(keys).into_response()
}

/// STS, where everybody may assume the role `operator` and nobody any other role.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
fn sts(request: &str) -> Response {
    let field = |name: &str| {
        let mut pairs = request.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(other, _)| *other == name).map(|(_, value)| value).unwrap_or_default()
    };
    let action = field("Action");
    if !field("RoleArn").ends_with("role%2Foperator") {
        let error = format!("<Code>AccessDenied</Code><Message>not authorized to perform: sts:{action}</Message>");
        let document = format!("<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>");
        return (StatusCode::FORBIDDEN, document).into_response();
    }
    let keys = format!(
        "<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>\
         <Expiration>{LATER}</Expiration>"
    );
    let arn = "arn:aws:sts::111122223333:assumed-role/operator/ada";
    let user = format!("<AssumedRoleId>AROAEXAMPLE:ada</AssumedRoleId><Arn>{arn}</Arn>");
    let result = format!("<Credentials>{keys}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>");
    format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>").into_response()
}
