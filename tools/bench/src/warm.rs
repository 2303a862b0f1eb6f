//! Calls to functions that have answered before.

use std::collections::BTreeMap;

use harness::Process;

use crate::{
    Result,
    figures::{Figure, Table},
    process::cpu_time,
    progress,
    stage::{HS256, HS256_ME, LOOKS_UP, REFERENCES, Stage, UNMEASURED, VERIFIERS, expect},
};

/// How many calls are measured together, since CPU time is not exact.
const CALLS: u32 = 20;

/// Functions that hash have a measurement of their own, and a logout ends its session.
const NAMES: [&str; 5] = ["floor", "floor-get", "me", UNMEASURED, "refresh"];

pub(crate) async fn measure(stage: &Stage<'_>, runs: u32) -> Result<Table> {
    let mut processes = Vec::new();
    let names = NAMES.into_iter().chain(HS256).chain(VERIFIERS).chain([LOOKS_UP]);
    let names: Vec<_> = names.chain(stage.binaries.also()).collect();
    for name in names.iter().copied() {
        let mut process = stage.process(name).await?;
        calls(stage, name, &mut process).await?;
        processes.push((name, process));
    }
    let bar = progress("warm", runs.into());
    let mut all: BTreeMap<&str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for _ in 0..runs {
        for (name, process) in &mut processes {
            let (processor, duration) = calls(stage, name, process).await?;
            let (processors, durations) = all.entry(name).or_default();
            processors.push(processor);
            durations.push(duration);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();

    let (reference, _) = all.get(REFERENCES[1]).ok_or("floor-get was not measured")?;
    let mut table = Table::new("Warm calls");
    for name in names {
        let Some((processors, durations)) = all.get(name) else { continue };
        table.push(
            name,
            vec![
                Figure::of("CPU time of a call", "µs", processors),
                Figure::ratio("vs. `floor-get`", processors, reference),
                Figure::of("duration of a call", "µs", durations),
            ],
        );
    }
    Ok(table)
}

/// The CPU time and the duration of a call, in microseconds: means of some calls.
async fn calls(stage: &Stage<'_>, name: &str, process: &mut Process) -> Result<(f64, f64)> {
    // Each of `HS256` has a token of its own.
    let event = stage.event(if name == HS256_ME { name } else { stage.binaries.role(name) }, 0);
    let before = cpu_time(process.id())?;
    let mut duration = 0.0;
    for _ in 0..CALLS {
        let (answer, took) = process.timed_call(event.clone()).await?;
        expect(&answer, 200)?;
        duration += took.as_secs_f64();
    }
    let processor = cpu_time(process.id())?.saturating_sub(before).as_secs_f64();
    Ok((processor * 1e6 / f64::from(CALLS), duration * 1e6 / f64::from(CALLS)))
}
