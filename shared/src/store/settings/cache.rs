//! Settings in memory.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::SettingsTable;
use crate::{
    Error,
    clock::{Clock, UnixSeconds},
    settings::{Settings, item::Problem},
};

/// The settings, read from their table at most once in a given time.
#[derive(Debug)]
pub struct SettingsCache {
    table: SettingsTable,
    clock: Clock,
    max_age: Duration,
    memory: Mutex<Option<Memory>>,
}

/// What was read last.
#[derive(Debug, Clone)]
struct Memory {
    read_at: UnixSeconds,
    settings: Settings,
    /// What was told of it.
    problems: Vec<Problem>,
}

impl SettingsCache {
    pub(crate) fn new(table: SettingsTable, clock: Clock, max_age: Duration) -> Self {
        Self { table, clock, max_age, memory: Mutex::default() }
    }

    /// The settings that hold now. To be awaited beside another read, so that reading them anew takes no time of its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when they were never read and can not be now. Later, the last ones hold on.
    pub async fn current(&self) -> Result<Settings, Error> {
        if let Some(settings) = self.fresh() {
            return Ok(settings);
        }
        let now = self.clock.now();
        let last = self.memory();
        let before = last.as_ref().map(|last| last.settings).unwrap_or_default();
        let told = last.as_ref().map(|last| last.problems.clone()).unwrap_or_default();
        let (settings, problems) = match (self.table.read().await, last) {
            (Ok(Some(item)), _) => Settings::read(&item, &before),
            (Ok(None), _) => Default::default(),
            (Err(error), Some(_)) => {
                tracing::warn!(event = "settings_unavailable", %error, "the last settings hold on");
                (before, told.clone())
            }
            (Err(error), None) => return Err(error),
        };
        // Once, and not with every reading.
        problems.iter().filter(|problem| !told.contains(problem)).for_each(Problem::tell);
        let memory = Memory { read_at: now, settings, problems };
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = Some(memory);
        Ok(settings)
    }

    /// The settings that hold now, if no reading is needed to tell.
    pub fn fresh(&self) -> Option<Settings> {
        let is_fresh = |last: &Memory| self.clock.now().abs_diff(last.read_at) < self.max_age.as_secs();
        self.memory().filter(is_fresh).map(|last| last.settings)
    }

    /// Reads the settings before the first request, and so opens the connection to DynamoDB. Failing is no harm: the first
    /// request tries again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.current().await {
            tracing::warn!(event = "settings_unavailable", %error, "the first request tries again");
        }
    }

    fn memory(&self) -> Option<Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
