//! Figures of a process from `/proc` (proc(5)).

use std::{fs, time::Duration};

use crate::Result;

/// The CPU time of all its running threads.
pub(crate) fn cpu_time(id: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{id}/task"))? {
        // CPU time, waiting time and number of time slices.
        let statistics = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += statistics.split_whitespace().next().ok_or("an empty schedstat")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Its peak memory, in bytes.
pub(crate) fn peak_memory(id: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"));
    Ok(kibibytes.ok_or("no VmHWM")?.trim().parse::<u64>()? * 1024)
}
