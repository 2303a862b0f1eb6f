//! The metric filters: their patterns count the right lines, by
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html>, and
//! the fields that they name are in the lines.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Map, Value};

use super::{reference, resources, template, text};

/// Whether a line of JSON matches a pattern. Supports comparisons of a field with a quoted string, which may end with `*` as a
/// wildcard, and `&&`, `||` and parentheses, with the precedence of the documentation: `()`, then `&&`, then `||`.
///
/// # Errors
///
/// A pattern that is not supported, and a field that the line does not have.
fn matches(pattern: &str, line: &Value) -> Result<bool, String> {
    let mut reader = Reader { rest: pattern, line };
    if !reader.takes("{") {
        return Err("a pattern for JSON must be in braces".to_owned());
    }
    let found = reader.any()?;
    match (reader.takes("}"), reader.rest.trim()) {
        (true, "") => Ok(found),
        (_, rest) => Err(format!("{rest:?} follows the end of the pattern")),
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: &'a Value,
}

impl Reader<'_> {
    /// Consumes this token if it comes next.
    fn takes(&mut self, next: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(next);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn any(&mut self) -> Result<bool, String> {
        let mut found = self.all()?;
        while self.takes("||") {
            found |= self.all()?;
        }
        Ok(found)
    }

    fn all(&mut self) -> Result<bool, String> {
        let mut found = self.condition()?;
        while self.takes("&&") {
            found &= self.condition()?;
        }
        Ok(found)
    }

    fn condition(&mut self) -> Result<bool, String> {
        if self.takes("(") {
            let found = self.any()?;
            return if self.takes(")") { Ok(found) } else { Err("a parenthesis is not closed".to_owned()) };
        }
        if !self.takes("$.") {
            return Err(format!("{:?} is not supported", self.rest));
        }
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest;
        let equal = !self.takes("!=");
        if (equal && !self.takes("=")) || !self.takes("\"") {
            return Err(format!("{field} is not compared with a string"));
        }
        let (wanted, rest) = self.rest.split_once('"').ok_or_else(|| "a string is not closed".to_owned())?;
        self.rest = rest;
        let begin = wanted.strip_suffix('*');
        if begin.unwrap_or(wanted).contains(['*', '%', '\\']) {
            return Err(format!("{wanted:?} is not supported"));
        }
        let value = self.line[field].as_str().ok_or_else(|| format!("the line has no string in {field}"))?;
        Ok(begin.map_or(value == wanted, |begin| value.starts_with(begin)) == equal)
    }
}

/// The conditions of the examples in the documentation, as far as they are supported.
#[rstest]
#[case(r#"{ $.eventType = "UpdateTrail" }"#, Ok(true))]
#[case(r#"{ $.eventType != "UpdateTrail" }"#, Ok(false))]
#[case(r#"{ ($.eventType = "UpdateTrail") && ($.source = "other") }"#, Ok(false))]
#[case(r#"{ $.eventType = "UpdateTrail" || $.source = "other" && $.source = "third" }"#, Ok(true))]
#[case(r#"{ ($.eventType = "UpdateTrail" || $.source = "other") && $.source = "third" }"#, Ok(false))]
#[case(r#"{ $.eventType = "Update*" }"#, Ok(true))]
#[case(r#"{ $.eventType = "Delete*" }"#, Ok(false))]
#[case(r#"{ $.eventType = "*Trail" }"#, Err(()))]
#[case(r#"{ $.eventType = UpdateTrail }"#, Err(()))]
#[case(r#"{ $.eventtype = "UpdateTrail" }"#, Err(()))]
#[case(r#"{ $.eventType = "UpdateTrail" "#, Err(()))]
#[case(r#"$.eventType = "UpdateTrail""#, Err(()))]
#[case(r#"{ $.number = "1" }"#, Err(()))]
fn a_pattern_matches_as_documented(#[case] pattern: &str, #[case] found: Result<bool, ()>) {
    let line = serde_json::json!({ "eventType": "UpdateTrail", "source": "here", "number": 1 });
    assert_eq!(matches(pattern, &line).map_err(|_| ()), found);
}

/// A line of the access log in the template's format, with these values of API Gateway's variables; the others are `-`, as API
/// Gateway writes them.
fn line(format: &str, values: &[(&str, &str)]) -> Value {
    let format: Map<String, Value> = serde_json::from_str(format).unwrap();
    let value = |variable: &Value| {
        let variable = variable.as_str().and_then(|variable| variable.strip_prefix("$context.")).unwrap();
        values.iter().find(|(name, _)| *name == variable).map_or("-", |(_, value)| *value)
    };
    format.iter().map(|(field, variable)| (field.clone(), Value::from(value(variable)))).collect()
}

/// Lambda responds to API Gateway with 200 whatever status the function returns: `integrationStatus` is Lambda's status
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html>).
#[rstest]
#[case::a_throttled_route(&[("status", "429"), ("error.responseType", "THROTTLED")], &["GatewayThrottles"])]
#[case::a_rate_limit_of_a_function(&[("status", "429"), ("integrationStatus", "200")], &[])]
#[case::a_success(&[("status", "200"), ("integrationStatus", "200")], &[])]
#[case::a_client_error(&[("status", "401"), ("integrationStatus", "200")], &[])]
#[case::an_unknown_path(&[("status", "404"), ("error.responseType", "DEFAULT_4XX")], &[])]
#[case::a_throttled_function(&[("status", "503"), ("integrationStatus", "429")], &["ServerErrors"])]
#[case::a_failing_function(&[("status", "500"), ("integrationStatus", "200")], &["ServerErrors"])]
#[case::a_function_timeout(&[("status", "504")], &["ServerErrors"])]
fn each_line_of_the_access_log_is_counted_by_the_right_filters(
    #[case] values: &[(&str, &str)],
    #[case] besides: &[&str],
) {
    let template = template();
    let format = text(&template["Resources"]["HttpApi"]["Properties"]["AccessLogSettings"]["Format"]);
    let line = line(format, values);
    let mut counted = BTreeSet::new();
    for (_, filter) in resources(&template, "AWS::Logs::MetricFilter") {
        let filter = &filter["Properties"];
        if matches(text(&filter["FilterPattern"]), &line).unwrap() {
            counted.insert(text(&filter["MetricTransformations"][0]["MetricName"]));
        }
    }
    assert_eq!(counted, besides.iter().copied().chain(["Requests"]).collect());
}

#[test]
fn each_metric_filter_counts_one_for_each_line_and_exists_only_with_alarms() {
    let template = template();
    for (name, filter) in resources(&template, "AWS::Logs::MetricFilter") {
        assert_eq!(filter["Condition"], "HasAlarms", "{name}");
        let filter = &filter["Properties"];
        assert!(text(&filter["FilterPattern"]).len() <= 1024, "{name}");
        let log = &template["Resources"][reference(&filter["LogGroupName"]).unwrap()];
        assert_eq!(log["Type"], "AWS::Logs::LogGroup", "{name}");
        // The other log class does not support metric filters.
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
        assert!(log["Properties"].get("LogGroupClass").is_none(), "{name}");
        let transformations = filter["MetricTransformations"].as_sequence().unwrap();
        let [metric] = transformations.as_slice() else { panic!("{name}: CloudWatch allows exactly one") };
        assert_eq!(metric["MetricValue"], "1", "{name}");
        // With a default value the metric would exist, and cost money, in every hour with any request.
        assert!(metric.get("DefaultValue").is_none(), "{name}");
    }
}
