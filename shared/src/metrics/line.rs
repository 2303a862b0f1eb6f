//! The line itself.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::Metric;
use crate::clock::UnixSeconds;

/// What is told of a request beside the metrics. Its path is not, since whatever a client sends may stand there.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) id: &'a str,
    pub(crate) method: &'a str,
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
pub(super) fn line(
    function: &str,
    namespace: Option<&str>,
    now: UnixSeconds,
    request: &Request<'_>,
    values: &[(Metric, f64)],
) -> Vec<u8> {
    let mut line = Vec::with_capacity(USUAL_BYTES);
    // There is no key that is no string, nor anything else that JSON has not, and writing to memory does not fail.
    let _ = serde_json::to_writer(&mut line, &Line { function, namespace, now, request, values });
    line.push(b'\n');
    line
}

/// Hardly a request's line is longer.
const USUAL_BYTES: usize = 768;

struct Line<'a> {
    function: &'a str,
    namespace: Option<&'a str>,
    now: UnixSeconds,
    request: &'a Request<'a>,
    values: &'a [(Metric, f64)],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(namespace) = self.namespace {
            let metrics = self.values.iter().map(|(name, _)| Definition { name: *name, unit: name.unit() }).collect();
            let directive = Directive { namespace, dimensions: [["Function"]], metrics };
            let timestamp = self.now.saturating_mul(1000);
            map.serialize_entry("_aws", &Metadata { timestamp, cloud_watch_metrics: [directive] })?;
        }
        map.serialize_entry("level", "INFO")?;
        map.serialize_entry("event", "request")?;
        map.serialize_entry("request_id", self.request.id)?;
        map.serialize_entry("Function", self.function)?;
        map.serialize_entry("method", self.request.method)?;
        map.serialize_entry("status", &self.request.status)?;
        map.serialize_entry("Duration", &self.request.duration)?;
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

    const REQUEST: Request<'_> = Request { id: "request-1", method: "POST", status: 200, duration: 18.5 };
    const VALUES: [(Metric, f64); 2] = [(Metric::Logins, 1.0), (Metric::HashTime, 16.25)];

    #[test]
    fn cloudwatch_finds_the_metrics_where_its_specification_has_them() {
        let line = String::from_utf8(line("login", Some("pyshop-auth"), 1_800_000_000, &REQUEST, &VALUES)).unwrap();
        assert_snapshot!(line, @r#"{"_aws":{"Timestamp":1800000000000,"CloudWatchMetrics":[{"Namespace":"pyshop-auth","Dimensions":[["Function"]],"Metrics":[{"Name":"Logins","Unit":"Count"},{"Name":"HashTime","Unit":"Milliseconds"}]}]},"level":"INFO","event":"request","request_id":"request-1","Function":"login","method":"POST","status":200,"Duration":18.5,"Logins":1.0,"HashTime":16.25}"#);
    }

    #[test]
    fn without_a_namespace_there_are_no_metrics_and_the_same_line() {
        let line = String::from_utf8(line("login", None, 1_800_000_000, &REQUEST, &VALUES)).unwrap();
        assert_snapshot!(line, @r#"{"level":"INFO","event":"request","request_id":"request-1","Function":"login","method":"POST","status":200,"Duration":18.5,"Logins":1.0,"HashTime":16.25}"#);
    }
}
