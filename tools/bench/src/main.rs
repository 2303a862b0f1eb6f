//! `just bench`: what the functions take, measured on their release binaries as Lambda runs them.
//!
//! What is compared is measured in turn in one run (A B A B …), so that a busy machine slows all of it alike. The results are
//! ratios, computed pair by pair.

mod capacity;
mod cold;
mod cost;
mod figures;
mod login;
mod memory;
mod month;
mod prices;
mod process;
mod scale;
mod size;
mod stage;
mod warm;

use std::{error::Error, fs, path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};
use figures::Table;
use indicatif::{ProgressBar, ProgressStyle};
use stage::{Binaries, Stage};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Measure the functions' release binaries as Lambda runs them, and print the figures as Markdown tables
#[derive(Debug, Parser)]
#[command(bin_name = "just bench")]
struct Arguments {
    /// What to measure [default: everything]
    measurements: Vec<Measurement>,

    /// Number of runs of each measurement
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Numbers of users for the measurement scale, separated by commas
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1_000, 100_000, 1_000_000])]
    users: Vec<usize>,

    /// Also measure this binary; if its file is named after a function, it gets the events of that function (repeatable)
    #[arg(long, value_name = "NAME=BINARY", value_parser = named_binary)]
    also: Vec<(String, PathBuf)>,

    /// Measure the functions and references in DIR/NAME/bootstrap, where `cargo lambda build` puts them, instead of building them
    #[arg(long, value_name = "DIR")]
    built: Option<PathBuf>,

    /// Let a development build measure, to check that the benchmarks run; the figures mean nothing
    #[arg(long)]
    trial: bool,

    /// Also write the figures to FILE, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// Time from the start of a process to its first poll of the Runtime API and to its first response
    Cold,
    /// CPU time and duration of a call to a function that has answered before
    Warm,
    /// Duration of a login compared with its password hash
    Login,
    /// Peak memory
    Memory,
    /// Size of binaries and zips
    Size,
    /// Duration and DynamoDB capacity units with more and more users
    Scale,
    /// Cost of a million calls, of a month, and of a flood
    Cost,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if cfg!(debug_assertions) && !arguments.trial {
        return Err("this is a development build, whose figures mean nothing: run `just bench`".into());
    }
    let binaries = match &arguments.built {
        Some(folder) => Binaries::built(folder, &arguments.also)?,
        None => Binaries::build(&arguments.also),
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let tables = runtime.block_on(measure(arguments, &binaries))?;
    println!("{}\n", figures::machine()?);
    for table in &tables {
        println!("{table}");
    }
    if let Some(file) = &arguments.json {
        fs::write(file, serde_json::to_string_pretty(&tables)?)?;
    }
    Ok(())
}

async fn measure(arguments: &Arguments, binaries: &Binaries) -> Result<Vec<Table>> {
    let wanted = |what| arguments.measurements.is_empty() || arguments.measurements.contains(&what);
    let runs = arguments.runs;
    let stage = Stage::start(binaries).await?;
    let mut tables = Vec::new();
    if wanted(Measurement::Cold) {
        tables.push(cold::measure(&stage, runs).await?);
    }
    if wanted(Measurement::Warm) {
        tables.push(warm::measure(&stage, runs).await?);
    }
    if wanted(Measurement::Login) {
        tables.push(login::measure(&stage, runs).await?);
    }
    if wanted(Measurement::Memory) {
        tables.push(memory::measure(&stage, runs).await?);
    }
    if wanted(Measurement::Size) {
        tables.push(size::measure(binaries)?);
    }
    if wanted(Measurement::Scale) {
        tables.push(scale::measure(binaries, runs, &arguments.users).await?);
    }
    if wanted(Measurement::Cost) {
        tables.extend(cost::measure(binaries, runs).await?);
    }
    Ok(tables)
}

fn named_binary(text: &str) -> std::result::Result<(String, PathBuf), &'static str> {
    match text.split_once('=') {
        Some((name, binary)) if !name.is_empty() => Ok((name.into(), binary.into())),
        _ => Err("expected NAME=BINARY"),
    }
}

/// A progress bar of a measurement.
fn progress(what: &'static str, steps: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:8} {wide_bar} {pos}/{len} {eta}");
    ProgressBar::new(steps).with_message(what).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
