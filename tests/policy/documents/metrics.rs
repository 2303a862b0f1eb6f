//! The metrics that exist: those of AWS services by their documentation, and the stack's own by the code and the filters that
//! produce them.

use std::{collections::BTreeMap, fmt};

use serde_json::{Value, json};

use super::{source, stack::Stack, text};

const METRICS: &str = include_str!("metrics.json");

/// A metric, with its dimensions sorted by name.
#[derive(Debug)]
pub(crate) struct Metric {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// Reads a namespace, a name, and a name and a value for each dimension.
    pub(crate) fn read(texts: &[String]) -> Option<Self> {
        let [namespace, name, dimensions @ ..] = texts else { return None };
        let (pairs, rest) = dimensions.as_chunks::<2>();
        let dimensions = pairs.iter().map(|[name, value]| (name.clone(), value.clone())).collect();
        rest.is_empty().then(|| Self { namespace: namespace.clone(), name: name.clone(), dimensions })
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.namespace, self.name)?;
        self.dimensions.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// The reason why a metric does not exist, or `None` if it does.
pub(crate) fn unknown(stack: &Stack, metric: &Metric) -> Option<String> {
    let Metric { namespace, name, dimensions } = metric;
    let known: Value = serde_json::from_str(METRICS).unwrap();
    let names: Vec<_> = dimensions.keys().map(String::as_str).collect();
    let fault = if *namespace == text(&stack.value(&json!({ "Ref": "AWS::StackName" }))) {
        let is_filtered = || filtered(stack).contains(name) && names.is_empty();
        let is_reported = || reported().contains(name) && names == ["function"];
        if !is_reported() && !is_filtered() {
            Some("is reported by nothing in this stack")
        } else {
            dimensions.values().any(|function| !functions(stack).contains(function)).then_some("is not of a function")
        }
    } else {
        match known[namespace.as_str()]["metrics"][name.as_str()].as_array() {
            None => Some("is not documented"),
            Some(sets) if !sets.contains(&names.clone().into()) => Some("has other dimensions"),
            Some(_) => {
                let is_of = |(dimension, value): (&String, &String)| match dimension.as_str() {
                    "ApiId" => stack.kind(value) == "AWS::Serverless::HttpApi",
                    "FunctionName" => stack.kind(value) == "AWS::Serverless::Function",
                    "TableName" => stack.kind(value) == "AWS::DynamoDB::Table",
                    _ => true,
                };
                (!dimensions.iter().all(is_of)).then_some("is of another type of resource")
            }
        }
    };
    fault.map(|fault| format!("{metric} {fault}"))
}

/// The names of the metrics that the functions report.
pub(super) fn reported() -> Vec<String> {
    let source = source("shared/src/metrics.rs");
    let (_, rest) = source.split_once("enum Metric {\n").unwrap();
    let (variants, _) = rest.split_once("\n}").unwrap();
    let lines = variants.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.map(|line| line.trim_end_matches(',').to_owned()).collect()
}

/// The names of the metrics that metric filters produce.
fn filtered(stack: &Stack) -> Vec<String> {
    let filters = all_of(stack, "AWS::Logs::MetricFilter");
    let made = filters.iter().flat_map(|filter| filter["MetricTransformations"].as_array().unwrap());
    made.map(|made| text(&made["MetricName"])).collect()
}

/// The properties of all resources of a type, including those whose conditions do not hold.
fn all_of(stack: &Stack, kind: &str) -> Vec<Value> {
    let resources = stack.template["Resources"].as_object().unwrap().values();
    resources.filter(|resource| resource["Type"] == kind).map(|resource| stack.value(&resource["Properties"])).collect()
}

/// The names that functions use for themselves.
fn functions(stack: &Stack) -> Vec<String> {
    let resources = stack.template["Resources"].as_object().unwrap().values();
    let binaries = resources.filter_map(|resource| resource["Metadata"]["BuildProperties"]["Binary"].as_str());
    binaries.map(str::to_owned).collect()
}

#[test]
fn metrics_that_do_not_exist_are_reported() {
    let stack = Stack::new(&[]);
    let unknown = |texts: &str| {
        let texts: Vec<_> = texts.split(' ').map(str::to_owned).collect();
        unknown(&stack, &Metric::read(&texts).unwrap()).map(|fault| fault.rsplit('=').next().unwrap().to_owned())
    };
    assert_eq!(unknown("AWS/DynamoDB ReadThrottleEvents TableName UsersTable"), None);
    assert_eq!(unknown("AWS/ApiGateway 5XXError ApiId HttpApi").unwrap(), "HttpApi is not documented");
    assert_eq!(unknown("AWS/Lambda Throttles ApiId HttpApi").unwrap(), "HttpApi has other dimensions");
    assert_eq!(
        unknown("AWS/Lambda Errors FunctionName UsersTable").unwrap(),
        "UsersTable is of another type of resource"
    );
    assert_eq!(unknown("pyshop-auth Logins function login"), None);
    assert_eq!(unknown("pyshop-auth Logins function signin").unwrap(), "signin is not of a function");
    assert_eq!(unknown("pyshop-auth Signins function login").unwrap(), "login is reported by nothing in this stack");
    assert_eq!(unknown("pyshop-auth Logins").unwrap(), "pyshop-auth Logins is reported by nothing in this stack");
}
