//! What `template.yaml` says of what is charged: the functions' memory, what the throttles let through, and what alarms look at.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_norway::Value;

use crate::Result;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The part of the template that costs depend on.
#[derive(Debug)]
pub(crate) struct Template {
    memory: BTreeMap<String, f64>,
    requests_per_second: f64,
    hashing_requests_per_second: f64,
    /// What alarms take.
    pub(crate) watched: Watched,
}

/// What is charged where there are alarms.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Watched {
    /// How many metrics they look at.
    pub(crate) looked_at: f64,
    /// How many metrics are made of the log for them alone.
    pub(crate) made: f64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    parameters: BTreeMap<String, Value>,
    globals: Value,
    resources: BTreeMap<String, Resource>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    properties: Value,
}

impl Template {
    pub(crate) fn read() -> Result<Self> {
        Self::parse(TEMPLATE)
    }

    fn parse(text: &str) -> Result<Self> {
        let document: Document = serde_norway::from_str(text)?;
        let usual = at(&document.globals, &["Function", "MemorySize"]).and_then(Value::as_f64);
        let (mut memory, mut watched) = (BTreeMap::new(), Watched::default());
        for resource in document.resources.values() {
            match resource.r#type.as_str() {
                "AWS::Serverless::Function" => {
                    let binary = at(&resource.metadata, &["BuildProperties", "Binary"]).and_then(Value::as_str);
                    let own = at(&resource.properties, &["MemorySize"]).and_then(Value::as_f64);
                    let size = own.or(usual).ok_or("a function without a memory size")?;
                    memory.insert(binary.ok_or("a function without a binary")?.to_owned(), size);
                }
                "AWS::CloudWatch::Alarm" => watched.looked_at += metrics(&resource.properties),
                "AWS::Logs::MetricFilter" => watched.made += 1.0,
                _ => {}
            }
        }
        let number = |name: &str| -> Result<f64> {
            let default = document.parameters.get(name).and_then(|parameter| at(parameter, &["Default"]));
            Ok(default.and_then(Value::as_str).ok_or_else(|| format!("no default of {name}"))?.parse()?)
        };
        Ok(Self {
            memory,
            requests_per_second: number("RequestsPerSecond")?,
            hashing_requests_per_second: number("HashingRequestsPerSecond")?,
            watched,
        })
    }

    /// How much memory a function has, in MB.
    pub(crate) fn memory_mb(&self, function: &str) -> Result<f64> {
        self.memory.get(function).copied().ok_or_else(|| format!("no function {function}").into())
    }

    /// How many requests a second the throttles let through to a function by default, to both of its routes together.
    pub(crate) fn let_through(&self, function: &str) -> f64 {
        match function {
            "login" | "register" => self.hashing_requests_per_second,
            _ => self.requests_per_second,
        }
    }
}

/// How many metrics an alarm looks at: one, or those of which it computes something.
fn metrics(alarm: &Value) -> f64 {
    let metrics = at(alarm, &["Metrics"]).and_then(Value::as_sequence);
    metrics.map_or(1.0, |metrics| metrics.iter().filter(|metric| at(metric, &["MetricStat"]).is_some()).count() as f64)
}

fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, name| value.get(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &str = "
Parameters:
  RequestsPerSecond: {Type: Number, Default: '30'}
  HashingRequestsPerSecond: {Type: Number, Default: '4'}
Globals: {Function: {MemorySize: 200}}
Resources:
  Small: {Type: AWS::Serverless::Function, Metadata: {BuildProperties: {Binary: me}}, Properties: {}}
  Large:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: login}}
    Properties: {MemorySize: 3000}
  One: {Type: AWS::CloudWatch::Alarm, Properties: {MetricName: 5xx, Threshold: !Ref Much}}
  Two:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Metrics:
        - {Id: sum, Expression: SUM(METRICS())}
        - {Id: a, MetricStat: {Stat: Sum}}
        - {Id: b, MetricStat: {Stat: Sum}}
  Counted: {Type: AWS::Logs::MetricFilter, Properties: {FilterPattern: '{ $.status = 500 }'}}
  Table: {Type: AWS::DynamoDB::Table}
";

    #[test]
    fn a_function_has_its_own_memory_or_that_of_all() {
        let template = Template::parse(SOME).unwrap();
        assert_eq!([template.memory_mb("me").unwrap(), template.memory_mb("login").unwrap()], [200.0, 3000.0]);
        assert!(template.memory_mb("docs").is_err());
    }

    #[test]
    fn an_alarm_is_charged_for_each_metric_that_it_looks_at_and_not_for_what_it_computes() {
        assert_eq!(Template::parse(SOME).unwrap().watched, Watched { looked_at: 3.0, made: 1.0 });
    }

    #[test]
    fn what_is_let_through_is_the_parameters_default() {
        let template = Template::parse(SOME).unwrap();
        let let_through = ["login", "register", "me", "logout"].map(|function| template.let_through(function));
        assert_eq!(let_through, [4.0, 4.0, 30.0, 30.0]);
    }

    #[test]
    fn the_template_that_is_deployed_can_be_read() {
        let template = Template::read().unwrap();
        assert!(template.memory_mb("login").unwrap() > template.memory_mb("refresh").unwrap());
        assert!(template.watched.looked_at >= 7.0 && template.watched.made >= 1.0, "{template:?}");
    }
}
