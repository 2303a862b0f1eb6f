//! Costs, computed from measurements, the template and AWS's prices.

use std::collections::BTreeMap;

use stack::{
    Template,
    template::{self, Alarms},
};

use crate::{
    Result,
    figures::{Figure, Table},
    month::{Call, Quantities},
    prices::{Price, Prices},
    progress,
    scale::{Calls, calls_of},
    stage::{Binaries, FUNCTIONS, Stage},
};

/// How much longer a DynamoDB request takes on AWS than here, network included, in milliseconds: assumed. No other difference is
/// known: a function that hashes has a whole core on AWS too.
const DYNAMODB: f64 = 5.0;

/// What Lambda and API Gateway log of a call, in bytes: the lines platform.start and platform.report, about 830, and a line of the
/// access log, about 390.
const PLATFORM_LOG: f64 = 1_220.0;

/// The loads to compute, in calls of the mix a minute.
const LOADS: [f64; 3] = [1.0, 100.0, 10_000.0];

pub(crate) async fn measure(binaries: &Binaries, runs: u32) -> Result<Vec<Table>> {
    let (prices, template) = (Prices::read()?, Template::read()?);
    let (counter, stage) = Stage::counted(binaries).await?;
    let bar = progress("cost", u64::from(runs) * FUNCTIONS.len() as u64);
    let mut all = BTreeMap::new();
    let title = format!("Cost of a million calls ({}, prices of {})", prices.region, prices.date);
    let mut table = Table::new(title);
    for function in FUNCTIONS {
        let measured = calls_of(&stage, function, runs, &counter, &bar).await?;
        let call = Call {
            billed: billed(&measured),
            memory_mb: f64::from(of_template(&template, function)?.memory_mb),
            read_units: measured.consumed.read_units,
            write_units: measured.consumed.write_units,
            log_bytes: measured.log_bytes + PLATFORM_LOG,
            // It issues no token.
            reads_secret: function != "register",
        };
        table.push(function, million(&prices, &measured, call));
        all.insert(function, call);
    }
    bar.finish_and_clear();
    Ok(vec![table, months(&prices, &template, &all)?, floods(&prices, &template, &all)?])
}

/// The mean duration that Lambda would bill, in milliseconds. It rounds each call up.
fn billed(calls: &Calls) -> f64 {
    let extra = DYNAMODB * calls.consumed.requests.round();
    let all: f64 = calls.durations.iter().map(|duration| (duration + extra).ceil()).sum();
    all / calls.durations.len() as f64
}

fn million(prices: &Prices, measured: &Calls, call: Call) -> Vec<Figure> {
    let taken = call.times(1e6);
    let parts = [
        ("API Gateway", prices.api_gateway_requests.listed(taken.requests)),
        ("Lambda requests", prices.lambda_requests.listed(taken.requests)),
        ("Lambda time", prices.lambda_gb_seconds.listed(taken.gb_seconds)),
        ("DynamoDB reads", prices.dynamodb_read_units.listed(taken.read_units)),
        ("DynamoDB writes", prices.dynamodb_write_units.listed(taken.write_units)),
        ("logs", prices.log_gb.listed(taken.log_gb)),
        ("data out", prices.data_out_gb.listed(taken.out_gb)),
    ];
    let sum: f64 = parts.iter().map(|(_, dollars)| dollars).sum();
    let measured = [
        Figure::of("measured duration", "ms", &measured.durations),
        Figure::one("billed (assumed)", "ms", call.billed),
        Figure::one("logged", "KB", call.log_bytes / 1e3),
    ];
    let dollars = parts.into_iter().chain([("sum", sum)]).map(|(name, dollars)| Figure::one(name, "$", dollars));
    measured.into_iter().chain(dollars).collect()
}

fn months(prices: &Prices, template: &Template, calls: &BTreeMap<&str, Call>) -> Result<Table> {
    let mut table = Table::new("Cost of a month of the mix");
    for per_minute in LOADS {
        let taken = Quantities::of_mix(calls, per_minute)?;
        let bill = taken.bill(prices, template.alarms(), Price::listed);
        let beyond_free = taken.bill(prices, template.alarms(), Price::beyond_free);
        table.push(
            format!("{per_minute} calls a minute"),
            vec![
                Figure::one("million calls", "", taken.requests / 1e6),
                Figure::one("API Gateway", "$", bill.gateway),
                Figure::one("Lambda", "$", bill.lambda),
                Figure::one("DynamoDB", "$", bill.dynamodb),
                Figure::one("logs", "$", bill.logs),
                Figure::one("data out", "$", bill.out),
                Figure::one("secret", "$", bill.secret),
                Figure::one("sum", "$", bill.least()),
                Figure::one("sum with metrics (default)", "$", bill.usual()),
                Figure::one("alarms", "$", bill.alarms),
                Figure::one("X-Ray", "$", bill.traces),
                Figure::one("default beyond the free tier", "$", beyond_free.usual()),
                Figure::one("alarms beyond the free tier", "$", beyond_free.alarms),
                Figure::one("X-Ray beyond the free tier", "$", beyond_free.traces),
            ],
        );
    }
    Ok(table)
}

/// What a flood can cost: as many calls of each function as the throttles let through.
fn floods(prices: &Prices, template: &Template, calls: &BTreeMap<&str, Call>) -> Result<Table> {
    let mut table = Table::new("Cost of as many calls as the throttles let through");
    let mut all = (0.0, 0.0);
    let mut push = |what: &str, requests: f64, dollars: f64| {
        table.push(
            what,
            vec![
                Figure::one("calls an hour", "", requests),
                Figure::one("cost an hour", "$", dollars),
                Figure::one("cost a day", "$", dollars * 24.0),
            ],
        );
    };
    for (function, call) in calls {
        let requests = of_template(template, function)?.requests_per_second * 3600.0;
        let bill = call.times(requests).bill(prices, Alarms::default(), Price::listed);
        let dollars = bill.least() - bill.secret;
        all = (all.0 + requests, all.1 + dollars);
        push(function, requests, dollars);
    }
    push("all", all.0, all.1);
    Ok(table)
}

fn of_template<'a>(template: &'a Template, function: &str) -> Result<&'a template::Function> {
    template.function(function).ok_or_else(|| format!("template.yaml has no function {function}").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::Consumed;

    #[test]
    fn each_call_is_billed_in_whole_milliseconds_including_the_network() {
        let consumed = Consumed { requests: 2.0, ..Consumed::default() };
        let calls = Calls { durations: vec![0.2, 1.0, 1.1], consumed, log_bytes: 0.0 };
        let expected = (11.0 + 11.0 + 12.0) / 3.0;
        assert!((billed(&calls) - expected).abs() < 1e-9, "{}", billed(&calls));
    }
}
