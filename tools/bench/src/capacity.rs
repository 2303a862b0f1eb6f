//! A proxy in front of DynamoDB that adds up the capacity that each request consumes
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>).

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use harness::stand_in;
use serde_json::Value;

/// Requests, and the capacity units that they consumed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Consumed {
    pub(crate) requests: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
}

/// A counting proxy.
#[derive(Clone)]
pub(crate) struct Counter {
    dynamodb: String,
    client: reqwest::Client,
    consumed: Arc<Mutex<Consumed>>,
}

impl Counter {
    /// Starts a proxy in front of the DynamoDB at this URL, and returns it with its own URL.
    pub(crate) async fn start(dynamodb: &str) -> reqwest::Result<(Self, String)> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let counter = Self { dynamodb: dynamodb.into(), client, consumed: Arc::default() };
        let url = stand_in::serve(Router::new().fallback(forward).with_state(counter.clone())).await;
        Ok((counter, url))
    }

    /// What was consumed since the last call.
    pub(crate) fn take(&self) -> Consumed {
        std::mem::take(&mut self.consumed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn ask(
        &self,
        mut headers: HeaderMap,
        body: &[u8],
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let mut request: Value = serde_json::from_slice(body)?;
        request.as_object_mut().ok_or("not a JSON object")?.insert("ReturnConsumedCapacity".into(), "TOTAL".into());
        headers.remove(header::CONTENT_LENGTH);
        headers.remove(header::HOST);
        let operation =
            headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default().to_owned();
        let answer = self.client.post(&self.dynamodb).headers(headers).body(request.to_string()).send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        self.count(&operation, &serde_json::from_slice(&body)?);
        Ok((status, body))
    }

    fn count(&self, operation: &str, answer: &Value) {
        let units = |consumed: &Value| consumed.get("CapacityUnits").and_then(Value::as_f64).unwrap_or_default();
        let units: f64 = match answer.get("ConsumedCapacity") {
            Some(Value::Array(tables)) => tables.iter().map(units).sum(),
            Some(table) => units(table),
            None => 0.0,
        };
        let mut consumed = self.consumed.lock().unwrap_or_else(PoisonError::into_inner);
        consumed.requests += 1.0;
        if operation.ends_with("GetItem") { consumed.read_units += units } else { consumed.write_units += units }
    }
}

async fn forward(State(counter): State<Counter>, headers: HeaderMap, body: Bytes) -> Response {
    match counter.ask(headers, &body).await {
        Ok(answer) => answer.into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}
