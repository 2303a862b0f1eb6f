//! `GET /.well-known/jwks.json`: the public keys of access tokens. `GET /.well-known/openid-configuration`: where they are and
//! who issues the tokens (OpenID Connect Discovery 1.0, section 4).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;
use shared::{
    Error,
    http::{self, ApiUrl, HeaderValue, Method, Request, Response, header},
    keys::{JwkSet, KeyStore},
    runtime::{Service, lambda::Endpoint},
    settings::SigningAlgorithm,
    tokens::Issuer,
};

const KEY_SET: &str = "/.well-known/jwks.json";
const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// Serves what other services verify access tokens with.
#[derive(Debug)]
pub struct Jwks {
    keys: Arc<KeyStore>,
    issuer: Issuer,
    api_url: ApiUrl,
    max_age: Duration,
    /// The key set that was served last, and its document.
    last: Mutex<Option<(JwkSet, Document)>>,
}

/// A JSON document and its entity tag.
#[derive(Debug, Clone)]
struct Document {
    content: Arc<str>,
    tag: Arc<str>,
}

impl Endpoint for Jwks {
    const NAME: &'static str = "jwks";
    const PATHS: &'static [&'static str] = &[KEY_SET, CONFIGURATION];
    const METHODS: &'static [Method] = &[Method::GET];

    fn new(service: &Service) -> Self {
        Self {
            keys: service.keys(),
            issuer: service.issuer(),
            api_url: service.api_url(),
            max_age: service.public_keys_max_age(),
            last: Mutex::default(),
        }
    }

    async fn warm_up(&self) {
        self.keys.warm_up().await;
    }

    async fn handle(&self, request: &Request) -> Result<Response, Error> {
        let document = if request.path == KEY_SET { self.key_set().await? } else { self.configuration(request)? };
        let response = self.response(&document)?;
        Ok(if request.has_version(&document.tag) { http::not_modified(response) } else { response })
    }
}

impl Jwks {
    /// The key set (RFC 7517, section 5). Its document is only made anew when the keys have changed.
    async fn key_set(&self) -> Result<Document, Error> {
        let keys = self.keys.public().await?;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, document)) = &*last
            && *known == keys
        {
            return Ok(document.clone());
        }
        let document = Document::new(serde_json::to_string(&keys).map_err(Error::internal)?);
        *last = Some((keys, document.clone()));
        Ok(document)
    }

    /// The provider's configuration: the members that the specification requires.
    ///
    /// It requires an `authorization_endpoint`, though nobody is sent there: users log in with a POST. With the response type
    /// `token` it requires no `token_endpoint`.
    fn configuration(&self, request: &Request) -> Result<Document, Error> {
        let api = self.api_url.of(request)?;
        let configuration = json!({
            "issuer": self.issuer.of(request)?,
            "jwks_uri": format!("{api}{KEY_SET}"),
            "authorization_endpoint": format!("{api}/api/login/"),
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [SigningAlgorithm::Es256.name()],
        });
        Ok(Document::new(configuration.to_string()))
    }

    fn response(&self, document: &Document) -> Result<Response, Error> {
        let mut response = http::document("application/json", document.content.to_string());
        let kept = format!("public, max-age={}", self.max_age.as_secs());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, kept.try_into().map_err(Error::internal)?);
        headers.insert(header::ETAG, document.tag.parse().map_err(Error::internal)?);
        // Public data, which pages of any origin may read.
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        Ok(response)
    }
}

impl Document {
    fn new(content: String) -> Self {
        Self { tag: http::entity_tag(content.as_bytes()).into(), content: content.into() }
    }
}
