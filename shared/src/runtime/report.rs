//! A line of JSON for each request. CloudWatch makes metrics of it by itself, with no call and no permission (embedded metric
//! format,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//!
//! Its keys are those of every other line of the log; the metrics have the names that CloudWatch gives metrics.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::logging;
use crate::{
    clock::{Clock, UnixSeconds},
    metrics::{Measured, Metric},
};

/// Writes a line for each request to standard output, where Lambda picks it up.
#[derive(Debug)]
pub(crate) struct Reporter {
    function: &'static str,
    /// Of the metrics; without one there are none, and the line is only read by people.
    namespace: Option<String>,
    clock: Clock,
    has_answered: AtomicBool,
}

impl Reporter {
    pub(crate) fn new(function: &'static str, namespace: Option<String>, clock: Clock) -> Self {
        Self { function, namespace, clock, has_answered: AtomicBool::new(false) }
    }

    /// Reports a request.
    pub(crate) fn report(&self, request: &Request<'_>, mut measured: Measured) {
        if !self.has_answered.swap(true, Ordering::Relaxed) {
            measured.add(Metric::ColdStarts, 1.0);
        }
        let now = Now { seconds: self.clock.now(), text: logging::timestamp() };
        let line = line(self.function, self.namespace.as_deref(), now, request, &measured.into_values());
        // If this fails, there is nowhere to report it.
        let _ = io::stdout().lock().write_all(&line);
    }
}

/// What the line says about a request, beside the metrics. Not its path, which may contain anything that a client sends.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) id: &'a str,
    pub(crate) method: Option<&'a str>,
    pub(crate) status: u16,
    /// In milliseconds, from the event to the answer. Lambda has a metric of that.
    pub(crate) duration: f64,
}

impl Metric {
    /// As CloudWatch names units.
    fn unit(self) -> &'static str {
        match self {
            Self::DynamoDbTime | Self::HashTime => "Milliseconds",
            _ => "Count",
        }
    }
}

/// A request's line, with its end.
fn line(function: &str, namespace: Option<&str>, now: Now, request: &Request<'_>, values: &[(Metric, f64)]) -> Vec<u8> {
    let mut line = Vec::with_capacity(USUAL_BYTES);
    // There is no key that is no string, nor anything else that JSON has not, and writing to memory does not fail.
    let _ = serde_json::to_writer(&mut line, &Line { function, namespace, now, request, values });
    line.push(b'\n');
    line
}

/// Hardly a request's line is longer.
const USUAL_BYTES: usize = 768;

/// When the request was answered.
struct Now {
    /// For the metrics.
    seconds: UnixSeconds,
    /// As every line of the log has it.
    text: String,
}

struct Line<'a> {
    function: &'a str,
    namespace: Option<&'a str>,
    now: Now,
    request: &'a Request<'a>,
    values: &'a [(Metric, f64)],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(namespace) = self.namespace {
            let metrics = self.values.iter().map(|(name, _)| Definition { name: *name, unit: name.unit() }).collect();
            let directive = Directive { namespace, dimensions: [["function"]], metrics };
            let timestamp = self.now.seconds.saturating_mul(1000);
            map.serialize_entry("_aws", &Metadata { timestamp, cloud_watch_metrics: [directive] })?;
        }
        map.serialize_entry("timestamp", &self.now.text)?;
        map.serialize_entry("level", "INFO")?;
        map.serialize_entry("request_id", self.request.id)?;
        map.serialize_entry("event", "request")?;
        map.serialize_entry("function", self.function)?;
        if let Some(method) = self.request.method {
            map.serialize_entry("method", method)?;
        }
        map.serialize_entry("status", &self.request.status)?;
        map.serialize_entry("duration_ms", &self.request.duration)?;
        for (metric, value) in self.values {
            map.serialize_entry(metric, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    /// In milliseconds.
    timestamp: u64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: [[&'static str; 1]; 1],
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: Metric,
    unit: &'static str,
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    const REQUEST: Request<'_> = Request { id: "request-1", method: Some("POST"), status: 200, duration: 18.5 };
    const VALUES: [(Metric, f64); 2] = [(Metric::Logins, 1.0), (Metric::HashTime, 16.25)];

    fn now() -> Now {
        Now { seconds: 1_800_000_000, text: "2027-01-15T08:00:00.000000Z".into() }
    }

    #[test]
    fn cloudwatch_finds_the_metrics_where_its_specification_has_them() {
        let line = String::from_utf8(line("login", Some("pyshop-auth"), now(), &REQUEST, &VALUES)).unwrap();
        assert_snapshot!(line, @r#"{"_aws":{"Timestamp":1800000000000,"CloudWatchMetrics":[{"Namespace":"pyshop-auth","Dimensions":[["function"]],"Metrics":[{"Name":"Logins","Unit":"Count"},{"Name":"HashTime","Unit":"Milliseconds"}]}]},"timestamp":"2027-01-15T08:00:00.000000Z","level":"INFO","request_id":"request-1","event":"request","function":"login","method":"POST","status":200,"duration_ms":18.5,"Logins":1.0,"HashTime":16.25}"#);
    }

    #[test]
    fn without_a_namespace_there_are_no_metrics_and_the_same_line() {
        let line = String::from_utf8(line("login", None, now(), &REQUEST, &VALUES)).unwrap();
        assert_snapshot!(line, @r#"{"timestamp":"2027-01-15T08:00:00.000000Z","level":"INFO","request_id":"request-1","event":"request","function":"login","method":"POST","status":200,"duration_ms":18.5,"Logins":1.0,"HashTime":16.25}"#);
    }
}
