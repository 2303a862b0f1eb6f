//! Cold starts: the init phase, up to the first poll of the Runtime API, and the first response after it.

use std::collections::BTreeMap;

use crate::{
    Result,
    figures::{Figure, Table},
    process::cpu_time,
    progress,
    stage::{ALONE, Stage, expect, good_status},
};

/// The durations of all starts, in milliseconds.
#[derive(Debug, Default)]
struct Starts {
    init: Vec<f64>,
    processor: Vec<f64>,
    first: Vec<f64>,
}

pub(crate) async fn measure(stage: &Stage<'_>, runs: u32) -> Result<Table> {
    let names: Vec<_> = stage.binaries.names().chain([ALONE]).collect();
    let bar = progress("cold", u64::from(runs) * names.len() as u64);
    let mut login = stage.process("login").await?;
    let mut all: BTreeMap<&str, Starts> = BTreeMap::new();
    // The first run loads binaries from the disk and is not counted.
    for run in 0..=usize::try_from(runs)? {
        for name in &names {
            let role = stage.binaries.role(name);
            let event = stage.new_event(&mut login, role, run).await?;
            let mut process = stage.process(name).await?;
            let init = process.polled().await?;
            let processor = cpu_time(process.id())?;
            let (answer, first) = process.timed_call(event).await?;
            expect(&answer, good_status(role))?;
            if run > 0 {
                let starts = all.entry(name).or_default();
                starts.init.push(init.as_secs_f64() * 1e3);
                starts.processor.push(processor.as_secs_f64() * 1e3);
                starts.first.push(first.as_secs_f64() * 1e3);
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();

    let (floor, naive) =
        (all.get("floor").ok_or("floor was not measured")?, all.get("naive").ok_or("naive was not measured")?);
    let whole = |starts: &Starts| -> Vec<f64> { starts.init.iter().zip(&starts.first).map(|(a, b)| a + b).collect() };
    let mut table = Table::new("Cold start");
    for name in names {
        let Some(starts) = all.get(name) else { continue };
        table.push(
            name,
            vec![
                Figure::of("init", "ms", &starts.init),
                Figure::ratio("vs. `floor`", &starts.init, &floor.init),
                Figure::ratio("vs. `naive`", &starts.init, &naive.init),
                Figure::of("CPU time of init", "ms", &starts.processor),
                Figure::of("event to first response", "ms", &starts.first),
                Figure::of("start to first response", "ms", &whole(starts)),
            ],
        );
    }
    Ok(table)
}
