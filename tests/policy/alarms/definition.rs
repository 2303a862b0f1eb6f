//! An alarm as a template defines it, and its evaluation by CloudWatch.

use std::{collections::BTreeMap, ops::Range};

use serde_norway::Value;

use super::{
    data::{self, Data, Statistic},
    evaluation::{Missing, Rule, State},
    math::{self, Expression, Series},
    text,
};

/// A metric, with the statistic and the period that an alarm uses.
#[derive(Debug)]
pub(crate) struct Watched {
    namespace: String,
    /// The metric's name, and the values of its dimensions. A reference to a resource becomes the resource's logical name.
    pub(crate) metric: (String, String),
    statistic: Statistic,
    /// In minutes.
    period: usize,
}

impl Watched {
    fn new(metric: &Value, statistic: &Value, period: &Value) -> Self {
        let dimensions = metric["Dimensions"].as_sequence().into_iter().flatten();
        let values: Vec<_> = dimensions.map(|dimension| text(&dimension["Value"])).collect();
        let seconds = usize::try_from(period.as_u64().unwrap()).unwrap();
        Self {
            namespace: text(&metric["Namespace"]).to_owned(),
            metric: (text(&metric["MetricName"]).to_owned(), values.join(", ")),
            statistic: Statistic::named(text(statistic)),
            period: seconds / 60,
        }
    }

    /// The samples of a period that have arrived `now` minutes after the start, if data arrives `late` minutes late. The period
    /// with `age` 0 is the newest. Periods slide: the newest ends now, not at a multiple of five minutes on the clock
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html>).
    fn during(&self, data: &Data, age: usize, now: usize, late: usize) -> Vec<(f64, u32)> {
        let end = now.saturating_sub(age * self.period);
        let minutes: Range<usize> = end.saturating_sub(self.period)..end.min(now.saturating_sub(late));
        data.during(&self.metric, minutes)
    }
}

#[derive(Debug)]
pub(crate) struct Alarm {
    /// By id.
    pub(crate) watched: BTreeMap<String, Watched>,
    pub(crate) expression: Expression,
    pub(crate) rule: Rule,
    threshold: f64,
    /// Whether a value breaches a threshold.
    breaches: fn(f64, f64) -> bool,
    /// With fewer samples than this in a period, the state does not change.
    significant_at: f64,
}

impl Alarm {
    /// An alarm with these properties, in which parameters have their defaults.
    pub(crate) fn new(properties: &Value, parameters: &Value) -> Self {
        let (expression, watched) = match properties["Metrics"].as_sequence() {
            None => {
                let statistic = properties.get("ExtendedStatistic").unwrap_or(&properties["Statistic"]);
                let watched = Watched::new(properties, statistic, &properties["Period"]);
                (Expression::Metric("metric".to_owned()), BTreeMap::from([("metric".to_owned(), watched)]))
            }
            Some(queries) => {
                let expressions: Vec<_> = queries.iter().filter_map(|query| query["Expression"].as_str()).collect();
                let [expression] = expressions.as_slice() else {
                    panic!("{expressions:?}: the model needs exactly one")
                };
                let expression = math::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
                let stats = queries.iter().filter_map(|query| Some((&query["Id"], query.get("MetricStat")?)));
                let watched = stats.map(|(id, stat)| {
                    (text(id).to_owned(), Watched::new(&stat["Metric"], &stat["Stat"], &stat["Period"]))
                });
                (expression, watched.collect())
            }
        };
        let number = |name: &str| properties[name].as_u64().map(|number| usize::try_from(number).unwrap());
        let periods = number("EvaluationPeriods").unwrap();
        assert_eq!(properties["TreatMissingData"], "notBreaching", "the model treats missing data only in this way");
        // PutMetricAlarm: "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data even if you
        // choose a different option". The user guide says that they do so by default. The model follows the stricter of the two.
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        let of_dynamodb = watched.values().any(|watched| watched.namespace == "AWS/DynamoDB");
        let missing = if of_dynamodb { Missing::Ignored } else { Missing::NotBreaching };
        let threshold = &properties["Threshold"];
        let default = || text(&parameters[text(threshold)]["Default"]).parse::<f64>().unwrap();
        let significant = watched.values().map(|watched| watched.statistic.significant_at()).fold(0.0, f64::max);
        Self {
            expression,
            rule: Rule { periods, to_alarm: number("DatapointsToAlarm").unwrap_or(periods), missing },
            threshold: threshold.as_f64().unwrap_or_else(default),
            breaches: match text(&properties["ComparisonOperator"]) {
                "GreaterThanOrEqualToThreshold" => |value, threshold| value >= threshold,
                "GreaterThanThreshold" => |value, threshold| value > threshold,
                other => panic!("the model has no {other}"),
            },
            significant_at: match properties["EvaluateLowSampleCountPercentile"].as_str() {
                None | Some("evaluate") => 0.0,
                Some("ignore") => significant,
                Some(other) => panic!("the model has no {other}"),
            },
            watched,
        }
    }

    /// The state at the end of each minute, if all data arrives `late` minutes late. CloudWatch evaluates once a minute, and
    /// retrieves `points` data points each time.
    pub(crate) fn play(&self, data: &Data, minutes: usize, late: usize, points: usize) -> Vec<State> {
        let known: Vec<_> = self.watched.values().map(|watched| &watched.metric).collect();
        let unknown: Vec<_> = data.metrics().filter(|metric| !known.contains(metric)).collect();
        assert!(unknown.is_empty(), "the alarm does not watch {unknown:?}");
        let mut state = State::InsufficientData;
        let states = (1..=minutes).map(|now| {
            state = self.evaluate(data, now, late, points, state);
            state
        });
        states.collect()
    }

    fn evaluate(&self, data: &Data, now: usize, late: usize, points: usize, before: State) -> State {
        let newest = self.watched.values().map(|watched| data::count(&watched.during(data, 0, now, late)));
        if self.significant_at > 0.0 && newest.sum::<f64>() < self.significant_at {
            return before;
        }
        let series = |watched: &Watched| -> Series {
            let periods = (0..points).rev().map(|age| watched.during(data, age, now, late));
            periods.map(|samples| watched.statistic.of(samples)).collect()
        };
        let metrics = self.watched.iter().map(|(id, watched)| (id.clone(), series(watched)));
        let metrics: BTreeMap<String, Series> = metrics.collect();
        let values = self.expression.of(&metrics).unwrap_or_else(|error| panic!("{:?}: {error}", self.expression));
        let breaching: Vec<_> = values.into_iter().map(|value| Some((self.breaches)(value?, self.threshold))).collect();
        self.rule.state(&breaching, before)
    }
}
