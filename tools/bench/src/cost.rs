//! Dollars for a million calls, from what was measured here and what AWS publishes (`prices.json`, with its date).

use serde::Deserialize;

use crate::{
    Result,
    figures::{Figure, Table},
    progress,
    scale::calls_of,
    stage::{Binaries, FUNCTIONS, Stage},
};

/// <https://aws.amazon.com/api-gateway/pricing/>, <https://aws.amazon.com/lambda/pricing/>,
/// <https://aws.amazon.com/dynamodb/pricing/on-demand/>
const PRICES: &str = include_str!("../prices.json");

#[derive(Debug, Deserialize)]
struct Prices {
    region: String,
    date: String,
    api_gateway_dollars_per_million_requests: f64,
    lambda_dollars_per_million_requests: f64,
    lambda_dollars_per_gb_second: f64,
    dynamodb_dollars_per_million_read_units: f64,
    dynamodb_dollars_per_million_write_units: f64,
}

/// As the template has it.
fn memory_mb(function: &str) -> f64 {
    if ["login", "register"].contains(&function) { 1769.0 } else { 256.0 }
}

pub(crate) async fn measure(binaries: &Binaries, runs: u32) -> Result<Table> {
    let prices: Prices = serde_json::from_str(PRICES)?;
    let (counter, stage) = Stage::counted(binaries).await?;
    let bar = progress("cost", u64::from(runs) * FUNCTIONS.len() as u64);
    let title = format!("Dollars for a million calls, {}, prices of {}", prices.region, prices.date);
    let mut table = Table::new(title);
    for function in FUNCTIONS {
        let (durations, consumed) = calls_of(&stage, function, runs, &counter, &bar).await?;
        let duration = Figure::of("duration", "ms", &durations);
        // Lambda bills whole milliseconds.
        let seconds = duration.value().ceil() / 1e3;
        let gateway = prices.api_gateway_dollars_per_million_requests;
        let requests = prices.lambda_dollars_per_million_requests;
        let time = seconds * memory_mb(function) / 1024.0 * prices.lambda_dollars_per_gb_second * 1e6;
        let reads = consumed.read_units * prices.dynamodb_dollars_per_million_read_units;
        let writes = consumed.write_units * prices.dynamodb_dollars_per_million_write_units;
        table.push(
            function,
            vec![
                duration,
                Figure::one("API Gateway", "$", gateway),
                Figure::one("Lambda requests", "$", requests),
                Figure::one("Lambda time", "$", time),
                Figure::one("DynamoDB reads", "$", reads),
                Figure::one("DynamoDB writes", "$", writes),
                Figure::one("sum", "$", gateway + requests + time + reads + writes),
            ],
        );
    }
    bar.finish_and_clear();
    Ok(table)
}
