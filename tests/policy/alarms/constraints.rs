//! The constraints of `PutMetricAlarm` beyond the types of properties, which cfn-lint checks:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html> and
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html>.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_norway::Value;

use super::{alarms, template, text};

/// Properties that describe a single metric, which an alarm on several metrics must not have.
const OF_A_METRIC: [&str; 7] =
    ["Dimensions", "ExtendedStatistic", "MetricName", "Namespace", "Period", "Statistic", "Unit"];

/// The greatest length of a stack's name, in characters.
const STACK_NAME: usize = 128;

/// In seconds.
const A_DAY: u64 = 86_400;

/// Whether this is a period, in seconds, for a metric that is reported once a minute.
fn is_period(period: &Value) -> bool {
    period.as_u64().is_some_and(|seconds| seconds >= 60 && seconds.is_multiple_of(60))
}

fn is_id(id: &str) -> bool {
    id.len() <= 255
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_statistic(properties: &Value) -> bool {
    let simple = ["Average", "Maximum", "Minimum", "SampleCount", "Sum"];
    match (properties["Statistic"].as_str(), properties["ExtendedStatistic"].as_str()) {
        (Some(name), None) => simple.contains(&name),
        (None, Some(name)) => {
            let percent = name.strip_prefix('p').and_then(|percent| percent.parse::<f64>().ok());
            percent.is_some_and(|percent| (0.0..=100.0).contains(&percent))
        }
        _ => false,
    }
}

/// The constraints that an alarm violates.
fn faults(properties: &Value) -> Vec<&'static str> {
    let number = |name: &str| properties[name].as_u64();
    let queries = properties["Metrics"].as_sequence().map(Vec::as_slice).unwrap_or_default();
    let stats: Vec<_> = queries.iter().filter_map(|query| query.get("MetricStat")).collect();
    let expressions: Vec<_> = queries.iter().filter_map(|query| query["Expression"].as_str()).collect();
    let ids: Vec<_> = queries.iter().map(|query| query["Id"].as_str().unwrap_or_default()).collect();
    // The default is true.
    let is_returned = |query: &&Value| query.get("ReturnData").is_none_or(|returned| *returned == true);
    let returned: Vec<_> = queries.iter().filter(is_returned).collect();
    let periods: BTreeSet<_> = match properties.get("Period") {
        Some(period) => BTreeSet::from([period.as_u64()]),
        None => stats.iter().map(|stat| stat["Period"].as_u64()).collect(),
    };
    let period = periods.iter().flatten().max().copied().unwrap_or_default();
    let evaluated = number("EvaluationPeriods").unwrap_or_default();
    let description = text(&properties["AlarmDescription"]);
    let description_length = description.replace("${AWS::StackName}", "").chars().count()
        + description.matches("${AWS::StackName}").count() * STACK_NAME;
    let single = queries.is_empty();
    let actions = ["AlarmActions", "OKActions"].map(|name| properties[name].as_sequence().map_or(0, Vec::len));
    let is_percentile = properties.get("ExtendedStatistic").is_some();
    let holds = [
        (single == properties.get("MetricName").is_some(), "either a metric or several"),
        (
            single || OF_A_METRIC.iter().all(|name| properties.get(*name).is_none()),
            "no property of a single metric beside several",
        ),
        (!single || is_statistic(properties), "either a statistic or a percentile"),
        (!single || is_period(&properties["Period"]), "a valid period"),
        (stats.iter().all(|stat| is_period(&stat["Period"])), "valid periods"),
        (periods.len() == 1, "one period for all"),
        (evaluated >= 1 && period * evaluated <= A_DAY, "at most a day"),
        (number("DatapointsToAlarm").is_none_or(|points| (1..=evaluated).contains(&points)), "M of N"),
        (stats.len() <= 10 && expressions.len() <= 10, "ten metrics and ten expressions"),
        (stats.len() + expressions.len() == queries.len(), "either a metric or an expression"),
        (single || matches!(returned.as_slice(), [query] if query.get("Expression").is_some()), "one result"),
        (ids.iter().all(|id| is_id(id)), "valid ids"),
        (ids.iter().collect::<BTreeSet<_>>().len() == ids.len(), "unique ids"),
        (expressions.iter().all(|expression| expression.len() <= 2048), "expressions of 2 048 characters"),
        (description_length <= 1024, "a description of 1 024 characters"),
        (actions.iter().all(|actions| *actions <= 5), "five actions"),
        (
            is_percentile || properties.get("EvaluateLowSampleCountPercentile").is_none(),
            "few samples only of a percentile",
        ),
    ];
    holds.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
}

#[test]
fn cloudwatch_accepts_every_alarm() {
    for (name, alarm) in alarms(&template()) {
        assert_eq!(faults(&alarm["Properties"]), [""; 0], "{name}");
    }
}

const SINGLE: &str =
    "{AlarmDescription: A, MetricName: M, Namespace: N, Statistic: Sum, Period: 300, EvaluationPeriods: 3}";

const SEVERAL: &str = "{AlarmDescription: A, EvaluationPeriods: 1, Metrics: [
  {Id: all, Expression: SUM(METRICS())},
  {Id: m1, ReturnData: false, MetricStat: {Metric: {Namespace: N, MetricName: M}, Period: 300, Stat: Sum}},
  {Id: m2, ReturnData: false, MetricStat: {Metric: {Namespace: N, MetricName: M2}, Period: 300, Stat: Sum}}]}";

#[rstest]
#[case::nothing_wrong(SINGLE, "MetricName: M,", "MetricName: M,", None)]
#[case::nothing_wrong_with_several(SEVERAL, "Id: m1", "Id: m1", None)]
#[case::no_metric(SINGLE, "MetricName: M,", "", Some("either a metric or several"))]
#[case::a_unit_beside_several(SEVERAL, "{A", "{Unit: Count, A", Some("no property of a single metric beside several"))]
#[case::two_statistics(SINGLE, "Period", "ExtendedStatistic: p9, Period", Some("either a statistic or a percentile"))]
#[case::an_unknown_statistic(SINGLE, "Sum", "Total", Some("either a statistic or a percentile"))]
#[case::a_minute_and_a_half(SINGLE, "300", "90", Some("a valid period"))]
#[case::more_than_a_day(SINGLE, "Periods: 3", "Periods: 289", Some("at most a day"))]
#[case::two_points_of_one(SEVERAL, "Periods: 1", "Periods: 1, DatapointsToAlarm: 2", Some("M of N"))]
#[case::two_periods(SEVERAL, "Period: 300", "Period: 60", Some("one period for all"))]
#[case::two_results(SEVERAL, "Id: m1, ReturnData: false", "Id: m1, ReturnData: true", Some("one result"))]
#[case::no_result(SEVERAL, "Id: all", "Id: all, ReturnData: false", Some("one result"))]
#[case::an_id_in_upper_case(SEVERAL, "Id: m1", "Id: M1", Some("valid ids"))]
#[case::a_duplicate_id(SEVERAL, "Id: m1", "Id: m2", Some("unique ids"))]
#[case::neither_metric_nor_expression(
    SEVERAL,
    "Expression: SUM(METRICS())",
    "Label: Sum",
    Some("either a metric or an expression")
)]
#[case::six_actions(SINGLE, "{A", "{OKActions: [1, 2, 3, 4, 5, 6], A", Some("five actions"))]
#[case::few_samples_of_a_sum(
    SINGLE,
    "{A",
    "{EvaluateLowSampleCountPercentile: ignore, A",
    Some("few samples only of a percentile")
)]
fn alarms_that_cloudwatch_refuses_are_found(
    #[case] alarm: &str,
    #[case] from: &str,
    #[case] to: &str,
    #[case] fault: Option<&str>,
) {
    assert!(alarm.contains(from), "{from}");
    let faults = faults(&serde_norway::from_str(&alarm.replacen(from, to, 1)).unwrap());
    assert_eq!(faults.first().copied(), fault, "{faults:?}");
}

#[rstest]
#[case("", 1024, true)]
#[case("", 1025, false)]
#[case("${AWS::StackName}", 896, true)]
#[case("${AWS::StackName}", 897, false)]
fn a_description_is_checked_with_the_longest_stack_name(#[case] name: &str, #[case] more: usize, #[case] fits: bool) {
    let alarm = SINGLE.replacen("Description: A", &format!("Description: !Sub '{name}{}'", "x".repeat(more)), 1);
    assert_eq!(faults(&serde_norway::from_str(&alarm).unwrap()).is_empty(), fits);
}

#[test]
fn an_alarm_has_at_most_ten_metrics() {
    let stat = |number: u32| format!("{{Id: m{number}, ReturnData: false, MetricStat: {{Period: 60}}}}");
    let alarm = |metrics: u32| -> Value {
        let stats: Vec<_> = (0..metrics).map(stat).collect();
        let stats = stats.join(", ");
        let metrics = format!("[{{Id: all, Expression: SUM(METRICS())}}, {stats}]");
        serde_norway::from_str(&format!("{{AlarmDescription: A, EvaluationPeriods: 1, Metrics: {metrics}}}")).unwrap()
    };
    assert_eq!(faults(&alarm(10)), [""; 0]);
    assert_eq!(faults(&alarm(11)), ["ten metrics and ten expressions"]);
}
