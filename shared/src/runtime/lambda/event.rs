//! Events of an API Gateway HTTP API, payload format 2.0.

use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Error,
    domain::Source,
    http::{Proxy, Request, SECRET_HEADER, Told},
};

/// The parts of an event that this service needs.
///
/// `lambda_http` has its own type and conversion. They are not used, since the conversion panics on invalid base64 in the body and
/// on a `Host` header that is not valid in a URL, and the type rejects the whole event for a header with a control character.
/// Whatever a client can send must get an answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpApiEvent {
    raw_path: String,
    route_key: Option<String>,
    #[serde(default)]
    headers: HashMap<String, String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: RequestContext,
    /// The method, if what was sent is a token.
    #[serde(skip)]
    method: Option<Method>,
    /// What the operator's proxy in front of the gateway says.
    #[serde(skip)]
    told: Told,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    /// `cargo lambda watch` sends null.
    api_id: Option<String>,
    #[serde(default)]
    request_id: String,
    #[serde(default)]
    stage: String,
    http: Http,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: String,
}

impl HttpApiEvent {
    /// Parses an event.
    ///
    /// # Errors
    /// [`Error::Internal`] if it has another shape. Its contents are not logged, since they may include a password.
    pub(super) fn read(event: Value) -> Result<Self, Error> {
        let event = Self::deserialize(event).map_err(|_| {
            Error::internal(
                "not an event of an HTTP API with payload format 2.0: call this function through such an API, \
                 not through a REST API, a load balancer, a schedule or a queue",
            )
        })?;
        // Any token is a method, and methods are case-sensitive (RFC 9110, section 9.1).
        let method = Method::from_bytes(event.request_context.http.method.as_bytes()).ok();
        Ok(Self { method, ..event })
    }

    /// Takes account of a proxy that the request may have come through.
    pub(super) fn behind(mut self, proxy: Option<&Proxy>) -> Self {
        self.told = proxy.map(|proxy| proxy.told(&self.headers)).unwrap_or_default();
        self
    }

    /// Warns that the proxy did not name the client's address. Such requests all count as coming from the proxy.
    pub(super) fn warn_of_proxy(&self) {
        if let Told::Unreadable(reason) = self.told {
            tracing::warn!(event = "proxy_address_invalid", reason);
        }
    }

    /// Which of these paths was requested, with or without a trailing slash, if one was. The stage's name may precede it, and so
    /// may the base path of a custom domain: API Gateway is documented to remove that, but other gateways may not.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
    pub(super) fn path(&self, known: &[&str]) -> Option<&str> {
        let sent = self.raw_path.strip_suffix('/').unwrap_or(&self.raw_path);
        let below_stage = sent.strip_prefix('/').and_then(|sent| sent.strip_prefix(&self.request_context.stage));
        let below_base = self.route().and_then(|route| from_route(sent, route));
        [Some(sent), below_stage, below_base].into_iter().flatten().find(|path| known.contains(path))
    }

    /// The path of the route that the gateway chose, such as `/api/login` of `ANY /api/login/{proxy+}`. What
    /// precedes it in the request's path does not matter, since no other path has this route.
    fn route(&self) -> Option<&str> {
        let (_, path) = self.route_key.as_deref()?.split_once(' ')?;
        let path = path.strip_suffix("/{proxy+}").unwrap_or(path);
        path.starts_with('/').then_some(path)
    }

    /// The method, if what was sent is a token.
    pub(super) fn method(&self) -> Option<&Method> {
        self.method.as_ref()
    }

    /// What was sent as the method.
    pub(super) fn sent_method(&self) -> &str {
        &self.request_context.http.method
    }

    /// The gateway's id of this request.
    pub(super) fn request_id(&self) -> &str {
        &self.request_context.request_id
    }

    /// The source address: what the proxy says if the request came through it, else what the gateway sees.
    pub(super) fn source(&self) -> Source {
        match self.told {
            Told::From(source) => source,
            Told::Nothing | Told::Unreadable(_) => Source::read(&self.request_context.http.source_ip),
        }
    }

    /// The request for this path with this method, with its body decoded.
    ///
    /// # Errors
    /// [`Error::Json`] if the body is declared as base64 but is not.
    pub(super) fn into_request(self, path: String, method: Method) -> Result<Request, Error> {
        let method = if method == Method::HEAD { Method::GET } else { method };
        let source = self.source();
        let ends_with_slash = self.raw_path.ends_with('/');
        let body = self.body.unwrap_or_default();
        let body = if self.is_base64_encoded {
            BASE64_STANDARD.decode(body).map_err(|error| Error::Json(format!("the body is not base64: {error}")))?
        } else {
            body.into_bytes()
        };
        let api_id = self.request_context.api_id.unwrap_or_default();
        Ok(Request { path, ends_with_slash, method, source, api_id, headers: header_map(self.headers), body })
    }
}

/// The rest of a path from the first occurrence of a route in it, as whole segments. A second occurrence belongs to the path below
/// the route.
fn from_route<'a>(path: &'a str, route: &str) -> Option<&'a str> {
    path.match_indices(route).find_map(|(start, _)| {
        let found = path.get(start..)?;
        let below = found.strip_prefix(route)?;
        (below.is_empty() || below.starts_with('/')).then_some(found)
    })
}

/// Gateways differ in the case of header names. Invalid headers are left out, and so is the proxy's secret, which no handler
/// needs.
fn header_map(headers: HashMap<String, String>) -> HeaderMap {
    let parse = |(name, value): (String, String)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    headers.into_iter().filter_map(parse).filter(|(name, _)| *name != SECRET_HEADER).collect()
}

#[cfg(test)]
mod tests;
