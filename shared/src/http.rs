//! HTTP as handlers see it: a [`Request`] on the way in, a [`Response`] on the way out.

mod authorization;
mod form;
mod proxy;
mod request;

pub use form::Form;
pub use lambda_http::{
    Body,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
};
pub use proxy::Proxy;
pub(crate) use proxy::{SECRET_HEADER, Told};
pub use request::Request;
use serde::Serialize;

/// The longest body that is read, in bytes. The longest that makes sense has a tenth of it.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// An answer, with its body in JSON if it is not a [`document`].
pub type Response = lambda_http::http::Response<Body>;

/// 200 with this body.
pub fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// 201 with this body.
pub fn created(body: &impl Serialize) -> Response {
    json(StatusCode::CREATED, body)
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // What is answered here is strings and numbers under string keys, which serialise without fail.
    let mut response = document("application/json", serde_json::to_string(body).unwrap_or_default());
    *response.status_mut() = status;
    response
}

/// 200 with this content of this type, and the headers that every answer has.
pub fn document(kind: &'static str, content: impl Into<Body>) -> Response {
    let mut response = Response::new(content.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
