//! The attributes of the settings item.

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::store::Item;

/// A setting that is a number.
#[derive(Debug, Clone)]
pub(super) struct Number {
    pub(super) name: &'static str,
    pub(super) default: u64,
    pub(super) range: RangeInclusive<u64>,
}

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

/// A setting that is on or off.
#[derive(Debug, Clone)]
pub(super) struct Flag {
    pub(super) name: &'static str,
    pub(super) default: bool,
}

impl Number {
    pub(super) fn write(&self, value: u64) -> (String, AttributeValue) {
        (self.name.into(), AttributeValue::N(value.to_string()))
    }
}

impl Limits {
    pub(super) fn default(&self) -> Limit {
        Limit { max: self.max.default, window: self.window.default }
    }

    pub(super) fn write(&self, limit: Limit) -> [(String, AttributeValue); 2] {
        [self.max.write(limit.max), self.window.write(limit.window)]
    }
}

impl Flag {
    pub(super) fn write(&self, value: bool) -> (String, AttributeValue) {
        (self.name.into(), AttributeValue::Bool(value))
    }
}

/// Reads an item, and notes what is missing or wrong.
pub(super) struct Reader<'a> {
    item: &'a Item,
    pub(super) problems: Vec<Problem>,
}

/// An attribute that is of no use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    setting: &'static str,
    is_missing: bool,
    /// What it must be.
    rule: String,
    /// What holds instead.
    used: String,
}

impl<'a> Reader<'a> {
    pub(super) fn new(item: &'a Item) -> Self {
        Self { item, problems: Vec::new() }
    }

    /// The number in the item, or the one before.
    pub(super) fn number(&mut self, setting: &Number, before: u64) -> u64 {
        let parse =
            |value: &AttributeValue| value.as_n().ok()?.parse().ok().filter(|number| setting.range.contains(number));
        let rule = || format!("a whole number from {} to {}", setting.range.start(), setting.range.end());
        self.read(setting.name, parse, rule, before)
    }

    /// The limit in the item, or what is missing of it from the one before.
    pub(super) fn limit(&mut self, settings: &Limits, before: Limit) -> Limit {
        let max = self.number(&settings.max, before.max);
        Limit { max, window: self.number(&settings.window, before.window) }
    }

    /// The boolean in the item, or the one before.
    pub(super) fn flag(&mut self, setting: &Flag, before: bool) -> bool {
        self.read(setting.name, |value| value.as_bool().ok().copied(), || "a boolean".into(), before)
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
            let problem = Problem { setting, is_missing: value.is_none(), rule: rule(), used: before.to_string() };
            self.problems.push(problem);
            before
        })
    }
}

impl Problem {
    /// Logs it: a wrong value as a warning, a missing one as what may be meant.
    pub(super) fn tell(&self) {
        let Self { setting, is_missing, rule, used } = self;
        if *is_missing {
            tracing::info!(event = "setting_missing", setting, used, "{setting} is not set");
        } else {
            tracing::warn!(event = "setting_invalid", setting, used, "{setting} must be {rule}");
        }
    }
}
