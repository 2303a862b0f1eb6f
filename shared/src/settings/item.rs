//! The attributes of the settings item.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Flag, Number};
use crate::store::Item;

/// So many of something in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The most there may be.
    pub max: u64,
    /// In how many seconds, from the first on.
    pub window: u64,
}

/// The two settings of a limit.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) max: Number,
    pub(super) window: Number,
}

impl Limits {
    pub(super) fn default(&self) -> Limit {
        Limit { max: self.max.default, window: self.window.default }
    }

    pub(super) fn write(&self, limit: Limit) -> [(String, AttributeValue); 2] {
        [self.max.write(limit.max), self.window.write(limit.window)]
    }
}

/// Reads an item, and notes what is missing or wrong.
pub(super) struct Reader<'a> {
    item: &'a Item,
    pub(super) problems: Vec<Problem>,
}

/// What somebody should hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// An attribute that is of no use.
    Attribute {
        setting: &'static str,
        is_missing: bool,
        /// What it must be.
        rule: String,
        /// What holds instead.
        used: String,
    },
    /// Values that contradict each other. They hold all the same.
    Conflict(String),
}

impl<'a> Reader<'a> {
    pub(super) fn new(item: &'a Item) -> Self {
        Self { item, problems: Vec::new() }
    }

    /// The number in the item, or the one before.
    pub(super) fn number(&mut self, setting: &Number, before: u64) -> u64 {
        self.read(setting.name, |value| setting.read(value), || setting.rule(), before)
    }

    /// The limit in the item, or what is missing of it from the one before.
    pub(super) fn limit(&mut self, settings: &Limits, before: Limit) -> Limit {
        let max = self.number(&settings.max, before.max);
        Limit { max, window: self.number(&settings.window, before.window) }
    }

    /// The boolean in the item, or the one before.
    pub(super) fn flag(&mut self, setting: &Flag, before: bool) -> bool {
        self.read(setting.name, |value| value.as_bool().ok().copied(), || setting.rule(), before)
    }

    fn read<T: ToString>(
        &mut self,
        setting: &'static str,
        parse: impl Fn(&AttributeValue) -> Option<T>,
        rule: impl Fn() -> String,
        before: T,
    ) -> T {
        let value = self.item.get(setting);
        value.and_then(parse).unwrap_or_else(|| {
            let problem =
                Problem::Attribute { setting, is_missing: value.is_none(), rule: rule(), used: before.to_string() };
            self.problems.push(problem);
            before
        })
    }
}

impl Problem {
    /// Logs it: a wrong value as a warning, a missing one as what may be meant.
    pub(crate) fn tell(&self) {
        match self {
            Self::Attribute { setting, is_missing: true, used, .. } => {
                tracing::info!(event = "setting_missing", setting, used, "{setting} is not set");
            }
            Self::Attribute { setting, used, rule, .. } => {
                tracing::warn!(event = "setting_invalid", setting, used, "{setting} must be {rule}");
            }
            Self::Conflict(reason) => tracing::warn!(event = "settings_conflict", "{reason}"),
        }
    }
}
