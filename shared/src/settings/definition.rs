//! A setting: its name, unit, meaning, default and range.

use std::{fmt, ops::RangeInclusive};

use super::MAX_LIMIT;

/// A setting that operators can change.
#[derive(Debug, PartialEq, Eq)]
pub struct Definition {
    name: &'static str,
    unit: &'static str,
    meaning: &'static str,
    default: Value,
    kind: Kind,
    is_limit: bool,
}

/// What values a setting takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A whole number in this range.
    Number(RangeInclusive<u64>),
    /// On or off.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// The value of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    Number(u64),
    Flag(bool),
    Choice(&'static str),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Choice(word) => word.fmt(f),
        }
    }
}

impl Definition {
    pub(super) const fn number(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Self {
        Self { name, unit, meaning, default: Value::Number(default), kind: Kind::Number(range), is_limit: false }
    }

    pub(super) const fn flag(name: &'static str, meaning: &'static str, default: bool) -> Self {
        Self { name, unit: "", meaning, default: Value::Flag(default), kind: Kind::Flag, is_limit: false }
    }

    /// One of these words.
    pub(super) const fn choice(
        name: &'static str,
        meaning: &'static str,
        default: &'static str,
        words: &'static [&'static str],
    ) -> Self {
        Self { name, unit: "", meaning, default: Value::Choice(default), kind: Kind::Choice(words), is_limit: false }
    }

    /// How many of something are allowed, from 1 on.
    pub(super) const fn limit(name: &'static str, unit: &'static str, meaning: &'static str, default: u64) -> Self {
        Self { is_limit: true, ..Self::number(name, unit, meaning, default, 1..=MAX_LIMIT) }
    }

    /// Within how many seconds, up to a day.
    pub(super) const fn window(name: &'static str, meaning: &'static str, default: u64) -> Self {
        Self::number(name, "seconds", meaning, default, 1..=86_400)
    }

    /// The name of its attribute in the settings item.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it is for, in a few words.
    pub fn meaning(&self) -> &'static str {
        self.meaning
    }

    /// What it counts; empty for a flag and a word.
    pub fn unit(&self) -> &'static str {
        self.unit
    }

    /// The value where nothing is stored.
    pub fn default(&self) -> Value {
        self.default
    }

    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whether it says how many of something are allowed.
    pub(super) fn is_limit(&self) -> bool {
        self.is_limit
    }

    /// What values it takes, to follow "must be".
    pub fn rule(&self) -> String {
        match &self.kind {
            Kind::Number(range) => format!("a whole number from {} to {}", range.start(), range.end()),
            Kind::Flag => "true or false".into(),
            Kind::Choice(words) => words.join(" or "),
        }
    }

    /// The value in a text, if the setting takes it.
    pub fn parse(&self, text: &str) -> Option<Value> {
        let value = match self.kind {
            Kind::Number(_) => Value::Number(text.parse().ok()?),
            Kind::Flag => Value::Flag(text.parse().ok()?),
            Kind::Choice(words) => Value::Choice(words.iter().find(|word| **word == text)?),
        };
        self.takes(value).then_some(value)
    }

    /// Whether the setting takes this value: its type and its range.
    pub fn takes(&self, value: Value) -> bool {
        match (&self.kind, value) {
            (Kind::Number(range), Value::Number(number)) => range.contains(&number),
            (Kind::Flag, Value::Flag(_)) => true,
            (Kind::Choice(words), Value::Choice(word)) => words.contains(&word),
            _ => false,
        }
    }
}
