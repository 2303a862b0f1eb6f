//! Stand-ins for AWS services that have no embedded form.

use std::net::SocketAddr;

use axum::{
    Json, Router,
    body::Bytes,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};

/// Serves this on a free port until the runtime ends, and returns its URL.
///
/// # Panics
/// When no port is free.
pub async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a bound port"));
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

/// The secret in Secrets Manager.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A port of this machine that refuses connections: it is taken, so that no other program gets it, but nothing listens.
#[derive(Debug)]
pub struct Nowhere(TcpSocket);

impl Nowhere {
    /// # Panics
    /// When no port is free.
    #[expect(clippy::new_without_default, reason = "it takes a port")]
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        Self(socket)
    }

    /// The URL at which nothing answers.
    ///
    /// # Panics
    /// Never: the port is bound.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("a bound port"))
    }
}

/// Secrets Manager with one secret, in its first version.
pub fn secrets_manager() -> Router {
    Router::new().fallback(secret)
}

async fn secret(request: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&request).unwrap_or_default();
    if request.get("VersionStage").is_none_or(|stage| stage == "AWSCURRENT") {
        return Json(json!({ "VersionId": "version-1", "SecretString": SECRET, "CreatedDate": 1.8e9 })).into_response();
    }
    (StatusCode::BAD_REQUEST, Json(json!({ "__type": "ResourceNotFoundException" }))).into_response()
}
