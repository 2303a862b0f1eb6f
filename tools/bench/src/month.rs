//! The quantities that AWS charges for calls, and the bill of a month.

use std::collections::BTreeMap;

use stack::template::Alarms;

use crate::{
    Result,
    prices::{Price, Prices},
};

/// The calls of the load test (`tests/load/mix.js`), as shares.
const MIX: [(&str, f64); 4] = [("me", 0.70), ("refresh", 0.20), ("login", 0.05), ("register", 0.05)];

/// The seconds of a month, which AWS counts as 730 hours.
const SECONDS: f64 = 730.0 * 3600.0;

/// What API Gateway sends for a call, headers included, in bytes: assumed. Responses have 85 to 600 bytes.
const ANSWER_BYTES: f64 = 1_000.0;

/// How many calls a running function makes to Secrets Manager at a time: one for each version of the secret.
const SECRET_CALLS: f64 = 2.0;

/// How long it keeps the secret, in seconds.
const SECRET_SECONDS: f64 = 300.0;

/// How many environments of a function exist for each one that is busy on average: assumed.
const ENVIRONMENTS: f64 = 2.0;

/// What a call of a function uses.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Call {
    /// The billed duration, in milliseconds.
    pub(crate) billed: f64,
    pub(crate) memory_mb: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) log_bytes: f64,
    /// Whether the function reads the secret.
    pub(crate) reads_secret: bool,
}

/// What many calls use.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Quantities {
    pub(crate) requests: f64,
    pub(crate) gb_seconds: f64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) log_gb: f64,
    pub(crate) out_gb: f64,
    pub(crate) secret_calls: f64,
    /// If X-Ray is switched on.
    pub(crate) traces: f64,
}

/// What calls cost, and what the stack costs without any, in dollars.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bill {
    pub(crate) gateway: f64,
    pub(crate) lambda: f64,
    pub(crate) dynamodb: f64,
    pub(crate) logs: f64,
    pub(crate) out: f64,
    pub(crate) secret: f64,
    /// If all metrics of the functions occur in every hour.
    pub(crate) metrics: f64,
    /// At most: a metric that is made from the log occurs only if the log has such lines.
    pub(crate) alarms: f64,
    pub(crate) traces: f64,
}

impl Call {
    /// What this many calls use, at any time.
    pub(crate) fn times(self, calls: f64) -> Quantities {
        Quantities {
            requests: calls,
            gb_seconds: calls * self.billed / 1e3 * self.memory_mb / 1024.0,
            read_units: calls * self.read_units,
            write_units: calls * self.write_units,
            log_gb: calls * self.log_bytes / 1e9,
            out_gb: calls * ANSWER_BYTES / 1e9,
            ..Quantities::default()
        }
    }

    /// What a month of this many calls a second uses, if they are evenly spread.
    fn month(self, per_second: f64) -> Quantities {
        let secret_calls = if self.reads_secret {
            let environments = (ENVIRONMENTS * per_second * self.billed / 1e3).ceil();
            // A call reads the secret at most once, and an idle environment never.
            SECRET_CALLS * per_second.min(environments / SECRET_SECONDS) * SECONDS
        } else {
            0.0
        };
        let traces = traced(per_second) * SECONDS;
        Quantities { secret_calls, traces, ..self.times(per_second * SECONDS) }
    }
}

/// How many of this many evenly spread calls a second of a function Lambda traces: the first of each second, and 5 % of the others
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>). Fewer than one a second are all traced.
fn traced(per_second: f64) -> f64 {
    per_second.min(1.0) + 0.05 * (per_second - 1.0).max(0.0)
}

impl Quantities {
    /// What a month of this many calls of the mix a minute uses.
    pub(crate) fn of_mix(calls: &BTreeMap<&str, Call>, per_minute: f64) -> Result<Self> {
        let mut all = Self::default();
        for (function, share) in MIX {
            let call = calls.get(function).ok_or_else(|| format!("{function} was not measured"))?;
            all = all.plus(call.month(per_minute / 60.0 * share));
        }
        Ok(all)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            gb_seconds: self.gb_seconds + other.gb_seconds,
            read_units: self.read_units + other.read_units,
            write_units: self.write_units + other.write_units,
            log_gb: self.log_gb + other.log_gb,
            out_gb: self.out_gb + other.out_gb,
            secret_calls: self.secret_calls + other.secret_calls,
            traces: self.traces + other.traces,
        }
    }

    /// What this costs in a stack with these alarms. `charge` computes the cost of a quantity.
    pub(crate) fn bill(self, prices: &Prices, alarms: Alarms, charge: fn(Price, f64) -> f64) -> Bill {
        let metrics = |additional: f64| charge(prices.metrics, prices.own_metrics + additional);
        Bill {
            gateway: charge(prices.api_gateway_requests, self.requests),
            lambda: charge(prices.lambda_requests, self.requests) + charge(prices.lambda_gb_seconds, self.gb_seconds),
            dynamodb: charge(prices.dynamodb_read_units, self.read_units)
                + charge(prices.dynamodb_write_units, self.write_units),
            logs: charge(prices.log_gb, self.log_gb),
            out: charge(prices.data_out_gb, self.out_gb),
            secret: charge(prices.secrets, 1.0) + charge(prices.secret_calls, self.secret_calls),
            metrics: metrics(0.0),
            // The functions' own metrics use the free tier first.
            alarms: charge(prices.alarm_metrics, f64::from(alarms.watched_metrics))
                + metrics(f64::from(alarms.log_metrics))
                - metrics(0.0),
            traces: charge(prices.traces, self.traces),
        }
    }
}

impl Bill {
    /// Without metrics, alarms and traces, each of which a parameter switches on.
    pub(crate) fn least(&self) -> f64 {
        self.gateway + self.lambda + self.dynamodb + self.logs + self.out + self.secret
    }

    /// With the defaults of the parameters: with metrics.
    pub(crate) fn usual(&self) -> f64 {
        self.least() + self.metrics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_near(value: f64, expected: f64) {
        assert!((value - expected).abs() <= expected.abs() * 1e-9, "{value} is not {expected}");
    }

    /// The same for every function.
    fn calls(call: Call) -> BTreeMap<&'static str, Call> {
        MIX.map(|(function, _)| (function, call)).into()
    }

    #[test]
    fn all_calls_of_a_quiet_function_and_a_twentieth_of_a_busy_one_are_traced() {
        assert_near(traced(1.0 / 60.0), 1.0 / 60.0);
        assert_near(traced(1.0), 1.0);
        assert_near(traced(100.0), 5.95);
    }

    #[test]
    fn the_first_call_of_each_second_is_counted_by_function() {
        let traces = |per_minute| Quantities::of_mix(&calls(Call::default()), per_minute).unwrap().traces / SECONDS;
        assert_near(traces(1.0), 1.0 / 60.0);
        // `me` has 70 of a hundred: one a second and a twentieth of the rest. The others have less than one.
        assert_near(traces(100.0), 1.0 + 0.05 * (70.0 / 60.0 - 1.0) + 30.0 / 60.0);
        assert_near(traces(60_000.0), 4.0 + 0.05 * (1000.0 - 4.0));
    }

    #[test]
    fn a_month_of_one_call_a_minute_is_43_800_calls() {
        assert_near(Quantities::of_mix(&calls(Call::default()), 1.0).unwrap().requests, 43_800.0);
    }

    #[test]
    fn calls_use_memory_times_time_and_capacity_units() {
        let call = Call { billed: 8.0, memory_mb: 512.0, read_units: 2.0, write_units: 0.5, ..Call::default() };
        let taken = Call { log_bytes: 1_500.0, ..call }.times(1e6);
        assert_near(taken.gb_seconds, 4_000.0);
        assert_near(taken.read_units, 2e6);
        assert_near(taken.write_units, 5e5);
        assert_near(taken.log_gb, 1.5);
    }

    #[test]
    fn the_secret_is_read_every_five_minutes_and_at_most_once_a_call() {
        let call = Call { billed: 10.0, reads_secret: true, ..Call::default() };
        // One environment: two calls in five minutes.
        assert_near(call.month(1.0).secret_calls, 2.0 * 12.0 * 730.0);
        // One call an hour.
        assert_near(call.month(1.0 / 3600.0).secret_calls, 2.0 * 730.0);
        // Three environments are busy, and six exist.
        assert_near(call.month(300.0).secret_calls, 6.0 * 2.0 * 12.0 * 730.0);
        assert_near(Call { reads_secret: false, ..call }.month(300.0).secret_calls, 0.0);
    }

    #[test]
    fn a_bill_has_every_quantity_once_and_optional_ones_separately() {
        let dollar = |free| Price { dollars: 1.0, per: 1.0, free };
        let prices = Prices {
            region: String::new(),
            date: String::new(),
            own_metrics: 12.0,
            api_gateway_requests: dollar(0.0),
            lambda_requests: dollar(0.0),
            lambda_gb_seconds: dollar(0.0),
            dynamodb_read_units: dollar(0.0),
            dynamodb_write_units: dollar(0.0),
            log_gb: dollar(0.0),
            data_out_gb: dollar(0.0),
            secrets: dollar(0.0),
            secret_calls: dollar(0.0),
            metrics: dollar(5.0),
            alarm_metrics: dollar(5.0),
            traces: dollar(5.0),
        };
        let taken = Quantities {
            requests: 1.0,
            gb_seconds: 10.0,
            read_units: 100.0,
            write_units: 1_000.0,
            log_gb: 1e4,
            out_gb: 1e5,
            secret_calls: 1e6,
            traces: 7.0,
        };
        let alarms = Alarms { watched_metrics: 3, log_metrics: 2 };
        let bill = taken.bill(&prices, alarms, Price::listed);
        assert_near(bill.least(), 1_111_113.0);
        assert_near(bill.usual(), 1_111_125.0);
        assert_near(bill.alarms, 5.0);
        assert_near(bill.traces, 7.0);
        let beyond = taken.bill(&prices, alarms, Price::beyond_free);
        assert_near(beyond.usual(), 1_111_120.0);
        assert_near(beyond.alarms, 2.0);
        assert_near(beyond.traces, 2.0);
    }
}
