//! What `PutMetricAlarm` asks of an alarm beyond the types of its properties, which cfn-lint looks at:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html> and
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html>.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_norway::Value;

use super::{alarms, template, text};

/// What describes a single metric, and so does not go with several.
const OF_A_METRIC: [&str; 7] =
    ["Dimensions", "ExtendedStatistic", "MetricName", "Namespace", "Period", "Statistic", "Unit"];

/// How many characters a stack's name may have.
const STACK_NAME: usize = 128;

const A_DAY: u64 = 86_400;

/// Whether a metric that is reported once a minute can be looked at in such steps, in seconds.
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

/// What CloudWatch would refuse an alarm for.
fn faults(properties: &Value) -> Vec<&'static str> {
    let number = |name: &str| properties[name].as_u64();
    let queries = properties["Metrics"].as_sequence().map(Vec::as_slice).unwrap_or_default();
    let stats: Vec<_> = queries.iter().filter_map(|query| query.get("MetricStat")).collect();
    let expressions: Vec<_> = queries.iter().filter_map(|query| query["Expression"].as_str()).collect();
    let ids: Vec<_> = queries.iter().map(|query| query["Id"].as_str().unwrap_or_default()).collect();
    // Left out, it is true.
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
        (single || OF_A_METRIC.iter().all(|name| properties.get(*name).is_none()), "several, and nothing of one"),
        (!single || is_statistic(properties), "either a statistic or a percentile"),
        (!single || is_period(&properties["Period"]), "a period that there is"),
        (stats.iter().all(|stat| is_period(&stat["Period"])), "periods that there are"),
        (periods.len() == 1, "one period for all"),
        (evaluated >= 1 && period * evaluated <= A_DAY, "at most a day"),
        (number("DatapointsToAlarm").is_none_or(|points| (1..=evaluated).contains(&points)), "M of N"),
        (stats.len() <= 10 && expressions.len() <= 10, "ten metrics and ten expressions"),
        (stats.len() + expressions.len() == queries.len(), "either a metric or an expression"),
        (single || matches!(returned.as_slice(), [query] if query.get("Expression").is_some()), "one result"),
        (ids.iter().all(|id| is_id(id)), "ids that there are"),
        (ids.iter().collect::<BTreeSet<_>>().len() == ids.len(), "ids of their own"),
        (expressions.iter().all(|expression| expression.len() <= 2048), "expressions of 2 048 characters"),
        (description_length <= 1024, "a description of 1 024 characters"),
        (actions.iter().all(|actions| *actions <= 5), "five actions"),
        (is_percentile || properties.get("EvaluateLowSampleCountPercentile").is_none(), "few values of a percentile"),
    ];
    holds.into_iter().filter(|(holds, _)| !holds).map(|(_, what)| what).collect()
}

#[test]
fn cloudwatch_takes_every_alarm() {
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
#[case::nothing_wrong_either(SEVERAL, "Id: m1", "Id: m1", None)]
#[case::no_metric(SINGLE, "MetricName: M,", "", Some("either a metric or several"))]
#[case::a_unit_of_several(SEVERAL, "{A", "{Unit: Count, A", Some("several, and nothing of one"))]
#[case::two_statistics(SINGLE, "Period", "ExtendedStatistic: p9, Period", Some("either a statistic or a percentile"))]
#[case::an_unknown_statistic(SINGLE, "Sum", "Total", Some("either a statistic or a percentile"))]
#[case::a_minute_and_a_half(SINGLE, "300", "90", Some("a period that there is"))]
#[case::a_day_and_more(SINGLE, "Periods: 3", "Periods: 289", Some("at most a day"))]
#[case::two_of_one(SEVERAL, "Periods: 1", "Periods: 1, DatapointsToAlarm: 2", Some("M of N"))]
#[case::two_periods(SEVERAL, "Period: 300", "Period: 60", Some("one period for all"))]
#[case::two_results(SEVERAL, "Id: m1, ReturnData: false", "Id: m1, ReturnData: true", Some("one result"))]
#[case::no_result(SEVERAL, "Id: all", "Id: all, ReturnData: false", Some("one result"))]
#[case::an_id_in_upper_case(SEVERAL, "Id: m1", "Id: M1", Some("ids that there are"))]
#[case::an_id_twice(SEVERAL, "Id: m1", "Id: m2", Some("ids of their own"))]
#[case::neither(SEVERAL, "Expression: SUM(METRICS())", "Label: Sum", Some("either a metric or an expression"))]
#[case::six_actions(SINGLE, "{A", "{OKActions: [1, 2, 3, 4, 5, 6], A", Some("five actions"))]
#[case::few_values_of_a_sum(
    SINGLE,
    "{A",
    "{EvaluateLowSampleCountPercentile: ignore, A",
    Some("few values of a percentile")
)]
fn what_cloudwatch_refuses_is_found(
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
fn a_description_has_room_for_the_longest_name(#[case] name: &str, #[case] more: usize, #[case] fits: bool) {
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
