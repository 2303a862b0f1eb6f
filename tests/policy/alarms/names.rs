//! The metrics of the alarms exist: those of AWS services by their documentation, the stack's own by the code that reports them.

use std::collections::BTreeSet;

use serde_norway::Value;

use super::{alarms, definition::Alarm, math, reference, resources, template, text};
use crate::documents::{
    metrics::{Metric, unknown},
    stack::Stack,
};

/// The metrics that an alarm watches, as the template defines them.
fn metrics(properties: &Value) -> Vec<&Value> {
    match properties["Metrics"].as_sequence() {
        None => vec![properties],
        Some(queries) => queries.iter().filter_map(|query| query["MetricStat"].get("Metric")).collect(),
    }
}

fn dimensions(metric: &Value) -> &[Value] {
    metric["Dimensions"].as_sequence().map(Vec::as_slice).unwrap_or_default()
}

/// The fault of a service metric, if it has one. All metrics in alarms have one dimension: the resource that they measure.
fn fault(metric: &Value) -> Option<String> {
    let [dimension] = dimensions(metric) else {
        return Some(format!("{metric:?} does not have exactly one dimension"));
    };
    let Some(of) = reference(&dimension["Value"]) else {
        return Some(format!("{metric:?} does not refer to a resource"));
    };
    let texts = [&metric["Namespace"], &metric["MetricName"], &dimension["Name"]].map(text);
    let texts: Vec<_> = texts.into_iter().chain([of]).map(str::to_owned).collect();
    unknown(&Stack::new(&[]), &Metric::read(&texts)?)
}

#[test]
fn service_metrics_in_alarms_are_documented() {
    let template = template();
    let looked_at = alarms(&template).into_iter().flat_map(|(_, alarm)| metrics(&alarm["Properties"]));
    let of_services: Vec<_> = looked_at.filter(|metric| reference(&metric["Namespace"]).is_none()).collect();
    let faults: Vec<_> = of_services.iter().copied().filter_map(fault).collect();
    assert_eq!(faults, [""; 0]);
    let used: BTreeSet<_> = of_services.iter().map(|metric| text(&metric["Namespace"])).collect();
    assert_eq!(used, BTreeSet::from(["AWS/ApiGateway", "AWS/DynamoDB", "AWS/Lambda"]));
}

#[test]
fn undocumented_service_metrics_are_found() {
    for metric in [
        "{Namespace: AWS/ApiGateway, MetricName: 5XXError, Dimensions: [{Name: ApiId, Value: !Ref HttpApi}]}",
        "{Namespace: AWS/ApiGateway, MetricName: 5xx, Dimensions: [{Name: ApiName, Value: !Ref HttpApi}]}",
        "{Namespace: AWS/DynamoDB, MetricName: Throttles, Dimensions: [{Name: TableName, Value: !Ref UsersTable}]}",
        "{Namespace: AWS/Lambda, MetricName: Throttles, Dimensions: [{Name: FunctionName, Value: login}]}",
        "{Namespace: AWS/Lambda, MetricName: Throttles, Dimensions: [{Name: FunctionName, Value: !Ref UsersTable}]}",
        "{Namespace: AWS/Lambda, MetricName: Throttles}",
        "{Namespace: AWS/SNS, MetricName: NumberOfMessagesPublished}",
    ] {
        assert!(fault(&serde_norway::from_str(metric).unwrap()).is_some(), "{metric}");
    }
}

/// Another test checks that the functions report these metrics.
#[test]
fn the_stacks_own_metrics_come_from_its_functions_or_its_metric_filters() {
    let template = template();
    let functions = resources(&template, "AWS::Serverless::Function").into_iter();
    let functions: BTreeSet<_> =
        functions.map(|(_, function)| text(&function["Metadata"]["BuildProperties"]["Binary"])).collect();
    let mut looked_at = BTreeSet::new();
    for (name, alarm) in alarms(&template) {
        for metric in metrics(&alarm["Properties"]) {
            let Some(namespace) = reference(&metric["Namespace"]) else { continue };
            assert_eq!(namespace, "AWS::StackName", "{name}");
            match dimensions(metric) {
                [] => {
                    looked_at.insert(text(&metric["MetricName"]));
                }
                [dimension] => {
                    assert_eq!(dimension["Name"], "function", "{name}");
                    assert!(functions.contains(text(&dimension["Value"])), "{name}: {dimension:?}");
                }
                dimensions => panic!("{name}: {dimensions:?}"),
            }
        }
    }
    let mut counted = BTreeSet::new();
    for (name, filter) in resources(&template, "AWS::Logs::MetricFilter") {
        let metric = &filter["Properties"]["MetricTransformations"][0];
        assert_eq!(reference(&metric["MetricNamespace"]), Some("AWS::StackName"), "{name}");
        assert!(metric.get("Dimensions").is_none(), "{name}: each value of a dimension would be another metric");
        counted.insert(text(&metric["MetricName"]));
    }
    assert_eq!(looked_at, counted);
}

#[test]
fn every_alarm_uses_all_its_metrics() {
    let template = template();
    for (name, alarm) in alarms(&template) {
        let alarm = Alarm::new(&alarm["Properties"], &template["Parameters"]);
        let idle: Vec<_> = alarm.watched.keys().filter(|id| !alarm.expression.looks_at(id)).collect();
        assert!(idle.is_empty(), "{name}: {idle:?}");
    }
    // An unused metric is found.
    let expression = math::parse("IF(FILL(errors, 0) >= 5, 1, 0)").unwrap();
    assert_eq!(["errors", "requests"].map(|id| expression.looks_at(id)), [true, false]);
}

#[test]
fn every_alarm_notifies_the_topic_when_it_fires_and_when_it_recovers() {
    let template = template();
    for (name, alarm) in alarms(&template) {
        // Alarms exist if there is a topic, and depend on no other condition.
        assert_eq!(alarm["Condition"], "HasAlarms", "{name}");
        for actions in ["AlarmActions", "OKActions"] {
            let actions = alarm["Properties"][actions].as_sequence().unwrap();
            let topics: Vec<_> = actions.iter().map(reference).collect();
            assert_eq!(topics, [Some("AlarmTopic")], "{name}");
        }
        assert!(alarm["Properties"].get("ActionsEnabled").is_none(), "{name}");
    }
}
