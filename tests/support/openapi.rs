//! Validates the status, headers and body of every response in the tests against `openapi.yaml`, so that the document stays
//! accurate.

use std::{
    collections::HashMap,
    ptr,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, is_deployed};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_norway::from_str(include_str!("../../openapi.yaml")).expect("openapi.yaml should be valid YAML")
});

/// Validates a response.
///
/// # Errors
/// A description of the first difference from the document.
pub(crate) fn check(method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
    let response = find_response(method, path, answer.status).ok_or("it does not describe this response")?;
    for (name, header) in response.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let header = resolve(header);
        match answer.header(name) {
            Some(value) => validate(header.get("schema"), &json!(value)).map_err(|error| format!("{name}: {error}"))?,
            None if header.get("required") == Some(&json!(true)) => return Err(format!("{name} is missing")),
            // A gateway may rename the header, but only a deployed target has one.
            None if name == "WWW-Authenticate" && !is_deployed() => return Err(format!("{name} is missing")),
            None => {}
        }
    }
    match response.pointer("/content/application~1json/schema") {
        // A response to HEAD has only headers.
        Some(schema) if *method != Method::HEAD => validate(Some(schema), &answer.json()),
        _ if answer.body.is_empty() => Ok(()),
        _ => Err("it describes no body, but there is one".into()),
    }
}

/// An operation of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// In upper case.
    pub method: String,
    /// Without the trailing slash.
    pub path: String,
    /// Whether it reads a JSON body.
    pub takes_body: bool,
    /// Whether it needs an access token.
    pub needs_token: bool,
}

/// All operations of the document.
pub fn operations() -> impl Iterator<Item = Operation> {
    let paths = DOCUMENT.get("paths").and_then(Value::as_object).into_iter().flatten();
    let methods = ["get", "put", "post", "delete", "patch"];
    paths.flat_map(move |(path, item)| {
        let operations = methods.into_iter().filter_map(|method| Some((method, item.get(method)?)));
        operations.map(|(method, operation)| Operation {
            method: method.to_uppercase(),
            path: path.trim_end_matches('/').to_owned(),
            takes_body: operation.get("requestBody").is_some(),
            needs_token: operation.get("security").and_then(Value::as_array).is_none_or(|any| !any.is_empty()),
        })
    })
}

/// The paths of the operations that read a body and need no access token, all of which are `POST`.
pub fn public_posts() -> Vec<String> {
    let public: Vec<_> = operations().filter(|operation| operation.takes_body && !operation.needs_token).collect();
    assert!(public.len() > 3 && public.iter().all(|operation| operation.method == "POST"), "{public:?}");
    public.into_iter().map(|operation| operation.path).collect()
}

/// Whether this body is valid for `POST` to this path according to the document. The path needs its trailing slash.
///
/// # Panics
/// If the document has no such operation, or the operation reads no body.
pub fn allows(path: &str, body: &Value) -> bool {
    let operation = DOCUMENT
        .get("paths")
        .and_then(|paths| paths.get(path)?.get("post"))
        .expect("the document should describe this path");
    let described = resolve(operation.get("requestBody").expect("the operation should read a body"));
    validate(described.pointer("/content/application~1json/schema"), body).is_ok()
}

/// The response that the document describes for this operation and status.
fn find_response(method: &Method, path: &str, status: u16) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or(path);
    // The document describes each path in one form, but a trailing slash is optional in requests.
    let bare = path.strip_suffix('/').unwrap_or(path);
    let paths = DOCUMENT.get("paths")?;
    let described = paths.get(format!("{bare}/")).or_else(|| paths.get(bare).filter(|_| !bare.ends_with('/')));
    let response = match described {
        None if status == 404 => DOCUMENT.pointer("/components/responses/NotFound")?,
        None => return None,
        Some(operations) => match operations.get(method.as_str().to_lowercase()) {
            None if status == 405 => DOCUMENT.pointer("/components/responses/MethodNotAllowed")?,
            None => return None,
            Some(operation) => operation.get("responses")?.get(status.to_string())?,
        },
    };
    Some(resolve(response))
}

/// The target of a `$ref`, or the value itself.
fn resolve(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("references should be within the document");
            DOCUMENT.pointer(pointer).unwrap_or_else(|| panic!("openapi.yaml lacks {reference}"))
        }
        None => value,
    }
}

fn validate(schema: Option<&'static Value>, value: &Value) -> Result<(), String> {
    let schema = schema.expect("the document should have a schema here");
    validator(schema).validate(value).map_err(|error| error.to_string())
}

/// The validator for a schema of the document.
fn validator(schema: &'static Value) -> Arc<Validator> {
    /// By the address of the schema. Building a validator takes much longer than using it.
    static VALIDATORS: LazyLock<Mutex<HashMap<usize, Arc<Validator>>>> = LazyLock::new(Mutex::default);

    let build = || {
        let components = DOCUMENT.get("components").expect("openapi.yaml should have components");
        // References in the schema point to the components of the document.
        let schema = json!({ "allOf": [schema], "components": components });
        Arc::new(jsonschema::draft202012::new(&schema).expect("the schema should be valid"))
    };
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    validators.entry(ptr::from_ref(schema).addr()).or_insert_with(build).clone()
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn passes(path: &str, status: u16, header: (&'static str, &'static str), body: &str) -> bool {
        let mut headers = HeaderMap::new();
        let common = [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
        ];
        for (name, value) in common.into_iter().chain([header]) {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        check(&Method::POST, path, &Answer { status, headers, body: body.into() }).is_ok()
    }

    const LOGGED_OUT: &str = r#"{"success":"User logged out."}"#;
    const REFUSED: &str = r#"{"detail":"Token is invalid or expired."}"#;
    const ID: (&str, &str) = ("x-request-id", "abc");
    const CHALLENGE: (&str, &str) = ("www-authenticate", "Bearer");

    #[test]
    fn a_described_response_passes() {
        assert!(passes("/api/logout", 200, ID, LOGGED_OUT));
        assert!(passes("/api/nowhere/", 404, ID, r#"{"detail":"Not found."}"#));
        assert!(passes(
            "/api/me/",
            405,
            ("allow", "GET, HEAD, PUT, PATCH"),
            r#"{"detail":"Method \"POST\" not allowed."}"#
        ));
        assert!(passes("/api/refresh/", 401, CHALLENGE, REFUSED));
    }

    #[test]
    fn a_response_with_another_status_header_or_body_fails() {
        assert!(!passes("/api/logout/", 418, ID, LOGGED_OUT));
        assert!(!passes("/api/logout/", 200, ID, r#"{"success":"Bye."}"#));
        assert!(!passes("/api/logout/", 200, ID, r#"{"success":"User logged out.","user":1}"#));
        assert!(!passes("/api/logout/", 200, ("cache-control", "public"), LOGGED_OUT));
        assert!(!passes("/api/refresh/", 401, ID, REFUSED));
        assert!(!passes("/api/refresh/", 401, ("www-authenticate", "Basic"), REFUSED));
        assert!(!passes("/api/refresh/", 401, ("x-amzn-remapped-www-authenticate", "Bearer"), REFUSED));
    }
}
