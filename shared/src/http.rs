//! HTTP as handlers see it: they take a [`Request`] and return a [`Response`].

mod api_url;
mod authorization;
mod conditional;
mod error_response;
mod form;
mod proxy;
mod request;

pub use api_url::ApiUrl;
pub use authorization::bearer_token;
pub use conditional::entity_tag;
pub use form::Form;
pub use lambda_http::{
    Body,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
};
pub use proxy::Proxy;
pub(crate) use proxy::{SECRET_HEADER, Told};
pub use request::Request;
use serde::Serialize;

/// The largest accepted body, in bytes: ten times the largest that a client needs.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// A response. Its body is JSON, except for a [`document`].
pub type Response = lambda_http::http::Response<Body>;

/// 200 with this body.
pub fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// 201 with this body.
pub fn created(body: &impl Serialize) -> Response {
    json(StatusCode::CREATED, body)
}

/// A JSON response.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // Bodies consist of strings and numbers under string keys, so serialising cannot fail.
    let mut response = document("application/json", serde_json::to_string(body).unwrap_or_default());
    *response.status_mut() = status;
    response
}

/// 200 with this content of this type, and the headers of every response.
pub fn document(kind: &'static str, content: impl Into<Body>) -> Response {
    let mut response = Response::new(content.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// 304: the client has this version. It has the headers of the response with the content (RFC 9110, section 15.4.5).
pub fn not_modified(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::Empty;
    let headers = response.headers_mut();
    for name in [header::CONTENT_TYPE, header::CONTENT_ENCODING] {
        headers.remove(name);
    }
    response
}
