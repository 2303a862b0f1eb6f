//! A login compared with its password hash.

use std::time::Instant;

use argon2::Block;

use crate::{
    Result,
    figures::{Figure, Table},
    progress,
    stage::{PASSWORD, Stage, expect},
};

pub(crate) async fn measure(stage: &Stage<'_>, runs: u32) -> Result<Table> {
    let argon2 = shared::passwords::argon2()?;
    let mut memory = vec![Block::new(); argon2.params().block_count()];
    let mut process = stage.process("login").await?;
    let bar = progress("login", runs.into());
    let (mut hashes, mut wipes, mut logins) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..=runs {
        let start = Instant::now();
        let mut output = [0; 32];
        argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), b"sixteen bytes ..", &mut output, &mut memory)?;
        let hash = start.elapsed();
        let start = Instant::now();
        std::hint::black_box(&mut memory).fill(Block::new());
        let wipe = start.elapsed();
        let (answer, login) = process.timed_call(stage.event("login", 0)).await?;
        expect(&answer, 200)?;
        if run > 0 {
            hashes.push(hash.as_secs_f64() * 1e3);
            wipes.push(wipe.as_secs_f64() * 1e3);
            logins.push(login.as_secs_f64() * 1e3);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let mut table = Table::new("Login");
    let rows = [
        ("hash alone, memory reused", &hashes),
        ("wiping that memory (concurrent with a login)", &wipes),
        ("login", &logins),
    ];
    for (what, times) in rows {
        table
            .push(what, vec![Figure::of("duration", "ms", times), Figure::ratio("vs. the hash alone", times, &hashes)]);
    }
    Ok(table)
}
