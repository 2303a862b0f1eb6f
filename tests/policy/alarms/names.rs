//! That what the alarms look at is there: the services' metrics by the services' documents, the stack's own by what makes them.

use std::collections::BTreeSet;

use serde_norway::Value;

use super::{alarms, definition::Alarm, math, reference, resources, template, text};
use crate::documents::{
    metrics::{Metric, unknown},
    stack::Stack,
};

/// The metrics that an alarm looks at, as the template writes them.
fn metrics(properties: &Value) -> Vec<&Value> {
    match properties["Metrics"].as_sequence() {
        None => vec![properties],
        Some(queries) => queries.iter().filter_map(|query| query["MetricStat"].get("Metric")).collect(),
    }
}

fn dimensions(metric: &Value) -> &[Value] {
    metric["Dimensions"].as_sequence().map(Vec::as_slice).unwrap_or_default()
}

/// What is wrong with a metric of a service. All that alarms look at have one dimension: what they are of.
fn fault(metric: &Value) -> Option<String> {
    let [dimension] = dimensions(metric) else { return Some(format!("{metric:?} has not one dimension")) };
    let Some(of) = reference(&dimension["Value"]) else { return Some(format!("{metric:?} is of no resource")) };
    let texts = [&metric["Namespace"], &metric["MetricName"], &dimension["Name"]].map(text);
    let texts: Vec<_> = texts.into_iter().chain([of]).map(str::to_owned).collect();
    unknown(&Stack::new(&[]), &Metric::read(&texts)?)
}

#[test]
fn services_have_the_metrics_that_alarms_look_at() {
    let template = template();
    let looked_at = alarms(&template).into_iter().flat_map(|(_, alarm)| metrics(&alarm["Properties"]));
    let of_services: Vec<_> = looked_at.filter(|metric| reference(&metric["Namespace"]).is_none()).collect();
    let faults: Vec<_> = of_services.iter().copied().filter_map(fault).collect();
    assert_eq!(faults, [""; 0]);
    let used: BTreeSet<_> = of_services.iter().map(|metric| text(&metric["Namespace"])).collect();
    assert_eq!(used, BTreeSet::from(["AWS/ApiGateway", "AWS/DynamoDB", "AWS/Lambda"]));
}

#[test]
fn a_metric_that_no_service_has_is_found() {
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

/// Whether the functions report them, is tested where their lines are.
#[test]
fn the_metrics_of_the_stack_itself_are_those_of_its_functions_and_of_what_counts_in_its_logs() {
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
        assert!(metric.get("Dimensions").is_none(), "{name}: another metric by each value");
        counted.insert(text(&metric["MetricName"]));
    }
    assert_eq!(looked_at, counted);
}

#[test]
fn an_alarm_looks_at_all_metrics_that_it_has() {
    let template = template();
    for (name, alarm) in alarms(&template) {
        let alarm = Alarm::new(&alarm["Properties"], &template["Parameters"]);
        let idle: Vec<_> = alarm.watched.keys().filter(|id| !alarm.expression.looks_at(id)).collect();
        assert!(idle.is_empty(), "{name}: {idle:?}");
    }
    // Which of two is not looked at.
    let expression = math::parse("IF(FILL(errors, 0) >= 5, 1, 0)").unwrap();
    assert_eq!(["errors", "requests"].map(|id| expression.looks_at(id)), [true, false]);
}

#[test]
fn every_alarm_is_sent_to_the_topic_when_it_begins_and_when_it_ends() {
    let template = template();
    for (name, alarm) in alarms(&template) {
        // There are alarms where there is a topic, and no other condition takes one away.
        assert_eq!(alarm["Condition"], "HasAlarms", "{name}");
        for actions in ["AlarmActions", "OKActions"] {
            let actions = alarm["Properties"][actions].as_sequence().unwrap();
            let topics: Vec<_> = actions.iter().map(reference).collect();
            assert_eq!(topics, [Some("AlarmTopic")], "{name}");
        }
        assert!(alarm["Properties"].get("ActionsEnabled").is_none(), "{name}");
    }
}
