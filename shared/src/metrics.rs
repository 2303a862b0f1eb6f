//! Measurements of the current request: counts, and how long its parts take.

use std::{
    cell::RefCell,
    future::Future,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef},
    },
    error::BoxError,
};
use serde::Serialize;

/// A metric, named as in CloudWatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Metric {
    /// Requests to other APIs that the authorizer denied.
    AuthorizerDenials,
    /// First requests of new processes.
    ColdStarts,
    /// Milliseconds during which at least one DynamoDB request was in flight.
    DynamoDbTime,
    /// Milliseconds spent hashing passwords, including the wait for a core.
    #[cfg_attr(not(feature = "passwords"), expect(dead_code, reason = "nothing else is hashed"))]
    HashTime,
    LoginFailures,
    /// Logins rejected unread, since too many had failed before.
    LoginLocks,
    Logins,
    Logouts,
    ProfileChanges,
    /// Uses of refresh tokens that had been replaced before.
    RefreshReplays,
    Refreshes,
    /// Registrations rejected unread, since too many came from one source before.
    RegistrationLocks,
    Registrations,
}

/// The measurements of one request.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    values: Vec<(Metric, f64)>,
    /// How many DynamoDB requests are in flight, and since when there has been at least one.
    dynamodb: Option<(u32, Instant)>,
}

tokio::task_local! {
    static CURRENT: RefCell<Measured>;
}

/// Runs `work` and returns its result with what was measured meanwhile.
pub(crate) async fn measure<T>(work: impl Future<Output = T>) -> (T, Measured) {
    CURRENT
        .scope(RefCell::default(), async {
            let result = work.await;
            (result, CURRENT.with(RefCell::take))
        })
        .await
}

/// Counts one.
pub(crate) fn count(metric: Metric) {
    add(metric, 1.0);
}

/// Adds a duration.
#[cfg_attr(not(feature = "passwords"), expect(dead_code, reason = "nothing else is hashed"))]
pub(crate) fn time(metric: Metric, time: Duration) {
    add(metric, milliseconds(time));
}

fn add(metric: Metric, value: f64) {
    with_current(|measured| measured.add(metric, value));
}

/// Does nothing outside a request.
fn with_current(work: impl FnOnce(&mut Measured)) {
    let _ = CURRENT.try_with(|measured| work(&mut measured.borrow_mut()));
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    // Microseconds are precise enough, and keep the line short.
    (time.as_secs_f64() * 1e6).round() / 1e3
}

impl Measured {
    /// All measurements. DynamoDB requests that were abandoned in flight count until now.
    pub(crate) fn into_values(mut self) -> Vec<(Metric, f64)> {
        while self.dynamodb.is_some() {
            self.dynamodb_ends();
        }
        self.values
    }

    pub(crate) fn add(&mut self, metric: Metric, value: f64) {
        match self.values.iter_mut().find(|(measured, _)| *measured == metric) {
            Some((_, sum)) => *sum += value,
            None => self.values.push((metric, value)),
        }
    }

    fn dynamodb_begins(&mut self) {
        let (under_way, since) = self.dynamodb.unwrap_or_else(|| (0, Instant::now()));
        self.dynamodb = Some((under_way + 1, since));
    }

    fn dynamodb_ends(&mut self) {
        match self.dynamodb.take() {
            Some((under_way, since)) if under_way > 1 => self.dynamodb = Some((under_way - 1, since)),
            Some((_, since)) => self.add(Metric::DynamoDbTime, milliseconds(since.elapsed())),
            None => {}
        }
    }
}

/// Measures how long DynamoDB requests take.
#[derive(Debug)]
pub(crate) struct DynamoDbTime;

impl Intercept for DynamoDbTime {
    fn name(&self) -> &'static str {
        "DynamoDbTime"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        with_current(Measured::dynamodb_begins);
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        with_current(Measured::dynamodb_ends);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn what_is_counted_twice_is_two_and_what_is_not_is_absent() {
        let work = async {
            count(Metric::Logins);
            time(Metric::HashTime, Duration::from_micros(1_500));
            time(Metric::HashTime, Duration::from_micros(500));
        };
        let ((), measured) = measure(work).now_or_never().unwrap();
        assert_eq!(measured.values, [(Metric::Logins, 1.0), (Metric::HashTime, 2.0)]);
    }

    #[test]
    fn outside_a_request_nothing_is_measured_and_nothing_fails() {
        count(Metric::Logins);
    }

    #[test]
    fn requests_of_dynamodb_side_by_side_are_one_time() {
        let mut measured = Measured::default();
        measured.dynamodb_begins();
        measured.dynamodb_begins();
        measured.dynamodb_ends();
        assert!(measured.values.is_empty());
        measured.dynamodb_ends();
        assert!(matches!(measured.values.as_slice(), [(Metric::DynamoDbTime, time)] if *time >= 0.0));
        assert!(measured.dynamodb.is_none());
    }
}
