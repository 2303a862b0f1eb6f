//! The peak memory of a function.

use crate::{
    Result,
    figures::{Figure, Table},
    process::peak_memory,
    progress,
    stage::{FUNCTIONS, REFERENCES, Stage, expect, good_status},
};

pub(crate) async fn measure(stage: &Stage<'_>, runs: u32) -> Result<Table> {
    let names: Vec<_> = REFERENCES.iter().chain(&FUNCTIONS).copied().collect();
    let bar = progress("memory", names.len() as u64);
    let mut login = stage.process("login").await?;
    let mut table = Table::new(format!("Peak memory after {runs} calls"));
    for name in names {
        let mut process = stage.process(name).await?;
        for number in 0..usize::try_from(runs)? {
            // Numbers that no other measurement uses.
            let event = stage.new_event(&mut login, name, 1_000_000 + number).await?;
            expect(&process.call(event).await?, good_status(name))?;
        }
        let bytes = peak_memory(process.id())?;
        table.push(name, vec![Figure::one("resident", "MB", bytes as f64 / 1e6)]);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(table)
}
