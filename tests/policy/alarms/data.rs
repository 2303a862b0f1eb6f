//! The data that services report to CloudWatch, minute by minute.

use std::{collections::BTreeMap, ops::Range};

/// Values, each with the number of times that it was reported.
type Samples = Vec<(f64, u32)>;

/// The samples of each metric in each minute. Metrics are identified by name and the values of their dimensions. A minute that
/// is absent has no data point.
#[derive(Debug, Clone, Default)]
pub(crate) struct Data(BTreeMap<(String, String), BTreeMap<usize, Samples>>);

impl Data {
    /// Adds a value to each of these minutes, `times` times. With 0 times nothing is added, not even the metric.
    pub(crate) fn with(mut self, (name, of): (&str, &str), minutes: Range<usize>, value: f64, times: u32) -> Self {
        if times == 0 {
            return self;
        }
        let metric = self.0.entry((name.to_owned(), of.to_owned())).or_default();
        for minute in minutes {
            metric.entry(minute).or_default().push((value, times));
        }
        self
    }

    /// The metrics that have data.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.keys()
    }

    /// The samples of these minutes.
    pub(crate) fn during(&self, metric: &(String, String), minutes: Range<usize>) -> Samples {
        let Some(metric) = self.0.get(metric).filter(|_| !minutes.is_empty()) else { return Vec::new() };
        metric.range(minutes).flat_map(|(_, samples)| samples).copied().collect()
    }
}

/// The number of samples.
pub(crate) fn count(samples: &[(f64, u32)]) -> f64 {
    samples.iter().map(|(_, times)| f64::from(*times)).sum()
}

/// The statistic of each period that an alarm evaluates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Statistic {
    /// In percent.
    Percentile(f64),
    Sum,
}

impl Statistic {
    /// The statistic with this name. Panics if the model does not have it.
    pub(crate) fn named(name: &str) -> Self {
        match (name, name.strip_prefix('p')) {
            ("Sum", _) => Self::Sum,
            (_, Some(percent)) => Self::Percentile(percent.parse().unwrap()),
            _ => panic!("the model has no statistic {name}"),
        }
    }

    /// The value for these samples, or `None` if there are no samples.
    pub(crate) fn of(self, mut samples: Samples) -> Option<f64> {
        if samples.is_empty() {
            return None;
        }
        match self {
            Self::Sum => Some(samples.iter().map(|(value, times)| value * f64::from(*times)).sum()),
            Self::Percentile(percent) => {
                let rank = (count(&samples) * percent / 100.0).ceil();
                samples.sort_by(|(left, _), (right, _)| left.total_cmp(right));
                let mut below = 0.0;
                samples.into_iter().find_map(|(value, times)| {
                    below += f64::from(times);
                    (below >= rank).then_some(value)
                })
            }
        }
    }

    /// How many samples a percentile needs to be significant, by
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html>.
    pub(crate) fn significant_at(self) -> f64 {
        match self {
            Self::Sum => 0.0,
            Self::Percentile(percent) if percent < 50.0 => 1000.0 / percent,
            Self::Percentile(percent) => 1000.0 / (100.0 - percent),
        }
    }
}
