//! That the model does what CloudWatch's documents say.

use std::collections::BTreeMap;

use rstest::rstest;

use super::{
    data::Data,
    definition::Alarm,
    evaluation::State,
    math::{self, Series},
};

/// Points as the document writes them: `-` is missing.
fn points(written: &str) -> Series {
    written.split(' ').map(|point| (point != "-").then(|| point.parse().unwrap())).collect()
}

/// The examples of <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>, which has them for
/// comparisons and for IF; of FILL and SUM, and of arithmetic, it says that missing values count as 0.
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
fn an_expression_gives_what_the_document_says(
    #[case] expression: &str,
    #[case] metrics: &[&str],
    #[case] result: &str,
) {
    let metrics = metrics.iter().zip(1..).map(|(metric, number)| (format!("m{number}"), points(metric)));
    let metrics: BTreeMap<_, _> = metrics.collect();
    assert_eq!(math::parse(expression).unwrap().of(&metrics).unwrap(), points(result));
}

#[rstest]
#[case::nothing("")]
#[case::a_function_in_lower_case("fill(m1, 0)")]
#[case::an_unknown_function("REMOVE_EMPTY(METRICS())")]
#[case::a_word_that_is_none("m1 or m2")]
#[case::one_equals_sign("m1 = 5")]
#[case::the_wrong_arguments("FILL(m1)")]
#[case::an_open_parenthesis("SUM(FILL(METRICS(), 0)")]
#[case::too_many_parentheses("SUM(METRICS()))")]
#[case::a_missing_value("m1 >= 5 OR")]
#[case::not_known_which_binds_closer("m1 > 5 AND m2 > 5 OR m3 > 5")]
#[case::not_known_either("m1 * 2 > m2")]
#[case::nor_here("m1 + m2 * m3")]
fn an_expression_that_the_document_does_not_explain_is_refused(#[case] expression: &str) {
    assert!(math::parse(expression).is_err());
}

#[rstest]
#[case::a_number("SUM(m1)")]
#[case::a_number_as_well("1 + 1")]
#[case::several_series("FILL(METRICS(), 0)")]
#[case::a_metric_that_is_not_there("m1 + m3")]
fn an_expression_that_is_none_for_an_alarm_is_refused(#[case] expression: &str) {
    let metrics = BTreeMap::from(["m1", "m2"].map(|id| (id.to_owned(), points("1 2"))));
    assert!(math::parse(expression).unwrap().of(&metrics).is_err());
}

/// An alarm on one metric, with what else is said of it.
fn alarm(namespace: &str, more: &str) -> Alarm {
    let properties = format!(
        "{{Namespace: {namespace}, MetricName: Metric, Period: 300, Threshold: 1, TreatMissingData: notBreaching, \
         ComparisonOperator: GreaterThanOrEqualToThreshold, {more}}}"
    );
    Alarm::new(&serde_norway::from_str(&properties).unwrap(), &serde_norway::Value::Null)
}

/// The changes of an alarm's state, of which CloudWatch gets five points, and the minutes at whose end they come.
fn changes(alarm: &Alarm, data: &Data) -> Vec<(usize, State)> {
    let states = alarm.play(data, 300, 0, 5);
    let changed = |minute: &usize| *minute == 0 || states[*minute] != states[*minute - 1];
    (0..states.len()).filter(changed).map(|minute| (minute + 1, states[minute])).collect()
}

/// What is reported only while there is something to report.
fn throttles() -> Data {
    Data::default().with(("Metric", ""), 60..62, 1.0, 7)
}

#[test]
fn an_alarm_on_a_metric_of_dynamodb_that_nothing_fills_never_ends() {
    let alarm = alarm("AWS/DynamoDB", "Statistic: Sum, EvaluationPeriods: 1");
    assert_eq!(changes(&alarm, &throttles()), [(1, State::InsufficientData), (61, State::Alarm)]);
}

#[test]
fn an_alarm_on_another_metric_that_nothing_fills_ends_when_the_last_of_the_points_that_cloudwatch_gets_is_older() {
    let alarm = alarm("AWS/Lambda", "Statistic: Sum, EvaluationPeriods: 1");
    assert_eq!(changes(&alarm, &throttles()), [(1, State::Ok), (61, State::Alarm), (62 + 25, State::Ok)]);
}

#[test]
fn an_alarm_of_two_periods_of_three_rings_at_the_second() {
    let alarm = alarm("AWS/Lambda", "Statistic: Sum, EvaluationPeriods: 3, DatapointsToAlarm: 2");
    let data = Data::default().with(("Metric", ""), 0..300, 0.0, 1).with(("Metric", ""), 60..67, 1.0, 1);
    // As long as it lasts, and until the last but one of the three has nothing of it.
    assert_eq!(changes(&alarm, &data), [(1, State::Ok), (66, State::Alarm), (67 + 10, State::Ok)]);
}

#[rstest]
#[case::of_a_hundred("p99", 1000)]
#[case::of_ten("p90", 100)]
#[case::of_a_hundred_from_below("p1", 1000)]
fn an_alarm_that_ignores_few_values_stays_as_it_is_with_fewer_than_the_percentile_takes(
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
fn a_percentile_is_the_value_that_so_many_do_not_exceed() {
    let alarm = alarm("AWS/ApiGateway", "ExtendedStatistic: p90, EvaluationPeriods: 1");
    let rings = |slow: u32| {
        let fast = Data::default().with(("Metric", ""), 60..61, 0.5, 100 - slow);
        let data = fast.with(("Metric", ""), 60..61, 3.0, slow);
        alarm.play(&data, 70, 0, 5).contains(&State::Alarm)
    };
    assert_eq!([rings(10), rings(11)], [false, true]);
}
