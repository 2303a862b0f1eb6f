//! The metric filters: that a pattern counts the lines that it should, by
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html>, and that what it
//! looks at is in the lines.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Map, Value};

use super::{reference, resources, template, text};

/// Whether a line of JSON matches a pattern. Known here are comparisons of a field with a text in quotes, which may end with `*`
/// for whatever follows, `&&`, `||` and parentheses: `()` before `&&` before `||`, as in the document.
///
/// # Errors
///
/// What is not known here, and a field that the line has not.
fn matches(pattern: &str, line: &Value) -> Result<bool, String> {
    let mut reader = Reader { rest: pattern, line };
    if !reader.takes("{") {
        return Err("a pattern for JSON stands in braces".to_owned());
    }
    let found = reader.any()?;
    match (reader.takes("}"), reader.rest.trim()) {
        (true, "") => Ok(found),
        (_, rest) => Err(format!("{rest:?} stands where the pattern should end")),
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: &'a Value,
}

impl Reader<'_> {
    /// Takes what comes next if it is this.
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
            return if self.takes(")") { Ok(found) } else { Err("a parenthesis is open".to_owned()) };
        }
        if !self.takes("$.") {
            return Err(format!("{:?} is not known here", self.rest));
        }
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest;
        let equal = !self.takes("!=");
        if (equal && !self.takes("=")) || !self.takes("\"") {
            return Err(format!("{field} is compared with no text"));
        }
        let (wanted, rest) = self.rest.split_once('"').ok_or_else(|| "a text is open".to_owned())?;
        self.rest = rest;
        let begin = wanted.strip_suffix('*');
        if begin.unwrap_or(wanted).contains(['*', '%', '\\']) {
            return Err(format!("{wanted:?} is not known here"));
        }
        let value = self.line[field].as_str().ok_or_else(|| format!("no line has a text as {field}"))?;
        Ok(begin.map_or(value == wanted, |begin| value.starts_with(begin)) == equal)
    }
}

/// The conditions of the document's own examples, as far as they are known here.
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
fn a_pattern_matches_what_the_document_says(#[case] pattern: &str, #[case] found: Result<bool, ()>) {
    let line = serde_json::json!({ "eventType": "UpdateTrail", "source": "here", "number": 1 });
    assert_eq!(matches(pattern, &line).map_err(|_| ()), found);
}

/// A line of the access log in the template's format, with these values of API Gateway's variables; it writes `-` for one that
/// has none.
fn line(format: &str, values: &[(&str, &str)]) -> Value {
    let format: Map<String, Value> = serde_json::from_str(format).unwrap();
    let value = |variable: &Value| {
        let variable = variable.as_str().and_then(|variable| variable.strip_prefix("$context.")).unwrap();
        values.iter().find(|(name, _)| *name == variable).map_or("-", |(_, value)| *value)
    };
    format.iter().map(|(field, variable)| (field.clone(), Value::from(value(variable)))).collect()
}

/// Lambda answers API Gateway with 200 whatever the function's own answer is: `integrationStatus` is Lambda's
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html>).
#[rstest]
#[case::the_throttle_of_a_route(&[("status", "429"), ("error.responseType", "THROTTLED")], &["GatewayThrottles"])]
#[case::a_function_after_too_many_logins(&[("status", "429"), ("integrationStatus", "200")], &[])]
#[case::an_answer(&[("status", "200"), ("integrationStatus", "200")], &[])]
#[case::an_error_of_the_client(&[("status", "401"), ("integrationStatus", "200")], &[])]
#[case::no_route(&[("status", "404"), ("error.responseType", "DEFAULT_4XX")], &[])]
#[case::a_function_that_is_throttled(&[("status", "503"), ("integrationStatus", "429")], &["ServerErrors"])]
#[case::a_function_that_fails(&[("status", "500"), ("integrationStatus", "200")], &["ServerErrors"])]
#[case::a_function_that_takes_too_long(&[("status", "504")], &["ServerErrors"])]
fn each_line_of_the_gateway_is_counted_for_what_it_is(#[case] values: &[(&str, &str)], #[case] besides: &[&str]) {
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
fn each_metric_filter_counts_one_for_a_line_where_there_are_alarms() {
    let template = template();
    for (name, filter) in resources(&template, "AWS::Logs::MetricFilter") {
        assert_eq!(filter["Condition"], "HasAlarms", "{name}");
        let filter = &filter["Properties"];
        assert!(text(&filter["FilterPattern"]).len() <= 1024, "{name}");
        let log = &template["Resources"][reference(&filter["LogGroupName"]).unwrap()];
        assert_eq!(log["Type"], "AWS::Logs::LogGroup", "{name}");
        // The other class has no metric filters.
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html
        assert!(log["Properties"].get("LogGroupClass").is_none(), "{name}");
        let transformations = filter["MetricTransformations"].as_sequence().unwrap();
        let [metric] = transformations.as_slice() else { panic!("{name}: one is allowed") };
        assert_eq!(metric["MetricValue"], "1", "{name}");
        // With a value for all other lines the metric is there, and paid, in every hour in which somebody calls.
        assert!(metric.get("DefaultValue").is_none(), "{name}");
    }
}
