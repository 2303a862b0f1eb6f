//! The line itself.

use std::fmt::Write;

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

/// What all lines of a function have in common, as JSON.
#[derive(Debug)]
pub(super) struct Common {
    function: String,
    namespace: Option<String>,
}

/// No line of a request is longer, unless it has a long id.
const USUAL_BYTES: usize = 768;

impl Common {
    pub(super) fn new(function: &str, namespace: Option<&str>) -> Self {
        Self { function: json(function), namespace: namespace.map(json) }
    }

    /// A request's line, with its end. Put together by hand, which takes a third of the time that it takes to serialise it:
    /// every request waits for it.
    pub(super) fn line(&self, now: UnixSeconds, request: &Request<'_>, values: &[(Metric, f64)]) -> String {
        let mut line = String::with_capacity(USUAL_BYTES);
        line.push('{');
        if let Some(namespace) = &self.namespace {
            let milliseconds = now.saturating_mul(1000);
            // Writing to a text does not fail, here and below.
            let _ =
                write!(line, r#""_aws":{{"Timestamp":{milliseconds},"CloudWatchMetrics":[{{"Namespace":{namespace},"#);
            line.push_str(r#""Dimensions":[["Function"]],"Metrics":["#);
            for (index, (metric, _)) in values.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                let _ = write!(line, r#"{comma}{{"Name":"{}","Unit":"{}"}}"#, metric.name(), metric.unit());
            }
            line.push_str("]}]},");
        }
        let Request { id, method, status, duration } = request;
        let (function, id, method) = (&self.function, json(id), json(method));
        let _ = write!(
            line,
            r#""level":"INFO","event":"request","request_id":{id},"Function":{function},"method":{method},"status":{status},"Duration":{duration}"#
        );
        for (metric, value) in values {
            let _ = write!(line, r#","{}":{value}"#, metric.name());
        }
        line.push_str("}\n");
        line
    }
}

/// A text in JSON.
fn json(text: &str) -> String {
    // A text serialises without fail.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    const REQUEST: Request<'_> = Request { id: "request-1", method: "POST", status: 200, duration: 18.5 };
    const VALUES: [(Metric, f64); 2] = [(Metric::Logins, 1.0), (Metric::HashTime, 16.25)];

    #[test]
    fn cloudwatch_finds_the_metrics_where_its_specification_has_them() {
        let line = Common::new("login", Some("pyshop-auth")).line(1_800_000_000, &REQUEST, &VALUES);
        assert_snapshot!(line, @r#"{"_aws":{"Timestamp":1800000000000,"CloudWatchMetrics":[{"Namespace":"pyshop-auth","Dimensions":[["Function"]],"Metrics":[{"Name":"Logins","Unit":"Count"},{"Name":"HashTime","Unit":"Milliseconds"}]}]},"level":"INFO","event":"request","request_id":"request-1","Function":"login","method":"POST","status":200,"Duration":18.5,"Logins":1,"HashTime":16.25}"#);
    }

    #[test]
    fn whatever_a_gateway_calls_a_request_the_line_is_json() {
        let request = Request { id: "a \"quote\"\n\u{1}", ..REQUEST };
        let line = Common::new("login", Some("a \"stack\"")).line(1_800_000_000, &request, &VALUES);
        let line: serde_json::Value = serde_json::from_str(line.strip_suffix('\n').unwrap()).unwrap();
        assert_eq!(line["request_id"], request.id);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "a \"stack\"");
    }

    #[test]
    fn without_a_namespace_there_are_no_metrics_and_the_same_line() {
        let line = Common::new("login", None).line(1_800_000_000, &REQUEST, &VALUES);
        assert_snapshot!(line, @r#"{"level":"INFO","event":"request","request_id":"request-1","Function":"login","method":"POST","status":200,"Duration":18.5,"Logins":1,"HashTime":16.25}"#);
    }
}
