//! Settings in memory.

use std::time::Duration;

use super::SettingsTable;
use crate::{
    clock::Clock,
    error::StoreError,
    kept::Kept,
    settings::{Problem, Settings},
};

/// The settings, read from their table at most once in a given time.
#[derive(Debug)]
pub struct SettingsCache {
    table: SettingsTable,
    kept: Kept<Reading>,
}

/// Settings that were read, and what was reported of them.
#[derive(Debug, Clone, Default)]
struct Reading {
    settings: Settings,
    problems: Vec<Problem>,
}

impl SettingsCache {
    /// The settings of this table, each reading served for `max_age`.
    pub fn new(table: SettingsTable, clock: Clock, max_age: Duration) -> Self {
        Self { table, kept: Kept::new(clock, max_age) }
    }

    /// The settings in force. Await it beside another read, so that reading them again takes no time of its own.
    ///
    /// # Errors
    /// [`StoreError::Aws`] if they have never been read and DynamoDB fails. Later, the last ones stay in force.
    pub async fn current(&self) -> Result<Settings, StoreError> {
        let stale = |error: &StoreError| {
            tracing::warn!(event = "settings_unavailable", %error, "using the settings read last");
        };
        Ok(self.kept.get(async |last| self.read(last).await, stale).await?.settings)
    }

    /// The settings in force, if they need not be read again.
    pub fn fresh(&self) -> Option<Settings> {
        self.kept.fresh().map(|reading| reading.settings)
    }

    /// Reads the settings before the first request, which also opens the connection to DynamoDB. A failure does no harm: the
    /// first request tries again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.current().await {
            tracing::warn!(event = "settings_unavailable", %error, "the first request will try again");
        }
    }

    async fn read(&self, last: Option<Reading>) -> Result<Reading, StoreError> {
        let before = last.unwrap_or_default();
        let item = self.table.read().await?;
        let (settings, problems) = item.map_or_else(Default::default, |item| item.read(&before.settings));
        // Once, not with every reading.
        problems.iter().filter(|problem| !before.problems.contains(problem)).for_each(Problem::log);
        Ok(Reading { settings, problems })
    }
}
