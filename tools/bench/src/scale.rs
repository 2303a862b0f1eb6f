//! The same calls with more and more users in the tables.

use std::net::Ipv4Addr;

use dynoxide::{ImportOptions, Item, actions::scan::ScanRequest};
use indicatif::ProgressBar;
use local::Database;

use crate::{
    Result,
    capacity::{Consumed, Counter},
    figures::{Figure, Table},
    progress,
    stage::{Binaries, EMAIL, FUNCTIONS, Stage, expect, good_status},
};

/// How many users are written together.
const BATCH: usize = 10_000;

/// The first id of the users created here: as long as any, and never drawn at random.
const FIRST_ID: usize = 9_007_199_200_000_000;

pub(crate) async fn measure(binaries: &Binaries, runs: u32, sizes: &[usize]) -> Result<Table> {
    let calls = u64::from(runs) * FUNCTIONS.len() as u64;
    let batches: usize = sizes.iter().map(|users| users.div_ceil(BATCH)).sum();
    let bar = progress("scale", calls * sizes.len() as u64 + batches as u64);
    let mut table = Table::new("Scale");
    for users in sizes {
        let tables = dynoxide::Database::memory()?;
        let listener = local::listen(Ipv4Addr::LOCALHOST.into(), 0, "none")?;
        let url = format!("http://{}", listener.local_addr()?);
        let server = tokio::spawn(local::embedded::serve(listener, tables.clone(), std::future::pending()));
        let (counter, counted_url) = Counter::start(&url).await?;
        let stage = Stage::on(binaries, Database::at(&url), &counted_url).await?;
        fill(&tables, *users, &bar)?;
        for function in FUNCTIONS {
            let Calls { durations, consumed, .. } = calls_of(&stage, function, runs, &counter, &bar).await?;
            table.push(
                format!("{function}, {users} users"),
                vec![
                    Figure::of("duration", "ms", &durations),
                    Figure::one("DynamoDB requests", "", consumed.requests),
                    Figure::one("read units", "", consumed.read_units),
                    Figure::one("write units", "", consumed.write_units),
                ],
            );
        }
        server.abort();
    }
    bar.finish_and_clear();
    Ok(table)
}

/// Measurements of some calls.
pub(crate) struct Calls {
    /// The duration of each, in milliseconds.
    pub(crate) durations: Vec<f64>,
    /// What one call consumes of DynamoDB.
    pub(crate) consumed: Consumed,
    /// What one call logs, in bytes as CloudWatch counts them.
    pub(crate) log_bytes: f64,
}

/// What CloudWatch counts for each line besides its text
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>).
const LINE_BYTES: usize = 26;

/// Calls a function this many times after it has answered once.
pub(crate) async fn calls_of(
    stage: &Stage<'_>,
    function: &str,
    runs: u32,
    counter: &Counter,
    bar: &ProgressBar,
) -> Result<Calls> {
    let mut login = stage.process("login").await?;
    let mut process = stage.process(function).await?;
    let (mut durations, mut all) = (Vec::new(), Consumed::default());
    // The first call opens connections and is not counted.
    for run in 0..=usize::try_from(runs)? {
        let event = stage.new_event(&mut login, function, run).await?;
        counter.take();
        let (answer, duration) = process.timed_call(event).await?;
        let consumed = counter.take();
        expect(&answer, good_status(function))?;
        if run > 0 {
            durations.push(duration.as_secs_f64() * 1e3);
            all.requests += consumed.requests / f64::from(runs);
            all.read_units += consumed.read_units / f64::from(runs);
            all.write_units += consumed.write_units / f64::from(runs);
            bar.inc(1);
        }
    }
    let log = process.end()?;
    // The first call is in the log too.
    let log_bytes = (log.len() + log.lines().count() * LINE_BYTES) as f64 / (f64::from(runs) + 1.0);
    Ok(Calls { durations, consumed: all, log_bytes })
}

/// Copies Ada's items for this many users, each with their own id, username and email.
fn fill(tables: &dynoxide::Database, users: usize, bar: &ProgressBar) -> Result<()> {
    let all = tables.scan(ScanRequest { table_name: "UsersTable".into(), ..ScanRequest::default() })?;
    let items: Vec<_> =
        all.items.unwrap_or_default().iter().map(serde_json::to_string).collect::<serde_json::Result<_>>()?;
    let items: Vec<_> = items.into_iter().filter(|item| !item.contains("registrations#")).collect();
    let profile = items.iter().find_map(|item| item.split_once("user#")).ok_or("Ada has no profile")?.1;
    let id: String = profile.chars().take_while(char::is_ascii_digit).collect();
    let copy = |item: &String, number: usize| -> Result<Item> {
        let copy = item
            .replace(EMAIL, &format!("user{number}@example.com"))
            .replace("#ada\"", &format!("#user{number}\""))
            .replace("\"ada\"", &format!("\"user{number}\""))
            .replace(&id, &(FIRST_ID + number).to_string());
        Ok(serde_json::from_str(&copy)?)
    };
    for first in (0..users).step_by(BATCH) {
        let numbers = first..users.min(first + BATCH);
        let batch = numbers.flat_map(|number| items.iter().map(move |item| copy(item, number)));
        tables.import_items("UsersTable", batch.collect::<Result<_>>()?, ImportOptions::default())?;
        bar.inc(1);
    }
    Ok(())
}
