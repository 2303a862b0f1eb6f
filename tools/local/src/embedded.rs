//! The port of the embedded DynamoDB. The crate's own server also answers web pages, and nothing can filter requests in front of
//! it on the same port. So its operations are served here, only to programs on this machine.

use std::io;

use axum::{
    Router,
    body::{self, Body},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts},
    middleware::{self, Next},
    response::Response,
};
use dynoxide::{
    Database, DynoxideError,
    auth_material::{self, AuthMaterial},
};
use serde::{Serialize, de::DeserializeOwned};
use shared::random::Random;
use tokio::net::TcpListener;

use crate::fence;

/// DynamoDB's limit for a request's body, in bytes.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

const AMAZONS_JSON: &str = "application/x-amz-json-1.0";
const JSON: &str = "application/json";

/// The header with the version of the API and the name of the operation.
const TARGET: &str = "x-amz-target";
const TARGETS: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];

const FOREIGN_NAME: &str = "The embedded DynamoDB answers only to 127.0.0.1, [::1] and localhost, so that no web page \
                            reaches it under a name of its own.";
const FROM_A_PAGE: &str = "The embedded DynamoDB does not answer web pages of any origin. Use a program instead, such as \
                           the AWS CLI.";

/// Serves this database to programs on this machine, until `stopped` completes. As in DynamoDB Local, a request must have a
/// signature, which is not verified.
///
/// # Errors
/// The system's error when no more connections can be accepted.
pub async fn serve(
    listener: TcpListener,
    database: Database,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new().fallback(answer).layer(middleware::from_fn(programs_only)).with_state(database);
    axum::serve(listener, router).with_graceful_shutdown(stopped).await
}

/// Refuses web pages before anything else is looked at. No answer has a CORS header, so that a browser sends no request that needs
/// a preflight, and shows no answer to a page.
async fn programs_only(request: Request, next: Next) -> Response {
    let message = if !fence::calls_this_machine(&request) {
        FOREIGN_NAME
    } else if fence::is_from_a_page(request.headers()) {
        FROM_A_PAGE
    } else {
        return next.run(request).await;
    };
    let error = DynoxideError::AccessDeniedException(message.into());
    response(StatusCode::FORBIDDEN, AMAZONS_JSON, error.to_json())
}

async fn answer(State(database): State<Database>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    match (head.method.as_str(), head.uri.path()) {
        ("POST", "/") => {}
        ("GET", "/") => return response(StatusCode::OK, "text/plain", "healthy: the embedded DynamoDB\n".into()),
        _ => {
            return response(StatusCode::NOT_FOUND, "text/plain", "not found: DynamoDB is at POST /\n".into());
        }
    }
    // In the client's own content type.
    let content_type =
        match header(&head.headers, "content-type").and_then(|value| value.split(';').next()).map(str::trim) {
            Some(value) if value.eq_ignore_ascii_case(AMAZONS_JSON) => AMAZONS_JSON,
            Some(value) if value.eq_ignore_ascii_case(JSON) => JSON,
            _ => {
                let text = "expected a body of type application/x-amz-json-1.0\n";
                return response(StatusCode::NOT_FOUND, "text/plain", text.into());
            }
        };
    let Ok(body) = body::to_bytes(body, MAX_BODY_BYTES).await else {
        let error = DynoxideError::ValidationException("Request size limit exceeded".into());
        return response(StatusCode::PAYLOAD_TOO_LARGE, content_type, error.to_json());
    };
    let (status, text) = operate(&database, &head, &body);
    response(status, content_type, text)
}

/// The status and the body of the answer.
fn operate(database: &Database, head: &Parts, body: &[u8]) -> (StatusCode, String) {
    let target = header(&head.headers, TARGET).unwrap_or_default();
    let operation = TARGETS.iter().find_map(|prefix| target.strip_prefix(prefix)).unwrap_or_default();
    let material = AuthMaterial {
        authorization: header(&head.headers, "authorization"),
        query: head.uri.query().unwrap_or_default(),
        has_date_header: head.headers.contains_key("x-amz-date") || head.headers.contains_key("date"),
    };
    if let Some(refusal) = auth_material::validate(material) {
        return (StatusCode::BAD_REQUEST, refusal);
    }
    match run(database, operation, body) {
        Some(Ok(text)) => (StatusCode::OK, text),
        Some(Err(error)) => {
            (StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST), error.to_json())
        }
        None => {
            (StatusCode::BAD_REQUEST, r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#.to_owned())
        }
    }
}

/// Runs an operation, if there is one with that name. It blocks its thread, as every call of SQLite does.
fn run(database: &Database, operation: &str, body: &[u8]) -> Option<dynoxide::Result<String>> {
    Some(match operation {
        "BatchExecuteStatement" => call(body, |request| database.batch_execute_statement(request)),
        "BatchGetItem" => call(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => call(body, |request| database.batch_write_item(request)),
        "CreateTable" => call(body, |request| database.create_table(request)),
        "DeleteItem" => call(body, |request| database.delete_item(request)),
        "DeleteTable" => call(body, |request| database.delete_table(request)),
        "DescribeStream" => call(body, |request| database.describe_stream(request)),
        "DescribeTable" => call(body, |request| database.describe_table(request)),
        "DescribeTimeToLive" => call(body, |request| database.describe_time_to_live(request)),
        "ExecuteStatement" => call(body, |request| database.execute_statement(request)),
        "ExecuteTransaction" => call(body, |request| database.execute_transaction(request)),
        "GetItem" => call(body, |request| database.get_item(request)),
        "GetRecords" => call(body, |request| database.get_records(request)),
        "GetShardIterator" => call(body, |request| database.get_shard_iterator(request)),
        "ListStreams" => call(body, |request| database.list_streams(request)),
        "ListTables" => call(body, |request| database.list_tables(request)),
        "ListTagsOfResource" => call(body, |request| database.list_tags_of_resource(request)),
        "PutItem" => call(body, |request| database.put_item(request)),
        "Query" => call(body, |request| database.query(request)),
        "Scan" => call(body, |request| database.scan(request)),
        "SearchVectors" => call(body, |request| database.search_vectors(request)),
        "TagResource" => call(body, |request| database.tag_resource(request)),
        "TransactGetItems" => call(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => call(body, |request| database.transact_write_items(request)),
        "UntagResource" => call(body, |request| database.untag_resource(request)),
        "UpdateItem" => call(body, |request| database.update_item(request)),
        "UpdateTable" => call(body, |request| database.update_table(request)),
        "UpdateTimeToLive" => call(body, |request| database.update_time_to_live(request)),
        _ => return None,
    })
}

fn call<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> dynoxide::Result<String> {
    let request = serde_json::from_slice(body).map_err(|error| invalid_body(&error))?;
    let answer = operation(request)?;
    serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The error of DynamoDB for an invalid body. The crate begins its own errors with a word and a colon.
fn invalid_body(error: &serde_json::Error) -> DynoxideError {
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or_default();
    match message.split_once(':') {
        Some(("VALIDATION" | "VALIDATION_AS_READ" | "VALIDATION_REQUEST", message)) => {
            DynoxideError::ValidationException(message.into())
        }
        Some(("SERIALIZATION" | "SERIALIZATION_AS_READ", message)) => {
            DynoxideError::SerializationException(message.into())
        }
        _ if message.contains("AttributeValue") || message.contains("missing field") => {
            DynoxideError::ValidationException(message.into())
        }
        _ => DynoxideError::SerializationException(message.into()),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// An answer with the checksum that clients compare with the body, and an id for their messages.
fn response(status: StatusCode, content_type: &'static str, text: String) -> Response {
    let checksum = crc32fast::hash(text.as_bytes());
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert("x-amz-crc32", checksum.into());
    if let Ok(bytes) = Random::system().bytes()
        && let Ok(id) = HeaderValue::try_from(format!("{:032X}", u128::from_be_bytes(bytes)))
    {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
