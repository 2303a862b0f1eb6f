//! Tests of the model against CloudWatch's documentation.

use std::collections::BTreeMap;

use rstest::rstest;

use super::{
    data::Data,
    definition::Alarm,
    evaluation::State,
    math::{self, Series},
};

/// Points in the notation of the documentation: `-` is missing.
fn points(written: &str) -> Series {
    written.split(' ').map(|point| (point != "-").then(|| point.parse().unwrap())).collect()
}

/// The examples of <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>, for
/// comparisons and for IF. For FILL, SUM and arithmetic it has no examples, but says that missing values count as 0.
#[rstest]
#[case("m1 < m2", &["30 20 0 0", "20 - 20 -"], "0 0 1 0")]
#[case("(m1 >= 30)", &["30 20 0 0"], "1 0 0 0")]
#[case("(m1 > 15 AND m2 > 15)", &["30 20 0 0", "20 - 20 -"], "1 0 0 0")]
#[case("IF(m1, m2, m3)", &["1 1 0 0 -", "30 - 0 0 30", "0 0 20 - 20"], "30 0 20 - -")]
#[case("IF(m1, 5, m2)", &["1 1 0 0 -", "0 0 20 - 20"], "5 5 20 - -")]
#[case("IF(m1, m2, 5)", &["1 1 0 0 -", "30 - 0 0 30"], "30 0 5 5 -")]
#[case("IF(m1 < 400, 10, 2)", &["399 400 -"], "10 2 -")]
#[case("FILL(m1, 10)", &["1 - 3"], "1 10 3")]
#[case("SUM(METRICS())", &["1 - 3 -", "5 6 - -"], "6 6 3 -")]
#[case("SUM(FILL(METRICS(), 0))", &["1 - 3 -", "5 6 - -"], "6 6 3 0")]
#[case("m1 + m2", &["1 - 3 -", "5 6 - -"], "6 6 3 -")]
#[case("m1 / m2", &["6 6", "3 0"], "2 -")]
#[case("100 * m1", &["1 -"], "100 -")]
#[case("m1 - m2 || m3 != m3", &["1 2", "1 1", "7 7"], "0 1")]
fn expressions_are_evaluated_as_documented(#[case] expression: &str, #[case] metrics: &[&str], #[case] result: &str) {
    let metrics = metrics.iter().zip(1..).map(|(metric, number)| (format!("m{number}"), points(metric)));
    let metrics: BTreeMap<_, _> = metrics.collect();
    assert_eq!(math::parse(expression).unwrap().of(&metrics).unwrap(), points(result));
}

#[rstest]
#[case::nothing("")]
#[case::a_function_in_lower_case("fill(m1, 0)")]
#[case::an_unknown_function("REMOVE_EMPTY(METRICS())")]
#[case::an_operator_in_lower_case("m1 or m2")]
#[case::one_equals_sign("m1 = 5")]
#[case::the_wrong_arguments("FILL(m1)")]
#[case::an_open_parenthesis("SUM(FILL(METRICS(), 0)")]
#[case::too_many_parentheses("SUM(METRICS()))")]
#[case::a_missing_value("m1 >= 5 OR")]
#[case::and_beside_or("m1 > 5 AND m2 > 5 OR m3 > 5")]
#[case::a_product_beside_a_comparison("m1 * 2 > m2")]
#[case::a_product_beside_a_sum("m1 + m2 * m3")]
fn expressions_that_the_documentation_does_not_explain_are_refused(#[case] expression: &str) {
    assert!(math::parse(expression).is_err());
}

#[rstest]
#[case::the_sum_of_one_series("SUM(m1)")]
#[case::a_number("1 + 1")]
#[case::several_series("FILL(METRICS(), 0)")]
#[case::an_unknown_metric("m1 + m3")]
fn expressions_that_an_alarm_cannot_use_are_refused(#[case] expression: &str) {
    let metrics = BTreeMap::from(["m1", "m2"].map(|id| (id.to_owned(), points("1 2"))));
    assert!(math::parse(expression).unwrap().of(&metrics).is_err());
}

/// An alarm on one metric, with more properties.
fn alarm(namespace: &str, more: &str) -> Alarm {
    let properties = format!(
        "{{Namespace: {namespace}, MetricName: Metric, Period: 300, Threshold: 1, TreatMissingData: notBreaching, \
         ComparisonOperator: GreaterThanOrEqualToThreshold, {more}}}"
    );
    Alarm::new(&serde_norway::from_str(&properties).unwrap(), &serde_norway::Value::Null)
}

/// The changes of an alarm's state, with the minutes at whose ends they occur, if CloudWatch retrieves five points.
fn changes(alarm: &Alarm, data: &Data) -> Vec<(usize, State)> {
    let states = alarm.play(data, 300, 0, 5);
    let changed = |minute: &usize| *minute == 0 || states[*minute] != states[*minute - 1];
    (0..states.len()).filter(changed).map(|minute| (minute + 1, states[minute])).collect()
}

/// A metric that is reported only while something is wrong.
fn throttles() -> Data {
    Data::default().with(("Metric", ""), 60..62, 1.0, 7)
}

#[test]
fn an_alarm_on_an_unfilled_dynamodb_metric_never_ends() {
    let alarm = alarm("AWS/DynamoDB", "Statistic: Sum, EvaluationPeriods: 1");
    assert_eq!(changes(&alarm, &throttles()), [(1, State::InsufficientData), (61, State::Alarm)]);
}

#[test]
fn an_alarm_on_another_unfilled_metric_ends_when_no_retrieved_point_breaches_any_more() {
    let alarm = alarm("AWS/Lambda", "Statistic: Sum, EvaluationPeriods: 1");
    assert_eq!(changes(&alarm, &throttles()), [(1, State::Ok), (61, State::Alarm), (62 + 25, State::Ok)]);
}

#[test]
fn an_alarm_on_two_of_three_periods_fires_in_the_second() {
    let alarm = alarm("AWS/Lambda", "Statistic: Sum, EvaluationPeriods: 3, DatapointsToAlarm: 2");
    let data = Data::default().with(("Metric", ""), 0..300, 0.0, 1).with(("Metric", ""), 60..67, 1.0, 1);
    // It lasts as long as the fault, and until only one of the three periods includes it.
    assert_eq!(changes(&alarm, &data), [(1, State::Ok), (66, State::Alarm), (67 + 10, State::Ok)]);
}

#[rstest]
#[case::one_in_a_hundred("p99", 1000)]
#[case::one_in_ten("p90", 100)]
#[case::the_lowest_in_a_hundred("p1", 1000)]
fn an_alarm_that_ignores_few_samples_keeps_its_state_below_the_significant_number(
    #[case] percentile: &str,
    #[case] enough: u32,
) {
    let rule = format!("ExtendedStatistic: {percentile}, EvaluationPeriods: 1, EvaluateLowSampleCountPercentile:");
    let rings = |few: &str, requests: u32| {
        let data = Data::default().with(("Metric", ""), 60..61, 9.0, requests);
        alarm("AWS/ApiGateway", &format!("{rule} {few}")).play(&data, 70, 0, 5).contains(&State::Alarm)
    };
    assert_eq!([rings("ignore", enough - 1), rings("ignore", enough), rings("evaluate", 1)], [false, true, true]);
}

#[test]
fn a_percentile_is_the_value_that_this_share_of_samples_does_not_exceed() {
    let alarm = alarm("AWS/ApiGateway", "ExtendedStatistic: p90, EvaluationPeriods: 1");
    let rings = |slow: u32| {
        let fast = Data::default().with(("Metric", ""), 60..61, 0.5, 100 - slow);
        let data = fast.with(("Metric", ""), 60..61, 3.0, slow);
        alarm.play(&data, 70, 0, 5).contains(&State::Alarm)
    };
    assert_eq!([rings(10), rings(11)], [false, true]);
}
